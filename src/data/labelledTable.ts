import { checkChoice, checkOptions } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { checkRowIndices, type RowIndices } from '../matrix/rowIndices.ts';
import { type RawColumn, type RawTable, rowPlace } from './rawTable.ts';
import { allRows } from './rowLists.ts';
import type { Column } from './table/column.ts';
import { fieldValue } from './table/field.ts';
import { type ColumnOptions, type FittedPipeline, fitPipeline } from './table/fitPipeline.ts';
import type { TableLabel } from './table/pipeline.ts';

/** The columns of a table that may become inputs, with the rows of it that a dataset has. */
export class LabelledTable {
  readonly columns: readonly Column[];
  readonly labels: readonly TableLabel[];
  /** What was guessed before any column was encoded, in sentences. */
  readonly warnings: readonly string[];
  /** What reading was told of the columns; it holds where nothing else is asked for. */
  readonly told: ColumnOptions;
  /** Test rows, where the files bring their own; the same columns. */
  readonly test?: { readonly columns: readonly Column[] };
  /** Only readers make tables: what is in them was checked. */
  readonly #isRead = true;

  constructor(
    columns: readonly Column[],
    labels: readonly TableLabel[],
    warnings: readonly string[],
    told: ColumnOptions,
    test: readonly Column[] | undefined,
  ) {
    this.columns = Object.freeze(columns.slice());
    this.labels = Object.freeze(labels.slice());
    this.warnings = warnings;
    this.told = Object.freeze({ ...told });
    if (test !== undefined) this.test = { columns: test };
  }

  /** Whether a value is a table that a reader made. */
  static isTable(value: unknown): value is LabelledTable {
    return typeof value === 'object' && value !== null && #isRead in value && value.#isRead;
  }
}

/** The columns at these places, in rows of these numbers. */
export function columnsAt(
  table: RawTable,
  places: readonly number[],
  rows: Int32Array,
  missing: readonly string[] = [],
): Column[] {
  const words = new Set(missing);
  return places.map(
    (place) => new RowsOfColumn(table.columns[place], rows, (row) => rowPlace(table, row), words),
  );
}

/** Some rows of a raw column, as values. */
class RowsOfColumn implements Column {
  readonly name?: string;
  readonly number: number;
  readonly #column: RawColumn;
  readonly #rows: Int32Array;
  readonly #place: (row: number) => string;
  readonly #missing: ReadonlySet<string>;

  constructor(
    column: RawColumn,
    rows: Int32Array,
    place: (row: number) => string,
    missing: ReadonlySet<string>,
  ) {
    if (column.name !== undefined && column.name !== '') this.name = column.name;
    this.number = column.number;
    this.#column = column;
    this.#rows = rows;
    this.#place = place;
    this.#missing = missing;
  }

  get length(): number {
    return this.#rows.length;
  }

  value(row: number): ReturnType<Column['value']> {
    const at = this.#rows[row];
    const value = this.#column.value(at);
    // Most fields are numbers, and reading one makes no text.
    if (value !== undefined && Number.isFinite(value) && this.#missing.size === 0) return value;
    return fieldValue(this.#column.text(at), this.#missing);
  }

  place(row: number): string {
    return this.#place(this.#rows[row]);
  }
}

/** What is learnt from, and what is told instead of guessed. */
export interface LearnOptions extends Omit<ColumnOptions, 'missing' | 'rowNumbers'> {
  /** The rows of the dataset that are trained on. Default: all. */
  readonly rows?: RowIndices;
}

const LEARN_OPTIONS = ['rows', 'scale', 'drop', 'features', 'categorical'];

/**
 * What becomes of a table's columns, learnt from its training rows: which are words, dates or texts, what
 * stands for missing values, how numbers are scaled.
 *
 * ```ts
 * const { table, labels, labelNames } = readDataset({ name: 'titanic.csv', bytes });
 * const { fit, val } = splitRows(labels.length, 0.2, { seed: 1, labels });
 * const { pipeline, warnings } = learnColumns(table, { rows: fit });
 * const { x } = pipeline.transformColumns(table.columns, labels.length);
 * model.save({ labelNames, pipeline }); // SparseMLP.load(bytes) has it as model.pipeline
 * ```
 * @param table that of a dataset.
 * @throws CtreError `E_ARGUMENT` for options that are unknown, name columns which do not exist, or contradict
 *   each other, or for rows out of range; `E_FORMAT` where no column is left, or one has texts among numbers.
 */
export function learnColumns(table: LabelledTable, options: LearnOptions = {}): FittedPipeline {
  if (!LabelledTable.isTable(table)) {
    throw new CtreError('E_ARGUMENT', `table is ${show(table)}; expected the table of a dataset`);
  }
  const { rows, scale = 'standard', ...told } = checkOptions('learnColumns', options, LEARN_OPTIONS);
  checkChoice('scale', scale, ['minmax', 'standard', 'none']);
  const { length } = table.columns[0];
  const learnt = rows === undefined ? allRows(length) : checkRowIndices(rows, length);
  if (learnt.length === 0) {
    throw new CtreError('E_ARGUMENT', 'columns cannot be learnt from no rows; expected at least one');
  }
  const fitted = fitPipeline(table.columns, table.labels, learnt, { ...table.told, ...told, scale });
  if (fitted.pipeline.inputs > 0) return fitted;
  throw new CtreError(
    'E_FORMAT',
    `no column is left to learn from: ${fitted.warnings.join('; ') || 'every one is left out'}`,
  );
}
