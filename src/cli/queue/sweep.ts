import { setTimeout as pause } from 'node:timers/promises';
import type { Queue, QueueEvents } from 'bullmq';
import { CtreError } from '../../base/errors.ts';
import { cellKey } from '../../compare/cell.ts';
import type { CellEvents } from '../cellPool.ts';
import type { CellTask } from '../cellTask.ts';
import type { TrainArguments } from '../trainSyntax.ts';
import { cellNameOf, queueNameOf } from './cellName.ts';
import type { QueueServer } from './server.ts';
import { epochOf, type SweepCell } from './sweepCell.ts';
import { type Conflict, PREFIX, type QueueNeeds, type StoredResult, SweepStore } from './sweepStore.ts';

/** Results that are asked for at a time: each may be large. */
const RESULTS = 100;
/** Cells that are put into a queue at a time. */
const CELLS_AT_A_TIME = 500;
/** Milliseconds between two looks for results that no event told of. */
const LOOK_FOR_RESULTS = 10_000;
/** Milliseconds without a result after which the queue is looked through for missing cells. */
const NO_RESULT = 60_000;
/** Milliseconds that a server may take when the sweep ends. */
const CLOSING_TIME = 2000;
/** The most milliseconds that a timer takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

const NO_RESULTS: ReadonlyMap<string, StoredResult> = new Map();

/** A grid that is handed to workers. */
export interface SweepGrid {
  readonly version: string;
  /** All cells of the grid. */
  readonly tasks: readonly CellTask[];
  /** Those without a result. */
  readonly missing: readonly CellTask[];
  /** With what the data of a fingerprint are read. */
  readonly readings: ReadonlyMap<string, TrainArguments>;
  readonly retries: number;
}

/** What came of a sweep besides results. */
export interface SweepEnd {
  /** Epochs that were computed for nothing, as far as workers could tell. */
  readonly wastedEpochs: number;
  /** Cells that came out differently on two machines. */
  readonly conflicts: readonly { readonly task: CellTask; readonly conflict: Conflict }[];
}

/**
 * Puts the missing cells into queues and waits for their results. What others have put or computed is taken
 * as it is.
 * @throws CtreError what `onRecord` throws, `E_FORMAT` for something else in the place of a result.
 */
export async function runSweep(
  server: QueueServer,
  grid: SweepGrid,
  signal: AbortSignal,
  events: CellEvents,
): Promise<SweepEnd> {
  const store = new SweepStore(server);
  const sweep = new Sweep(server, store, grid, events);
  try {
    await sweep.run(signal);
  } finally {
    await sweep.close();
  }
  if (signal.aborted) return { wastedEpochs: 0, conflicts: [] };
  const names = new Map(grid.tasks.map((task) => [cellNameOf(grid.version, task), task]));
  const all = [...names.keys()];
  const told = await untilAborted(Promise.all([store.conflicts(all), store.wasted(all)]), signal);
  if (told === undefined) return { wastedEpochs: 0, conflicts: [] };
  const [conflicts, wastedEpochs] = told;
  return {
    wastedEpochs,
    conflicts: [...conflicts].flatMap(([name, conflict]) => {
      const task = names.get(name);
      return task === undefined ? [] : [{ task, conflict }];
    }),
  };
}

/** A queue and its events. */
interface OpenQueue {
  readonly needs: QueueNeeds;
  readonly queue: Queue;
  readonly events: QueueEvents;
}

class Sweep {
  readonly #server: QueueServer;
  readonly #store: SweepStore;
  readonly #grid: SweepGrid;
  readonly #events: CellEvents;
  /** Cells without a result, by name. */
  readonly #wanted: Map<string, CellTask>;
  readonly #queues = new Map<string, OpenQueue>();
  /** Names that an event told of. */
  readonly #arrived = new Set<string>();
  #wake: () => void = () => {};
  #mustLookThrough = false;

