#!/usr/bin/env node
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

// `ctre predict … | head`: the reader has what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

/** The first Ctrl-C aborts the task; where that does not help, the second one ends the program. */
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

const { stdout, stderr } = process;
// Not process.exit, which would cut off what is still on its way into a pipe.
const cellProgram = fileURLToPath(new URL('./cellProcess.js', import.meta.url));
process.exitCode = await run(process.argv.slice(2), { stdout, stderr, cellProgram, interruptible });
