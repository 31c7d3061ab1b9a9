import { describe, expect, it } from 'vitest';
import { noPositions, removeConnections } from '../../../../src/matrix/pattern.ts';
import { createRigl } from '../../../../src/topology/methods/rigl.ts';
import {
  denseGradients,
  evolveOnce,
  fakeModel,
  keysOfPositions,
  largestOutside,
} from '../../../support/fakeTools.ts';

describe('rigl', () => {
  it('grows the positions of largest gradient on one mini-batch', () => {
    const model = fakeModel([20, 15, 12, 3], [60, 50, 12], { progress: { batchSize: 8 } });
    const { edits, asked, patterns } = evolveOnce(createRigl({ pruneFraction: 0.4 }), model, [
      null,
      null,
      null,
    ]);
    expect(asked.samples.map((rows) => rows.length)).toEqual([8]);
    const gradients = denseGradients(model, asked.samples[0]);
    edits.forEach((edit, l) => {
      const { prune, grow } = edit ?? { prune: new Int32Array(0), grow: noPositions };
      const count = Math.floor(0.4 * model.weights[l].length);
      expect(prune.length).toBe(count);
      const kept = removeConnections(model.patterns[l], prune);
      expect(keysOfPositions(grow, kept.cols)).toEqual(
        keysOfPositions(largestOutside(kept, gradients[l], count), kept.cols),
      );
      expect(patterns[l].indices.length).toBe(model.weights[l].length);
    });
  });

  it('updates every 100 steps until 75 % as published, and by a cosine that ends there', () => {
    const method = createRigl({ preset: 'published' });
    const progress = { epoch: 1, epochs: 10, isEpochEnd: false, accuracy: 0, rows: 5000, batchSize: 100 };
    const due = Array.from({ length: 1000 }, (_, step) => step).filter((step) =>
      method.isDue?.({ ...progress, step, steps: 1000 }, []),
    );
    expect(due).toEqual([0, 100, 200, 300, 400, 500, 600, 700]);
    const model = fakeModel([40, 50, 4], [400, 100]);
    for (const step of [100, 300, 700]) {
      const { edits } = evolveOnce(method, { ...model, progress: { step, steps: 1000 } }, [null, null]);
      const share = 0.15 * (1 + Math.cos((Math.PI * step) / 750));
      expect(edits[0]?.prune.length ?? 0).toBe(Math.floor(share * 400));
    }
  });
});
