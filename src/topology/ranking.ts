import { checkInteger } from '../base/checks.ts';

// What is largest by magnitude. A value that is no number counts as 0.

/**
 * Indices, ascending, of the `count` values of largest magnitude; ties go to the lower one. O(n log n).
 * @throws CtreError `E_ARGUMENT` where there are not as many.
 */
export function strongest(values: Float32Array | Float64Array, count: number): Int32Array {
  checkInteger('count', count, { least: 0, most: values.length });
  const found = new Int32Array(count);
  if (count === 0) return found;
  const sizes = magnitudes(values);
  const threshold = sizes.slice().sort()[sizes.length - count];
  let ties = count;
  for (let i = 0; i < sizes.length; i++) if (sizes[i] > threshold) ties--;
  let q = 0;
  for (let i = 0; i < sizes.length; i++) {
    if (sizes[i] > threshold || (sizes[i] === threshold && ties-- > 0)) found[q++] = i;
  }
  return found;
}

/** How many of a list may be taken. */
export interface Limits {
  readonly least: number;
  readonly most: number;
}

/**
 * How many of each list are taken where the `total` largest magnitudes of all lists are, within the limits of
 * each list. Ties go to the lower list. O(n log n + total · lists).
 */
export function countsByRank(
  lists: readonly (Float32Array | Float64Array)[],
  total: number,
  limits: readonly Limits[],
): number[] {
  const sorted = lists.map((list) => magnitudes(list).sort());
  const counts = limits.map(({ least }) => least);
  for (let taken = counts.reduce((sum, count) => sum + count, 0); taken < total; taken++) {
    let best = -1;
    let largest = -1;
    for (let l = 0; l < sorted.length; l++) {
      if (counts[l] >= limits[l].most) continue;
      const next = sorted[l][sorted[l].length - 1 - counts[l]];
      if (next > largest) [best, largest] = [l, next];
    }
    if (best === -1) break;
    counts[best]++;
  }
  return counts;
}

function magnitudes(values: Float32Array | Float64Array): Float64Array {
  const sizes = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) sizes[i] = Number.isNaN(values[i]) ? 0 : Math.abs(values[i]);
  return sizes;
}
