// A model in a worker is the same model: what SparseMLP does on this thread is the truth here.
import { execFile } from 'node:child_process';
import { getEventListeners } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readDataset } from '../../../src/data/index.ts';
import { learnColumns } from '../../../src/data/labelledTable.ts';
import { decodeCheckpoint } from '../../../src/files/checkpointFile.ts';
import {
  activation,
  type CreateOptions,
  CsrMatrix,
  CtreError,
  type Epoch,
  init,
  initializer,
  optimizer,
  type Samples,
  SparseMLP,
  schedule,
  topology,
  WorkerModel,
  type WorkerTrainOptions,
} from '../../../src/index.ts';
import type { DenseMatrix } from '../../../src/matrix/denseMatrix.ts';
import { Link } from '../../../src/remote/link.ts';
import { type MethodName, methods, topologyByName } from '../../../src/topology/methods.ts';
import { effort, runRandom, runSeed } from '../../support/effort.ts';
import { quadrants } from '../../support/problems.ts';

const { x, y } = quadrants(300, 12);
const layers = [12, 60, 40, 4];
const names = Object.keys(methods) as MethodName[];
const forever = { epochs: 1e9, batchSize: 50 };

/** Workers that are started here, the newest last; they end after the test. */
const started: Worker[] = [];
const models: { dispose(): void }[] = [];
process.on('worker', (worker) => started.push(worker));
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
  started.length = 0;
  vi.restoreAllMocks();
});

function ending<M extends { dispose(): void }>(model: M): M {
  models.push(model);
  return model;
}

async function create(options: Partial<CreateOptions> = {}): Promise<WorkerModel> {
  return ending(await WorkerModel.create({ layers, epsilon: 4, seed: 5, ...options }));
}

/** The same model twice: in a worker and here. */
async function createBoth(options: Partial<CreateOptions> = {}) {
  const here = ending(await SparseMLP.create({ layers, epsilon: 4, seed: 5, ...options }));
  return { there: await create(options), here };
}

/** An epoch without its clocks. */
function timeless({ evolution, start, ...epoch }: Epoch) {
  return {
    ...epoch,
    seconds: 0,
    trainSeconds: 0,
    evolution: evolution?.layers,
    start: start && { ...start, seconds: 0 },
  };
}

/** All that can be asked of a model. */
async function everything(model: WorkerModel | SparseMLP, samples: Samples) {
  const { nnz, density, epochs, method, metadata, history } = model;
  return {
    plain: { nnz, density, epochs, method, metadata, history: history.map(timeless) },
    bytes: await model.save(),
    predictions: await model.predict(samples),
    score: await model.evaluate(samples, y),
    layers: (await model.layers).map(({ weights, bias, ...sizes }) => ({ weights, bias, ...sizes })),
    importance: await model.inputImportance(),
    attribution: await model.inputImportance({
      ...{ by: 'attribution', x: samples, y },
      earlier: new Float64Array(layers[0]).fill(0.5),
    }),
    summary: await model.summary(),
    modelBytes: (await model.memory()).modelBytes,
  };
}

async function expectSame(there: WorkerModel, here: SparseMLP, samples: Samples = x): Promise<void> {
  expect(await everything(there, samples)).toEqual(await everything(here, samples));
}

describe.each(names)('in a worker, %s', (name) => {
  it('comes to the same epochs, edits, file and predictions', async () => {
    const { there, here } = await createBoth({ topology: topologyByName(name) });
    await expectSame(there, here);
    const options = { epochs: 3, batchSize: 50, validationSplit: 0.2, edits: true };
    const [far, near]: [Epoch[], Epoch[]] = [[], []];
    for await (const epoch of there.train(x, y, options)) {
      far.push(epoch);
      expect(there.epochs).toBe(epoch.epoch);
      expect(there.history).toHaveLength(epoch.epoch);
    }
    for await (const epoch of here.train(x, y, options)) near.push(epoch);
    expect(far.map(timeless)).toEqual(near.map(timeless));
    expect(far.every(({ edits }) => edits?.length === 3)).toBe(true);
    await expectSame(there, here);
  });

  it('goes on from a checkpoint of either', async () => {
    const { there, here } = await createBoth({ topology: topologyByName(name) });
    const options = { epochs: 4, batchSize: 50 };
    let kept: Uint8Array | undefined;
    for await (const { epoch } of there.train(x, y, options)) {
      if (epoch === 2) kept = await there.checkpoint({ of: 'the worker' });
    }
    expect(there.metadata).toEqual({ of: 'the worker' });
    await here.fit(x, y, options);
    if (kept === undefined) return expect.fail('there is no checkpoint');
    const resumed = ending(await WorkerModel.resume(kept));
    expect(resumed.history).toHaveLength(2);
    expect(resumed.metadata).toEqual({ of: 'the worker' });
    const { epochs, best } = await resumed.fit(x, y, options);
    expect(epochs.map(timeless)).toEqual(here.history.map(timeless));
    expect(timeless(best)).toEqual(timeless(here.history.findLast((epoch) => epoch.best) ?? here.history[0]));
    expect(await resumed.save({})).toEqual(here.save({}));
  });
});

