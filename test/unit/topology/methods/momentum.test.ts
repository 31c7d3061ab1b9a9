import { describe, expect, it } from 'vitest';
import { noPositions, removeConnections } from '../../../../src/matrix/pattern.ts';
import { apportion } from '../../../../src/topology/apportion.ts';
import { createMomentum } from '../../../../src/topology/methods/momentum.ts';
import {
  denseGradients,
  evolveOnce,
  fakeModel,
  keysOf,
  keysOfPositions,
  largestOutside,
} from '../../../support/fakeTools.ts';

const states = [null, null, null];
const dims = [20, 20, 20, 5];
const base = fakeModel(dims, [100, 100, 40]);
/** Momentum of one size in each layer, of either sign. */
const slotsOf = (sizes: number[]) =>
  base.weights.map((weights, l) => [weights.map((_, p) => (p % 2 === 0 ? sizes[l] : -sizes[l]))]);

describe('what is apportioned', () => {
  const upTo = (most: number, least = 0) => ({ least, most });

  it.each([
    // 4.5, 3.5 and 2: the halves tie.
    [10, [9, 7, 4], [upTo(99), upTo(99), upTo(99)], [5, 3, 2]],
    // 5.2, 2.9 and 1.9: the nines get what is left.
    [10, [52, 29, 19], [upTo(99), upTo(99), upTo(99)], [5, 3, 2]],
    [10, [70, 24, 6], [upTo(99), upTo(99), upTo(99)], [7, 2, 1]],
    [10, [52, 29, 19], [upTo(4), upTo(99), upTo(99)], [4, 4, 2]],
    [10, [1, 0, 0], [upTo(4), upTo(9), upTo(3)], [4, 3, 3]],
    [10, [1, 0, 0], [upTo(99), upTo(9, 2), upTo(3, 1)], [10 - 3, 2, 1]],
    [10, [0, 0, 0], [upTo(99), upTo(99), upTo(0)], [5, 5, 0]],
    [10, [1, 2, 3], [upTo(1), upTo(2), upTo(3)], [1, 2, 3]],
    [0, [1, 2, 3], [upTo(1), upTo(2), upTo(3)], [0, 0, 0]],
    [1, [1, 2, 3], [upTo(1, 1), upTo(2, 1), upTo(3)], [1, 1, 0]],
  ])('is %i by %j', (total, weights, limits, expected) => {
    expect(apportion(total, weights, limits)).toEqual(expected);
  });
});

describe('momentum', () => {
  it('moves connections between layers by the mean magnitude of their momentum', () => {
    // 50 + 50 + 20 go; 120 come in the ratio 3 : 1 : 2.
    const method = createMomentum({ pruneFraction: 0.5 });
    const { edits, patterns } = evolveOnce(method, { ...base, slots: slotsOf([3, 1, 2]) }, states);
    expect(edits.map((edit) => edit?.prune.length)).toEqual([50, 50, 20]);
    expect(edits.map((edit) => edit?.grow.cols.length)).toEqual([60, 20, 40]);
    expect(patterns.map(({ indices }) => indices.length)).toEqual([110, 70, 60]);
  });

  it('fills no layer, and hands on what has no room there', () => {
    const method = createMomentum({ pruneFraction: 0.5 });
    // The last layer would get 96; it has 100 positions and keeps 20, so 79 fit; 41 go on, 1 : 1.
    const { edits, patterns } = evolveOnce(method, { ...base, slots: slotsOf([1, 1, 8]) }, states);
    expect(patterns[2].indices.length).toBe(99);
    expect(edits.map((edit) => edit?.grow.cols.length)).toEqual([21, 20, 79]);
  });

  it('goes by the gradients where the optimiser keeps nothing', () => {
    const method = createMomentum({ pruneFraction: 0.5, batches: 3 });
    const { edits, asked } = evolveOnce(method, { ...base, progress: { batchSize: 5 } }, states);
    expect(asked.samples.map((rows) => rows.length)).toEqual([15]);
    const dense = denseGradients(base, asked.samples[0]);
    const means = base.patterns.map((pattern, l) => {
      const keys = keysOf(pattern);
      return keys.reduce((sum, key) => sum + Math.abs(dense[l][key]), 0) / keys.length;
    });
    const total = means.reduce((sum, mean) => sum + mean, 0);
    edits.forEach((edit, l) => {
      expect(Math.abs((edit?.grow.cols.length ?? 0) - (120 * means[l]) / total)).toBeLessThan(1);
    });
  });

  it.each([true, false])('grows where the mean gradient is largest (redistribution: %s)', (moves) => {
    const redistribution = moves ? 'momentum' : 'none';
    const method = createMomentum({ pruneFraction: 0.3, batches: 2, redistribution });
    const { edits, asked } = evolveOnce(method, { ...base, slots: slotsOf([1, 2, 1]) }, states);
    const dense = denseGradients(base, asked.samples[0]);
    edits.forEach((edit, l) => {
      const { prune, grow } = edit ?? { prune: new Int32Array(0), grow: noPositions };
      const kept = removeConnections(base.patterns[l], prune);
      const count = grow.cols.length;
      expect(keysOfPositions(grow, kept.cols)).toEqual(
        keysOfPositions(largestOutside(kept, dense[l], count), kept.cols),
      );
      if (!moves) expect(count).toBe(prune.length);
    });
  });

  it('leaves every layer a connection, and full layers as they are', () => {
    const full = fakeModel([4, 6, 6, 3], [6, 4, 18]);
    const slots = full.weights.map((weights, l) => [weights.map(() => (l === 0 ? 1 : 0))]);
    const { patterns } = evolveOnce(createMomentum({ pruneFraction: 1 }), { ...full, slots }, states);
    expect(patterns.map(({ indices }) => indices.length)).toEqual([9, 1, 18]);
  });
});
