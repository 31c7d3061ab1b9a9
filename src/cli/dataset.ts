import { basename, dirname, join } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
import { arrayRole } from '../data/arrayRoles.ts';
import { findPair } from '../data/fileRoles.ts';
import { idxRole } from '../data/formats/idx.ts';
import {
  type ByteReadOptions,
  type Dataset,
  loadDataset,
  type ReadOptions,
  type SyntheticDataset,
  syntheticDataset,
  type TargetReading,
} from '../data/index.ts';
import { LabelledTable } from '../data/labelledTable.ts';
import { fractionErrorOf, OTHER_TARGETS } from '../data/labels.ts';
import { readForPipeline } from '../data/pipelineDataset.ts';
import { columnTitle } from '../data/rawTable.ts';
import type { ColumnOptions } from '../data/table/fitPipeline.ts';
import type { Pipeline } from '../data/table/pipeline.ts';
import type { Loss } from '../index.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import { lossByName } from '../nn/losses.ts';
import { camelCase, type Options, type Values } from './args.ts';
import { listFolder, readBytes, readInside, readStandardInput } from './files.ts';
import { flag, integer, list, number, text } from './options.ts';

/** Options that say how a dataset is read. */
export const READ_OPTIONS = {
  label: text(
    'name',
    'label column (CSV: name, or index from 0), variable or key;\n' +
      'several labels or numbers a row: a,b,c',
  ),
  features: list(
    text('name,…', 'variable (.mat) or key (.npz) of the features;\ntables: the columns to take'),
  ),
  drop: list(text('name,…', 'tables: columns to leave out, by name or index from 0')),
  categorical: list(text('name,…', 'tables: columns of words, also where they are numbers')),
  missing: list(text('text,…', 'tables: texts for missing values, besides ?, NA and the like')),
  header: flag('CSV: the first line names the columns (detected)'),
  'no-header': flag('CSV: the first line is data'),
  delimiter: text('c', 'CSV: what separates fields (detected)'),
  columns: integer('n', { least: 1 }, 'LIBSVM: the number of features (the largest index)'),
  'index-base': integer(
    'n',
    { least: 0, most: 1 },
    'LIBSVM: what indices count from (0 where one is 0, else 1)',
  ),
  'keep-row-numbers': flag('CSV: columns that only count the rows are features (left out)'),
  'max-mb': number(
    'n',
    { least: 1 / 2 ** 20 },
    'MiB that reading may take besides the file (64 + 4 × its size)',
  ),
} as const satisfies Options;

type ReadValues = Values<typeof READ_OPTIONS>;

/** How a dataset is read, maybe with a file of test rows. */
type DatasetValues = ReadValues & { readonly test?: string };

/** How the command line says `OTHER_TARGETS`. */
export const LOSS_ADVICE =
  'give --loss mean-squared or huber to predict numbers, or --loss binary-cross-entropy for several labels ' +
  'a row';

/** Options of these that exclude each other. */
export const READ_EXCLUSIVE = [['header', 'no-header']] as const;

/** A problem to try the program on, and what it is. */
export function embeddedDataset(): { dataset: SyntheticDataset; about: string } {
  const dataset = syntheticDataset();
  const { informativeColumns, redundantColumns, x } = dataset;
  const noise = x.cols - informativeColumns.length - redundantColumns.length;
  return {
    dataset,
    about:
      `like Madelon: ${informativeColumns.length} features matter, ${redundantColumns.length} ` +
      `repeat them, ${noise} are noise`,
  };
}

/** @throws CtreError `E_ARGUMENT` where an option for reading is given, and there is nothing to read. */
export function refuseReading(values: DatasetValues): void {
  const names = Object.keys(READ_OPTIONS) as (keyof typeof READ_OPTIONS)[];
  const read = names.find((name) => values[camelCase(name)] !== undefined);
  const given = read ?? (values.test === undefined ? undefined : 'test');
  if (given !== undefined) {
    throw new CtreError('E_ARGUMENT', `--${given} is for reading a dataset, and none is named`);
  }
}

/** What a command says of reading, besides its options. */
interface MoreReadOptions
  extends Pick<ReadOptions, 'columns' | 'unlabelled' | 'targets' | 'label' | 'indexBase'> {
  /** Labels with fractions are read as numbers to predict. */
  readonly orNumbers?: boolean;
}

/**
 * The dataset of a path: a file with those beside it that belong to it, a folder, or `-` for standard input.
 * @param pipeline of the model that takes its rows, where it was trained on a table.
 * @throws CtreError for a path that is none, and what `readDataset` throws.
 */
