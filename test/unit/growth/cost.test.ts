// What growth costs: pairs of neurons that are scored, counted by the tools, and the memory it takes.
import { describe, expect, it } from 'vitest';
import { getTrainingEngine } from '../../../src/engine/training.ts';
import { type Epoch, optimizer, SparseMLP, type Topology } from '../../../src/index.ts';
import { presets } from '../../../src/model/presets.ts';
import { METHOD_NAMES, topologyByName } from '../../../src/topology/methods.ts';
import { effort } from '../../support/effort.ts';
import { quadrants } from '../../support/problems.ts';

const FEATURES = 40;
const { x, y } = quadrants(200, FEATURES);

interface Cost {
  readonly neurons: number;
  readonly connections: number;
  /** Neurons on both sides of all layers. */
  readonly sides: number;
  readonly epochs: readonly Epoch[];
}

/** Two epochs, with an update in between and by steps, as the method says. */
async function costOf(method: Topology, n: number): Promise<Cost> {
  const layers = [FEATURES, n, n, n, 4];
  const model = await SparseMLP.create({ layers, epsilon: 1, topology: method, seed: 1 });
  const { epochs } = await model.fit(x, y, { epochs: 4, batchSize: 50, optimizer: optimizer.adam() });
  const sum = (list: readonly number[]): number => list.reduce((total, count) => total + count, 0);
  const cost = {
    neurons: sum(layers),
    connections: sum(model.layers.map(({ nnz }) => nnz)),
    sides: sum(model.layers.map(({ inDim, outDim }) => inDim + outDim)),
    epochs,
  };
  model.dispose();
  return cost;
}

const pairsOf = (epochs: readonly Epoch[]): number =>
  epochs.reduce((sum, { start, evolution }) => sum + (start?.pairs ?? 0) + (evolution?.pairs ?? 0), 0);

/** The default, with an update after every epoch, however short an epoch is. */
const often = (options: object = {}) =>
  topologyByName(presets.default.topology().name, { growthShare: 0, ...options });

describe('the pairs that the default scores', () => {
  const usual = often();
  const { pairs, wiring } = usual.options as { pairs: number; wiring: number };

  it('grow with the neurons, not with their square', async () => {
    const costs: Cost[] = [];
    for (const n of [1000, 2000, 4000]) costs.push(await costOf(usual, n));
    const updates: number[] = [];
    const starts: number[] = [];
    for (const { sides, connections, epochs } of costs) {
      const start = epochs[0].start?.pairs ?? 0;
      // A wish for more than are listed lists as many as are wished for.
      const most = Math.ceil(pairs * sides) + connections;
      expect(start).toBeGreaterThan(0);
      expect(start).toBeLessThanOrEqual(wiring * most);
      starts.push(start / sides);
      const evolutions = epochs.flatMap(({ evolution }) => evolution ?? []);
      const count = evolutions.reduce((sum, each) => sum + each.updates, 0);
      expect(count).toBeGreaterThan(0);
      const scored = evolutions.reduce((sum, each) => sum + each.pairs, 0);
      expect(scored).toBeGreaterThan(0);
      expect(scored).toBeLessThanOrEqual(count * most);
      updates.push(scored / count / sides);
    }
    // All pairs would be four times as many for each neuron.
    for (const each of [starts, updates]) {
      expect(Math.max(...each) / Math.min(...each)).toBeLessThan(1.5);
    }
  });
});

describe('every method', () => {
  // A search of all pairs for comparison, and methods that start from a dense network.
  const unbounded = ['cte-rigl', 'snip', 'prune', 'dense'];
  const bounded = METHOD_NAMES.filter((name) => !unbounded.includes(name));

  it.each(bounded)('scores a bounded number of pairs for each neuron and connection: %s', async (name) => {
    const each: number[] = [];
    for (const n of [400, 1600]) {
      const { neurons, connections, epochs } = await costOf(topologyByName(name), n);
      const updates = epochs.reduce((sum, { evolution }) => sum + (evolution?.updates ?? 0), 0);
      const steps = Math.max(1, updates) + Number(topologyByName(name).options.wiring ?? 0);
      expect(pairsOf(epochs)).toBeLessThanOrEqual(20 * steps * (neurons + connections));
      each.push(pairsOf(epochs) / (neurons + connections));
    }
    const [few, many] = each;
    expect(many).toBeLessThanOrEqual(1.5 * few);
  });

  it('counts all pairs where all are looked at', async () => {
    const n = 300;
    const { epochs } = await costOf(topologyByName('rigl', { search: 'exact' }), n);
    const evolutions = epochs.flatMap(({ evolution }) => evolution ?? []);
    const all = FEATURES * n + 2 * n * n + 4 * n;
    for (const { pairs, updates } of evolutions) expect(pairs).toBe(updates * all);
    expect(evolutions.length).toBeGreaterThan(0);
  });
});

describe('a wide network', () => {
  it('trains with the default in memory that grows with its neurons', async () => {
    const n = effort(50_000, 200_000);
    const { arena } = getTrainingEngine();
    const before = arena.usage().bytes;
    const model = await SparseMLP.create({
      layers: [FEATURES, n, n, 4],
      epsilon: 1,
      topology: often({ wiring: effort(2, 24) }),
      seed: 1,
    });
    let most = 0;
    const buffers = process.memoryUsage().arrayBuffers;
    let outside = 0;
    const { epochs } = await model.fit(x, y, {
      epochs: 2,
      batchSize: 200,
      onEpoch: () => {
        most = Math.max(most, arena.usage().bytes - before);
        outside = Math.max(outside, process.memoryUsage().arrayBuffers - buffers);
      },
    });
    expect(epochs[0].start?.pairs).toBeGreaterThan(n);
    expect(epochs[1].evolution?.updates).toBe(1);
    model.dispose();
    // One bit for each pair of the middle layer would be 0.3 GB, or 5 GB in a full run.
    expect(most / n).toBeLessThan(3000);
    expect(outside / n).toBeLessThan(3000);
    expect(arena.usage().bytes).toBe(before);
  });
});
