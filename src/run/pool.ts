import { CtreError } from '../base/errors.ts';
import type { Kernels } from '../engine/abi.ts';
import type { Engine } from '../engine/engine.ts';
import { type Executor, inlineExecutor, type Job } from './executor.ts';
import { Patience } from './patience.ts';
import { PROGRAM, Recorder } from './recorder.ts';
import { startWorker, type WorkerFile, type WorkerHandle } from './startWorker.ts';
import type { Work } from './turns.ts';

/** Places in the control words; src/workers/worker.mjs knows them too. */
const [BATCH, DONE, CALLS, LEFT] = [0, 1, 2, 16];

/** The thread that makes recorded calls. */
const file: WorkerFile = {
  inNode: (Thread, options) => new Thread(new URL('./worker.mjs', import.meta.url), options),
  onPage: () => new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' }),
};

/** Milliseconds that workers get to start. */
const START = 10_000;

/**
 * Threads over one shared memory. Jobs are recorded here, so that workers need to know nothing but kernels; the calling
 * thread works along. Nobody but the caller allocates.
 */
export class WorkerPool implements Executor {
  /** Why there are fewer threads than asked for. */
  warning: string | undefined;
  readonly #kernels: Kernels;
  readonly #inline: Executor;
  readonly #control: Int32Array;
  readonly #program = new Float64Array(new SharedArrayBuffer(8 * PROGRAM));
  readonly #recorder: Recorder;
  #workers: WorkerHandle[] = [];
  /** Workers that have ended by themselves. */
  #dead = 0;
  #running = false;

  private constructor({ kernels }: Engine, threads: number) {
    this.#control = new Int32Array(new SharedArrayBuffer(4 * (LEFT + threads)));
    this.#kernels = kernels;
    this.#inline = inlineExecutor(kernels);
    this.#recorder = new Recorder(Object.keys(kernels), this.#program);
  }

  /**
   * A pool of `threads` threads, the calling one among them; the calling one alone, and a warning, where workers do
   * not start.
   * @param engine one over a shared memory.
   */
  static async start(engine: Engine, threads: number): Promise<WorkerPool> {
    const pool = new WorkerPool(engine, threads);
    const { arena, module, kernels } = engine;
    const [control, program] = [pool.#control, pool.#program];
    const common = { module, memory: arena.memory, names: Object.keys(kernels), control, program, threads };
    await new Promise<void>((resolve) => {
      let starting = threads - 1;
      const late = setTimeout(() => {
        pool.#giveUp('the workers did not start in time');
        resolve();
      }, START);
      const settled = (): void => {
        starting--;
        if (starting > 0) return;
        clearTimeout(late);
        resolve();
      };
      const died = (reason: string): void => {
        pool.#dead++;
        pool.warning ??= `a worker died: ${reason}`;
        if (!pool.#running) pool.#giveUp(reason);
        if (starting > 0) settled();
      };
      try {
        for (let self = 1; self < threads; self++) {
          pool.#workers.push(startWorker(file, { message: settled, died }, { ...common, self }));
        }
      } catch (error) {
        // Browsers refuse a file of another site, which is what a page has that loads the package from one.
        pool.#giveUp(error instanceof Error ? error.message : String(error));
        clearTimeout(late);
        resolve();
      }
    });
    return pool;
  }

  /** Threads that work, the caller's among them. */
  get threads(): number {
    return this.#workers.length + 1;
  }

  /** Ends the workers; what runs later runs on the calling thread. */
  close(): void {
    for (const worker of this.#workers) worker.terminate();
    this.#workers = [];
  }

  *run(count: number, job: Job): Work<void> {
    // Between two pieces of one caller's jobs another may come, who scores a model that is training: workers are busy then.
    if (this.threads === 1 || count < 2 || this.#running || !this.#recorder.record(count, job)) {
      yield* this.#inline.run(count, job);
      return;
    }
    const control = this.#control;
    this.#running = true;
    Atomics.store(control, DONE, 0);
    const { threads } = this;
    for (let thread = 0; thread < threads; thread++) {
      Atomics.store(control, LEFT + thread, Math.ceil((count - thread) / threads));
    }
    Atomics.add(control, BATCH, 1);
    Atomics.notify(control, BATCH);
    let longest: number | undefined;
    try {
      for (let index = this.#take(threads); index >= 0; index = this.#take(threads)) {
        const begin = performance.now();
        job(this.#kernels, index);
        longest = Math.max(longest ?? 0, performance.now() - begin);
        Atomics.add(control, DONE, 1);
        yield;
        this.#checkAlive();
      }
      yield* this.#wait(count, new Patience(longest));
    } finally {
      this.#drain(count, threads, new Patience(longest));
      this.#running = false;
    }
  }

  /** The next job of this thread, number 0, or of another when it has none left; negative when nobody has. */
  #take(threads: number): number {
    for (let thread = 0; thread < threads; thread++) {
      const left = Atomics.sub(this.#control, LEFT + thread, 1) - 1;
      if (left >= 0) return thread + threads * left;
    }
    return -1;
  }

  /** Until the workers' last jobs are done. In turns with the event loop a death is heard of; without, only silence is. */
  *#wait(count: number, patience: Patience): Work<void> {
    while (Atomics.load(this.#control, DONE) < count) {
      yield;
      if (patience.isOver(Atomics.load(this.#control, CALLS))) this.#dead = this.#workers.length;
      this.#checkAlive();
    }
  }

  #checkAlive(): void {
    if (this.#dead === 0) return;
    const reason = this.warning ?? 'a worker fell silent';
    throw new CtreError(
      'E_WORKER_DIED',
      `${reason}; the step under way may be half made: go on from a checkpoint. Later work runs on one thread`,
    );
  }

  /** Leaves no job to take and waits for those taken, so that nobody writes to memory that may be freed now. */
  #drain(count: number, threads: number, patience: Patience): void {
    let left = 0;
    for (let thread = 0; thread < threads; thread++) {
      left += Math.max(0, Atomics.exchange(this.#control, LEFT + thread, 0));
    }
    // A worker that is gone never ends its job, and writes nothing any more. One that makes calls is waited for.
    while (Atomics.load(this.#control, DONE) < count - left - this.#dead) {
      if (patience.isOver(Atomics.load(this.#control, CALLS))) break;
    }
    if (this.#dead > 0) this.#giveUp(this.warning ?? 'a worker fell silent');
  }

  #giveUp(reason: string): void {
    this.close();
    this.warning = `one thread instead of more: ${reason}`;
  }
}
