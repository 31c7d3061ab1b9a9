import { createHash } from 'node:crypto';
import { CtreError, megabytes, show } from '../base/errors.ts';
import type { Cell } from '../compare/cell.ts';
import { guessPicture, type PictureSize } from '../compare/look.ts';
import type { Dataset } from '../data/index.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { checkDims } from '../model/architecture.ts';
import { holdOut } from '../model/holdOut.ts';
import { networkBytes } from '../nn/network.ts';
import { connectionCounts } from '../topology/density.ts';
import { METHOD_NAMES, type MethodName } from '../topology/methods.ts';
import { type Arguments, type OptionHelp, type OptionName, parseArguments, unknown } from './args.ts';
import type { CellTask } from './cell.ts';
import { openTraining, type Training, trainSyntax } from './commands/train.ts';
import { READ_OPTIONS, SPLIT_OPTIONS } from './dataset.ts';
import { readBytes } from './files.ts';
import { listMethods } from './methodOptions.ts';
import { NETWORK_OPTIONS, readSettings, TRAINING_OPTIONS } from './settings.ts';

const { method: _method, epsilon: _epsilon, seed: _seed, ...NETWORK } = NETWORK_OPTIONS;

/** What is compared, and how every cell is trained. */
export const GRID_OPTIONS = {
  Compared: {
    methods: {
      value: 'a,b,…',
      help: `all, or of these (cte-rigl,ctre-sim,set):\n${listMethods()}`,
    },
    seeds: { value: 'a-b', help: 'every method is trained with each of them: 0-4 or 0,1,7 (0-2)' },
    epsilons: { value: 'e,e,…', help: 'densities: of a layer e · (in + out) / (in · out) (1)' },
    widths: { value: 'n,n,…', help: 'networks of three hidden layers of n neurons, instead of --hidden' },
  },
  'Every network': NETWORK,
  'Every training': TRAINING_OPTIONS,
  Rows: SPLIT_OPTIONS,
  Reading: READ_OPTIONS,
} as const satisfies Record<string, Record<string, OptionHelp>>;

export type GridOptionName = OptionName<{
  command: '';
  summary: '';
  positionals: [];
  options: typeof GRID_OPTIONS;
}>;

/** Options that cells have their own of, that change nothing of what comes out, or that the fingerprint of the dataset covers. */
const NOT_SHARED: readonly string[] = ['hidden', 'threads', 'max-mb', 'split'];

/** All trainings of a comparison. */
export interface Grid {
  /** In the order of datasets, shapes, densities, methods, seeds. */
  readonly tasks: readonly CellTask[];
  readonly epochs: number;
  /** Threads of one training. */
  readonly threads: number | 'auto';
  /** What all cells have in common, as it was typed. */
  readonly shared: Readonly<Record<string, string>>;
  readonly datasets: readonly {
    readonly name: string;
    readonly about: string;
    readonly trainRows: number;
    readonly testRows: number;
  }[];
}

/**
 * The grid that the options ask for.
 * @param image the size of the pictures that the inputs are; null for none, undefined to guess.
 * @throws CtreError for every mistake that can be seen before training.
 */