export async function openDataset(
  path: string,
  values: DatasetValues,
  more: MoreReadOptions = {},
  pipeline?: Pipeline,
): Promise<Dataset<SampleMatrix>> {
  const { files, features } = await readDatasetFiles(path);
  const test = values.test === undefined ? undefined : await readTestFiles(values.test);
  const options: ByteReadOptions = {
    label: values.label === undefined ? more.label : labelColumns(values.label, more.targets),
    ...columnsOf(values),
    features: values.features?.length === 1 ? values.features[0] : (values.features ?? features),
    header: values.header ?? (values.noHeader ? false : undefined),
    delimiter: values.delimiter?.replace('\\t', '\t'),
    columns: values.columns ?? more.columns,
    indexBase: indexBaseOf(values) ?? more.indexBase,
    ...(values.keepRowNumbers && { rowNumbers: 'keep' }),
    maxBytes: readingLimit(values),
    unlabelled: more.unlabelled,
    targets: more.targets,
    ...(test && { test }),
    bytes: true,
  };
  try {
    if (pipeline !== undefined) return await readForPipeline(files, pipeline, options);
    return await (more.orNumbers ? loadClassesOrNumbers(files, options) : loadDataset(files, options));
  } catch (error) {
    const isModels = more.indexBase !== undefined && values.indexBase === undefined;
    throw inOptions(isModels ? aboutModelsBase(error) : error);
  }
}

/** As `loadDataset`; labels with fractions, which are no classes, are read as numbers to predict. */
async function loadClassesOrNumbers(
  files: Readonly<Record<string, Uint8Array>>,
  options: ByteReadOptions,
): Promise<Dataset<SampleMatrix>> {
  try {
    return await loadDataset(files, options);
  } catch (error) {
    const fractions = fractionErrorOf(error);
    if (fractions === undefined || fractions.areLabels === 'open') throw error;
    const label = options.label ?? fractions.label;
    const dataset = await loadDataset(files, { ...options, targets: 'numbers', label });
    if (fractions.areLabels === 'named') return dataset;
    const { warnings = [], taken, table } = dataset;
    const place = taken?.label?.number;
    const about =
      `the last column${place === undefined ? '' : `, ${columnTitle({ ...taken?.label, number: place })},`} ` +
      'holds numbers with fractions, so they are predicted; the option label names another one';
    const warned = { ...dataset, warnings: [...warnings, about] };
    if (table === undefined) return warned;
    const { columns, labels, told, test } = table;
    const all = [...table.warnings, about];
    return { ...warned, table: new LabelledTable(columns, labels, all, told, test?.columns) };
  }
}

function indexBaseOf({ indexBase }: ReadValues): 0 | 1 | undefined {
  return indexBase === undefined ? undefined : indexBase === 0 ? 0 : 1;
}

/** An error about indices, where the model and no option says what they count from. */
function aboutModelsBase(error: unknown): unknown {
  if (!(error instanceof CtreError)) return error;
  const message = error.message.replace(
    'as the option indexBase says',
    'as in the file that the model was trained on; set the option indexBase if this one counts otherwise',
  );
  return new CtreError(error.code, message, { cause: error });
}

/** What the options say of a table's columns. */
function columnsOf({ features, drop, categorical, missing }: ReadValues): ColumnOptions {
  return { features, drop, categorical, missing };
}

/** What labels are read as, for a loss; the usual one tells classes apart. */
export function readingOf(loss: Pick<Loss, 'name'> | undefined): TargetReading {
  if (loss === undefined) return 'classes';
  const { targets } = lossByName(loss.name);
  return targets === 'labels' ? 'classes' : targets;
}

/** The columns of a list, where a row may have several labels or numbers. */
function labelColumns(typed: string, reading: TargetReading = 'classes'): string | string[] {
  return reading !== 'classes' && typed.includes(',') ? typed.split(',') : typed;
}

/** The bytes that reading may take; undefined for the reader's own limit. */
export function readingLimit({ maxMb }: Pick<ReadValues, 'maxMb'>): number | undefined {
  return maxMb === undefined ? undefined : Math.round(maxMb * 2 ** 20);
}

/** A reader's error in the words of the command line: readers name their options as in code. */
export function inOptions(error: unknown): unknown {
  if (!(error instanceof CtreError)) return error;
  const message = error.message
    .replace(OTHER_TARGETS, LOSS_ADVICE)
    .replace('set the option targets to flags or numbers', LOSS_ADVICE);
  return new CtreError(error.code, optionWords(message), { cause: error });
}

/** What readers call their options, and what these are here. */
const OPTION_WORDS: readonly (readonly [RegExp, string])[] = [
  [/set maxBytes higher/g, 'raise --max-mb'],
  [/set the option header to false/g, 'give --no-header'],
  [/set the option header to true/g, 'give --header'],
  [/the option rowNumbers can keep it/g, '--keep-row-numbers keeps it'],
  [/(set )?the option indexBase/g, '--index-base'],
  [/(?:set )?(?:the )?option (label|features|delimiter|columns|header|drop|categorical|missing)\b/g, '--$1'],
];

/** A reader's sentence in the words of the command line. */
export function optionWords(sentence: string): string {
  return OPTION_WORDS.reduce((text, [pattern, words]) => text.replace(pattern, words), sentence);
}

/** The path that stands for standard input. */
const STANDARD_INPUT = '-';

