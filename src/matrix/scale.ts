import { copyNumbers } from '../base/arrays.ts';
import { checkNumber, checkOptions } from '../base/checks.ts';
import { checkSparse } from './check.ts';
import { CsrMatrix } from './csrMatrix.ts';

/** Factors of a matrix; every one that is left out is 1. */
export interface Factors {
  /** Of all entries. */
  readonly all?: number;
  /** Of each row. */
  readonly rows?: ArrayLike<number>;
  /** Of each column. */
  readonly columns?: ArrayLike<number>;
}

/**
 * The matrix with its entries multiplied: by a number, by one for their row, by one for their
 * column. Products are made in float64 and rounded once. O(nnz + rows + cols).
 *
 * ```ts
 * const halved = scale(matrix, { all: 0.5 });
 * const transition = scale(adjacency, { rows: rowSums(adjacency).map((sum) => (sum === 0 ? 0 : 1 / sum)) });
 * ```
 * @throws CtreError `E_ARGUMENT` for anything but a CsrMatrix or an unknown option, `E_SHAPE` for another
 *   number of factors than rows or columns, `E_CSR` for a matrix that is no longer canonical.
 */
export function scale(matrix: CsrMatrix, factors: Factors): CsrMatrix {
  const parts = checkSparse('matrix', matrix);
  const { all = 1, ...lists } = checkOptions('scale', factors, ['all', 'rows', 'columns']);
  const most = Number.MAX_VALUE;
  checkNumber('all', all, { least: -most, most });
  const rowFactors = lists.rows === undefined ? undefined : copyNumbers('rows', lists.rows, parts.rows);
  const columnFactors =
    lists.columns === undefined ? undefined : copyNumbers('columns', lists.columns, parts.cols);
  const { rows, cols, indptr, indices, values } = parts;
  for (let r = 0; r < rows; r++) {
    const factor = all * (rowFactors?.[r] ?? 1);
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      values[p] = values[p] * factor * (columnFactors?.[indices[p]] ?? 1);
    }
  }
  return CsrMatrix.fromParts({ rows, cols, indptr, indices, values });
}
