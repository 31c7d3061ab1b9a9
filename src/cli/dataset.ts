import { basename, dirname } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
import { idxRole } from '../data/formats/idx.ts';
import {
  type ByteReadOptions,
  type Dataset,
  type ReadOptions,
  readDataset,
  type SyntheticDataset,
  syntheticDataset,
  type TargetReading,
} from '../data/index.ts';
import { OTHER_TARGETS } from '../data/labels.ts';
import type { Loss } from '../index.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import { lossByName } from '../nn/losses.ts';
import { camelCase, type Options, type Values } from './args.ts';
import { listFolder, readBytes, readInside } from './files.ts';
import { flag, integer, number, text } from './options.ts';

/** Options that say how a dataset is read. */
export const READ_OPTIONS = {
  label: text(
    'name',
    'label column (CSV: name, or index from 0), variable or key;\n' +
      'several labels or numbers a row: a,b,c',
  ),
  features: text('name', 'variable (.mat) or key (.npz) of the features'),
  header: flag('CSV: the first line names the columns (detected)'),
  'no-header': flag('CSV: the first line is data'),
  delimiter: text('c', 'CSV: what separates fields (detected)'),
  columns: integer('n', { least: 1 }, 'LIBSVM: the number of features (the largest index)'),
  'max-mb': number(
    'n',
    { least: 1 / 2 ** 20 },
    'MiB that reading may take besides the file (64 + 4 × its size)',
  ),
} as const satisfies Options;

type ReadValues = Values<typeof READ_OPTIONS>;

/** How the command line says `OTHER_TARGETS`. */
export const LOSS_ADVICE =
  'give --loss mean-squared or huber to predict numbers, or --loss binary-cross-entropy for several labels a row';

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
export function refuseReading(values: ReadValues): void {
  const given = Object.keys(READ_OPTIONS).find(
    (name) => values[camelCase(name as keyof typeof READ_OPTIONS)] !== undefined,
  );
  if (given !== undefined) {
    throw new CtreError('E_ARGUMENT', `--${given} is for reading a dataset, and none is named`);
  }
}

/**
 * The dataset of a path: a file, or a folder of IDX or .npy files.
 * @throws CtreError for a path that is none, and what `readDataset` throws.
 */
export async function openDataset(
  path: string,
  values: ReadValues,
  more: Pick<ReadOptions, 'columns' | 'unlabelled' | 'targets' | 'label'> = {},
): Promise<Dataset<SampleMatrix>> {
  const { files, features } = await readDatasetFiles(path);
  const options: ByteReadOptions = {
    label: values.label === undefined ? more.label : labelColumns(values.label, more.targets),
    features: values.features ?? features,
    header: values.header ?? (values.noHeader ? false : undefined),
    delimiter: values.delimiter?.replace('\\t', '\t'),
    columns: values.columns ?? more.columns,
    maxBytes: readingLimit(values),
    unlabelled: more.unlabelled,
    targets: more.targets,
    bytes: true,
  };
  try {
    return readDataset(files, options);
  } catch (error) {
    throw inOptions(error);
  }
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
    .replace('set maxBytes higher', 'raise --max-mb')
    .replace(OTHER_TARGETS, LOSS_ADVICE)
    .replace('set the option targets to flags or numbers', LOSS_ADVICE);
  return new CtreError(error.code, message, { cause: error });
}

/** The files of a dataset. Where the path is one .npy file among others, `features` is its name. */
async function readDatasetFiles(
  path: string,
): Promise<{ files: Record<string, Uint8Array>; features?: string }> {
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
