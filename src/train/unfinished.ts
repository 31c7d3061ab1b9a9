import type { Epoch } from './epoch.ts';

/** The share of the epochs over which the loss is looked at, at the end and before that. */
const WINDOW = 0.25;
/** What a loss loses at least from one of these to the other where it still falls: a share of itself, … */
const FALL = 0.05;
/** … and of the first epoch's loss. Of a loss near 0 the rest falls for ever. */
const FALL_OF_FIRST = 0.005;

/**
 * A sentence for a training that ended while its loss was still falling: that of training, and that of the
 * validation rows where there are any (few of them fall and rise by chance). Undefined where it was not, or
 * where there are too few epochs to tell. The windows are wide, because a learning rate that falls to 0 makes
 * any loss flat at last.
 */
export function unfinishedTraining(history: readonly Epoch[]): string | undefined {
  const window = Math.max(1, Math.round(WINDOW * history.length));
  if (history.length < 3) return undefined;
  const fall = fallOf(history, window, ({ loss }) => loss);
  const isValidated = history[history.length - 1].valLoss !== undefined;
  const validated = isValidated ? fallOf(history, window, ({ valLoss }) => valLoss ?? Number.NaN) : fall;
  if (fall === undefined || validated === undefined) return undefined;
  return (
    `the loss was still falling when training ended (on average from ${inThreeDigits(fall.before)} to ` +
    `${inThreeDigits(fall.last)} in the last ${window === 1 ? 'epoch' : `${window} epochs`}); more epochs ` +
    'would learn more'
  );
}

/** Mean losses before and in the last epochs; undefined where they did not fall. */
function fallOf(
  history: readonly Epoch[],
  window: number,
  lossOf: (epoch: Epoch) => number,
): { readonly before: number; readonly last: number } | undefined {
  const meanOf = (epochs: readonly Epoch[]): number =>
    epochs.reduce((sum, epoch) => sum + lossOf(epoch), 0) / epochs.length;
  const before = meanOf(history.slice(-2 * window, -window));
  const last = meanOf(history.slice(-window));
  const least = Math.max(FALL * before, FALL_OF_FIRST * lossOf(history[0]));
  return before - last > least ? { before, last } : undefined;
}

function inThreeDigits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
