import { describe, expect, it } from 'vitest';
import { createPrune } from '../../../../src/topology/methods/prune.ts';
import type { Progress } from '../../../../src/topology/topology.ts';
import { evolveOnce, type FakeModel, fakeModel } from '../../../support/fakeTools.ts';

const [full, target] = [30 * 20, 60];
const shape = { index: 0, inDim: 20, outDim: 30, nnz: target };

/** Connections after each update of a whole training, by step. */
function train(
  options: Parameters<typeof createPrune>[0],
  epochs: number,
  stepsAnEpoch: number,
): [number, number][] {
  const method = createPrune(options);
  const random = { next: () => 0.5, below: () => 0, normal: () => 0, shuffle: () => undefined };
  const { pattern, state } = method.init(shape, random);
  let model: FakeModel = { ...fakeModel([20, 30], [full]), patterns: [pattern] };
  const counts: [number, number][] = [];
  const steps = epochs * stepsAnEpoch;
  for (let step = 1; step < steps; step++) {
    const progress: Progress = {
      step,
      steps,
      epoch: Math.floor(step / stepsAnEpoch),
      epochs,
      isEpochEnd: step % stepsAnEpoch === 0,
      accuracy: 0,
      rows: stepsAnEpoch * 10,
      batchSize: 10,
    };
    if (!method.isDue?.(progress, [])) continue;
    const { patterns, edits } = evolveOnce(method, { ...model, progress }, [state]);
    expect(edits[0]?.grow.cols.length ?? 0).toBe(0);
    const gone = new Set(edits[0]?.prune);
    model = { ...model, patterns, weights: [model.weights[0].filter((_, p) => !gone.has(p))] };
    counts.push([step, patterns[0].indices.length]);
  }
  return counts;
}

const cubic = (t: number): number => target + (full - target) * Math.max(0, 1 - Math.max(0, t)) ** 3;

describe('prune', () => {
  it('comes down by Zhu and Gupta’s cubic schedule over epochs', () => {
    const counts = train({ until: 0.5 }, 41, 3);
    expect(counts).toHaveLength(40);
    for (const [step, nnz] of counts) {
      expect(Math.abs(nnz - cubic(step / 3 / 20))).toBeLessThanOrEqual(1);
    }
    expect(counts[39][1]).toBe(target);
  });

  it('comes down over steps, from `begin` to `until`', () => {
    const counts = train({ every: 7, begin: 0.25, until: 0.75 }, 10, 30);
    const last = 294;
    expect(counts[0][0]).toBe(77);
    for (const [step, nnz] of counts) {
      expect(Math.abs(nnz - cubic((step / last - 0.25) / 0.5))).toBeLessThanOrEqual(1);
    }
  });

  it.each([
    [{ until: 1 }, 3, 4],
    [{ until: 1 }, 2, 4],
    [{ every: 5, until: 1 }, 2, 9],
    [{ every: 5, until: 0 }, 2, 9],
    [{ begin: 1, until: 0 }, 5, 9],
    [{ begin: 1, until: 1 }, 5, 9],
    [{ preset: 'published' as const }, 3, 100],
    [{ preset: 'published' as const }, 3, 20],
    [{}, 1, 20],
    [{ every: 19 }, 1, 20],
  ])('has reached the density at the last update: %o', (options, epochs, stepsAnEpoch) => {
    expect(train(options, epochs, stepsAnEpoch).at(-1)?.[1]).toBe(target);
  });

  it('prunes the smallest weights', () => {
    const model = fakeModel([20, 30], [full], { progress: { step: 5, steps: 10, rows: 10, batchSize: 10 } });
    const { edits } = evolveOnce(createPrune({ until: 1 }), model, [{ target }]);
    const gone = edits[0]?.prune ?? new Int32Array(0);
    const sizes = [...model.weights[0]].map(Math.abs);
    const largest = Math.max(...Array.from(gone, (p) => sizes[p]));
    const stay = sizes.filter((_, p) => !gone.includes(p));
    expect(gone.length).toBeGreaterThan(100);
    expect(Math.min(...stay)).toBeGreaterThanOrEqual(largest);
  });

  it('keeps the connections of a model from a file, and reads its state back', () => {
    const method = createPrune();
    const model = fakeModel([20, 30], [100], { progress: { step: 9, steps: 10 } });
    expect(evolveOnce(method, model, [{ target: 0 }]).edits).toEqual([undefined]);
    expect(method.restore?.({ target: 7 })).toEqual({ target: 7 });
    for (const wrong of [null, {}, { target: -1 }, { target: 0.5 }, 'target']) {
      expect(() => method.restore?.(wrong)).toThrow(expect.objectContaining({ code: 'E_FORMAT' }));
    }
  });
});
