import { availableParallelism, cpus } from 'node:os';
import { basename, extname } from 'node:path';
import cliProgress from 'cli-progress';
import { CtreError, show } from '../../base/errors.ts';
import { type CellRecord, isFinished } from '../../compare/cell.ts';
import type { PictureSize } from '../../compare/look.ts';
import { type Group, summarize } from '../../compare/summary.ts';
import { type Arguments, type OptionName, parseArguments, type Syntax } from '../args.ts';
import type { CellTask } from '../cell.ts';
import { type CellEvents, runCells } from '../cellPool.ts';
import { GRID_OPTIONS, type Grid, readGrid } from '../compareGrid.ts';
import { checkWritable, writeWhole } from '../files.ts';
import { count, duration, type Io, list, type Output, percent, share, spread, table } from '../report.ts';
import { ResultsFile } from '../resultsFile.ts';
import { readVersion } from '../version.ts';

/** What `ctre compare` takes. */
export const compareSyntax = {
  command: 'compare',
  summary: 'train every method with every seed, tell which differ, and draw a report',
  positionals: ['[dataset…]'],
  options: {
    ...GRID_OPTIONS,
    Running: {
      jobs: { value: 'n', help: 'trainings at a time, each in a process of its own, or auto (auto)' },
      results: {
        value: 'file.jsonl',
        help: 'where finished trainings are kept; the same command goes on from there,\nand a larger grid adds to them (dataset.compare.jsonl)',
      },
    },
    Output: {
      report: { value: 'file.html', help: 'tables and plots in one file that needs no network' },
      image: { value: 'WxH', help: 'the inputs are pictures of this size, or none (square ones are seen)' },
      json: { help: 'one JSON object a line: the start, every training, the result' },
    },
  },
} as const satisfies Syntax;

type CompareArguments = Arguments<OptionName<typeof compareSyntax>>;

/** `ctre compare [dataset…]` */
export async function runCompare(argv: readonly string[], io: Io): Promise<void> {
  const args = parseArguments(compareSyntax, argv);
  const jobs = args.text('jobs') === 'auto' ? undefined : args.integer('jobs', { least: 1, most: 256 });
  const grid = await readGrid(args, readImage(args));
  const version = await readVersion();
  const path = args.text('results') ?? `${defaultName(grid)}.compare.jsonl`;
  const image = args.text('image');
  const shared = { ...grid.shared, ...(image !== undefined && { image }) };
  const split = args.text('split');
  const inputs = [...args.positionals, ...(split === undefined ? [] : [split])];
  const results = await ResultsFile.open(path, version, shared, grid.tasks, inputs);
  const report = args.text('report');
  if (report !== undefined) await checkWritable(report, [...inputs, path]);
  await results.prepare();
  const comparison = { grid, results, jobs: jobs ?? defaultJobs(grid), isJson: args.has('json') };
  let records: readonly CellRecord[];
  try {
    await train(comparison, io);
    records = await results.sort(grid.tasks);
  } finally {
    await results.close();
  }
  const groups = summarize(records);
  if (report !== undefined) {
    const { renderReport } = await import('../../compare/report/htmlReport.ts');
    const context = {
      command: ['ctre', 'compare', ...argv].map(quoted).join(' '),
      version,
      node: process.version,
      machine: `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${process.platform} ${process.arch}`,
      jobs: comparison.jobs,
      date: new Date(),
      epochs: grid.epochs,
      datasets: grid.datasets,
    };
    await writeWhole(report, await renderReport(groups, records, context));
  }
  if (comparison.isJson) printJson(io.stdout, 'result', { groups: groups.map(groupRecord) });
  else io.stdout.write(resultText(groups, path, report));
}

interface Comparison {
  readonly grid: Grid;
  readonly results: ResultsFile;
  readonly jobs: number;
  readonly isJson: boolean;
}

