import { checkInteger } from '../base/checks.ts';
import { checkSparse } from './check.ts';
import { CsrMatrix } from './csrMatrix.ts';

/**
 * The rows from `begin` to `end` − 1 as a matrix of their own. O(nnz + rows).
 *
 * ```ts
 * const firstTen = sliceRows(matrix, 0, 10);
 * ```
 * @param end default: to the last row.
 * @throws CtreError `E_ARGUMENT` for anything but a CsrMatrix, or rows that it does not have; `E_CSR` for one
 *   that is no longer canonical.
 */
export function sliceRows(matrix: CsrMatrix, begin: number, end?: number): CsrMatrix {
  const { rows, cols, indptr, indices, values } = checkSparse('matrix', matrix);
  const first = checkInteger('begin', begin, { least: 0, most: rows });
  const last = checkInteger('end', end ?? rows, { least: first, most: rows });
  const [from, to] = [indptr[first], indptr[last]];
  return CsrMatrix.fromParts({
    rows: last - first,
    cols,
    indptr: indptr.subarray(first, last + 1).map((offset) => offset - from),
    indices: indices.subarray(from, to),
    values: values.subarray(from, to),
  });
}
