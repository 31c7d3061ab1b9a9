// For those who compile against an older lib: the class has [Symbol.dispose].
/// <reference lib="esnext.disposable" preserve="true" />
import { bytesIn } from '../base/arrays.ts';
import { blobBytes, isBlob } from '../base/blob.ts';
import { checkBoolean, checkOptions, checkSignal } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import type { StopSignal } from '../base/hostTypes.ts';
import { checkJson } from '../base/json.ts';
import { startedEngine } from '../engine/engine.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { Label } from '../metrics/classScore.ts';
import type { ModelMetrics } from '../metrics/modelMetrics.ts';
import { checkLayers } from '../model/architecture.ts';
import { type EpochListener, type History, trainToEnd } from '../model/fit.ts';
import { IMPORTANCE_OPTIONS, type ImportanceOptions } from '../model/inputImportance.ts';
import type { Row, Samples } from '../model/inputs.ts';
import type { LikelyLabel } from '../model/labelledAnswers.ts';
import type { LayerView } from '../model/layerView.ts';
import { LOAD_OPTIONS, type LoadOptions, type ModelFile } from '../model/load.ts';
import type { RawSamples } from '../model/modelPipeline.ts';
import {
  ADD_OUTPUTS_OPTIONS,
  type AddOutputsOptions,
  CREATE_OPTIONS,
  type CreateOptions,
  MODEL_OPTIONS,
  type ModelOptions,
  PARTIAL_FIT_OPTIONS,
  type PartialFitOptions,
  PIECE_TRAIN_OPTIONS,
  type Pieces,
  type PieceTrainOptions,
  TRAIN_OPTIONS,
  type TrainOptions,
} from '../model/options.ts';
import { arePieces } from '../model/pieces.ts';
import { alreadyTraining, readPiece } from '../model/runTraining.ts';
import type { SparseMLP } from '../model/sparseMlp.ts';
import type { Targets } from '../model/targets.ts';
import { activationByName } from '../nn/activation.ts';
import { initializerByName } from '../nn/initializer.ts';
import type { Score } from '../nn/loss.ts';
import { lossByName } from '../nn/losses.ts';
import { optimizerByName } from '../nn/optimizer.ts';
import { scheduleByName } from '../nn/schedule.ts';
import { abortError, throwIfAborted } from '../run/turns.ts';
import { WaitingCalls } from '../run/waitingCalls.ts';
import { checkWorkerSource, type WorkerSource } from '../run/workerSource.ts';
import type { Epoch } from '../train/epoch.ts';
import { PieceSource } from '../train/pieceSource.ts';
import { disposed } from '../train/trainingRun.ts';
import { findWorkerFile, Link } from './link.ts';
import { sendTopology, type WithMethodByUrl } from './methodByUrl.ts';
import type { CallName, Calls } from './modelCalls.ts';
import { Parcel } from './parcel.ts';
import type {
  SentMatrix,
  SentOptions,
  SentPartialFit,
  SentPiece,
  SentPieceTraining,
  SentTraining,
  Snapshot,
} from './protocol.ts';
import { sendPart } from './recipe.ts';
import { WorkerPipeline } from './workerPipeline.ts';

/** Only this file has it: the functions of the class make models, `new` does not. */
const KEY = Symbol('WorkerModel');

/** How samples and labels get to the worker. */
export interface HandOver {
  /**
   * Whether the buffers of typed arrays are handed over without a copy. The caller's arrays are detached
   * then, and so are all arrays over the same buffer, also when the call fails. By default they are copied,
   * which takes time of the calling thread, most of all for arrays of rows. Arrays in shared memory are
   * neither copied nor detached.
   */
  readonly transfer?: boolean;
}

/** Whether a call waits for a training of the model. */
export interface Waiting {
  /**
   * Whether the call waits while a training of the model runs, behind those that wait already. By default it
   * fails then, with `E_BUSY`.
   */
  readonly wait?: boolean;
  /** Ends the wait, with an error of code `E_ABORTED`. */
  readonly signal?: StopSignal;
}

/** Options of `WorkerModel`'s `train` and `fit`. */
export interface WorkerTrainOptions extends TrainOptions, HandOver {}

/** Options of `WorkerModel`'s `train` and `fit` on pieces. */
export interface WorkerPieceTrainOptions extends PieceTrainOptions, HandOver {}

