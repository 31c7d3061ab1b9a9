import { checkInteger, checkOptions } from './checks.ts';
import { CsrMatrix, type CsrPattern, checkCsr } from './csr.ts';
import { CtreError, show } from './errors.ts';
import { decodeModel, encodeModel } from './io/modelFile.ts';
import { Region } from './memory/arena.ts';
import { getEngine, init, TILE } from './memory/module.ts';
import { type Initializer, initializerByName, sparseHe } from './nn/initializer.ts';
import { Mlp, networkBytes, type Workspace } from './nn/mlp.ts';
import { type Optimizer, sgd } from './nn/optimizer.ts';
import { randomStream } from './random.ts';
import type { LayerShape } from './shape.ts';
import { ctreSim } from './topology/ctreSim.ts';
import { connectionCounts, type DensityOptions } from './topology/density.ts';
import { topologyByName } from './topology/index.ts';
import type { Topology } from './topology/topology.ts';
import {
  checkLabels,
  checkSamples,
  type Labels,
  loadRows,
  loadSamples,
  RowList,
  type Samples,
} from './train/batches.ts';
import { allocateWorkspaces, evaluateRows, predictRows, type Score } from './train/evaluate.ts';
import { inlineExecutor } from './train/executor.ts';
import { type Epoch, type Job, type Labelled, type Trainee, train } from './train/train.ts';
import { runNow } from './train/work.ts';

/** What every way of making a model takes. */
export interface ModelOptions {
  /** How the topology evolves; `topology.ctreSim()`. */
  readonly topology?: Topology;
  /** Draws the weights at the start; `initializer.sparseHe()`. */
  readonly initializer?: Initializer;
  /** Draws the weights of grown connections; what the topology method prescribes, else `initializer.uniform()`. */
  readonly growInitializer?: Initializer;
  /** Decides everything random; 0. */
  readonly seed?: number | string;
  /** JSON to keep with the model and in its file: label names, scaler, … */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Options of `SparseMLP.create`: without a density or a pattern ε is 1. */
export interface CreateOptions extends ModelOptions, DensityOptions {
  /** Neurons by layer: inputs, hidden layers, classes. */
  readonly layers: readonly number[];
  /** The layers' own patterns, `[outDim, inDim]`, instead of a density. */
  readonly pattern?: readonly CsrPattern[];
}

/** Options of `train` and `fit`. */
export interface TrainOptions {
  /** 100. */
  readonly epochs?: number;
  /** Samples a step; 100. */
  readonly batchSize?: number;
  /** `optimizer.sgd()`: the published settings. */
  readonly optimizer?: Optimizer;
  /** The share of rows held out for validation, drawn at random. */
  readonly validationSplit?: number;
  /** The rows of x held out for validation. */
  readonly validationRows?: readonly number[] | Int32Array;
  /** A data set of its own for validation. */
  readonly validation?: { readonly x: Samples; readonly y: Labels };
  /** Scored whenever the validation accuracy reaches a new best, and after the last epoch. */
  readonly test?: { readonly x: Samples; readonly y: Labels };
  /** Ends training when the validation accuracy has not improved for so many epochs; never, by default. */
  readonly patience?: number;
  /** Ends training at the edge of a step, with an error of code `E_ABORTED`. */
  readonly signal?: AbortSignal;
}

/** A finished training. */
export interface History {
  readonly epochs: readonly Epoch[];
  /** The first epoch of the best validation accuracy (training accuracy where nothing was validated). */
  readonly best: Epoch;
}

/** One layer, as copies of what it holds at the time. */
export interface LayerView {
  readonly inDim: number;
  readonly outDim: number;
  readonly nnz: number;
  readonly density: number;
  /** W, `[outDim, inDim]`; a copy. */
  readonly weights: CsrMatrix;
  /** [outDim]; a copy. */
  readonly bias: Float32Array;
}

const MODEL_OPTIONS = ['topology', 'initializer', 'growInitializer', 'seed', 'metadata'] as const;
const CREATE_OPTIONS = ['layers', 'pattern', 'epsilon', 'density', 'distribution', ...MODEL_OPTIONS] as const;
const TRAIN_OPTIONS = [
  'epochs',
  'batchSize',
  'optimizer',
  'validationSplit',
  'validationRows',
  'validation',
  'test',
  'patience',
  'signal',
] as const;

/** More neurons in a layer than one tile row each can be addressed (4 GiB / 128 bytes). */
const MAX_NEURONS = 2 ** 25;

/**
 * A multilayer perceptron that is sparse from the first step to the last: CSR weights, ReLU between layers, softmax
 * cross-entropy, and a topology that evolves while it trains.
 *
 * ```ts
 * const model = await SparseMLP.create({ layers: [784, 1000, 1000, 1000, 10], epsilon: 1, seed: 42 });
 * for await (const { epoch, valAccuracy } of model.train(x, y, { epochs: 10, validationSplit: 0.1 })) …
 * ```
 */
export class SparseMLP {
  readonly #trainee: Trainee;
  #metadata: Readonly<Record<string, unknown>>;
  #state: 'idle' | 'training' | 'disposed' = 'idle';

