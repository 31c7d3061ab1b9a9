import { shareDone, type UpdateOptions } from './pruneOptions.ts';
import type { Progress } from './topology.ts';

// When updates are made by methods that have more connections than the density asks for until the last one.
// So every training of at least two steps has an update, whatever its options.

type Every = Pick<Required<UpdateOptions>, 'every'>;

/** Steps from one update to the next: as the option says, but at most half of the training. */
function updateGap({ every }: Every, { rows, batchSize, steps }: Progress): number {
  const wanted = every === 0 ? Math.ceil(rows / batchSize) : every;
  return Math.max(1, Math.min(wanted, Math.floor(steps / 2)));
}

/** Whether an update is due at this step, whatever share of the training is over. */
export function isUpdateStep(options: Every, progress: Progress): boolean {
  if (options.every === 0 && progress.epochs > 1) return progress.isEpochEnd;
  return progress.step % updateGap(options, progress) === 0;
}

/** The step of the last update of the training. */
export function lastUpdateStep(options: Every, progress: Progress): number {
  const gap = updateGap(options, progress);
  return Math.floor(Math.max(0, progress.steps - 1) / gap) * gap;
}

/**
 * Whether an update is due: the first one, or one within the share of the training in which they are made.
 */
export function shrinkIsDue(options: Required<UpdateOptions>, progress: Progress): boolean {
  const isFirst = progress.step <= updateGap(options, progress);
  return isUpdateStep(options, progress) && (isFirst || shareDone(progress) <= options.until);
}

/** Whether no other update follows the one at hand. */
export function isLastUpdate(options: Required<UpdateOptions>, progress: Progress): boolean {
  const next = progress.step + updateGap(options, progress);
  return next >= progress.steps || next / progress.steps > options.until;
}
