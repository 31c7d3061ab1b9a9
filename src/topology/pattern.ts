import type { CsrPattern } from '../csr.ts';
import { CtreError } from '../errors.ts';
import type { Random } from '../random.ts';
import type { Positions } from './topology.ts';

/** No position at all. */
export const noPositions: Positions = Object.freeze({ rows: new Int32Array(0), cols: new Int32Array(0) });

/** The positions of a pattern's connections. O(nnz). */
export function positionsOf({ rows, indptr, indices }: CsrPattern): Positions {
  const rowOf = new Int32Array(indices.length);
  for (let r = 0; r < rows; r++) rowOf.fill(r, indptr[r], indptr[r + 1]);
  return { rows: rowOf, cols: indices };
}

/** A pattern without a connection. */
export function emptyPattern(rows: number, cols: number): CsrPattern {
  return { rows, cols, indptr: new Int32Array(rows + 1), indices: new Int32Array(0) };
}

/** A pattern of nnz connections, uniform at random without replacement. O(nnz · log nnz + rows). */
export function randomPattern(rows: number, cols: number, nnz: number, random: Random): CsrPattern {
  const empty = emptyPattern(rows, cols);
  return addPositions(empty, sampleFree(empty, nnz, random));
}

/** The pattern without the connections at the given CSR positions (ascending). O(nnz). */
export function removeConnections(pattern: CsrPattern, removed: Int32Array): CsrPattern {
  const { rows, cols, indptr, indices } = pattern;
  const keptIndptr = new Int32Array(rows + 1);
  const kept = new Int32Array(indices.length - removed.length);
  let q = 0;
  let next = 0;
  for (let r = 0; r < rows; r++) {
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      if (removed[next] === p) next++;
      else kept[q++] = indices[p];
    }
    keptIndptr[r + 1] = q;
  }
  return { rows, cols, indptr: keptIndptr, indices: kept };
}

/** The pattern with more connections; none of the positions (row-major) may be taken. O(nnz + positions). */
export function addPositions(pattern: CsrPattern, added: Positions): CsrPattern {
  const { rows, cols, indptr, indices } = pattern;
  const mergedIndptr = new Int32Array(rows + 1);
  const merged = new Int32Array(indices.length + added.cols.length);
  let q = 0;
  let next = 0;
  for (let r = 0; r < rows; r++) {
    let p = indptr[r];
    const end = indptr[r + 1];
    while (p < end || added.rows[next] === r) {
      const takeOld = p < end && (added.rows[next] !== r || indices[p] < added.cols[next]);
      merged[q++] = takeOld ? indices[p++] : added.cols[next++];
    }
    mergedIndptr[r + 1] = q;
  }
  return { rows, cols, indptr: mergedIndptr, indices: merged };
}

/** The positions of two disjoint lists, both in row-major order, in that order. */
export function mergePositions(a: Positions, b: Positions): Positions {
  const length = a.cols.length + b.cols.length;
  const merged = { rows: new Int32Array(length), cols: new Int32Array(length) };
  let i = 0;
  let j = 0;
  for (let q = 0; q < length; q++) {
    const fromA =
      j === b.cols.length ||
      (i < a.cols.length && (a.rows[i] < b.rows[j] || (a.rows[i] === b.rows[j] && a.cols[i] < b.cols[j])));
    merged.rows[q] = fromA ? a.rows[i] : b.rows[j];
    merged.cols[q] = fromA ? a.cols[i++] : b.cols[j++];
  }
  return merged;
}

/** The positions, in row-major order, that are not connections of the pattern. O(nnz + positions). */
export function positionsOutside(pattern: CsrPattern, positions: Positions): Positions {
  const { indptr, indices } = pattern;
  const outside: number[] = [];
  let p = 0;
  for (let q = 0; q < positions.cols.length; q++) {
    const row = positions.rows[q];
    p = Math.max(p, indptr[row]);
    while (p < indptr[row + 1] && indices[p] < positions.cols[q]) p++;
    if (p === indptr[row + 1] || indices[p] !== positions.cols[q]) outside.push(q);
  }
  return {
    rows: Int32Array.from(outside, (q) => positions.rows[q]),
    cols: Int32Array.from(outside, (q) => positions.cols[q]),
  };
}

/**
 * `count` positions outside the pattern, uniform at random without replacement, in row-major order.
 * O(nnz + rows + count · log count): what is drawn are ranks among the free positions.
 */
export function sampleFree(taken: CsrPattern, count: number, random: Random): Positions {
  return freePositions(taken, sampleRanks(taken.rows * taken.cols - taken.indices.length, count, random));
}

/** The first `count` positions outside the pattern, in row-major order. O(nnz + rows + count). */
export function firstFree(taken: CsrPattern, count: number): Positions {
  return freePositions(
    taken,
    Float64Array.from({ length: count }, (_, rank) => rank),
  );
}

/** The positions outside the pattern of the given ranks (ascending) among all such positions in row-major order. */
function freePositions({ rows, cols, indptr, indices }: CsrPattern, ranks: Float64Array): Positions {
  const count = ranks.length;
  const found = { rows: new Int32Array(count), cols: new Int32Array(count) };
  let next = 0;
  let freeBefore = 0;
  for (let r = 0; r < rows && next < count; r++) {
    let p = indptr[r];
    const end = indptr[r + 1];
    const freeHere = cols - (end - p);
    for (; next < count && ranks[next] < freeBefore + freeHere; next++) {
      // The rank-th free column is rank + the taken columns before it.
      const rank = ranks[next] - freeBefore;
      while (p < end && indices[p] - (p - indptr[r]) <= rank) p++;
      found.rows[next] = r;
      found.cols[next] = rank + (p - indptr[r]);
    }
    freeBefore += freeHere;
  }
  return found;
}

/** `count` distinct integers below `limit`, ascending; of more than half of them the rest is drawn instead. */
function sampleRanks(limit: number, count: number, random: Random): Float64Array {
  if (count > limit) {
    throw new CtreError('E_ARGUMENT', `${count} free positions are wanted and there are ${limit}`);
  }
  if (count > limit / 2) {
    const left = sampleRanks(limit, limit - count, random);
    const ranks = new Float64Array(count);
    let next = 0;
    let q = 0;
    for (let rank = 0; rank < limit; rank++) {
      if (left[next] === rank) next++;
      else ranks[q++] = rank;
    }
    return ranks;
  }
  const ranks = new Float64Array(count);
  let distinct = 0;
  while (distinct < count) {
    for (let q = distinct; q < count; q++) ranks[q] = random.below(limit);
    ranks.sort();
    distinct = count === 0 ? 0 : 1;
    for (let q = 1; q < count; q++) if (ranks[q] !== ranks[q - 1]) ranks[distinct++] = ranks[q];
  }
  return ranks;
}
