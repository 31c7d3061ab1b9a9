// One training, from its settings to the model that comes of it.
import {
  type CsrPattern,
  CtreError,
  type Epoch,
  type LayerEdit,
  type MethodName,
  type ModelOptions,
  methods,
  topology,
  WorkerModel,
} from 'ctre';
import { type DataFacts, rowsForRun } from './data.ts';

/** A set of defaults. */
export type Preset = NonNullable<ModelOptions['preset']>;

/** What both runs have in common: methods are compared, not shapes. */
export interface SharedSettings {
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batchSize: number;
  readonly seed: number;
  readonly threads: number;
}

export interface RunSettings {
  readonly method: MethodName;
  readonly epsilon: number;
  readonly preset: Preset;
}

/** A network as it was after an epoch. */
export interface Look {
  readonly epoch: number;
  /** Where the connections of every layer are. */
  readonly patterns: readonly CsrPattern[];
  /** Of the update behind the epoch, by layer; absent where there was none. */
  readonly edits?: readonly LayerEdit[] | undefined;
  /** Strength of every input. */
  readonly importance: Float64Array;
}

/** How fast a dense network of the same shape is. */
export interface DenseSpeed {
  readonly connections: number;
  readonly threads: number;
  /** Batches that were measured. */
  readonly batches: number;
  /** Rows of an epoch. */
  readonly trainRows: number;
  /** For an epoch of all rows, extrapolated from those batches. */
  readonly secondsPerEpoch: number;
}

/**
 * A dense network is measured on so many batches, for so many epochs; the first one warms up. It is not
 * measured at all if that would take more multiplications than MOST_PRODUCTS.
 */
const MEASURED_BATCHES = 8;
const MEASURED_EPOCHS = 5;
const MOST_PRODUCTS = 1e10;
/**
 * Between two looks at a network are at least so many ms, and so many times what the last one took: each
 * copies it.
 */
const LOOK_EVERY = 80;
const LOOK_SHARE = 4;
/** Networks of more connections are not looked at: receiving them would block the page. */
const MOST_LOOKED_AT = 1e6;

/** Whether a method keeps every connection, whatever the density asked for. */
export function ignoresDensity(name: MethodName): boolean {
  const { startsFull, evolve } = methods[name].create();
  return startsFull === true && evolve === undefined;
}

/** One training, and what came of it so far. */
export class Run {
  /** Method and density, for people. */
  readonly title: string;
  readonly epochs: Epoch[] = [];
  readonly trainRows: number;
  state: 'training' | 'ended' | 'stopped' | 'failed' = 'training';
  /** Why it failed. */
  message: string | undefined;
  /** The latest look. */
  look: Look | undefined;
  readonly #model: WorkerModel;
  #edits: Look['edits'];

  private constructor(title: string, trainRows: number, model: WorkerModel) {
    this.title = title;
    this.trainRows = trainRows;
    this.#model = model;
  }

  /** A network that has not learnt anything yet. */
  static async create(
    { method, epsilon, preset }: RunSettings,
    shared: SharedSettings,
    facts: DataFacts,
  ): Promise<Run> {
    const model = await WorkerModel.create({
      layers: [facts.cols, ...shared.hidden, facts.labelNames.length],
      epsilon,
      preset,
      topology: methods[method].create(),
      seed: shared.seed,
      threads: shared.threads,
      metadata: facts.notes,
    });
    const run = new Run(
      ignoresDensity(method) ? method : `${method}, ε\u00a0=\u00a0${epsilon}`,
      facts.rows,
      model,
    );
    await run.#lookAt(0);
    return run;
  }

