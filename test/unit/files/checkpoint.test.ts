import { describe, expect, it } from 'vitest';
import { getEngine } from '../../../src/engine/engine.ts';
import { decodeCheckpoint } from '../../../src/files/checkpointFile.ts';
import { type Epoch, initializer, type Optimizer, optimizer, SparseMLP } from '../../../src/index.ts';
import { type MethodName, methods, topologyByName } from '../../../src/topology/methods.ts';
import { effort, runRandom, runSeed } from '../../support/effort.ts';
import { quadrants, sha256 } from '../../support/problems.ts';

const problem = quadrants(220);
const held = quadrants(60, 12, 2);
/** 8 steps an epoch. */
const BATCH = 25;
const STEPS_AN_EPOCH = 8;

const create = (name: MethodName, threads = 1) =>
  SparseMLP.create({
    layers: [12, 40, 30, 4],
    epsilon: 3,
    topology: topologyByName(name, name === 'ctre-seq' ? { patience: 2 } : {}),
    initializer: initializer.glorot(),
    seed: 11,
    threads,
  });

/** The optimiser, with a look at the number of every step before it is made. */
function watching(inner: Optimizer, onStep: (step: number) => void): Optimizer {
  return {
    ...inner,
    step(kernels, parameters, time, decay) {
      onStep(time);
      inner.step(kernels, parameters, time, decay);
    },
  };
}

interface Run {
  readonly epochs: number;
  readonly inner: Optimizer;
  /** A checkpoint after every so many epochs. */
  readonly every: number;
}

/** Trains, stopped before step `stopAt` where that comes, and returns the last checkpoint. */
async function trainUntil(model: SparseMLP, { epochs, inner, every }: Run, stopAt: number) {
  const controller = new AbortController();
  let last: Uint8Array<ArrayBuffer> | undefined;
  const seen: Epoch[] = [];
  try {
    await model.fit(problem.x, problem.y, {
      epochs,
      batchSize: BATCH,
      optimizer: watching(inner, (step) => step >= stopAt && controller.abort()),
      validationSplit: 0.1,
      test: held,
      signal: controller.signal,
      onEpoch(epoch) {
        seen.push(epoch);
        if (epoch.epoch % every === 0) last = model.checkpoint();
      },
    });
    return { stopped: false, last, seen };
  } catch (error) {
    expect(error).toMatchObject({ code: 'E_ABORTED' });
    return { stopped: true, last, seen };
  }
}

/** What epochs came to, without the time they took. */
const figures = (epochs: readonly Epoch[]) =>
  epochs.map(({ seconds, trainSeconds, start, evolution, ...rest }) => ({
    ...rest,
    start: start && { ...start, seconds: 0 },
    evolution: evolution && { ...evolution, seconds: 0 },
  }));

/** Hash and history of a run that is never stopped. */
async function uninterrupted(name: MethodName, run: Run) {
  const model = await create(name);
  await trainUntil(model, run, Number.POSITIVE_INFINITY);
  const result = { hash: await sha256(model.save()), history: figures(model.history) };
  model.dispose();
  return result;
}

/** Stops at each of the steps, a run each, takes the training up from the last checkpoint, and compares. */
async function stopAndTakeUp(name: MethodName, run: Run, steps: readonly number[], threads = 1) {
  const truth = await uninterrupted(name, run);
  for (const step of steps) {
    const model = await create(name, threads);
    const { stopped, last } = await trainUntil(model, run, step);
    expect(stopped, `stops before step ${step}`).toBe(true);
    model.dispose();
    const again =
      last === undefined ? await create(name, threads) : await SparseMLP.resume(last, { threads });
    const done = again.history.length;
    const { seen } = await trainUntil(again, run, Number.POSITIVE_INFINITY);
    expect(seen).toHaveLength(run.epochs - done);
    expect(await sha256(again.save()), `${name}, stopped before step ${step}`).toBe(truth.hash);
    expect(figures(again.history)).toEqual(truth.history);
    again.dispose();
  }
}

const EPOCHS = 25;
const allSteps = Array.from({ length: STEPS_AN_EPOCH * EPOCHS }, (_, step) => step + 1);
function someSteps(purpose: string, count: number): number[] {
  const random = runRandom(purpose);
  return Array.from({ length: count }, () => 1 + random.below(allSteps.length));
}

