import type { Limits } from './ranking.ts';

/**
 * Whole numbers in proportion to the weights, within limits, that add up to `total`, or to the sum of the
 * limits nearest to it. An index whose part would pass its limit gets its limit, and the others share what is
 * left. What rounding down leaves over goes to the largest fractions; ties go to the lower index. Where all
 * weights are 0, they count as equal.
 */
export function apportion(total: number, weights: readonly number[], limits: readonly Limits[]): number[] {
  const amounts = limits.map(({ least }) => least);
  let left = Math.max(0, total - amounts.reduce((sum, amount) => sum + amount, 0));
  let open = amounts.flatMap((amount, l) => (limits[l].most > amount ? [l] : []));
  const room = (l: number): number => limits[l].most - amounts[l];
  while (open.length > 0) {
    const sum = open.reduce((whole, l) => whole + weights[l], 0);
    const part = (l: number): number => (sum > 0 ? (left * weights[l]) / sum : left / open.length);
    const full = open.filter((l) => part(l) >= room(l));
    if (full.length === 0) {
      const parts = open.map(part);
      const wholes = parts.map(Math.floor);
      const rest = left - wholes.reduce((whole, one) => whole + one, 0);
      const order = [...parts.keys()].sort((i, j) => parts[j] - wholes[j] - (parts[i] - wholes[i]) || i - j);
      for (const i of order.slice(0, rest)) wholes[i]++;
      wholes.forEach((whole, i) => {
        amounts[open[i]] += whole;
      });
      return amounts;
    }
    for (const l of full) {
      left -= room(l);
      amounts[l] = limits[l].most;
    }
    open = open.filter((l) => room(l) > 0);
  }
  return amounts;
}
