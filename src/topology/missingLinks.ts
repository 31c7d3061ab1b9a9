import type { Random } from '../base/random.ts';
import { type CsrPattern, transposePattern } from '../matrix/pattern.ts';
import type { Work } from '../run/turns.ts';

/** Paths of length three that are walked for each link of a layer, at most, and in a small layer. */
const WALKS = 32;
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

/** Neighbours of one side's neurons. */
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
 * The time is bounded by 32 paths for each link, or 2^20 if that is more. Where a layer has more paths, a
 * neuron with more than h links is walked through h of them, evenly spaced, and h is the first of max, ¾ max,
 * (¾)² max … that fits. Memory is bounded by four missing links for each link, or 2^20: where more are
 * scored, uniformly random ones of them are kept.
 */
export function* scoreMissingLinks(pattern: CsrPattern, random: Random): Work<MissingLinks> {
  const { rows, cols, indptr, indices } = pattern;
  const inputs = transposePattern(pattern);
  const { toInputs, toOutputs, walks } = limitWalks(pattern, inputs);
  const capacity = Math.min(walks, Math.max(KEPT_AT_LEAST, KEPT_LINKS * indices.length));
  const keys = new Float64Array(capacity);
  const scores = new Float64Array(capacity);
  let seen = 0;
  let pieceEnd = LINKS_A_PIECE;
  // For the output b of the moment: links of v to inputs of b; links of u that lead to a; scores of a.
  const common = new Int32Array(rows);
  const paths = new Int32Array(cols);
  const sums = new Float64Array(cols);
  const isInput = new Uint8Array(cols);
  const foundRows = new Int32Array(rows);
  const foundCols = new Int32Array(cols);
  const reachedCols = new Int32Array(cols);
  for (let b = 0; b < rows; b++) {
    const bEnd = toInputs.indptr[b + 1];
    let rowCount = 0;
    let colCount = 0;
    for (let p = indptr[b]; p < indptr[b + 1]; p++) isInput[indices[p]] = 1;
    for (let i = toInputs.indptr[b]; i < bEnd; i++) {
      const u = toInputs.indices[i];
      for (let j = toOutputs.indptr[u]; j < toOutputs.indptr[u + 1]; j++) {
        const v = toOutputs.indices[j];
        if (common[v]++ === 0) foundRows[rowCount++] = v;
      }
    }
    for (let i = toInputs.indptr[b]; i < bEnd; i++) {
      const u = toInputs.indices[i];
      const ofU = inputs.indptr[u + 1] - inputs.indptr[u];
      const uEnd = toOutputs.indptr[u + 1];
      let reached = 0;
      for (let j = toOutputs.indptr[u]; j < uEnd; j++) {
        const v = toOutputs.indices[j];
        for (let k = toInputs.indptr[v]; k < toInputs.indptr[v + 1]; k++) {
          const a = toInputs.indices[k];
          if (isInput[a] === 0 && paths[a]++ === 0) reachedCols[reached++] = a;
        }
      }
      for (let j = toOutputs.indptr[u]; j < uEnd; j++) {
        const v = toOutputs.indices[j];
        const outside = indptr[v + 1] - indptr[v] - common[v];
        for (let k = toInputs.indptr[v]; k < toInputs.indptr[v + 1]; k++) {
          const a = toInputs.indices[k];
          if (isInput[a] === 1) continue;
          if (sums[a] === 0) foundCols[colCount++] = a;
          sums[a] += 1 / Math.sqrt(outside * (ofU - paths[a]));
        }
      }
      for (let r = 0; r < reached; r++) paths[reachedCols[r]] = 0;
    }
    for (let c = 0; c < colCount; c++) {
      const a = foundCols[c];
      const slot = seen < capacity ? seen : random.below(seen + 1);
      seen++;
      if (slot < capacity) {
        keys[slot] = b * cols + a;
        scores[slot] = sums[a];
      }
      sums[a] = 0;
    }
    for (let r = 0; r < rowCount; r++) common[foundRows[r]] = 0;
    for (let p = indptr[b]; p < indptr[b + 1]; p++) isInput[indices[p]] = 0;
    if (seen < pieceEnd) continue;
    pieceEnd = seen + LINKS_A_PIECE;
    yield;
  }
  const length = Math.min(seen, capacity);
  return { keys: keys.subarray(0, length), scores: scores.subarray(0, length) };
}

/** The links that are walked, from outputs and from inputs, and how many paths these make. */
function limitWalks(outputs: CsrPattern, inputs: NeighbourLists) {
  const links = outputs.indices.length;
  let most = Math.max(1, largestDegree(outputs), largestDegree(inputs));
  while (true) {
    const toInputs = limitDegree(outputs, most);
    const toOutputs = limitDegree(inputs, most);
    const walks = countWalks(toInputs, toOutputs);
    if (walks <= Math.max(WALKS_AT_LEAST, WALKS * links) || most === 1) return { toInputs, toOutputs, walks };
    most = Math.max(1, Math.floor(0.75 * most));
  }
}

function largestDegree({ indptr }: NeighbourLists): number {
  let largest = 0;
  for (let n = 1; n < indptr.length; n++) largest = Math.max(largest, indptr[n] - indptr[n - 1]);
  return largest;
}

/** At most so many neighbours of each neuron, evenly spaced. */
function limitDegree({ indptr, indices }: NeighbourLists, most: number): NeighbourLists {
  const limited = new Int32Array(indptr.length);
  const neighbours = new Int32Array(indices.length);
  let q = 0;
  for (let n = 0; n + 1 < indptr.length; n++) {
    const degree = indptr[n + 1] - indptr[n];
    const count = Math.min(most, degree);
    for (let i = 0; i < count; i++) neighbours[q++] = indices[indptr[n] + Math.floor((i * degree) / count)];
    limited[n + 1] = q;
  }
  return { indptr: limited, indices: neighbours.subarray(0, q) };
}

/** Paths of length three. */
function countWalks(toInputs: NeighbourLists, toOutputs: NeighbourLists): number {
  const fromInput = new Float64Array(toOutputs.indptr.length - 1);
  for (let u = 0; u < fromInput.length; u++) {
    for (let q = toOutputs.indptr[u]; q < toOutputs.indptr[u + 1]; q++) {
      const v = toOutputs.indices[q];
      fromInput[u] += toInputs.indptr[v + 1] - toInputs.indptr[v];
    }
  }
  return toInputs.indices.reduce((walks, u) => walks + fromInput[u], 0);
}