/** Trains what is missing. */
async function train({ grid, results, jobs, isJson }: Comparison, io: Io): Promise<void> {
  const { stdout } = io;
  const missing = grid.tasks.filter((task) => results.record(task) === undefined);
  const done = grid.tasks.length - missing.length;
  if (isJson) printJson(stdout, 'start', startRecord(grid, results, jobs, done));
  else stdout.write(startText(grid, results, jobs, done));
  const print = (record: CellRecord, resumed: boolean): void => {
    if (isJson) printJson(stdout, 'cell', { ...headOf(record), ...(resumed && { resumed }) });
  };
  for (const task of grid.tasks) {
    const record = results.record(task);
    if (record !== undefined) print(record, true);
  }
  if (missing.length === 0) return;
  const progress = isJson ? undefined : showCells(stdout, missing, grid);
  const lost: string[] = [];
  const events: CellEvents = {
    onEpoch: (task, epoch) => progress?.epoch(task, epoch),
    async onRecord(task, record) {
      await results.add(record);
      progress?.end(task, record);
      print(record, false);
    },
    onLost(task, reason) {
      lost.push(`${cellWords(task, grid)}: ${reason}`);
      progress?.end(task, undefined);
    },
  };
  try {
    await io.interruptible(async (signal) => {
      await runCells(missing, io.cellProgram, jobs, signal, events);
      const left = grid.tasks.filter((task) => results.record(task) === undefined).length;
      if (signal.aborted && left > 0) {
        throw new CtreError(
          'E_ABORTED',
          `stopped with ${grid.tasks.length - left} of ${grid.tasks.length} trainings done; the same command goes on from there`,
        );
      }
    });
  } finally {
    progress?.stop();
  }
  if (lost.length === 0) return;
  const more = lost.length === 1 ? '' : ` (and ${lost.length - 1} more)`;
  throw new CtreError(
    'E_WORKER_DIED',
    `a training did not come to its end: ${lost[0]}${more}; the others are kept, and the same command tries again`,
  );
}

function readImage(args: CompareArguments): PictureSize | null | undefined {
  const text = args.text('image');
  if (text === undefined) return undefined;
  if (text === 'none') return null;
  const [, width, height] = /^([1-9]\d{0,4})x([1-9]\d{0,4})$/.exec(text) ?? [];
  if (width !== undefined) return { width: Number(width), height: Number(height) };
  throw new CtreError('E_ARGUMENT', `--image is ${show(text)}; expected a size like 28x28, or none`);
}

function defaultName({ datasets }: Grid): string {
  return datasets.map(({ name }) => basename(name, extname(name)).replaceAll(' ', '-')).join('+');
}

/** As many as the machine has room for, each with its threads. */
function defaultJobs({ threads }: Grid): number {
  const cores = availableParallelism();
  return Math.max(1, Math.floor(cores / (threads === 'auto' ? cores : threads)));
}

function printJson(stdout: Output, event: string, record: object): void {
  stdout.write(`${JSON.stringify({ event, ...record })}\n`);
}

function startRecord(
  { tasks, datasets, epochs }: Grid,
  { path }: ResultsFile,
  jobs: number,
  done: number,
): object {
  return { datasets, cells: tasks.length, done, epochs, jobs, results: path };
}

function startText(
  { tasks, datasets, epochs }: Grid,
  { path }: ResultsFile,
  jobs: number,
  done: number,
): string {
  return `${list([
    ...datasets.map(
      ({ name, about, trainRows, testRows }) =>
        [name, `${about}; ${trainRows} rows for training and validation, ${testRows} for the test`] as const,
    ),
    ['trainings', `${tasks.length} of ${epochs} epochs${done === 0 ? '' : `, ${done} of them done before`}`],
    ['at a time', String(jobs)],
    ['kept in', path],
  ])}\n`;
}

/** A record without what fills pages. */
function headOf(record: CellRecord): object {
  if (!isFinished(record)) return record;
  const { curves: _curves, evolution: _evolution, looks: _looks, ...head } = record;
  return head;
}

/** A cell by what differs in its grid. */
function cellWords({ cell }: CellTask, { tasks }: Grid): string {
  const [first] = tasks;
  const varies = (name: 'dataset' | 'hidden' | 'epsilon'): boolean =>
    tasks.some((task) => String(task.cell[name]) !== String(first.cell[name]));
  return [
    ...(varies('dataset') ? [cell.dataset] : []),
    ...(varies('hidden') ? [`hidden ${cell.hidden.join(',')}`] : []),
    ...(varies('epsilon') ? [`ε ${cell.epsilon}`] : []),
    cell.method,
    `seed ${cell.seed}`,
  ].join(', ');
}

interface CellProgress {
  epoch(task: CellTask, epoch: number): void;
  /** Undefined: it was lost. */
  end(task: CellTask, record: CellRecord | undefined): void;
  stop(): void;
}

