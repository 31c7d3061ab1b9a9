import { basename, dirname } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
import { randomStream } from '../base/random.ts';
import { idxRole } from '../data/formats/idx.ts';
import {
  applyScaler,
  type Dataset,
  fitScaler,
  parseRowRange,
  parseSplit,
  type ReadOptions,
  readDataset,
  remainingRows,
  type Scaler,
  type ScalerKind,
  type Split,
  type SyntheticDataset,
  splitRows,
  syntheticDataset,
  takeRows,
} from '../data/index.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { TrainOptions } from '../model/options.ts';
import type { Arguments, OptionHelp } from './args.ts';
import { listFolder, readBytes, readInside, readText } from './files.ts';
import { percent } from './report.ts';

/** Samples with their classes. */
export interface LabelledRows {
  readonly x: DenseMatrix | CsrMatrix;
  readonly y: Int32Array;
}

/** Options that say how a dataset is read. */
export const READ_OPTIONS = {
  label: { value: 'name', help: 'label column (CSV: name, or index from 0), variable or key' },
  features: { value: 'name', help: 'variable (.mat) or key (.npz) of the features' },
  header: { help: 'CSV: the first line names the columns (detected)' },
  'no-header': { help: 'CSV: the first line is data' },
  delimiter: { value: 'c', help: 'CSV: what separates fields (detected)' },
  columns: { value: 'n', help: 'LIBSVM: the number of features (the largest index)' },
  'max-mb': { value: 'n', help: 'MiB that reading may take besides the file (64 + 4 × its size)' },
} as const satisfies Record<string, OptionHelp>;

type ReadOptionName = keyof typeof READ_OPTIONS;

/** Options that say which rows of a dataset are for what, and how they are scaled. */
export const SPLIT_OPTIONS = {
  'test-rows': { value: 'a-b', help: 'rows a to b are the test rows, both included' },
  split: { value: 'file.json', help: '{"train": […], "test": […], "val"?: […], "fit"?: […]}, lists of rows' },
  'test-fraction': {
    value: 'f',
    help: 'share of rows drawn as test rows (0.2, unless the dataset has its own)',
  },
  validation: { value: 'f', help: 'share of training rows held out for validation (0.1); 0: none' },
  scale: {
    value: 'kind',
    help: 'minmax, standard or none, fitted on the training rows\n(minmax; none where a sparse dataset would become dense)',
  },
} as const satisfies Record<string, OptionHelp>;

type SplitOptionName = keyof typeof SPLIT_OPTIONS;

/** A problem to try the program on, and what it is. */
export function embeddedDataset(args: Arguments<ReadOptionName>): {
  dataset: SyntheticDataset;
  about: string;
} {
  for (const name of Object.keys(READ_OPTIONS) as ReadOptionName[]) {
    if (args.has(name))
      throw new CtreError('E_ARGUMENT', `--${name} is for reading a dataset, and none is named`);
  }
  const dataset = syntheticDataset();
  const { informativeColumns, redundantColumns, x } = dataset;
  const noise = x.cols - informativeColumns.length - redundantColumns.length;
  return {
    dataset,
    about: `like Madelon: ${informativeColumns.length} features matter, ${redundantColumns.length} repeat them, ${noise} are noise`,
  };
}

/**
 * The dataset of a path: a file, or a folder of IDX or .npy files.
 * @throws CtreError for a path that is none, and what `readDataset` throws.
 */
export async function openDataset(
  path: string,
  args: Arguments<ReadOptionName>,
  more: Pick<ReadOptions, 'columns' | 'unlabelled'> = {},
): Promise<Dataset> {
  args.exclude('header', 'no-header');
  const { files, features } = await readFiles(path);
  const options: ReadOptions = {
    label: args.text('label'),
    features: args.text('features') ?? features,
    header: args.has('header') ? true : args.has('no-header') ? false : undefined,
    delimiter: args.text('delimiter')?.replace('\\t', '\t'),
    columns: args.integer('columns', { least: 1 }) ?? more.columns,
    maxBytes: readingLimit(args),
    unlabelled: more.unlabelled,
  };
  try {
    return readDataset(files, options);
  } catch (error) {
    throw inOptions(error);
  }
}

