// How much a test does, and from which seed: a part of its work in `npm test`, all of it in `npm run
// test:full`.
import type { TestContext } from 'vitest';
import { randomStream } from '../../src/base/random.ts';

/** Whether all of the work is wanted. */
export const isFull = process.env.CTRE_TEST === 'full';

/** The first number; the second where all of the work is wanted. */
export function effort(fast: number, full: number): number {
  return isFull ? full : fast;
}

/**
 * The seed of this run: CTRE_SEED, or 1, or a new one where all of the work is wanted. Names of tests or
 * errors say it, so that a failure can be run again.
 */
export const runSeed: number = Number(process.env.CTRE_SEED ?? (isFull ? Date.now() % 1_000_000 : 1));

/** Random numbers of this run for one purpose. */
export function runRandom(purpose: string) {
  return randomStream(runSeed, purpose);
}

/** Skips a test that cannot run here, and prints why. */
export function skipTest(context: TestContext, reason: string): never {
  console.log(`skipped: ${context.task.name}: ${reason}`);
  return context.skip(reason);
}
