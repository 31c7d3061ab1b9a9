import { CtreError, reasonOf } from '../base/errors.ts';
import type { Kernels } from '../engine/abi.ts';
import type { Arena } from '../engine/arena.ts';
import type { TrainingEngine } from '../engine/training.ts';
import { type Executor, inlineExecutor, type Job } from './executor.ts';
import { Patience } from './patience.ts';
import { PROGRAM_LENGTH, Recorder } from './recorder.ts';
import { startWorker, type WorkerFile, type WorkerHandle } from './startWorker.ts';
import type { Work } from './turns.ts';
import { addressOf, type WorkerSource } from './workerSource.ts';

/** Places in the control words; src/run/worker.mjs knows them, too, and says what they hold. */
const [BATCH, DONE, CALLS, STOP, LEFT] = [0, 1, 2, 3, 16];

/** States of a worker, as src/run/worker.mjs has them. */
const [IDLE, WORKING, ENDED] = [0, 1, 2];

/** The thread that makes recorded calls. */
const kernelWorker: WorkerFile = {
  name: 'ctre thread',
  address: () => new URL('./worker.mjs', import.meta.url),
  onPage: () => new Worker(new URL('./worker.mjs', import.meta.url), { type: 'module' }),
};

/** Milliseconds that workers get to start. */
const START_TIME = 10_000;

/** A started worker. */
interface Member {
  /** Its number; 0 is the calling thread. */
  readonly self: number;
  readonly handle: WorkerHandle;
  /** Settled by the news of its end: it runs no code any more. */
  readonly ended: Promise<void>;
  /** Whether it runs no code any more, by such news or asked for. */
  isGone: boolean;
}

/**
 * Threads over one shared memory. Jobs are recorded here, so that workers need to know nothing but kernels;
 * the calling thread works along. Nobody but the caller allocates.
 */
export class WorkerPool implements Executor {
  /** Why there are fewer threads than asked for. */
  warning: string | undefined;
  readonly #asked: number;
  readonly #kernels: Kernels;
  readonly #arena: Arena;
  readonly #inline: Executor;
  readonly #control: Int32Array;
  readonly #program = new Float64Array(new SharedArrayBuffer(8 * PROGRAM_LENGTH));
  readonly #recorder: Recorder;
  #workers: Member[] = [];
  /** Why the workers cannot be counted on any more. */
  #death: string | undefined;
  /** Whether the news of that death is still to come, and the reason with it. */
  #awaitsReason = false;
  #closed = false;
  #running = false;
  /** Jobs of the present batch, without those that were taken back. */
  #count = 0;

  private constructor({ kernels, arena }: TrainingEngine, threads: number) {
    this.#asked = threads;
    this.#control = new Int32Array(new SharedArrayBuffer(4 * (LEFT + 2 * threads)));
    this.#kernels = kernels;
    this.#arena = arena;
    this.#inline = inlineExecutor(kernels);
    this.#recorder = new Recorder(Object.keys(kernels), this.#program);
  }

  /**
   * A pool of `threads` threads, the calling one among them; the calling one alone, and a warning, where not
   * all workers start.
   * @param engine one over a shared memory.
   * @param source what to start workers from instead of their file.
   */
  static async start(engine: TrainingEngine, threads: number, source?: WorkerSource): Promise<WorkerPool> {
    const pool = new WorkerPool(engine, threads);
    const isMoved = import.meta.env?.DEV && source === undefined && globalThis.location !== undefined;
    const moved = isMoved ? await addressOf(() => import('./workerAddress.ts')) : undefined;
    await pool.#startWorkers(engine, source ?? moved);
    return pool;
  }

  /** Threads that work, the caller's among them. */
  get threads(): number {
    return this.#workers.length + 1;
  }

