import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { optimizer, SparseMLP, topology } from '../../../src/index.ts';
import type { Edit, EvolvingNetwork } from '../../../src/topology/topology.ts';
import { carryingPaths } from '../../support/fakeTools.ts';

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

/** Both methods that wire: among all pairs, and among few. */
const wiringMethods = ['cteRigl', 'cteGse'] as const;
type WiringMethod = (typeof wiringMethods)[number];

const create = (method: WiringMethod, wiring: number, seed = 1) =>
  SparseMLP.create({
    layers: [FEATURES, 100, 100, 2],
    epsilon: 2,
    // So few steps would allow for no wiring.
    topology: topology[method]({ wiring, growthShare: 0 }),
    seed,
  });

/** The first layer's share of connections whose input is in a group. */
const shareOf = (model: SparseMLP): number => {
  const { indices } = model.layers[0].weights;
  return indices.filter((j) => j < IN_GROUPS).length / indices.length;
};

describe.each(wiringMethods)('the wiring of %s before the first step', (method) => {
  const x = grouped(600, 1);

  it('connects the features that belong together, and hardly any other', async () => {
    const [wired, plain] = [await create(method, 20), await create(method, 0)];
    for (const model of [wired, plain]) await model.fit(x, labelled(600, 2), { epochs: 1 });
    // By chance it is 24 of 120.
    expect(Math.abs(shareOf(plain) - 0.2)).toBeLessThan(0.07);
    expect(shareOf(wired)).toBeGreaterThan(method === 'cteRigl' ? 0.9 : 0.8);
    expect(wired.layers.map(({ nnz }) => nnz)).toEqual(plain.layers.map(({ nnz }) => nnz));
    for (const model of [wired, plain]) model.dispose();
  });

  it('looks at no label', async () => {
    const models = [await create(method, 8), await create(method, 8)];
    for (const [m, model] of models.entries()) await model.fit(x, labelled(600, 10 + m), { epochs: 1 });
    const [a, b] = models.map((model) =>
      model.layers.map(({ weights }) => [weights.indptr, weights.indices]),
    );
    expect(a).toEqual(b);
    for (const model of models) model.dispose();
  });

  it('finds nothing in noise: what chance reaches is no reason', async () => {
    const noise = { ...x, data: Float32Array.from(x.data, (_, e) => x.data[(e * 7919) % x.data.length]) };
    const model = await create(method, 6);
    await model.fit(noise, labelled(600, 3), { epochs: 1 });
    // Drawn at random, and so weighing a hundredth, but for what the first layer's neurons share by chance.
    const { values } = model.layers[0].weights;
    const small = values.filter((weight) => Math.abs(weight) < 0.05).length;
    expect(small / values.length).toBeGreaterThan(0.9);
    model.dispose();
  });

  it('leaves a pattern alone that the caller gave', async () => {
    const model = await create(method, 0);
    const pattern = model.layers.map(({ weights }) => weights);
    const given = await SparseMLP.create({
      layers: [FEATURES, 100, 100, 2],
      topology: topology[method]({ wiring: 0 }),
      pattern,
    });
    await given.fit(x, labelled(600, 2), { epochs: 1 });
    expect(given.layers.map(({ weights }) => weights.indices)).toEqual(pattern.map(({ indices }) => indices));
    for (const each of [model, given]) each.dispose();
  });
});

describe.each(wiringMethods)('%s', (name) => {
  const x = grouped(240, 5);
  const y = labelled(240, 5);

  it('grows by cosine in the first part of the training, by gradient in the rest', async () => {
    // With an update after every epoch, however short it is.
    const method = topology[name]({ wiring: 2, growthShare: 0 });
    const model = await SparseMLP.create({
      layers: [FEATURES, 100, 100, 2],
      epsilon: 2,
      topology: method,
      seed: 1,
    });
    const { epochs } = await model.fit(x, y, { epochs: 11 });
    const by = epochs.map(({ evolution }) => evolution?.candidates);
    expect(by).toEqual([undefined, ...Array(3).fill('cosine'), ...Array(7).fill('gradient')]);
    model.dispose();
  });

  it('prunes first what carries nothing, then the weakest, once it grows by gradient', async () => {
    const seen: { network: EvolvingNetwork; edits: readonly (Edit | undefined)[] }[] = [];
    const method = topology[name]({ wiring: 2, cosineShare: 0.5, growthShare: 0 });
    const model = await SparseMLP.create({
      layers: [FEATURES, 60, 60, 2],
      epsilon: 1,
      seed: 3,
      topology: {
        ...method,
        *evolve(network, _states, tools) {
          const answer = method.evolve?.(network, [null, null, null], tools) ?? expect.fail('it stays');
          const evolved = 'next' in answer ? yield* answer : answer;
          seen.push({ network, edits: evolved.edits });
          // It is copied when it is asked for.
          for (const { pattern, weights } of network.layers)
            expect(weights).toHaveLength(pattern.indices.length);
          return evolved;
        },
      },
    });
    // All rows are looked at: there are fewer than the sample would have. An update leaves biases as they
    // are.
    const biases = new Map<number, Float32Array[]>();
    for await (const { epoch } of model.train(x, y, { epochs: 6, optimizer: optimizer.adam() })) {
      biases.set(
        epoch,
        model.layers.map(({ bias }) => bias),
      );
    }
    expect(seen).toHaveLength(5);
    const rows = Array.from({ length: x.rows }, (_, r) => [
      ...x.data.subarray(r * FEATURES, (r + 1) * FEATURES),
    ]);
    for (const { network, edits } of seen) {
      const { epoch } = network.progress;
      const model = {
        patterns: network.layers.map(({ pattern }) => pattern),
        weights: network.layers.map(({ weights }) => weights),
        biases: biases.get(epoch) ?? [],
        x: rows,
        y: [...y],
      };
      const carrying = carryingPaths(model, [...rows.keys()]);
      if (epoch > 3)
        expect(carrying.flatMap((list) => list.filter((c) => c === 0)).length).toBeGreaterThan(9);
      network.layers.forEach(({ weights, nnz, inDim, outDim }, l) => {
        if (nnz === inDim * outDim) return;
        const score = Array.from(weights, (w, p) => (epoch > 3 && carrying[l][p] === 0 ? 0 : Math.abs(w)));
        const order = [...score.keys()].sort((p, q) => score[p] - score[q] || p - q);
        const expected = order.slice(0, Math.floor(0.2 * nnz)).sort((p, q) => p - q);
        expect(Array.from(edits[l]?.prune ?? []), `epoch ${epoch}, layer ${l}`).toEqual(expected);
      });
    }
    model.dispose();
  });
});