describe(`a training that is stopped and taken up (seed ${runSeed})`, () => {
  it.each(Object.keys(methods) as MethodName[])('with %s ends with the same bits', async (name) => {
    const steps = effort(0, 1) === 1 ? allSteps : [1, STEPS_AN_EPOCH, ...someSteps(name, 4)];
    await stopAndTakeUp(
      name,
      { epochs: EPOCHS, inner: optimizer.sgd({ learningRate: 0.05 }), every: 2 },
      steps,
    );
  });

  it('with Adam, and on several threads', async () => {
    const run = { epochs: EPOCHS, inner: optimizer.adam({ learningRate: 0.01 }), every: 1 };
    await stopAndTakeUp('ctre-sim', run, someSteps('adam', effort(3, 40)), 2);
  });

  it('may be stopped again and again', async () => {
    const run = { epochs: EPOCHS, inner: optimizer.sgd(), every: 1 };
    const truth = await uninterrupted('cte', run);
    let model = await create('cte');
    let stops = 0;
    for (let step = 12; step < STEPS_AN_EPOCH * EPOCHS; step += 13) {
      const { stopped, last } = await trainUntil(model, run, step);
      if (!stopped) break;
      model.dispose();
      stops++;
      model = await SparseMLP.resume(last ?? expect.fail('there is no checkpoint'));
    }
    await trainUntil(model, run, Number.POSITIVE_INFINITY);
    expect(stops).toBeGreaterThan(10);
    expect(await sha256(model.save())).toBe(truth.hash);
    model.dispose();
  });

  it('ends where patience ended it', async () => {
    const options = { epochs: 60, batchSize: BATCH, validationSplit: 0.1, patience: 3 };
    const model = await create('set');
    const checkpoints: Uint8Array<ArrayBuffer>[] = [];
    const onEpoch = () => {
      checkpoints.push(model.checkpoint());
    };
    const { epochs } = await model.fit(problem.x, problem.y, { ...options, onEpoch });
    expect(epochs.length).toBeLessThan(60);
    const hash = await sha256(model.save());
    for (const at of [0, epochs.length - 3, epochs.length - 1]) {
      const again = await SparseMLP.resume(checkpoints[at]);
      const history = await again.fit(problem.x, problem.y, options);
      expect(figures(history.epochs)).toEqual(figures(epochs));
      expect(await sha256(again.save())).toBe(hash);
      again.dispose();
    }
    model.dispose();
  });
});