  private constructor(trainee: Trainee, metadata: Readonly<Record<string, unknown>>) {
    this.#trainee = trainee;
    this.#metadata = metadata;
  }

  /**
   * A new network.
   * @throws CtreError `E_ARGUMENT` for options unknown or out of range, `E_SHAPE` for patterns that do not fit,
   *   `E_MEMORY` where the network does not.
   */
  static async create(options: CreateOptions): Promise<SparseMLP> {
    checkOptions('SparseMLP.create', options, CREATE_OPTIONS);
    const dims = checkDims(options.layers);
    const settings = checkModelOptions(options);
    const { topology, initializer, seed } = settings;
    const given = options.pattern === undefined ? undefined : checkPatterns(options.pattern, dims);
    if (given !== undefined && (options.epsilon ?? options.density) !== undefined) {
      throw new CtreError('E_ARGUMENT', 'both pattern and a density are given; expected one of them');
    }
    if (given !== undefined && (topology.name === 'dense' || topology.needs.includes('initialGradient'))) {
      throw new CtreError(
        'E_ARGUMENT',
        `topology ${topology.name} chooses its own pattern; leave pattern out`,
      );
    }
    const counts = given?.map(({ indices }) => indices.length) ?? connectionCounts(dims, options);
    await init();
    getEngine().arena.checkRoom(networkBytes(dims, counts), 'this network');
    const starts = initTopology(topology, dims, counts, seed);
    const patterns = starts.map(({ pattern }, l) => given?.[l] ?? pattern);
    const network = new Mlp(getEngine(), patterns);
    for (const layer of network.layers) {
      layer.drawWeights(initializer, randomStream(seed, `weights/${layer.index}`));
    }
    const states = starts.map(({ state }) => state);
    const executor = inlineExecutor(network.engine.kernels);
    return new SparseMLP(
      { ...settings, network, executor, states, epochs: 0, started: given !== undefined },
      options.metadata ?? {},
    );
  }

  /**
   * A network of given weights (`[outDim, inDim]`) and biases, one entry a layer.
   * @throws CtreError `E_SHAPE` for layers that do not fit each other, `E_CSR` for a matrix that is not canonical,
   *   `E_NOT_FINITE` for a weight or bias that is no finite number.
   */
  static async fromWeights(
    layers: readonly { readonly weights: CsrMatrix; readonly bias: ArrayLike<number> }[],
    options: ModelOptions = {},
  ): Promise<SparseMLP> {
    checkOptions('SparseMLP.fromWeights', options, MODEL_OPTIONS);
    const settings = checkModelOptions(options);
    const checked = checkLayers(layers);
    await init();
    return SparseMLP.#assemble(checked, settings, 0, options.metadata ?? {});
  }