/**
 * A `SparseMLP` in a worker: the same calls, options, errors and bits, while the calling thread stays free.
 * Calls that compute give promises; with `await` before every such call the same code works with either
 * class.
 *
 * ```ts
 * const model = await WorkerModel.create({ layers: [784, 1000, 1000, 10], epsilon: 1, threads: 'auto' });
 * for await (const { epoch, valAccuracy } of model.train(x, y, { epochs: 10, validationSplit: 0.1 })) …
 * const probabilities = await model.predict(x);
 * ```
 */
export class WorkerModel {
  readonly #link: Link;
  #snapshot: Omit<Snapshot, 'history' | 'metadata'> = {
    ...{ nnz: 0, density: 0, epochs: 0, method: '', loss: undefined, targetUnits: undefined },
    ...{ threads: 1, warning: undefined, activation: { name: '', options: {} } },
    resumedRestoreBest: undefined,
  };
  #metadata: Readonly<Record<string, unknown>> = {};
  #history: readonly Epoch[] = [];
  #pipeline: WorkerPipeline | undefined;
  /** Matrices that the pipeline made. */
  readonly #prepared = new WeakSet<object>();
  #isTraining = false;
  /** Calls that wait for its end. */
  readonly #waiting = new WaitingCalls();
  /** The sample that the worker has of the last call of partialFit. */
  #sentSample: PartialFitOptions['sample'];

  private constructor(key: typeof KEY, source?: WorkerSource) {
    if (key !== KEY) {
      throw new CtreError(
        'E_ARGUMENT',
        'new WorkerModel() makes no model; use await WorkerModel.create(options), ' +
          'fromWeights, load or resume',
      );
    }
    this.#link = new Link(
      (snapshot) => this.#keep(snapshot),
      source,
      (error) => this.#waiting.refuse(error),
    );
  }

  /**
   * A new network, as `SparseMLP.create`.
   *
   * ```ts
   * const module = new URL('./mine.js', import.meta.url);
   * const model = await WorkerModel.create({ layers: [784, 100, 10], topology: { module, options: { k: 3 } }
   * });
   * ```
   *
   * @throws CtreError as that does; `E_ARGUMENT` also for a topology of one's own that is no module, or an
   *   initialiser of one's own, because functions cannot go to a worker; `E_ENGINE` where no worker can be
   *   started.
   */
  static async create(options: WithMethodByUrl<CreateOptions>): Promise<WorkerModel> {
    const wanted = checkOptions('WorkerModel.create', options, CREATE_OPTIONS);
    return WorkerModel.#open('create', [sendOptions(wanted)], wanted);
  }

  /**
   * A network of given weights and biases, as `SparseMLP.fromWeights`. They are copied and checked on this
   * thread.
   * @throws CtreError as `create` and `SparseMLP.fromWeights`.
   */
  static async fromWeights(
    layers: readonly { readonly weights: CsrMatrix; readonly bias: ArrayLike<number> }[],
    options: WithMethodByUrl<ModelOptions> = {},
  ): Promise<WorkerModel> {
    const wanted = checkOptions('WorkerModel.fromWeights', options, MODEL_OPTIONS);
    const parcel = new Parcel(true);
    const copies = checkLayers(layers).map(({ weights, bias }) => ({
      weights: parcel.matrix(weights),
      bias: parcel.array(bias),
    }));
    return WorkerModel.#open('fromWeights', [copies, sendOptions(wanted)], wanted, parcel);
  }

  /**
   * The model of a file that `save` wrote, as `SparseMLP.load`. A model with a topology of one's own trains
   * where its module is given again, with the same options; it predicts without.
   * @throws CtreError as that does; `E_ENGINE` where no worker can be started.
   */
  static async load(bytes: ModelFile, options: WithMethodByUrl<LoadOptions> = {}): Promise<WorkerModel> {
    const model = await WorkerModel.#restore('load', bytes, options);
    try {
      const known = await model.#link.ask('pipeline', []);
      model.#pipeline = known && model.#openPipeline(known);
      return model;
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  /**
   * The model of a checkpoint, in the middle of its training, as `SparseMLP.resume`.
   * @throws CtreError as that does; `E_ENGINE` where no worker can be started.
   */
  static async resume(bytes: ModelFile, options: WithMethodByUrl<LoadOptions> = {}): Promise<WorkerModel> {
    return WorkerModel.#restore('resume', bytes, options);
  }

  static async #restore(
    name: 'load' | 'resume',
    bytes: unknown,
    options: WithMethodByUrl<LoadOptions>,
  ): Promise<WorkerModel> {
    const known = [...LOAD_OPTIONS, 'topology'];
    const { topology, worker, signal, ...wanted } = checkOptions(`WorkerModel.${name}`, options, known);
    const sent = { ...wanted, topology: sendTopology(topology) };
    const isRead = isBlob(bytes);
    const file = isRead ? await blobBytes('bytes', bytes) : bytesIn(bytes);
    const parcel = new Parcel(isRead);
    return WorkerModel.#open(name, [parcel.array(file ?? bytes), sent], { worker, signal }, parcel);
  }

  /** A worker with the model that its first call makes; none where the call fails. */
  static async #open<N extends CallName>(
    name: N,
    args: Parameters<Calls[N]>,
    { worker, signal: given }: Pick<ModelOptions, 'worker' | 'signal'>,
    parcel = new Parcel(false),
  ): Promise<WorkerModel> {
    const signal = given === undefined ? undefined : checkSignal(given);
    const what = 'making the model';
    const source = checkWorkerSource(worker) ?? (await findWorkerFile());
    // The kernels that were given on this page are meant for its workers, too.
    const engine = await startedEngine();
    throwIfAborted(signal, what);
    const model = new WorkerModel(KEY, source);
    const abort = (): void => model.dispose();
    signal?.addEventListener('abort', abort);
    try {
      if (engine !== undefined) {
        const { isGiven, instances, revectorized } = engine;
        await model.#link.ask('init', [isGiven ? instances[0].module : undefined, revectorized]);
      }
      await model.#link.ask(name, args, parcel.buffers);
      throwIfAborted(signal, what);
      return model;
    } catch (error) {
      model.dispose();
      throwIfAborted(signal, what);
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /**
   * The layers as they are when they are asked for, from the inputs on; every access of weights or bias
   * copies.
   */
  get layers(): Promise<readonly LayerView[]> {
    return this.#link.ask('layers', []).then((layers) =>
      layers.map(({ parts, bias, ...sizes }) => ({
        ...sizes,
        get weights(): CsrMatrix {
          return CsrMatrix.fromParts(parts);
        },
        get bias(): Float32Array {
          return bias.slice();
        },
      })),
    );
  }

  /** Connections of the whole network. */
  get nnz(): number {
    return this.#alive.nnz;
  }

  /** Connections as a share of the dense network's. */
  get density(): number {
    return this.#alive.density;
  }

  /** Epochs trained so far. */
  get epochs(): number {
    return this.#snapshot.epochs;
  }

  /**
   * What came of every epoch of the present training, or of the last one; those before a checkpoint are among
   * them.
   */
  get history(): readonly Epoch[] {
    return this.#history.slice();
  }

  /** What the network learns; undefined until the first targets decide. */
  get loss(): SparseMLP['loss'] {
    return this.#snapshot.loss as SparseMLP['loss'];
  }

  /** What a regression measures its targets in; as `SparseMLP`'s. */
  get targetUnits(): SparseMLP['targetUnits'] {
    return this.#snapshot.targetUnits;
  }

  /** What the hidden layers make of their sums. */
  get activation(): SparseMLP['activation'] {
    return this.#snapshot.activation as SparseMLP['activation'];
  }

  /** The name of the topology method. */
  get method(): string {
    return this.#snapshot.method;
  }

  /** Threads that work: the model's worker and those it has started. */
  get threads(): number {
    return this.#snapshot.threads;
  }

  /** Why there are fewer threads than asked for; undefined where there are as many. */
  get warning(): string | undefined {
    return this.#snapshot.warning;
  }

  /** What was kept with the model. */
  get metadata(): Readonly<Record<string, unknown>> {
    return this.#metadata;
  }

  /**
   * How rows as they were before the training become answers; as `SparseMLP`'s, but that its calls give
   * promises. Undefined for models that were not loaded, or whose file says nothing of it.
   */
  get pipeline(): WorkerPipeline | undefined {
    return this.#pipeline;
  }

  #openPipeline(known: ConstructorParameters<typeof WorkerPipeline>[0]): WorkerPipeline {
    const sent = (rows: RawSamples): [Parcel, SentMatrix] => {
      const parcel = new Parcel(false);
      return [parcel, parcel.matrix(rows)];
    };
    return new WorkerPipeline(
      known,
      {
        transform: (given) => {
          const [parcel, rows] = sent(given);
          return this.#link.ask('transformRows', [rows], parcel.buffers);
        },
        predict: (given) => {
          const [parcel, rows] = sent(given);
          return this.#link.ask('predictRows', [rows], parcel.buffers);
        },
      },
      this.#prepared,
    );
  }

  #parcel(transfer: boolean): Parcel {
    return new Parcel(transfer, this.#prepared);
  }

  /**
   * Trains, an epoch at a time, as `SparseMLP.train`. Between two epochs the training waits for the loop's
   * body, and the model can be asked for its file or a checkpoint. The signal ends it at once, between two
   * steps.
   * @throws CtreError as that does; `E_ARGUMENT` also for an optimiser or a schedule of one's own, or data
   *   that cannot go to a worker; `E_WORKER_DIED` when the worker ends by itself.
   */
  train(x: Samples, y: Targets, options?: WorkerTrainOptions): AsyncGenerator<Epoch, void, void>;
  /**
   * Trains on samples that come in pieces, as `SparseMLP.train` does. A piece goes to the worker when the
   * worker wants it; only one is there at a time.
   * @throws CtreError as above. What the iterable throws comes through.
   */
  train(pieces: Pieces, options?: WorkerPieceTrainOptions): AsyncGenerator<Epoch, void, void>;
  train(
    x: Samples | Pieces,
    y?: Targets | WorkerPieceTrainOptions,
    options: WorkerTrainOptions = {},
  ): AsyncGenerator<Epoch, void, void> {
    if (arePieces(x)) return this.#trainOnPieces(x, (y ?? {}) as WorkerPieceTrainOptions);
    const wanted = checkOptions('train', options, [...TRAIN_OPTIONS, 'transfer']);
    const { transfer = false, wait, signal, optimizer, schedule, validation, test, ...rest } = wanted;
    const parcel = this.#parcel(checkBoolean('transfer', transfer));
    const turn = checkWait({ wait, signal });
    const parts = sendRule(optimizer, schedule);
    this.#link.checkOpen();
    // Nothing is copied or handed over before somebody asks for the first epoch.
    const begin = (): Promise<void> => {
      const training: SentTraining = {
        ...rest,
        ...parts,
        ...(validation !== undefined && { validation: parcel.data('validation', validation) }),
        ...(test !== undefined && { test: parcel.data('test', test) }),
      };
      return this.#link.ask('train', [parcel.data('data', { x, y }), training], parcel.buffers);
    };
    const next = (): Promise<Epoch | undefined> => this.#link.ask('next', []);
    return this.#run(turn, begin, next);
  }

  #trainOnPieces(pieces: Pieces, options: WorkerPieceTrainOptions): AsyncGenerator<Epoch, void, void> {
    const wanted = checkOptions('train on pieces', options, [...PIECE_TRAIN_OPTIONS, 'transfer']);
    const { transfer = false, wait, signal: given, optimizer, schedule, ...others } = wanted;
    const { validation, test, sample, ...rest } = others;
    const isHandedOver = checkBoolean('transfer', transfer);
    const parts = sendRule(optimizer, schedule);
    const turn = checkWait({ wait, signal: given });
    const { signal } = turn;
    const source = new PieceSource(pieces, (piece) => {
      const { x, y, sampleWeight } = readPiece(piece);
      const parcel = this.#parcel(isHandedOver);
      const sent: SentPiece = { ...parcel.data('piece', { x, y }), sampleWeight: parcel.array(sampleWeight) };
      return { sent, buffers: parcel.buffers };
    });
    let stopped: Promise<never>;
    const begin = async (): Promise<void> => {
      const parcel = this.#parcel(isHandedOver);
      const training: SentPieceTraining = {
        ...rest,
        ...parts,
        ...(validation !== undefined && { validation: parcel.data('validation', validation) }),
        ...(test !== undefined && { test: parcel.data('test', test) }),
        ...(sample !== undefined && { sample: parcel.data('sample', sample) }),
      };
      await this.#link.ask('trainOnPieces', [training], parcel.buffers);
      // So a wait for the iterable ends when the signal, dispose() or the worker's death ends the training.
      stopped = this.#link.ask('aborted', []).then(() => {
        throw abortError(signal);
      });
      stopped.catch(() => {});
    };
    const next = async (): Promise<Epoch | undefined> => {
      let answer = await this.#link.ask('nextOfPieces', []);
      while (answer === 'piece') {
        throwIfAborted(signal);
        const piece = await Promise.race([source.next(), stopped]);
        answer = await this.#link.ask('nextOfPieces', [piece?.sent ?? null], piece?.buffers);
      }
      return answer;
    };
    this.#link.checkOpen();
    return closing(source, this.#run(turn, begin, next));
  }

  /** As `train`, to its end; `onEpoch` sees every epoch. See `SparseMLP.fit`. */
  fit(x: Samples, y: Targets, options?: WorkerTrainOptions & EpochListener): Promise<History>;
  /** As `train` on pieces, to its end. */
  fit(pieces: Pieces, options?: WorkerPieceTrainOptions & EpochListener): Promise<History>;
  async fit(
    x: Samples | Pieces,
    y?: Targets | (WorkerPieceTrainOptions & EpochListener),
    options: WorkerTrainOptions & EpochListener = {},
  ): Promise<History> {
    const { resumedRestoreBest } = this.#snapshot;
    if (arePieces(x)) {
      const given = (y ?? {}) as WorkerPieceTrainOptions & EpochListener;
      const wanted = checkOptions('fit on pieces', given, [...PIECE_TRAIN_OPTIONS, 'transfer', 'onEpoch']);
      return trainToEnd(this, wanted, resumedRestoreBest, (pieceOptions) => this.train(x, pieceOptions));
    }
    const wanted = checkOptions('fit', options, [...TRAIN_OPTIONS, 'transfer', 'onEpoch']);
    return trainToEnd(this, wanted, resumedRestoreBest, (trainOptions) =>
      this.train(x, y as Targets, trainOptions),
    );
  }

  /**
   * Steps on a piece of the samples, as `SparseMLP.partialFit`; with `wait: true` after a training that runs.
   * @throws CtreError as that does; `E_ARGUMENT` also for an optimiser or a schedule of one's own.
   */
  async partialFit(
    x: Samples,
    y: Targets,
    options: PartialFitOptions & HandOver & Waiting = {},
  ): Promise<Score> {
    const known = [...PARTIAL_FIT_OPTIONS, 'transfer', ...WAITING];
    const wanted = checkOptions<PartialFitOptions & HandOver & Waiting>('partialFit', options, known);
    const { transfer = false, wait, signal, optimizer, schedule, sample, sampleWeight, ...rest } = wanted;
    const parcel = this.#parcel(checkBoolean('transfer', transfer));
    const parts = sendRule(optimizer, schedule);
    const weights = parcel.array(sampleWeight) as PartialFitOptions['sampleWeight'];
    const data = parcel.data('data', { x, y });
    return this.#inTurn({ wait, signal }, async () => {
      const isSame = sample !== undefined && sample === this.#sentSample;
      const sent: SentPartialFit = {
        ...rest,
        ...parts,
        ...(sampleWeight !== undefined && { sampleWeight: weights }),
        ...(sample !== undefined && { sample: isSame ? 'same' : parcel.data('sample', sample) }),
      };
      const answer = this.#link.ask('partialFit', [data, sent], parcel.buffers);
      this.#sentSample = sample;
      try {
        return await answer;
      } catch (error) {
        // It may not have arrived.
        this.#sentSample = undefined;
        throw error;
      }
    });
  }

  /** Gives the network more outputs, as `SparseMLP.addOutputs`. @throws CtreError as that does. */
  async addOutputs(count = 1, options: AddOutputsOptions & Waiting = {}): Promise<void> {
    const known = [...ADD_OUTPUTS_OPTIONS, ...WAITING];
    const { labelNames, ...waiting } = checkOptions('addOutputs', options, known);
    return this.#inTurn(waiting, () => this.#link.ask('addOutputs', [count, { labelNames }]));
  }

  /**
   * Mean loss, and what else the loss scores by, on samples with targets.
   * @throws CtreError for arguments that do not fit the network or each other.
   */
  async evaluate(x: Samples, y: Targets, options: HandOver = {}): Promise<Score> {
    const { transfer = false } = checkOptions('evaluate', options, HAND_OVER);
    const parcel = this.#parcel(checkBoolean('transfer', transfer));
    return this.#link.ask('evaluate', [parcel.data('data', { x, y })], parcel.buffers);
  }

  /**
   * What the network answers, rows × outputs in row-major order: class probabilities, say. A list of numbers
   * is one row.
   * @throws CtreError for samples that do not fit the network.
   */
  async predict(x: Samples | Row, options: HandOver = {}): Promise<Float32Array> {
    const { transfer = false } = checkOptions('predict', options, HAND_OVER);
    const parcel = this.#parcel(checkBoolean('transfer', transfer));
    return this.#link.ask('predict', [parcel.matrix(x)], parcel.buffers);
  }

  /** How far each row is from what the network answers for it; as `SparseMLP.reconstructionError`. */
  async reconstructionError(x: Samples | Row, options: HandOver = {}): Promise<Float32Array> {
    const { transfer = false } = checkOptions('reconstructionError', options, HAND_OVER);
    const parcel = this.#parcel(checkBoolean('transfer', transfer));
    return this.#link.ask('reconstructionError', [parcel.matrix(x)], parcel.buffers);
  }

  /** The class of every row, or its labels, by their names; as `SparseMLP.predictLabels`. */
  async predictLabels(x: Samples | Row, options: HandOver = {}): Promise<(Label | Label[])[]> {
    const { transfer = false } = checkOptions('predictLabels', options, HAND_OVER);
    const parcel = this.#parcel(checkBoolean('transfer', transfer));
    return this.#link.ask('predictLabels', [parcel.matrix(x)], parcel.buffers);
  }

  /** The k likeliest classes of every row with their probabilities; as `SparseMLP.predictTop`. */
  async predictTop(x: Samples | Row, k: number, options: HandOver = {}): Promise<LikelyLabel[][]> {
    const { transfer = false } = checkOptions('predictTop', options, HAND_OVER);
    const parcel = this.#parcel(checkBoolean('transfer', transfer));
    return this.#link.ask('predictTop', [parcel.matrix(x), k], parcel.buffers);
  }

  /** What the answers are measured by: confusion matrix, precision, recall, …; as `SparseMLP.metrics`. */
  async metrics(x: Samples, y: Targets, options: HandOver = {}): Promise<ModelMetrics> {
    const { transfer = false } = checkOptions('metrics', options, HAND_OVER);
    const parcel = this.#parcel(checkBoolean('transfer', transfer));
    return this.#link.ask('metrics', [parcel.data('data', { x, y })], parcel.buffers);
  }

  /**
   * How much the network relies on each input, [inputs]; as `SparseMLP.inputImportance`.
   * @throws CtreError as that does.
   */
  async inputImportance(options: ImportanceOptions & HandOver = {}): Promise<Float64Array> {
    const known = [...IMPORTANCE_OPTIONS, 'transfer'];
    const { x, y, transfer = false, ...rest } = checkOptions('inputImportance', options, known);
    const parcel = this.#parcel(checkBoolean('transfer', transfer));
    const sent = {
      ...rest,
      ...(x !== undefined && { x: parcel.matrix(x) }),
      ...(y !== undefined && { y: parcel.array(y) }),
    };
    return this.#link.ask('inputImportance', [sent], parcel.buffers);
  }

  /** The model as one safetensors file; `metadata` replaces what is kept with the model. */
  async save(metadata?: Readonly<Record<string, unknown>>): Promise<Uint8Array<ArrayBuffer>> {
    return this.#link.ask('save', sendMetadata(metadata));
  }

  /**
   * The training where it stands, between two epochs, as `SparseMLP.checkpoint`: in the loop over `train`.
   * @throws CtreError `E_BUSY` in the middle of an epoch, or when training was ended there; `E_ARGUMENT`
   *   before any training.
   */
  async checkpoint(metadata?: Readonly<Record<string, unknown>>): Promise<Uint8Array<ArrayBuffer>> {
    return this.#link.ask('checkpoint', sendMetadata(metadata));
  }

  /** The network as a table for people. */
  async summary(): Promise<string> {
    return this.#link.ask('summary', []);
  }

  /** Bytes that the model holds, and the size of its worker's memory. */
  async memory(): Promise<ReturnType<SparseMLP['memory']>> {
    return this.#link.ask('memory', []);
  }

  /**
   * Ends the worker, at once and at any time: what it was doing fails with `E_DISPOSED`, and so does every
   * later call but this one.
   */
  dispose(): void {
    this.#link.close(disposed());
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** What is known of a model that was not disposed of. */
  get #alive(): Pick<Snapshot, 'nnz' | 'density'> {
    this.#link.checkOpen();
    return this.#snapshot;
  }

  #keep({ history: { kept, added }, metadata = this.#metadata, ...snapshot }: Snapshot): void {
    this.#snapshot = snapshot;
    this.#metadata = metadata;
    this.#history = [...this.#history.slice(0, kept), ...added];
  }

  async *#run(
    { wait, signal }: Waiting,
    begin: () => Promise<void>,
    next: () => Promise<Epoch | undefined>,
  ): AsyncGenerator<Epoch, void, void> {
    this.#link.checkOpen();
    if (this.#isTraining && wait !== true) throw alreadyTraining();
    throwIfAborted(signal);
    const turn = this.#hold(signal);
    if (turn !== undefined) await turn;
    const abort = (): void => {
      // Where the worker was ended, the training knows.
      this.#link.ask('abort', []).catch(() => {});
    };
    signal?.addEventListener('abort', abort);
    try {
      throwIfAborted(signal);
      await begin();
      for (;;) {
        const epoch = await next();
        if (epoch === undefined) return;
        yield epoch;
      }
    } catch (error) {
      // The signal's reason was not sent.
      if (error instanceof CtreError && error.code === 'E_ABORTED') throwIfAborted(signal);
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
      if (!this.#link.closed) await this.#link.ask('leave', []);
      this.#release();
    }
  }

  /** Holds the model: at once, or when the turn of the call has come. */
  #hold(signal: StopSignal | undefined): Promise<void> | undefined {
    const claim = (): undefined => {
      this.#isTraining = true;
    };
    return this.#isTraining ? this.#waiting.wait(claim, signal) : claim();
  }

  #release(): void {
    this.#isTraining = false;
    this.#waiting.next();
  }

  /** A call that no training may come across; with `wait` it comes after those before it. */
  async #inTurn<T>(waiting: Waiting, call: () => Promise<T>): Promise<T> {
    const { wait, signal } = checkWait(waiting);
    if (!wait) return call();
    const turn = this.#hold(signal);
    if (turn !== undefined) await turn;
    try {
      throwIfAborted(signal);
      return await call();
    } finally {
      this.#release();
    }
  }
}

