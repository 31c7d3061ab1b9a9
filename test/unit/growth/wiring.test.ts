import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { type EvolvingLayer, optimizer, type Progress, SparseMLP, topology } from '../../../src/index.ts';

const FEATURES = 120;
const GROUPS = 4;
const IN_GROUPS = 24;

/** The first 24 features are noisy copies of 4 hidden ones, the others noise; labels may be anything. */
function grouped(rows: number, seed: number) {
  const random = randomStream(seed, 'grouped');
  const normal = () => Array.from({ length: 12 }, () => random.next()).reduce((a, b) => a + b, -6);
  const data = new Float32Array(rows * FEATURES);
  for (let r = 0; r < rows; r++) {
    const hidden = Array.from({ length: GROUPS }, normal);
    for (let j = 0; j < FEATURES; j++) {
      data[r * FEATURES + j] = j < IN_GROUPS ? 0.9 * hidden[j % GROUPS] + 0.4 * normal() : normal();
    }
  }
  return { rows, cols: FEATURES, data };
}

const labelled = (rows: number, seed: number): Int32Array => {
  const random = randomStream(seed, 'labels');
  return Int32Array.from({ length: rows }, () => random.below(2));
};

const create = (wiring: number, seed = 1) =>
  SparseMLP.create({
    layers: [FEATURES, 100, 100, 2],
    epsilon: 2,
    topology: topology.cteRigl({ wiring }),
    seed,
  });

/** The first layer's share of connections whose input is in a group. */
const shareOf = (model: SparseMLP): number => {
  const { indices } = model.layers[0].weights;
  return indices.filter((j) => j < IN_GROUPS).length / indices.length;
};

describe('the wiring before the first step', () => {
  const x = grouped(600, 1);

  it('connects the features that belong together, and hardly any other', async () => {
    const [wired, plain] = [await create(20), await create(0)];
    for (const model of [wired, plain]) await model.fit(x, labelled(600, 2), { epochs: 1 });
    // By chance it is 24 of 120.
    expect(Math.abs(shareOf(plain) - 0.2)).toBeLessThan(0.07);
    expect(shareOf(wired)).toBeGreaterThan(0.9);
    expect(wired.layers.map(({ nnz }) => nnz)).toEqual(plain.layers.map(({ nnz }) => nnz));
    for (const model of [wired, plain]) model.dispose();
  });

  it('looks at no label', async () => {
    const models = [await create(8), await create(8)];
    for (const [m, model] of models.entries()) await model.fit(x, labelled(600, 10 + m), { epochs: 1 });
    const [a, b] = models.map((model) =>
      model.layers.map(({ weights }) => [weights.indptr, weights.indices]),
    );
    expect(a).toEqual(b);
    for (const model of models) model.dispose();
  });

  it('finds nothing in noise: what chance reaches is no reason', async () => {
    const noise = { ...x, data: Float32Array.from(x.data, (_, e) => x.data[(e * 7919) % x.data.length]) };
    const model = await create(6);
    await model.fit(noise, labelled(600, 3), { epochs: 1 });
    // Drawn at random, and so weighing a hundredth, but for what the first layer's neurons share by chance.
    const { values } = model.layers[0].weights;
    const small = values.filter((weight) => Math.abs(weight) < 0.05).length;
    expect(small / values.length).toBeGreaterThan(0.9);
    model.dispose();
  });

  it('leaves a pattern alone that the caller gave', async () => {
    const model = await create(0);
    const pattern = model.layers.map(({ weights }) => weights);
    const given = await SparseMLP.create({ layers: [FEATURES, 100, 100, 2], pattern });
    await given.fit(x, labelled(600, 2), { epochs: 1 });
    expect(given.method).toBe('cte-rigl');
    expect(given.layers.map(({ weights }) => weights.indices)).toEqual(pattern.map(({ indices }) => indices));
    for (const each of [model, given]) each.dispose();
  });
});