  /**
   * The model of a file that `save` wrote: the same predictions, bit for bit. Training goes on from its weights, with a new
   * optimiser.
   * @throws CtreError `E_FORMAT`, `E_UNSUPPORTED`, `E_CSR`, `E_SHAPE` or `E_NOT_FINITE` for bytes that are no such file.
   */
  static async load(bytes: Uint8Array): Promise<SparseMLP> {
    if (!(bytes instanceof Uint8Array)) {
      throw new CtreError('E_ARGUMENT', `bytes is ${show(bytes)}; expected a Uint8Array`);
    }
    const { layers, settings, metadata } = decodeModel(bytes);
    const { topology, initializer, growInitializer, seed, epochs } = settings;
    const parts = {
      topology: topologyByName(topology.name, topology.options),
      initializer: initializerByName(initializer.name, initializer.options),
      growInitializer: initializerByName(growInitializer.name, growInitializer.options),
      seed,
    };
    const checked = checkLayers(layers);
    await init();
    return SparseMLP.#assemble(checked, parts, epochs, metadata);
  }

  static #assemble(
    layers: readonly { readonly weights: CsrMatrix; readonly bias: Float32Array }[],
    settings: Settings,
    epochs: number,
    metadata: Readonly<Record<string, unknown>>,
  ): SparseMLP {
    const network = new Mlp(
      getEngine(),
      layers.map(({ weights }) => weights),
    );
    network.layers.forEach((layer, l) => {
      layer.values.view.set(layers[l].weights.values);
      layer.bias.view.set(layers[l].bias);
    });
    const counts = layers.map(({ weights }) => weights.nnz);
    const states = initTopology(settings.topology, network.dims, counts, settings.seed).map(
      ({ state }) => state,
    );
    const executor = inlineExecutor(network.engine.kernels);
    return new SparseMLP({ ...settings, network, executor, states, epochs, started: true }, metadata);
  }

