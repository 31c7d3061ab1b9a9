import { newArray } from '../base/arrays.ts';
import type { CsrPattern } from '../matrix/pattern.ts';

/** Positions of a layer by ascending row; within a row in any order, and some of them more than once. */
export class PositionRun {
  readonly #rows: Int32Array;
  readonly #cols: Int32Array;
  #count = 0;
  #taken = 0;

  /** @param most how many may be added. */
  constructor(most: number) {
    this.#rows = newArray(most, Int32Array, 'the listed pairs of a layer');
    this.#cols = newArray(most, Int32Array, 'the listed pairs of a layer');
  }

  get length(): number {
    return this.#count;
  }

  /** @param row the last one's, or a higher one. */
  add(row: number, col: number): void {
    this.#rows[this.#count] = row;
    this.#cols[this.#count++] = col;
  }

  /** Writes the columns of the next row, if it is this one, and returns where the next is written. */
  take(row: number, to: Int32Array, at: number): number {
    while (this.#taken < this.#count && this.#rows[this.#taken] === row) to[at++] = this.#cols[this.#taken++];
    return at;
  }
}

/**
 * The distinct positions of some runs that are not kept, in row-major order. O(positions + kept + rows), and
 * row after row: lists of large layers do not fit in a processor's caches.
 */
export function mergeRuns(
  { rows, cols, indptr, indices }: CsrPattern,
  runs: readonly PositionRun[],
): CsrPattern {
  const most = runs.reduce((sum, run) => sum + run.length, 0);
  const found = newArray(most, Int32Array, 'the listed pairs of a layer');
  const foundIndptr = new Int32Array(rows + 1);
  let q = 0;
  for (let r = 0; r < rows; r++) {
    const begin = q;
    let end = begin;
    for (const run of runs) end = run.take(r, found, end);
    sortRange(found, begin, end);
    let p = indptr[r];
    const keptEnd = indptr[r + 1];
    let last = -1;
    // The list is written over what has been read.
    for (let e = begin; e < end; e++) {
      const col = found[e];
      if (col === last) continue;
      last = col;
      while (p < keptEnd && indices[p] < col) p++;
      if (p === keptEnd || indices[p] !== col) found[q++] = col;
    }
    foundIndptr[r + 1] = q;
  }
  return { rows, cols, indptr: foundIndptr, indices: found.subarray(0, q) };
}

/** Sorts a range in place; few elements by insertion, which is the fastest way. */
function sortRange(list: Int32Array, begin: number, end: number): void {
  if (end - begin > 64) {
    list.subarray(begin, end).sort();
    return;
  }
  for (let i = begin + 1; i < end; i++) {
    const item = list[i];
    let at = i;
    for (; at > begin && list[at - 1] > item; at--) list[at] = list[at - 1];
    list[at] = item;
  }
}
