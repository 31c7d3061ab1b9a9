// What the worker of a WorkerModel does: it has a SparseMLP and calls its methods when messages ask for it.
// src/remote/workerModel.ts is the page's half.

import { CtreError } from '../base/errors.ts';
import type { WasmModule } from '../base/hostTypes.ts';
import { initTraining } from '../engine/training.ts';
import type { Recipe } from '../files/modelFile.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { ModelMetrics } from '../metrics/modelMetrics.ts';
import type { Samples } from '../model/inputs.ts';
import { createMethod, importMethod } from '../model/methodModule.ts';
import type { ModelPipeline, RawSamples } from '../model/modelPipeline.ts';
import type { AddOutputsOptions, CreateOptions, ModelOptions, Piece } from '../model/options.ts';
import { markPrepared, resumedRestoreBest, SparseMLP } from '../model/sparseMlp.ts';
import type { Labels, Targets } from '../model/targets.ts';
import { activationByName } from '../nn/activation.ts';
import { initializerByName } from '../nn/initializer.ts';
import type { Score } from '../nn/loss.ts';
import { lossByName } from '../nn/losses.ts';
import { type Optimizer, optimizerByName } from '../nn/optimizer.ts';
import { type Schedule, scheduleByName } from '../nn/schedule.ts';
import { answerMessages } from '../run/startWorker.ts';
import { ownFile } from '../run/workerSource.ts';
import { topologyByName } from '../topology/methods.ts';
import type { Topology } from '../topology/topology.ts';
import type { Epoch } from '../train/epoch.ts';
import type { SentTopology } from './methodByUrl.ts';
import { PieceInbox } from './pieceInbox.ts';
import {
  buffersIn,
  type Reply,
  type Request,
  receiveMatrix,
  type SentData,
  type SentEncodedRows,
  type SentImportance,
  type SentLoadOptions,
  type SentMatrix,
  type SentOptions,
  type SentPartialFit,
  type SentPiece,
  type SentPieceTraining,
  type SentTraining,
  type Snapshot,
  sendError,
} from './protocol.ts';

/** A part, and the recipe that it was made by. */
interface MadePart<P> {
  readonly recipe: string;
  readonly part: P;
}

/** One worker has one model, and one training at a time. */
let ownModel: SparseMLP | undefined;
let epochs: AsyncGenerator<Epoch, void, void> | undefined;
let controller = new AbortController();
/** The pieces of a training that has its samples in pieces, and its next epoch, which waits for them. */
let inbox = new PieceInbox();
let nextEpoch: Promise<IteratorResult<Epoch, void>> | undefined;
/** What calls of partialFit had last: the model takes up what it has where these are the same. */
let sample: ReturnType<typeof receiveData> | undefined;
let pieceOptimizer: MadePart<Optimizer> | undefined;
let pieceSchedule: MadePart<Schedule> | undefined;
/** What the page was told last. */
let told: Pick<SparseMLP, 'metadata' | 'history'> = { metadata: {}, history: [] };

