import { newArray } from '../base/arrays.ts';
import { checkSparse } from './check.ts';
import { CsrMatrix } from './csrMatrix.ts';
import { checkRowIndices, type RowIndices } from './rowIndices.ts';

/**
 * The rows at the given indices, in that order, as a matrix of their own; a row can come twice. O(nnz of both
 * matrices + rows).
 *
 * ```ts
 * const best = takeRows(matrix, cosineTopK(matrix, 3).indices.subarray(0, 3)); // the neighbours of row 0
 * ```
 * @throws CtreError `E_ARGUMENT` for anything but a CsrMatrix, or an index out of range; `E_CSR` for one that
 *   is no longer canonical; `E_MEMORY` for more entries than one typed array holds.
 */
export function takeSparseRows(matrix: CsrMatrix, rows: RowIndices): CsrMatrix {
  const from = checkSparse('matrix', matrix);
  const taken = checkRowIndices(rows, from.rows);
  const indptr = newArray(taken.length + 1, Int32Array, 'indptr');
  let nnz = 0;
  taken.forEach((row, position) => {
    nnz += from.indptr[row + 1] - from.indptr[row];
    indptr[position + 1] = nnz;
  });
  const indices = newArray(nnz, Int32Array, `${taken.length} rows`);
  const values = newArray(nnz, Float32Array, `${taken.length} rows`);
  taken.forEach((row, position) => {
    const [begin, end] = [from.indptr[row], from.indptr[row + 1]];
    indices.set(from.indices.subarray(begin, end), indptr[position]);
    values.set(from.values.subarray(begin, end), indptr[position]);
  });
  return CsrMatrix.fromParts({ rows: taken.length, cols: from.cols, indptr, indices, values });
}
