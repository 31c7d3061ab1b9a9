import { cpus } from 'node:os';
import { basename, extname } from 'node:path';
import { CtreError } from '../../base/errors.ts';
import type { CellRecord } from '../../compare/cell.ts';
import { cellWords } from '../../compare/grid.ts';
import { type Group, summarize } from '../../compare/summary.ts';
import { parseArguments } from '../args.ts';
import { showCells } from '../cellBar.ts';
import { type CellEvents, runCells } from '../cellPool.ts';
import { type Grid, readGrid } from '../compareGrid.ts';
import { compareSyntax } from '../compareSyntax.ts';
import {
  cellLine,
  compareResultText,
  compareStartRecord,
  compareStartText,
  groupRecord,
} from '../compareText.ts';
import { checkWritable, writeWhole } from '../files.ts';
import { rangeWords } from '../format.ts';
import { type Io, printJson } from '../io.ts';
import { trainingsAtATime } from '../jobs.ts';
import { withoutPassword } from '../queue/address.ts';
import { openSweep, type Sweeping } from '../queue/openSweep.ts';
import { ResultsFile } from '../resultsFile.ts';
import { type StartedKernels, startKernels } from '../startKernels.ts';
import { readVersion } from '../version.ts';

/** `ctre compare [dataset…]` */
export async function runCompare(argv: readonly string[], io: Io): Promise<void> {
  const args = parseArguments(compareSyntax, argv);
  const { image, split, test, methodModule = [], report, results: path, json: isJson = false } = args.options;
  const { queue, retries } = args.options;
  if (retries !== undefined && queue === undefined) {
    throw new CtreError('E_ARGUMENT', '--retries is for workers; give --queue redis://host:6379/0');
  }
  if (test !== undefined && args.positionals.length > 1) {
    throw new CtreError(
      'E_ARGUMENT',
      `--test names the test rows of one dataset, and ${args.positionals.length} are named; give one of them`,
    );
  }
  const grid = await readGrid(args);
  const version = await readVersion();
  const shared = { ...grid.shared, ...(image !== undefined && { image: args.typed.image }) };
  const rowFiles = [split, test].filter((path) => path !== undefined);
  const inputs = [...args.positionals, ...rowFiles, ...methodModule];
  const file = path ?? `${defaultName(grid)}.compare.jsonl`;
  const results = await ResultsFile.open(file, version, shared, grid.tasks, inputs);
  if (report !== undefined) await checkWritable(report, [...inputs, file]);
  const jobs = trainingsAtATime(args.options.jobs ?? 'auto', grid.threads);
  const sweep = await openSweep(args.options, version, io);
  let records: readonly CellRecord[];
  try {
    await results.prepare();
    const kernels = await startKernels(args.options);
    await trainMissing({ grid, results, jobs, isJson, kernels, sweep }, io);
    records = await results.sort(grid.tasks);
  } finally {
    await results.close();
    sweep?.close();
  }
  const groups = summarize(records);
  const facts = {
    argv: argv.map(withoutPassword),
    version,
    grid,
    jobs: sweep === undefined ? jobs : undefined,
  };
  if (report !== undefined) await writeReport(report, groups, records, facts);
  const swept = sweep?.outcome(grid.tasks);
  if (isJson) printJson(io.stdout, 'result', { groups: groups.map(groupRecord), ...swept?.record });
  else io.stdout.write(compareResultText(groups, file, report) + (swept?.text ?? ''));
  if (swept?.error !== undefined) throw swept.error;
}

/** The name of the datasets, without what their files' names end in. */
function defaultName({ datasets }: Grid): string {
  return datasets.map(({ name }) => basename(name, extname(name)).replaceAll(' ', '-')).join('+');
}

interface ComparisonRun {
  readonly grid: Grid;
  readonly results: ResultsFile;
  readonly jobs: number;
  readonly isJson: boolean;
  readonly kernels: StartedKernels;
  /** Where workers train. */
  readonly sweep: Sweeping | undefined;
}

/** Trains what is missing. */
async function trainMissing(
  { grid, results, jobs, isJson, kernels, sweep }: ComparisonRun,
  io: Io,
): Promise<void> {
  const { stdout } = io;
  const { tasks } = grid;
  const missing = tasks.filter((task) => results.record(task) === undefined);
  const done = tasks.length - missing.length;
  const started = { grid, path: results.path, jobs, queue: sweep?.shown, done, kernels };
  if (isJson) printJson(stdout, 'start', compareStartRecord(started));
  else stdout.write(compareStartText(started));
  const print = (record: CellRecord, resumed: boolean): void => {
    if (isJson) printJson(stdout, 'cell', { ...cellLine(record), ...(resumed && { resumed }) });
  };
  for (const task of tasks) {
    const record = results.record(task);
    if (record !== undefined) print(record, true);
  }
  if (missing.length === 0 && sweep === undefined) return;
  const progress = isJson || missing.length === 0 ? undefined : showCells(stdout, missing, grid);
  const cells = tasks.map(({ cell }) => cell);
  const lost: string[] = [];
  const events: CellEvents = {
    onEpoch: (task, epoch) => progress?.epoch(task, epoch),
    async onRecord(task, record) {
      await results.add(record);
      progress?.end(task, record);
      print(record, false);
    },
    onLost(task, reason) {
      lost.push(`${cellWords(task.cell, cells)}: ${reason}`);
      progress?.end(task, undefined);
    },
  };
  try {
    await io.interruptible(async (signal) => {
      if (sweep === undefined) await runCells(missing, io.cellProgram, jobs, signal, events);
      else await sweep.run(grid, missing, signal, events);
      const left = tasks.filter((task) => results.record(task) === undefined).length;
      if (signal.aborted && left > 0) {
        throw new CtreError(
          'E_ABORTED',
          `stopped with ${tasks.length - left} of ${tasks.length} trainings done; ` +
            `${sweep === undefined ? '' : 'workers go on, and '}the same command goes on from there`,
        );
      }
    });
  } finally {
    progress?.stop();
  }
  if (lost.length === 0) return;
  const more = lost.length === 1 ? '' : ` (and ${lost.length - 1} more)`;
  const conflict = sweep?.outcome(tasks).error;
  throw new CtreError(
    'E_WORKER_DIED',
    `a training did not come to its end: ${lost[0]}${more}; the others are kept, and the same command ` +
      `tries again${conflict === undefined ? '' : `; ${conflict.message}`}`,
  );
}

interface ReportFacts {
  readonly argv: readonly string[];
  readonly version: string;
  readonly grid: Grid;
  /** Undefined where workers trained. */
  readonly jobs: number | undefined;
}

async function writeReport(
  path: string,
  groups: readonly Group[],
  records: readonly CellRecord[],
  { argv, version, grid, jobs }: ReportFacts,
): Promise<void> {
  // The packages that it needs take long to load.
  const { renderReport } = await import('../../compare/report/htmlReport.ts');
  const { platform, arch, version: node } = process;
  const context = {
    command: ['ctre', 'compare', ...argv].map(quoted).join(' '),
    version,
    node,
    machine: `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${platform} ${arch}`,
    jobs,
    date: new Date(),
    epochs: rangeWords(grid.datasets.map(({ epochs }) => epochs)),
    datasets: grid.datasets,
  };
  await writeWhole(path, await renderReport(groups, records, context));
}

/** An argument as a shell takes it. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
