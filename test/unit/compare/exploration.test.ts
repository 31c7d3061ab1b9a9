// The exploration rate against a table of every position, filled in from the networks themselves.
import { describe, expect, it } from 'vitest';
import { Exploration } from '../../../src/compare/exploration.ts';
import { SparseMLP, type Topology, topology } from '../../../src/index.ts';
import type { CsrPattern } from '../../../src/matrix/pattern.ts';
import { quadrants } from '../../support/problems.ts';

const { x, y } = quadrants(120, 12);
const LAYERS = [12, 20, 10, 4];

interface Seen {
  readonly inDim: number;
  readonly outDim: number;
  readonly pattern: CsrPattern;
}

/** Every position of every layer, true once it was seen connected. */
class Table {
  readonly seen = LAYERS.slice(1).map((outDim, l) => new Uint8Array(outDim * LAYERS[l]));

  mark(layers: readonly Seen[]): void {
    layers.forEach(({ inDim, outDim, pattern }, l) => {
      for (let i = 0; i < outDim; i++) {
        for (let p = pattern.indptr[i]; p < pattern.indptr[i + 1]; p++) {
          this.seen[l][i * inDim + pattern.indices[p]] = 1;
        }
      }
    });
  }

  /** The share of those that are seen, in some layers. */
  share(layers: readonly number[]): number {
    const counted = layers.map((l) => this.seen[l]);
    const sum = (numbers: Uint8Array): number => numbers.reduce((total, number) => total + number, 0);
    return (
      counted.reduce((total, seen) => total + sum(seen), 0) /
      counted.reduce((total, { length }) => total + length, 0)
    );
  }
}

const layersOf = (model: SparseMLP): Seen[] =>
  model.layers.map(({ inDim, outDim, weights }) => ({ inDim, outDim, pattern: weights }));

/** Trains with a method watched; the table is marked at the end of every epoch. */
async function train(method: Topology, more: { density?: number[]; epochs?: number } = {}) {
  const { density = [0.1, 0.15, 0.4], epochs = 8 } = more;
  const exploration = new Exploration(method);
  const model = await SparseMLP.create({ layers: LAYERS, density, seed: 4, topology: exploration.topology });
  const table = new Table();
  for await (const _ of model.train(x, y, { epochs, batchSize: 20 })) {
    exploration.collect();
    table.mark(layersOf(model));
  }
  const rate = exploration.rate(layersOf(model));
  const bits = model.layers.map(({ weights }) => [...weights.values]);
  model.dispose();
  return { rate, table, bits };
}

/** SET, but it starts from the mirror image of the random pattern. */
const mirrored: Topology = {
  ...topology.set(),
  choosesPattern: true,
  start(network, states, tools) {
    tools.replace(
      network.layers.map(({ pattern, weights }) => {
        const indices = new Int32Array(pattern.indices.length);
        for (let i = 0; i < pattern.rows; i++) {
          const [begin, end] = [pattern.indptr[i], pattern.indptr[i + 1]];
          for (let p = begin; p < end; p++) {
            indices[p] = pattern.cols - 1 - pattern.indices[begin + end - 1 - p];
          }
        }
        return { pattern: { ...pattern, indices }, weights };
      }),
    );
    return states;
  },
};

const none = { rows: new Int32Array(), cols: new Int32Array() };

/** Starts full, and prunes every other connection after the first epoch. */
const halved: Topology = {
  ...topology.dense(),
  isDue: ({ epoch, isEpochEnd }) => isEpochEnd && epoch === 1,
  evolve: ({ layers }, states) => ({
    edits: layers.map(({ pattern }) => ({
      prune: Int32Array.from({ length: pattern.indices.length >> 1 }, (_, at) => 2 * at),
      grow: none,
      random: none,
    })),
    states,
    shrinks: true,
  }),
};

describe('the exploration rate', () => {
  it.each<[string, Topology]>([
    ['set', topology.set()],
    ['rigl', topology.rigl()],
    ['a pattern chosen before the first step, where the random one does not count', mirrored],
    ['static', topology.fixed()],
  ])('is the share of positions that were ever seen: %s', async (_, method) => {
    const { rate, table } = await train(method);
    expect(rate).toBe(table.share([0, 1, 2]));
  });

  it('counts what came and went within an epoch', async () => {
    // Six steps an epoch, and an update before every one of them but the first.
    const inner: Topology = topology.set({ pruneFraction: 0.5 });
    const each = new Table();
    const method: Topology = {
      ...inner,
      isDue: () => true,
      evolve(network, states, tools) {
        each.mark(network.layers);
        return inner.evolve?.(network, states, tools) ?? { edits: [], states };
      },
    };
    const { rate, table } = await train(method, { epochs: 3 });
    for (const [l, seen] of table.seen.entries()) {
      seen.forEach((value, at) => {
        if (value === 1) each.seen[l][at] = 1;
      });
    }
    expect(rate).toBe(each.share([0, 1, 2]));
    expect(rate).toBeGreaterThan(table.share([0, 1, 2]));
  });

  it('leaves out layers that stay full, and is none where all do', async () => {
    const { rate, table } = await train(topology.set(), { density: [0.1, 1, 0.4] });
    expect(rate).toBe(table.share([0, 2]));
    expect((await train(topology.dense())).rate).toBeNull();
  });

  it('is 1 for a network that was full at first', async () => {
    const { rate, table } = await train(halved);
    expect(rate).toBe(1);
    expect(table.share([0, 1, 2])).toBe(1);
  });

  it('changes nothing of the training', async () => {
    const { bits } = await train(topology.rigl());
    const plain = await SparseMLP.create({
      ...{ layers: LAYERS, density: [0.1, 0.15, 0.4], seed: 4, topology: topology.rigl() },
    });
    await plain.fit(x, y, { epochs: 8, batchSize: 20 });
    expect(bits).toEqual(plain.layers.map(({ weights }) => [...weights.values]));
    plain.dispose();
  });
});
