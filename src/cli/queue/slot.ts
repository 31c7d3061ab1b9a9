import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Job } from 'bullmq';
import { CtreError, megabytes, reasonOf } from '../../base/errors.ts';
import type { CellRecord } from '../../compare/cell.ts';
import type { CellTask } from '../cellTask.ts';
import type { Board, ServableQueue } from './board.ts';
import { CellChild, type NoRecord } from './cellChild.ts';
import { cellNameOf } from './cellName.ts';
import { isUnchanged, taskHere } from './dataFolders.ts';
import { isRefusal, type QueueServer } from './server.ts';
import { epochOf, type SweepCell, type SweepProgress } from './sweepCell.ts';
import { CHECKPOINT_BYTES, PREFIX, type SweepStore } from './sweepStore.ts';

/** Milliseconds between two looks for something else to do. */
const LOOK_FOR_CELLS = 500;
/** The fewest milliseconds between two times that the server is told of an epoch. */
const PROGRESS_PAUSE = 200;
/** Milliseconds that a server which does not answer may hold up the end. */
const FAREWELL = 1500;
/** The number of deaths after which BullMQ itself gives a cell up: never, because a cell has its own. */
const NEVER = 2 ** 31 - 1;

/** What all slots of a worker share. */
export interface Station {
  readonly server: QueueServer;
  readonly store: SweepStore;
  readonly board: Board;
  /** The release that trains here. */
  readonly version: string;
  /** The file that a child process runs. */
  readonly program: string;
  readonly threads: number | 'auto' | undefined;
  /** The folder for checkpoints; without it they go to the server. */
  readonly folder: string | undefined;
  /** Seconds after which a worker that is not heard of has died. */
  readonly lostAfter: number;
  /** Who computes, as conflicts name it. */
  readonly machine: string;
}

/** What happens in a slot. */
export interface SlotEvents {
  onTaken(task: CellTask, epochs: number): void;
  onDone(task: CellTask, record: CellRecord): void;
  /** The cell goes back into the queue. */
  onBack(task: CellTask, reason: string): void;
  /** The cell did not come to its end. */
  onLost(task: CellTask, reason: string): void;
  warn(sentence: string): void;
}

/** Trains one cell at a time, of all the queues that can be served. */
export class Slot {
  readonly #station: Station;
  readonly #events: SlotEvents;
  readonly #child: CellChild;
  /** When it last had a cell. */
  lastBusy = performance.now();
  #isBusy = false;

  constructor(station: Station, events: SlotEvents) {
    this.#station = station;
    this.#events = events;
    this.#child = new CellChild(station.program);
  }

  get isBusy(): boolean {
    return this.#isBusy;
  }

  /** Works until the signal. The present cell then goes back, or is done. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        const queue = await this.#station.board.next((args) => this.#child.fingerprint(args));
        if (queue === undefined) await pause(LOOK_FOR_CELLS, undefined, { signal }).catch(() => {});
        else if (!signal.aborted) await this.#serve(queue, signal);
      }
    } finally {
      this.#child.end();
    }
  }

  /** Ends what trains at once. */
  end(): void {
    this.#child.end();
  }

