import { newArray } from '../base/arrays.ts';
import { checkSparse } from '../matrix/check.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import { checkFits } from './operands.ts';

/** Columns of a row up to this number are sorted by insertion, more by the engine. */
const SHORT = 24;
/** A row that has more than one column of so many is put in order by looking at all columns. */
const FULL = 8;

/**
 * The product W·X of two sparse matrices, by Gustavson's algorithm: [w.rows × x.cols]. It has an entry
 * wherever an entry of `w` meets one of `x`, also where the sum is 0. Sums run in float64 over a row of `w`
 * in its order and are rounded once. O(products + nnz of the result · log(its row) + rows + columns).
 * @throws CtreError `E_ARGUMENT` for anything but a CsrMatrix, `E_SHAPE` for matrices that do not fit each
 *   other, `E_CSR` for one that is no longer canonical, `E_MEMORY` for more entries than one array holds.
 */
export function spgemm(w: CsrMatrix, x: CsrMatrix): CsrMatrix {
  const left = checkSparse('w', w);
  const right = x === w ? left : checkSparse('x', x);
  checkFits('x', right, 'rows', left.cols, 'as many as w has columns');
  const { rows, indptr: leftPtr, indices: leftCols, values: leftValues } = left;
  const { cols, indptr: rightPtr, indices: rightCols, values: rightValues } = right;
  const indptr = new Int32Array(rows + 1);
  /** The last row whose product has a column, plus 1. */
  const seen = newArray(cols, Int32Array, 'the columns of a sparse product');
  let nnz = 0;
  for (let r = 0; r < rows; r++) {
    for (let p = leftPtr[r]; p < leftPtr[r + 1]; p++) {
      const end = rightPtr[leftCols[p] + 1];
      for (let q = rightPtr[leftCols[p]]; q < end; q++) {
        const c = rightCols[q];
        if (seen[c] <= r) {
          seen[c] = r + 1;
          nnz++;
        }
      }
    }
    indptr[r + 1] = nnz;
  }
  const indices = newArray(nnz, Int32Array, 'a sparse product');
  const values = newArray(nnz, Float32Array, 'a sparse product');
  const sums = newArray(cols, Float64Array, 'the columns of a sparse product');
  seen.fill(0);
  for (let r = 0; r < rows; r++) {
    const begin = indptr[r];
    let to = begin;
    for (let p = leftPtr[r]; p < leftPtr[r + 1]; p++) {
      const value = leftValues[p];
      const end = rightPtr[leftCols[p] + 1];
      for (let q = rightPtr[leftCols[p]]; q < end; q++) {
        const c = rightCols[q];
        if (seen[c] <= r) {
          seen[c] = r + 1;
          indices[to++] = c;
          sums[c] = 0;
        }
        sums[c] += value * rightValues[q];
      }
    }
    if (to - begin > cols / FULL) {
      for (let c = 0, q = begin; q < to; c++) if (seen[c] > r) indices[q++] = c;
    } else sortColumns(indices, begin, to);
    for (let q = begin; q < to; q++) values[q] = sums[indices[q]];
  }
  return CsrMatrix.fromParts({ rows, cols, indptr, indices, values });
}

function sortColumns(indices: Int32Array, begin: number, end: number): void {
  if (end - begin > SHORT) {
    indices.subarray(begin, end).sort();
    return;
  }
  for (let p = begin + 1; p < end; p++) {
    const index = indices[p];
    let q = p;
    for (; q > begin && indices[q - 1] > index; q--) indices[q] = indices[q - 1];
    indices[q] = index;
  }
}
