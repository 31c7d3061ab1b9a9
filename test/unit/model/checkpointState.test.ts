// What a checkpoint holds has to be what it was made of.
import { describe, expect, it } from 'vitest';
import { SparseMLP, type Topology, topology } from '../../../src/index.ts';
import { quadrants } from '../../support/problems.ts';

const { x, y: labels } = quadrants(64, 2);

/** SET under a name of its own, which remembers something. */
function remembering(state: unknown): Topology {
  const { init, evolve, ...rest } = topology.set();
  return {
    ...rest,
    name: 'mine',
    init: (layer, random) => ({ ...init(layer, random), state }),
    *evolve(network, states, tools) {
      const none = states.map(() => null);
      const evolved = evolve?.(network, none, tools) ?? expect.fail('it does not evolve');
      return { ...('next' in evolved ? yield* evolved : evolved), states: states.map(() => state) };
    },
  };
}

async function trained(method: Topology): Promise<SparseMLP> {
  const model = await SparseMLP.create({ layers: [2, 12, 4], density: 0.5, topology: method, seed: 1 });
  await model.fit(x, labels, { epochs: 2 });
  return model;
}

describe('a checkpoint', () => {
  it.each([
    ['a Map', new Map([[1, 2]])],
    ['NaN', Number.NaN],
    ['a function', { f: () => 1 }],
    ['an object of a class', { date: new Date(0) }],
    ['-Infinity deep inside', { list: [{ least: Number.NEGATIVE_INFINITY }] }],
  ])('is refused where a method remembers %s, which JSON would change', async (_, state) => {
    const model = await trained(remembering(state));
    expect(() => model.checkpoint()).toThrow(/remembers something that JSON changes/);
    model.dispose();
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['plain values', { list: [1, 'two', null, true], none: undefined, deep: { zero: -0 } }],
  ])('is made where a method remembers %s', async (_, state) => {
    const model = await trained(remembering(state));
    expect(model.checkpoint().length).toBeGreaterThan(0);
    model.dispose();
  });
});

describe('an epoch that was handed over', () => {
  it('cannot change the history', async () => {
    const model = await SparseMLP.create({ layers: [2, 12, 4], density: 0.5, seed: 1 });
    const change = (epoch: object): void => {
      Reflect.set(epoch, 'best', 1n);
      Reflect.set(Reflect.get(epoch, 'evolution') ?? {}, 'layers', 1n);
    };
    await model.fit(x, labels, { epochs: 3, onEpoch: change });
    model.history.forEach(change);
    expect(model.history.map(({ best }) => typeof best)).toEqual(['boolean', 'boolean', 'boolean']);
    const again = await SparseMLP.resume(model.checkpoint());
    again.history.forEach(change);
    expect(again.history).toEqual(model.history);
    model.dispose();
    again.dispose();
  });
});
