import type { Label } from '../metrics/classScore.ts';
import type { ModelPipeline, RawSamples } from '../model/modelPipeline.ts';
import { receiveMatrix, type SentEncodedRows } from './protocol.ts';

/** Rows as the network takes them, and what could not be taken as it was. */
type PreparedRows = ReturnType<ModelPipeline['transform']>;

/** What a pipeline asks its model's worker. */
export interface PipelineCalls {
  transform(rows: RawSamples): Promise<SentEncodedRows>;
  predict(rows: RawSamples): Promise<ReturnType<ModelPipeline['predict']>>;
}

/**
 * What a model's file says of the rows that it was trained on, as `SparseMLP`'s `pipeline`: the rows go to
 * the worker as they were before the training, and are prepared there.
 *
 * ```ts
 * const { pipeline } = await WorkerModel.load(bytes);
 * await pipeline?.predict([{ age: 31, city: 'Rome' }]); // ['yes']
 * ```
 */
export class WorkerPipeline {
  /** The columns of the table that the model was trained on; undefined where it was a matrix. */
  readonly columns: ModelPipeline['columns'];
  /** Whether it changes rows at all. */
  readonly changesRows: boolean;
  readonly #calls: PipelineCalls;
  readonly #prepared: WeakSet<object>;

  /** @param prepared takes the rows that it has prepared. */
  constructor(
    { columns, changesRows }: Pick<ModelPipeline, 'columns' | 'changesRows'>,
    calls: PipelineCalls,
    prepared: WeakSet<object>,
  ) {
    this.columns = columns;
    this.changesRows = changesRows;
    this.#calls = calls;
    this.#prepared = prepared;
  }

  /** Rows as the network takes them, and warnings; as `ModelPipeline.transform`. */
  async transform(rows: RawSamples): Promise<PreparedRows> {
    const { x: sent, warnings } = await this.#calls.transform(rows);
    const x = receiveMatrix(sent) as PreparedRows['x'];
    this.#prepared.add(x);
    return { x, warnings };
  }

  /** The class, labels or numbers of every row; as `ModelPipeline.predict`. */
  predict(rows: RawSamples): Promise<(Label | Label[])[] | Float32Array> {
    return this.#calls.predict(rows);
  }
}
