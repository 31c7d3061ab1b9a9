import type { Limits } from './ranking.ts';

/**
 * Whole numbers in proportion to the weights, within limits, that add up to `total`, or to the sum of the
 * limits nearest to it. What is left over by rounding down goes to the largest fractions; ties go to the
 * lower index. Where all weights are 0, they count as equal.
 */
export function apportion(total: number, weights: readonly number[], limits: readonly Limits[]): number[] {
  const amounts = limits.map(({ least }) => least);
  let left = total - amounts.reduce((sum, amount) => sum + amount, 0);
  const room = (l: number): number => limits[l].most - amounts[l];
  while (left > 0) {
    const open = amounts.flatMap((_, l) => (room(l) > 0 ? [l] : []));
    if (open.length === 0) break;
    const sum = open.reduce((whole, l) => whole + weights[l], 0);
    const parts = open.map((l) => (sum > 0 ? (left * weights[l]) / sum : left / open.length));
    const wholes = parts.map((part, i) => Math.min(room(open[i]), Math.floor(part)));
    const given = wholes.reduce((whole, part) => whole + part, 0);
    if (given === 0) {
      // Less than one each: the largest parts first.
      const order = open.map((_, i) => i).sort((i, j) => parts[j] - parts[i] || i - j);
      for (const i of order.slice(0, left)) amounts[open[i]]++;
      left -= Math.min(left, order.length);
      continue;
    }
    wholes.forEach((whole, i) => {
      amounts[open[i]] += whole;
    });
    left -= given;
  }
  return amounts;
}