const calls = {
  /** @param wasm the complete module; by default the worker's own inlined ones. */
  async init(wasm: WasmModule | undefined, revectorize?: boolean) {
    await initTraining({ wasm, revectorize });
  },
  async create(options: SentOptions) {
    ownModel = await SparseMLP.create(await receiveOptions<CreateOptions>(options));
  },
  async fromWeights(
    layers: readonly { readonly weights: SentMatrix; readonly bias: unknown }[],
    options: SentOptions<ModelOptions>,
  ) {
    const received = layers.map(({ weights, bias }) => ({
      weights: receiveMatrix(weights) as CsrMatrix,
      bias: bias as ArrayLike<number>,
    }));
    ownModel = await SparseMLP.fromWeights(received, await receiveOptions(options));
  },
  async load(bytes: unknown, options: SentLoadOptions) {
    ownModel = await SparseMLP.load(bytes as Uint8Array, await receiveLoadOptions(options));
  },
  async resume(bytes: unknown, options: SentLoadOptions) {
    ownModel = await SparseMLP.resume(bytes as Uint8Array, await receiveLoadOptions(options));
  },

  /** What the file says of the rows; undefined where it says nothing. */
  pipeline(): Pick<ModelPipeline, 'columns' | 'changesRows'> | undefined {
    const { pipeline } = model();
    return pipeline && { columns: pipeline.columns, changesRows: pipeline.changesRows };
  },
  transformRows(rows: SentMatrix): SentEncodedRows {
    const { x, warnings } = ownPipeline().transform(receiveMatrix(rows) as RawSamples);
    if (!(x instanceof CsrMatrix)) return { x: { given: x }, warnings };
    const { rows: count, cols, indptr, indices, values } = x;
    return { x: { rows: count, cols, csr: [indptr, indices, values] }, warnings };
  },
  predictRows: (rows: SentMatrix) => ownPipeline().predict(receiveMatrix(rows) as RawSamples),

  /** Prepares a training, which has not begun then. */
  train(data: SentData, { optimizer, schedule, validation, test, ...options }: SentTraining): void {
    controller = new AbortController();
    const { x, y } = receiveData(data);
    epochs = model().train(x, y, {
      ...options,
      signal: controller.signal,
      ...(optimizer && { optimizer: optimizerByName(optimizer.name, optimizer.options) }),
      ...(schedule && { schedule: scheduleByName(schedule.name, schedule.options) }),
      ...(validation && { validation: receiveData(validation) }),
      ...(test && { test: receiveData(test) }),
    });
  },
  /** As `train`, of samples that come in pieces. */
  trainOnPieces(training: SentPieceTraining): void {
    const { optimizer, schedule, validation, test, sample: rows, ...options } = training;
    controller = new AbortController();
    inbox = new PieceInbox();
    nextEpoch = undefined;
    epochs = model().train(inbox, {
      ...options,
      signal: controller.signal,
      ...(optimizer && { optimizer: optimizerByName(optimizer.name, optimizer.options) }),
      ...(schedule && { schedule: scheduleByName(schedule.name, schedule.options) }),
      ...(validation && { validation: receiveData(validation) }),
      ...(test && { test: receiveData(test) }),
      ...(rows && { sample: receiveData(rows) }),
    });
  },
  /**
   * The next epoch of such a training, undefined after the last; or `piece` where it wants a piece before.
   * @param sent what it wanted.
   */
  async nextOfPieces(sent?: SentPiece): Promise<Epoch | 'piece' | undefined> {
    if (epochs === undefined) return undefined;
    if (nextEpoch === undefined) {
      nextEpoch = epochs.next();
      // It may fail while the page looks for a piece. The call that brings the piece hears of it.
      nextEpoch.catch(() => {});
    }
    if (sent !== undefined) {
      inbox.deliver(
        sent && { ...receiveData(sent), sampleWeight: sent.sampleWeight as Piece['sampleWeight'] },
      );
    }
    const asked = inbox.asked().then(() => 'piece' as const);
    const answer = await Promise.race([nextEpoch, asked]);
    if (answer === 'piece') return answer;
    nextEpoch = undefined;
    return answer.value ?? undefined;
  },
  /** Until the training is aborted or left. */
  async aborted(): Promise<void> {
    const { signal } = controller;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve());
    });
  },
  partialFit(data: SentData, sent: SentPartialFit): Score {
    const { optimizer, schedule, sample: rows, ...options } = sent;
    const { x, y } = receiveData(data);
    if (rows !== 'same') sample = rows && receiveData(rows);
    pieceOptimizer = makeOnce(pieceOptimizer, optimizer, optimizerByName);
    pieceSchedule = makeOnce(pieceSchedule, schedule, scheduleByName);
    return model().partialFit(x, y, {
      ...options,
      ...(optimizer && { optimizer: pieceOptimizer?.part }),
      ...(schedule && { schedule: pieceSchedule?.part }),
      ...(sample && { sample }),
    });
  },
  addOutputs: (count: number, options: AddOutputsOptions) => model().addOutputs(count, options),
  /** The next epoch; undefined after the last. */
  async next(): Promise<Epoch | undefined> {
    return (await epochs?.next())?.value ?? undefined;
  },
  /** Leaves the training where it stands. */
  async leave() {
    // A training that waits for a piece would wait for ever.
    controller.abort();
    await epochs?.return();
  },
  abort(): void {
    controller.abort();
  },

  evaluate(data: SentData): Score {
    const { x, y } = receiveData(data);
    return model().evaluate(x, y);
  },
  predict: (x: SentMatrix) => model().predict(receiveSamples(x)),
  reconstructionError: (x: SentMatrix) => model().reconstructionError(receiveSamples(x)),
  predictLabels: (x: SentMatrix) => model().predictLabels(receiveSamples(x)),
  predictTop: (x: SentMatrix, k: number) => model().predictTop(receiveSamples(x), k),
  metrics(data: SentData): ModelMetrics {
    const { x, y } = receiveData(data);
    return model().metrics(x, y);
  },
  save: (metadata?: SparseMLP['metadata']) => model().save(metadata),
  checkpoint: (metadata?: SparseMLP['metadata']) => model().checkpoint(metadata),
  layers: () =>
    model().layers.map(({ inDim, outDim, nnz, density, weights, bias }) => {
      const { rows, cols, indptr, indices, values } = weights;
      return { inDim, outDim, nnz, density, parts: { rows, cols, indptr, indices, values }, bias };
    }),
  inputImportance: ({ x, y, ...options }: SentImportance) =>
    model().inputImportance({
      ...options,
      ...(x && { x: receiveSamples(x) }),
      y: y as Labels | undefined,
    }),
  summary: () => model().summary(),
  memory: () => model().memory(),
};

