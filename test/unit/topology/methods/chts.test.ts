import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../../src/base/random.ts';
import { removeConnections } from '../../../../src/matrix/pattern.ts';
import { runNow } from '../../../../src/run/turns.ts';
import { createChts } from '../../../../src/topology/methods/chts.ts';
import { scoreMissingLinks } from '../../../../src/topology/missingLinks.ts';
import { drawByWeight, softWeights } from '../../../../src/topology/softChoice.ts';
import { evolveOnce, fakeModel, keysOfPositions } from '../../../support/fakeTools.ts';

describe('what is drawn by weight', () => {
  it('is drawn one after another among those that are left', () => {
    const weights = Float64Array.of(1, 0, 4, 2, 3);
    const hits = new Map<string, number>();
    const rounds = 30000;
    const random = randomStream(1, 'soft');
    for (let round = 0; round < rounds; round++) {
      const name = drawByWeight(weights, 2, random).join();
      hits.set(name, (hits.get(name) ?? 0) + 1);
    }
    let chi2 = 0;
    let pairs = 0;
    for (let i = 0; i < 5; i++) {
      for (let j = i + 1; j < 5; j++) {
        const [a, b] = [weights[i] / 10, weights[j] / 10];
        const chance = (a * b) / (1 - a) + (b * a) / (1 - b);
        if (chance === 0) expect(hits.get(`${i},${j}`)).toBeUndefined();
        else chi2 += ((hits.get(`${i},${j}`) ?? 0) - rounds * chance) ** 2 / (rounds * chance);
        if (chance > 0) pairs++;
      }
    }
    expect(pairs).toBe(6);
    // χ² with 5 degrees of freedom stays below 28 with probability 0.99996.
    expect(chi2).toBeLessThan(28);
  });

  it('are the largest where chance does not reach far enough', () => {
    const steep = Float64Array.from({ length: 200 }, (_, i) => (i === 7 ? 1e300 : i === 9 ? 0 : 1e-300));
    const drawn = drawByWeight(steep, 199, randomStream(1, 'steep'));
    expect(drawn).toHaveLength(199);
    expect(drawn).not.toContain(9);
    expect(drawByWeight(new Float64Array(5), 3, randomStream(1, 'none'))).toEqual(Int32Array.of(0, 1, 2));
    expect(drawByWeight(Float64Array.of(1, 2), 2, randomStream(1, 'all'))).toEqual(Int32Array.of(0, 1));
  });

  it('has the powers of its strengths as weights', () => {
    const strengths = Float64Array.of(0, 1e-3, 0.3, 1, 2.5, 40);
    for (const power of [0, 0.5, 1, 1.0625, 2.75, 3, 16]) {
      softWeights(strengths, power).forEach((weight, i) => {
        expect(weight / Math.max(1e-300, strengths[i] ** power)).toBeCloseTo(
          strengths[i] === 0 && power > 0 ? 0 : 1,
          12,
        );
      });
    }
    const [power, none] = softWeights(Float32Array.of(-4, Number.NaN), 1.5);
    expect([power, none]).toEqual([expect.closeTo(8, 12), 0]);
  });
});

describe('chts', () => {
  const model = fakeModel([40, 60, 5], [300, 120], { seed: 9, progress: { step: 0 } });
  const states = [null, null];

  it('keeps weights and grows links in proportion to their strength at first', () => {
    const method = createChts({ pruneFraction: 0.5 });
    const [kept, grown] = [new Float64Array(300), new Map<number, number>()];
    const rounds = 400;
    for (let seed = 0; seed < rounds; seed++) {
      const { edits, patterns } = evolveOnce(method, { ...model, seed }, states);
      expect(patterns.map(({ indices }) => indices.length)).toEqual([300, 120]);
      const gone = new Set(edits[0]?.prune);
      for (let p = 0; p < 300; p++) if (!gone.has(p)) kept[p]++;
      const left = removeConnections(model.patterns[0], edits[0]?.prune ?? new Int32Array(0));
      const { keys, scores } = runNow(scoreMissingLinks(left, randomStream(seed, 'links')));
      const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
      const came = new Set(edits[0] && keysOfPositions(edits[0].grow, 40));
      keys.forEach((key, i) => {
        // By whether the score is above the mean: how many there were, how many came.
        const side = scores[i] > mean ? 1 : 0;
        grown.set(side, (grown.get(side) ?? 0) + 1);
        if (came.has(key)) grown.set(side + 2, (grown.get(side + 2) ?? 0) + 1);
      });
    }
    const sizes = model.weights[0].map(Math.abs);
    const order = [...sizes.keys()].sort((p, q) => sizes[p] - sizes[q]);
    const third = (from: number): number =>
      order.slice(from, from + 100).reduce((sum, p) => sum + kept[p], 0) / (100 * rounds);
    // A third with small weights, one with middling and one with large ones: soft, and in that order.
    expect(third(0)).toBeGreaterThan(0.1);
    expect(third(100)).toBeGreaterThan(third(0) + 0.1);
    expect(third(200)).toBeGreaterThan(third(100) + 0.03);
    expect(third(200)).toBeLessThan(0.95);
    const rate = (side: number): number => (grown.get(side + 2) ?? 0) / (grown.get(side) ?? 1);
    expect(rate(1)).toBeGreaterThan(1.5 * rate(0));
    expect(rate(0)).toBeGreaterThan(0);
  });

  it('gets sharper towards the end of the training', () => {
    // In the last layer, and with so many connections that no neuron loses all its inputs.
    const model = fakeModel([40, 60, 5], [900, 290], { seed: 9 });
    const method = createChts({ pruneFraction: 0.3, sharpness: 16 });
    const lost = (step: number): number => {
      let sum = 0;
      for (let seed = 0; seed < 10; seed++) {
        const { edits } = evolveOnce(method, { ...model, seed, progress: { step } }, states);
        const sizes = model.weights[1].map(Math.abs);
        sum += [...(edits[1]?.prune ?? [])].reduce((whole, p) => whole + sizes[p], 0);
      }
      return sum;
    };
    const [first, middle, last] = [lost(0), lost(50), lost(100)];
    expect(first).toBeGreaterThan(1.2 * middle);
    expect(middle).toBeGreaterThan(last);
  });
});
