import { newArray } from '../base/arrays.ts';
import { checkSparse } from './check.ts';
import type { CsrMatrix } from './csrMatrix.ts';

/**
 * The sum of every row, in float64. O(nnz + rows).
 *
 * ```ts
 * const degrees = rowSums(adjacency);
 * ```
 * @throws CtreError `E_ARGUMENT` for anything but a CsrMatrix, `E_CSR` for one that is no longer canonical.
 */
export function rowSums(matrix: CsrMatrix): Float64Array {
  return addUp(matrix, true, (value) => value);
}

/**
 * The sum of every column, in float64. O(nnz + cols).
 * @throws CtreError as `rowSums`.
 */
export function columnSums(matrix: CsrMatrix): Float64Array {
  return addUp(matrix, false, (value) => value);
}

/**
 * The L2 norm of every row, in float64. No norm of finite values is infinite. O(nnz + rows).
 *
 * ```ts
 * const unit = scale(matrix, { rows: rowNorms(matrix).map((norm) => (norm > 0 ? 1 / norm : 0)) });
 * ```
 * @throws CtreError as `rowSums`.
 */
export function rowNorms(matrix: CsrMatrix): Float64Array {
  return addUp(matrix, true, (value) => value * value).map(Math.sqrt);
}

/**
 * The L2 norm of every column, in float64. O(nnz + cols).
 * @throws CtreError as `rowSums`.
 */
export function columnNorms(matrix: CsrMatrix): Float64Array {
  return addUp(matrix, false, (value) => value * value).map(Math.sqrt);
}

/** What `term` makes of the values, added up by row or by column, in the order of the entries. */
function addUp(matrix: CsrMatrix, byRow: boolean, term: (value: number) => number): Float64Array {
  const { rows, cols, indptr, indices, values } = checkSparse('matrix', matrix);
  const sums = newArray(byRow ? rows : cols, Float64Array, 'the sums');
  for (let r = 0; r < rows; r++) {
    for (let p = indptr[r]; p < indptr[r + 1]; p++) sums[byRow ? r : indices[p]] += term(values[p]);
  }
  return sums;
}

/**
 * The elements (i, i), 0 where there is no entry. O(nnz + rows).
 * @throws CtreError as `rowSums`.
 */
export function diagonal(matrix: CsrMatrix): Float32Array {
  const { rows, cols, indptr, indices, values } = checkSparse('matrix', matrix);
  const elements = new Float32Array(Math.min(rows, cols));
  for (let r = 0; r < elements.length; r++) {
    for (let p = indptr[r]; p < indptr[r + 1]; p++) if (indices[p] === r) elements[r] = values[p];
  }
  return elements;
}
