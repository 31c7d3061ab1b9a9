// dispose() ends what runs, at any time, and leaves no block behind.
import { beforeEach, describe, expect, it } from 'vitest';
import { getEngine } from '../../../src/engine/engine.ts';
import { getSharedEngine } from '../../../src/engine/training.ts';
import { optimizer, SparseMLP, topology } from '../../../src/index.ts';
import { type MethodName, methods, topologyByName } from '../../../src/topology/methods.ts';
import { effort, runRandom, runSeed } from '../../support/effort.ts';
import { quadrants } from '../../support/problems.ts';
import { type TrialArena, trialArena } from '../../support/trialArena.ts';

const { x, y } = quadrants(150, 12);
const forever = { epochs: 1e9, batchSize: 50, validationSplit: 0.2, restoreBest: true };
const disposed = { code: 'E_DISPOSED' };

let arenas: readonly TrialArena[];
let before: object[];
const usage = () => arenas.map((arena) => ({ blocks: arena.usage().blocks, bytes: arena.usage().bytes }));
beforeEach(async () => {
  arenas = [getEngine(), await getSharedEngine()].map(trialArena);
  before = usage();
});

function expectNothingLeft(): void {
  expect(usage()).toEqual(before);
  for (const arena of arenas) arena.checkGuards();
}

const create = (threads = 1, method: MethodName = 'ctre-sim') =>
  SparseMLP.create({ layers: [12, 40, 30, 4], epsilon: 4, threads, topology: topologyByName(method) });

describe.each([1, 2])('dispose (%s threads)', (threads) => {
  it('of an abandoned iterator frees everything at once, and whoever asks it is told', async () => {
    const model = await create(threads);
    const epochs = model.train(x, y, forever);
    await epochs.next();
    model.dispose();
    expectNothingLeft();
    model.dispose();
    await expect(epochs.next()).rejects.toMatchObject(disposed);
    expect(await epochs.next()).toEqual({ done: true, value: undefined });
    expect(await epochs.return()).toEqual({ done: true, value: undefined });
    expectNothingLeft();
  });

  it('of an iterator that nobody asks any more, or that has not begun, too', async () => {
    const model = await create(threads);
    const epochs = model.train(x, y, forever);
    await epochs.next();
    const late = model.train(x, y, forever);
    model.dispose();
    await epochs.return();
    await expect(late.next()).rejects.toMatchObject(disposed);
    expectNothingLeft();
  });

  it(`at any time ends a fit (seed ${runSeed})`, async () => {
    const random = runRandom(`dispose/${threads}`);
    const names = Object.keys(methods) as MethodName[];
    for (let run = 0; run < effort(22, 500); run++) {
      const method = names[run % names.length];
      const model = await create(threads, method);
      const fitting = model.fit(x, y, forever);
      const delay = 30 * random.next();
      let left: object[] = [];
      setTimeout(() => {
        model.dispose();
        left = usage();
      }, delay);
      await expect(fitting, `${method}, after ${delay} ms`).rejects.toMatchObject(disposed);
      expect(left, `${method}, after ${delay} ms`).toEqual(before);
      expectNothingLeft();
    }
  });

  it('in onEpoch ends fit, in the last epoch, too', async () => {
    for (const last of [false, true]) {
      const model = await create(threads);
      const onEpoch = ({ epoch }: { epoch: number }) => {
        if (epoch === 3 || !last) model.dispose();
      };
      await expect(model.fit(x, y, { ...forever, epochs: 3, onEpoch })).rejects.toMatchObject(disposed);
      expectNothingLeft();
    }
  });

  it('in the loop ends it', async () => {
    const model = await create(threads);
    const looping = (async () => {
      for await (const _ of model.train(x, y, forever)) model.dispose();
    })();
    await expect(looping).rejects.toMatchObject(disposed);
    expectNothingLeft();
  });

  it('within a method of one’s own waits for the end of the piece of work', async () => {
    const set = topology.set();
    const calls = { init: 0, evolve: 0 };
    let model: SparseMLP | undefined;
    const end = () => {
      model?.dispose();
      // The method still works on the model's memory.
      expect(usage()).not.toEqual(before);
    };
    const own = {
      ...set,
      evolve: ((network, states, tools) => {
        calls.evolve++;
        end();
        for (const { weights } of network.layers) expect(weights.every(Number.isFinite)).toBe(true);
        return set.evolve?.(network, states, tools) ?? expect.fail('it does not evolve');
      }) as NonNullable<typeof set.evolve>,
    };
    model = await SparseMLP.create({ layers: [12, 40, 30, 4], threads, topology: own });
    await expect(model.fit(x, y, forever)).rejects.toMatchObject(disposed);
    expect(calls.evolve).toBe(1);
    expectNothingLeft();
  });

  it('within an optimiser of one’s own waits, too', async () => {
    const model = await create(threads);
    const inner = optimizer.sgd();
    const step: typeof inner.step = (kernels, parameters, time, decay) => {
      inner.step(kernels, parameters, time, decay);
      if (time === 5) model.dispose();
    };
    const fitting = model.fit(x, y, { ...forever, optimizer: { ...inner, step } });
    await expect(fitting).rejects.toMatchObject(disposed);
    expectNothingLeft();
  });

  it('within what is asked for samples or metadata harms nothing', async () => {
    const endingWith = <T>(model: SparseMLP, value: T): T => {
      model.dispose();
      return value;
    };
    const asked = [
      (model: SparseMLP) =>
        model.predict({
          ...x,
          get data() {
            return endingWith(model, x.data);
          },
        }),
      (model: SparseMLP) =>
        model.evaluate(
          {
            ...x,
            get data() {
              return endingWith(model, x.data);
            },
          },
          y,
        ),
      (model: SparseMLP) => model.save({ toJSON: () => endingWith(model, {}) }),
      (model: SparseMLP) => model.checkpoint({ toJSON: () => endingWith(model, {}) }),
    ];
    for (const ask of asked) {
      const model = await create(threads);
      await model.fit(x, y, { epochs: 1 });
      expect(() => ask(model)).toThrow(expect.objectContaining(disposed));
      expectNothingLeft();
    }
  });
});

describe('a model that is disposed of', () => {
  it('is forgotten by a training that was aborted as well', async () => {
    const model = await create();
    const controller = new AbortController();
    const fitting = model.fit(x, y, { ...forever, signal: controller.signal });
    await new Promise((resolve) => setTimeout(resolve, 10));
    model.dispose();
    controller.abort();
    await expect(fitting).rejects.toMatchObject(disposed);
    expectNothingLeft();
  });

  it('was made by the functions of its class only', () => {
    expect(() => Reflect.construct(SparseMLP, [])).toThrow(
      expect.objectContaining({
        code: 'E_ARGUMENT',
        message:
          'new SparseMLP() makes no model; use await SparseMLP.create(options), fromWeights, load or resume',
      }),
    );
    expectNothingLeft();
  });
});
