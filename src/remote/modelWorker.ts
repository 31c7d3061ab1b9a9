// The worker of a WorkerModel: it has a SparseMLP and calls its methods when messages ask for it.
// src/remote/workerModel.ts is the page's half.

import { CtreError } from '../base/errors.ts';
import type { WasmModule } from '../base/hostTypes.ts';
import { init } from '../engine/engine.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { ModelMetrics } from '../metrics/modelMetrics.ts';
import type { Samples } from '../model/inputs.ts';
import { createMethod, importMethod } from '../model/methodModule.ts';
import type { CreateOptions, ModelOptions } from '../model/options.ts';
import { resumedRestoreBest, SparseMLP } from '../model/sparseMlp.ts';
import type { Labels, Targets } from '../model/targets.ts';
import { initializerByName } from '../nn/initializer.ts';
import type { Score } from '../nn/loss.ts';
import { lossByName } from '../nn/losses.ts';
import { optimizerByName } from '../nn/optimizer.ts';
import { scheduleByName } from '../nn/schedule.ts';
import { answerMessages } from '../run/startWorker.ts';
import { topologyByName } from '../topology/methods.ts';
import type { Topology } from '../topology/topology.ts';
import type { Epoch } from '../train/epoch.ts';
import type { SentTopology } from './methodByUrl.ts';
import {
  buffersIn,
  type Reply,
  type Request,
  receiveMatrix,
  type SentData,
  type SentImportance,
  type SentLoadOptions,
  type SentMatrix,
  type SentOptions,
  type SentTraining,
  type Snapshot,
  sendError,
} from './protocol.ts';

/** One worker has one model, and one training at a time. */
let ownModel: SparseMLP | undefined;
let epochs: AsyncGenerator<Epoch, void, void> | undefined;
let controller = new AbortController();
/** What the page was told last. */
let told: Pick<SparseMLP, 'metadata' | 'history'> = { metadata: {}, history: [] };

const calls = {
  async init(wasm: WasmModule, revectorize?: boolean) {
    await init({ wasm, revectorize });
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
  async load(bytes: unknown, { topology, ...options }: SentLoadOptions) {
    const own = await receiveTopology(topology);
    ownModel = await SparseMLP.load(bytes as Uint8Array, { ...options, topology: own });
  },
  async resume(bytes: unknown, { topology, ...options }: SentLoadOptions) {
    const own = await receiveTopology(topology);
    ownModel = await SparseMLP.resume(bytes as Uint8Array, { ...options, topology: own });
  },

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
  /** The next epoch; undefined after the last. */
  async next(): Promise<Epoch | undefined> {
    return (await epochs?.next())?.value ?? undefined;
  },
  /** Leaves the training where it stands. */
  async leave() {
    await epochs?.return();
  },
  abort(): void {
    controller.abort();
  },

  evaluate(data: SentData): Score {
    const { x, y } = receiveData(data);
    return model().evaluate(x, y);
  },
  predict: (x: SentMatrix) => model().predict(receiveMatrix(x) as Samples),
  predictLabels: (x: SentMatrix) => model().predictLabels(receiveMatrix(x) as Samples),
  predictTop: (x: SentMatrix, k: number) => model().predictTop(receiveMatrix(x) as Samples, k),
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
      ...(x && { x: receiveMatrix(x) as Samples }),
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

async function receiveOptions<O extends ModelOptions>({
  topology,
  loss,
  initializer,
  growInitializer,
  ...options
}: SentOptions<ModelOptions>): Promise<O> {
  return {
    ...options,
    topology: await receiveTopology(topology),
    ...(loss && { loss: lossByName(loss.name, loss.options) }),
    ...(initializer && { initializer: initializerByName(initializer.name, initializer.options) }),
    ...(growInitializer && {
      growInitializer: initializerByName(growInitializer.name, growInitializer.options),
    }),
  } as O;
}

async function receiveTopology(sent: SentTopology | undefined): Promise<Topology | undefined> {
  if (sent === undefined) return undefined;
  if (!('module' in sent)) return topologyByName(sent.name, sent.options);
  const { module, options } = sent;
  return createMethod(module, await importMethod(module, module), options);
}

function receiveData({ x, y }: SentData): { x: Samples; y: Targets } {
  return { x: receiveMatrix(x) as Samples, y: receiveMatrix(y) as Targets };
}

function takeSnapshot(): Snapshot | undefined {
  if (ownModel === undefined) return undefined;
  const { nnz, density, epochs, method, loss, threads, warning, metadata, history } = ownModel;
  const { length } = told.history;
  // A training that goes on adds to the history. Another one begins it anew.
  const kept = length > 0 && history[length - 1] === told.history[length - 1] ? length : 0;
  const isNew = metadata !== told.metadata;
  told = { metadata, history };
  return {
    ...{ nnz, density, epochs, method, loss, threads, warning },
    resumedRestoreBest: resumedRestoreBest(ownModel),
    ...(isNew && { metadata }),
    history: { kept, added: history.slice(kept) },
  };
}

async function answer({ id, name, args }: Request): Promise<void> {
  try {
    const value: unknown = await Reflect.apply(calls[name as CallName], undefined, args);
    send({ id, snapshot: takeSnapshot(), value }, buffersIn(value));
  } catch (error) {
    send({ id, snapshot: takeSnapshot(), error: sendError(error) }, []);
  }
}

/** The number of the last call; calls come in order. */
let last = -1;

const send: (reply: Reply, transfer: ArrayBuffer[]) => void = answerMessages(
  (message) => {
    const request = message as Request;
    last = request.id;
    void answer(request);
  },
  () => {
    const reason =
      'what was sent to the worker did not arrive: its memory may be too small, or a buffer was taken away';
    send({ id: ++last, snapshot: takeSnapshot(), error: sendError(new CtreError('E_MEMORY', reason)) }, []);
  },
);
