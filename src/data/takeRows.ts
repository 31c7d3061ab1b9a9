import { newArray } from '../base/arrays.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { checkRowIndices, type RowIndices } from '../matrix/rowIndices.ts';
import { type RowArrays, type Samples, toMatrix } from '../matrix/samples.ts';
import { takeSparseRows } from '../matrix/takeSparseRows.ts';

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
  if (matrix instanceof CsrMatrix) return takeSparseRows(matrix, rows);
  const { cols, data: elements } = matrix;
  const taken = checkRowIndices(rows, matrix.rows);
  const data = newArray(taken.length * cols, Float32Array, `${taken.length} rows`);
  taken.forEach((row, position) => {
    data.set(elements.subarray(row * cols, (row + 1) * cols), position * cols);
  });
  return { rows: taken.length, cols, data };
}
