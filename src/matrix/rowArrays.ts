import { checkLength, copyNumbersInto, newArray } from '../base/arrays.ts';
import { CtreError, show } from '../base/errors.ts';
import { checkMatrix } from './check.ts';
import type { CsrMatrix } from './csrMatrix.ts';
import type { DenseMatrix } from './denseMatrix.ts';

/** Rows as arrays, all of the same length. */
export type RowArrays = readonly (
  | readonly number[]
  | Float32Array
  | Float64Array
  | Uint8Array
  | Uint8ClampedArray
)[];

/**
 * A matrix of numbers, or rows that are arrays as one: what is sparse or an array is copied, of a dense
 * matrix it is a view.
 * @param cols how many columns rows that are arrays have to have; by default as many as the first of them.
 * @throws CtreError `E_ARGUMENT` for anything else, `E_SHAPE` for rows of another length, `E_CSR`,
 *   `E_MEMORY`.
 */
export function toNumberMatrix(name: string, x: unknown, cols?: number): DenseMatrix | CsrMatrix {
  return Array.isArray(x) ? fromArrays(name, x, cols) : checkMatrix(name, x);
}

function fromArrays(name: string, x: readonly unknown[], wanted: number | undefined): DenseMatrix {
  const rows = x.length;
  // Read once, since whoever wrote the array may answer otherwise the second time.
  const first = rows > 0 ? checkRow(name, x[0], 0) : undefined;
  const cols = wanted ?? (first === undefined ? 0 : checkLength(`${name}[0]`, first));
  const data = newArray(rows * cols, Float32Array, `${name}, ${rows} × ${cols}`);
  for (let r = 0; r < rows; r++) {
    const row = r === 0 ? first : checkRow(name, x[r], r);
    copyNumbersInto(`${name}[${r}]`, row, cols, data, r * cols);
  }
  return { rows, cols, data };
}

function checkRow(name: string, row: unknown, r: number): unknown {
  if (Array.isArray(row) || ArrayBuffer.isView(row)) return row;
  throw new CtreError('E_ARGUMENT', `${name}[${r}] is ${show(row)}; expected an array of numbers`);
}