describe('a checkpoint', () => {
  const options = { epochs: 4, batchSize: BATCH, validationSplit: 0.1 };
  const made = async (name: MethodName = 'ctre-sim') => {
    const model = await create(name);
    let bytes: Uint8Array<ArrayBuffer> | undefined;
    let saved: Uint8Array<ArrayBuffer> | undefined;
    for await (const { epoch } of model.train(problem.x, problem.y, options)) {
      if (epoch !== 2) continue;
      bytes = model.checkpoint({ note: 'mine' });
      saved = model.save();
    }
    const last = model.checkpoint();
    model.dispose();
    return { bytes: bytes as Uint8Array<ArrayBuffer>, saved: saved as Uint8Array<ArrayBuffer>, last };
  };

  it('is a model’s file as well', async () => {
    const { bytes, saved } = await made();
    const model = await SparseMLP.load(bytes);
    const same = await SparseMLP.load(saved);
    expect(model.predict(problem.x)).toEqual(same.predict(problem.x));
    expect(model.metadata).toEqual({ note: 'mine' });
    expect(model.epochs).toBe(2);
    model.dispose();
    same.dispose();
  });

  it('of a resumed training that has not gone on is the same bytes', async () => {
    for (const name of Object.keys(methods) as MethodName[]) {
      const { bytes } = await made(name);
      const model = await SparseMLP.resume(bytes);
      expect(model.checkpoint()).toEqual(bytes);
      expect(model.history).toHaveLength(2);
      model.dispose();
    }
  });

  it('is taken as it was when it was given, whatever becomes of the bytes', async () => {
    const { bytes } = await made();
    const given = bytes.slice();
    const resuming = SparseMLP.resume(given);
    structuredClone(given.buffer, { transfer: [given.buffer] });
    const model = await resuming;
    expect(model.checkpoint()).toEqual(bytes);
    model.dispose();
  });

  it('of the end has nothing left to train', async () => {
    const { last } = await made();
    const model = await SparseMLP.resume(last);
    const { epochs } = await model.fit(problem.x, problem.y, {
      ...options,
      onEpoch: () => expect.fail('trains on'),
    });
    expect(epochs).toHaveLength(4);
    model.dispose();
  });

  const others: [string, object, typeof problem][] = [
    ['epochs', { epochs: 5 }, problem],
    ['batchSize', { batchSize: 26 }, problem],
    ['optimizer', { optimizer: optimizer.sgd({ learningRate: 0.02 }) }, problem],
    ['patience', { patience: 2 }, problem],
    ['rows', { validationSplit: 0.2 }, problem],
    ['the data rows', {}, quadrants(220, 12, 9)],
    ['the test rows', { test: held }, problem],
  ];
  it.each(others)('is not taken up under other conditions: %s', async (named, change, { x, y }) => {
    const { bytes } = await made();
    const model = await SparseMLP.resume(bytes);
    await expect(model.fit(x, y, { ...options, ...change })).rejects.toMatchObject({
      code: 'E_ARGUMENT',
      message: expect.stringContaining(named),
    });
    // Refused before anything changed: the right conditions still do.
    expect(model.checkpoint()).toEqual(bytes);
    await model.fit(problem.x, problem.y, options);
    expect(model.history).toHaveLength(4);
    model.dispose();
  });

  it('can be made between epochs only', async () => {
    const model = await create('set');
    expect(() => model.checkpoint()).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
    const controller = new AbortController();
    const inner = watching(optimizer.sgd(), (step) => {
      if (step > 10) controller.abort();
    });
    const run = model.fit(problem.x, problem.y, { ...options, optimizer: inner, signal: controller.signal });
    await expect(run).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(() => model.checkpoint()).toThrow(expect.objectContaining({ code: 'E_BUSY' }));
    model.dispose();
    expect(() => model.checkpoint()).toThrow(expect.objectContaining({ code: 'E_DISPOSED' }));
  });

  it('changed in any bit, or cut anywhere, is refused', async () => {
    const { bytes, saved } = await made();
    const { blocks } = getEngine().arena.usage();
    const refused = async (changed: Uint8Array, what: string) => {
      await expect(SparseMLP.resume(changed), what).rejects.toMatchObject({ code: 'E_FORMAT' });
    };
    const step = effort(61, 1);
    for (let bit = 0; bit < 8 * bytes.length; bit += step) {
      const changed = bytes.slice();
      changed[bit >> 3] ^= 1 << (bit & 7);
      await refused(changed, `bit ${bit}`);
    }
    for (let length = 0; length < bytes.length; length += step)
      await refused(bytes.slice(0, length), `${length} bytes`);
    await refused(saved, 'a model');
    await refused(new Uint8Array([...bytes, 0]), 'a byte more');
    expect(getEngine().arena.usage().blocks).toBe(blocks);
  });

  it('of a stranger, whose check sum is right, is checked all the same', async () => {
    const { bytes } = await made('ctre-seq');
    const { model, training } = decodeCheckpoint(bytes);
    const { encodeCheckpoint } = await import('../../../src/files/checkpointFile.ts');
    const [layer] = training.slots;
    const wrong: Partial<Record<keyof typeof training, unknown>>[] = [
      { states: [] },
      { states: [null, null, null] },
      { states: [1, 'a', {}] },
      { steps: -1 },
      { steps: 0.5 },
      { epochs: [{}] },
      { epochs: 'none' },
      { epochs: [{ epoch: 1, accuracy: Number.NaN, best: true }] },
      { conditions: null },
      { optimizer: { name: 'none', options: {} } },
      { optimizer: { name: 'sgd', options: { learningRate: -1 } } },
      { optimizer: { name: 'adam', options: {} } },
      { slots: training.slots.map(() => ({ weights: [], bias: [] })) },
      { slots: [{ ...layer, weights: [new Float32Array(3)] }, ...training.slots.slice(1)] },
      { slots: [{ ...layer, bias: [layer.bias[0].fill(Number.NaN)] }, ...training.slots.slice(1)] },
    ];
    for (const change of wrong) {
      const made = encodeCheckpoint(model, { ...training, ...change } as typeof training);
      await expect(SparseMLP.resume(made), JSON.stringify(change)).rejects.toMatchObject({
        code: expect.stringMatching(/E_FORMAT|E_ARGUMENT/),
      });
    }
  });
});
