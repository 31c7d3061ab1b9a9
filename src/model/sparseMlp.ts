import { checkOptions } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import { encodeCheckpoint } from '../files/checkpointFile.ts';
import { encodeModel } from '../files/modelFile.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { Label } from '../metrics/classScore.ts';
import type { ModelMetrics } from '../metrics/modelMetrics.ts';
import type { Score } from '../nn/loss.ts';
import type { TargetUnits } from '../nn/targetUnits.ts';
import type { Epoch } from '../train/epoch.ts';
import { addOutputs } from './addOutputs.ts';
import { buildModel, modelFromWeights } from './build.ts';
import { checkPieces, checkTraining } from './checkTraining.ts';
import { unitsInUse, unitsInWords } from './chooseUnits.ts';
import { ModelCore } from './core.ts';
import { describeCheckpoint, describeModel } from './describe.ts';
import { type EpochListener, type History, trainToEnd } from './fit.ts';
import { evaluateModel, measureModel, predictModel } from './inference.ts';
import { type ImportanceOptions, inputImportance } from './inputImportance.ts';
import type { Row, Samples } from './inputs.ts';
import { type LikelyLabel, predictLabels, predictTop } from './labelledAnswers.ts';
import { type LayerView, viewLayers } from './layerView.ts';
import { type LoadModelOptions, loadModel, type ModelFile, type ResumeOptions, resumeModel } from './load.ts';
import type { ModelPipeline } from './modelPipeline.ts';
import {
  type AddOutputsOptions,
  type CreateOptions,
  type ModelOptions,
  type PartialFitOptions,
  PIECE_TRAIN_OPTIONS,
  type Pieces,
  type PieceTrainOptions,
  TRAIN_OPTIONS,
  type TrainOptions,
} from './options.ts';
import { partialFit } from './partialFit.ts';
import { arePieces } from './pieces.ts';
import { reconstructionError } from './reconstructionError.ts';
import { runPieceTraining, runTraining } from './runTraining.ts';
import type { Targets } from './targets.ts';

/** Set once, where the class's own fields can be read. */
let coreOf: (model: SparseMLP) => ModelCore;

/**
 * Whether the checkpoint that the next training takes up has `restoreBest`; undefined where it takes up none.
 * For the model's worker.
 */
export function resumedRestoreBest(model: SparseMLP): boolean | undefined {
  return coreOf(model).resumed?.restoreBest;
}

/** Notes that the model's pipeline made the rows. For the model's worker. */
export function markPrepared(model: SparseMLP, rows: object): void {
  coreOf(model).preparedRows?.add(rows);
}

/**
 * A multilayer perceptron that is sparse from the first step to the last. It has CSR weights, ReLU or another
 * activation between layers, a loss for classes, for several labels or for numbers, and a topology that
 * evolves while it trains.
 *
 * ```ts
 * const model = await SparseMLP.create({ layers: [784, 1000, 1000, 1000, 10], epsilon: 1, seed: 42 });
 * for await (const { epoch, valAccuracy } of model.train(x, y, { epochs: 10, validationSplit: 0.1 })) …
 * ```
 */
export class SparseMLP {
  readonly #core: ModelCore;
  /**
   * How the rows of the model's file were prepared, and what its answers are called; undefined where the file
   * says nothing of it. `pipeline.predict(rows)` takes rows as they were before the training.
   */
  readonly pipeline: ModelPipeline | undefined;

  static {
    coreOf = (model) => model.#core;
  }

  private constructor(core: ModelCore, pipeline?: ModelPipeline) {
    if (!(core instanceof ModelCore)) {
      throw new CtreError(
        'E_ARGUMENT',
        'new SparseMLP() makes no model; use await SparseMLP.create(options), fromWeights, load or resume',
      );
    }
    this.#core = core;
    this.pipeline = pipeline;
  }

  /**
   * A new network.
   * @throws CtreError `E_ARGUMENT` for options unknown or out of range, `E_SHAPE` for patterns that do not
   *   fit, `E_MEMORY` where the network does not.
   */
  static async create(options: CreateOptions): Promise<SparseMLP> {
    return new SparseMLP(await buildModel(options));
  }

