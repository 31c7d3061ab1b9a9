import { setImmediate } from 'node:timers/promises';
import { CtreError } from '../base/errors.ts';

/** What two jobs take, in seconds a run: medians of samples that were taken in turns. */
export interface TurnTimes {
  readonly first: number;
  readonly second: number;
  /** Samples of each. */
  readonly samples: number;
}

/** A figure of fewer samples says little. */
const LEAST_SAMPLES = 3;

/** Samples of each that the time is divided into, where it is short. */
const WANTED_SAMPLES = 24;

/** Seconds of the first runs and of a sample, at most: Ctrl-C waits for their end. */
const LONGEST = 0.1;

/**
 * Measures two jobs in turns, so that what disturbs the machine disturbs both.
 * @param budget seconds; where the jobs are slow it takes longer, since each has three samples at least.
 * @throws CtreError `E_ABORTED` when the signal is aborted.
 */
export async function timeInTurns(
  first: () => void,
  second: () => void,
  budget: number,
  signal: AbortSignal,
): Promise<TurnTimes> {
  const jobs = [first, second];
  // The first runs compile the code. They also tell how many runs a sample needs.
  const counts: number[] = [];
  const sampleSeconds = Math.min(LONGEST, budget / 2 / WANTED_SAMPLES);
  for (const job of jobs) {
    const begin = performance.now();
    let runs = 0;
    let seconds = 0;
    do {
      job();
      runs++;
      seconds = (performance.now() - begin) / 1000;
    } while (seconds < Math.min(LONGEST, budget / 8));
    counts.push(Math.max(1, Math.round((runs / seconds) * sampleSeconds)));
    await pause(signal);
  }
  const samples: [number[], number[]] = [[], []];
  const begin = performance.now();
  while (samples[0].length < LEAST_SAMPLES || (performance.now() - begin) / 1000 < budget) {
    for (const [which, job] of jobs.entries()) {
      const start = performance.now();
      for (let run = 0; run < counts[which]; run++) job();
      samples[which].push((performance.now() - start) / 1000 / counts[which]);
      await pause(signal);
    }
  }
  return { first: median(samples[0]), second: median(samples[1]), samples: samples[0].length };
}

/** Gives Ctrl-C a turn. */
async function pause(signal: AbortSignal): Promise<void> {
  await setImmediate();
  if (signal.aborted) throw new CtreError('E_ABORTED', 'stopped');
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
