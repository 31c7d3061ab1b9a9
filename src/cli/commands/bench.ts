import { availableParallelism, cpus } from 'node:os';
import cliProgress from 'cli-progress';
import { CtreError } from '../../base/errors.ts';
import { prepare } from '../../kernels/index.ts';
import { parseArguments, type Syntax } from '../args.ts';
import { benchCases, type LeftOut } from '../benchCases.ts';
import { type BenchMatrix, openMatrix } from '../benchMatrix.ts';
import { READ_OPTIONS } from '../dataset.ts';
import { formatTable, namedLines } from '../format.ts';
import { type Io, type Output, printJson } from '../io.ts';
import { flag, number, ranges } from '../options.ts';
import { KERNEL_OPTIONS, kernelLines, startKernels } from '../startKernels.ts';
import { timeInTurns } from '../timeInTurns.ts';

/** What `ctre bench` takes. */
export const benchSyntax = {
  command: 'bench',
  summary: 'measure the kernels on a sparse matrix, beside plain JavaScript; without one, on a generated one',
  positionals: ['[matrix.mtx|.npz]'],
  options: {
    Measured: {
      columns: ranges('n,n,…', { least: 1, most: 1024 }, 'columns of the dense operand (1,8,32)'),
      seconds: number('s', { least: 0.001, most: 600 }, 'time for each figure (0.5)'),
    },
    Running: KERNEL_OPTIONS,
    Reading: { 'max-mb': READ_OPTIONS['max-mb'] },
    Output: { json: flag('one JSON object a line: the start, every figure, the result') },
  },
  exclusive: [],
} as const satisfies Syntax;

/** What was measured of one call. */
interface MeasuredCall {
  readonly call: string;
  readonly columns?: number | undefined;
  /** What a call takes, and what plain JavaScript takes for the same. */
  readonly seconds: number;
  readonly plainSeconds: number;
  /** How many times as long plain JavaScript takes. */
  readonly ratio: number;
  readonly secondsByEntry: number;
  /** Whether the results are the same, as far as sums in float32 can be. */
  readonly agrees: boolean;
  /** Samples that the times are medians of. */
  readonly samples: number;
}

/** `ctre bench [matrix.mtx|.npz]` */
export async function runBench(argv: readonly string[], io: Io): Promise<void> {
  const { positionals, options } = parseArguments(benchSyntax, argv);
  const { columns = [1, 8, 32], seconds = 0.5, json: isJson = false } = options;
  const measured = await openMatrix(positionals[0], options);
  const kernels = await startKernels(options);
  const { name, matrix } = measured;
  const { rows, cols, nnz } = matrix;
  const machine = describeMachine();
  if (isJson)
    printJson(io.stdout, 'start', { matrix: name, rows, cols, nnz, seconds, ...machine, ...kernels });
  else {
    const lines: (readonly [string, string])[] = [
      ['size', `${rows} × ${cols}`],
      ['entries', `${nnz}, ${Number((nnz / rows).toPrecision(3))} a row`],
      ['machine', `${machine.cpu}, ${machine.cores} cores`],
      ['engine', `Node ${machine.node}, V8 ${machine.v8}, one thread`],
      ...kernelLines(kernels),
      ...(kernels.warning === undefined ? [] : [['warning', kernels.warning] as const]),
    ];
    io.stdout.write(`${name}\n${namedLines(lines)}\n`);
  }
  const { figures, leftOut } = await measure(measured, columns, seconds, isJson, io);
  if (isJson) printJson(io.stdout, 'result', { figures, leftOut });
  else io.stdout.write(resultText(figures, leftOut));
  const wrong = figures.find(({ agrees }) => !agrees);
  if (wrong === undefined) return;
  throw new CtreError(
    'E_ENGINE',
    `${wrong.call} and plain JavaScript come to different results; the times mean nothing`,
  );
}

function describeMachine() {
  const { arch, platform, versions } = process;
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    platform: `${platform} ${arch}`,
    node: versions.node,
    v8: versions.v8,
    threads: 1,
  };
}

/** Measures one call after another. */
async function measure(
  { matrix }: BenchMatrix,
  columns: readonly number[],
  seconds: number,
  isJson: boolean,
  io: Io,
): Promise<{ figures: readonly MeasuredCall[]; leftOut: readonly LeftOut[] }> {
  const figures: MeasuredCall[] = [];
  const leftOut: LeftOut[] = [];
  const progress = showCalls(io.stderr, 3 * columns.length + 2);
  const prepared = prepare(matrix);
  try {
    await io.interruptible(async (signal) => {
      for (const job of benchCases(matrix, prepared, columns)) {
        progress.show(figures.length + leftOut.length, job.call);
        if ('reason' in job) {
          leftOut.push(job);
          continue;
        }
        const { call } = job;
        const { first, second, samples } = await timeInTurns(job.run, job.runPlain, seconds, signal);
        const figure: MeasuredCall = {
          call,
          columns: job.columns,
          seconds: first,
          plainSeconds: second,
          ratio: second / first,
          secondsByEntry: first / matrix.nnz,
          agrees: job.agree(),
          samples,
        };
        figures.push(figure);
        if (isJson) printJson(io.stdout, 'figure', figure);
      }
    });
  } catch (error) {
    if (!(error instanceof CtreError) || error.code !== 'E_ABORTED') throw error;
    progress.stop();
    if (!isJson && figures.length > 0) io.stdout.write(resultText(figures, leftOut));
    throw new CtreError('E_ABORTED', `stopped after ${figures.length} figures`, { cause: error });
  } finally {
    progress.stop();
    prepared.dispose();
  }
  return { figures, leftOut };
}

function resultText(figures: readonly MeasuredCall[], leftOut: readonly LeftOut[]): string {
  const rows = figures.map(({ call, columns, seconds, plainSeconds, ratio, secondsByEntry, agrees }) => [
    call,
    columns === undefined ? '' : String(columns),
    shortTime(seconds),
    shortTime(plainSeconds),
    `${Number(ratio.toPrecision(3))} ×`,
    shortTime(secondsByEntry),
    agrees ? 'yes' : 'no',
  ]);
  return [
    formatTable(rows, ['call', 'columns', 'ctre', 'plain JS', 'faster', 'an entry', 'agrees']),
    'Medians of runs in turns. Faster: plain JS ÷ ctre. An entry: time ÷ entries of the matrix.\n',
    ...leftOut.map(({ call, reason }) => `${call} is left out: ${reason}.\n`),
  ].join('');
}

/** A short time with three digits. */
function shortTime(seconds: number): string {
  const units = [
    ['s', 1],
    ['ms', 1e-3],
    ['µs', 1e-6],
    ['ns', 1e-9],
  ] as const;
  const [unit, size] = units.find(([, least]) => seconds >= least) ?? units[3];
  return `${Number((seconds / size).toPrecision(3))} ${unit}`;
}

/** How far a measurement is, for people at a terminal. */
function showCalls(output: Output, count: number): { show(done: number, call: string): void; stop(): void } {
  if (output.isTTY !== true) return { show() {}, stop() {} };
  const bar = new cliProgress.SingleBar({
    stream: output,
    format: '{bar} {value}/{total}  {call}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 16,
    linewrap: true,
    clearOnComplete: true,
  });
  bar.start(count, 0, { call: '' });
  let isStopped = false;
  return {
    show: (done, call) => bar.update(done, { call }),
    stop() {
      if (isStopped) return;
      isStopped = true;
      bar.stop();
    },
  };
}