const HAND_OVER = ['transfer'] as const;

const WAITING = ['wait', 'signal'] as const;

/** @throws CtreError `E_ARGUMENT`. */
function checkWait({ wait = false, signal }: Waiting): Waiting {
  return { wait: checkBoolean('wait', wait), signal: signal === undefined ? undefined : checkSignal(signal) };
}

/** How steps are made. @throws CtreError `E_ARGUMENT` for parts of one's own. */
function sendRule(optimizer: unknown, schedule: unknown): Pick<SentTraining, 'optimizer' | 'schedule'> {
  return {
    optimizer: sendPart('optimizer', optimizer, optimizerByName),
    schedule: sendPart('schedule', schedule, scheduleByName),
  };
}

/** @throws CtreError `E_ARGUMENT` for parts of one's own, or metadata that is no JSON. */
function sendOptions<O extends ModelOptions>(options: WithMethodByUrl<O>): SentOptions<O> {
  const { topology, loss, activation, initializer, growInitializer, metadata, worker, signal, ...rest } =
    options;
  return {
    ...rest,
    topology: sendTopology(topology),
    loss: sendPart('loss', loss, lossByName),
    activation: sendPart('activation', activation, activationByName),
    initializer: sendPart('initializer', initializer, initializerByName),
    growInitializer: sendPart('growInitializer', growInitializer, initializerByName),
    metadata: checkJson('metadata', metadata ?? {}),
  } as SentOptions<O>;
}

/** The epochs; the pieces are closed with them. */
async function* closing(
  source: PieceSource<unknown>,
  epochs: AsyncGenerator<Epoch, void, void>,
): AsyncGenerator<Epoch, void, void> {
  let hasFailed = false;
  try {
    yield* epochs;
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    await source.close().catch((error) => {
      // What ended the training says more.
      if (!hasFailed) throw error;
    });
  }
}

function sendMetadata(metadata: Readonly<Record<string, unknown>> | undefined): [SparseMLP['metadata']?] {
  return metadata === undefined ? [] : [checkJson('metadata', metadata)];
}
