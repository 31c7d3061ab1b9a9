import { newArray } from '../base/arrays.ts';
import { CsrMatrix } from './csrMatrix.ts';
import type { DenseMatrix } from './denseMatrix.ts';
import { type RowArrays, toNumberMatrix } from './rowArrays.ts';
import { checkIndexList, checkRowIndices, type RowIndices } from './rowIndices.ts';

/**
 * The rows at the given indices, in that order, as a new matrix of the same kind; a dense one of rows that
 * are arrays.
 *
 * ```ts
 * const train = takeRows([[1, 2], [3, 4], [5, 6]], [2, 0]); // { rows: 2, cols: 2, data: [5, 6, 1, 2] }
 * ```
 * @throws CtreError `E_ARGUMENT` for what is no matrix, or an index out of range; `E_SHAPE` for rows of
 *   unequal length.
 */
export function takeMatrixRows<M extends DenseMatrix | CsrMatrix>(x: M, rows: RowIndices): M;
export function takeMatrixRows(x: RowArrays, rows: RowIndices): DenseMatrix;
export function takeMatrixRows(
  x: DenseMatrix | CsrMatrix | RowArrays,
  rows: RowIndices,
): DenseMatrix | CsrMatrix;
export function takeMatrixRows(
  x: DenseMatrix | CsrMatrix | RowArrays,
  rows: RowIndices,
): DenseMatrix | CsrMatrix {
  // First, since whoever is asked for them may take the samples' buffer away.
  const wanted = checkIndexList(rows);
  const matrix = toNumberMatrix('x', x);
  const { cols } = matrix;
  const taken = checkRowIndices(wanted, matrix.rows);
  if (!(matrix instanceof CsrMatrix)) {
    const data = newArray(taken.length * cols, Float32Array, `${taken.length} rows`);
    copyRows(matrix.data, taken, cols, data);
    return { rows: taken.length, cols, data };
  }
  const indptr = newArray(taken.length + 1, Int32Array, `${taken.length} rows`);
  let nnz = 0;
  taken.forEach((row, position) => {
    nnz += matrix.indptr[row + 1] - matrix.indptr[row];
    indptr[position + 1] = nnz;
  });
  const indices = newArray(nnz, Int32Array, `${taken.length} rows`);
  const values = newArray(nnz, Float32Array, `${taken.length} rows`);
  taken.forEach((row, position) => {
    const [begin, end] = [matrix.indptr[row], matrix.indptr[row + 1]];
    indices.set(matrix.indices.subarray(begin, end), indptr[position]);
    values.set(matrix.values.subarray(begin, end), indptr[position]);
  });
  return CsrMatrix.fromParts({ rows: taken.length, cols, indptr, indices, values });
}

/** Copies rows of `cols` elements. */
export function copyRows<A extends Float32Array | Uint8Array>(
  from: A,
  rows: Int32Array,
  cols: number,
  to: A,
): void {
  rows.forEach((row, position) => {
    to.set(from.subarray(row * cols, (row + 1) * cols), position * cols);
  });
}