/** What reading may take, in bytes; undefined where it is for the reader to say. */
export function readingLimit(args: Arguments<'max-mb'>): number | undefined {
  const megabytes = args.number('max-mb', { least: 1 / 2 ** 20 });
  return megabytes === undefined ? undefined : Math.round(megabytes * 2 ** 20);
}

/** A reader's error, which names its options as programs do, in the words of this one. */
export function inOptions(error: unknown): unknown {
  if (!(error instanceof CtreError)) return error;
  const message = error.message.replace('set maxBytes higher', 'raise --max-mb');
  return new CtreError(error.code, message, { cause: error });
}

/** The files of a dataset, and for one .npy file out of several which of them holds the features. */
async function readFiles(path: string): Promise<{ files: Record<string, Uint8Array>; features?: string }> {
  const names = await listUnpacked(path);
  if (names === undefined) {
    const stem = ARRAY_FILE.exec(basename(path))?.[1];
    if (stem === undefined) return { files: { [basename(path)]: await readBytes(path) } };
    // An .npy file is one array: the labels are another file beside it.
    const beside = (await listUnpacked(dirname(path)))?.filter((name) => ARRAY_FILE.test(name)) ?? [];
    const others = beside.filter((name) => name !== basename(path));
    const files = { ...(await readAll(dirname(path), others)), [basename(path)]: await readBytes(path) };
    return { files, features: stem };
  }
  const images = names.filter((name) => idxRole(name) !== undefined);
  const chosen = images.length > 0 ? images : names.filter((name) => ARRAY_FILE.test(name));
  if (chosen.length === 0) {
    throw new CtreError(
      'E_FORMAT',
      `${show(path)} is a folder without IDX or .npy files; name one that has them, or a single file`,
    );
  }
  return { files: await readAll(path, chosen) };
}

const ARRAY_FILE = /^(.*)\.npy(\.gz)?$/i;

/** A folder's files but those that lie beside their unpacked selves; undefined for a path that is no folder. */
async function listUnpacked(path: string): Promise<string[] | undefined> {
  const names = await listFolder(path);
  return names?.filter((name) => !/\.gz$/i.test(name) || !names.includes(name.slice(0, -3)));
}

async function readAll(folder: string, names: readonly string[]): Promise<Record<string, Uint8Array>> {
  const entries: [string, Uint8Array][] = [];
  for (const name of names) entries.push([name, await readInside(folder, name)]);
  return Object.fromEntries(entries);
}

/** A dataset made ready for training. */
export interface TrainingData {
  /** The rows to train on, those for validation among them. */
  readonly train: LabelledRows;
  readonly validation: Pick<TrainOptions, 'validationSplit' | 'validationRows'>;
  readonly test: LabelledRows;
  readonly scaler: Scaler;
  /** Which rows the test rows are, in words. */
  readonly testWords: string;
  /** Rows of the dataset that are for nothing, where a split leaves some out. */
  readonly unused: number;
}

/** Row lists of a split; what is not given is every row, the dataset's own test rows, or chosen by fraction. */
interface RowChoice extends Partial<Split> {
  readonly testWords: string;
}

/**
 * The dataset divided as the options say, and scaled by its training rows.
 * @throws CtreError for options that contradict each other or do not fit the dataset.
 */
export async function prepareTraining(
  dataset: Dataset,
  args: Arguments<SplitOptionName>,
  defaults: { readonly seed: number; readonly scale?: ScalerKind },
): Promise<TrainingData> {
  const rows = await chooseRows(dataset, args, defaults.seed);
  const kind = args.choice<ScalerKind>('scale', ['minmax', 'standard', 'none']) ?? defaults.scale;
  const scaler =
    kind === undefined ? fitAnyScaler(dataset.x, rows.train) : fitScaler(kind, dataset.x, rows.train);
  const { used, validation } = holdOut(rows, args);
  const test =
    rows.test === undefined && dataset.test !== undefined
      ? { x: dataset.test.x, y: dataset.test.labels }
      : pickRows(dataset, rows.test);
  const train = pickRows(dataset, used);
  return {
    train: scaled(scaler, train),
    validation,
    test: scaled(scaler, test),
    scaler,
    testWords: rows.testWords,
    unused: dataset.x.rows - train.x.rows - (rows.test?.length ?? 0),
  };
}

