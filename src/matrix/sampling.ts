import { CtreError, show } from '../base/errors.ts';
import type { Random } from '../base/random.ts';
import type { CsrPattern, Positions } from './pattern.ts';
import { addPositions, emptyPattern } from './pattern.ts';

// Positions drawn at random, without replacement, in time that does not depend on rows × cols.

/**
 * A pattern of nnz connections, uniform at random without replacement. O(nnz · log nnz + rows).
 * @throws CtreError as `sampleFree`.
 */
export function randomPattern(rows: number, cols: number, nnz: number, random: Random): CsrPattern {
  const empty = emptyPattern(rows, cols);
  return addPositions(empty, sampleFree(empty, nnz, random));
}

/**
 * `count` positions outside the pattern, uniform at random without replacement, in row-major order.
 * O(nnz + rows + count · log count): what is drawn are ranks among the free positions.
 * @param random as `init` and `tools.random` give it.
 * @throws CtreError `E_ARGUMENT` where there are not as many.
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

/** The free positions of the given ranks (ascending) among all free positions, in row-major order. */
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

/** Rounds that no chance takes. */
const MOST_ROUNDS = 200;

/** `count` distinct integers below `limit`, ascending. If it is more than half, the others are drawn. */
function sampleRanks(limit: number, count: number, random: Random): Float64Array {
  if (!(Number.isInteger(count) && count >= 0 && count <= limit)) {
    throw new CtreError(
      'E_ARGUMENT',
      `${show(count)} free positions are wanted; expected an integer from 0 to ${limit}, as there are`,
    );
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
  for (let round = 0; distinct < count; round++) {
    // A round halves what is missing, or more.
    if (round === MOST_ROUNDS) {
      throw new CtreError(
        'E_ARGUMENT',
        'random draws the same numbers again and again; give a random stream',
      );
    }
    for (let q = distinct; q < count; q++) ranks[q] = random.below(limit);
    ranks.sort();
    distinct = count === 0 ? 0 : 1;
    for (let q = 1; q < count; q++) if (ranks[q] !== ranks[q - 1]) ranks[distinct++] = ranks[q];
  }
  return ranks;
}