  /**
   * A network of given weights (`[outDim, inDim]`) and biases, one entry a layer.
   * @throws CtreError `E_SHAPE` for layers that do not fit each other, `E_CSR` for a matrix that is not
   *   canonical, `E_NOT_FINITE` for a weight or bias that is no finite number.
   */
  static async fromWeights(
    layers: readonly { readonly weights: CsrMatrix; readonly bias: ArrayLike<number> }[],
    options: ModelOptions = {},
  ): Promise<SparseMLP> {
    return new SparseMLP(await modelFromWeights(layers, options));
  }

  /**
   * The model of a file that `save` wrote: the same predictions, bit for bit. Training begins anew from its
   * weights, with a new optimiser: no update of the topology is due. Its `epochs` go on counting, in the
   * schedule, too.
   * @param bytes the file's, or a buffer of them; or a Blob or File, which is read then.
   * @param options.topology the model's own one, and so `initializer` and `growInitializer`: no file can hold
   *   them. Without them the model predicts, and training it says what is missing.
   * @param options.maxBytes what this may take from memory besides the bytes; 4 × these + 64 MiB.
   * @param options.prepared says that rows will come as the network takes them. A model whose file says how
   *   its rows were scaled or encoded takes rows as they were through its `pipeline`, and refuses all others.
   * @throws CtreError `E_FORMAT`, `E_UNSUPPORTED`, `E_CSR`, `E_SHAPE` or `E_NOT_FINITE` for bytes that are no
   *   such file, `E_MEMORY` where the network would take more than it may, `E_ARGUMENT` for a part that is
   *   not the saved one.
   */
  static async load(bytes: ModelFile, options: LoadModelOptions = {}): Promise<SparseMLP> {
    const { core, pipeline } = await loadModel(bytes, options);
    return new SparseMLP(core, pipeline);
  }

  /**
   * The model of a checkpoint, in the middle of its training. The next call of `train` or `fit` takes the
   * training up after the last epoch and ends with the same bits as if it had never stopped; give it the same
   * data and options.
   * @param options as for `load`; `optimizer` for an own one.
   * @throws CtreError as `load`; `E_FORMAT` also for a checkpoint that was changed in any bit.
   */
  static async resume(bytes: ModelFile, options: ResumeOptions = {}): Promise<SparseMLP> {
    return new SparseMLP(await resumeModel(bytes, options));
  }