  /** The layers, from the inputs on; every access copies. */
  get layers(): readonly LayerView[] {
    return this.#network.layers.map((layer) => {
      const { inDim, outDim, nnz } = layer;
      return {
        inDim,
        outDim,
        nnz,
        density: nnz / (inDim * outDim),
        get weights(): CsrMatrix {
          return CsrMatrix.fromParts({ ...layer.pattern(), values: layer.values.view });
        },
        get bias(): Float32Array {
          return layer.bias.view.slice();
        },
      };
    });
  }

  /** Connections of the whole network. */
  get nnz(): number {
    return this.#network.layers.reduce((sum, { nnz }) => sum + nnz, 0);
  }

  /** Connections as a share of the dense network's. */
  get density(): number {
    const dense = this.#network.layers.reduce((sum, { inDim, outDim }) => sum + inDim * outDim, 0);
    return this.nnz / dense;
  }

  /** Epochs trained so far. */
  get epochs(): number {
    return this.#trainee.epochs;
  }

  /** The name of the topology method. */
  get method(): string {
    return this.#trainee.topology.name;
  }

  /** What was kept with the model. */
  get metadata(): Readonly<Record<string, unknown>> {
    return this.#metadata;
  }

  /**
   * Trains, an epoch at a time, and gives the event loop its turn in between.
   * @param x rows of features, as many columns as the network has inputs. @param y class labels, integers from 0.
   * @throws CtreError for arguments that do not fit, before anything changes; `E_DIVERGED` when the loss is no finite
   *   number, `E_ABORTED` by the signal, `E_BUSY` while another training of this model runs.
   */
  train(x: Samples, y: Labels, options: TrainOptions = {}): AsyncGenerator<Epoch, void, void> {
    return this.#run(this.#checkJob(x, y, options));
  }

  /** As `train`, to its end; `onEpoch` sees every epoch. */
  async fit(
    x: Samples,
    y: Labels,
    options: TrainOptions & { readonly onEpoch?: (epoch: Epoch) => void } = {},
  ): Promise<History> {
    const { onEpoch, ...trainOptions } = options;
    const epochs: Epoch[] = [];
    for await (const epoch of this.train(x, y, trainOptions)) {
      epochs.push(epoch);
      onEpoch?.(epoch);
    }
    return { epochs, best: epochs.findLast(({ best }) => best) ?? epochs[0] };
  }

  /**
   * Mean cross-entropy and accuracy on labelled samples.
   * @throws CtreError for arguments that do not fit the network or each other.
   */
  evaluate(x: Samples, y: Labels): Score {
    const { x: samples, labels } = this.#checkLabelled(x, y);
    const network = this.#network;
    const region = new Region(network.engine.arena);
    try {
      const rows = loadRows(region, samples, labels);
      const workspaces = this.#allocateWorkspaces(region, samples.rows);
      return runNow(evaluateRows(this.#trainee.executor, network, workspaces, rows));
    } finally {
      region.free();
    }
  }

  /**
   * Class probabilities, rows × classes in row-major order.
   * @throws CtreError for samples that do not fit the network.
   */
  predict(x: Samples): Float32Array {
    const network = this.#network;
    const samples = checkSamples(x, network.dims[0]);
    const region = new Region(network.engine.arena);
    try {
      const order = Int32Array.from({ length: samples.rows }, (_, r) => r);
      const rows = new RowList(region, loadSamples(region, samples), region.i32(0), order);
      const out = region.f32(samples.rows * network.classes);
      const workspaces = this.#allocateWorkspaces(region, samples.rows);
      runNow(predictRows(this.#trainee.executor, network, workspaces, rows, out));
      return out.view.slice();
    } finally {
      region.free();
    }
  }

  /** The model as one safetensors file; `metadata` replaces what is kept with the model. */
  save(metadata?: Readonly<Record<string, unknown>>): Uint8Array<ArrayBuffer> {
    const { topology, initializer, growInitializer, seed, epochs } = this.#trainee;
    const layers = this.layers;
    this.#metadata = metadata ?? this.#metadata;
    const recipe = ({ name, options }: { name: string; options: Readonly<Record<string, unknown>> }) => ({
      name,
      options,
    });
    return encodeModel({
      layers,
      settings: {
        topology: recipe(topology),
        initializer: recipe(initializer),
        growInitializer: recipe(growInitializer),
        seed,
        epochs,
      },
      metadata: this.#metadata,
    });
  }

  /** The network as a table for people. */
  summary(): string {
    const lines = this.#network.layers.map(({ index, inDim, outDim, nnz }) => {
      const share = ((100 * nnz) / (inDim * outDim)).toFixed(2);
      return `layer ${index}: ${inDim} → ${outDim}, ${nnz} connections (${share} %)`;
    });
    const total = `${this.method}: ${this.nnz} connections, ${(100 * this.density).toFixed(2)} % of the dense network`;
    return [...lines, total].join('\n');
  }

  /** Bytes that the model holds, and the size of the memory it shares with every other model. */
  memory(): { readonly modelBytes: number; readonly memoryBytes: number } {
    const { bytes, engine } = this.#network;
    return { modelBytes: bytes, memoryBytes: engine.arena.usage().memoryBytes };
  }

  /**
   * Frees the model's memory; every later call but this one throws `E_DISPOSED`.
   * @throws CtreError `E_BUSY` in the middle of training: end that first.
   */
  dispose(): void {
    if (this.#state === 'disposed') return;
    if (this.#state === 'training') {
      throw new CtreError('E_BUSY', 'the model is training; abort it or let it end before dispose()');
    }
    this.#state = 'disposed';
    this.#trainee.network.free();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  get #network(): Mlp {
    if (this.#state === 'disposed') {
      throw new CtreError('E_DISPOSED', 'the model was disposed of; create or load another one');
    }
    return this.#trainee.network;
  }

  async *#run(job: Job): AsyncGenerator<Epoch, void, void> {
    if (this.#network !== undefined && this.#state === 'training') {
      throw new CtreError('E_BUSY', 'the model is training already; let that end first');
    }
    this.#state = 'training';
    try {
      yield* train(this.#trainee, job);
    } finally {
      this.#state = 'idle';
    }
  }

  #allocateWorkspaces(region: Region, rows: number): Workspace[] {
    const { executor, network } = this.#trainee;
    return allocateWorkspaces(network, region, executor, Math.ceil(rows / TILE), false);
  }

  #checkLabelled(x: Samples, y: Labels): Labelled {
    const { dims, classes } = this.#network;
    const samples = checkSamples(x, dims[0]);
    if (samples.rows === 0) throw new CtreError('E_SHAPE', 'x has no rows; expected at least one');
    return { x: samples, labels: checkLabels(y, samples.rows, classes) };
  }

  #checkJob(x: Samples, y: Labels, options: TrainOptions): Job {
    checkOptions('train', options, TRAIN_OPTIONS);
    const data = this.#checkLabelled(x, y);
    const { validation, test, optimizer = sgd(), patience, signal } = options;
    if (typeof optimizer?.step !== 'function') {
      throw new CtreError(
        'E_ARGUMENT',
        `optimizer is ${show(optimizer)}; expected optimizer.sgd() or optimizer.adam()`,
      );
    }
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw new CtreError('E_ARGUMENT', `signal is ${show(signal)}; expected an AbortSignal`);
    }
    const held = holdOut(data.x.rows, options, this.#trainee.seed);
    return {
      data,
      trainRows: held.trainRows,
      validation:
        validation === undefined ? held.validationRows : this.#checkLabelled(validation.x, validation.y),
      test: test === undefined ? undefined : this.#checkLabelled(test.x, test.y),
      epochs: checkInteger('epochs', options.epochs ?? 100, { least: 1 }),
      batchSize: checkInteger('batchSize', options.batchSize ?? 100, { least: 1 }),
      optimizer,
      patience:
        patience === undefined ? Number.POSITIVE_INFINITY : checkInteger('patience', patience, { least: 1 }),
      signal,
    };
  }
}

