import type { Random } from '../base/random.ts';
import { type CsrPattern, type Positions, transposePattern } from '../matrix/pattern.ts';
import { firstFree } from '../matrix/sampling.ts';
import { PositionList } from './positionList.ts';

// Which positions are worth a score, found without looking at all of them.

/** What is known of a layer's neurons on either side. */
export interface NeuronNorms {
  /** Squared norms over some rows; 0 for a neuron whose scores are all 0. */
  readonly inputs: Float64Array;
  readonly outputs: Float64Array;
}

/** Where a layer's positions are listed from. */
export interface Proposal {
  /** Positions that are not free. */
  readonly kept: CsrPattern;
  readonly pattern: CsrPattern;
  /** Connections along which neighbours of neighbours are looked for. */
  readonly along: CsrPattern;
  readonly norms: NeuronNorms;
  /** About how many positions are listed. */
  readonly count: number;
  /** Share of the positions that `guide` draws; the others are uniform among neurons whose norm is not 0. */
  readonly guided: number;
  readonly guide: Guide;
}

/** Adds `count` positions to a list. */
type Guide = (proposal: Proposal, list: PositionList, count: number, random: Random) => void;

/**
 * Distinct free positions of a layer, as a pattern: connections that are not kept, and others; all positions
 * where there are no more.
 */
export function proposePositions(proposal: Proposal, random: Random): CsrPattern {
  const { kept, pattern, norms, count, guided, guide } = proposal;
  const free = kept.rows * kept.cols - kept.indices.length;
  if (count >= free) return listAll(kept, free);
  const outputs = active(norms.outputs);
  const inputs = active(norms.inputs);
  const list = new PositionList(kept, count + pattern.indices.length);
  addPruned(list, pattern, kept);
  if (outputs.length * inputs.length <= count) {
    for (const row of outputs) for (const col of inputs) list.add(row, col);
    return list.pattern();
  }
  const byGuide = Math.floor(guided * count);
  for (let e = byGuide; e < count; e++) {
    list.add(outputs[random.below(outputs.length)], inputs[random.below(inputs.length)]);
  }
  if (byGuide > 0) guide(proposal, list, byGuide, random);
  return list.pattern();
}

/** Lists the connections that are not kept: what an update prunes may be chosen again. */
function addPruned(list: PositionList, pattern: CsrPattern, kept: CsrPattern): void {
  for (let r = 0; r < pattern.rows; r++) {
    let q = kept.indptr[r];
    for (let p = pattern.indptr[r]; p < pattern.indptr[r + 1]; p++) {
      const column = pattern.indices[p];
      while (q < kept.indptr[r + 1] && kept.indices[q] < column) q++;
      if (q === kept.indptr[r + 1] || kept.indices[q] !== column) list.add(r, column);
    }
  }
}

/**
 * Neighbours of neighbours: from a connection (j, a) to another output neuron of input a, and on to another
 * input b of that one; the pair is (j, b). What is like my neighbour is often like me (Dong et al. 2011), so
 * what one good pair finds, its neighbours find.
 */
export function neighboursOfNeighbours(
  { pattern, along }: Proposal,
  list: PositionList,
  count: number,
  random: Random,
): void {
  const byInput = transposePattern(along);
  const starts = startsAlong(pattern, byInput.indptr);
  if (starts.cols.length === 0) return;
  for (let e = 0; e < count; e++) {
    const start = random.below(starts.cols.length);
    const input = starts.cols[start];
    const first = byInput.indptr[input];
    const other = byInput.indices[first + random.below(byInput.indptr[input + 1] - first)];
    const begin = along.indptr[other];
    list.add(starts.rows[start], along.indices[begin + random.below(along.indptr[other + 1] - begin)]);
  }
}

/**
 * The connections whose input the way goes on from. @param offsets of the connections gone along, by input.
 */
function startsAlong({ rows, indptr, indices }: CsrPattern, offsets: Int32Array): Positions {
  const starts = { rows: new Int32Array(indices.length), cols: new Int32Array(indices.length) };
  let count = 0;
  for (let r = 0; r < rows; r++) {
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      const input = indices[p];
      if (offsets[input] === offsets[input + 1]) continue;
      starts.rows[count] = r;
      starts.cols[count++] = input;
    }
  }
  return { rows: starts.rows.subarray(0, count), cols: starts.cols.subarray(0, count) };
}

/**
 * Pairs in proportion to the product of their norms, an upper bound of the |inner product| (GraBo takes sums
 * of magnitudes; Heddes et al. 2024).
 */
export function byProductOfNorms(
  { norms }: Proposal,
  list: PositionList,
  count: number,
  random: Random,
): void {
  const drawOutput = inProportion(norms.outputs);
  const drawInput = inProportion(norms.inputs);
  for (let e = 0; e < count; e++) list.add(drawOutput(random), drawInput(random));
}

/** Draws neurons in proportion to the roots of their squared norms. */
function inProportion(squares: Float64Array): (random: Random) => number {
  const upTo = new Float64Array(squares.length);
  let sum = 0;
  squares.forEach((square, i) => {
    sum += Math.sqrt(square);
    upTo[i] = sum;
  });
  return (random) => {
    const at = random.next() * sum;
    let low = 0;
    let high = upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (upTo[middle] > at) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** The neurons whose norm is not 0. */
function active(norms: Float64Array): Int32Array {
  const list = new Int32Array(norms.length);
  let count = 0;
  norms.forEach((norm, i) => {
    if (norm > 0) list[count++] = i;
  });
  return list.subarray(0, count);
}

function listAll(kept: CsrPattern, free: number): CsrPattern {
  const all = firstFree(kept, free);
  const list = new PositionList(kept, free);
  all.rows.forEach((row, e) => {
    list.add(row, all.cols[e]);
  });
  return list.pattern();
}