  /**
   * The run that a file holds the model of; it is not trained any further.
   * @throws CtreError for a file that is no model, or one of other data.
   */
  static async load(bytes: Uint8Array, name: string, facts: DataFacts): Promise<Run> {
    // The page scales its rows itself.
    const model = await WorkerModel.load(bytes, { prepared: true });
    const sizes = await model.layers;
    const [inputs, classes] = [sizes[0].inDim, sizes[sizes.length - 1].outDim];
    if (inputs !== facts.cols || classes !== facts.labelNames.length) {
      model.dispose();
      throw new CtreError(
        'E_SHAPE',
        `${name} has ${inputs} inputs and ${classes} classes; ${facts.name} has ${facts.cols} and ` +
          `${facts.labelNames.length}. Choose the data first that the model was trained on`,
      );
    }
    const run = new Run(`${model.method}, from ${name}`, facts.rows, model);
    run.state = 'ended';
    await run.#lookAt(model.epochs);
    return run;
  }

  get nnz(): number {
    return this.#model.nnz;
  }

  get density(): number {
    return this.#model.density;
  }

  get threads(): number {
    return this.#model.threads;
  }

  /** Trains to the end, or until the signal; `onEpoch` hears of every epoch. */
  async train(shared: SharedSettings, signal: AbortSignal, onEpoch: () => void): Promise<void> {
    try {
      const { train, validation } = await rowsForRun();
      const { epochs, batchSize } = shared;
      const options = { epochs, batchSize, validation, signal, edits: true, transfer: true };
      let next = 0;
      for await (const epoch of this.#model.train(train.x, train.y, options)) {
        this.epochs.push(epoch);
        // An epoch without an update keeps the picture of the last one.
        if (epoch.edits?.some(({ grown }) => grown.rows.length > 0)) this.#edits = epoch.edits;
        const now = performance.now();
        if (now >= next || epoch.epoch === epochs) {
          await this.#lookAt(epoch.epoch);
          const took = performance.now() - now;
          next = now + Math.max(LOOK_EVERY, LOOK_SHARE * took);
        }
        onEpoch();
      }
      this.state = 'ended';
    } catch (error) {
      this.state = signal.aborted ? 'stopped' : 'failed';
      if (!signal.aborted) this.message = (error as Error).message;
    }
  }

  async #lookAt(epoch: number): Promise<void> {
    if (this.nnz > MOST_LOOKED_AT) return;
    const views = await this.#model.layers;
    const patterns = views.map(({ weights: { rows, cols, indptr, indices } }) => {
      return { rows, cols, indptr, indices };
    });
    this.look = { epoch, patterns, edits: this.#edits, importance: await this.#model.inputImportance() };
  }

  /** Class probabilities of one sample. */
  async predict(values: Float32Array): Promise<Float32Array> {
    return this.#model.predict({ rows: 1, cols: values.length, data: values });
  }

  /** The model as a file. */
  async save(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#model.save();
  }

  dispose(): void {
    this.#model.dispose();
  }
}

/**
 * The speed of a dense network of the same shape, measured on a few batches before the runs begin; undefined
 * if even those would take long.
 */
export async function measureDense(
  shared: SharedSettings,
  facts: DataFacts,
  signal: AbortSignal,
): Promise<DenseSpeed | undefined> {
  const layers = [facts.cols, ...shared.hidden, facts.labelNames.length];
  const connections = layers.slice(1).reduce((sum, outputs, l) => sum + outputs * layers[l], 0);
  const rows = Math.min(facts.rows, MEASURED_BATCHES * shared.batchSize);
  // One product a connection forward, and two backward.
  if (3 * MEASURED_EPOCHS * rows * connections > MOST_PRODUCTS) return undefined;
  const { train } = await rowsForRun(rows);
  const model = await WorkerModel.create({ layers, topology: topology.dense(), threads: shared.threads });
  try {
    const { batchSize } = shared;
    const options = { epochs: MEASURED_EPOCHS, batchSize, signal, transfer: true };
    const { epochs } = await model.fit(train.x, train.y, options);
    const fastest = Math.min(...epochs.slice(1).map(({ trainSeconds }) => trainSeconds));
    const secondsPerEpoch = (fastest * facts.rows) / rows;
    return {
      ...{ connections, secondsPerEpoch, threads: model.threads },
      batches: Math.ceil(rows / batchSize),
      trainRows: facts.rows,
    };
  } finally {
    model.dispose();
  }
}
