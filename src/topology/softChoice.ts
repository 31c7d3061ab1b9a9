import type { Random } from '../base/random.ts';
import { canDrawFrom, cumulate, drawIndex } from './drawByProduct.ts';
import { strongest } from './ranking.ts';

/**
 * How often what is missing is drawn, with the weights that are left. Then the largest make up the number.
 */
const ROUNDS_OF_WEIGHTS = 32;

/** Parts that a power of `softWeights` is rounded to: their roots are four square roots. */
const PARTS = 16;

/**
 * weights ** power, with the power rounded to sixteenths. Square roots and products are the same in every
 * engine; the host's powers are not.
 */
export function softWeights(weights: Float32Array | Float64Array, power: number): Float64Array {
  const raised = new Float64Array(weights.length);
  for (let i = 0; i < weights.length; i++) {
    let factor = Math.sqrt(Math.sqrt(Math.sqrt(Math.sqrt(Math.abs(weights[i])))));
    let result = 1;
    for (let parts = Math.round(power * PARTS); parts > 0; parts >>= 1) {
      if (parts & 1) result *= factor;
      factor *= factor;
    }
    raised[i] = Number.isNaN(result) ? 0 : result;
  }
  return raised;
}

/**
 * `count` indices, ascending: drawn one after another without replacement, each with a chance in proportion
 * to its weight among those that are left.
 */
export function drawByWeight(weights: Float64Array, count: number, random: Random): Int32Array {
  const left = weights.slice();
  const chosen = new Uint8Array(weights.length);
  let missing = count;
  for (let round = 0; round < ROUNDS_OF_WEIGHTS && missing > 0; round++) {
    const sums = cumulate(left);
    if (!canDrawFrom(sums)) break;
    // What is drawn twice counts once: the same as drawing among those that are left.
    for (let draws = missing; draws > 0; draws--) {
      const i = drawIndex(sums, random);
      if (chosen[i] === 1) continue;
      chosen[i] = 1;
      left[i] = 0;
      missing--;
    }
  }
  if (missing > 0) {
    const others = Int32Array.from(chosen.keys()).filter((i) => chosen[i] === 0);
    for (const o of strongest(
      Float64Array.from(others, (i) => weights[i]),
      missing,
    ))
      chosen[others[o]] = 1;
  }
  return Int32Array.from(chosen.keys()).filter((i) => chosen[i] === 1);
}
