import { checkBoolean, checkChoice, checkInteger, checkOptions, readField } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import { checkJson } from '../base/json.ts';
import { randomStream } from '../base/random.ts';
import { TILE } from '../engine/abi.ts';
import { Region } from '../engine/region.ts';
import { encodeCheckpoint } from '../files/checkpointFile.ts';
import { encodeModel, type SavedModel } from '../files/modelFile.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import { initializerByName } from '../nn/initializer.ts';
import type { Layer } from '../nn/layer.ts';
import { Network, networkBytes } from '../nn/network.ts';
import { type Optimizer, optimizerByName } from '../nn/optimizer.ts';
import { loadRows, loadSamples, RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import { checkThreads, openSite, type Site } from '../run/host.ts';
import { runNow } from '../run/turns.ts';
import { connectionCounts } from '../topology/density.ts';
import { topologyByName } from '../topology/methods.ts';
import type { Epoch } from '../train/epoch.ts';
import type { Job, Labelled, Trainee } from '../train/job.ts';
import { train } from '../train/loop.ts';
import { checkTerms, termsOf } from '../train/resume.ts';
import { allocateWorkspaces, evaluateRows, predictRows, type Score } from '../train/score.ts';
import { checkDims, checkLayers, checkPatterns } from './architecture.ts';
import { initTopology } from './build.ts';
import { type EpochListener, type History, trainToEnd } from './fit.ts';
import { holdOut } from './holdOut.ts';
import { checkLabels, checkSamples, type Labels, type Samples } from './inputs.ts';
import { LOAD_OPTIONS, type LoadOptions, readCheckpoint, readModel, recipe } from './load.ts';
import {
  CREATE_OPTIONS,
  type CreateOptions,
  checkModelOptions,
  checkSignal,
  MODEL_OPTIONS,
  type ModelOptions,
  type Settings,
  TRAIN_OPTIONS,
  type TrainOptions,
} from './options.ts';
import { checkOptimizer } from './parts.ts';
import { PRESET_NAMES, type PresetName, presets } from './presets.ts';

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
  readonly #preset: PresetName;
  readonly #site: Site;
  #metadata: Readonly<Record<string, unknown>>;
  #state: 'idle' | 'training' | 'disposed' = 'idle';
  /** The present training, or the last one. */
  #training: { readonly terms: Readonly<Record<string, unknown>>; readonly optimizer: Optimizer } | undefined;
  /** The epochs of a checkpoint's training that the next call takes up. */
  #resumed: readonly Epoch[] | undefined;

  private constructor(
    trainee: Trainee,
    preset: PresetName,
    site: Site,
    metadata: Readonly<Record<string, unknown>>,
  ) {
    this.#trainee = trainee;
    this.#preset = preset;
    this.#site = site;
    this.#metadata = metadata;
  }

  /**
   * A new network.
   * @throws CtreError `E_ARGUMENT` for options unknown or out of range, `E_SHAPE` for patterns that do not fit,
   *   `E_MEMORY` where the network does not.
   */
  static async create(options: CreateOptions): Promise<SparseMLP> {
    const wanted = checkOptions('SparseMLP.create', options, CREATE_OPTIONS);
    const dims = checkDims(wanted.layers);
    const { preset, ...settings } = checkModelOptions(wanted);
    const { topology, initializer, seed } = settings;
    const given = wanted.pattern === undefined ? undefined : checkPatterns(wanted.pattern, dims);
    if (given !== undefined && (wanted.epsilon ?? wanted.density) !== undefined) {
      throw new CtreError('E_ARGUMENT', 'both pattern and a density are given; expected one of them');
    }
    if (given !== undefined && (topology.startsFull || topology.needs.includes('initialGradient'))) {
      throw new CtreError(
        'E_ARGUMENT',
        `topology ${topology.name} chooses its own pattern; leave pattern out`,
      );
    }
    const counts = given?.map(({ indices }) => indices.length) ?? connectionCounts(dims, wanted);
    const full = counts.map((_, l) => dims[l] * dims[l + 1]);
    const metadata = checkJson('metadata', wanted.metadata ?? {});
    const site = await openSite(checkThreads(wanted.threads ?? 1));
    return SparseMLP.#settle(site, preset, metadata, () => {
      site.engine.arena.checkRoom(networkBytes(dims, topology.startsFull ? full : counts), 'this network');
      const starts = initTopology(topology, dims, counts, seed);
      const patterns = starts.map(({ pattern }, l) => given?.[l] ?? pattern);
      const network = new Network(site.engine, patterns);
      try {
        for (const layer of network.layers) {
          layer.drawWeights(initializer, randomStream(seed, `weights/${layer.index}`));
        }
      } catch (error) {
        network.free();
        throw error;
      }
      const states = starts.map(({ state }) => state);
      const started = given !== undefined;
      return { ...settings, network, states, epochs: 0, started, history: [], atEdge: true };
    });
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
    const wanted = checkOptions('SparseMLP.fromWeights', options, MODEL_OPTIONS);
    const settings = checkModelOptions(wanted);
    const checked = checkLayers(layers);
    const metadata = checkJson('metadata', wanted.metadata ?? {});
    const site = await openSite(checkThreads(wanted.threads ?? 1));
    return SparseMLP.#assemble(site, checked, settings, 0, metadata);
  }

  /**
   * The model of a file that `save` wrote: the same predictions, bit for bit. Training goes on from its weights, with a new
   * optimiser.
   * @param options.maxBytes what this may take from memory besides the bytes; 4 × these + 64 MiB.
   * @throws CtreError `E_FORMAT`, `E_UNSUPPORTED`, `E_CSR`, `E_SHAPE` or `E_NOT_FINITE` for bytes that are no such file,
   *   `E_MEMORY` where the network would take more than it may.
   */
  static async load(bytes: Uint8Array, options: LoadOptions = {}): Promise<SparseMLP> {
    const { threads, maxBytes } = checkOptions('SparseMLP.load', options, LOAD_OPTIONS);
    return SparseMLP.#restore(readModel(bytes, maxBytes), threads);
  }

  /**
   * The model of a checkpoint, in the middle of its training: the next call of `train` or `fit`, which has to be given the
   * same data and options, takes it up behind the last epoch, and ends with the same bits as if it had never stopped.
   * @throws CtreError as `load`; `E_FORMAT` also for a checkpoint that was changed in any bit.
   */
  static async resume(bytes: Uint8Array, options: LoadOptions = {}): Promise<SparseMLP> {
    const { threads, maxBytes } = checkOptions('SparseMLP.resume', options, LOAD_OPTIONS);
    const { model: saved, training } = readCheckpoint(bytes, maxBytes);
    const optimizer = optimizerByName(training.optimizer.name, training.optimizer.options);
    if (training.slots.some(({ weights }) => weights.length !== optimizer.slots)) {
      throw new CtreError('E_FORMAT', `the checkpoint lacks arrays of its optimiser, ${optimizer.name}`);
    }
    const model = await SparseMLP.#restore(saved, threads);
    try {
      const trainee = model.#trainee;
      const { restore = () => null } = trainee.topology;
      trainee.states = training.states.map((state) => restore(state));
      trainee.network.restoreOptimizer(optimizer, training.steps, training.slots);
      trainee.history = training.epochs.map((epoch) => epoch as object as Epoch);
      model.#training = { terms: training.terms, optimizer };
      model.#resumed = trainee.history;
      return model;
    } catch (error) {
      model.dispose();
      throw error;
    }
  }

  static async #restore(
    { layers: checked, settings, metadata }: SavedModel,
    threads: ModelOptions['threads'] = 1,
  ): Promise<SparseMLP> {
    const { preset, topology, initializer, growInitializer, seed, epochs } = settings;
    const parts = {
      preset: checkChoice('preset', preset, PRESET_NAMES),
      topology: topologyByName(topology.name, topology.options),
      initializer: initializerByName(initializer.name, initializer.options),
      growInitializer: initializerByName(growInitializer.name, growInitializer.options),
      seed,
    };
    const site = await openSite(checkThreads(threads));
    return SparseMLP.#assemble(site, checked, parts, epochs, metadata);
  }

  static #assemble(
    site: Site,
    layers: readonly { readonly weights: CsrMatrix; readonly bias: Float32Array }[],
    { preset, ...settings }: Settings,
    epochs: number,
    metadata: Readonly<Record<string, unknown>>,
  ): SparseMLP {
    return SparseMLP.#settle(site, preset, metadata, () => {
      const dims = [layers[0].weights.cols, ...layers.map(({ weights }) => weights.rows)];
      // The connections are there: none is left to choose. A method that moves none has no state either.
      const none = layers.map(() => 0);
      const starts =
        settings.topology.evolve === undefined
          ? layers.map(() => ({ state: null }))
          : initTopology(settings.topology, dims, none, settings.seed);
      const network = new Network(
        site.engine,
        layers.map(({ weights }) => weights),
      );
      network.layers.forEach((layer, l) => {
        layer.values.view.set(layers[l].weights.values);
        layer.bias.view.set(layers[l].bias);
      });
      const states = starts.map(({ state }) => state);
      return { ...settings, network, states, epochs, started: true, history: [], atEdge: true };
    });
  }

  /** A model at its site, which is closed again when the network cannot be made. */
  static #settle(
    site: Site,
    preset: PresetName,
    metadata: Readonly<Record<string, unknown>>,
    makeNetwork: () => Omit<Trainee, 'executor'>,
  ): SparseMLP {
    try {
      return new SparseMLP({ ...makeNetwork(), executor: site.executor }, preset, site, metadata);
    } catch (error) {
      site.close();
      throw error;
    }
  }

  /** The layers, from the inputs on; every access copies. */
  get layers(): readonly LayerView[] {
    // A view may outlive its model: each access asks for the layer anew.
    const layerOf = (l: number): Layer => this.#network.layers[l];
    return this.#network.layers.map(({ inDim, outDim, nnz }, l) => ({
      inDim,
      outDim,
      nnz,
      density: nnz / (inDim * outDim),
      get weights(): CsrMatrix {
        const layer = layerOf(l);
        return CsrMatrix.fromParts({ ...layer.pattern(), values: layer.values.view });
      },
      get bias(): Float32Array {
        return layerOf(l).bias.view.slice();
      },
    }));
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

  /** What every epoch of the present training, or the last one, came to; those before a checkpoint among them. */
  get history(): readonly Epoch[] {
    return this.#trainee.history.slice();
  }

  /** The name of the topology method. */
  get method(): string {
    return this.#trainee.topology.name;
  }

  /** Threads that work, the caller's among them. */
  get threads(): number {
    return this.#trainee.executor.threads;
  }

  /** Why there are fewer threads than asked for; undefined where there are as many. */
  get warning(): string | undefined {
    return this.#site.warning;
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
  async fit(x: Samples, y: Labels, options: TrainOptions & EpochListener = {}): Promise<History> {
    const wanted = checkOptions('fit', options, [...TRAIN_OPTIONS, 'onEpoch']);
    return trainToEnd(this, wanted, (trainOptions) => this.train(x, y, trainOptions));
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

  /**
   * How much the network relies on each input: Σ|w| over the input's connections, [inputs]. In a trained sparse network the
   * inputs that matter have the most and the strongest ones; scale the features alike, or it measures their units.
   * Source: neuron strength, Atashgahi et al., "Quick and robust feature selection", Machine Learning 111 (2022).
   *
   * ```ts
   * const importance = model.inputImportance();
   * const best = [...importance.keys()].sort((a, b) => importance[b] - importance[a]).slice(0, 20);
   * ```
   */
  inputImportance(): Float64Array {
    const [{ inDim, structure, values }] = this.#network.layers;
    const importance = new Float64Array(inDim);
    const inputs = structure?.indices.view;
    values.view.forEach((weight, p) => {
      importance[inputs?.[p] ?? p % inDim] += Math.abs(weight);
    });
    return importance;
  }

  /** The model as one safetensors file; `metadata` replaces what is kept with the model. */
  save(metadata?: Readonly<Record<string, unknown>>): Uint8Array<ArrayBuffer> {
    return encodeModel(this.#describe(metadata));
  }

  /**
   * The training where it stands, between two epochs: the model with the optimiser's and the topology method's state and
   * what the epochs came to. `SparseMLP.resume` takes it up; `SparseMLP.load` reads it as a model. `metadata` replaces what is
   * kept with the model.
   * @throws CtreError `E_BUSY` in the middle of an epoch, or when training was ended there; `E_ARGUMENT` before any training.
   */
  checkpoint(metadata?: Readonly<Record<string, unknown>>): Uint8Array<ArrayBuffer> {
    const { layers, steps } = this.#network;
    const { atEdge, history, states } = this.#trainee;
    if (!atEdge) {
      throw new CtreError(
        'E_BUSY',
        'the model is in the middle of an epoch; checkpoints are made between two, in the loop over train() or in onEpoch',
      );
    }
    if (this.#training === undefined) {
      throw new CtreError('E_ARGUMENT', 'the model has not been trained; save() keeps an untrained one');
    }
    return encodeCheckpoint(this.#describe(metadata), {
      terms: this.#training.terms,
      epochs: history.map((epoch) => ({ ...epoch })),
      states,
      optimizer: recipe(this.#training.optimizer),
      steps,
      slots: layers.map(({ weightSlots, biasSlots }) => ({
        weights: weightSlots.map(({ view }) => view),
        bias: biasSlots.map(({ view }) => view),
      })),
    });
  }

  /** What files hold of the model. */
  #describe(metadata: Readonly<Record<string, unknown>> | undefined): SavedModel {
    const { topology, initializer, growInitializer, seed, epochs } = this.#trainee;
    const layers = this.layers;
    this.#metadata = metadata === undefined ? this.#metadata : checkJson('metadata', metadata);
    return {
      layers,
      settings: {
        preset: this.#preset,
        topology: recipe(topology),
        initializer: recipe(initializer),
        growInitializer: recipe(growInitializer),
        seed,
        epochs,
      },
      metadata: this.#metadata,
    };
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
    this.#site.close();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  get #network(): Network {
    if (this.#state === 'disposed') {
      throw new CtreError('E_DISPOSED', 'the model was disposed of; create or load another one');
    }
    return this.#trainee.network;
  }

  async *#run(job: Omit<Job, 'earlier'>): AsyncGenerator<Epoch, void, void> {
    if (this.#network !== undefined && this.#state === 'training') {
      throw new CtreError('E_BUSY', 'the model is training already; let that end first');
    }
    const terms = termsOf(job);
    const earlier = this.#resumed ?? [];
    if (this.#resumed !== undefined) checkTerms(terms, this.#training?.terms ?? {});
    this.#resumed = undefined;
    this.#training = { terms, optimizer: job.optimizer };
    this.#state = 'training';
    try {
      yield* train(this.#trainee, { ...job, earlier });
    } finally {
      this.#state = 'idle';
    }
  }

  #allocateWorkspaces(region: Region, rows: number): Workspace[] {
    const { executor, network } = this.#trainee;
    return allocateWorkspaces(network, region, executor, Math.ceil(rows / TILE), false);
  }

  #checkDataSet(name: string, set: unknown): Labelled {
    return this.#checkLabelled(readField(name, set, 'x'), readField(name, set, 'y'));
  }

  #checkLabelled(x: unknown, y: unknown): Labelled {
    const { dims, classes } = this.#network;
    const samples = checkSamples(x, dims[0]);
    if (samples.rows === 0) throw new CtreError('E_SHAPE', 'x has no rows; expected at least one');
    return { x: samples, labels: checkLabels(y, samples.rows, classes) };
  }

  #checkJob(x: Samples, y: Labels, options: TrainOptions): Omit<Job, 'earlier'> {
    const wanted = checkOptions('train', options, TRAIN_OPTIONS);
    const data = this.#checkLabelled(x, y);
    const { validation, test, optimizer, patience, signal } = wanted;
    const held = holdOut(data.x.rows, wanted, this.#trainee.seed);
    return {
      data,
      trainRows: held.trainRows,
      validation:
        validation === undefined ? held.validationRows : this.#checkDataSet('validation', validation),
      test: test === undefined ? undefined : this.#checkDataSet('test', test),
      epochs: checkInteger('epochs', wanted.epochs ?? 100, { least: 1 }),
      batchSize: checkInteger('batchSize', wanted.batchSize ?? 100, { least: 1 }),
      optimizer: optimizer === undefined ? presets[this.#preset].optimizer() : checkOptimizer(optimizer),
      patience:
        patience === undefined ? Number.POSITIVE_INFINITY : checkInteger('patience', patience, { least: 1 }),
      edits: checkBoolean('edits', wanted.edits ?? false),
      signal: signal === undefined ? undefined : checkSignal(signal),
    };
  }
}
