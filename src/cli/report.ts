import cliProgress from 'cli-progress';
import Table from 'cli-table3';
import type { Spread } from '../compare/statistics.ts';
import type { Epoch } from '../index.ts';

/** Where a command writes. */
export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** What a command has of the world besides its arguments and files. */
export interface Io {
  /** Results; with --json nothing but JSON. */
  readonly stdout: Output;
  /** Mistakes. */
  readonly stderr: Output;
  /** The file that child processes run, one for each training of a comparison. */
  readonly cellProgram: string;
  /** Runs a task whose signal the user's Ctrl-C aborts. */
  interruptible<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** A table for people: names on the left, or a head above. */
export function table(rows: readonly (readonly string[])[], head: readonly string[] = []): string {
  const width = Math.max(head.length, ...rows.map((row) => row.length));
  const grid = new Table({
    head: [...head],
    colAligns: Array.from({ length: width }, (_, column) => (column === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  grid.push(...rows.map((row) => [...row]));
  return `${grid.toString()}\n`;
}

/** Lines of name and value, the values in one column. */
export function list(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('');
}

/** A share with as many digits as test sets of thousands of rows mean; a dash for none. */
export function share(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(4);
}

/** A share in percent. */
export function percent(value: number): string {
  return `${Number((100 * value).toPrecision(3))} %`;
}

/** A duration with three digits. */
export function duration(seconds: number): string {
  return seconds < 60
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** A large number with three digits: 7.21 M. */
export function count(value: number): string {
  const units = ['', ' k', ' M', ' G', ' T'];
  const power = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${Number((value / 1000 ** power).toPrecision(3))}${units[power]}`;
}

/** Mean ± standard deviation; the mean alone of a single number, a dash of none. */
export function spread(values: Spread | undefined): string {
  if (values?.deviation === undefined) return share(values?.mean);
  return `${share(values.mean)} ± ${values.deviation.toFixed(4)}`;
}

/** How far training is, for people. */
export interface Progress {
  show(epoch: Epoch): void;
  /** Leaves the last state on the screen, and the terminal as it was. */
  stop(): void;
}

/** A bar on a terminal, some twenty lines elsewhere. */
export function showProgress(output: Output, epochs: number, earlier: readonly Epoch[]): Progress {
  const describe = describeEpochs(epochs, earlier);
  return output.isTTY === true
    ? showBar(output, epochs, describe, earlier.length)
    : showLines(output, epochs, describe);
}

const NOTHING_YET = { loss: '–', scored: 'val', accuracy: '–', best: '–', left: '–' };

/** What the line takes besides the bar and the two numbers of epochs. */
const BAR_TEXT = 61;

function showBar(output: Output, epochs: number, describe: Describe, begin: number): Progress {
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
    show: (epoch) => bar.update(epoch.epoch, describe(epoch)),
    stop: () => bar.stop(),
  };
}

function showLines(output: Output, epochs: number, describe: Describe): Progress {
  const every = Math.ceil(epochs / 20);
  return {
    show(epoch) {
      const { loss, scored, accuracy, best, left } = describe(epoch);
      if (epoch.epoch !== 1 && epoch.epoch !== epochs && epoch.epoch % every !== 0) return;
      const number = String(epoch.epoch).padStart(String(epochs).length);
      output.write(
        `epoch ${number}/${epochs}  loss ${loss}  ${scored} ${accuracy}  best ${best}  ${left} left\n`,
      );
    },
    stop() {},
  };
}

type Describe = (epoch: Epoch) => typeof NOTHING_YET;

/** An epoch in words, knowing those before. */
function describeEpochs(epochs: number, earlier: readonly Epoch[]): Describe {
  const accuracyOf = ({ valAccuracy, accuracy }: Epoch): number => valAccuracy ?? accuracy;
  const bestBefore = earlier.findLast(({ best }) => best);
  let best = bestBefore && accuracyOf(bestBefore);
  let seconds = earlier.reduce((sum, epoch) => sum + epoch.seconds, 0);
  return (epoch) => {
    const accuracy = accuracyOf(epoch);
    if (epoch.best) best = accuracy;
    seconds += epoch.seconds;
    return {
      loss: epoch.loss.toFixed(4),
      scored: epoch.valAccuracy === undefined ? 'train' : 'val',
      accuracy: share(accuracy),
      best: share(best),
      left: duration((seconds / epoch.epoch) * (epochs - epoch.epoch)),
    };
  };
}
