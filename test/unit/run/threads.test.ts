import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { getSharedEngine } from '../../../src/engine/engine.ts';
import { initializer, SparseMLP, topology } from '../../../src/index.ts';
import { WorkerPool } from '../../../src/run/pool.ts';
import { availableThreads, startWorker, whyNoThreads } from '../../../src/run/startWorker.ts';
import { runNow, Turns } from '../../../src/run/turns.ts';
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

describe('the sampled and the grouped search', () => {
  it('give the same bits on any number of threads', async () => {
    const run = async (threads: number) => {
      const model = await SparseMLP.create({
        // Of neurons that fire there are more pairs than the search bounds itself to; sparser, they would be too few.
        layers: [24, 4500, 4500, 4],
        epsilon: 4,
        topology: topology.ctreSim({ search: { sampleRows: 64, oversample: 2 } }),
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
      expect(model.warning).toMatch(/one thread instead of 4: .*isolated/);
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

describe('a pool', () => {
  it('has its workers do their share', async () => {
    const engine = await getSharedEngine();
    const pool = await WorkerPool.start(engine, 2);
    const n = 300;
    const a = engine.arena.allocate(4 * 32 * n);
    const g = engine.arena.allocate(4 * n * n);
    let here = 0;
    const jobs = 2000;
    runNow(
      pool.run(jobs, (kernels) => {
        if (kernels === engine.kernels) here++;
        kernels.products(a, a, g, n, n, false, 32);
      }),
    );
    expect(here).toBeGreaterThan(0);
    expect(here).toBeLessThan(jobs);
    engine.arena.release(a, 4 * 32 * n);
    engine.arena.release(g, 4 * n * n);
    pool.close();
  });
});

it('a pool makes more calls than its program has room for on the calling thread', async () => {
  const engine = await getSharedEngine();
  const pool = await WorkerPool.start(engine, 2);
  const pointer = engine.arena.allocate(64);
  const values = new Float32Array(engine.arena.memory.buffer, pointer, 2);
  values.set([0, 1]);
  // Five elements of the program for each call: one job fits, both together do not.
  const calls = 60_000;
  const here = [0, 0];
  runNow(
    pool.run(2, (kernels, index) => {
      if (kernels === engine.kernels) here[index]++;
      for (let call = 0; call < calls; call++) kernels.addTo(pointer, pointer + 4, 1);
    }),
  );
  expect(here).toEqual([1, 1]);
  expect(values[0]).toBe(2 * calls);
  engine.arena.release(pointer, 64);
  pool.close();
});

describe('in a browser', () => {
  /** What a page's Worker was asked for; nothing else answers here. */
  class PageWorker {
    static started: PageWorker[] = [];
    onmessage: (event: { data: unknown }) => void = () => {};
    onerror: (event: { message?: string }) => void = () => {};
    messages: unknown[] = [];
    ended = false;
    readonly url: URL;
    readonly options: unknown;
    constructor(url: URL, options: unknown) {
      this.url = url;
      this.options = options;
      PageWorker.started.push(this);
    }
    postMessage(message: unknown): void {
      this.messages.push(message);
    }
    terminate(): void {
      this.ended = true;
    }
  }
  const { getBuiltinModule } = process;
  beforeEach(() => {
    PageWorker.started = [];
    Reflect.set(process, 'getBuiltinModule', undefined);
    vi.stubGlobal('Worker', PageWorker);
  });
  afterEach(() => {
    process.getBuiltinModule = getBuiltinModule;
    vi.unstubAllGlobals();
  });

  it('threads are as many as the page is told of, or one', () => {
    vi.stubGlobal('navigator', { hardwareConcurrency: 6 });
    expect(availableThreads()).toBe(6);
    vi.stubGlobal('navigator', undefined);
    expect(availableThreads()).toBe(1);
  });

  it('threads need isolation and workers', () => {
    expect(whyNoThreads()).toBeUndefined();
    vi.stubGlobal('crossOriginIsolated', false);
    expect(whyNoThreads()).toContain('the page is not cross-origin isolated');
    vi.stubGlobal('crossOriginIsolated', true);
    vi.stubGlobal('Worker', undefined);
    expect(whyNoThreads()).toBe('there are no workers here');
  });

  it('a worker is a module that gets its data, and says what becomes of it', () => {
    const events: string[] = [];
    const file = {
      inNode: () => expect.fail('this is a page'),
      onPage: () => new Worker(new URL('file:///some/file.mjs'), { type: 'module' }),
    };
    const handle = startWorker(
      file,
      { message: (data) => events.push(String(data)), died: (reason) => events.push(reason) },
      { self: 1 },
    );
    const [worker] = PageWorker.started;
    expect(worker.url.pathname).toMatch(/\/file\.mjs$/);
    expect([worker.options, worker.messages]).toEqual([{ type: 'module' }, [{ self: 1 }]]);
    worker.onmessage({ data: 'ready' });
    worker.onerror({ message: 'out of memory' });
    worker.onerror({});
    expect(events).toEqual(['ready', 'out of memory', 'its file could not be loaded']);
    handle.terminate();
    expect(worker.ended).toBe(true);
  });

  it('a pool whose workers die as they start is the calling thread, and says why', async () => {
    const engine = await getSharedEngine();
    const start = WorkerPool.start(engine, 3);
    for (const worker of PageWorker.started) {
      expect(worker.url.pathname).toMatch(/\/workers\/worker\.mjs$/);
      worker.onerror({});
    }
    const pool = await start;
    expect(pool.threads).toBe(1);
    expect(pool.warning).toBe('one thread instead of more: its file could not be loaded');
    expect(PageWorker.started.map(({ ended }) => ended)).toEqual([true, true]);
  });

  it('a pool whose workers are refused is the calling thread, and says why', async () => {
    class RefusedWorker {
      constructor() {
        throw new DOMException(
          'Script at https://example.org/ cannot be accessed from origin',
          'SecurityError',
        );
      }
    }
    vi.stubGlobal('Worker', RefusedWorker);
    const pool = await WorkerPool.start(await getSharedEngine(), 3);
    expect(pool.threads).toBe(1);
    expect(pool.warning).toMatch(/^one thread instead of more: Script at .* cannot be accessed/);
  });

  it('a pool whose workers fall silent says so, and works on alone', async () => {
    const engine = await getSharedEngine();
    const start = WorkerPool.start(engine, 2);
    PageWorker.started[0].onmessage({ data: 'ready' });
    const pool = await start;
    expect(pool.threads).toBe(2);
    // A worker that took a job and never ends it. Time passes with every look at the clock.
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 50));
    const control = PageWorker.started[0].messages[0] as { control: Int32Array };
    let taken = false;
    try {
      expect(() =>
        runNow(
          pool.run(4, (kernels) => {
            if (kernels === engine.kernels && !taken) {
              taken = true;
              Atomics.sub(control.control, 17, 1);
            }
          }),
        ),
      ).toThrow(
        expect.objectContaining({
          code: 'E_WORKER_DIED',
          message:
            'a worker fell silent; the step under way may be half made: go on from a checkpoint. Later work runs on one thread',
        }),
      );
    } finally {
      vi.restoreAllMocks();
    }
    expect(pool.warning).toBe('one thread instead of more: a worker fell silent');
    expect(pool.threads).toBe(1);
  });

  it('work that is left early waits for a job that was taken, but not for ever, and leaves none to take', async () => {
    const engine = await getSharedEngine();
    const start = WorkerPool.start(engine, 2);
    PageWorker.started[0].onmessage({ data: 'ready' });
    const pool = await start;
    const { control } = PageWorker.started[0].messages[0] as { control: Int32Array };
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 50));
    try {
      const work = pool.run(4, () => {});
      work.next();
      // The worker takes one of its two jobs.
      expect(Atomics.sub(control, 17, 1)).toBe(2);
      work.return();
    } finally {
      vi.restoreAllMocks();
    }
    // Jobs of 50 ms: a worker that makes no call for 0.9 s is not waited for any longer.
    expect(now).toBeGreaterThan(900);
    expect(now).toBeLessThan(1500);
    expect(Array.from(control.subarray(16, 18))).toEqual([0, 0]);
    pool.close();
  });
});

describe('a worker that dies', () => {
  /** A pool, and a way to end one of its workers from outside, as a crash would. */
  async function startPool(threads: number) {
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const started: InstanceType<typeof Worker>[] = [];
    const original = Worker.prototype.unref;
    Worker.prototype.unref = function unref() {
      started.push(this);
      return original.call(this);
    };
    try {
      const engine = await getSharedEngine();
      return { engine, pool: await WorkerPool.start(engine, threads), started };
    } finally {
      Worker.prototype.unref = original;
    }
  }

  it('in the middle of the work makes it fail within a second, and later work runs on one thread', async () => {
    const { engine, pool, started } = await startPool(3);
    const n = 400;
    const a = engine.arena.allocate(4 * 32 * n);
    const g = engine.arena.allocate(4 * n * n);
    const job = (kernels: typeof engine.kernels) => kernels.products(a, a, g, n, n, false, 32);
    const work = new Turns(undefined).run(pool.run(20_000, job));
    let died = 0;
    started[0].on('exit', () => {
      died = performance.now();
    });
    setTimeout(() => started[0].terminate(), 20);
    await expect(work).rejects.toMatchObject({ code: 'E_WORKER_DIED' });
    // The whole work takes several seconds.
    expect(performance.now() - died).toBeLessThan(1000);
    expect(pool.threads).toBe(1);
    expect(pool.warning).toMatch(/one thread instead of more/);
    runNow(pool.run(3, job));
    engine.arena.release(a, 4 * 32 * n);
    engine.arena.release(g, 4 * n * n);
    pool.close();
  });

  it('is noticed by a caller that gives the event loop no turn, too', async () => {
    const { engine, pool, started } = await startPool(2);
    const n = 400;
    const a = engine.arena.allocate(4 * 32 * n);
    const g = engine.arena.allocate(4 * n * n);
    const job = (kernels: typeof engine.kernels) => kernels.products(a, a, g, n, n, false, 32);
    let last = 0;
    const watched = (kernels: typeof engine.kernels) => {
      job(kernels);
      if (kernels === engine.kernels) last = performance.now();
    };
    // The worker ends in the middle of a job, or between two: then the caller does the rest and nothing is missed.
    started[0].terminate();
    try {
      runNow(pool.run(4000, watched));
    } catch (error) {
      expect(error).toMatchObject({ code: 'E_WORKER_DIED' });
      expect(performance.now() - last).toBeLessThan(3000);
    }
    engine.arena.release(a, 4 * 32 * n);
    engine.arena.release(g, 4 * n * n);
    pool.close();
  });

  it('while nothing is to do leaves one thread', async () => {
    const { pool, started } = await startPool(2);
    await started[0].terminate();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(pool.threads).toBe(1);
  });
});