/** What a model is made of besides its network. */
type Settings = Pick<Trainee, 'topology' | 'initializer' | 'growInitializer' | 'seed'>;

function checkModelOptions(options: ModelOptions): Settings {
  const { topology = ctreSim(), initializer = sparseHe(), seed = 0 } = options;
  if (typeof topology?.init !== 'function') {
    throw new CtreError('E_ARGUMENT', `topology is ${show(topology)}; expected one like topology.ctreSim()`);
  }
  const growInitializer = options.growInitializer ?? initializerByName(topology.growInitializer ?? 'uniform');
  for (const [name, value] of Object.entries({ initializer, growInitializer })) {
    if (typeof value?.bound !== 'function') {
      throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected one like initializer.glorot()`);
    }
  }
  if (typeof seed !== 'string' && !Number.isFinite(seed)) {
    throw new CtreError('E_ARGUMENT', `seed is ${show(seed)}; expected a number or a string`);
  }
  return { topology, initializer, growInitializer, seed };
}

function checkDims(layers: unknown): number[] {
  if (!Array.isArray(layers) || layers.length < 2) {
    throw new CtreError('E_ARGUMENT', `layers is ${show(layers)}; expected at least [inputs, classes]`);
  }
  return layers.map((neurons, l) => checkInteger(`layers[${l}]`, neurons, { least: 1, most: MAX_NEURONS }));
}

function checkPatterns(patterns: readonly CsrPattern[], dims: readonly number[]): CsrPattern[] {
  if (!Array.isArray(patterns) || patterns.length !== dims.length - 1) {
    throw new CtreError(
      'E_SHAPE',
      `pattern is ${show(patterns)}; expected one pattern for each of ${dims.length - 1} layers`,
    );
  }
  return patterns.map((pattern: CsrPattern, l) => {
    if (typeof pattern !== 'object' || pattern === null || !('indptr' in pattern && 'indices' in pattern)) {
      throw new CtreError(
        'E_ARGUMENT',
        `pattern[${l}] is ${show(pattern)}; expected { rows, cols, indptr, indices }`,
      );
    }
    const { rows, cols, indptr, indices } = pattern;
    if (rows !== dims[l + 1] || cols !== dims[l]) {
      throw new CtreError(
        'E_SHAPE',
        `pattern[${l}] is ${rows} × ${cols}; expected ${dims[l + 1]} × ${dims[l]}`,
      );
    }
    checkCsr({ rows, cols, indptr, indices, values: indices });
    if (indices.length === 0) throw new CtreError('E_ARGUMENT', `pattern[${l}] has no connection`);
    return { rows, cols, indptr: Int32Array.from(indptr), indices: Int32Array.from(indices) };
  });
}

function checkLayers(
  layers: readonly { readonly weights: CsrMatrix; readonly bias: ArrayLike<number> }[],
): { weights: CsrMatrix; bias: Float32Array }[] {
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new CtreError('E_ARGUMENT', `layers is ${show(layers)}; expected an array of { weights, bias }`);
  }
  const checked = layers.map((layer: (typeof layers)[number], l) => {
    const weights = layer?.weights;
    if (!(weights instanceof CsrMatrix)) {
      throw new CtreError('E_ARGUMENT', `layers[${l}].weights is ${show(weights)}; expected a CsrMatrix`);
    }
    const bias = Float32Array.from(layer.bias ?? []);
    if (bias.length !== weights.rows) {
      throw new CtreError(
        'E_SHAPE',
        `layers[${l}].bias has ${bias.length} elements for ${weights.rows} neurons`,
      );
    }
    for (const [name, values] of Object.entries({ weights: weights.values, bias })) {
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        throw new CtreError(
          'E_NOT_FINITE',
          `layers[${l}].${name} holds ${values[bad]}; expected finite numbers`,
        );
      }
    }
    return { weights: CsrMatrix.fromParts(weights), bias };
  });
  const dims = checkDims([checked[0].weights.cols, ...checked.map(({ weights }) => weights.rows)]);
  checkPatterns(
    checked.map(({ weights }) => weights),
    dims,
  );
  return checked;
}

/** Every layer's first pattern and the method's state of it. */
function initTopology(
  topology: Topology,
  dims: readonly number[],
  counts: readonly number[],
  seed: number | string,
): { pattern: CsrPattern; state: unknown }[] {
  return counts.map((nnz, index) => {
    const shape: LayerShape = { index, inDim: dims[index], outDim: dims[index + 1], nnz };
    return topology.init(shape, randomStream(seed, `init/${index}`));
  });
}

/** The rows to train on and those held out, as the options say. */
function holdOut(
  rows: number,
  { validationSplit, validationRows, validation }: TrainOptions,
  seed: number | string,
): { trainRows: Int32Array; validationRows: Int32Array | undefined } {
  const all = Int32Array.from({ length: rows }, (_, r) => r);
  const given = [validationSplit, validationRows, validation].filter((option) => option !== undefined);
  if (given.length === 0) return { trainRows: all, validationRows: undefined };
  if (given.length > 1) {
    throw new CtreError(
      'E_ARGUMENT',
      'more than one of validationSplit, validationRows and validation are given; expected one of them',
    );
  }
  if (validation !== undefined) return { trainRows: all, validationRows: undefined };
  const held = new Uint8Array(rows);
  if (validationRows !== undefined) {
    for (const row of validationRows)
      held[checkInteger('validationRows', row, { least: 0, most: rows - 1 })] = 1;
  } else {
    const share = Number(validationSplit);
    if (!(share > 0 && share < 1)) {
      throw new CtreError(
        'E_ARGUMENT',
        `validationSplit is ${show(validationSplit)}; expected a number between 0 and 1`,
      );
    }
    const shuffled = all.slice();
    randomStream(seed, 'validation').shuffle(shuffled);
    for (const row of shuffled.subarray(0, Math.max(1, Math.round(share * rows)))) held[row] = 1;
  }
  const split = {
    trainRows: all.filter((row) => held[row] === 0),
    validationRows: all.filter((row) => held[row] === 1),
  };
  if (split.trainRows.length === 0 || split.validationRows.length === 0) {
    throw new CtreError(
      'E_SHAPE',
      `of ${rows} rows ${split.validationRows.length} would be validation and ${split.trainRows.length} training; expected at least one of each`,
    );
  }
  return split;
}