/** What a page can have done here. */
export type Calls = typeof calls;
export type CallName = keyof Calls;

/** The page asks nothing before it knows that the model is there. */
function model(): SparseMLP {
  return ownModel as SparseMLP;
}

/** The page asks for no rows to be prepared where there is no pipeline. */
function ownPipeline(): ModelPipeline {
  return model().pipeline as ModelPipeline;
}

function receiveSamples(sent: SentMatrix): Samples {
  const samples = receiveMatrix(sent) as Samples;
  if (sent.isPrepared === true) markPrepared(model(), samples);
  return samples;
}

async function receiveOptions<O extends ModelOptions>({
  topology,
  loss,
  activation,
  initializer,
  growInitializer,
  ...options
}: SentOptions<ModelOptions>): Promise<O> {
  return {
    ...options,
    worker: ownFile(),
    topology: await receiveTopology(topology),
    ...(loss && { loss: lossByName(loss.name, loss.options) }),
    ...(activation && { activation: activationByName(activation.name, activation.options) }),
    ...(initializer && { initializer: initializerByName(initializer.name, initializer.options) }),
    ...(growInitializer && {
      growInitializer: initializerByName(growInitializer.name, growInitializer.options),
    }),
  } as O;
}

async function receiveLoadOptions({ topology, ...options }: SentLoadOptions) {
  return { ...options, topology: await receiveTopology(topology), worker: ownFile() };
}

async function receiveTopology(sent: SentTopology | undefined): Promise<Topology | undefined> {
  if (sent === undefined) return undefined;
  if (!('module' in sent)) return topologyByName(sent.name, sent.options);
  const { module, options } = sent;
  return createMethod(module, await importMethod(module, module), options);
}

/** The part that was made before where the recipe is the same, or there is none. */
function makeOnce<P>(
  before: MadePart<P> | undefined,
  made: Recipe | undefined,
  make: (name: string, options: unknown) => P,
): MadePart<P> | undefined {
  if (made === undefined) return before;
  const recipe = JSON.stringify([made.name, made.options]);
  return before?.recipe === recipe ? before : { recipe, part: make(made.name, made.options) };
}

function receiveData({ x, y }: SentData): { x: Samples; y: Targets } {
  return { x: receiveSamples(x), y: receiveMatrix(y) as Targets };
}

function takeSnapshot(): Snapshot | undefined {
  if (ownModel === undefined) return undefined;
  const { nnz, density, epochs, method, loss, activation, targetUnits, threads, warning, metadata, history } =
    ownModel;
  const { length } = told.history;
  // A training that goes on adds to the history. Another one begins it anew.
  const kept = length > 0 && history[length - 1] === told.history[length - 1] ? length : 0;
  const isNew = metadata !== told.metadata;
  told = { metadata, history };
  return {
    ...{ nnz, density, epochs, method, loss, activation, targetUnits, threads, warning },
    resumedRestoreBest: resumedRestoreBest(ownModel),
    ...(isNew && { metadata }),
    history: { kept, added: history.slice(kept) },
  };
}

/** Calls what messages ask for, and answers each, from now on. */
export function answerCalls(): void {
  /** The number of the last call; calls come in order. */
  let last = -1;
  const answer = async ({ id, name, args }: Request): Promise<void> => {
    try {
      const value: unknown = await Reflect.apply(calls[name as CallName], undefined, args);
      send({ id, snapshot: takeSnapshot(), value }, buffersIn(value));
    } catch (error) {
      send({ id, snapshot: takeSnapshot(), error: sendError(error) }, []);
    }
  };
  const send: (reply: Reply, transfer: ArrayBuffer[]) => void = answerMessages(
    (message) => {
      if (!isRequest(message)) return;
      last = message.id;
      void answer(message);
    },
    () => {
      const reason =
        'what was sent to the worker did not arrive: its memory may be too small, or a buffer was taken away';
      send({ id: ++last, snapshot: takeSnapshot(), error: sendError(new CtreError('E_MEMORY', reason)) }, []);
    },
  );
}

/** The same file may serve as a thread, which gets another message. */
function isRequest(message: unknown): message is Request {
  return typeof message === 'object' && message !== null && 'args' in message;
}
