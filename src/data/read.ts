import { viewOf } from '../base/arrays.ts';
import { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import type { Dataset } from './dataset.ts';
import { extensionOf, type Format, type InputFile } from './format.ts';
import { arffFormat } from './formats/arff.ts';
import { csvFormat } from './formats/csv.ts';
import { idxFormat } from './formats/idx.ts';
import { jsonLinesFormat } from './formats/jsonLines.ts';
import { libsvmFormat } from './formats/libsvm.ts';
import { matFormat } from './formats/mat.ts';
import { matrixMarketFormat } from './formats/matrixMarket.ts';
import { numpyFormat } from './formats/numpy.ts';
import { refusedFormat } from './formats/refused.ts';
import { textPairFormat } from './formats/textPair.ts';
import { gunzip } from './inflate.ts';
import type { RawTable } from './rawTable.ts';
import {
  type ByteReadOptions,
  type CheckedReadOptions,
  checkReadOptions,
  type ReadOptions,
} from './readOptions.ts';
import { tableDataset } from './tableDataset.ts';
import { filesInZip } from './zipFiles.ts';

/** Every format, in the order in which they look at a file whose extension none of them has. */
const FORMATS: readonly Format[] = [
  refusedFormat,
  matFormat,
  numpyFormat,
  idxFormat,
  matrixMarketFormat,
  arffFormat,
  jsonLinesFormat,
  libsvmFormat,
  textPairFormat,
  csvFormat,
];

const NAMED_FORMATS = FORMATS.map(({ fileNames }) => fileNames).filter((names) => names !== '');
const FILE_NAMES = `${NAMED_FORMATS.join(', ')}, each also with .gz`;

/** One file, or several that belong together (an IDX set, an `.npy` pair), by name. */
export type DataFiles =
  | Readonly<Record<string, Uint8Array>>
  | { readonly name: string; readonly bytes: Uint8Array };

/**
 * Reads a dataset from the bytes of its file or files. The names' extensions choose the format. Where none
 * is known, the content does.
 *
 * ```ts
 * const { x, labels } = readDataset({ name: 'madelon.mat', bytes });
 * const mnist = readDataset({ 'train-images-idx3-ubyte.gz': images, 'train-labels-idx1-ubyte.gz': labels });
 * ```
 * @throws CtreError `E_FORMAT`, `E_UNSUPPORTED`, `E_MEMORY`, `E_LABEL`, `E_NOT_FINITE`, `E_SHAPE`, or
 *   `E_ARGUMENT` for options that are wrong or name what is not there.
 */
export function readDataset(files: DataFiles, options?: ReadOptions): Dataset;
export function readDataset(files: DataFiles, options: ByteReadOptions): Dataset<SampleMatrix>;
export function readDataset(files: DataFiles, options: ReadOptions = {}): Dataset<SampleMatrix> {
  return readGiven(files, options, (format, given, wanted, budget) => {
    const table = 'readTable' in format ? format.readTable(given, wanted, budget) : undefined;
    if (table !== undefined) return checkReading(tableDataset(table, wanted, budget), wanted);
    if (format.read !== undefined) return checkReading(format.read(given, wanted, budget), wanted);
    throw new CtreError('E_FORMAT', `the files hold no table; expected ${FILE_NAMES}`);
  });
}

/**
 * Reads a table of text as it is, before anything is a number: its columns with names and fields. Undefined
 * for files that hold numbers only, such as `.mat`, `.npz`, IDX and LIBSVM; `readDataset` reads these.
 *
 * ```ts
 * const table = readTable({ name: 'titanic.csv', bytes });
 * table?.columns[3].text(0); // 'Braund, Mr. Owen Harris'
 * ```
 * @throws CtreError as `readDataset`.
 */
export function readTable(files: DataFiles, options: ReadOptions = {}): RawTable | undefined {
  return readGiven(files, options, (format, given, wanted, budget) =>
    'readTable' in format ? format.readTable(given, wanted, budget) : undefined,
  );
}

type ReadAs<T> = (
  format: Format,
  files: readonly InputFile[],
  options: CheckedReadOptions,
  budget: Budget,
) => T;

function readGiven<T>(files: DataFiles, options: ReadOptions, readAs: ReadAs<T>): T {
  const wanted = checkReadOptions(options);
  const given = listFiles(files);
  const input = given.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const budget = new Budget(input, wanted.maxBytes);
  const names = given.map(({ name }) => name);
  const title = names.slice(0, 4).join(', ');
  try {
    return readFiles(given, wanted, budget, readAs);
  } catch (error) {
    if (error instanceof CtreError) {
      throw new CtreError(error.code, `${title}: ${error.message}`, { cause: error.cause });
    }
    // Engines refuse arrays they have no room for with a RangeError.
    if (error instanceof RangeError) {
      const sentence = `${title}: the engine has no room for this dataset; use a smaller part of it`;
      throw new CtreError('E_MEMORY', sentence, { cause: error });
    }
    throw error;
  }
}

/**
 * @throws CtreError `E_UNSUPPORTED` for a format that has classes only, where something else is asked for.
 */
function checkReading(
  dataset: Dataset<SampleMatrix>,
  { targets: reading = 'classes', unlabelled }: CheckedReadOptions,
): Dataset<SampleMatrix> {
  if (reading === 'classes' || unlabelled || dataset.targets !== undefined) return dataset;
  throw new CtreError('E_UNSUPPORTED', `this format has classes only; the option targets is ${reading}`);
}

function readFiles<T>(
  given: readonly InputFile[],
  options: CheckedReadOptions,
  budget: Budget,
  readAs: ReadAs<T>,
): T {
  const names = given.map(({ name }) => plainName(name));
  for (const format of FORMATS) {
    const members = new Set(format.membersOf?.(names));
    if (members.size === 0) continue;
    return readAs(
      format,
      given.filter((_, at) => members.has(names[at])).map((file) => unpack(file, budget)),
      options,
      budget,
    );
  }
  const files = given.map((file) => unpack(file, budget));
  const inside = files.length === 1 ? filesInZip(files[0], budget) : undefined;
  if (inside !== undefined) return readFiles(inside, options, budget, readAs);
  const [format, ...others] = new Set(files.map(formatOf));
  if (files.length > 1 && (others.length > 0 || format.several === undefined)) {
    const together = FORMATS.flatMap(({ several }) => several ?? []).join(' or ');
    const names = files.map(({ name }) => show(name)).join(', ');
    throw new CtreError(
      'E_FORMAT',
      `${files.length} files were given (${names}); expected one file, ${together}; name one of them`,
    );
  }
  return readAs(format, files, options, budget);
}

function formatOf({ name, bytes }: InputFile): Format {
  const extension = extensionOf(name);
  const format =
    // Also where the extension is of another: a web page may be called .csv.
    (refusedFormat.isContent(bytes, extension) ? refusedFormat : undefined) ??
    FORMATS.find(({ extensions }) => extensions.includes(extension)) ??
    FORMATS.find(({ isContent }) => isContent(bytes, extension));
  if (format !== undefined) return format;
  throw new CtreError('E_FORMAT', `the format of ${show(name)} is not known; expected ${FILE_NAMES}`);
}

/** A name without folder and `.gz`. */
function plainName(path: string): string {
  return baseName(path).replace(/\.gz$/i, '');
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** The file without folder and gzip. A file may be gzip by content and not by name. */
function unpack({ name, bytes }: InputFile, budget: Budget): InputFile {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isGzip && /\.gz$/i.test(name)) {
    throw new CtreError('E_FORMAT', `${show(name)} is no gzip file, though its name ends in .gz`);
  }
  const content = isGzip ? gunzip(bytes, budget) : bytes;
  if (content.length === 0) {
    throw new CtreError('E_FORMAT', `${show(name)} is empty; expected ${FILE_NAMES}`);
  }
  return { name: plainName(name), bytes: content };
}

function listFiles(files: DataFiles): InputFile[] {
  if (typeof files !== 'object' || files === null || Array.isArray(files) || ArrayBuffer.isView(files)) {
    throw new CtreError(
      'E_ARGUMENT',
      `files is ${show(files)}; expected { name, bytes } or bytes by file name`,
    );
  }
  const { name } = files;
  const entries: [string, unknown][] =
    typeof name === 'string' ? [[name, files.bytes]] : Object.entries(files);
  if (entries.length === 0) throw new CtreError('E_FORMAT', `there are no files; expected ${FILE_NAMES}`);
  const names = new Set(entries.map(([name]) => name));
  // Some tools unpack a file and leave the packed one beside it.
  const once = entries.filter(([name]) => !/\.gz$/i.test(name) || !names.has(name.slice(0, -3)));
  return once.map(([name, given]) => {
    // A Node Buffer is a Uint8Array whose methods differ.
    const bytes = viewOf(given, Uint8Array);
    if (bytes === undefined) {
      throw new CtreError(
        'E_ARGUMENT',
        `${show(name)} holds ${show(given)}; expected its bytes as Uint8Array`,
      );
    }
    return { name, bytes };
  });
}
