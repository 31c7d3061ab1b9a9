import { copyFloat32, findNotFinite, typedArrayName } from '../base/arrays.ts';
import { CtreError } from '../base/errors.ts';
import { type ByteMatrix, type CheckedBytes, checkByteMatrix, isByteMatrix } from './byteMatrix.ts';
import { checkSize } from './canonical.ts';
import { isSparse } from './check.ts';
import { CsrMatrix } from './csrMatrix.ts';
import type { DenseMatrix } from './denseMatrix.ts';
import { type RowArrays, toNumberMatrix } from './rowArrays.ts';

export type { RowArrays } from './rowArrays.ts';

/**
 * Samples as people hand them over: a dense matrix, a sparse one, one of bytes, one whose numbers are in
 * another list, or an array with an array for each row.
 */
export type Samples = SampleMatrix | ListMatrix | RowArrays;

/** A dense matrix, row-major, whose numbers are in another list; they are rounded to float32. */
export interface ListMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: readonly number[] | Float64Array;
}

/** Samples that are a matrix. */
export type SampleMatrix = DenseMatrix | CsrMatrix | ByteMatrix;

/** Samples that were checked. */
export type CheckedSamples = DenseMatrix | CsrMatrix | CheckedBytes;

/**
 * The samples as a matrix: what is sparse, an array or another list is copied, of float32 numbers or bytes it
 * is a view.
 * @param cols how many columns rows that are arrays have to have; by default as many as the first of them.
 * @throws CtreError `E_ARGUMENT` for anything else, `E_SHAPE` for rows of another length, `E_CSR`,
 *   `E_MEMORY`.
 */
export function toMatrix(name: string, x: unknown, cols?: number): CheckedSamples {
  const isBytes = typeof x === 'object' && x !== null && isByteMatrix(x);
  return isBytes ? checkByteMatrix(name, x) : toNumberMatrix(name, roundList(name, x), cols);
}

/**
 * A matrix whose numbers are in another list than a Float32Array as one of these; anything else as it is.
 * @throws CtreError `E_SHAPE` for another number of elements, `E_ARGUMENT` for what are no numbers,
 *   `E_NOT_FINITE` for numbers that float32 has no room for.
 */
export function roundList(name: string, x: unknown): unknown {
  if (typeof x !== 'object' || x === null || isSparse(x)) return x;
  if (!('rows' in x && 'cols' in x && 'data' in x)) return x;
  const { data } = x;
  if (!Array.isArray(data) && (typedArrayName(data) ?? 'Float32Array') === 'Float32Array') return x;
  const rows = checkSize(`${name}.rows`, x.rows);
  const cols = checkSize(`${name}.cols`, x.cols);
  return { rows, cols, data: copyFloat32(`${name}.data`, data, rows * cols) };
}

/**
 * Checks that a matrix holds finite numbers only.
 * @throws CtreError `E_NOT_FINITE`, naming the row.
 */
export function checkFiniteSamples(name: string, matrix: CheckedSamples): void {
  // Bytes are finite, and so is what their columns make of them.
  if (isByteMatrix(matrix)) return;
  const values = matrix instanceof CsrMatrix ? matrix.values : matrix.data;
  const bad = findNotFinite(values);
  if (bad < 0) return;
  const row =
    matrix instanceof CsrMatrix
      ? matrix.indptr.findLastIndex((offset) => offset <= bad)
      : Math.floor(bad / matrix.cols);
  throw new CtreError('E_NOT_FINITE', `${name} holds ${values[bad]} in row ${row}; expected finite numbers`);
}
