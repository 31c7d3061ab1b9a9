import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../../src/base/random.ts';
import { checkCsr } from '../../../../src/matrix/canonical.ts';
import { addPositions, emptyPattern, noPositions } from '../../../../src/matrix/pattern.ts';
import { randomPattern, sampleFree } from '../../../../src/matrix/sampling.ts';
import { drawByProduct } from '../../../../src/topology/drawByProduct.ts';
import { createGse } from '../../../../src/topology/methods/gse.ts';
import {
  denseGradients,
  evolveOnce,
  fakeModel,
  fakeTools,
  finish,
  keysOf,
  keysOfPositions,
} from '../../../support/fakeTools.ts';

const model = fakeModel([20, 15, 12, 3], [60, 50, 12], { seed: 5 });
const states = [null, null, null];

describe('the subset of gse', () => {
  it('has each pair as often as the product of its sides says', () => {
    const sums = { inputs: Float64Array.of(0, 1, 2, 5), outputs: Float64Array.of(4, 0, 1, 3, 2) };
    const hits = new Float64Array(20);
    const rounds = 20000;
    const random = randomStream(1, 'draws');
    for (let round = 0; round < rounds; round++) {
      const [key] = keysOfPositions(drawByProduct(emptyPattern(5, 4), 1, sums, random), 4);
      hits[key]++;
    }
    let chi2 = 0;
    for (let key = 0; key < 20; key++) {
      const expected = (rounds * sums.inputs[key % 4] * sums.outputs[Math.floor(key / 4)]) / 80;
      if (expected === 0) expect(hits[key]).toBe(0);
      else chi2 += (hits[key] - expected) ** 2 / expected;
    }
    // 12 pairs have a chance; χ² with 11 degrees of freedom stays below 39 with probability 0.99995.
    expect(chi2).toBeLessThan(39);
  });

  it.each([
    ['few are free', 95, 5],
    ['many are free', 10, 40],
    ['all that are free', 30, 70],
    ['none is wanted', 30, 0],
  ])('is as large as asked, free and each once: %s', (_, nnz, count) => {
    const taken = randomPattern(10, 10, nnz, randomStream(2, 'taken'));
    const skewed = Float64Array.from({ length: 10 }, (_v, i) => (i < 8 ? 0 : 1));
    for (const nothing of [0, Number.NaN, Number.POSITIVE_INFINITY]) {
      const sums = { inputs: new Float64Array(10).fill(nothing), outputs: skewed };
      expect(drawByProduct(taken, count, sums, randomStream(3, 'draw'))).toEqual(
        sampleFree(taken, count, randomStream(3, 'draw')),
      );
    }
    for (const inputs of [skewed, new Float64Array(10), new Float64Array(10).fill(Number.NaN)]) {
      const drawn = drawByProduct(taken, count, { inputs, outputs: skewed }, randomStream(3, 'draw'));
      expect(drawn.cols.length).toBe(count);
      checkCsr(addPositions(taken, drawn));
    }
  });

  it.each([
    ['uniform', undefined],
    ['grabo', 'absolute'],
    ['graest', 'signed'],
  ] as const)('is of free positions, γ for each connection: %s', (distribution, kind) => {
    const method = createGse({ distribution, subset: 1.5 });
    const { asked } = evolveOnce(method, model, states);
    expect(asked.samples.map((rows) => rows.length)).toEqual([10]);
    const { tools } = fakeTools(model);
    const sums = kind && finish(tools.neuronSums(tools.sampleRows(10), kind));
    asked.scored[0].forEach((subset, l) => {
      const keys = keysOfPositions(subset ?? noPositions, model.patterns[l].cols);
      const free = model.patterns[l].rows * model.patterns[l].cols - model.weights[l].length;
      expect(keys.length).toBe(Math.min(free, Math.floor(1.5 * model.weights[l].length)));
      expect(keys.filter((key) => keysOf(model.patterns[l]).includes(key))).toEqual([]);
      expect(new Set(keys).size).toBe(keys.length);
      const { cols } = model.patterns[l];
      const random = tools.random(`subset/${l}`);
      if (sums === undefined) {
        expect(subset).toEqual(sampleFree(model.patterns[l], keys.length, random));
        return;
      }
      expect(subset).toEqual(drawByProduct(model.patterns[l], keys.length, sums[l], random));
      // What has no chance is drawn only where nothing else is left; δ is 0 in no output of the last layer.
      const isPossible = (key: number): boolean =>
        sums[l].inputs[key % cols] * sums[l].outputs[Math.floor(key / cols)] > 0;
      if (l < 2) expect(keys.filter(isPossible).length).toBeGreaterThan(keys.length / 2);
    });
  });
});

