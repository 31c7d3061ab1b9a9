import { CtreError } from '../../base/errors.ts';
import { CsrMatrix } from '../../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../../matrix/denseMatrix.ts';
import { columnTitle } from '../rawTable.ts';
import type { Column } from './column.ts';
import type { Encoding, Tally } from './encoding.ts';
import { encodingKind } from './encodings.ts';

/** A column of the table that a model was trained on, and what it became. */
export interface EncodedColumn {
  readonly name?: string;
  /** Its place in that table, from 1. */
  readonly number: number;
  readonly encoding: Encoding;
}

/** Rows as a network takes them, and what could not be taken as it was. */
export interface EncodedRows {
  /** [rows × inputs] */
  readonly x: DenseMatrix | CsrMatrix;
  /** In sentences. */
  readonly warnings: readonly string[];
}

/** Inputs from which on a matrix may be sparse. */
const LEAST_SPARSE_COLS = 200;

/** A matrix is sparse where fewer of its elements are other than 0. */
const SPARSE_SHARE = 0.25;

/** Inputs that the columns make. */
export function inputsOf(columns: readonly EncodedColumn[]): number {
  let inputs = 0;
  for (const { encoding } of columns) inputs += encodingKind(encoding).width(encoding);
  return inputs;
}

/** The name of every input. */
export function inputNames(columns: readonly EncodedColumn[]): string[] {
  return columns.flatMap(({ name, number, encoding }) =>
    encodingKind(encoding).names(encoding, name ?? `column ${number}`),
  );
}

/**
 * The rows of columns as inputs of a network: sparse where there are many and most are 0. Rows are those of
 * `rows`, in their order. O(rows × columns + what is not 0).
 * @param fields the column of each encoded column, in the same order.
 */
export function encodeRows(
  columns: readonly EncodedColumn[],
  fields: readonly Column[],
  rows: ArrayLike<number>,
): EncodedRows {
  const cols = inputsOf(columns);
  if (cols === 0) {
    throw new CtreError('E_FORMAT', 'every column is left out; expected at least one to learn from');
  }
  const tallies = columns.map((): Tally => ({ filled: 0, unseen: 0, unreadable: 0 }));
  const x = isSparseOf(columns, cols)
    ? encodeSparse(columns, fields, rows, cols, tallies)
    : encodeDense(columns, fields, rows, cols, tallies);
  return { x, warnings: columns.flatMap((column, c) => tallyInWords(column, tallies[c])) };
}

/** Whether rows are encoded as a sparse matrix: where there are many inputs, and most of them are 0. */
function isSparseOf(columns: readonly EncodedColumn[], cols: number): boolean {
  return cols >= LEAST_SPARSE_COLS && expectedShare(columns, cols) < SPARSE_SHARE;
}

/** Bytes of an entry that is on its way into a sparse matrix, twice in lists that grow. */
const ENTRY_BYTES = 40;

/** The bytes that so many encoded rows take at most, roughly where they are sparse. */
export function encodedBytes(columns: readonly EncodedColumn[], rows: number): number {
  const cols = inputsOf(columns);
  if (!isSparseOf(columns, cols)) return 4 * rows * cols;
  return ENTRY_BYTES * Math.ceil(rows * cols * expectedShare(columns, cols));
}

/** The share of the inputs that a row has, roughly: all of numbers, one of words, few of a text. */
function expectedShare(columns: readonly EncodedColumn[], cols: number): number {
  let used = 0;
  for (const { encoding } of columns) {
    const width = encodingKind(encoding).width(encoding);
    if (encoding.kind === 'words') used += Math.min(1, width);
    else used += encoding.kind === 'text' ? Math.min(30, width) : width;
  }
  return used / cols;
}

function encodeDense(
  columns: readonly EncodedColumn[],
  fields: readonly Column[],
  rows: ArrayLike<number>,
  cols: number,
  tallies: readonly Tally[],
): DenseMatrix {
  const data = new Float32Array(rows.length * cols);
  let first = 0;
  columns.forEach(({ encoding }, c) => {
    const kind = encodingKind(encoding);
    let base = first;
    const write = (offset: number, value: number): void => {
      data[base + offset] = value;
      if (!Number.isFinite(data[base + offset]))
        throw tooLarge(columns[c], fields[c], rows[Math.floor(base / cols)]);
    };
    for (let at = 0; at < rows.length; at++) {
      kind.write(encoding, fields[c].value(rows[at]), write, tallies[c]);
      base += cols;
    }
    first += kind.width(encoding);
  });
  return { rows: rows.length, cols, data };
}

function encodeSparse(
  columns: readonly EncodedColumn[],
  fields: readonly Column[],
  rows: ArrayLike<number>,
  cols: number,
  tallies: readonly Tally[],
): CsrMatrix {
  const indptr = new Uint32Array(rows.length + 1);
  const indices: number[] = [];
  const values: number[] = [];
  let base = 0;
  let [row, column] = [0, 0];
  const write = (offset: number, value: number): void => {
    if (value === 0) return;
    if (!Number.isFinite(Math.fround(value))) throw tooLarge(columns[column], fields[column], row);
    indices.push(base + offset);
    values.push(value);
  };
  const widths = columns.map(({ encoding }) => encodingKind(encoding).width(encoding));
  for (let at = 0; at < rows.length; at++) {
    base = 0;
    row = rows[at];
    for (let c = 0; c < columns.length; c++) {
      const { encoding } = columns[c];
      column = c;
      encodingKind(encoding).write(encoding, fields[c].value(rows[at]), write, tallies[c]);
      base += widths[c];
    }
    indptr[at + 1] = indices.length;
  }
  return CsrMatrix.fromParts({
    rows: rows.length,
    cols,
    indptr,
    indices: Uint32Array.from(indices),
    values: Float32Array.from(values),
  });
}

function tooLarge(column: EncodedColumn, field: Column, row: number): CtreError {
  const where = field.place?.(row) ?? `row ${row + 1}`;
  return new CtreError(
    'E_NOT_FINITE',
    `${where}, ${columnTitle(column)} is ${String(field.value(row))}, which float32 has no room for; ` +
      'expected finite numbers',
  );
}

function tallyInWords(column: EncodedColumn, { filled, unseen, unreadable }: Tally): string[] {
  const where = columnTitle(column);
  const said: string[] = [];
  const { encoding } = column;
  const isExpected = encodingKind(encoding).filled(encoding) !== undefined;
  if (filled > 0 && !isExpected && encoding.kind !== 'text' && encoding.kind !== 'none') {
    said.push(`${where}: ${filled} fields are missing, as none was in training; they were filled`);
  }
  if (unseen > 0)
    said.push(`${where}: ${unseen} fields have words that training did not; they count as none`);
  if (unreadable > 0) {
    said.push(`${where}: ${unreadable} fields are no ${column.encoding.kind}; they count as missing`);
  }
  return said;
}