  /** The layers, from the inputs on; every access copies. */
  get layers(): readonly LayerView[] {
    return viewLayers(this.#core);
  }

  /** Connections of the whole network. */
  get nnz(): number {
    return this.#core.network.layers.reduce((sum, { nnz }) => sum + nnz, 0);
  }

  /** Connections as a share of the dense network's. */
  get density(): number {
    const dense = this.#core.network.layers.reduce((sum, { inDim, outDim }) => sum + inDim * outDim, 0);
    return this.nnz / dense;
  }

  /** Epochs trained so far. */
  get epochs(): number {
    return this.#core.model.epochs;
  }

  /**
   * What came of every epoch of the present training, or of the last one; those before a checkpoint are among
   * them.
   */
  get history(): readonly Epoch[] {
    return this.#core.model.history.slice();
  }

  /** The name of the topology method. */
  get method(): string {
    return this.#core.model.topology.name;
  }

  /** What the network learns; undefined until the first targets decide. */
  get loss(): { readonly name: string; readonly options: Readonly<Record<string, number>> } | undefined {
    const { loss } = this.#core.model;
    return loss && { name: loss.name, options: loss.options };
  }

  /**
   * What a regression measures its targets in while it learns them, by output: target = center + scale · what
   * is learnt. Undefined until the first targets decide, and where targets stay as they are.
   */
  get targetUnits(): TargetUnits | undefined {
    return unitsInUse(this.#core.model);
  }

  /** What the hidden layers make of their sums. */
  get activation(): { readonly name: string; readonly options: Readonly<Record<string, number>> } {
    const { name, options } = this.#core.model.activation;
    return { name, options };
  }

  /** Threads that work, the caller's among them. */
  get threads(): number {
    return this.#core.model.executor.threads;
  }

  /** Why there are fewer threads than asked for; undefined where there are as many. */
  get warning(): string | undefined {
    return this.#core.host.warning;
  }

  /** What was kept with the model. */
  get metadata(): Readonly<Record<string, unknown>> {
    return this.#core.metadata;
  }

  /**
   * Trains, an epoch at a time, and gives the event loop its turn in between. When an epoch is handed over
   * the network is the one that it reports: `save()` in the loop keeps it. The update of the topology after
   * an epoch is the first part of the next one, in this call or in the next: calls on one model continue one
   * training.
   * @param x rows of features, as many columns as the network has inputs. @param y class labels, integers
   *   from 0; numbers or a matrix of them for a regression; zeros and ones for several labels a row; or `'x'`
   *   for the samples themselves. Without the option `loss` of the model the first targets decide. Labels may
   *   be names: those of the option `labelNames`; or without it each of the names is a class, sorted by code
   *   unit, and `metadata.labelNames` has them from then on.
   * @throws CtreError for arguments that do not fit, before anything changes; `E_DIVERGED` when the loss is
   *   no longer a finite number, `E_ABORTED` by the signal, `E_BUSY` while another training of this model
   *   runs (with `wait: true` the call waits for its end), `E_DISPOSED` when the model is disposed of
   *   meanwhile.
   */
  train(x: Samples, y: Targets, options?: TrainOptions): AsyncGenerator<Epoch, void, void>;
  /**
   * Trains on samples that come in pieces: an array of `{ x, y }`, a generator, a stream. Each piece makes
   * steps in its own order; it is held until the next one comes, so memory is that of the largest piece. An
   * epoch is `stepsPerEpoch` steps, or without it a pass over the pieces.
   *
   * ```ts
   * async function* pieces() { for await (const { x, y } of readBatches()) yield { x, y }; }
   * for await (const { loss } of model.train(pieces(), { stepsPerEpoch: 1000 })) …
   * ```
   *
   * @throws CtreError as above, for a piece when it comes; `E_SHAPE` where no piece comes. What the iterable
   *   throws comes through. Its `return()` is called when training is left.
   */
  train(pieces: Pieces, options?: PieceTrainOptions): AsyncGenerator<Epoch, void, void>;
  train(
    x: Samples | Pieces,
    y?: Targets | PieceTrainOptions,
    options: TrainOptions = {},
  ): AsyncGenerator<Epoch, void, void> {
    const core = this.#core;
    if (!arePieces(x)) {
      const wanted = checkOptions('train', options, TRAIN_OPTIONS);
      return runTraining(core, wanted, () => checkTraining(core, x, y, wanted));
    }
    const wanted = checkOptions('train on pieces', (y ?? {}) as PieceTrainOptions, PIECE_TRAIN_OPTIONS);
    return runPieceTraining(core, x, wanted, () => checkPieces(core, wanted));
  }

  /**
   * As `train`, to its end; `onEpoch` sees every epoch. Where there is validation the model is then the best
   * epoch's (see `restoreBest`).
   */
  fit(x: Samples, y: Targets, options?: TrainOptions & EpochListener): Promise<History>;
  /** As `train` on pieces, to its end. */
  fit(pieces: Pieces, options?: PieceTrainOptions & EpochListener): Promise<History>;
  async fit(
    x: Samples | Pieces,
    y?: Targets | (PieceTrainOptions & EpochListener),
    options: TrainOptions & EpochListener = {},
  ): Promise<History> {
    const resumed = resumedRestoreBest(this);
    if (arePieces(x)) {
      const given = (y ?? {}) as PieceTrainOptions & EpochListener;
      const wanted = checkOptions('fit on pieces', given, [...PIECE_TRAIN_OPTIONS, 'onEpoch']);
      return trainToEnd(this, wanted, resumed, (trainOptions) => this.train(x, trainOptions));
    }
    const wanted = checkOptions('fit', options, [...TRAIN_OPTIONS, 'onEpoch']);
    return trainToEnd(this, wanted, resumed, (trainOptions) => this.train(x, y as Targets, trainOptions));
  }

  /**
   * Steps on a piece of the samples, in its order, at once. All is kept between calls: the optimiser with its
   * state, where the epoch stands, what the topology method remembers, and the memory. So a thousand calls
   * with a row each make the same steps as one call with a thousand rows and `batchSize: 1`. A checkpoint
   * between two calls goes on with the same bits. With `stepsPerEpoch` epochs end as in `train`; without it
   * there are none, and a method moves connections only if it has a number of steps for that (`every`).
   *
   * ```ts
   * model.partialFit({ rows: 1, cols: 384, data: embedding }, [label]);
   * ```
   *
   * @returns loss and what else the loss scores by, each sample before the step that its batch made.
   * @throws CtreError for arguments that do not fit, before anything changes; `E_DIVERGED` when the loss is
   *   no longer a finite number; `E_BUSY` while a training of this model runs.
   */
  partialFit(x: Samples, y: Targets, options: PartialFitOptions = {}): Score {
    return partialFit(this.#core, x, y, options);
  }

  /**
   * Gives the network more outputs, for classes that come later. What was learnt stays: the logits of the
   * outputs before do not change by a bit. A new output has as many connections as the others have on
   * average, drawn by the seed, weights by the model's initialiser, and bias 0. The optimiser's state moves
   * along. O(connections of the last layer).
   *
   * ```ts
   * model.addOutputs(1, { labelNames: ['newcomer'] });
   * model.partialFit(x, labels);            // labels may have the new class
   * ```
   *
   * @param count how many more.
   * @param options.labelNames the names of the new outputs. Without them the names are the outputs' numbers,
   *   if the outputs before have names.
   * @throws CtreError `E_ARGUMENT` for a number out of range, a name that there is already, or an initialiser
   *   that the model's file could only name; `E_SHAPE` for another number of names; `E_MEMORY`; `E_BUSY`
   *   while a training of this model runs. Nothing has changed then.
   */
  addOutputs(count = 1, options: AddOutputsOptions = {}): void {
    addOutputs(this.#core, count, options);
  }

  /**
   * Mean loss, and what else the loss scores by (accuracy; macro-F1; RMSE, MAE and R²), without weights.
   * @throws CtreError for arguments that do not fit the network or each other.
   */
  evaluate(x: Samples, y: Targets): Score {
    return evaluateModel(this.#core, x, y);
  }

  /**
   * What the network answers, rows × outputs in row-major order: class probabilities for a cross-entropy,
   * a probability for each label for a binary one, and numbers for a regression.
   *
   * ```ts
   * const [no, yes] = model.predict([0.3, 1.2, 5]); // one row of a network with three inputs
   * ```
   *
   * @param x rows; or one row, as a list of as many numbers as the network has inputs.
   * @throws CtreError for samples that do not fit the network.
   */
  predict(x: Samples | Row): Float32Array {
    return predictModel(this.#core, x);
  }

  /**
   * How far each row is from what the network answers for it, [rows]: the mean over columns of
   * (x − answer)². Rows unlike those of an autoencoder's training (`y: 'x'`) have large errors.
   * O(rows · inputs) besides `predict`.
   *
   * ```ts
   * await model.fit(x, 'x', { denoise: { kind: 'gaussian', amount: 0.2 } });
   * const unusual = model.reconstructionError(others).map((error) => (error > limit ? 1 : 0));
   * ```
   *
   * @throws CtreError as `predict`; `E_SHAPE` for a network with another number of outputs than inputs,
   *   `E_UNSUPPORTED` for one that answers classes.
   */
  reconstructionError(x: Samples | Row): Float32Array {
    return reconstructionError(this.#core, x);
  }

  /**
   * The class of every row: its name in `metadata.labelNames`, or its number where there is none. With a
   * binary cross-entropy the labels of every row, as a list: those of a probability above ½.
   * @throws CtreError as `predict`; `E_ARGUMENT` for a regression, `E_SHAPE` where there are names for
   *   another number of outputs.
   */
  predictLabels(x: Samples | Row): (Label | Label[])[] {
    return predictLabels(this.#core, x);
  }

  /**
   * The k likeliest classes (or labels) of every row with their probabilities, the likeliest first; of equal
   * ones the first output is. O(rows · outputs · log outputs) besides `predict`.
   *
   * ```ts
   * const [[{ label, probability }]] = model.predictTop(x, 3);
   * ```
   *
   * @param k from 1 to the number of outputs. @throws CtreError as `predictLabels`.
   */
  predictTop(x: Samples | Row, k: number): LikelyLabel[][] {
    return predictTop(this.#core, x, k);
  }

  /**
   * What the answers are measured by. `kind` says for which targets: `classification` has the confusion
   * matrix, precision, recall and F1 of every class and their means, the balanced accuracy, the ROC AUC of
   * two classes and the log loss; `multilabel` the same for every label, subset accuracy and Hamming loss;
   * `regression` RMSE, MAE, R² and the median absolute error. O(rows · outputs · log rows) besides `predict`.
   *
   * ```ts
   * const metrics = model.metrics(xTest, yTest);
   * if (metrics.kind === 'classification') console.log(metrics.balancedAccuracy, metrics.confusion);
   * ```
   *
   * @throws CtreError as `evaluate`; `E_SHAPE` where there are names for another number of outputs.
   */
  metrics(x: Samples, y: Targets): ModelMetrics {
    return measureModel(this.#core, x, y);
  }

  /**
   * How much the network relies on each input, [inputs]. By `strength`: Σ|w| over the input's connections,
   * because in a trained sparse network the inputs that matter have the most and the strongest connections.
   * By `attribution`: Σ over rows of |∂(logit of the row's class) / ∂input|. Scale the features alike, or
   * either one measures their units. Sources: neuron strength, Atashgahi et al., "Quick and robust feature
   * selection", Machine Learning 111 (2022); attribution, Atashgahi et al., "Unveiling the power of sparse
   * neural networks for feature selection" (2024).
   *
   * O(connections) by strength, O(rows × connections) by attribution.
   *
   * ```ts
   * const importance = model.inputImportance();
   * const best = [...importance.keys()].sort((a, b) => importance[b] - importance[a]).slice(0, 20);
   *
   * let earlier: Float64Array | undefined; // by attribution, added up over all epochs
   * for await (const _ of model.train(x, y, { epochs: 100 })) {
   *   earlier = model.inputImportance({ by: 'attribution', x, y, earlier });
   * }
   * ```
   * @throws CtreError `E_ARGUMENT`, `E_SHAPE`, `E_LABEL` or `E_NOT_FINITE` for options that do not fit the
   *   network or each other, `E_MEMORY` where the rows do not fit.
   */
  inputImportance(options: ImportanceOptions = {}): Float64Array {
    return inputImportance(this.#core, options);
  }

  /** The model as one safetensors file; `metadata` replaces what is kept with the model. */
  save(metadata?: Readonly<Record<string, unknown>>): Uint8Array<ArrayBuffer> {
    return encodeModel(describeModel(this.#core, metadata));
  }

  /**
   * The training where it stands, between two epochs: the model with the optimiser's and the topology
   * method's state, what the epochs came to, and with `restoreBest` the best network so far.
   * `SparseMLP.resume` takes it up; `SparseMLP.load` reads it as a model. `metadata` replaces what is kept
   * with the model.
   * @throws CtreError `E_BUSY` in the middle of an epoch, or when training was ended there; `E_ARGUMENT`
   *   before any training.
   */
  checkpoint(metadata?: Readonly<Record<string, unknown>>): Uint8Array<ArrayBuffer> {
    return encodeCheckpoint(...describeCheckpoint(this.#core, metadata));
  }

  /** The network as a table for people. */
  summary(): string {
    const lines = this.#core.network.layers.map(({ index, inDim, outDim, nnz }) => {
      const share = ((100 * nnz) / (inDim * outDim)).toFixed(2);
      return `layer ${index}: ${inDim} → ${outDim}, ${nnz} connections (${share} %)`;
    });
    const share = (100 * this.density).toFixed(2);
    const total = `${this.method}: ${this.nnz} connections, ${share} % of the dense network`;
    const { name, options } = this.activation;
    const said = name === 'relu' ? [] : [['activation', name, ...Object.values(options)].join(' ')];
    const { targetUnits } = this;
    const units = targetUnits === undefined ? [] : [unitsInWords(targetUnits)];
    return [...lines, ...said, total, ...units].join('\n');
  }

  /** Bytes that the model holds, and the size of the memory it shares with every other model. */
  memory(): { readonly modelBytes: number; readonly memoryBytes: number } {
    const { bytes, engine } = this.#core.network;
    return { modelBytes: bytes, memoryBytes: engine.arena.usage().memoryBytes };
  }

  /**
   * Frees the model's memory, at any time: a training that runs fails with `E_DISPOSED`, and so does every
   * later call but this one.
   */
  dispose(): void {
    this.#core.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
