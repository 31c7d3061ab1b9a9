// Calls that wait for a training: in the order of the calls, and with the bits of calls made one after another.
import { afterEach, describe, expect, it } from 'vitest';
import { SparseMLP, type TrainOptions, topology, WorkerModel } from '../../../src/index.ts';
import { quadrants } from '../../support/problems.ts';

const { x, y } = quadrants(120, 6);
const other = quadrants(60, 6);
const named = Array.from(y, (label) => 'abcd'[label]);
const options = { layers: [6, 30, 4], epsilon: 3, seed: 2, topology: topology.set() };
const forever = { epochs: 1e9, batchSize: 10 };

const models: { dispose(): void }[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});
function ending<M extends { dispose(): void }>(model: M): M {
  models.push(model);
  return model;
}
const kinds = [
  ['SparseMLP', async () => ending(await SparseMLP.create(options))],
  ['WorkerModel', async () => ending(await WorkerModel.create(options))],
] as const;
const code = (code: string) => expect.objectContaining({ code });
/** Lets all that is ready happen. */
const aWhile = () => new Promise((resolve) => setTimeout(resolve, 30));

describe.each(kinds)('a %s', (_, create) => {
  it('trains call after call in their order, with the bits of calls that were awaited', async () => {
    const awaited = ending(await SparseMLP.create(options));
    const seen: string[] = [];
    const onEpoch = (call: string) => () => void seen.push(call);
    const first = await awaited.fit(x, named, { epochs: 2 });
    const second = await awaited.fit([{ x: other.x, y: ['b'].concat(named.slice(1, 60)) }], { epochs: 1 });
    const third = await awaited.fit(x, y, { epochs: 2 });

    const model = await create();
    const histories = await Promise.all([
      model.fit(x, named, { epochs: 2, onEpoch: onEpoch('first') }),
      // Its names are known once the first call has begun.
      model.fit([{ x: other.x, y: ['b'].concat(named.slice(1, 60)) }], {
        epochs: 1,
        wait: true,
        onEpoch: onEpoch('second'),
      }),
      model.fit(x, y, { epochs: 2, wait: true, onEpoch: onEpoch('third') }),
    ]);
    expect(seen).toEqual(['first', 'first', 'second', 'third', 'third']);
    expect(await model.save()).toEqual(awaited.save());
    const losses = [first, second, third].map(({ epochs }) => epochs.map(({ loss }) => loss));
    expect(histories.map(({ epochs }) => epochs.map(({ loss }) => loss))).toEqual(losses);
  });

  it('that is free does not wait', async () => {
    const model = await create();
    const { epochs } = await model.fit(x, y, { epochs: 1, wait: true });
    expect(epochs).toHaveLength(1);
  });

  it('lets nobody in before those who wait', async () => {
    const model = await create();
    const first = model.fit(x, y, { epochs: 1 });
    const second = model.fit(x, y, { epochs: 1, wait: true });
    await first;
    await expect(model.fit(x, y, { epochs: 1 })).rejects.toEqual(code('E_BUSY'));
    await second;
    await model.fit(x, y, { epochs: 1 });
    expect(model.epochs).toBe(3);
  });

  it('ends a wait by its signal, and lets the others wait on', async () => {
    const model = await create();
    const running = new AbortController();
    const waiting = new AbortController();
    const first = model.fit(x, y, { ...forever, signal: running.signal });
    const second = model.fit(x, y, { epochs: 1, wait: true, signal: waiting.signal });
    const third = model.fit(x, y, { epochs: 1, wait: true });
    const late = model.fit(x, y, { epochs: 1, wait: true, signal: AbortSignal.abort() });
    const refused = expect(Promise.allSettled([second, late])).resolves.toEqual([
      { status: 'rejected', reason: code('E_ABORTED') },
      { status: 'rejected', reason: code('E_ABORTED') },
    ]);
    waiting.abort();
    await refused;
    const ended = expect(first).rejects.toEqual(code('E_ABORTED'));
    running.abort();
    await ended;
    expect((await third).epochs).toHaveLength(1);
  });

  it('refuses those who wait when it is disposed of, also from a loop that was left alone', async () => {
    const model = await create();
    const loop = model.train(x, y, forever);
    await loop.next();
    const waiting = [1, 2].map(() => model.fit(x, y, { wait: true }));
    const refused = expect(Promise.allSettled(waiting)).resolves.toEqual([
      { status: 'rejected', reason: code('E_DISPOSED') },
      { status: 'rejected', reason: code('E_DISPOSED') },
    ]);
    await aWhile();
    model.dispose();
    await refused;
  });

  it('goes on with the next where one has failed, whose arguments are looked at in its turn', async () => {
    const model = await create();
    const first = model.fit(x, y, { epochs: 1 });
    const second = model.fit(x, y.slice(1), { epochs: 1, wait: true });
    const third = model.fit(x, y, { epochs: 1, wait: true });
    const refused = expect(second).rejects.toEqual(code('E_SHAPE'));
    await first;
    await refused;
    await third;
    expect(model.epochs).toBe(2);
  });

  it.each<[string, object]>([
    ['no truth value', { wait: 1 }],
    ['no signal', { wait: true, signal: {} }],
    ['an unknown option', { wait: true, epoch: 3 }],
  ])('refuses %s at once', async (_name, given) => {
    const model = await create();
    expect(() => model.train(x, y, given as TrainOptions)).toThrow(code('E_ARGUMENT'));
    expect(() => model.train([{ x, y }], given as never)).toThrow(code('E_ARGUMENT'));
  });
});

describe('in a worker', () => {
  it('partialFit and addOutputs wait, too, and keep the data of the call', async () => {
    const here = ending(await SparseMLP.create(options));
    await here.fit(x, y, { epochs: 2 });
    const sample = { x, y };
    here.partialFit(x, y, { sample });
    here.addOutputs(1);
    here.partialFit(x, y, { sample });

    const there = ending(await WorkerModel.create(options));
    const fit = there.fit(x, y, { epochs: 2 });
    const data = x.data.slice();
    const calls = [
      there.partialFit({ ...x, data }, y, { sample, wait: true }),
      there.addOutputs(1, { wait: true }),
      there.partialFit(x, y, { sample, wait: true }),
    ];
    data.fill(0);
    await fit;
    await Promise.all(calls);
    expect(await there.save()).toEqual(here.save());
  });

  it('a wait ends by the signal, and with the worker', async () => {
    const there = ending(await WorkerModel.create(options));
    const loop = there.train(x, y, forever);
    await loop.next();
    const controller = new AbortController();
    const one = there.partialFit(x, y, { wait: true, signal: controller.signal });
    const two = there.addOutputs(1, { wait: true });
    const ended = expect(one).rejects.toEqual(code('E_ABORTED'));
    controller.abort();
    await ended;
    const refused = expect(two).rejects.toEqual(code('E_DISPOSED'));
    there.dispose();
    await refused;
  });

  it('SparseMLP answers these calls at once, and takes no wait', async () => {
    const here = ending(await SparseMLP.create(options));
    expect(() => here.partialFit(x, y, { wait: true } as never)).toThrow(code('E_ARGUMENT'));
    expect(() => here.addOutputs(1, { wait: true } as never)).toThrow(code('E_ARGUMENT'));
  });
});
