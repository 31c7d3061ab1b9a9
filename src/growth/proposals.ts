import type { Random } from '../base/random.ts';
import { type CsrPattern, transposePattern } from '../matrix/pattern.ts';
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
  /** The connections there are, the pruned ones among them. */
  readonly pattern: CsrPattern;
  readonly norms: NeuronNorms;
  /** About how many positions are listed. */
  readonly count: number;
  /** Share of the positions that `guide` draws; the others are uniform among neurons whose norm is not 0. */
  readonly guided: number;
  readonly guide: (proposal: Proposal) => Draw;
}

/** Draws a pair: [output neuron, input neuron]. */
type Draw = (random: Random) => readonly [number, number];

/** Distinct free positions of a layer, as a pattern; all of them where there are no more. */
export function proposePositions(proposal: Proposal, random: Random): CsrPattern {
  const { kept, norms, count, guided, guide } = proposal;
  const outputs = active(norms.outputs);
  const inputs = active(norms.inputs);
  const free = kept.rows * kept.cols - kept.indices.length;
  if (count >= free) return listAll(kept, free);
  const list = new PositionList(kept, Math.max(count, Math.min(count, outputs.length * inputs.length)));
  if (outputs.length === 0 || inputs.length === 0) return list.pattern();
  if (outputs.length * inputs.length <= count) {
    for (const row of outputs) for (const col of inputs) list.add(row, col);
    return list.pattern();
  }
  const byGuide = Math.floor(guided * count);
  for (let e = byGuide; e < count; e++) {
    list.add(outputs[random.below(outputs.length)], inputs[random.below(inputs.length)]);
  }
  if (byGuide > 0) {
    const draw = guide(proposal);
    for (let e = 0; e < byGuide; e++) list.add(...draw(random));
  }
  return list.pattern();
}

/**
 * Neighbours of neighbours: from a connection (j, a) to another output neuron of input a, and on to another
 * input b of that one; the pair is (j, b). What is like my neighbour is often like me (Dong et al. 2011), so
 * what one good pair finds, its neighbours find.
 */
export function neighboursOfNeighbours({ pattern }: Proposal): Draw {
  const { rows, indptr, indices } = pattern;
  if (indices.length === 0) return (random) => [random.below(rows), random.below(pattern.cols)];
  const byInput = transposePattern(pattern);
  const rowOf = new Int32Array(indices.length);
  for (let r = 0; r < rows; r++) rowOf.fill(r, indptr[r], indptr[r + 1]);
  return (random) => {
    const p = random.below(indices.length);
    const input = indices[p];
    const first = byInput.indptr[input];
    const other = byInput.indices[first + random.below(byInput.indptr[input + 1] - first)];
    const begin = indptr[other];
    return [rowOf[p], indices[begin + random.below(indptr[other + 1] - begin)]];
  };
}

/**
 * Pairs in proportion to the product of their norms, an upper bound of the |inner product| (GraBo takes sums
 * of magnitudes; Heddes et al. 2024).
 */
export function byProductOfNorms({ norms }: Proposal): Draw {
  const drawOutput = inProportion(norms.outputs);
  const drawInput = inProportion(norms.inputs);
  return (random) => [drawOutput(random), drawInput(random)];
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
