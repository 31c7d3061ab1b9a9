import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { holm, seedsNeeded, signFlipTest, spreadOf } from '../../../src/compare/statistics.ts';
import { effort, runSeed } from '../../support/effort.ts';

describe('signFlipTest', () => {
  /** All 2ⁿ choices of signs, one after another. */
  const enumerate = (differences: readonly number[]): number => {
    const observed = Math.abs(differences.reduce((sum, difference) => sum + difference, 0));
    let extreme = 0;
    for (let signs = 0; signs < 2 ** differences.length; signs++) {
      const sum = differences.reduce((s, d, i) => s + ((signs >> i) & 1 ? d : -d), 0);
      if (Math.abs(sum) >= observed) extreme++;
    }
    return extreme / 2 ** differences.length;
  };

  it('is the share of all choices of signs that are as extreme', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 11 }), (list) => {
        expect(signFlipTest(list)).toBe(enumerate(list));
      }),
      { seed: runSeed, numRuns: effort(200, 3000) },
    );
  });

  // Fisher's data on Darwin's maize (The Design of Experiments, 1935, § 21): 1726 of 32 768 sums are as
  // extreme.
  it('gives what Fisher counted by hand for Darwin’s maize', () => {
    const eighthsOfAnInch = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48];
    expect(signFlipTest(eighthsOfAnInch)).toBe(1726 / 32768);
  });

  it('knows no difference, and no more than 2 / 2ⁿ', () => {
    expect(signFlipTest([0, 0, 0])).toBe(1);
    expect(signFlipTest([5])).toBe(1);
    expect(signFlipTest([5, 6, 7])).toBe(2 / 8);
    expect(signFlipTest(Array.from({ length: 40 }, () => 9000))).toBe(2 / 2 ** 40);
  });
});

describe('holm', () => {
  // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") is 0.03 0.06 0.06 0.02.
  it('corrects as R’s p.adjust', () => {
    const corrected = holm([0.01, 0.04, 0.03, 0.005]);
    [0.03, 0.06, 0.06, 0.02].forEach((p, test) => {
      expect(corrected[test]).toBeCloseTo(p, 12);
    });
    expect(holm([0.7, 0.9])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });
});

describe('seedsNeeded', () => {
  it('is the first number of seeds with which a test can pass', () => {
    for (const tests of [1, 2, 3, 6, 10, 28]) {
      const seeds = seedsNeeded(tests);
      const least = (n: number): number => Math.min(...holm(Array.from({ length: tests }, () => 2 / 2 ** n)));
      expect(least(seeds), `${tests} tests`).toBeLessThan(0.05);
      expect(least(seeds - 1), `${tests} tests`).toBeGreaterThanOrEqual(0.05);
    }
    expect(seedsNeeded(1)).toBe(6);
  });
});

describe('spreadOf', () => {
  it('has the deviation of a sample', () => {
    expect(spreadOf([2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ n: 8, mean: 5, deviation: Math.sqrt(32 / 7) });
    expect(spreadOf([3])).toEqual({ n: 1, mean: 3, deviation: undefined });
  });
});
