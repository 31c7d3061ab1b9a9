import { type ChildProcess, fork } from 'node:child_process';
import type { CellRecord } from '../compare/cell.ts';
import type { CellMessage } from './cellProcess.ts';
import type { CellTask } from './cellTask.ts';

/** What happens while trainings run. */
export interface CellEvents {
  onEpoch(task: CellTask, epoch: number): void;
  /** The pool waits for it; when it fails, so does the pool. */
  onRecord(task: CellTask, record: CellRecord): Promise<void>;
  /** The training did not come to its end. It may do so another time. */
  onLost(task: CellTask, reason: string): void;
}

/**
 * Runs every training in a process of its own, at most `jobs` at a time. All of them end with the signal,
 * with an error of `onRecord`, and when this process is gone.
 * @param program the file that a process runs.
 */
export async function runCells(
  tasks: readonly CellTask[],
  program: string,
  jobs: number,
  signal: AbortSignal,
  events: CellEvents,
): Promise<void> {
  const waiting = [...tasks];
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let record = Promise.resolve();
  const work = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined && !either.aborted; task = waiting.shift()) {
      const outcome = await runProcess(task, program, either, events);
      if (either.aborted) return;
      if (typeof outcome === 'string') events.onLost(task, outcome);
      else {
        const done = task;
        // One after another: records are lines of one file.
        record = record.then(() => events.onRecord(done, outcome));
        await record;
      }
    }
  };
  const workers = Array.from({ length: Math.min(jobs, tasks.length) }, () =>
    work().catch((error: unknown) => {
      stop.abort();
      throw error;
    }),
  );
  const ends = await Promise.allSettled(workers);
  const failure = ends.find((end) => end.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
}

/** @returns the record, or why there is none. */
function runProcess(
  task: CellTask,
  program: string,
  signal: AbortSignal,
  events: CellEvents,
): Promise<CellRecord | string> {
  return new Promise((resolve) => {
    const child: ChildProcess = fork(program, [], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    let outcome: CellRecord | string | undefined;
    let complaint = '';
    const kill = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', kill);
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-2000);
    });
    child.on('message', (message: CellMessage) => {
      if (message.kind === 'epoch') events.onEpoch(task, message.epoch);
      else outcome = message.kind === 'record' ? message.record : message.sentence;
    });
    child.on('error', (error) => {
      outcome ??= error.message;
    });
    child.on('close', (code, by) => {
      signal.removeEventListener('abort', kill);
      const words = /^\S*Error\b.*$/m.exec(complaint)?.[0];
      const reason = `its process ended ${by === null ? `with code ${code}` : `by ${by}`}`;
      resolve(outcome ?? (words === undefined ? reason : `${reason}: ${words}`));
    });
    // A process that ended before it could read tells so by its end.
    child.send(task, () => {});
    if (signal.aborted) kill();
  });
}
