// Watches code that gets anything as its input: its result, its time, and its memory.
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { CtreError } from '../../../src/base/errors.ts';

/** The most seconds of the processor for one input. */
const MOST_SECONDS = 1;
/** After so long the process ends, since an endless loop cannot be left in any other way. */
const PATIENCE_SECONDS = 30;

/** Ends the process if `enter` is not called again for long, and says where it was. */
function startWatchdog(): { enter: (title: string) => void; stop: () => void } {
  const shared = new SharedArrayBuffer(4 + 1024);
  const counter = new Int32Array(shared, 0, 1);
  const titles = new Uint8Array(shared, 4);
  const code = `
    const { workerData: { shared, patience } } = require('node:worker_threads');
    const counter = new Int32Array(shared, 0, 1);
    for (;;) {
      const before = Atomics.load(counter, 0);
      if (before < 0) break;
      if (Atomics.wait(counter, 0, before, 1000 * patience) !== 'timed-out') continue;
      const title = Buffer.from(new Uint8Array(shared, 4)).toString().replace(/\\0.*/s, '');
      require('node:fs').writeSync(2, 'no end of: ' + title + '\\n');
      process.kill(process.pid, 'SIGKILL');
    }`;
  const worker = new Worker(code, { eval: true, workerData: { shared, patience: PATIENCE_SECONDS } });
  worker.unref();
  return {
    enter(title) {
      titles.fill(0);
      new TextEncoder().encodeInto(title, titles);
      Atomics.store(counter, 0, (Atomics.load(counter, 0) + 1) & 0xffffff);
      Atomics.notify(counter, 0);
    },
    stop() {
      Atomics.store(counter, 0, -1);
      Atomics.notify(counter, 0);
    },
  };
}

/** The results of many inputs. */
export interface Tally {
  inputs: number;
  /** Inputs that gave a result. */
  valid: number;
  /** Errors by code. */
  readonly errors: Record<string, number>;
  slowest: { title: string; seconds: number };
}

/**
 * Gives every input to the code. It may give a result or throw a CtreError of one sentence, within a second.
 * @param use reads and checks the result. @throws Error with the input's title for anything else.
 */
export async function tryAll<Input>(
  inputs: Iterable<{ readonly title: string; readonly input: Input }>,
  use: (input: Input) => unknown,
): Promise<Tally> {
  const tally: Tally = { inputs: 0, valid: 0, errors: {}, slowest: { title: '', seconds: 0 } };
  const watchdog = startWatchdog();
  try {
    for (const { title, input } of inputs) {
      watchdog.enter(title);
      const start = process.cpuUsage();
      tally.inputs++;
      try {
        await use(input);
        tally.valid++;
      } catch (error) {
        if (!(error instanceof CtreError) || !/^.{10,1000}$/s.test(error.message)) {
          throw new Error(`${title} threw ${String(error)}`, { cause: error });
        }
        tally.errors[error.code] = (tally.errors[error.code] ?? 0) + 1;
      }
      const { user, system } = process.cpuUsage(start);
      const seconds = (user + system) / 1e6;
      if (seconds > tally.slowest.seconds) tally.slowest = { title, seconds };
      if (seconds > MOST_SECONDS) throw new Error(`${title} took ${seconds} s`);
    }
  } finally {
    watchdog.stop();
  }
  if (process.env.CTRE_TALLY !== undefined) writeSync(2, `${JSON.stringify(tally)}\n`);
  return tally;
}
