import { describe, expect, it } from 'vitest';
import { noPositions } from '../../../../src/matrix/pattern.ts';
import { createSet } from '../../../../src/topology/methods/set.ts';
import { evolveOnce, fakeModel, keysOf, keysOfPositions } from '../../../support/fakeTools.ts';

const model = fakeModel([30, 40, 5], [300, 120], { seed: 3 });
const states = [null, null];

describe('set', () => {
  it('prunes the smallest magnitudes, and grows at random outside of what is kept', () => {
    const { edits, patterns } = evolveOnce(createSet({ pruneFraction: 0.25 }), model, states);
    edits.forEach((edit, l) => {
      const weights = model.weights[l];
      const count = Math.floor(0.25 * weights.length);
      const order = [...weights.keys()].sort((p, q) => Math.abs(weights[p]) - Math.abs(weights[q]));
      expect([...(edit?.prune ?? [])]).toEqual(order.slice(0, count).sort((p, q) => p - q));
      expect(edit?.random).toEqual(edit?.grow);
      expect(patterns[l].indices.length).toBe(weights.length);
    });
    const other = evolveOnce(createSet({ pruneFraction: 0.25 }), { ...model, seed: 4 }, states);
    expect(other.edits[0]?.grow).not.toEqual(edits[0]?.grow);
  });

  it('prunes the share of either sign by itself, as published', () => {
    const weights = model.weights.map((values) => values.map((w, p) => (p % 7 === 0 ? 0 : w + 0.4)));
    const { edits } = evolveOnce(createSet({ preset: 'published' }), { ...model, weights }, states);
    weights.forEach((values, l) => {
      const ascending = [...values.keys()].sort((p, q) => values[p] - values[q] || p - q);
      const positive = ascending.filter((p) => values[p] >= 0);
      const negative = ascending.filter((p) => values[p] < 0);
      const pruned = [
        ...positive.slice(0, Math.floor(0.3 * positive.length)),
        ...negative.slice(negative.length - Math.floor(0.3 * negative.length)),
      ];
      expect([...(edits[l]?.prune ?? [])]).toEqual(pruned.sort((p, q) => p - q));
      expect(edits[l]?.prune).not.toEqual(
        evolveOnce(createSet({ pruneFraction: 0.3 }), { ...model, weights }, states).edits[l]?.prune,
      );
    });
  });

  it('leaves a layer alone that has every connection', () => {
    const full = fakeModel([6, 5, 4], [10, 20]);
    for (const pruneBy of ['magnitude', 'sign'] as const) {
      const { edits } = evolveOnce(createSet({ pruneFraction: 0.5, pruneBy }), full, states);
      expect(edits[1]).toBeUndefined();
      const kept = keysOf(full.patterns[0]).filter((_, p) => !edits[0]?.prune.includes(p));
      const grown = keysOfPositions(edits[0]?.grow ?? noPositions, 6);
      expect(grown.filter((key) => kept.includes(key))).toEqual([]);
    }
  });
});
