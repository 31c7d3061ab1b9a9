import type { Random } from '../base/random.ts';
import {
  addPositions,
  type CsrPattern,
  mergePositions,
  type Positions,
  positionsOutside,
} from '../matrix/pattern.ts';
import { sampleFree } from '../matrix/sampling.ts';
import type { NeuronSums } from './topology.ts';

/** How often what is missing is drawn. Then positions drawn uniformly make up the number. */
const ROUNDS = 4;

/**
 * `count` positions outside a pattern, in row-major order, without replacement. The chance of (row, col) is
 * in proportion to outputs[row] · inputs[col]: both are drawn by themselves, and a pair that is connected or
 * was drawn before counts for nothing. O((nnz + neurons + count) · log).
 */
export function drawByProduct(
  taken: CsrPattern,
  count: number,
  { inputs, outputs }: NeuronSums,
  random: Random,
): Positions {
  const cols = cumulate(inputs);
  const rows = cumulate(outputs);
  let free = taken;
  let drawn: Positions = { rows: new Int32Array(0), cols: new Int32Array(0) };
  const missing = (): number => count - drawn.cols.length;
  const add = (positions: Positions): void => {
    drawn = mergePositions(drawn, positions);
    free = addPositions(free, positions);
  };
  const canDraw = canDrawFrom(rows) && canDrawFrom(cols);
  for (let round = 0; canDraw && round < ROUNDS && missing() > 0; round++) {
    const keys = new Float64Array(missing());
    for (let q = 0; q < keys.length; q++) {
      keys[q] = drawIndex(rows, random) * taken.cols + drawIndex(cols, random);
    }
    add(positionsOutside(free, positionsOfKeys(keys, taken.cols)));
  }
  if (missing() > 0) add(sampleFree(free, missing(), random));
  return drawn;
}

/** The positions of keys row · cols + col, in row-major order, each once. Sorts the keys. */
export function positionsOfKeys(keys: Float64Array, cols: number): Positions {
  const distinct = keys.sort().filter((key, q) => q === 0 || key !== keys[q - 1]);
  const rows = Int32Array.from(distinct, (key) => Math.floor(key / cols));
  return { rows, cols: Int32Array.from(distinct, (key, q) => key - rows[q] * cols) };
}

/** The sums of the first 1, 2, … weights. */
export function cumulate(weights: Float64Array): Float64Array {
  const sums = new Float64Array(weights.length);
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i];
    sums[i] = sum;
  }
  return sums;
}

/** Whether there is anything to draw by cumulated weights. */
export function canDrawFrom(sums: Float64Array): boolean {
  const total = sums[sums.length - 1];
  return total > 0 && total < Number.POSITIVE_INFINITY;
}

/** An index, each with a chance in proportion to its weight. */
export function drawIndex(sums: Float64Array, random: Random): number {
  const mark = random.next() * sums[sums.length - 1];
  let low = 0;
  let high = sums.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle] > mark) high = middle;
    else low = middle + 1;
  }
  return low;
}
