// The memory that code takes while it runs: a thread looks at the process's resident pages every millisecond.
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
 * By how many bytes the resident pages rise while the code runs, from their lowest number before. Garbage
 * that the engine has not collected yet counts, so this is more than the code needs at a time. Pages that
 * others give back meanwhile do not count.
 */
export async function peakBytes(run: () => unknown): Promise<number> {
  const shared = new SharedArrayBuffer(16);
  const state = new Int32Array(shared, 0, 2);
  const peak = new Float64Array(shared, 8, 1);
  const sampler = new Worker(SAMPLER, { eval: true, workerData: shared });
  collectGarbage();
  // Threads of the engine give pages back to the system.
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