/** The files of a dataset. Where the path is one .npy file among others, `features` is its name. */
async function readDatasetFiles(
  path: string,
): Promise<{ files: Record<string, Uint8Array>; features?: string }> {
  if (path === STANDARD_INPUT) return { files: { 'standard input': await readStandardInput() } };
  const names = await listUnpacked(path);
  if (names !== undefined) return { files: await readAll(path, filesOfFolder(path, names)) };
  const own = basename(path);
  const bytes = await readBytes(path);
  const files = { ...(await readAll(dirname(path), await filesBeside(path))), [own]: bytes };
  const stem = ARRAY_FILE.exec(own)?.[1];
  return stem === undefined ? { files } : { files, features: stem };
}

/** The files beside one that its dataset is of, too. */
async function filesBeside(path: string): Promise<readonly string[]> {
  const own = basename(path);
  // A folder that may not be listed may still have a file that can be read.
  const listed = await listUnpacked(dirname(path)).catch(() => undefined);
  const beside = (listed ?? []).filter((name) => name !== own);
  // An .npy file is one array: the labels are another file beside it.
  return ARRAY_FILE.test(own) ? beside.filter((name) => ARRAY_FILE.test(name)) : labelsBeside(own, beside);
}

/**
 * The files that the dataset of a path is read from; none for standard input.
 * @throws CtreError for a folder without a dataset.
 */
export async function datasetPaths(path: string): Promise<readonly string[]> {
  if (path === STANDARD_INPUT) return [];
  const names = await listUnpacked(path);
  if (names !== undefined) return filesOfFolder(path, names).map((name) => join(path, name));
  return [path, ...(await filesBeside(path)).map((name) => join(dirname(path), name))];
}

/** The files of test rows: a file with its labels, a folder, or standard input. */
async function readTestFiles(path: string): Promise<Record<string, Uint8Array>> {
  const { files, features } = await readDatasetFiles(path);
  const role = arrayRole(features ?? '');
  if (role === undefined) return files;
  // Beside an .npy file of test rows there are those of the training rows.
  const isOwn = (name: string): boolean => {
    const stem = ARRAY_FILE.exec(name)?.[1] ?? '';
    const other = arrayRole(stem);
    return stem === features || (other?.content === 'labels' && other.part === role.part);
  };
  return Object.fromEntries(Object.entries(files).filter(([name]) => isOwn(name)));
}

/** Those of a folder's files that are its dataset. */
function filesOfFolder(path: string, names: readonly string[]): readonly string[] {
  const images = names.filter((name) => idxRole(name) !== undefined);
  if (images.length > 0) return images;
  const arrays = names.filter((name) => ARRAY_FILE.test(name) || ARCHIVE_FILE.test(name));
  if (arrays.length > 0) return arrays;
  const pair = pairedFiles(names);
  if (pair.length > 0) return pair;
  throw new CtreError(
    'E_FORMAT',
    `${show(path)} is a folder without IDX files, .npy and .npz files or a pair such as X.txt and y.txt; ` +
      'name one that has them, or a single file',
  );
}

/** The files beside one that hold its labels, and the test part of a pair. */
function labelsBeside(own: string, beside: readonly string[]): readonly string[] {
  const archive = ARCHIVE_FILE.exec(own)?.[1];
  if (archive !== undefined) {
    const role = arrayRole(archive);
    if (role?.content !== 'features') return [];
    return beside.filter((name) => {
      const other = arrayRole(ARRAY_FILE.exec(name)?.[1] ?? '');
      return other?.content === 'labels' && other.part === role.part;
    });
  }
  const pair = findPair([own, ...beside].map(unpackedName));
  const given = (wanted: readonly string[]): string[] =>
    beside.filter((name) => wanted.includes(unpackedName(name)));
  if (pair?.train.features === unpackedName(own)) {
    return given([pair.train.labels, ...(pair.test ? [pair.test.features, pair.test.labels] : [])]);
  }
  return pair?.test?.features === unpackedName(own) ? given([pair.test.labels]) : [];
}

function pairedFiles(names: readonly string[]): readonly string[] {
  const pair = findPair(names.map(unpackedName));
  if (pair === undefined) return [];
  const wanted = [pair.train, pair.test].flatMap((part) => (part ? [part.features, part.labels] : []));
  return names.filter((name) => wanted.includes(unpackedName(name)));
}

/** A file's name without `.gz`. */
export function unpackedName(name: string): string {
  return name.replace(/\.gz$/i, '');
}

const ARRAY_FILE = /^(.*)\.npy(\.gz)?$/i;
const ARCHIVE_FILE = /^(.*)\.npz(\.gz)?$/i;

/**
 * A folder's files without those .gz files that are there unpacked, too; undefined for a path that is no
 * folder.
 */
async function listUnpacked(path: string): Promise<string[] | undefined> {
  const names = await listFolder(path);
  return names?.filter((name) => !/\.gz$/i.test(name) || !names.includes(name.slice(0, -3)));
}

async function readAll(folder: string, names: readonly string[]): Promise<Record<string, Uint8Array>> {
  const entries: [string, Uint8Array][] = [];
  for (const name of names) entries.push([name, await readInside(folder, name)]);
  return Object.fromEntries(entries);
}
