import type { UpdateOptions } from './pruneOptions.ts';
import type { Progress } from './topology.ts';

/** Steps from one update to the next. */
export function updateGap({ every }: Pick<Required<UpdateOptions>, 'every'>, progress: Progress): number {
  return every === 0 ? Math.max(1, Math.ceil(progress.rows / progress.batchSize)) : every;
}

/** The step of the last update that a whole training has room for; 0 where it has room for none. */
export function lastUpdateStep(options: Pick<Required<UpdateOptions>, 'every'>, progress: Progress): number {
  const gap = updateGap(options, progress);
  return Math.max(0, Math.floor((progress.steps - 1) / gap) * gap);
}

/** Whether no other update follows the one at hand. */
export function isLastUpdate(options: Required<UpdateOptions>, progress: Progress): boolean {
  const next = progress.step + updateGap(options, progress);
  return next >= progress.steps || next / progress.steps > options.until;
}
