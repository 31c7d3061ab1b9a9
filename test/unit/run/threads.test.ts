import { describe, expect, it } from 'vitest';
import { getSharedEngine } from '../../../src/engine/training.ts';
import { initializer, SparseMLP, topology } from '../../../src/index.ts';
import { type MethodName, methods, topologyByName } from '../../../src/topology/methods.ts';
import { quadrants, sha256 } from '../../support/problems.ts';

const problem = quadrants(700, 24);
const layers = [24, 150, 90, 4];

async function hashOf(model: SparseMLP): Promise<string> {
  const hash = await sha256(model.save());
  model.dispose();
  return hash;
}

describe.each(Object.keys(methods) as MethodName[])('with %s', (name) => {
  // 7 steps an epoch, so over 20 steps, and 3 evolutions.
  const train = async (threads: number, batchSize = 100) => {
    const model = await SparseMLP.create({
      layers,
      epsilon: 4,
      topology: topologyByName(name),
      initializer: initializer.glorot(),
      seed: 5,
      threads,
    });
    expect(model.threads).toBe(threads);
    const { epochs } = await model.fit(problem.x, problem.y, { epochs: 4, batchSize, validationSplit: 0.1 });
    const { valLoss } = epochs[3];
    const predictions = model.predict(problem.x);
    return { hash: await hashOf(model), valLoss, predictions };
  };

  it('1, 2, 3 and 8 threads give the same bits', async () => {
    const one = await train(1);
    for (const threads of [2, 3, 8]) expect(await train(threads)).toEqual(one);
  });

  it('also with batches of many tiles, the last of them not full', async () => {
    expect(await train(3, 333)).toEqual(await train(1, 333));
  });
});

describe.each([
  ['by cosine', topology.ctreSim({ rows: 100 })],
  ['by gradient', topology.rigl()],
  ['of the default', topology.cteGse({ wiring: 2 })],
])('the search among few pairs, %s', (_, method) => {
  it('gives the same bits on any number of threads', async () => {
    const run = async (threads: number) => {
      const model = await SparseMLP.create({
        layers: [24, 4500, 4500, 4],
        epsilon: 4,
        topology: method,
        seed: 5,
        threads,
      });
      await model.fit(problem.x, problem.y, { epochs: 2 });
      return hashOf(model);
    };
    expect(await run(3)).toBe(await run(1));
  });
});

describe('threads', () => {
  it.each([0, -1, 2.5, 'many', 10_000, Number.NaN])('%s are refused', async (threads) => {
    const options = { layers, threads: threads as number };
    await expect(SparseMLP.create(options)).rejects.toMatchObject({ code: 'E_ARGUMENT' });
  });

  it('auto takes what the machine has', async () => {
    const model = await SparseMLP.create({ layers, threads: 'auto' });
    expect(model.threads).toBeGreaterThanOrEqual(1);
    expect(model.threads).toBeLessThanOrEqual(8);
    model.dispose();
  });

  it('that cannot be had become one, and a sentence says why', async () => {
    const given = globalThis.SharedArrayBuffer;
    Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
    try {
      const model = await SparseMLP.create({ layers, threads: 4 });
      expect(model.threads).toBe(1);
      expect(model.warning).toMatch(
        /one thread instead of 4: this engine has no SharedArrayBuffer, without which no memory is shared/,
      );
      await model.fit(problem.x, problem.y, { epochs: 1 });
      model.dispose();
    } finally {
      globalThis.SharedArrayBuffer = given;
    }
  });

  it('are ended with the model, and the model’s memory is given back', async () => {
    const { arena } = await getSharedEngine();
    const { blocks } = arena.usage();
    const model = await SparseMLP.create({ layers, threads: 3 });
    await model.fit(problem.x, problem.y, { epochs: 2 });
    model.dispose();
    expect(arena.usage().blocks).toBe(blocks);
  });

  it('stop at the edge of a step when training is aborted, and go on after', async () => {
    const model = await SparseMLP.create({ layers, threads: 3, topology: topology.set() });
    const controller = new AbortController();
    const run = model.fit(problem.x, problem.y, { epochs: 1e6, signal: controller.signal });
    setTimeout(() => controller.abort(), 30);
    await expect(run).rejects.toMatchObject({ code: 'E_ABORTED' });
    await model.fit(problem.x, problem.y, { epochs: 1 });
    expect(model.predict(problem.x).every(Number.isFinite)).toBe(true);
    model.dispose();
  });
});
