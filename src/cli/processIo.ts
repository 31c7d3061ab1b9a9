import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Io } from './io.ts';

/** The first Ctrl-C aborts the task. The second one ends the program. */
async function interruptible<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once('SIGINT', abort);
  try {
    return await task(controller.signal);
  } finally {
    process.off('SIGINT', abort);
  }
}

/** What the program has when it runs as a process of its own. */
export const processIo: Io = {
  stdout: process.stdout,
  stderr: process.stderr,
  cellProgram: fileURLToPath(new URL('./cellProcess.js', import.meta.url)),
  interruptible,
};
