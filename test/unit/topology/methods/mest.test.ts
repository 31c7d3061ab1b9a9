import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../../src/base/random.ts';
import { createMest } from '../../../../src/topology/methods/mest.ts';
import { denseGradients, evolveOnce, type FakeModel, fakeModel, keysOf } from '../../../support/fakeTools.ts';

const model = fakeModel([20, 15, 3], [80, 30], { seed: 6 });
const targets = [{ target: 80 }, { target: 30 }];

describe('mest', () => {
  it.each([0, 0.01, 5])('prunes the smallest |w| + λ·|g|, λ = %d', (gradientWeight) => {
    const method = createMest({ pruneFraction: 0.4, gradientWeight });
    const { edits, asked, patterns } = evolveOnce(method, model, targets);
    const dense = denseGradients(model, asked.samples[0]);
    edits.forEach((edit, l) => {
      const keys = keysOf(model.patterns[l]);
      const scored = keys.map((key, p) => ({
        p,
        score: Math.abs(model.weights[l][p]) + gradientWeight * Math.abs(dense[l][key]),
      }));
      const expected = scored.sort((a, b) => a.score - b.score).slice(0, Math.floor(0.4 * keys.length));
      expect([...(edit?.prune ?? [])]).toEqual(expected.map(({ p }) => p).sort((p, q) => p - q));
      expect(edit?.random).toEqual(edit?.grow);
      expect(patterns[l].indices.length).toBe(keys.length);
    });
  });

  /** Connections from the start on, after every update of ten epochs of four steps. */
  function train(options: Parameters<typeof createMest>[0]): number[] {
    const method = createMest(options);
    const shape = { index: 0, inDim: 20, outDim: 15, nnz: 80 };
    const { pattern, state } = method.init(shape, randomStream(1, 'init'));
    let current: FakeModel = {
      ...fakeModel([20, 15], [80]),
      patterns: [pattern],
      weights: [Float32Array.from(pattern.indices, (_, p) => p + 1)],
    };
    const counts = [pattern.indices.length];
    for (let step = 1; step < 40; step++) {
      const progress = {
        step,
        steps: 40,
        epoch: Math.floor(step / 4),
        isEpochEnd: step % 4 === 0,
        accuracy: 0,
        epochs: 10,
        rows: 40,
        batchSize: 10,
      };
      if (!method.isDue?.(progress, [])) continue;
      const { patterns } = evolveOnce(method, { ...current, progress }, [state]);
      current = { ...current, patterns, weights: [Float32Array.from(patterns[0].indices, (_, p) => p + 1)] };
      counts.push(patterns[0].indices.length);
    }
    return counts;
  }

  it('has more connections than asked for under a soft bound, until the last update', () => {
    const soft = { memoryBound: 'soft', pruneFraction: 0.25 } as const;
    expect(train(soft)).toEqual([100, 100, 100, 100, 100, 100, 100, 100, 100, 80]);
    const falling = train({ ...soft, annealing: 'cosine', until: 0.5 });
    // ζ at 0.1, 0.2 … of the training.
    const shares = [0.1, 0.2, 0.3, 0.4].map((t) => 0.125 * (1 + Math.cos(2 * Math.PI * t)));
    expect(falling).toEqual([100, ...shares.map((share) => 80 + Math.floor(share * 80)), 80]);
    for (const short of [{ every: 100 }, { every: 39 }, { until: 0 }, { until: 0.05, every: 7 }]) {
      expect(train({ ...soft, ...short })).toEqual([100, 80]);
    }
    expect(train({ ...soft, every: 7 })).toEqual([100, 100, 100, 100, 100, 80]);
    expect(train({ preset: 'published' }).at(-1)).toBe(80);
    expect(train({ pruneFraction: 0.25 })).toEqual(Array(10).fill(80));
  });

  it('starts at most one below full, and full where that is asked for', () => {
    const method = createMest({ memoryBound: 'soft', pruneFraction: 0.5 });
    const size = (nnz: number): number =>
      method.init({ index: 0, inDim: 4, outDim: 5, nnz }, randomStream(1, 'i')).pattern.indices.length;
    expect([0, 4, 15, 19, 20].map(size)).toEqual([0, 6, 19, 19, 20]);
  });

  it('treats a model from a file as bounded hard, and reads its state back', () => {
    const method = createMest({ memoryBound: 'soft', pruneFraction: 0.5 });
    const { patterns, edits } = evolveOnce(method, model, [{ target: 0 }, { target: 0 }]);
    expect(edits.map((edit) => edit?.prune.length)).toEqual([40, 15]);
    expect(patterns.map(({ indices }) => indices.length)).toEqual([80, 30]);
    expect(method.restore?.({ target: 7 })).toEqual({ target: 7 });
    for (const wrong of [null, {}, { target: -1 }, { target: 0.5 }]) {
      expect(() => method.restore?.(wrong)).toThrow(expect.objectContaining({ code: 'E_FORMAT' }));
    }
  });
});