export async function readGrid(
  args: Arguments<GridOptionName>,
  image: PictureSize | null | undefined,
): Promise<Grid> {
  args.exclude('hidden', 'widths');
  args.exclude('epsilons', 'density');
  const compared = readMethods(args);
  const seeds = args.ranges('seeds', { least: 0 }) ?? [0, 1, 2];
  const epsilons = args.numbers('epsilons', { least: 0 });
  const shapes = args.ranges('widths', { least: 1 })?.map((width) => [width, width, width]);
  const { Compared: _compared, ...everyCell } = GRID_OPTIONS;
  const names = new Set(Object.values(everyCell).flatMap((group) => Object.keys(group)));
  const common = [...args.given()].filter(([name]) => names.has(name));
  const typed = common.map(([name, value]) => (value === '' ? `--${name}` : `--${name}=${value}`));
  const paths = args.positionals.length === 0 ? [undefined] : args.positionals;
  const tasks: CellTask[] = [];
  const datasets: Grid['datasets'][number][] = [];
  for (const path of paths) {
    const own = path === undefined ? typed : [path, ...typed];
    const training = await openTraining(parseArguments(trainSyntax, own));
    const { settings, source, data } = training;
    if (datasets.some(({ name }) => name === source.name)) {
      throw new CtreError('E_ARGUMENT', `two datasets are called ${show(source.name)}; rename one of them`);
    }
    holdOut(data.train.x.rows, data.validation, settings.seed);
    const picture = pictureOf(source.dataset, source.name, image);
    const fingerprint = await fingerprintOf(source.dataset, args.text('split'));
    const { density } = settings;
    for (const hidden of shapes ?? [settings.hidden]) {
      for (const epsilon of new Set(epsilons ?? [density.epsilon ?? null])) {
        for (const method of compared) {
          for (const seed of seeds) {
            const cell = { dataset: source.name, hidden, epsilon, method, seed };
            const argv = [...own, ...cellArguments(cell)];
            checkCell(argv, training, method);
            tasks.push({ cell, data: fingerprint, argv, picture });
          }
        }
      }
    }
    datasets.push({
      name: source.name,
      about: source.about ?? `${source.dataset.x.rows} rows × ${source.dataset.x.cols} features`,
      trainRows: data.train.x.rows,
      testRows: data.test.x.rows,
    });
  }
  const [{ argv }] = tasks;
  const { epochs, threads } = readSettings(parseArguments(trainSyntax, argv), { hidden: [] });
  const shared = Object.fromEntries(common.filter(([name]) => !NOT_SHARED.includes(name)).sort());
  return { tasks, epochs, threads, shared, datasets };
}

/** What a cell adds to the options that all share. */
function cellArguments({ hidden, epsilon, method, seed }: Cell): string[] {
  return [
    `--method=${method}`,
    `--hidden=${hidden.length === 0 ? 'none' : hidden.join(',')}`,
    ...(epsilon === null ? [] : [`--epsilon=${epsilon}`]),
    `--seed=${seed}`,
  ];
}

function readMethods(args: Arguments<GridOptionName>): MethodName[] {
  const text = args.text('methods') ?? 'cte-rigl,ctre-sim,set';
  if (text === 'all') return METHOD_NAMES;
  const names = text.split(',').map((name) => {
    const known = METHOD_NAMES.find((method) => method === name);
    if (known === undefined)
      throw unknown('--methods has no', name === '' ? 'empty name' : name, METHOD_NAMES);
    return known;
  });
  return [...new Set(names)];
}

/** What a WebAssembly memory holds. */
const MOST_BYTES = 2 ** 32;

/** @throws CtreError where the cell's network cannot be. */
function checkCell(argv: readonly string[], { source, settings }: Training, method: MethodName): void {
  const cell = readSettings(parseArguments(trainSyntax, argv), { hidden: settings.hidden });
  const { x, labelNames } = source.dataset;
  const dims = checkDims([x.cols, ...cell.hidden, labelNames.length]);
  const counts = cell.topology.startsFull
    ? dims.slice(1).map((outDim, l) => dims[l] * outDim)
    : connectionCounts(dims, cell.density);
  const bytes = networkBytes(dims, counts);
  if (bytes <= MOST_BYTES) return;
  throw new CtreError(
    'E_MEMORY',
    `${method} with hidden layers ${cell.hidden.join(',')} needs ${megabytes(bytes)}, and a WebAssembly memory holds ${megabytes(MOST_BYTES)}; use fewer neurons or a smaller density`,
  );
}

function pictureOf(
  { x }: Dataset,
  name: string,
  image: PictureSize | null | undefined,
): PictureSize | undefined {
  if (image === null) return undefined;
  if (image === undefined) return guessPicture(x);
  if (image.width * image.height === x.cols) return image;
  throw new CtreError(
    'E_SHAPE',
    `--image is ${image.width}x${image.height}, ${image.width * image.height} pixels; ${name} has ${x.cols} features`,
  );
}

/** Equal for the same rows, labels and split. */
async function fingerprintOf(dataset: Dataset, split: string | undefined): Promise<string> {
  const hash = createHash('sha256');
  const add = (x: DenseMatrix | CsrMatrix, labels: Int32Array): void => {
    const arrays = 'data' in x ? [x.data] : [x.indptr, x.indices, x.values];
    hash.update(`${x.rows} × ${x.cols}`);
    for (const array of [...arrays, labels]) hash.update(array);
  };
  add(dataset.x, dataset.labels);
  if (dataset.test !== undefined) add(dataset.test.x, dataset.test.labels);
  hash.update(JSON.stringify(dataset.labelNames));
  if (split !== undefined) hash.update(await readBytes(split));
  return hash.digest('hex').slice(0, 16);
}
