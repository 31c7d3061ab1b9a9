import cliProgress from 'cli-progress';
import type { Epoch } from '../index.ts';
import { duration, share } from './format.ts';
import type { Output } from './io.ts';

/** How far training is, for people. */
export interface ProgressBar {
  show(epoch: Epoch): void;
  /** Leaves the last state on the screen, and the terminal as it was. */
  stop(): void;
}

/** A bar on a terminal, some twenty lines elsewhere. */
export function showProgress(output: Output, epochs: number, earlier: readonly Epoch[]): ProgressBar {
  const inWords = epochsInWords(epochs, earlier);
  return output.isTTY === true
    ? showBar(output, epochs, inWords, earlier.length)
    : showLines(output, epochs, inWords);
}

const NOTHING_YET = { loss: '–', scored: 'val', accuracy: '–', best: '–', left: '–' };

/** What the line takes besides the bar and the two numbers of epochs. */
const BAR_TEXT = 64;

function showBar(output: Output, epochs: number, inWords: EpochInWords, begin: number): ProgressBar {
  const room = (output.columns ?? 80) - BAR_TEXT - 2 * String(epochs).length;
  const bar = new cliProgress.SingleBar({
    stream: output,
    format: '{bar} {value}/{total}  loss {loss}  {scored} {accuracy}  best {best}  {left} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: Math.max(4, Math.min(24, room)),
    // A killed process could leave the terminal without line wrapping; the bar keeps to its width instead.
    linewrap: true,
  });
  bar.start(epochs, begin, NOTHING_YET);
  return {
    show: (epoch) => bar.update(epoch.epoch, inWords(epoch)),
    stop: () => bar.stop(),
  };
}

function showLines(output: Output, epochs: number, inWords: EpochInWords): ProgressBar {
  const every = Math.ceil(epochs / 20);
  return {
    show(epoch) {
      const { loss, scored, accuracy, best, left } = inWords(epoch);
      if (epoch.epoch !== 1 && epoch.epoch !== epochs && epoch.epoch % every !== 0) return;
      const number = String(epoch.epoch).padStart(String(epochs).length);
      output.write(
        `epoch ${number}/${epochs}  loss ${loss}  ${scored} ${accuracy}  best ${best}  ${left} left\n`,
      );
    },
    stop() {},
  };
}

type EpochInWords = (epoch: Epoch) => typeof NOTHING_YET;

/** An epoch in words, knowing those before. */
function epochsInWords(epochs: number, earlier: readonly Epoch[]): EpochInWords {
  // A regression has no accuracy.
  const accuracyOf = ({ valAccuracy, accuracy, metrics, valMetrics }: Epoch): number | undefined =>
    valAccuracy ?? valMetrics?.r2 ?? metrics?.r2 ?? accuracy;
  const bestBefore = earlier.findLast(({ best }) => best);
  let best = bestBefore && accuracyOf(bestBefore);
  let seconds = earlier.reduce((sum, epoch) => sum + epoch.seconds, 0);
  return (epoch) => {
    const accuracy = accuracyOf(epoch);
    if (epoch.best) best = accuracy;
    seconds += epoch.seconds;
    return {
      loss: epoch.loss >= 1e4 ? epoch.loss.toExponential(3) : epoch.loss.toFixed(4),
      scored:
        (epoch.valLoss === undefined ? 'train' : 'val') + (epoch.metrics?.r2 === undefined ? '' : ' R²'),
      accuracy: share(accuracy),
      best: share(best),
      left: duration((seconds / epoch.epoch) * (epochs - epoch.epoch)),
    };
  };
}
