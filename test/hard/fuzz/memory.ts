// What code takes from memory while it runs: the process's resident pages, looked at every millisecond by a thread beside it.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const SAMPLER = `
  const { workerData: shared, parentPort } = require('node:worker_threads');
  const peak = new Float64Array(shared, 8, 1);
  const state = new Int32Array(shared, 0, 2);
  let lowest = Infinity;
  do {
    const resident = process.memoryUsage.rss();
    lowest = Math.min(lowest, resident);
    peak[0] = Math.max(peak[0], resident - lowest);
    Atomics.store(state, 1, 1);
    Atomics.notify(state, 1);
    Atomics.wait(state, 0, 0, 1);
  } while (Atomics.load(state, 0) === 0);
  parentPort.postMessage('done');`;

/**
 * By how many bytes the resident pages rise while the code runs, from the lowest they were before. Garbage that the engine has
 * not collected yet counts, so this is more than what is needed at a time; pages that others give back meanwhile do not.
 */
export async function peakBytes(run: () => unknown): Promise<number> {
  const shared = new SharedArrayBuffer(16);
  const state = new Int32Array(shared, 0, 2);
  const peak = new Float64Array(shared, 8, 1);
  const sampler = new Worker(SAMPLER, { eval: true, workerData: shared });
  collectGarbage();
  // Pages go back to the system on threads of the engine's.
  await new Promise((resolve) => setTimeout(resolve, 50));
  Atomics.wait(state, 1, 0, 5000);
  await run();
  const done = new Promise((resolve) => sampler.once('message', resolve));
  Atomics.store(state, 0, 1);
  Atomics.notify(state, 0);
  await done;
  await sampler.terminate();
  return peak[0];
}
