/** Mean and standard deviation of some numbers. */
export interface Spread {
  readonly n: number;
  readonly mean: number;
  /** With n − 1; undefined for fewer than two. */
  readonly deviation: number | undefined;
}

export function spreadOf(values: readonly number[]): Spread {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  return { n, mean, deviation: n < 2 ? undefined : Math.sqrt(squares / (n - 1)) };
}

/** Chance of error that counts as small enough. */
export const LEVEL = 0.05;

/**
 * The exact paired permutation test: if two methods were the same, each seed's difference would be as likely
 * to have the other sign. The p-value is the share of all 2ⁿ ways to choose signs whose sum is as far from 0
 * as the one observed, or further (two-sided; Fisher 1935). Unlike the t-test it needs no normal
 * distribution, and outcomes here are far from one: a run learns, or stays at chance. Its price is that n
 * seeds cannot show a p below 2 / 2ⁿ.
 * @param differences integers: of the numbers of test rows classified correctly, so that ties are exact.
 */
export function signFlipTest(differences: readonly number[]): number {
  const sizes = differences.map((difference) => Math.abs(difference));
  const reach = sizes.reduce((sum, size) => sum + size, 0);
  // chances[reach + s]: of a sum of s; each seed's sign splits every chance in two.
  let chances = new Float64Array(2 * reach + 1);
  chances[reach] = 1;
  for (const size of sizes) {
    const next = new Float64Array(chances.length);
    chances.forEach((chance, at) => {
      if (chance === 0) return;
      next[at - size] += chance / 2;
      next[at + size] += chance / 2;
    });
    chances = next;
  }
  const observed = Math.abs(differences.reduce((sum, difference) => sum + difference, 0));
  return chances.reduce((p, chance, at) => (Math.abs(at - reach) >= observed ? p + chance : p), 0);
}

/**
 * P-values of several tests, so corrected that the chance of even one false alarm stays below the level (Holm
 * 1979).
 */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((a, b) => pValues[a] - pValues[b]);
  const corrected = pValues.slice();
  let largest = 0;
  order.forEach((test, rank) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * pValues[test]));
    corrected[test] = largest;
  });
  return corrected;
}

/** The fewest seeds with which one of so many tests can pass at all. */
export function seedsNeeded(tests: number): number {
  let seeds = 1;
  while (tests * 2 >= LEVEL * 2 ** seeds) seeds++;
  return seeds;
}