describe('gse', () => {
  it('grows in each layer the largest gradients of its subset', () => {
    const { edits, asked, patterns } = evolveOnce(
      createGse({ scope: 'layer', pruneFraction: 0.3 }),
      model,
      states,
    );
    const dense = denseGradients(model, asked.samples[0]);
    edits.forEach((edit, l) => {
      const { cols } = model.patterns[l];
      const count = Math.floor(0.3 * model.weights[l].length);
      const subset = keysOfPositions(asked.scored[0][l] ?? noPositions, cols);
      const size = (key: number): number => Math.abs(Math.fround(dense[l][key]));
      const best = subset.sort((p, q) => size(q) - size(p) || p - q).slice(0, count);
      expect(keysOfPositions(edit?.grow ?? noPositions, cols)).toEqual(best.sort((p, q) => p - q));
      expect(edit?.prune.length).toBe(count);
      expect(patterns[l].indices.length).toBe(model.weights[l].length);
    });
  });

  it('ranks weights and gradients in the whole network', () => {
    const { edits, asked, patterns } = evolveOnce(createGse({ pruneFraction: 0.3 }), model, states);
    const total = Math.floor(0.3 * 122);
    const weights = model.weights.flatMap((list, l) =>
      [...list].map((w, p) => ({ size: Math.abs(w), l, p })),
    );
    const smallest = weights.sort((a, b) => a.size - b.size).slice(0, total);
    const dense = denseGradients(model, asked.samples[0]);
    const listed = asked.scored[0].flatMap((subset, l) =>
      keysOfPositions(subset ?? noPositions, model.patterns[l].cols).map((key) => ({
        size: Math.abs(Math.fround(dense[l][key])),
        l,
        key,
      })),
    );
    const largest = listed.sort((a, b) => b.size - a.size || a.l - b.l || a.key - b.key).slice(0, total);
    const numbers = (list: number[]): number[] => list.sort((p, q) => p - q);
    edits.forEach((edit, l) => {
      expect([...(edit?.prune ?? [])]).toEqual(numbers(smallest.flatMap((e) => (e.l === l ? [e.p] : []))));
      expect(keysOfPositions(edit?.grow ?? noPositions, model.patterns[l].cols)).toEqual(
        numbers(largest.flatMap((e) => (e.l === l ? [e.key] : []))),
      );
    });
    expect(patterns.reduce((sum, { indices }) => sum + indices.length, 0)).toBe(122);
    expect(patterns.map(({ indices }) => indices.length)).not.toEqual([60, 50, 12]);
  });

  it('keeps a connection in every layer, fills none, and leaves full ones alone', () => {
    for (const counts of [
      [4, 4, 6],
      [15, 6, 3],
      [2, 7, 5],
    ]) {
      for (const pruneFraction of [0.5, 1]) {
        const tight = fakeModel([4, 4, 2, 3], counts, { seed: 7 });
        // The first layer has the smallest weights and no gradient.
        const x = tight.x.map((row) => row.map(() => 0));
        const weights = tight.weights.map((list, l) => list.map((w) => (l === 0 ? w / 1000 : w)));
        const { patterns } = evolveOnce(
          createGse({ pruneFraction, subset: 9 }),
          { ...tight, x, weights },
          states,
        );
        const sizes = patterns.map(({ indices }) => indices.length);
        expect(sizes.reduce((sum, n) => sum + n, 0)).toBe(counts.reduce((sum, n) => sum + n, 0));
        [16, 8, 6].forEach((all, l) => {
          if (counts[l] === all) expect(sizes[l]).toBe(all);
          else expect(sizes[l]).toBeGreaterThan(0);
          if (counts[l] !== all) expect(sizes[l]).toBeLessThan(all);
        });
      }
    }
  });
});
