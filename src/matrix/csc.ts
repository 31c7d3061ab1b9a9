import { readField } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import { checkSparse } from './check.ts';
import { CsrMatrix } from './csrMatrix.ts';
import type { IndexList } from './indexList.ts';
import type { CsrEntries } from './pattern.ts';

/** A matrix in compressed sparse column form, as SciPy's `csc_matrix` names its arrays. */
export interface CscParts {
  readonly rows: number;
  readonly cols: number;
  /** cols + 1 offsets: column c owns the entries indptr[c] … indptr[c + 1] − 1. */
  readonly indptr: IndexList;
  /** The row of every entry, ascending and unique within a column. */
  readonly indices: IndexList;
  readonly values: ArrayLike<number>;
}

/**
 * A CsrMatrix of a matrix in compressed sparse column form. O(nnz + rows + cols).
 *
 * ```ts
 * const entries = { indptr: [0, 1, 1, 2], indices: [1, 0], values: [5, 7] };
 * fromCsc({ rows: 2, cols: 3, ...entries }); // [[0, 0, 7], [5, 0, 0]]
 * ```
 * @throws CtreError as `CsrMatrix.fromParts`.
 */
export function fromCsc(parts: CscParts): CsrMatrix {
  const [rows, cols, indptr, indices, values] = ['rows', 'cols', 'indptr', 'indices', 'values'].map((field) =>
    readField('parts', parts, field),
  ) as [number, number, IndexList, IndexList, ArrayLike<number>];
  try {
    return CsrMatrix.fromParts({ rows: cols, cols: rows, indptr, indices, values }).transpose();
  } catch (error) {
    if (!(error instanceof CtreError)) throw error;
    const where = 'in compressed columns (read "column" for "row", and "row" for "column")';
    throw new CtreError(error.code, `${where}: ${error.message}`, { cause: error.cause });
  }
}

/**
 * The arrays of a matrix in compressed sparse column form. O(nnz + rows + cols).
 *
 * ```ts
 * const { indptr, indices, values } = toCsc(matrix); // rows ascend within a column
 * ```
 * @throws CtreError `E_ARGUMENT` for anything but a CsrMatrix, `E_CSR` for one that is no longer canonical.
 */
export function toCsc(matrix: CsrMatrix): CsrEntries {
  const { rows, cols, indptr, indices, values } = checkSparse('matrix', matrix).transpose();
  return { rows: cols, cols: rows, indptr, indices, values };
}
