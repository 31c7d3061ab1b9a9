import { beyondFloat32, newArray } from '../base/arrays.ts';
import { CtreError } from '../base/errors.ts';
import type { CsrEntries } from './pattern.ts';

/** Checked entries of a matrix in any order: entry p is (row[p], col[p]). */
export interface Coordinates {
  readonly rows: number;
  readonly cols: number;
  readonly row: Int32Array;
  readonly col: Int32Array;
  readonly values: Float32Array;
}

/** So many entries are sorted by insertion; longer rows are merged from such runs. */
const RUN = 32;

/**
 * The canonical matrix of coordinates. Entries go to their rows by counting; a row is sorted by insertion and
 * merging, so that entries of one position keep their order. Their values are added up in that order, in
 * float64. O(entries · log(entries of a row) + rows).
 * @throws CtreError `E_CSR` for a position that comes twice, unless `sum` is set, `E_NOT_FINITE` for a sum
 *   beyond float32, `E_MEMORY`.
 */
export function compressCoordinates(coordinates: Coordinates, sum: boolean): CsrEntries {
  const { rows, cols, row, col, values: given } = coordinates;
  const nnz = row.length;
  const indptr = newArray(rows + 1, Int32Array, 'indptr');
  if (nnz === 0) return { rows, cols, indptr, indices: new Int32Array(0), values: new Float32Array(0) };
  for (let p = 0; p < nnz; p++) indptr[row[p] + 1]++;
  for (let r = 0; r < rows; r++) indptr[r + 1] += indptr[r];
  const next = indptr.slice(0, rows);
  const indices = new Int32Array(nnz);
  const values = new Float32Array(nnz);
  for (let p = 0; p < nnz; p++) {
    const q = next[row[p]]++;
    indices[q] = col[p];
    values[q] = given[p];
  }
  let kept = 0;
  for (let r = 0; r < rows; r++) {
    // After the counting, next[r] is where row r ends.
    const [begin, end] = [r === 0 ? 0 : next[r - 1], next[r]];
    sortRow(indices, values, begin, end);
    for (let p = begin; p < end; ) {
      const c = indices[p];
      let total = values[p++];
      for (; p < end && indices[p] === c; p++) {
        if (!sum) throw comesTwice(coordinates, r, c);
        total += values[p];
      }
      indices[kept] = c;
      values[kept] = total;
      if (!Number.isFinite(values[kept]) && Number.isFinite(total)) {
        throw beyondFloat32(`the sum at row ${r}, column ${c}`, total);
      }
      kept++;
    }
    indptr[r + 1] = kept;
  }
  return kept === nnz
    ? { rows, cols, indptr, indices, values }
    : { rows, cols, indptr, indices: indices.slice(0, kept), values: values.slice(0, kept) };
}

/** Sorts a row's entries by column. Entries of one column keep their order. */
function sortRow(indices: Int32Array, values: Float32Array, begin: number, end: number): void {
  for (let run = begin; run < end; run += RUN) {
    const runEnd = Math.min(run + RUN, end);
    for (let p = run + 1; p < runEnd; p++) {
      const [index, value] = [indices[p], values[p]];
      let q = p;
      for (; q > run && indices[q - 1] > index; q--) {
        indices[q] = indices[q - 1];
        values[q] = values[q - 1];
      }
      indices[q] = index;
      values[q] = value;
    }
  }
  for (let width = RUN; width < end - begin; width *= 2) {
    for (let left = begin; left + width < end; left += 2 * width) {
      const middle = left + width;
      if (indices[middle - 1] <= indices[middle]) continue;
      // The left half moves away, and both are merged into its place and the right half's.
      const movedIndices = indices.slice(left, middle);
      const movedValues = values.slice(left, middle);
      const last = Math.min(middle + width, end);
      let [i, j] = [0, middle];
      for (let q = left; i < width; q++) {
        if (j === last || movedIndices[i] <= indices[j]) {
          indices[q] = movedIndices[i];
          values[q] = movedValues[i++];
        } else {
          indices[q] = indices[j];
          values[q] = values[j++];
        }
      }
    }
  }
}

function comesTwice({ row, col }: Coordinates, r: number, c: number): CtreError {
  const entries: number[] = [];
  for (let p = 0; entries.length < 2; p++) if (row[p] === r && col[p] === c) entries.push(p);
  return new CtreError(
    'E_CSR',
    `row ${r}: column ${c} comes twice, in the entries ${entries.join(' and ')}; expected every position ` +
      "once, or duplicates: 'sum'",
  );
}
