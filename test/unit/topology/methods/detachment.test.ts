import { describe, expect, it } from 'vitest';
import { noPositions, removeConnections } from '../../../../src/matrix/pattern.ts';
import { createDetachment } from '../../../../src/topology/methods/detachment.ts';
import {
  denseGradients,
  denseWeights,
  evolveOnce,
  fakeModel,
  keysOf,
  keysOfPositions,
  largestOutside,
} from '../../../support/fakeTools.ts';

describe('detachment', () => {
  it('prunes by weight and by the degrees of both neurons, and grows by gradient', () => {
    const model = fakeModel([20, 15, 3], [80, 30], { seed: 8 });
    const { edits, asked, patterns } = evolveOnce(createDetachment({ pruneFraction: 0.3 }), model, [
      null,
      null,
    ]);
    const gradients = denseGradients(model, asked.samples[0]);
    const dense = denseWeights(model);
    edits.forEach((edit, l) => {
      const { rows, cols } = model.patterns[l];
      const isLink = (r: number, c: number): boolean => dense[l][r * cols + c] !== 0;
      const ofRow = Array.from(
        { length: rows },
        (_, r) => Array.from({ length: cols }, (_c, c) => c).filter((c) => isLink(r, c)).length,
      );
      const ofCol = Array.from(
        { length: cols },
        (_, c) => Array.from({ length: rows }, (_r, r) => r).filter((r) => isLink(r, c)).length,
      );
      const strengths = keysOf(model.patterns[l]).map((key, p) => {
        const degrees = ofRow[Math.floor(key / cols)] * ofCol[key % cols];
        return { p, strength: Math.abs(dense[l][key]) * Math.sqrt(degrees) };
      });
      const count = Math.floor(0.3 * strengths.length);
      const expected = strengths.sort((a, b) => a.strength - b.strength).slice(0, count);
      const { prune, grow } = edit ?? { prune: new Int32Array(0), grow: noPositions };
      expect([...prune]).toEqual(expected.map(({ p }) => p).sort((p, q) => p - q));
      const kept = removeConnections(model.patterns[l], prune);
      expect(keysOfPositions(grow, cols)).toEqual(
        keysOfPositions(largestOutside(kept, gradients[l], count), cols),
      );
      expect(patterns[l].indices.length).toBe(strengths.length);
    });
  });
});
