import { type CellRecord, isFinished } from '../compare/cell.ts';
import { measureOf } from '../compare/measure.ts';
import type { Group } from '../compare/summary.ts';
import type { Grid } from './compareGrid.ts';
import { count, duration, formatTable, namedLines, percent, rangeWords, share, spread } from './format.ts';
import { kernelLines, type StartedKernels } from './startKernels.ts';
import { automaticWords } from './training.ts';

// What `ctre compare` says, to people and to programs.

/** A comparison that is about to start, or to go on. */
export interface StartedComparison {
  readonly grid: Grid;
  /** The file that finished cells are kept in. */
  readonly path: string;
  /** Trainings at a time. */
  readonly jobs: number;
  /** The queue that workers take the trainings from, without its password. */
  readonly queue: string | undefined;
  /** Cells that were trained before. */
  readonly done: number;
  /** How the kernels run here, and so in each training's process. */
  readonly kernels: StartedKernels;
}

/** The first line of --json. */
export function compareStartRecord({ grid, path, jobs, queue, done, kernels }: StartedComparison): object {
  const { tasks, datasets } = grid;
  const read = datasets.map(({ read: { record }, ...about }) => ({ ...about, ...record }));
  const where = queue === undefined ? { jobs } : { queue };
  return { datasets: read, cells: tasks.length, done, ...where, results: path, ...kernels };
}

/** The lines before the first training. */
export function compareStartText({ grid, path, jobs, queue, done, kernels }: StartedComparison): string {
  const { tasks, datasets } = grid;
  const epochs = rangeWords(datasets.map(({ epochs: own }) => own));
  return `${namedLines([
    ...datasets.flatMap(({ name, about, trainRows, testRows, read, automatic }) => {
      const words = automaticWords(automatic);
      return [
        [name, `${about}; ${trainRows} rows for training and validation, ${testRows} for the test`] as const,
        ...read.lines,
        ...(words === '' ? [] : [['automatic', words] as const]),
        ...read.record.warnings.map((warning) => ['warning', warning] as const),
      ];
    }),
    ['trainings', `${tasks.length} of ${epochs} epochs${done === 0 ? '' : `, ${done} of them done before`}`],
    queue === undefined ? ['at a time', String(jobs)] : ['queue', queue],
    ['kept in', path],
    ...kernelLines(kernels),
    ...(kernels.warning === undefined ? [] : ([['warning', kernels.warning]] as const)),
  ])}\n`;
}

/** A record as a line of --json: without what fills pages. */
export function cellLine(record: CellRecord): object {
  if (!isFinished(record)) return record;
  const { curves: _curves, evolution: _evolution, looks: _looks, ...head } = record;
  return head;
}

/** A group as the last line of --json has it: without the cells, which have lines of their own. */
export function groupRecord({ cell, methods, comparisons }: Group): object {
  return {
    ...cell,
    methods: methods.map(({ finished, testAccuracy, ...summary }) => ({
      ...summary,
      seeds: finished.length,
      testAccuracy: testAccuracy?.mean,
      testAccuracyDeviation: testAccuracy?.deviation,
    })),
    comparisons,
    ...(measureOf(methods) === 'R²' && { measure: 'R²' }),
  };
}

/** The lines after the last training. */
export function compareResultText(
  groups: readonly Group[],
  path: string,
  report: string | undefined,
): string {
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
  const measure = measureOf(methods);
  const rows = methods.map((method) => [
    method.method,
    `${method.finished.length}${method.failed === 0 ? '' : ` (${method.failed} diverged)`}`,
    spread(method.testAccuracy),
    method.nnz === undefined ? '–' : String(Math.round(method.nnz)),
    ratio(method.denseMultiplyAdds, method.multiplyAdds),
    method.explorationRate === undefined ? '–' : percent(method.explorationRate),
    method.deadNeurons === undefined ? '–' : percent(method.deadNeurons),
    method.trainSeconds === undefined ? '–' : duration(method.trainSeconds),
    method.seconds === undefined ? '–' : duration(method.seconds - (method.trainSeconds ?? 0)),
  ]);
  const head = [
    ...['method', 'seeds', `test ${measure}`, 'connections', 'fewer'],
    ...['explored', 'dead', 'steps', 'the rest'],
  ];
  const dense = methods.find(({ denseMultiplyAdds }) => denseMultiplyAdds !== undefined)?.denseMultiplyAdds;
  return [
    `${title}\n`,
    formatTable(rows, head),
    `Test ${measure} at the best epoch on the validation rows, mean ± standard deviation.\n`,
    'Fewer: multiply-adds than dense, for one sample in one epoch: forward, backward and growth.',
    dense === undefined ? '\n' : ` A dense network makes ${count(dense)}.\n`,
    'Explored: positions ever connected, in sparse layers. Dead: hidden neurons without input or output, ' +
      'or that never fire.\n',
    'Steps, the rest: time of one training, for steps and for all else.\n',
    ...comparisonText(comparisons, seedsNeeded),
  ].join('');
}

function comparisonText(comparisons: Group['comparisons'], needed: number): string[] {
  if (comparisons.length === 0) return [];
  const tests =
    comparisons.length === 1 ? '' : `; p corrected by Holm's method for ${comparisons.length} pairs`;
  const lines = comparisons.map(
    ({ first, second, difference, p, verdict }) =>
      [
        `${first} − ${second}`,
        `${difference < 0 ? '−' : '+'}${share(Math.abs(difference))}  p ${p.toFixed(3)}  ${verdict}`,
      ] as const,
  );
  const few = comparisons.some(({ verdict }) => verdict === 'too few seeds');
  return [
    `Exact permutation test, paired by seed${tests}:\n`,
    namedLines(lines),
    ...(few ? [`With so many pairs it takes ${needed} seeds or more to tell.\n`] : []),
  ];
}
