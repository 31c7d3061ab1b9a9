import { viewOf } from '../base/arrays.ts';
import { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import { latin1 } from './bytes.ts';
import type { Dataset, ReadOptions } from './dataset.ts';
import { readCsv } from './formats/csv.ts';
import { idxRole, isIdx, readIdxSet } from './formats/idx.ts';
import { isLibsvmLine, readLibsvm } from './formats/libsvm.ts';
import { readMat } from './formats/mat.ts';
import { readNumpy } from './formats/npz.ts';
import { gunzip } from './inflate.ts';

/** One file, or several that belong together (an IDX set, an `.npy` pair), by name. */
export type DataFiles =
  | Readonly<Record<string, Uint8Array>>
  | { readonly name: string; readonly bytes: Uint8Array };

type Format = 'mat' | 'npz' | 'npy' | 'csv' | 'tsv' | 'libsvm' | 'idx';

interface InputFile {
  /** Without folder and `.gz`. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly format: Format;
}

const EXTENSIONS: Readonly<Record<string, Format>> = {
  mat: 'mat',
  npz: 'npz',
  npy: 'npy',
  csv: 'csv',
  tsv: 'tsv',
  libsvm: 'libsvm',
  svm: 'libsvm',
};

const KNOWN = '.mat, .npz, .npy, .csv, .tsv, .txt, .libsvm, .svm (each also .gz) and IDX files';

/**
 * Reads a dataset from the bytes of its file or files; the names' endings choose the format, and the content does
 * where an ending is unknown.
 *
 * ```ts
 * const { x, labels } = readDataset({ name: 'madelon.mat', bytes });
 * const mnist = readDataset({ 'train-images-idx3-ubyte.gz': images, 'train-labels-idx1-ubyte.gz': labels });
 * ```
 * @throws CtreError `E_FORMAT`, `E_UNSUPPORTED`, `E_MEMORY`, `E_LABEL`, `E_NOT_FINITE`, `E_SHAPE`, or `E_ARGUMENT`
 *   for options that are wrong or name what is not there.
 */
export function readDataset(files: DataFiles, options: ReadOptions = {}): Dataset {
  const wanted = checkOptions(options);
  const given = listFiles(files);
  const input = given.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const budget = new Budget(input, wanted.maxBytes);
  const title =
    given.length === 1
      ? given[0].name
      : given
          .map(({ name }) => name)
          .slice(0, 4)
          .join(', ');
  try {
    return readFiles(given, wanted, budget);
  } catch (error) {
    if (error instanceof CtreError) {
      throw new CtreError(error.code, `${title}: ${error.message}`, { cause: error.cause });
    }
    // Engines refuse arrays they have no room for with a RangeError.
    if (error instanceof RangeError) {
      throw new CtreError(
        'E_MEMORY',
        `${title}: the engine has no room for this dataset; use a smaller part of it`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

function readFiles(
  given: readonly { name: string; bytes: Uint8Array }[],
  options: ReadOptions,
  budget: Budget,
): Dataset {
  // A folder may hold more than its dataset, a README say; an IDX set is known by its names alone.
  const idxSet = given.filter(({ name }) => idxRole(baseName(name)));
  if (idxSet.length > 0)
    return readIdxSet(
      idxSet.map((file) => unpack(file, budget)),
      options,
      budget,
    );
  const inputs = given.map((file) => {
    const { name, bytes } = unpack(file, budget);
    return { name, bytes, format: formatOf(name, bytes) };
  });
  if (inputs.every(({ format }) => format === 'npy' || format === 'npz'))
    return readNumpyFiles(inputs, options, budget);
  if (inputs.length > 1) {
    throw new CtreError(
      'E_FORMAT',
      `${inputs.length} files were given; expected one, an .npy pair or a set of IDX files`,
    );
  }
  const [{ bytes, format, name }] = inputs;
  switch (format) {
    case 'mat':
      return readMat(bytes, options, budget);
    case 'libsvm':
      return readLibsvm(bytes, options, budget);
    case 'tsv':
      return readCsv(bytes, { ...options, delimiter: options.delimiter ?? '\t' }, budget);
    case 'csv':
      return readCsv(bytes, options, budget);
    default:
      throw new CtreError(
        'E_FORMAT',
        `${show(name)} is one file of an IDX set; name them as MNIST does, train-images-idx3-ubyte and train-labels-idx1-ubyte`,
      );
  }
}

function readNumpyFiles(inputs: readonly InputFile[], options: ReadOptions, budget: Budget): Dataset {
  if (inputs.length === 1 && inputs[0].format === 'npy' && !options.unlabelled) {
    throw new CtreError('E_FORMAT', 'an .npy file holds one array; give two, such as X.npy and y.npy');
  }
  return readNumpy(
    inputs.map(({ name, bytes, format }) => ({
      stem: name.replace(/\.np[yz]$/i, ''),
      bytes,
      isArchive: format === 'npz',
    })),
    options,
    budget,
  );
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** The file without folder and gzip; a file that is gzip by content but not by name as well. */
function unpack(
  { name, bytes }: { name: string; bytes: Uint8Array },
  budget: Budget,
): { name: string; bytes: Uint8Array } {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isGzip && /\.gz$/i.test(name)) {
    throw new CtreError('E_FORMAT', `${show(name)} is no gzip file, though its name ends in .gz`);
  }
  const content = isGzip ? gunzip(bytes, budget) : bytes;
  if (content.length === 0) throw new CtreError('E_FORMAT', `${show(name)} is empty; expected ${KNOWN}`);
  return { name: baseName(name).replace(/\.gz$/i, ''), bytes: content };
}

function formatOf(name: string, bytes: Uint8Array): Format {
  const extension = /\.([^.]+)$/.exec(name)?.[1].toLowerCase() ?? '';
  if (Object.hasOwn(EXTENSIONS, extension)) return EXTENSIONS[extension];
  const start = latin1(bytes.subarray(0, 128));
  if (start.startsWith('PK\x03\x04')) return 'npz';
  if (start.startsWith('\x93NUMPY')) return 'npy';
  if (start.startsWith('MATLAB') || start.startsWith('\x89HDF')) return 'mat';
  if (isIdx(bytes)) return 'idx';
  const format = textFormat(bytes);
  if (format === undefined || (extension !== 'txt' && format === 'csv' && !/[,;\t| ]/.test(start))) {
    throw new CtreError('E_FORMAT', `the format of ${show(name)} is not known; known are ${KNOWN}`);
  }
  return format;
}

/** What kind of text this is, by its first lines; undefined for bytes that are no text. */
function textFormat(bytes: Uint8Array): 'csv' | 'libsvm' | undefined {
  const head = bytes.subarray(0, 65536);
  const isUtf16 = (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
  if (!isUtf16 && head.some((byte) => byte < 9 || (byte > 13 && byte < 32))) return undefined;
  const line = latin1(head)
    .split('\n')
    .find((text) => text.replace(/#.*/, '').trim() !== '');
  return line !== undefined && isLibsvmLine(line) ? 'libsvm' : 'csv';
}

function listFiles(files: DataFiles): { name: string; bytes: Uint8Array }[] {
  if (typeof files !== 'object' || files === null || Array.isArray(files) || ArrayBuffer.isView(files)) {
    throw new CtreError(
      'E_ARGUMENT',
      `files is ${show(files)}; expected { name, bytes } or bytes by file name`,
    );
  }
  const { name } = files;
  const entries: [string, unknown][] =
    typeof name === 'string' ? [[name, files.bytes]] : Object.entries(files);
  if (entries.length === 0) throw new CtreError('E_FORMAT', `there are no files; expected ${KNOWN}`);
  return entries.map(([name, given]) => {
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

const OPTION_CHECKS: Readonly<
  Record<keyof ReadOptions, [expected: string, check: (value: unknown) => boolean]>
> = {
  label: [
    'a name, or an index from 0',
    (value) => typeof value === 'string' || (Number.isSafeInteger(value) && Number(value) >= 0),
  ],
  features: ['a name', (value) => typeof value === 'string'],
  unlabelled: ['true or false', (value) => typeof value === 'boolean'],
  header: ['true or false', (value) => typeof value === 'boolean'],
  delimiter: [
    'one character that is no quote or line end',
    (value) => typeof value === 'string' && /^[^"\r\n\ufeff]$/u.test(value),
  ],
  columns: ['an integer from 1 to 2147483646', (value) => isSize(value) && Number(value) < 0x7fffffff],
  maxBytes: ['a positive integer', (value) => isSize(value)],
};

function isSize(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

/** A copy of the options, each read once. */
function checkOptions(options: ReadOptions): ReadOptions {
  if (typeof options !== 'object' || options === null || ArrayBuffer.isView(options)) {
    throw new CtreError('E_ARGUMENT', `options is ${show(options)}; expected an object`);
  }
  const own = { ...options };
  for (const [name, value] of Object.entries(own)) {
    const known = Object.entries(OPTION_CHECKS).find(([key]) => key === name);
    if (!known) {
      throw new CtreError(
        'E_ARGUMENT',
        `there is no option ${show(name)}; known are ${Object.keys(OPTION_CHECKS).join(', ')}`,
      );
    }
    const [, [expected, check]] = known;
    if (value !== undefined && !check(value)) {
      throw new CtreError('E_ARGUMENT', `the option ${name} is ${show(value)}; expected ${expected}`);
    }
  }
  return own;
}
