import type { Random } from '../base/random.ts';
import { type CsrPattern, transposePattern } from '../matrix/pattern.ts';
import type { Work } from '../run/turns.ts';

/** Paths of length three that are walked for each link of a layer, at most, and in a small layer. */
const WALKS = 64;
const WALKS_AT_LEAST = 2 ** 20;

/** Scored links that are kept for each link of a layer, and in a small layer. */
const KEPT_LINKS = 4;
const KEPT_AT_LEAST = 2 ** 20;

/** Missing links that are scored in a piece of work. */
const LINKS_A_PIECE = 2 ** 15;

/** Links that a layer lacks. The link of a key is (⌊key / cols⌋, key mod cols); the order means nothing. */
export interface MissingLinks {
  readonly keys: Float64Array;
  readonly scores: Float64Array;
}

/** NeighbourLists of one side's neurons. */
interface NeighbourLists {
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
}

/**
 * Every link that a layer lacks and that would close paths of length three, scored by CH3-L3 in its variant
 * over paths (CH3-L3p): for input a and output b, Σ over paths a–v–u–b of 1/√(d*_v · d*_u), where d* = 1 +
 * links to neurons other than a and b and those of the paths from a to b (Muscoloni et al. 2022; Zhang et
 * al., ICLR 2024).
 *
 * The time is bounded by 64 paths for each link, or 2^20 if that is more. Where a layer has more paths, a
 * neuron with more than h links is walked through h of them, evenly spaced, and h is the first of max, ¾ max,
 * (¾)² max … that fits. Memory is bounded by four missing links for each link, or 2^20: where more are scored,
 * uniformly random ones of them are kept.
 */
export function* scoreMissingLinks(pattern: CsrPattern, random: Random): Work<MissingLinks> {
  const { rows, cols, indptr, indices } = pattern;
  const inputs = transposePattern(pattern);
  const { most, walks } = limitWalks(pattern, inputs);
  const capacity = Math.min(walks, Math.max(KEPT_AT_LEAST, KEPT_LINKS * indices.length));
  const keys = new Float64Array(capacity);
  const scores = new Float64Array(capacity);
  let seen = 0;
  let pieceEnd = LINKS_A_PIECE;
  const keep = (key: number, score: number): void => {
    const slot = seen < capacity ? seen : random.below(seen + 1);
    seen++;
    if (slot >= capacity) return;
    keys[slot] = key;
    scores[slot] = score;
  };
  // For the output b of the moment: links of v to inputs of b; links of u that lead to a; scores of a.
  const common = new Int32Array(rows);
  const paths = new Int32Array(cols);
  const sums = new Float64Array(cols);
  const isInput = new Uint8Array(cols);
  const reachedRows: number[] = [];
  const reachedCols: number[] = [];
  const foundCols: number[] = [];
  const degree = (side: NeighbourLists, neuron: number): number =>
    side.indptr[neuron + 1] - side.indptr[neuron];
  const neighbour = (side: NeighbourLists, neuron: number, i: number): number => {
    const links = degree(side, neuron);
    return side.indices[side.indptr[neuron] + (links <= most ? i : Math.floor((i * links) / most))];
  };
  const walked = (side: NeighbourLists, neuron: number): number => Math.min(most, degree(side, neuron));
  for (let b = 0; b < rows; b++) {
    for (let p = indptr[b]; p < indptr[b + 1]; p++) isInput[indices[p]] = 1;
    for (let i = 0; i < walked(pattern, b); i++) {
      const u = neighbour(pattern, b, i);
      for (let j = 0; j < walked(inputs, u); j++) {
        const v = neighbour(inputs, u, j);
        if (common[v]++ === 0) reachedRows.push(v);
      }
    }
    for (let i = 0; i < walked(pattern, b); i++) {
      const u = neighbour(pattern, b, i);
      for (let pass = 0; pass < 2; pass++) {
        for (let j = 0; j < walked(inputs, u); j++) {
          const v = neighbour(inputs, u, j);
          if (v === b) continue;
          const outside = degree(pattern, v) - common[v];
          for (let k = 0; k < walked(pattern, v); k++) {
            const a = neighbour(pattern, v, k);
            if (isInput[a] === 1) continue;
            if (pass === 0) {
              if (paths[a]++ === 0) reachedCols.push(a);
              continue;
            }
            if (sums[a] === 0) foundCols.push(a);
            sums[a] += 1 / Math.sqrt(outside * (degree(inputs, u) - paths[a]));
          }
        }
      }
      for (const a of reachedCols) paths[a] = 0;
      reachedCols.length = 0;
    }
    for (const a of foundCols) {
      keep(b * cols + a, sums[a]);
      sums[a] = 0;
    }
    for (const v of reachedRows) common[v] = 0;
    for (let p = indptr[b]; p < indptr[b + 1]; p++) isInput[indices[p]] = 0;
    foundCols.length = 0;
    reachedRows.length = 0;
    if (seen < pieceEnd) continue;
    pieceEnd = seen + LINKS_A_PIECE;
    yield;
  }
  const length = Math.min(seen, capacity);
  return { keys: keys.subarray(0, length), scores: scores.subarray(0, length) };
}

/** How many of its links a neuron is walked through at most, and how many paths these are. */
function limitWalks(outputs: CsrPattern, inputs: NeighbourLists): { most: number; walks: number } {
  const links = outputs.indices.length;
  let most = Math.max(1, largestDegree(outputs), largestDegree(inputs));
  while (true) {
    const walks = countWalks(outputs, inputs, most);
    if (walks <= Math.max(WALKS_AT_LEAST, WALKS * links) || most === 1) return { most, walks };
    most = Math.max(1, Math.floor(0.75 * most));
  }
}

function largestDegree({ indptr }: NeighbourLists): number {
  let largest = 0;
  for (let n = 1; n < indptr.length; n++) largest = Math.max(largest, indptr[n] - indptr[n - 1]);
  return largest;
}

/** The paths of length three of a walk through at most so many links of each neuron; or a few more. */
function countWalks(outputs: CsrPattern, inputs: NeighbourLists, most: number): number {
  const walked = ({ indptr }: NeighbourLists, n: number): number => Math.min(most, indptr[n + 1] - indptr[n]);
  const fromInput = new Float64Array(outputs.cols);
  for (let u = 0; u < outputs.cols; u++) {
    const end = inputs.indptr[u] + walked(inputs, u);
    for (let q = inputs.indptr[u]; q < end; q++) fromInput[u] += walked(outputs, inputs.indices[q]);
  }
  let walks = 0;
  for (let b = 0; b < outputs.rows; b++) {
    const end = outputs.indptr[b] + walked(outputs, b);
    for (let p = outputs.indptr[b]; p < end; p++) walks += fromInput[outputs.indices[p]];
  }
  return walks;
}
