import { CsrMatrix, MAX_INDEX, transposePattern } from '../csr.ts';
import { CtreError } from '../errors.ts';
import type { Budget } from './bytes.ts';
import { finite } from './ndarray.ts';

/** A compressed sparse matrix as SciPy and MATLAB keep it: indices in any order, duplicates add up. */
export interface Compressed {
  readonly rows: number;
  readonly cols: number;
  /** `csr`: offsets by row, indices are columns. `csc`: offsets by column, indices are rows. */
  readonly layout: 'csr' | 'csc';
  readonly indptr: ArrayLike<number>;
  readonly indices: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/**
 * The same matrix as canonical CSR.
 * @throws CtreError `E_FORMAT` for offsets or indices out of range, `E_NOT_FINITE`, `E_MEMORY`.
 */
export function toCsr(source: Compressed, budget: Budget): CsrMatrix {
  const { rows, cols, layout } = source;
  const [majors, minors] = layout === 'csr' ? [rows, cols] : [cols, rows];
  const nnz = checkCompressed(source, majors, minors);
  const indptr = Int32Array.from({ length: majors + 1 }, (_, major) => source.indptr[major]);
  const indices = Int32Array.from({ length: nnz }, (_, p) => source.indices[p]);
  const values = Float64Array.from({ length: nnz }, (_, p) => source.values[p]);
  if (layout === 'csr' && isCanonical(indptr, indices)) return finish(rows, cols, indptr, indices, values);
  // The offsets of the other direction are backed by no byte of the file.
  budget.claim(4 * (minors + 1), `a sparse matrix of ${rows} × ${cols}`);
  // Transposing by counting sorts: once turns CSC into CSR, twice sorts CSR.
  let sorted = transposePattern({ rows: majors, cols: minors, indptr, indices });
  let order = sorted.source;
  if (layout === 'csr') {
    const first = order;
    sorted = transposePattern({ rows: minors, cols: majors, indptr: sorted.indptr, indices: sorted.indices });
    order = sorted.source.map((p) => first[p]);
  }
  const sortedValues = Float64Array.from(order, (p) => values[p]);
  return finish(rows, cols, sorted.indptr, sorted.indices, sortedValues);
}

/** Adds duplicates up and makes the matrix; overwrites its arguments. */
function finish(
  rows: number,
  cols: number,
  indptr: Int32Array,
  indices: Int32Array,
  values: Float64Array,
): CsrMatrix {
  let nnz = 0;
  let begin = 0;
  for (let row = 0; row < rows; row++) {
    const first = nnz;
    const end = indptr[row + 1];
    for (let p = begin; p < end; p++) {
      if (nnz > first && indices[nnz - 1] === indices[p]) {
        values[nnz - 1] += values[p];
      } else {
        indices[nnz] = indices[p];
        values[nnz++] = values[p];
      }
    }
    for (let p = first; p < nnz; p++) finite(values[p], row, indices[p]);
    begin = end;
    indptr[row + 1] = nnz;
  }
  return CsrMatrix.fromParts({
    rows,
    cols,
    indptr,
    indices: indices.subarray(0, nnz),
    values: values.subarray(0, nnz),
  });
}

function isCanonical(indptr: Int32Array, indices: Int32Array): boolean {
  for (let major = 0; major + 1 < indptr.length; major++) {
    for (let p = indptr[major] + 1; p < indptr[major + 1]; p++)
      if (indices[p - 1] >= indices[p]) return false;
  }
  return true;
}

/** The number of entries, once every offset and index is known to be in range. */
function checkCompressed({ indptr, indices, values }: Compressed, majors: number, minors: number): number {
  if (!(majors < MAX_INDEX && minors < MAX_INDEX)) {
    throw new CtreError(
      'E_FORMAT',
      `a sparse matrix claims ${majors} × ${minors}; sizes end at ${MAX_INDEX}`,
    );
  }
  if (indptr.length !== majors + 1 || indptr[0] !== 0) {
    throw new CtreError(
      'E_FORMAT',
      `a sparse matrix has ${indptr.length} offsets from ${indptr[0]}; expected ${majors + 1} from 0`,
    );
  }
  const nnz = indptr[majors];
  // MATLAB allocates more room than it uses, so the arrays may be longer than the last offset says.
  const room = Math.min(indices.length, values.length);
  for (let major = 0; major < majors; major++) {
    if (
      !(
        Number.isInteger(indptr[major + 1]) &&
        indptr[major] <= indptr[major + 1] &&
        indptr[major + 1] <= room
      )
    ) {
      throw new CtreError(
        'E_FORMAT',
        `offset ${major + 1} of a sparse matrix is ${indptr[major + 1]}; offsets never fall and end at ${room}`,
      );
    }
  }
  for (let p = 0; p < nnz; p++) {
    if (!(Number.isInteger(indices[p]) && indices[p] >= 0 && indices[p] < minors)) {
      throw new CtreError(
        'E_FORMAT',
        `entry ${p} of a sparse matrix has the index ${indices[p]}; expected 0 to ${minors - 1}`,
      );
    }
  }
  return nnz;
}
