import { checkInteger } from '../base/checks.ts';
import { CtreError, reasonOf, show } from '../base/errors.ts';
import type { StopSignal } from '../base/hostTypes.ts';
import { startedEngine } from '../engine/engine.ts';
import { getSharedEngine, getTrainingEngine, initTraining, type TrainingEngine } from '../engine/training.ts';
import { type Executor, inlineExecutor } from './executor.ts';
import { WorkerPool } from './pool.ts';
import { availableThreads, whyNoThreads } from './startWorker.ts';
import { abortError, throwIfAborted } from './turns.ts';
import type { WorkerSource } from './workerSource.ts';

/** A larger number of threads is taken for a mistake. */
const MAX_THREADS = 64;
/** The most threads of `auto`: a batch has few tiles. */
const AUTO_THREADS = 8;

/** What a model runs on: a memory, and threads over it. */
export interface ModelHost {
  readonly engine: TrainingEngine;
  readonly executor: Executor;
  /** Why there are fewer threads than asked for. */
  readonly warning: string | undefined;
  /** Ends the threads. */
  close(): void;
}

/**
 * The number of threads asked for.
 * @throws CtreError `E_ARGUMENT` for anything but an integer from 1 to 64 or `auto`.
 */
export function checkThreads(threads: unknown): number {
  if (threads === 'auto') return Math.min(AUTO_THREADS, availableThreads());
  if (typeof threads === 'string') {
    throw new CtreError('E_ARGUMENT', `threads is ${show(threads)}; expected a number or auto`);
  }
  return checkInteger('threads', threads, { least: 1, most: MAX_THREADS });
}

/**
 * Opens a host of so many threads, or of one with a warning where there can be no more.
 * @param source what to start the threads from instead of their file.
 * @param signal ends the wait; what is started then is ended as soon as it is there.
 * @throws CtreError `E_ABORTED` by the signal.
 */
export async function openHost(
  threads: number,
  source: WorkerSource | undefined,
  signal: StopSignal | undefined,
): Promise<ModelHost> {
  const what = 'making the model';
  throwIfAborted(signal, what);
  const opening = startHost(threads, source);
  if (signal === undefined) return opening;
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(abortError(signal, what));
    signal.addEventListener('abort', abort);
  });
  try {
    return await Promise.race([opening, aborted]);
  } catch (error) {
    opening.then(
      (host) => host.close(),
      () => {},
    );
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function startHost(threads: number, source: WorkerSource | undefined): Promise<ModelHost> {
  if (threads === 1) return openSingleHost();
  const obstacle = whyNoThreads();
  if (obstacle !== undefined) return openSingleHost(`one thread instead of ${threads}: ${obstacle}`);
  let engine: TrainingEngine;
  try {
    engine = await getSharedEngine();
  } catch (error) {
    // It reserves addresses, at the least 64 MiB, which not every place has.
    return openSingleHost(
      `one thread instead of ${threads}: no memory can be shared here (${reasonOf(error)})`,
    );
  }
  const pool = await WorkerPool.start(engine, threads, source);
  const isSlower = (await startedEngine())?.revectorized === true && !engine.revectorized;
  const slower = isSlower
    ? `the threads' kernels are not revectorised: ${engine.warning ?? 'they were started before'}`
    : undefined;
  return {
    engine,
    executor: pool,
    get warning() {
      return pool.warning ?? slower;
    },
    close: () => pool.close(),
  };
}

async function openSingleHost(warning?: string): Promise<ModelHost> {
  await initTraining();
  const engine = getTrainingEngine();
  return { engine, executor: inlineExecutor(engine.kernels), warning, close() {} };
}
