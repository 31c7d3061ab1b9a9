import { CtreError } from '../base/errors.ts';
import { applyScaler, type Scaler, scalerFromJson } from '../data/scaler.ts';
import { type Pipeline, readPipeline, type TableRow } from '../data/table/pipeline.ts';
import type { EncodedRows } from '../data/table/tableEncoder.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { ListMatrix, RowArrays } from '../matrix/samples.ts';
import type { Label } from '../metrics/classScore.ts';
import type { ModelCore } from './core.ts';
import { predictModel } from './inference.ts';
import { type Row, rowAsMatrix } from './inputs.ts';
import { predictLabels } from './labelledAnswers.ts';

/**
 * Rows as they were before a training prepared them: of a table, or a matrix, or one row of one, that is not
 * scaled yet.
 */
export type RawSamples = readonly TableRow[] | DenseMatrix | CsrMatrix | ListMatrix | RowArrays | Row;

/**
 * What a model's file says of the rows that it was trained on: how they were encoded and scaled, and what its
 * answers are called.
 *
 * ```ts
 * const { pipeline } = await SparseMLP.load(bytes);
 * pipeline?.predict([{ age: 31, city: 'Rome' }]); // ['yes']
 * ```
 */
export class ModelPipeline {
  readonly #core: ModelCore;
  readonly #table: Pipeline | undefined;
  readonly #scaler: Scaler;

  constructor(core: ModelCore, table: Pipeline | undefined, scaler: Scaler) {
    this.#core = core;
    this.#table = table;
    this.#scaler = scaler;
  }

  /** The columns of the table that the model was trained on; undefined where it was a matrix. */
  get columns(): Pipeline['columns'] | undefined {
    return this.#table?.columns;
  }

  /** Whether it changes rows at all. */
  get changesRows(): boolean {
    return this.#table !== undefined || this.#scaler.kind !== 'none';
  }

  /**
   * Rows as the network takes them, and what could not be taken as it was: words that the training rows did
   * not have, and missing fields where none was missing.
   * @throws CtreError `E_SHAPE` or `E_ARGUMENT` for rows that are not as those of the training.
   */
  transform(rows: RawSamples): EncodedRows {
    const prepared =
      this.#table === undefined
        ? {
            x: rowAsMatrix(rows, this.#core.network.dims[0]) as DenseMatrix | CsrMatrix,
            warnings: [],
          }
        : this.#table.transform(tableRows(rows));
    const x = applyScaler(this.#scaler, prepared.x);
    this.#core.preparedRows?.add(x);
    return { ...prepared, x };
  }

  /**
   * The class of every row, by its name; its labels, where rows have several; the numbers of a regression,
   * rows × outputs.
   * @throws CtreError as `transform`.
   */
  predict(rows: RawSamples): (Label | Label[])[] | Float32Array {
    const { x } = this.transform(rows);
    const { loss } = this.#core.model;
    return loss?.targets === 'numbers' ? predictModel(this.#core, x) : predictLabels(this.#core, x);
  }
}

function tableRows(rows: RawSamples): readonly TableRow[] {
  if (Array.isArray(rows)) return rows;
  throw new CtreError(
    'E_ARGUMENT',
    'the rows are a matrix, and the model was trained on a table; expected an array of objects or arrays',
  );
}

/**
 * What a model's file says of its rows; undefined where it says nothing. Metadata of one's own may have the
 * same names: what is no scaler, or no pipeline by its properties, says nothing.
 * @throws CtreError `E_FORMAT` for a pipeline that is damaged, or for another network.
 */
export function pipelineOf(core: ModelCore): ModelPipeline | undefined {
  const { pipeline, scaler } = core.metadata;
  const known = knownScaler(scaler);
  const isPipeline =
    typeof pipeline === 'object' && pipeline !== null && 'columns' in pipeline && 'labels' in pipeline;
  if (!isPipeline && known === undefined) return undefined;
  const table = isPipeline ? readPipeline(pipeline) : undefined;
  const inputs = core.network.dims[0];
  if (table !== undefined && table.inputs !== inputs) {
    throw new CtreError(
      'E_FORMAT',
      `the model's pipeline makes ${table.inputs} inputs, and its network has ${inputs}`,
    );
  }
  return new ModelPipeline(core, table, known ?? NO_SCALER);
}

const NO_SCALER: Scaler = { kind: 'none', offset: [], scale: [] };

/** The scaler that a text is; undefined for anything else. */
function knownScaler(text: unknown): Scaler | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return scalerFromJson(text);
  } catch (error) {
    if (error instanceof CtreError) return undefined;
    throw error;
  }
}
