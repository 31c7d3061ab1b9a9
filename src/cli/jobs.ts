import { availableParallelism } from 'node:os';

/** Trainings at a time: as many as the machine has room for, each with its threads. */
export function trainingsAtATime(jobs: number | 'auto', threads: number | 'auto'): number {
  if (jobs !== 'auto') return jobs;
  const cores = availableParallelism();
  return Math.max(1, Math.floor(cores / (threads === 'auto' ? cores : threads)));
}
