import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Io } from './io.ts';

/** The first of these signals aborts the task. The second one ends the program. */
async function abortedBy<T>(
  signals: readonly NodeJS.Signals[],
  task: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => {
    controller.abort();
    for (const signal of signals) process.off(signal, abort);
  };
  for (const signal of signals) process.once(signal, abort);
  try {
    return await task(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, abort);
  }
}

/** What the program has when it runs as a process of its own. */
export const processIo: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  cellProgram: fileURLToPath(new URL('./cellProcess.js', import.meta.url)),
  interruptible: (task) => abortedBy(['SIGINT'], task),
  terminable: (task) => abortedBy(['SIGINT', 'SIGTERM'], task),
};
