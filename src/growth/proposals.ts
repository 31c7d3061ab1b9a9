import type { Random } from '../base/random.ts';
import { addPositions, type CsrPattern, emptyPattern } from '../matrix/pattern.ts';
import { firstFree } from '../matrix/sampling.ts';
import { mergeRuns, PositionRun } from './positionRuns.ts';

// Which positions are worth a score, found without looking at all of them.

/** Some of a layer's neurons on either side, ascending. */
export interface NeuronLists {
  readonly inputs: Int32Array;
  readonly outputs: Int32Array;
}

/** Where a layer's positions are listed from. */
export interface Proposal {
  /** Positions that are not free. */
  readonly kept: CsrPattern;
  readonly pattern: CsrPattern;
  /** Neurons that positions are drawn among. */
  readonly among: NeuronLists;
  /** About how many positions are listed. */
  readonly count: number;
  /** Share of the positions that `guide` draws; the others are uniform among the neurons. */
  readonly guided: number;
  readonly guide: Guide;
}

/** Adds `count` positions by ascending output neuron. */
type Guide = (run: PositionRun, count: number, random: Random) => void;

/**
 * Distinct free positions of a layer, as a pattern: connections that are not kept, and others; all positions
 * where there are no more.
 *
 * What is drawn is stratified by output neuron: the e-th of n draws falls into the e-th of n equal parts of
 * them. So it comes in order, and every neuron gets its share.
 */
export function proposePositions(proposal: Proposal, random: Random): CsrPattern {
  const { kept, pattern, among, count, guided, guide } = proposal;
  const { inputs, outputs } = among;
  const free = kept.rows * kept.cols - kept.indices.length;
  if (count >= free) return addPositions(emptyPattern(kept.rows, kept.cols), firstFree(kept, free));
  const pruned = prunedFrom(pattern, kept);
  if (outputs.length * inputs.length <= count) return mergeRuns(kept, [pruned, everyPair(among)]);
  const byGuide = Math.floor(guided * count);
  const uniform = new PositionRun(count - byGuide);
  for (let e = 0; e < count - byGuide; e++) {
    const output = outputs[stratum(e, count - byGuide, outputs.length, random)];
    uniform.add(output, inputs[random.below(inputs.length)]);
  }
  if (byGuide === 0) return mergeRuns(kept, [pruned, uniform]);
  const found = new PositionRun(byGuide);
  guide(found, byGuide, random);
  return mergeRuns(kept, [pruned, uniform, found]);
}

/** An integer below `limit`, drawn from the e-th of `count` equal parts. Rounding must not reach `limit`. */
function stratum(e: number, count: number, limit: number, random: Random): number {
  return Math.min(limit - 1, Math.floor(((e + random.next()) * limit) / count));
}

/** The connections that are not kept: what an update prunes may be chosen again. */
function prunedFrom(pattern: CsrPattern, kept: CsrPattern): PositionRun {
  const run = new PositionRun(pattern.indices.length);
  for (let r = 0; r < pattern.rows; r++) {
    let q = kept.indptr[r];
    const end = kept.indptr[r + 1];
    for (let p = pattern.indptr[r]; p < pattern.indptr[r + 1]; p++) {
      const column = pattern.indices[p];
      while (q < end && kept.indices[q] < column) q++;
      if (q === end || kept.indices[q] !== column) run.add(r, column);
    }
  }
  return run;
}

function everyPair({ inputs, outputs }: NeuronLists): PositionRun {
  const run = new PositionRun(inputs.length * outputs.length);
  for (const output of outputs) for (const input of inputs) run.add(output, input);
  return run;
}

/**
 * Neighbours of neighbours: from a connection (j, a) to another output neuron of input a, and on to another
 * input b of that one; the pair is (j, b). What is like my neighbour is often like me (Dong et al. 2011), so
 * what one good pair finds, its neighbours find.
 * @param along the connections gone along after the first. @param alongByInput gives the outputs of each
 *   input among them.
 */
export function neighboursOfNeighbours(
  pattern: CsrPattern,
  along: CsrPattern,
  alongByInput: () => { readonly indptr: Int32Array; readonly indices: Int32Array },
): Guide {
  return (run, count, random) => {
    const byInput = alongByInput();
    const starts = startsAlong(pattern, along, byInput.indptr);
    if (starts.length === 0) return;
    let row = 0;
    for (let e = 0; e < count; e++) {
      const start = starts[stratum(e, count, starts.length, random)];
      while (pattern.indptr[row + 1] <= start) row++;
      const input = pattern.indices[start];
      const first = byInput.indptr[input];
      const other = byInput.indices[first + random.below(byInput.indptr[input + 1] - first)];
      const begin = along.indptr[other];
      run.add(row, along.indices[begin + random.below(along.indptr[other + 1] - begin)]);
    }
  };
}

/**
 * CSR positions of the connections whose input the way goes on from. @param offsets of the connections gone
 * along, by input.
 */
function startsAlong(pattern: CsrPattern, along: CsrPattern, offsets: Int32Array): Int32Array {
  const { indices } = pattern;
  const starts = new Int32Array(indices.length);
  let count = 0;
  for (let p = 0; p < indices.length; p++) {
    const input = indices[p];
    if (along === pattern || offsets[input] < offsets[input + 1]) starts[count++] = p;
  }
  return starts.subarray(0, count);
}

/**
 * Pairs in proportion to the product of their norms, an upper bound of the |inner product| (GraBo takes sums
 * of magnitudes; Heddes et al. 2024).
 * @param norms the squared norms of a layer's neurons.
 */
export function byProductOfNorms(norms: { inputs: Float64Array; outputs: Float64Array }): Guide {
  return (run, count, random) => {
    const outputs = sumsOfRoots(norms.outputs);
    const inputs = sumsOfRoots(norms.inputs);
    const [allOutputs, allInputs] = [outputs.at(-1) ?? 0, inputs.at(-1) ?? 0];
    let output = 0;
    for (let e = 0; e < count; e++) {
      const at = ((e + random.next()) * allOutputs) / count;
      while (output < outputs.length - 1 && outputs[output] <= at) output++;
      run.add(output, firstAbove(inputs, random.next() * allInputs));
    }
  };
}

/** Sums of the roots of all up to each. */
function sumsOfRoots(squares: Float64Array): Float64Array {
  let sum = 0;
  return squares.map((square) => {
    sum += Math.sqrt(square);
    return sum;
  });
}

/** The first of ascending numbers that is larger; the last one where none is. */
function firstAbove(ascending: Float64Array, limit: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The neurons whose entry is not 0. */
export function whichAreSet(flags: Uint8Array | Float64Array): Int32Array {
  const list = new Int32Array(flags.length);
  let count = 0;
  for (let i = 0; i < flags.length; i++) if (flags[i] > 0) list[count++] = i;
  return list.subarray(0, count);
}