describe('cte-rigl', () => {
  const x = grouped(300, 5);
  const y = labelled(300, 5);

  it('grows by cosine in the first part of the training, by gradient in the rest', async () => {
    const model = await create(2);
    const { epochs } = await model.fit(x, y, { epochs: 11 });
    const by = epochs.map(({ evolution }) => evolution?.candidates);
    expect(by).toEqual([undefined, ...Array(3).fill('activations'), ...Array(7).fill('denseGradient')]);
    model.dispose();
  });

  it('prunes first what carries nothing, then the weakest, once it grows by gradient', async () => {
    const seen: { layer: EvolvingLayer; progress: Progress }[] = [];
    const method = topology.cteRigl({ wiring: 2, cosineShare: 0.5 });
    const model = await SparseMLP.create({
      layers: [FEATURES, 60, 60, 2],
      epsilon: 1,
      seed: 3,
      topology: {
        ...method,
        evolve(layer, _state, random) {
          const copy = { ...layer, values: layer.values.slice(), weakest: layer.weakest.slice() };
          seen.push({ layer: copy, progress: layer.progress });
          if (method.evolve === undefined) throw new Error('it does not evolve');
          return method.evolve(layer, null, random) as { edit: never; state: unknown };
        },
      },
    });
    // All rows are looked at: there are fewer than the sample would have. An update leaves biases as they are.
    const biases = new Map<number, Float32Array[]>();
    for await (const { epoch } of model.train(x, y, { epochs: 6, optimizer: optimizer.adam() })) {
      biases.set(
        epoch,
        model.layers.map(({ bias }) => bias),
      );
    }
    for (const epoch of [1, 4, 5]) {
      const layers = seen.filter(({ progress }) => progress.epoch === epoch).map(({ layer }) => layer);
      const carrying = bruteForceCarrying(x, layers, biases.get(epoch) ?? []);
      if (epoch > 3)
        expect(carrying.flatMap((list) => list.filter((c) => c === 0)).length).toBeGreaterThan(9);
      layers.forEach(({ values, weakest }, l) => {
        const score = Array.from(values, (w, p) => (epoch > 3 && carrying[l][p] === 0 ? 0 : Math.abs(w)));
        const order = [...score.keys()].sort((p, q) => score[p] - score[q] || p - q);
        const expected = order.slice(0, weakest.length).sort((p, q) => p - q);
        expect(Array.from(weakest), `epoch ${epoch}, layer ${l}`).toEqual(expected);
      });
    }
    model.dispose();
  });
});

/** By plain loops over samples and paths, in float64. */
function bruteForceCarrying(
  x: { rows: number; cols: number; data: Float32Array },
  layers: readonly EvolvingLayer[],
  biases: readonly Float32Array[],
): number[][] {
  const fires = [new Set<number>(), ...layers.map(() => new Set<number>())];
  for (let r = 0; r < x.rows; r++) {
    let a = Array.from(x.data.subarray(r * x.cols, (r + 1) * x.cols));
    for (const [j, v] of a.entries()) if (v !== 0) fires[0].add(j);
    layers.forEach(({ pattern, values, outDim }, l) => {
      const out = Array.from({ length: outDim }, (_, i) => {
        let sum = biases[l][i];
        for (let p = pattern.indptr[i]; p < pattern.indptr[i + 1]; p++)
          sum += values[p] * a[pattern.indices[p]];
        return Math.max(0, sum);
      });
      for (const [i, v] of out.entries()) if (v > 0) fires[l + 1].add(i);
      a = out;
    });
  }
  const reaches = (l: number, neuron: number): boolean => {
    if (l === layers.length) return true;
    const { pattern, values, outDim } = layers[l];
    for (let i = 0; i < outDim; i++) {
      for (let p = pattern.indptr[i]; p < pattern.indptr[i + 1]; p++) {
        const leads = pattern.indices[p] === neuron && values[p] !== 0;
        if (leads && (l + 1 === layers.length || fires[l + 1].has(i)) && reaches(l + 1, i)) return true;
      }
    }
    return false;
  };
  return layers.map(({ pattern, values, outDim }, l) => {
    const carrying = Array.from(values, () => 0);
    for (let i = 0; i < outDim; i++) {
      const alive = (l + 1 === layers.length || fires[l + 1].has(i)) && reaches(l + 1, i);
      for (let p = pattern.indptr[i]; p < pattern.indptr[i + 1]; p++) {
        if (alive && values[p] !== 0 && fires[l].has(pattern.indices[p])) carrying[p] = 1;
      }
    }
    return carrying;
  });
}
