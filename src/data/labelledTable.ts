import { CtreError } from '../base/errors.ts';
import type { RawColumn, RawTable } from './rawTable.ts';
import type { Column } from './table/column.ts';
import type { NumberScale } from './table/encoding.ts';
import { fieldValue } from './table/field.ts';
import { type ColumnOptions, type FittedPipeline, fitPipeline } from './table/fitPipeline.ts';
import type { TableLabel } from './table/pipeline.ts';

/** The columns of a table that may become inputs, with the rows of it that a dataset has. */
export interface LabelledTable {
  readonly columns: readonly Column[];
  readonly label: TableLabel;
  /** What was guessed before any column was encoded, in sentences. */
  readonly warnings: readonly string[];
  /** Test rows, where the files bring their own; the same columns. */
  readonly test?: { readonly columns: readonly Column[] };
}

/** The columns at these places, in rows of these numbers. */
export function columnsAt(
  table: RawTable,
  places: readonly number[],
  rows: Int32Array,
  missing: readonly string[] = [],
): Column[] {
  const words = new Set(missing);
  return places.map((place) => new RowsOfColumn(table.columns[place], rows, (row) => table.line(row), words));
}

/** Some rows of a raw column, as values. */
class RowsOfColumn implements Column {
  readonly name?: string;
  readonly number: number;
  readonly #column: RawColumn;
  readonly #rows: Int32Array;
  readonly #line: (row: number) => number;
  readonly #missing: ReadonlySet<string>;

  constructor(
    column: RawColumn,
    rows: Int32Array,
    line: (row: number) => number,
    missing: ReadonlySet<string>,
  ) {
    if (column.name !== undefined && column.name !== '') this.name = column.name;
    this.number = column.number;
    this.#column = column;
    this.#rows = rows;
    this.#line = line;
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
    return `line ${this.#line(this.#rows[row])}`;
  }
}

/**
 * What becomes of a table's columns, learnt from its training rows.
 * @param rows those of the dataset that are trained on.
 * @throws CtreError `E_ARGUMENT` for options that name columns which do not exist, or contradict each other.
 */
export function learnColumns(
  { columns, label }: LabelledTable,
  rows: ArrayLike<number>,
  scale: NumberScale,
  options: ColumnOptions = {},
  optionInWords?: (name: string) => string,
): FittedPipeline {
  const fitted = fitPipeline(columns, label, rows, { ...options, scale }, optionInWords);
  if (fitted.pipeline.inputs > 0) return fitted;
  throw new CtreError(
    'E_FORMAT',
    `no column is left to learn from: ${fitted.warnings.join('; ') || 'every one is left out'}`,
  );
}