  constructor(server: QueueServer, store: SweepStore, grid: SweepGrid, events: CellEvents) {
    this.#server = server;
    this.#store = store;
    this.#grid = grid;
    this.#events = events;
    this.#wanted = new Map(grid.missing.map((task) => [cellNameOf(grid.version, task), task]));
  }

  async run(signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#wake();
    signal.addEventListener('abort', wake);
    const forget = this.#server.onBack(() => {
      this.#mustLookThrough = true;
      this.#wake();
    });
    try {
      await this.#take([...this.#wanted.keys()], signal);
      if (this.#wanted.size > 0) await untilAborted(this.#start(signal), signal);
      let lookedAt = performance.now();
      let heardAt = performance.now();
      while (this.#wanted.size > 0 && !signal.aborted) {
        const names = [...this.#arrived];
        this.#arrived.clear();
        const before = this.#wanted.size;
        await this.#take(names, signal);
        if (this.#wanted.size < before) heardAt = performance.now();
        if (this.#mustLookThrough || performance.now() - lookedAt > LOOK_FOR_RESULTS) {
          await this.#take([...this.#wanted.keys()], signal);
          await untilAborted(this.#loseFailed(), signal);
          if (this.#mustLookThrough || performance.now() - heardAt > NO_RESULT) {
            this.#mustLookThrough = false;
            await untilAborted(this.#fill(signal), signal);
            heardAt = performance.now();
          }
          lookedAt = performance.now();
        }
        if (this.#arrived.size === 0 && this.#wanted.size > 0 && !signal.aborted) await this.#rest();
      }
    } finally {
      forget();
      signal.removeEventListener('abort', wake);
    }
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#queues].map((one) => Promise.race([this.#leave(...one), pause(CLOSING_TIME)])),
    );
  }

  /** Closes a queue. One without cells needs no workers any more, whoever put them there. */
  async #leave(name: string, { queue, events }: OpenQueue): Promise<void> {
    try {
      await events.close();
      if (this.#wanted.size === 0 && !this.#server.isGone) {
        const left = await queue.getJobCountByTypes('wait', 'active', 'delayed', 'prioritized');
        if (left === 0) {
          await this.#store.withdraw(name);
          await queue.trimEvents(0);
        }
      }
      await queue.close();
    } catch {
      // What is left there is in nobody's way.
    }
  }

  async #start(signal: AbortSignal): Promise<void> {
    for (const task of this.#wanted.values()) this.#open(task);
    for (const { queue, events } of this.#queues.values()) {
      await events.waitUntilReady();
      // What failed before is tried again.
      for (const id of await queue.getRanges(['failed'])) {
        if (this.#wanted.has(id)) await this.#server.insist(() => queue.remove(id), signal);
      }
    }
    await this.#fill(signal);
  }

  #open(task: CellTask): void {
    const { version, readings } = this.#grid;
    const name = queueNameOf(version, task);
    const { cell, data } = task;
    if (this.#queues.has(name)) return;
    const { bullmq } = this.#server.packages;
    const options = { connection: this.#server.connection, prefix: PREFIX, skipVersionCheck: true };
    const queue: Queue = new bullmq.Queue(name, { ...options, skipMetasUpdate: true });
    const events = new bullmq.QueueEvents(name, options);
    queue.on('error', () => {});
    events.on('error', () => {});
    events.on('completed', ({ jobId }) => {
      if (!this.#wanted.has(jobId)) return;
      this.#arrived.add(jobId);
      this.#wake();
    });
    events.on('failed', ({ jobId, failedReason }) => this.#lose(jobId, failedReason));
    events.on('progress', ({ jobId, data: progress }) => {
      const one = this.#wanted.get(jobId);
      if (one !== undefined) this.#events.onEpoch(one, epochOf(progress));
    });
    const { positionals, options: read } = readings.get(data) ?? task.args;
    const needs: QueueNeeds = {
      version,
      dataset: cell.dataset,
      data,
      args: { positionals, options: { ...read, method: cell.method } },
      ...(cell.module !== undefined && { module: { method: cell.method, hash: cell.module } }),
    };
    this.#queues.set(name, { needs, queue, events });
  }

  /** Puts into the queues what is neither there nor computed. */
  async #fill(signal: AbortSignal): Promise<void> {
    const byQueue = new Map<string, [string, CellTask][]>();
    for (const [name, task] of this.#wanted) {
      const queue = queueNameOf(this.#grid.version, task);
      const cells = byQueue.get(queue) ?? [];
      cells.push([name, task]);
      byQueue.set(queue, cells);
    }
    for (const [name, cells] of byQueue) {
      const open = this.#queues.get(name);
      if (open === undefined) continue;
      const { queue, needs } = open;
      for (let at = 0; at < cells.length && !signal.aborted; at += CELLS_AT_A_TIME) {
        const some = cells.slice(at, at + CELLS_AT_A_TIME);
        const absent = await this.#absent(queue, some);
        if (absent.length > 0)
          await this.#server.insist(() => queue.addBulk(absent.map(jobOf(this.#grid))), signal);
      }
      // Workers look at a queue when they hear of it.
      await this.#store.announce(name, needs);
    }
  }

  async #absent(queue: Queue, cells: readonly [string, CellTask][]): Promise<[string, CellTask][]> {
    const pipeline = this.#server.connection.pipeline();
    for (const [name] of cells) pipeline.exists(queue.toKey(name));
    const found = (await pipeline.exec()) ?? [];
    return cells.filter((_, at) => found[at]?.[1] === 0);
  }

  /** Takes the results that are there. */
  async #take(names: readonly string[], signal: AbortSignal): Promise<void> {
    for (let at = 0; at < names.length && !signal.aborted; at += RESULTS) {
      const some = names.slice(at, at + RESULTS);
      const results = (await untilAborted(this.#store.results(some), signal)) ?? NO_RESULTS;
      for (const [name, { record }] of results) {
        const task = this.#wanted.get(name);
        if (task === undefined || signal.aborted) continue;
        if (cellKey(record) !== cellKey(task.cell) || record.data !== task.data) {
          throw new CtreError(
            'E_FORMAT',
            `the queue holds the result of another cell as ${PREFIX}:result:${name}; remove that key`,
          );
        }
        await this.#events.onRecord(task, record);
        this.#wanted.delete(name);
      }
      if (results.size > 0 && !signal.aborted) {
        await untilAborted(this.#store.releaseResults([...results.keys()]), signal);
      }
    }
  }

  /** Gives up the cells that failed, also those that no event told of. */
  async #loseFailed(): Promise<void> {
    for (const { queue } of this.#queues.values()) {
      for (const id of await this.#server.insist(() => queue.getRanges(['failed']))) {
        if (this.#wanted.has(id)) this.#lose(id, (await queue.getJob(id))?.failedReason ?? 'it failed');
      }
    }
  }

  #lose(name: string, reason: string): void {
    const task = this.#wanted.get(name);
    if (task === undefined) return;
    this.#wanted.delete(name);
    this.#events.onLost(task, reason);
    this.#wake();
  }

  /** Waits until something has come, or for a second. */
  async #rest(): Promise<void> {
    const wait = new AbortController();
    this.#wake = () => wait.abort();
    await pause(1000, undefined, { signal: wait.signal }).catch(() => {});
    this.#wake = () => {};
  }
}

function jobOf({ retries }: SweepGrid): (cell: [string, CellTask]) => {
  name: string;
  data: SweepCell;
  opts: { jobId: string; attempts: number; backoff: number };
} {
  return ([name, task]) => ({
    name: 'cell',
    data: { task, retries },
    opts: { jobId: name, attempts: retries + 1, backoff: 1000 },
  });
}

/** Waits for what a server that is gone holds up, but not after the signal. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  const leave = new AbortController();
  const aborted = pause(LONGEST_TIMER, undefined, { signal: AbortSignal.any([signal, leave.signal]) }).catch(
    () => undefined,
  );
  try {
    return await Promise.race([work, aborted]);
  } finally {
    leave.abort();
    work.catch(() => {});
  }
}
