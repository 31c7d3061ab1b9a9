import { newArray } from '../base/arrays.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { type RowArrays, type Samples, toMatrix } from '../matrix/samples.ts';
import { checkRowIndices, type RowIndices } from './rowIndices.ts';

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
export function takeRows<M extends DenseMatrix | CsrMatrix>(x: M, rows: RowIndices): M;
export function takeRows(x: RowArrays, rows: RowIndices): DenseMatrix;
export function takeRows(x: Samples, rows: RowIndices): DenseMatrix | CsrMatrix;
export function takeRows(x: Samples, rows: RowIndices): DenseMatrix | CsrMatrix {
  const matrix = toMatrix('x', x);
  const { cols } = matrix;
  const taken = checkRowIndices(rows, matrix.rows);
  if (!(matrix instanceof CsrMatrix)) {
    const data = newArray(taken.length * cols, Float32Array, `${taken.length} rows`);
    taken.forEach((row, position) => {
      data.set(matrix.data.subarray(row * cols, (row + 1) * cols), position * cols);
    });
    return { rows: taken.length, cols, data };
  }
  const indptr = new Int32Array(taken.length + 1);
  taken.forEach((row, position) => {
    indptr[position + 1] = indptr[position] + matrix.indptr[row + 1] - matrix.indptr[row];
  });
  const indices = new Int32Array(indptr[taken.length]);
  const values = new Float32Array(indices.length);
  taken.forEach((row, position) => {
    const [begin, end] = [matrix.indptr[row], matrix.indptr[row + 1]];
    indices.set(matrix.indices.subarray(begin, end), indptr[position]);
    values.set(matrix.values.subarray(begin, end), indptr[position]);
  });
  return CsrMatrix.fromParts({ rows: taken.length, cols, indptr, indices, values });
}
