import { newArray } from '../base/arrays.ts';
import type { CsrPattern } from '../matrix/pattern.ts';

/**
 * Collects proposed positions of a layer, in any order and some of them more than once, into a list in
 * row-major order without those that are kept.
 */
export class PositionList {
  readonly #kept: CsrPattern;
  readonly #rows: Int32Array;
  readonly #cols: Int32Array;
  #count = 0;

  /** @param most how many may be added. */
  constructor(kept: CsrPattern, most: number) {
    this.#kept = kept;
    this.#rows = newArray(most, Int32Array, 'the listed pairs of a layer');
    this.#cols = newArray(most, Int32Array, 'the listed pairs of a layer');
  }

  add(row: number, col: number): void {
    this.#rows[this.#count] = row;
    this.#cols[this.#count++] = col;
  }

  /** The distinct positions that are not kept. O(positions + kept + rows). */
  pattern(): CsrPattern {
    const { rows, cols, indptr, indices } = this.#kept;
    // By row first; within a row there are few.
    const begin = new Int32Array(rows + 1);
    for (let e = 0; e < this.#count; e++) begin[this.#rows[e] + 1]++;
    for (let r = 0; r < rows; r++) begin[r + 1] += begin[r];
    const next = begin.slice();
    const byRow = new Int32Array(this.#count);
    for (let e = 0; e < this.#count; e++) byRow[next[this.#rows[e]]++] = this.#cols[e];
    const listIndptr = new Int32Array(rows + 1);
    let q = 0;
    for (let r = 0; r < rows; r++) {
      sortRange(byRow, begin[r], begin[r + 1]);
      let p = indptr[r];
      const end = indptr[r + 1];
      let last = -1;
      // The list is written over what has been read.
      for (let e = begin[r]; e < begin[r + 1]; e++) {
        const col = byRow[e];
        if (col === last) continue;
        last = col;
        while (p < end && indices[p] < col) p++;
        if (p === end || indices[p] !== col) byRow[q++] = col;
      }
      listIndptr[r + 1] = q;
    }
    return { rows, cols, indptr: listIndptr, indices: byRow.slice(0, q) };
  }
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
