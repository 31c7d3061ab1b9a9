import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { getSharedEngine } from '../../../src/engine/training.ts';
import { WorkerPool } from '../../../src/run/pool.ts';
import { availableThreads, startWorker, whyNoThreads } from '../../../src/run/startWorker.ts';
import { runNow, Turns } from '../../../src/run/turns.ts';

/**
 * Places in the control words of a pool of two, and what a worker's state is; src/run/worker.mjs knows them,
 * too.
 */
const [DONE, LEFT, STATE] = [1, 16, 18];
const [IDLE, WORKING] = [0, 1];

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
    vi.restoreAllMocks();
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
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect(whyNoThreads()).toMatch(/^the page is cross-origin isolated, but .*no SharedArrayBuffer/);
    vi.stubGlobal('crossOriginIsolated', undefined);
    expect(whyNoThreads()).toMatch(/^this engine has no SharedArrayBuffer/);
    vi.unstubAllGlobals();
    vi.stubGlobal('crossOriginIsolated', true);
    vi.stubGlobal('Worker', undefined);
    expect(whyNoThreads()).toBe('there are no workers here');
    vi.unstubAllGlobals();
    vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
    expect(whyNoThreads()).toBe('a Cloudflare Worker starts no others');
  });

  it('a worker is a module that gets its data, and says what becomes of it', async () => {
    const events: string[] = [];
    const file = {
      name: 'some file',
      address: () => new URL('file:///some/file.mjs'),
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
    await vi.waitFor(() => expect(events[2]).toBe('its file could not be loaded'));
    expect(events).toEqual(['ready', 'out of memory', 'its file could not be loaded']);
    handle.terminate();
    expect(worker.ended).toBe(true);
  });

  it('a pool whose workers die as they start is the calling thread, and says why', async () => {
    const engine = await getSharedEngine();
    const start = WorkerPool.start(engine, 3);
    for (const worker of PageWorker.started) {
      expect(worker.url.pathname).toMatch(/\/run\/worker\.mjs$/);
      worker.onerror({});
    }
    const pool = await start;
    expect(pool.threads).toBe(1);
    expect(pool.warning).toBe(
      'one thread instead of 3: a worker did not start: its file could not be loaded',
    );
    expect(PageWorker.started.map(({ ended }) => ended)).toEqual([true, true]);
  });

  describe('a worker whose file is not loaded says why', () => {
    const isolated = { 'content-type': 'text/javascript', 'cross-origin-embedder-policy': 'require-corp' };
    const answer = (status: number, headers: Record<string, string>) => new Response('', { status, headers });

    it.each([
      { why: 'not found', answered: answer(404, isolated), said: /^its file \S+file\.mjs answered 404$/ },
      {
        why: 'a page in its place',
        answered: answer(200, { ...isolated, 'content-type': 'text/html' }),
        said: /came as text\/html, not as JavaScript$/,
      },
      {
        why: 'not isolated',
        answered: answer(200, { 'content-type': 'text/javascript' }),
        said: /came without Cross-Origin-Embedder-Policy: require-corp/,
      },
      { why: 'refused', answered: answer(200, isolated), said: /^the Content-Security-Policy refuses/ },
      {
        why: 'for no known reason',
        answered: answer(200, isolated),
        said: /^its file, or what that imports, could not/,
      },
    ])('$why', async ({ why, answered, said }) => {
      const document = new EventTarget();
      vi.stubGlobal('document', document);
      vi.stubGlobal('crossOriginIsolated', true);
      vi.stubGlobal('fetch', async () => answered);
      const reasons: string[] = [];
      const file = {
        name: 'some file',
        address: () => new URL('http://localhost/file.mjs'),
        onPage: () => new Worker(new URL('http://localhost/file.mjs'), { type: 'module' }),
      };
      startWorker(file, { message() {}, died: (reason) => reasons.push(reason) });
      if (why === 'refused') {
        const event = new Event('securitypolicyviolation');
        document.dispatchEvent(Object.assign(event, { effectiveDirective: 'worker-src' }));
      }
      PageWorker.started[0].onerror({});
      await vi.waitFor(() => expect(reasons).toEqual([expect.stringMatching(said)]));
    });
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
    expect(pool.warning).toMatch(/^one thread instead of 3: Script at .* cannot be accessed/);
  });

  /** A started pool of workers that do nothing by themselves. */
  async function startPool(threads: number) {
    const engine = await getSharedEngine();
    const start = WorkerPool.start(engine, threads);
    const { started } = PageWorker;
    for (const worker of started) worker.onmessage({ data: 'ready' });
    const pool = await start;
    expect([pool.threads, pool.warning]).toEqual([threads, undefined]);
    const { control } = started[0].messages[0] as { control: Int32Array };
    return {
      ...{ engine, pool, control, started },
      /** What a worker does that takes one of its own jobs. */
      takeJob(self: number): void {
        Atomics.store(control, STATE + self, WORKING);
        expect(Atomics.sub(control, LEFT + self, 1)).toBeGreaterThan(0);
      },
      /** What it does once that job is done. */
      endJob(self: number): void {
        Atomics.add(control, DONE, 1);
        Atomics.store(control, STATE + self, IDLE);
      },
    };
  }

  /** Has time pass with every look at the clock; `watch` is told of it. */
  function passTime(milliseconds: number, watch: (now: number) => void = () => {}): () => number {
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => {
      now += milliseconds;
      watch(now);
      return now;
    });
    return () => now;
  }

  it('a worker that dies while others start is the reason given, at once', async () => {
    const engine = await getSharedEngine();
    const start = WorkerPool.start(engine, 4);
    PageWorker.started[0].onmessage({ data: 'ready' });
    PageWorker.started[1].onerror({ message: 'out of memory' });
    const begin = performance.now();
    const pool = await start;
    expect(performance.now() - begin).toBeLessThan(1000);
    expect(pool.threads).toBe(1);
    expect(pool.warning).toBe('one thread instead of 4: a worker did not start: out of memory');
    // What they say as they are ended changes nothing.
    PageWorker.started[2].onerror({ message: 'terminated' });
    expect(pool.warning).toContain('out of memory');
    expect(PageWorker.started.map(({ ended }) => ended)).toEqual([true, true, true]);
  });

  it('no worker is left behind where a later one is refused', async () => {
    class SecondRefused extends PageWorker {
      constructor(url: URL, options: unknown) {
        if (PageWorker.started.length === 1) throw new RangeError('too many workers');
        super(url, options);
      }
    }
    vi.stubGlobal('Worker', SecondRefused);
    const pool = await WorkerPool.start(await getSharedEngine(), 4);
    expect([pool.threads, pool.warning]).toEqual([1, 'one thread instead of 4: too many workers']);
    expect(PageWorker.started.map(({ ended }) => ended)).toEqual([true]);
  });

  it('a worker that makes no call for minutes is waited for where its death would be heard of', async () => {
    const { pool, takeJob, endJob } = await startPool(2);
    const now = passTime(20);
    try {
      const work = pool.run(4, () => {});
      work.next();
      takeJob(1);
      const done = new Turns(undefined).run(work);
      while (now() < 180_000) await new Promise((resolve) => setImmediate(resolve));
      endJob(1);
      await done;
    } finally {
      vi.restoreAllMocks();
    }
    expect([pool.threads, pool.warning]).toEqual([2, undefined]);
    pool.close();
  });

  it('its death is heard of at once', async () => {
    const { pool, takeJob, started } = await startPool(2);
    const work = pool.run(4, () => {});
    work.next();
    takeJob(1);
    const done = new Turns(undefined).run(work);
    setTimeout(() => started[0].onerror({ message: 'out of memory' }), 20);
    const begin = performance.now();
    await expect(done).rejects.toMatchObject({ code: 'E_WORKER_DIED' });
    expect(performance.now() - begin).toBeLessThan(500);
    expect(pool.warning).toBe('one thread instead of 2: a worker died: out of memory');
  });

  it('a worker without a call for half a minute is waited for where no event can be heard, too', async () => {
    const { pool, takeJob, endJob } = await startPool(2);
    const work = pool.run(4, () => {});
    work.next();
    takeJob(1);
    let ended = false;
    passTime(50, (now) => {
      if (now < 30_000 || ended) return;
      ended = true;
      endJob(1);
    });
    try {
      runNow(work);
    } finally {
      vi.restoreAllMocks();
    }
    expect([pool.threads, pool.warning]).toEqual([2, undefined]);
    pool.close();
  });

  it('workers that make no call for a minute are given up', async () => {
    const { pool, takeJob } = await startPool(2);
    const work = pool.run(4, () => {});
    work.next();
    takeJob(1);
    const now = passTime(50);
    try {
      expect(() => runNow(work)).toThrow(
        expect.objectContaining({
          code: 'E_WORKER_DIED',
          message:
            'a worker made no call for a minute; the present step may be incomplete: ' +
            'go on from a checkpoint. Later work runs on one thread',
        }),
      );
    } finally {
      vi.restoreAllMocks();
    }
    expect(now()).toBeGreaterThan(60_000);
    expect(now()).toBeLessThan(65_000);
    expect(pool.warning).toBe('one thread instead of 2: a worker made no call for a minute');
    expect(pool.threads).toBe(1);
  });

  it('work that is left early waits for a job that was taken, but a minute at most', async () => {
    const { pool, control, takeJob, endJob } = await startPool(2);
    const first = pool.run(4, () => {});
    first.next();
    takeJob(1);
    let ended = false;
    passTime(50, (now) => {
      if (now < 5000 || ended) return;
      ended = true;
      endJob(1);
    });
    first.return();
    expect(ended).toBe(true);
    expect(Array.from(control.subarray(LEFT, LEFT + 2))).toEqual([0, 0]);
    expect([pool.threads, pool.warning]).toEqual([2, undefined]);

    const second = pool.run(4, () => {});
    second.next();
    takeJob(1);
    const now = passTime(50);
    second.return();
    expect(now()).toBeLessThan(65_000);
    vi.restoreAllMocks();
    expect(pool.threads).toBe(1);
  });

  it('the memory in use when a worker is given up is not used again before that has ended', async () => {
    const { engine, pool, takeJob, started } = await startPool(2);
    const { arena } = engine;
    const { blocks } = arena.usage();
    const written = arena.allocate(640);
    const work = pool.run(4, () => {});
    work.next();
    takeJob(1);
    passTime(50);
    expect(() => runNow(work)).toThrow('no call for a minute');
    vi.restoreAllMocks();
    arena.release(written, 640);
    const other = arena.allocate(640);
    expect(other).not.toBe(written);
    // What was not in use then is used again at once.
    arena.release(other, 640);
    expect(arena.allocate(640)).toBe(other);
    expect(arena.usage().blocks).toBe(blocks + 2);
    expect(started[0].ended).toBe(false);
    started[0].onmessage({ data: 'ended' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(started[0].ended).toBe(true);
    arena.release(other, 640);
    expect(arena.usage().blocks).toBe(blocks);
    expect(arena.allocate(640)).toBe(written);
    arena.release(written, 640);
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

  it('in the middle of the work makes it fail within a second; later work runs on one thread', async () => {
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
    expect(pool.warning).toMatch(/^one thread instead of 3: a worker died: /);
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
    // The worker ends in the middle of a job, or between two: then the caller does the rest and nothing is
    // missed.
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

  it('in the middle of a job is noticed by such a caller within a second', async () => {
    const { engine, pool, started } = await startPool(2);
    const n = 400;
    const a = engine.arena.allocate(4 * 32 * n);
    const g = engine.arena.allocate(4 * n * n);
    let died = 0;
    const job = (kernels: typeof engine.kernels, index: number) => {
      if (kernels === engine.kernels) {
        expect(index).toBe(0);
        // The worker is in the middle of the other job then, which takes it several seconds.
        const begin = performance.now();
        while (performance.now() < begin + 300);
        started[0].terminate();
        died = performance.now();
      } else if (index === 1) {
        for (let call = 0; call < 5000; call++) kernels.products(a, a, g, n, n, false, 32);
      }
    };
    expect(() => runNow(pool.run(2, job))).toThrow(expect.objectContaining({ code: 'E_WORKER_DIED' }));
    expect(performance.now() - died).toBeLessThan(1000);
    await vi.waitFor(() =>
      expect(pool.warning).toBe('one thread instead of 2: a worker died: it exited with code 1'),
    );
    engine.arena.release(a, 4 * 32 * n);
    engine.arena.release(g, 4 * n * n);
  });

  it('of an error in a kernel is noticed at once by a caller that gives the event loop no turn', async () => {
    const { engine, pool } = await startPool(2);
    const begin = performance.now();
    expect(() =>
      runNow(
        pool.run(2, (kernels, index) => {
          if (kernels === engine.kernels) {
            expect(index).toBe(0);
            // The worker takes the other job meanwhile.
            while (performance.now() < begin + 300);
          } else if (index === 1) kernels.addTo(2 ** 32 - 4096, 2 ** 32 - 4096, 16);
        }),
      ),
    ).toThrow(expect.objectContaining({ code: 'E_WORKER_DIED' }));
    expect(performance.now() - begin).toBeLessThan(800);
    await vi.waitFor(() => expect(pool.warning).toContain('memory access out of bounds'));
    expect(pool.warning).toMatch(/^one thread instead of 2: a worker died: /);
  });

  it('in all at their start is the reason given, at once', async () => {
    // Its one import is not to be had.
    const module = new WebAssembly.Module(
      Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 7, 1, 1, 120, 1, 121, 0, 0),
    );
    const engine = { ...(await getSharedEngine()), instances: [{ exports: {}, module }] };
    const begin = performance.now();
    const pool = await WorkerPool.start(engine, 3);
    expect(performance.now() - begin).toBeLessThan(5000);
    expect(pool.threads).toBe(1);
    expect(pool.warning).toMatch(/^one thread instead of 3: a worker did not start: WebAssembly.Instance/);
  });

  it('leaves memory that is used again once it has ended', async () => {
    const { engine, pool, started } = await startPool(2);
    const { arena } = engine;
    const n = 400;
    const [a, g] = [arena.allocate(4 * 32 * n), arena.allocate(4 * n * n)];
    const work = pool.run(4000, (kernels) => kernels.products(a, a, g, n, n, false, 32));
    setTimeout(() => started[0].terminate(), 20);
    await expect(new Turns(undefined).run(work)).rejects.toMatchObject({ code: 'E_WORKER_DIED' });
    arena.release(a, 4 * 32 * n);
    arena.release(g, 4 * n * n);
    await vi.waitFor(() => {
      const again = arena.allocate(4 * 32 * n);
      arena.release(again, 4 * 32 * n);
      expect(again).toBe(a);
    });
  });
});