  /** Trains cells of a queue until there are others to train, or nothing has come for long. */
  async #serve(queue: ServableQueue, signal: AbortSignal): Promise<void> {
    const { server, board, lostAfter } = this.#station;
    const leave = new AbortController();
    const lockDuration = 1000 * lostAfter;
    const worker = new server.packages.bullmq.Worker(
      queue.name,
      async (job: Job, token?: string) => {
        this.#isBusy = true;
        try {
          return await this.#process(job, token ?? '', queue, signal, leave);
        } finally {
          this.#isBusy = false;
          this.lastBusy = performance.now();
        }
      },
      {
        connection: server.connection,
        prefix: PREFIX,
        skipVersionCheck: true,
        concurrency: 1,
        lockDuration,
        stalledInterval: lockDuration / 2,
        maxStalledCount: NEVER,
        drainDelay: 1,
        runRetryDelay: 1000,
        // The result is in the store.
        removeOnComplete: { count: 0 },
      },
    );
    worker.on('error', (error) => {
      // BullMQ asks again at once.
      if (isRefusal(error)) {
        this.#events.warn(`the server at ${server.address.shown} refuses: ${error.message}; trying on`);
        leave.abort();
      }
    });
    const begin = performance.now();
    try {
      while (!signal.aborted && !leave.signal.aborted) {
        await pause(LOOK_FOR_CELLS, undefined, { signal: AbortSignal.any([signal, leave.signal]) }).catch(
          () => {},
        );
        if (this.#isBusy || server.isGone) continue;
        const idle = performance.now() - Math.max(begin, this.lastBusy);
        // Another queue's workers may have died. Whoever looks finds their cells.
        if (idle > 2 * lockDuration || (idle > LOOK_FOR_CELLS && (await board.hasOther(queue.name)))) break;
      }
    } finally {
      // It waits for the present cell, which hears of the signal itself.
      const closing = worker.close().catch(() => {});
      while (this.#isBusy) await pause(20);
      await Promise.race([closing, pause(FAREWELL)]);
    }
    if (leave.signal.aborted && !signal.aborted) await pause(1000, undefined, { signal }).catch(() => {});
  }

  async #process(
    job: Job,
    token: string,
    queue: ServableQueue,
    signal: AbortSignal,
    leave: AbortController,
  ): Promise<void> {
    const { store, board, version, threads, machine, folder } = this.#station;
    const { UnrecoverableError, WaitingError } = this.#station.server.packages.bullmq;
    const name = String(job.id);
    const { task, retries }: SweepCell = job.data;
    if (cellNameOf(version, task) !== name) {
      throw new UnrecoverableError(
        'its name is not the hash of what it holds; ctre compare did not put it there',
      );
    }
    const goBack = async (reason: string): Promise<never> => {
      this.#events.onBack(task, reason);
      await Promise.race([job.moveToWait(token), pause(FAREWELL)]);
      throw new WaitingError();
    };
    if (job.stalledCounter > retries) {
      const times = retries === 0 ? 'once' : `${retries + 1} times`;
      throw new UnrecoverableError(`its worker was lost ${times}; a larger --retries tries on`);
    }
    // Its worker died after it had put the result, and before it could say so.
    if (await store.hasResult(name)) return;
    if (signal.aborted) return goBack('the worker stops');
    if (!(await isUnchanged(queue.place))) {
      board.refuse(queue.name, 'its files have changed');
      leave.abort();
      return goBack('the files of its data have changed');
    }
    let epochs = 0;
    const outcome = await this.#train(job, taskHere(task, queue.place, threads), signal, (epoch) => {
      epochs = epoch;
    });
    if ('why' in outcome) {
      if (outcome.why === 'stopped') return goBack('the worker stops');
      if (outcome.why === 'error' && !(await isUnchanged(queue.place))) {
        board.refuse(queue.name, 'its files have changed');
        leave.abort();
        return goBack('the files of its data have changed');
      }
      this.#events.onLost(task, outcome.sentence);
      // Another machine may have more memory, and a process that died may live the next time.
      const mayHelp =
        outcome.why === 'died' || outcome.code === 'E_MEMORY' || outcome.code === 'E_WORKER_DIED';
      throw mayHelp ? new Error(outcome.sentence) : new UnrecoverableError(outcome.sentence);
    }
    const put = await store.putResult(name, outcome, machine);
    if (put !== 'first') await store.addWasted(name, epochs);
    if (typeof put !== 'string') {
      this.#events.warn(
        `a cell came out differently on ${put.first} and on ${put.second}: the bits of one of them are ` +
          'wrong; the first result stays, and ctre compare tells of it',
      );
    }
    // What is left of it is forgotten some day.
    await store.removeCheckpoint(name).catch(() => {});
    if (folder !== undefined) await rm(join(folder, `${name}.safetensors`), { force: true }).catch(() => {});
    this.#events.onDone(task, outcome);
  }

  /** Trains in the child. @param onEpoch told how many epochs were computed here. */
  async #train(
    job: Job,
    task: CellTask,
    signal: AbortSignal,
    onEpoch: (computed: number) => void,
  ): Promise<CellRecord | NoRecord> {
    const { store, folder } = this.#station;
    const name = String(job.id);
    const reached = epochOf(job.progress);
    let first = 0;
    let toldAt = Number.NEGATIVE_INFINITY;
    let isTelling = false;
    const tell = (epoch: number): void => {
      if (isTelling || performance.now() - toldAt < PROGRESS_PAUSE) return;
      isTelling = true;
      toldAt = performance.now();
      const progress: SweepProgress = { epoch };
      // A worker that is late by so much that the job is gone loses nothing by it.
      job
        .updateProgress(progress)
        .catch(() => {})
        .finally(() => {
          isTelling = false;
        });
    };
    if (folder !== undefined) {
      await mkdir(folder, { recursive: true }).catch((error: unknown) => {
        this.#events.warn(`no checkpoints: ${reasonOf(error)}`);
      });
    }
    const checkpoint = await store.checkpoint(name);
    return this.#child.train({ name, task, folder, checkpoint }, signal, {
      onStart: (epochs) => {
        first = epochs;
        this.#events.onTaken(task, epochs);
        void store.addWasted(name, reached - epochs).catch(() => {});
      },
      onEpoch(epoch) {
        onEpoch(epoch - first);
        tell(epoch);
      },
      onCheckpoint: async (epoch, bytes) => {
        if (bytes.length > CHECKPOINT_BYTES) {
          this.#events.warn(
            `no checkpoint of ${megabytes(bytes.length)} in the queue, which takes ` +
              `${megabytes(CHECKPOINT_BYTES)}; give a folder that all workers reach with --checkpoints`,
          );
          return false;
        }
        try {
          await store.putCheckpoint(name, bytes);
        } catch (error) {
          const reason = error instanceof CtreError ? error.message : reasonOf(error);
          this.#events.warn(`no checkpoint after epoch ${epoch}: ${reason}`);
        }
        return true;
      },
      onWarning: (sentence) => this.#events.warn(sentence),
    });
  }
}
