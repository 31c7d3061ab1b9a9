import type { Kernels } from '../engine/abi.ts';
import type { Work } from './turns.ts';

/**
 * One of several independent jobs. It may do nothing but call kernels, with arguments that do not depend on
 * what kernels have computed: a pool records the calls and makes them on another thread.
 */
export type Job = (kernels: Kernels, index: number) => void;

/**
 * Runs jobs, here or on several threads. The jobs of one call run in no defined order, so what they write
 * must not overlap.
 */
export interface Executor {
  /** How many jobs run at a time. */
  readonly threads: number;
  /** Runs the jobs 0 to count − 1. They are done when the work ends. */
  run(count: number, job: Job): Work<void>;
}

/** Runs jobs one after another on this thread. */
export function inlineExecutor(kernels: Kernels): Executor {
  return {
    threads: 1,
    *run(count, job) {
      for (let index = 0; index < count; index++) {
        job(kernels, index);
        yield;
      }
    },
  };
}