describe('a sequence of trainings in a worker', () => {
  it('is the same as here: totals, the best network, and what is kept', async () => {
    const { there, here } = await createBoth({ topology: topology.ctreSeq({ patience: 2 }) });
    const options = { epochs: 3, totalEpochs: 9, batchSize: 50, validationSplit: 0.2 };
    const adam = optimizer.adam({ learningRate: 0.05 });
    for (const change of [{}, { optimizer: adam }, { restoreBest: false }]) {
      const [far, near] = [
        await there.fit(x, y, { ...options, ...change }),
        await here.fit(x, y, { ...options, ...change }),
      ];
      expect(far.epochs.map(timeless)).toEqual(near.epochs.map(timeless));
      expect([far.best.epoch, far.kept.epoch]).toEqual([near.best.epoch, near.kept.epoch]);
      await expectSame(there, here);
    }
    const few = { epochs: 1, totalEpochs: 9 };
    await expect(there.fit(x, y, few)).rejects.toThrow('totalEpochs is 9; expected at least 10');
    expect(() => here.train(x, y, few)).toThrow('totalEpochs is 9; expected at least 10');
  });

  it('saves in the loop what the epoch reports', async () => {
    const model = await create();
    const validation = { x, y };
    for await (const { valLoss } of model.train(x, y, { epochs: 3, validation })) {
      const saved = ending(await SparseMLP.load(await model.save()));
      expect(saved.evaluate(x, y).loss).toBe(valLoss);
    }
  });

  it.each([true, false])('takes up a checkpoint as it was made (restoreBest %s)', async (restoreBest) => {
    const options = { epochs: 8, batchSize: 50, validationSplit: 0.2 };
    const { there, here } = await createBoth();
    let bytes: Uint8Array | undefined;
    for await (const { epoch } of there.train(x, y, { ...options, restoreBest })) {
      if (epoch === 5) bytes = await there.checkpoint();
    }
    await here.fit(x, y, { ...options, restoreBest });
    expect(await there.save()).toEqual(here.save());
    const resumed = ending(await WorkerModel.resume(bytes ?? expect.fail('there is no checkpoint')));
    const { kept, best, epochs } = await resumed.fit(x, y, options);
    expect(kept).toBe(restoreBest ? best : epochs[7]);
    expect(await resumed.save()).toEqual(here.save());
    // And the next one is a training of its own.
    const next = await resumed.fit(x, y, { ...options, epochs: 4 });
    expect(next.kept).toBe(next.best);
  });

  it('waits for the promise of onEpoch', async () => {
    const model = await create();
    const seen: string[] = [];
    const onEpoch = async ({ epoch }: Epoch) => {
      seen.push(`begin ${epoch}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      seen.push(`end ${epoch}, ${model.epochs}`);
    };
    await model.fit(x, y, { epochs: 2, onEpoch });
    expect(seen).toEqual(['begin 1', 'end 1, 1', 'begin 2', 'end 2, 2']);
  });
});

describe('a model in a worker', () => {
  it('is made by the functions of its class only', () => {
    expect(() => Reflect.construct(WorkerModel, [])).toThrow(
      expect.objectContaining({
        code: 'E_ARGUMENT',
        message: expect.stringMatching(/^new WorkerModel\(\) makes no model; use await WorkerModel.create/),
      }),
    );
    expect(started).toEqual([]);
  });

  it('that was left in the middle of a loop says how to end the training', async () => {
    const { there, here } = await createBoth();
    for (const model of [there, here]) {
      const epochs = model.train(x, y, forever);
      await epochs.next();
      await expect(model.fit(x, y)).rejects.toMatchObject({
        code: 'E_BUSY',
        message: expect.stringContaining('call return() of its iterator, or dispose() of the model'),
      });
      model.dispose();
      await expect(epochs.next()).rejects.toMatchObject({ code: 'E_DISPOSED' });
    }
  });

  it('takes every option as SparseMLP does, and works on several threads', async () => {
    const { there, here } = await createBoth({
      density: [0.4, 0.2, 1],
      epsilon: undefined,
      topology: topology.ctreSim({ pruneFraction: 0.3, search: 'exact', rows: 64 }),
      initializer: initializer.glorot(),
      growInitializer: initializer.uniform({ bound: 0.1 }),
      seed: 'a text',
      threads: 3,
      metadata: { labels: ['a', 'b'] },
    });
    expect(there.threads).toBe(3);
    expect(there.warning).toBeUndefined();
    const sparse = CsrMatrix.fromDense({ ...x, data: x.data.map((v) => (Math.abs(v) < 0.5 ? 0 : v)) });
    const options = {
      epochs: 5,
      batchSize: 77,
      optimizer: optimizer.adam({ learningRate: 0.01 }),
      validation: { x: sparse, y },
      test: { x, y: Array.from(y) },
      patience: 2,
    };
    await there.fit(sparse, y, options);
    await here.fit(sparse, y, options);
    expect(here.history[0].testAccuracy).toBeDefined();
    await expectSame(there, here, sparse);
    const rows = Array.from({ length: 4 }, (_, r) => Array.from(x.data.subarray(12 * r, 12 * r + 12)));
    expect(await there.predict(rows)).toEqual(here.predict(rows));
    const validationRows = Int32Array.of(1, 2, 3);
    await there.fit(x, Uint8Array.from(y) as never, { epochs: 1, validationRows });
    await here.fit(x, y, { epochs: 1, validationRows });
    await expectSame(there, here, sparse);
  });

  it('takes schedules, AdamW, a bound of the norm and noise as SparseMLP does', async () => {
    const { there, here } = await createBoth({});
    for (const rates of [
      { schedule: schedule.cosine({ warmup: 0.25, endFactor: 0.1 }), clipNorm: 0.3 },
      { schedule: schedule.step({ stepSize: 2, gamma: 0.5 }), optimizer: optimizer.adamW() },
      { schedule: schedule.constant() },
      { denoise: { kind: 'gaussian' as const, amount: 0.2 } },
    ]) {
      await there.fit(x, y, { epochs: 2, ...rates });
      await here.fit(x, y, { epochs: 2, ...rates });
      await expectSame(there, here);
      const [sent, own] = [await there.checkpoint(), here.checkpoint()].map(
        (file) => decodeCheckpoint(file).training.conditions,
      );
      expect(sent).toEqual(own);
      expect(sent.clipNorm).toBe(rates.clipNorm);
      expect(sent.denoise).toBe(rates.denoise && '["gaussian",0.2]');
    }
  });

  it('takes activations as SparseMLP does', async () => {
    for (const own of [activation.allRelu(), activation.leakyRelu({ slope: 0.2 }), activation.linear()]) {
      const { there, here } = await createBoth({ activation: own });
      expect(there.activation).toEqual({ name: own.name, options: own.options });
      await there.fit(x, y, { epochs: 2 });
      await here.fit(x, y, { epochs: 2 });
      await expectSame(there, here);
      const loaded = ending(await WorkerModel.load(await there.save()));
      expect(loaded.activation).toEqual(here.activation);
    }
  });

  it('of a file, of weights and of patterns is the same, too', async () => {
    const { there, here } = await createBoth({ metadata: { kept: 1 } });
    await there.fit(x, y, { epochs: 2 });
    const bytes = await there.save();
    const loaded = ending(await WorkerModel.load(bytes, { maxBytes: 1e8 }));
    await expectSame(loaded, ending(await SparseMLP.load(bytes)));
    expect(bytes.length).toBeGreaterThan(0);
    const weights = here.layers;
    const options = { seed: 3, topology: topology.set(), metadata: { from: 'weights' } };
    const ofWeights = ending(await WorkerModel.fromWeights(weights, options));
    await expectSame(ofWeights, ending(await SparseMLP.fromWeights(weights, options)));
    const pattern = weights.map(({ weights: { rows, cols, indptr, indices } }) => {
      return { rows, cols, indptr, indices };
    });
    const ofPatterns = await createBoth({ pattern, epsilon: undefined });
    await expectSame(ofPatterns.there, ofPatterns.here);
  });

  it('gives layers that stay what they were, each access a copy', async () => {
    const model = await create();
    const [first] = await model.layers;
    const before = first.weights;
    first.weights.values.fill(0);
    first.bias.fill(7);
    await model.fit(x, y, { epochs: 1 });
    expect(first.weights).toEqual(before);
    expect(first.bias).toEqual(new Float32Array(60));
  });

  it('begins its history anew with every training', async () => {
    const model = await create();
    await model.fit(x, y, { epochs: 3 });
    const { epochs } = await model.fit(x, y, { epochs: 2 });
    expect(epochs.map(({ epoch }) => epoch)).toEqual([1, 2]);
    expect(model.epochs).toBe(5);
  });

  it('is one of several, each with its own training', async () => {
    const seeds = [1, 2, 3];
    const there = await Promise.all(
      seeds.map(async (seed) => {
        const model = await create({ seed });
        await model.fit(x, y, { epochs: 4 });
        return model;
      }),
    );
    for (const [at, seed] of seeds.entries()) {
      const here = ending(await SparseMLP.create({ layers, epsilon: 4, seed }));
      await here.fit(x, y, { epochs: 4 });
      expect(await there[at].save()).toEqual(here.save());
    }
  });

  it('answers while it trains, and refuses a checkpoint in the middle of an epoch', async () => {
    const big = quadrants(20_000, 12);
    const model = await create();
    const { signal, end } = ender();
    const fitting = model.fit(big.x, big.y, { ...forever, signal });
    expect(await model.predict(x)).toHaveLength(4 * 300);
    await expect(model.checkpoint()).rejects.toMatchObject({ code: 'E_BUSY' });
    expect(model.epochs).toBe(0);
    end();
    await expect(fitting).rejects.toMatchObject({ code: 'E_ABORTED' });
  });

  it('starts as the kernels of this thread did', async () => {
    const post = vi.spyOn(Worker.prototype, 'postMessage');
    await init();
    await create();
    expect(post.mock.calls[0][0]).toMatchObject({ name: 'init', args: [undefined, false] });
    const link = new Link(() => {});
    models.push({ dispose: () => link.close(new CtreError('E_DISPOSED', 'over')) });
    const nothing = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
    await expect(link.ask('init', [nothing])).rejects.toMatchObject({ code: 'E_ENGINE' });
  });

  it('keeps no process from ending, but waits for what it was asked', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ctre-worker-'));
    const program = join(folder, 'program.mjs');
    const dist = JSON.stringify(new URL('../../../dist/index.js', import.meta.url));
    writeFileSync(
      program,
      `import { WorkerModel } from ${dist};
      const model = await WorkerModel.create({ layers: [2, 3, 2], threads: 2 });
      await model.fit([[0, 1], [1, 0]], [0, 1], { epochs: 20 });
      console.log(model.epochs);`,
    );
    try {
      const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 30_000 });
      expect(stdout).toBe('20\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

function ender() {
  const controller = new AbortController();
  return { signal: controller.signal, end: (reason?: unknown) => controller.abort(reason) };
}

describe('a training in a worker', () => {
  it.each([1, 2])(`is ended by its signal at any time (%s threads, seed ${runSeed})`, async (threads) => {
    const random = runRandom(`worker/abort/${threads}`);
    const model = await create({ threads });
    for (let run = 0; run < effort(20, 300); run++) {
      const { signal, end } = ender();
      const delay = 40 * random.next();
      const what = `CTRE_SEED=${runSeed}, run ${run}, after ${delay} ms`;
      const fitting = model.fit(x, y, { ...forever, signal });
      setTimeout(() => end(what), delay);
      await expect(fitting, what).rejects.toMatchObject({ code: 'E_ABORTED', cause: what });
      expect(getEventListeners(signal, 'abort'), what).toEqual([]);
      const { epochs } = model;
      await model.fit(x, y, { epochs: 1 });
      expect(model.epochs, what).toBe(epochs + 1);
      expect((await model.predict(x)).every(Number.isFinite), what).toBe(true);
    }
  });

  it('does not wait for the end of the epoch', async () => {
    // An epoch of seconds.
    const big = quadrants(100_000, 12);
    const model = await create({ layers: [12, 1000, 1000, 4], epsilon: 40 });
    const { signal, end } = ender();
    const fitting = model.fit(big.x, big.y, { batchSize: 32, signal });
    setTimeout(end, 300);
    await expect(fitting).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(model.epochs).toBe(0);
  });

  it('that was aborted before it began takes nothing', async () => {
    const model = await create();
    const { x: mine } = quadrants(300, 12);
    const signal = AbortSignal.abort('no');
    await expect(model.fit(mine, y, { signal, transfer: true })).rejects.toMatchObject({
      code: 'E_ABORTED',
      cause: 'no',
    });
    expect(mine.data).toHaveLength(3600);
    const { signal: later, end } = ender();
    const epochs = model.train(x, y, { ...forever, signal: later });
    await epochs.next();
    end();
    await expect(epochs.next()).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(model.epochs).toBe(1);
  });

  it('is left by break, return and throw, and the model goes on', async () => {
    const { there, here } = await createBoth();
    for await (const { epoch } of there.train(x, y, forever)) if (epoch === 2) break;
    for await (const { epoch } of here.train(x, y, forever)) if (epoch === 2) break;
    await expectSame(there, here);
    const returned = there.train(x, y, forever);
    await returned.next();
    expect(await returned.return()).toEqual({ done: true, value: undefined });
    expect(await returned.next()).toEqual({ done: true, value: undefined });
    const mine = new Error('mine');
    const onEpoch = () => {
      throw mine;
    };
    await expect(there.fit(x, y, { ...forever, onEpoch })).rejects.toBe(mine);
    await there.train(x, y, forever).return();
    const { epochs } = there;
    await there.fit(x, y, { epochs: 2 });
    expect(there.epochs).toBe(epochs + 2);
  });

  it('is alone: another one is refused, and takes nothing', async () => {
    const { there, here } = await createBoth();
    const { x: mine } = quadrants(300, 12);
    const fitting = there.fit(x, y, { epochs: 20 });
    await expect(there.fit(mine, y, { transfer: true })).rejects.toMatchObject({ code: 'E_BUSY' });
    expect(mine.data).toHaveLength(3600);
    await fitting;
    await here.fit(x, y, { epochs: 20 });
    await expectSame(there, here);
  });
});

describe('samples', () => {
  interface Posted {
    readonly name: string;
    readonly args: readonly unknown[];
  }
  /** What was posted by the name of the call, and what was handed over with it. */
  function posted(name: string, post: { mock: { calls: unknown[][] } }) {
    const [message, transfer] =
      post.mock.calls.findLast(([request]) => (request as Posted).name === name) ?? [];
    return { args: (message as Posted).args, transfer: transfer as ArrayBuffer[] };
  }

  it('go over as a copy, of no more than they are', async () => {
    const { there, here } = await createBoth();
    const post = vi.spyOn(Worker.prototype, 'postMessage');
    const wide = new Float32Array(2 ** 20);
    wide.set(x.data, 1000);
    const within = { ...x, data: wide.subarray(1000, 1000 + x.data.length) };
    expect(await there.predict(within)).toEqual(here.predict(x));
    expect(within.data).toEqual(x.data);
    expect(posted('predict', post).transfer.map(({ byteLength }) => byteLength)).toEqual([0]);
    await there.fit(x, y, { epochs: 1 });
    expect(x.data).toHaveLength(3600);
    expect(y).toHaveLength(300);
  });

  it('that are transferred are detached here, and not copied', async () => {
    const { there, here } = await createBoth();
    const take = () => {
      const { x, y } = quadrants(300, 12);
      return { x, y, sparse: CsrMatrix.fromDense(x) };
    };
    const [train, validation, test, seen] = [take(), take(), take(), take()];
    const post = vi.spyOn(Worker.prototype, 'postMessage');
    const buffer = train.x.data.buffer;
    await there.fit(train.x, train.y, {
      epochs: 2,
      validation: { x: validation.sparse, y: validation.y },
      test,
      transfer: true,
    });
    const { args, transfer } = posted('train', post);
    // The very arrays, and their own buffers.
    expect((args[0] as { x: { given: typeof x } }).x.given.data).toBe(train.x.data);
    expect(transfer).toContain(buffer);
    const { indptr, indices, values } = validation.sparse;
    for (const array of [train.x.data, train.y, indptr, indices, values, validation.y, test.x.data, test.y]) {
      expect([array.length, array.buffer.byteLength]).toEqual([0, 0]);
    }
    const { x: data, y: labels, sparse } = take();
    await here.fit(data, labels, { epochs: 2, validation: { x: sparse, y: labels }, test: take() });
    await expectSame(there, here);
    expect(await there.evaluate(seen.x, seen.y, { transfer: true })).toEqual(here.evaluate(x, y));
    expect([seen.x.data.length, seen.y.length]).toEqual([0, 0]);
    expect(await there.predict(seen.sparse, { transfer: true })).toEqual(here.predict(x));
    expect(seen.sparse.values).toHaveLength(0);
  });

  it('of one buffer go over together', async () => {
    const model = await create();
    const { buffer } = x.data.slice();
    const halves = [0, 1].map((h) => ({
      rows: 150,
      cols: 12,
      data: new Float32Array(buffer, 7200 * h, 1800),
    }));
    const [first, second] = halves;
    const test = { x: second, y: y.slice(150) };
    await model.fit(first, y.slice(0, 150), { epochs: 1, test, transfer: true });
    expect([first.data.length, second.data.length]).toEqual([0, 0]);
  });

  it('in shared memory stay where they are', async () => {
    const { there, here } = await createBoth();
    const post = vi.spyOn(Worker.prototype, 'postMessage');
    const shared = { ...x, data: new Float32Array(new SharedArrayBuffer(4 * x.data.length)) };
    const labels = new Int32Array(new SharedArrayBuffer(4 * y.length));
    shared.data.set(x.data);
    labels.set(y);
    for (const transfer of [false, true]) {
      await there.fit(shared, labels, { epochs: 2, transfer });
      await here.fit(x, y, { epochs: 2 });
      const { args, transfer: handedOver } = posted('train', post);
      expect(handedOver).toEqual([]);
      expect((args[0] as { x: { given: typeof x } }).x.given.data).toBe(shared.data);
    }
    await expectSame(there, here);
    // What is written later is what is read later.
    shared.data.fill(0);
    expect(await there.predict(shared)).toEqual(here.predict({ ...x, data: new Float32Array(3600) }));
  });
});

describe('errors', () => {
  const wrong: [string, (model: WorkerModel | SparseMLP) => unknown, string][] = [
    ['an unknown option', (m) => m.fit(x, y, { epoch: 3 } as never), 'E_ARGUMENT'],
    ['no epochs', (m) => m.fit(x, y, { epochs: 0 }), 'E_ARGUMENT'],
    ['edits that are no yes or no', (m) => m.fit(x, y, { edits: 1 } as never), 'E_ARGUMENT'],
    ['no signal', (m) => m.fit(x, y, { signal: 1 } as never), 'E_ARGUMENT'],
    ['no validation', (m) => m.fit(x, y, { validation: null } as never), 'E_ARGUMENT'],
    ['no listener', (m) => m.fit(x, y, { onEpoch: 1 } as never), 'E_ARGUMENT'],
    ['other columns', (m) => m.fit({ ...x, rows: 600, cols: 6 }, y), 'E_SHAPE'],
    ['other labels', (m) => m.evaluate(x, y.slice(1)), 'E_SHAPE'],
    [
      'a label too many',
      (m) =>
        m.fit(
          x,
          y.map(() => 4),
        ),
      'E_LABEL',
    ],
    ['what is no number', (m) => m.predict({ ...x, data: x.data.map(() => Number.NaN) }), 'E_NOT_FINITE'],
    ['no samples', (m) => m.predict(undefined as never), 'E_ARGUMENT'],
    ['a checkpoint of no training', (m) => m.checkpoint(), 'E_ARGUMENT'],
    ['metadata that are no JSON', (m) => m.save(1 as never), 'E_ARGUMENT'],
    [
      'a loss without bounds',
      (m) => m.fit(x, y, { optimizer: optimizer.sgd({ learningRate: 1e30 }) }),
      'E_DIVERGED',
    ],
  ];
  const reasonOf = async (call: () => unknown): Promise<unknown> => {
    try {
      await call();
    } catch (reason) {
      return reason;
    }
    return undefined;
  };

  it.each(wrong)('%s: the code and the sentence of SparseMLP', async (_, call, code) => {
    const { there, here } = await createBoth();
    const reason = await reasonOf(() => call(there));
    expect(reason).toBeInstanceOf(CtreError);
    expect(reason).toMatchObject({ code });
    const { message } = (await reasonOf(() => call(here))) as CtreError;
    expect((reason as CtreError).message.replace(' transfer,', '')).toBe(message);
    expect(await there.predict(x)).toEqual(here.predict(x));
  });

  it.each<[string, () => Promise<WorkerModel>, string]>([
    ['no layers', () => create({ layers: [3] }), 'E_ARGUMENT'],
    ['an unknown option', () => create({ layer: 3 } as never), 'E_ARGUMENT'],
    ['too many threads', () => create({ threads: 1000 }), 'E_ARGUMENT'],
    ['no network that fits', () => create({ layers: [2 ** 25, 2 ** 25, 2], epsilon: 1e5 }), 'E_MEMORY'],
    ['no file', () => WorkerModel.load(Uint8Array.of(1, 2, 3)), 'E_FORMAT'],
    ['no bytes', () => WorkerModel.load('file' as never), 'E_ARGUMENT'],
    ['no checkpoint', () => WorkerModel.resume(new Uint8Array(100)), 'E_FORMAT'],
    ['no weights', () => WorkerModel.fromWeights([]), 'E_ARGUMENT'],
    ['metadata that are no JSON', () => create({ metadata: 3 as never }), 'E_ARGUMENT'],
    ['a function for a seed', () => create({ seed: (() => 1) as never }), 'E_ARGUMENT'],
  ])('%s: no model, and no worker stays', async (_, make, code) => {
    await expect(make()).rejects.toMatchObject({ name: 'CtreError', code });
    await ended(started);
  });

  const set = topology.set();
  const sgd = optimizer.sgd();
  it.each<[string, Partial<CreateOptions>, WorkerTrainOptions]>([
    ['a topology', { topology: { ...set, name: 'mine' } }, {}],
    ['a topology under a name of ours', { topology: { ...set, evolve: () => expect.fail() } }, {}],
    ['one with a part more', { topology: { ...topology.fixed(), evolve: set.evolve } }, {}],
    ['a schedule', { topology: { ...set, isDue: () => true } }, {}],
    ['options that are others', { topology: { ...set, options: { pruneFraction: 0.7 } } }, {}],
    ['an initialiser', { initializer: { ...initializer.glorot(), bound: () => 1 } }, {}],
    ['an activation', { activation: { ...activation.relu(), slope: () => 0.5 } }, {}],
    ['an initialiser for growth', { growInitializer: { name: 'mine', options: {}, bound: () => 1 } }, {}],
    ['an optimiser', {}, { optimizer: { ...sgd, step: (...args) => sgd.step(...args) } }],
    ['a schedule of the rate', {}, { schedule: { ...schedule.cosine(), factor: () => 1 } }],
  ])('%s of one’s own is refused, and the sentence says what to do', async (_, options, training) => {
    const making = (async () => (await create(options)).fit(x, y, training))();
    await expect(making).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    await expect(making).rejects.toThrow(/cannot go to a worker; train it with SparseMLP/);
  });

  it('what no message can hold is refused, and harms nothing', async () => {
    const model = await create();
    const once = { rows: 1, cols: 12, data: new Float32Array(12) };
    expect(await model.predict(once, { transfer: true })).toHaveLength(4);
    const why = { code: 'E_ARGUMENT', message: expect.stringMatching(/^what predict was given cannot go/) };
    // It is empty now.
    await expect(model.predict(once, { transfer: true })).rejects.toMatchObject({ code: 'E_SHAPE' });
    await expect(model.predict([[() => 1]] as never)).rejects.toMatchObject(why);
    await expect(model.predict(new Proxy([[1]], {}) as never)).rejects.toMatchObject(why);
    await expect(model.predict(x, { transfer: 1 } as never)).rejects.toThrow('expected true or false');
    expect(x.data).toHaveLength(3600);
    await expect(model.fit(x, y, { optimizer: null } as never)).rejects.toMatchObject({ code: 'E_ARGUMENT' });
  });

  it('what does not arrive is an error, and later calls are answered', async () => {
    const link = new Link(() => {});
    models.push({ dispose: () => link.close(new CtreError('E_DISPOSED', 'over')) });
    const given = new Float32Array(3);
    structuredClone(given.buffer, { transfer: [given.buffer] });
    await link.ask('leave', []);
    const lost = link.ask('predict', [{ given }], [given.buffer]);
    const found = link.ask('abort', []);
    await expect(lost).rejects.toMatchObject({
      code: 'E_MEMORY',
      message: expect.stringMatching(/not arrive/),
    });
    expect(await found).toBeUndefined();
  });

  it('where there are no workers a sentence says what to do', async () => {
    const { getBuiltinModule } = process;
    Reflect.set(process, 'getBuiltinModule', undefined);
    try {
      await expect(create()).rejects.toMatchObject({
        code: 'E_ENGINE',
        message: 'no worker can be started here (there are no workers here); SparseMLP works without one',
      });
    } finally {
      process.getBuiltinModule = getBuiltinModule;
    }
  });
});

/** All of the workers have ended, or will in a moment. */
async function ended(workers: readonly Worker[]): Promise<void> {
  await vi.waitFor(
    () => expect(workers.map(({ threadId }) => threadId)).toEqual(workers.map(() => -1)),
    5000,
  );
}

describe('the end', () => {
  it('of a model ends its worker and its threads, and all that waits', async () => {
    const model = await create({ threads: 3 });
    const own = started.slice();
    const training = model.train(x, y, forever);
    await training.next();
    const waiting = [training.next(), model.predict(x), model.fit(x, y)];
    model.dispose();
    model.dispose();
    const codes = await Promise.all(
      waiting.map((call) =>
        call.then(
          () => '',
          ({ code }) => code,
        ),
      ),
    );
    expect(codes).toEqual(['E_DISPOSED', 'E_DISPOSED', 'E_BUSY']);
    await expect(model.predict(x)).rejects.toMatchObject({ code: 'E_DISPOSED' });
    await expect(model.layers).rejects.toMatchObject({ code: 'E_DISPOSED' });
    expect(() => model.nnz).toThrow(expect.objectContaining({ code: 'E_DISPOSED' }));
    expect(() => model.train(x, y)).toThrow(expect.objectContaining({ code: 'E_DISPOSED' }));
    expect(await training.next()).toEqual({ done: true, value: undefined });
    await ended(own);
    const { [Symbol.dispose]: end } = await create();
    expect(end).toBeTypeOf('function');
  });

  it('of a worker that is killed fails all that waits, and all that comes, with one sentence', async () => {
    const model = await create();
    const [worker] = started;
    const { signal } = ender();
    const waiting = [model.fit(x, y, { ...forever, signal }), model.predict(quadrants(100_000, 12).x)];
    const outcomes = Promise.all(
      waiting.map((call) =>
        call.then(
          () => undefined,
          (reason) => reason,
        ),
      ),
    );
    await worker.terminate();
    for (const reason of await outcomes) {
      expect(reason).toBeInstanceOf(CtreError);
      expect(reason).toMatchObject({
        code: 'E_WORKER_DIED',
        message:
          "the model's worker died: it exited with code 1; make the model anew, from a checkpoint where " +
          'there is one',
      });
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    await expect(model.save()).rejects.toMatchObject({ code: 'E_WORKER_DIED' });
    model.dispose();
    await expect(model.save()).rejects.toMatchObject({ code: 'E_WORKER_DIED' });
  });

  it('of 200 models leaves no worker and no memory behind', async () => {
    let settled = 0;
    const own: Worker[] = [];
    for (let cycle = 0; cycle < effort(200, 2000); cycle++) {
      using model = await WorkerModel.create({
        layers,
        epsilon: 4,
        seed: cycle,
        threads: cycle % 10 === 0 ? 2 : 1,
      });
      if (cycle % 4 === 0) await model.fit(x, y, { epochs: 1, transfer: false });
      own.push(...started.splice(0));
      if (own.length % 20 === 0) await ended(own.slice(0, -1));
      if (cycle === 100) settled = process.memoryUsage().rss;
    }
    await ended(own);
    // A hundred workers that stayed would take several hundred MiB.
    expect(process.memoryUsage().rss - settled).toBeLessThan(100 * 2 ** 20);
  });
});

describe("a model's pipeline in a worker", () => {
  const cities = ['Rome', 'Oslo', 'Bern'];
  const rows = Array.from({ length: 90 }, (_, row) => ({ city: cities[(row * 7) % 3], size: 100 + row }));
  const csv = `city,size,label\n${rows.map(({ city, size }) => `${city},${size},${city === 'Rome' ? 'yes' : 'no'}`).join('\n')}\n`;

  async function trained(): Promise<{ bytes: Uint8Array; expected: string[] }> {
    const { table, labels, labelNames } = readDataset({ 'a.csv': new TextEncoder().encode(csv) });
    if (table === undefined) throw new Error('a CSV file is a table');
    const { pipeline } = learnColumns(table);
    const encoded = pipeline.transformColumns(table.columns, rows.length);
    const model = ending(await SparseMLP.create({ layers: [encoded.x.cols, 20, 2], density: 1 }));
    await model.fit(encoded.x, labels, { epochs: 40, batchSize: 10 });
    const expected = rows.map(({ city }) => (city === 'Rome' ? 'yes' : 'no'));
    return { bytes: model.save({ labelNames, pipeline }), expected };
  }

  it('takes rows as the file had them, and answers as SparseMLP does', async () => {
    const { bytes, expected } = await trained();
    const there = ending(await WorkerModel.load(bytes));
    const here = ending(await SparseMLP.load(bytes));
    expect(there.pipeline?.columns).toEqual(here.pipeline?.columns);
    expect(there.pipeline?.changesRows).toBe(true);
    expect(await there.pipeline?.predict(rows)).toEqual(expected);
    expect(here.pipeline?.predict(rows)).toEqual(expected);
    const ours = here.pipeline?.transform([...rows, { city: 'Paris', size: 7 }]);
    expect(await there.pipeline?.transform([...rows, { city: 'Paris', size: 7 }])).toEqual(ours);
    await expect(there.pipeline?.predict([{ size: 1 }])).rejects.toThrow(/row 1 has no "city"/);
  });

  it('is the only way: other calls take what it made, and refuse all else', async () => {
    const { bytes, expected } = await trained();
    const there = ending(await WorkerModel.load(bytes));
    const made = await there.pipeline?.transform(rows);
    if (made === undefined) throw new Error('no pipeline');
    expect(await there.predictLabels(made.x)).toEqual(expected);
    const labels = Int32Array.from(expected, (name) => Number(name === 'yes'));
    expect((await there.evaluate(made.x, labels)).accuracy).toBe(1);
    await there.fit(made.x, labels, { epochs: 1 });
    await expect(there.predict({ ...made.x } as DenseMatrix)).rejects.toThrow(/scaled or encoded first/);
    const prepared = ending(await WorkerModel.load(bytes, { prepared: true }));
    expect(await prepared.predictLabels(made.x)).toEqual(expected);
  });

  it('is not there for models without notes, or new ones', async () => {
    const model = await create();
    expect(model.pipeline).toBeUndefined();
    expect(ending(await WorkerModel.load(await model.save())).pipeline).toBeUndefined();
  });
});