/** The rows at the indices; all of them without any. */
export function pickRows({ x, labels }: Dataset, rows?: Int32Array): LabelledRows {
  return rows === undefined ? { x, y: labels } : { x: takeRows(x, rows), y: rows.map((row) => labels[row]) };
}

/** The rows with their features scaled. */
export function scaled(scaler: Scaler, { x, y }: LabelledRows): LabelledRows {
  return { x: applyScaler(scaler, x), y };
}

async function chooseRows(
  dataset: Dataset,
  args: Arguments<SplitOptionName>,
  seed: number,
): Promise<RowChoice> {
  args.exclude('test-rows', 'split', 'test-fraction');
  const { rows } = dataset.x;
  const range = args.text('test-rows');
  if (range !== undefined) {
    const test = parseRowRange(range, rows);
    const train = remainingRows(rows, test);
    if (train.length === 0) {
      throw new CtreError('E_SHAPE', `--test-rows ${range} leaves none of ${rows} rows to train on`);
    }
    return { train, test, testWords: `rows ${range}` };
  }
  const path = args.text('split');
  if (path !== undefined) {
    return { ...(await readSplit(path, rows)), testWords: `as in ${basename(path)}` };
  }
  const fraction = args.number('test-fraction', { least: 0, below: 1 });
  if (fraction === undefined && dataset.test !== undefined) {
    return { testWords: "the dataset's own" };
  }
  const share = fraction ?? 0.2;
  if (share === 0) {
    throw new CtreError('E_ARGUMENT', '--test-fraction is 0; expected a number above 0 and below 1');
  }
  const { fit: train, val: test } = splitRows(rows, share, randomStream(seed, 'test'));
  return { train, test, testWords: `${percent(share)} of the rows, drawn with seed ${seed}` };
}

/** The row lists of a split file. @throws CtreError naming the file. */
export async function readSplit(path: string, rows: number): Promise<Split> {
  const text = await readText(path);
  try {
    return parseSplit(text, rows);
  } catch (error) {
    if (!(error instanceof CtreError)) throw error;
    throw new CtreError(error.code, `${basename(path)}: ${error.message}`, { cause: error });
  }
}

/** Of the training rows those to use, and which of these are for validation. */
function holdOut(
  { train, val, fit }: RowChoice,
  args: Arguments<SplitOptionName>,
): { used: Int32Array | undefined; validation: TrainingData['validation'] } {
  const share = args.number('validation', { least: 0, below: 1 });
  const isFit = new Set(fit ?? train);
  const isHeld = new Set(val ?? train?.filter((row) => !isFit.has(row)));
  if (train === undefined || isHeld.size === 0) {
    return { used: train, validation: share === 0 ? {} : { validationSplit: share ?? 0.1 } };
  }
  if (share !== undefined) {
    throw new CtreError('E_ARGUMENT', '--validation is given, but the split lists the validation rows');
  }
  const used = train.filter((row) => isFit.has(row) || isHeld.has(row));
  const validationRows = Int32Array.from(used.keys()).filter((position) => isHeld.has(used[position]));
  return { used, validation: { validationRows } };
}

/** Min–max where that keeps zeros, none otherwise. */
function fitAnyScaler(x: DenseMatrix | CsrMatrix, rows: Int32Array | undefined): Scaler {
  try {
    return fitScaler('minmax', x, rows);
  } catch (error) {
    if (x instanceof CsrMatrix && error instanceof CtreError && error.code === 'E_ARGUMENT') {
      return fitScaler('none', x);
    }
    throw error;
  }
}
