import type { Budget } from '../base/budget.ts';
import { CtreError } from '../base/errors.ts';
import { MAX_INDEX } from '../matrix/canonical.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import { type CsrPattern, transposePattern } from '../matrix/pattern.ts';
import { finite, type NumericArray } from './ndarray.ts';

/** A compressed sparse matrix as SciPy and MATLAB keep it: indices in any order, and duplicates add up. */
export interface Compressed {
  readonly rows: number;
  readonly cols: number;
  /** `csr`: offsets by row, indices are columns. `csc`: offsets by column, indices are rows. */
  readonly layout: 'csr' | 'csc';
  readonly indptr: NumericArray;
  readonly indices: NumericArray;
  readonly values: NumericArray;
}

/**
 * The same matrix as canonical CSR.
 * @throws CtreError `E_FORMAT` for offsets or indices out of range, `E_NOT_FINITE`, `E_MEMORY`.
 */
export function toCsr(source: Compressed, budget: Budget): CsrMatrix {
  const { rows, cols, layout } = source;
  const [majors, minors] = layout === 'csr' ? [rows, cols] : [cols, rows];
  const nnz = checkCompressed(source, majors, minors);
  const isSorted = layout === 'csr' && isCanonical(source.indptr, source.indices);
  // Arrays with 4 bytes an entry: four where all is in order, six to turn CSC, eight to sort CSR. Offsets are
  // there three times in each direction.
  const arrays = isSorted ? 4 : layout === 'csc' ? 6 : 8;
  budget.claim(
    4 * arrays * nnz + 12 * (majors + 1) + (isSorted ? 0 : 12 * (minors + 1)),
    `a sparse matrix of ${rows} × ${cols} with ${nnz} entries`,
  );
  const indptr = Int32Array.from(source.indptr);
  const indices = Int32Array.from(source.indices.subarray(0, nnz));
  const { values } = source;
  if (isSorted) return finish({ rows, cols, indptr, indices }, (p) => values[p]);
  // A transpose by counting also sorts: one turns CSC into CSR, two sort CSR.
  const first = transposePattern({ rows: majors, cols: minors, indptr, indices });
  if (layout === 'csc') {
    return finish(
      { rows, cols, indptr: first.indptr, indices: first.indices },
      (p) => values[first.source[p]],
    );
  }
  const second = transposePattern({ rows: cols, cols: rows, indptr: first.indptr, indices: first.indices });
  const sorted = { rows, cols, indptr: second.indptr, indices: second.indices };
  return finish(sorted, (p) => values[first.source[second.source[p]]]);
}

/** Adds duplicates up, in double precision, and makes the matrix; overwrites the pattern. */
function finish({ rows, cols, indptr, indices }: CsrPattern, valueAt: (entry: number) => number): CsrMatrix {
  const values = new Float32Array(indices.length);
  let nnz = 0;
  let begin = 0;
  for (let row = 0; row < rows; row++) {
    const end = indptr[row + 1];
    for (let p = begin; p < end; ) {
      const col = indices[p];
      let sum = valueAt(p++);
      while (p < end && indices[p] === col) sum += valueAt(p++);
      indices[nnz] = col;
      values[nnz++] = finite(sum, row, col);
    }
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

function isCanonical(indptr: NumericArray, indices: NumericArray): boolean {
  for (let major = 0; major + 1 < indptr.length; major++) {
    for (let p = indptr[major] + 1; p < indptr[major + 1]; p++)
      if (indices[p - 1] >= indices[p]) return false;
  }
  return true;
}

/** The number of entries, after a check that every offset and index is in range. */
function checkCompressed({ indptr, indices, values }: Compressed, majors: number, minors: number): number {
  if (!(majors < MAX_INDEX && minors < MAX_INDEX)) {
    throw new CtreError(
      'E_FORMAT',
      `a sparse matrix claims ${majors} × ${minors}; expected sizes below ${MAX_INDEX}`,
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
    const [begin, end] = [indptr[major], indptr[major + 1]];
    if (!(Number.isInteger(end) && begin <= end && end <= room)) {
      throw new CtreError(
        'E_FORMAT',
        `offset ${major + 1} of a sparse matrix is ${end}; expected an integer from ${begin} to ${room}`,
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