  /**
   * Ends the workers; what runs later runs on the calling thread. The memory that a worker may still write to
   * stays in use until that worker has ended.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // Work that is under way has lost its workers.
    if (this.#running) this.#death ??= 'the threads were closed';
    this.#withdrawJobs();
    Atomics.store(this.#control, STOP, 1);
    Atomics.add(this.#control, BATCH, 1);
    Atomics.notify(this.#control, BATCH);
    const writing = this.#isDone() ? [] : this.#workers.filter((worker) => this.#isWorking(worker));
    if (writing.length > 0) this.#arena.hold(Promise.all(writing.map(({ ended }) => ended)));
    for (const { self, handle, ended } of this.#workers) {
      if (this.#stateOf(self) === IDLE) handle.terminate();
      // A terminated worker gives no news of its end. So this one ends by itself, after its present call.
      else void ended.then(() => handle.terminate());
    }
    this.#workers = [];
  }

  *run(count: number, job: Job): Work<void> {
    // Between two pieces of one caller's jobs another caller may come, such as one who scores a model that is
    // training. The workers are busy then.
    if (this.threads === 1 || count < 2 || this.#running || !this.#recorder.record(count, job)) {
      yield* this.#inline.run(count, job);
      return;
    }
    this.#running = true;
    const patience = new Patience();
    const { threads } = this;
    this.#offerJobs(count, threads);
    try {
      for (let index = this.#takeJob(threads); index >= 0; index = this.#takeJob(threads)) {
        job(this.#kernels, index);
        Atomics.add(this.#control, DONE, 1);
        yield;
        this.#checkAlive();
      }
      while (!this.#isDone()) {
        yield;
        this.#watch(patience);
        this.#checkAlive();
      }
    } finally {
      this.#drain(patience);
      this.#running = false;
    }
  }

  /** Starts the workers: all, or none. */
  #startWorkers(
    { arena, instances, kernels }: TrainingEngine,
    source: WorkerSource | undefined,
  ): Promise<void> {
    const [control, program, threads] = [this.#control, this.#program, this.#asked];
    const modules = instances.map(({ module }) => module);
    const names = Object.keys(kernels);
    const common = { modules, memory: arena.memory, names, control, program, threads };
    return new Promise((resolve) => {
      let starting = threads - 1;
      const finish = (): void => {
        clearTimeout(late);
        starting = 0;
        resolve();
      };
      const fail = (reason: string): void => {
        this.#giveUp(reason);
        finish();
      };
      const late = setTimeout(
        () => fail(`the workers did not start in time (${START_TIME / 1000} s)`),
        START_TIME,
      );
      const ready = (): void => {
        starting--;
        if (starting === 0) finish();
      };
      const died = (reason: string): void => {
        if (starting > 0) fail(`a worker did not start: ${reason}`);
        else this.#hearDeath(`a worker died: ${reason}`);
      };
      for (let self = 1; self < threads && !this.#closed; self++) {
        try {
          this.#workers.push(startMember(self, { ...common, self }, ready, died, source));
        } catch (error) {
          // Browsers refuse a file of another site, such as a page has that loads the package from one.
          fail(reasonOf(error));
        }
      }
    });
  }

  #hearDeath(reason: string): void {
    if (this.#closed) {
      if (this.#awaitsReason) this.#warn(reason);
      this.#awaitsReason = false;
      return;
    }
    this.#death ??= reason;
    if (!this.#running) this.#giveUp(reason);
  }

  #offerJobs(count: number, threads: number): void {
    const control = this.#control;
    this.#count = count;
    Atomics.store(control, DONE, 0);
    for (let thread = 0; thread < threads; thread++) {
      Atomics.store(control, LEFT + thread, Math.ceil((count - thread) / threads));
    }
    Atomics.add(control, BATCH, 1);
    Atomics.notify(control, BATCH);
  }

  /** The next job of this thread, number 0, or of another when it has none left; negative when nobody has. */
  #takeJob(threads: number): number {
    for (let thread = 0; thread < threads; thread++) {
      const left = Atomics.sub(this.#control, LEFT + thread, 1) - 1;
      if (left >= 0) return thread + threads * left;
    }
    return -1;
  }

  /** Leaves no job to take. */
  #withdrawJobs(): void {
    for (let thread = 0; thread < this.#asked; thread++) {
      this.#count -= Math.max(0, Atomics.exchange(this.#control, LEFT + thread, 0));
    }
  }

  /** Whether all jobs that were taken are done; then no worker writes any more. */
  #isDone(): boolean {
    return Atomics.load(this.#control, DONE) >= this.#count;
  }

  #stateOf(self: number): number {
    return Atomics.load(this.#control, LEFT + this.#asked + self);
  }

  /** Whether it may write to memory. */
  #isWorking({ self, isGone }: Member): boolean {
    return !isGone && this.#stateOf(self) === WORKING;
  }

  /**
   * Looks for a death that no event has told of yet. A caller that gives the event loop no turn hears no
   * event.
   * @returns whether to wait on.
   */
  #watch(patience: Patience): boolean {
    const advice = patience.look(Atomics.load(this.#control, CALLS));
    for (const worker of this.#workers) {
      if (this.#stateOf(worker.self) === ENDED) this.#assumeDeath('a worker died of an error');
      if (advice !== 'ask' || worker.isGone || !worker.handle.hasEnded()) continue;
      worker.isGone = true;
      this.#assumeDeath('a worker died');
    }
    if (advice === 'over') this.#assumeDeath('a worker made no call for a minute');
    return advice !== 'over';
  }

  #assumeDeath(reason: string): void {
    if (this.#death !== undefined) return;
    this.#death = reason;
    this.#awaitsReason = true;
  }

  #checkAlive(): void {
    if (this.#death === undefined) return;
    throw new CtreError(
      'E_WORKER_DIED',
      `${this.#death}; the present step may be incomplete: go on from a checkpoint. ` +
        'Later work runs on one thread',
    );
  }

  /** Leaves no job to take, and waits for those taken: the memory they write to may be freed after this. */
  #drain(patience: Patience): void {
    this.#withdrawJobs();
    const isWorking = (worker: Member): boolean => this.#isWorking(worker);
    while (!this.#isDone() && this.#workers.some(isWorking) && this.#watch(patience));
    if (this.#death !== undefined) this.#giveUp(this.#death);
  }

  #giveUp(reason: string): void {
    this.#warn(reason);
    this.close();
  }

  #warn(reason: string): void {
    this.warning = `one thread instead of ${this.#asked}: ${reason}`;
  }
}

/**
 * Starts a worker.
 * @param died is told of its end, once, where nobody asked for it.
 * @throws Error when the browser or Node refuses it.
 */
function startMember(
  self: number,
  data: object,
  ready: () => void,
  died: (reason: string) => void,
  source: WorkerSource | undefined,
): Member {
  let settle = (): void => {};
  const ended = new Promise<void>((resolve) => {
    settle = resolve;
  });
  let isHeard = false;
  const hearEnd = (): void => {
    isHeard = true;
    member.isGone = true;
    settle();
  };
  const events = {
    message: (said: unknown) => (said === 'ready' ? ready() : hearEnd()),
    died(reason: string) {
      if (isHeard) return;
      hearEnd();
      died(reason);
    },
  };
  const member: Member = {
    self,
    handle: startWorker(kernelWorker, events, data, source),
    ended,
    isGone: false,
  };
  return member;
}
