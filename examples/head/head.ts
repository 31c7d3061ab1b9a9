// A head: a small network on embeddings, in a worker of its own.
import { type LikelyLabel, optimizer, topology, WorkerModel } from 'ctre';
import { COLS } from './embeddings.ts';
import type { Rows } from './rowStream.ts';

/** Rows of a step. */
const BATCH = 50;
/** Steps from one update of the topology to the next. */
const STEPS_OF_UPDATE = 200;
/** Neurons between the embedding and the classes. */
const HIDDEN = 64;
/** With so many connections as this gives, the sparse head has fewer than the dense layer. */
const EPSILON = 10;
/** Of 0.003, 0.005, 0.01 and 0.02 each does best with its own. */
const RATES = { sparse: 0.005, dense: 0.01 } as const;

export type HeadKind = 'sparse' | 'dense';

/** What came of a look at the held-out rows. */
export interface Look {
  /** Rows that the head had learnt from by then. */
  readonly seen: number;
  /** The share of all held-out rows that is given its class. */
  readonly accuracy: number;
  /** The same, by class. */
  readonly recall: readonly number[];
}

export class Head {
  readonly kind: HeadKind;
  readonly looks: Look[] = [];
  /** Seconds that the worker took for its steps. */
  seconds = 0;
  #seen = 0;
  readonly #optimizer;
  readonly #model: WorkerModel;

  private constructor(kind: HeadKind, model: WorkerModel) {
    this.kind = kind;
    this.#model = model;
    this.#optimizer = optimizer.adam({ learningRate: RATES[kind] });
  }

  /** A head that knows nothing yet of its classes but their names. */
  static async create(kind: HeadKind, labelNames: readonly string[]): Promise<Head> {
    const classes = labelNames.length;
    const model = await WorkerModel.create({
      ...(kind === 'dense'
        ? { layers: [COLS, classes], topology: topology.dense() }
        : { layers: [COLS, HIDDEN, classes], epsilon: EPSILON, topology: topology.set() }),
      metadata: { labelNames },
    });
    return new Head(kind, model);
  }

  get connections(): number {
    return this.#model.nnz;
  }

  /** Makes steps on some rows. */
  async learn({ x, y }: Rows): Promise<void> {
    const begin = performance.now();
    const options = { batchSize: BATCH, optimizer: this.#optimizer, stepsPerEpoch: STEPS_OF_UPDATE };
    await this.#model.partialFit(x, y, options);
    this.seconds += (performance.now() - begin) / 1000;
    this.#seen += y.length;
  }

  /** Gives the head one more class. */
  async addClass(name: string): Promise<void> {
    await this.#model.addOutputs(1, { labelNames: [name] });
  }

  async lookAt({ x, y }: Rows): Promise<Look> {
    const metrics = await this.#model.metrics(x, y);
    if (metrics.kind !== 'classification') throw new Error('a head has classes');
    const { accuracy, classes } = metrics;
    const look = { seen: this.#seen, accuracy, recall: classes.map(({ recall }) => recall) };
    this.looks.push(look);
    return look;
  }

  /** The likeliest classes of one row. */
  async ask(row: Float32Array, most: number): Promise<LikelyLabel[]> {
    const [answer] = await this.#model.predictTop({ rows: 1, cols: row.length, data: row }, most);
    return answer;
  }
}