/** A bar over all epochs on a terminal, a line for each training elsewhere. */
function showCells(output: Output, missing: readonly CellTask[], grid: Grid): CellProgress {
  const begin = performance.now();
  const epochs = new Map<CellTask, number>();
  let ended = 0;
  const fraction = (): number =>
    [...epochs.values()].reduce((sum, epoch) => sum + epoch, 0) / (missing.length * grid.epochs);
  const left = (): string => {
    const seconds = (performance.now() - begin) / 1000;
    return fraction() === 0 ? '–' : duration((seconds * (1 - fraction())) / fraction());
  };
  if (output.isTTY !== true) {
    return {
      epoch: (task, epoch) => void epochs.set(task, epoch),
      end(task, record) {
        ended++;
        epochs.set(task, grid.epochs);
        const number = String(ended).padStart(String(missing.length).length);
        const outcome =
          record === undefined
            ? 'did not end'
            : isFinished(record)
              ? `test ${share(record.testAccuracy)}  ${duration(record.seconds)}`
              : 'diverged';
        output.write(
          `training ${number}/${missing.length}  ${cellWords(task, grid)}: ${outcome}  ${left()} left\n`,
        );
      },
      stop() {},
    };
  }
  const bar = new cliProgress.SingleBar({
    stream: output,
    format: '{bar} {percentage} %  {ended} of {count} trainings  {left} left',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: Math.max(4, Math.min(24, (output.columns ?? 80) - 50)),
    linewrap: true,
  });
  const state = (): object => ({ ended, count: missing.length, left: left() });
  bar.start(1000, 0, state());
  const update = (task: CellTask, epoch: number): void => {
    epochs.set(task, epoch);
    bar.update(Math.floor(1000 * fraction()), state());
  };
  return {
    epoch: update,
    end(task) {
      ended++;
      update(task, grid.epochs);
    },
    stop: () => bar.stop(),
  };
}

/** A group as the last line of --json: without the cells, which have lines of their own. */
function groupRecord({ cell, methods, comparisons }: Group): object {
  return {
    ...cell,
    methods: methods.map(({ finished, testAccuracy, ...summary }) => ({
      ...summary,
      seeds: finished.length,
      testAccuracy: testAccuracy?.mean,
      testAccuracyDeviation: testAccuracy?.deviation,
    })),
    comparisons,
  };
}

function resultText(groups: readonly Group[], path: string, report: string | undefined): string {
  const files = `kept in ${path}${report === undefined ? '' : `, report in ${report}`}\n`;
  return `\n${groups.map(groupText).join('\n')}${files}`;
}

function groupText({ cell, methods, comparisons, seedsNeeded }: Group): string {
  const { dataset, hidden, epsilon } = cell;
  const title = [
    dataset,
    `hidden layers ${hidden.length === 0 ? 'none' : hidden.join(', ')}`,
    ...(epsilon === null ? [] : [`ε ${epsilon}`]),
  ].join('; ');
  const ratio = (dense: number | undefined, own: number | undefined): string =>
    dense === undefined || own === undefined ? '–' : `${Number((dense / own).toPrecision(3))} ×`;
  const rows = methods.map((method) => [
    method.method,
    `${method.finished.length}${method.failed === 0 ? '' : ` (${method.failed} diverged)`}`,
    spread(method.testAccuracy),
    method.nnz === undefined ? '–' : String(Math.round(method.nnz)),
    method.density === undefined ? '–' : percent(method.density),
    method.seconds === undefined ? '–' : duration(method.seconds),
    method.multiplyAdds === undefined ? '–' : count(method.multiplyAdds),
    ratio(method.denseMultiplyAdds, method.multiplyAdds),
  ]);
  const head = [
    'method',
    'seeds',
    'test accuracy',
    'connections',
    'density',
    'time',
    'multiply-adds',
    'fewer',
  ];
  const dense = methods.find(({ denseMultiplyAdds }) => denseMultiplyAdds !== undefined)?.denseMultiplyAdds;
  return [
    `${title}\n`,
    table(rows, head),
    'Test accuracy at the first epoch of best validation accuracy, mean ± standard deviation; multiply-adds\n',
    `for a sample in an epoch, forward, backward and growth (dense network: ${dense === undefined ? '–' : count(dense)}).\n`,
    ...comparisonText(comparisons, seedsNeeded),
  ].join('');
}

function comparisonText(comparisons: Group['comparisons'], needed: number): string[] {
  if (comparisons.length === 0) return [];
  const tests = comparisons.length === 1 ? '' : `, p after Holm for ${comparisons.length} pairs`;
  const lines = comparisons.map(
    ({ first, second, difference, p, verdict }) =>
      [
        `${first} − ${second}`,
        `${difference < 0 ? '−' : '+'}${share(Math.abs(difference))}  p ${p.toFixed(3)}  ${verdict}`,
      ] as const,
  );
  const few = comparisons.some(({ verdict }) => verdict === 'too few seeds');
  return [
    `Paired by seed, exact permutation test${tests}:\n`,
    list(lines),
    ...(few ? [`With so many pairs it takes ${needed} seeds or more to tell.\n`] : []),
  ];
}

/** An argument as a shell takes it. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
