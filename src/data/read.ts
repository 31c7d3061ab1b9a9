import { bytesIn } from '../base/arrays.ts';
import { blobBytes, fileNameOf, isBlob } from '../base/blob.ts';
import { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import type { AwaitedFiles, DataFiles } from './dataFiles.ts';
import type { Dataset } from './dataset.ts';
import {
  type AwaitedFormat,
  extensionOf,
  type Format,
  type InputFile,
  type NumberFormat,
  refuseText,
  type TableFormat,
} from './format.ts';
import { arffFormat } from './formats/arff.ts';
import { csvFormat } from './formats/csv.ts';
import { idxFormat } from './formats/idx.ts';
import { jsonLinesFormat } from './formats/jsonLines.ts';
import { libsvmFormat } from './formats/libsvm.ts';
import { matFormat } from './formats/mat.ts';
import { matrixMarketFormat } from './formats/matrixMarket.ts';
import { numpyFormat } from './formats/numpy.ts';
import { parquetFormat } from './formats/parquet.ts';
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
import { datasetWithTest, tableWithTest } from './testRows.ts';
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
  parquetFormat,
  libsvmFormat,
  textPairFormat,
  csvFormat,
];

const NAMED_FORMATS = FORMATS.map(({ fileNames }) => fileNames).filter((names) => names !== '');
const FILE_NAMES = `${NAMED_FORMATS.join(', ')}, each also with .gz`;

/**
 * Reads a dataset from the bytes of its file or files, or from their text. The names' extensions choose the format. Where none
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
  const opened = openFiles(files, options);
  const { given, tested, wanted, budget } = opened;
  const content = titled(given, () => readContent(given, wanted, budget));
  const test =
    tested && titled(tested, () => readContent(tested, testOptions(content, given, wanted), budget));
  return datasetOfContents(opened, content, test);
}

/**
 * As `readDataset`, also of Blobs and Files, which are read then, and of formats that a package reads which is
 * loaded then: Parquet, by hyparquet.
 *
 * ```ts
 * const { x, labels } = await loadDataset({ name: 'titanic.parquet', bytes });
 * const other = await loadDataset(input.files[0]);
 * ```
 * @throws CtreError as `readDataset`; `E_UNSUPPORTED` where the package is not installed.
 */
export function loadDataset(files: AwaitedFiles, options?: ReadOptions<AwaitedFiles>): Promise<Dataset>;
export function loadDataset(
  files: AwaitedFiles,
  options: ByteReadOptions<AwaitedFiles>,
): Promise<Dataset<SampleMatrix>>;
export async function loadDataset(
  files: AwaitedFiles,
  options: ReadOptions<AwaitedFiles> = {},
): Promise<Dataset<SampleMatrix>> {
  const opened = await openBlobs(files, options);
  const { given, tested, wanted, budget } = opened;
  const content = await titledLater(given, () => loadContent(given, wanted, budget));
  const test =
    tested &&
    (await titledLater(tested, () => loadContent(tested, testOptions(content, given, wanted), budget)));
  return datasetOfContents(opened, content, test);
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
  const { given, wanted, budget } = openFiles(files, options);
  return titled(given, () => {
    const { format, files: chosen } = chooseFormat(given, budget);
    if ('loadTable' in format) throw notAwaited(format);
    return 'readTable' in format ? format.readTable(chosen, wanted, budget) : undefined;
  });
}

/**
 * As `readTable`, also of what only `loadDataset` reads: Blobs, Files and Parquet.
 * @throws CtreError as `loadDataset`.
 */
export async function loadTable(
  files: AwaitedFiles,
  options: ReadOptions<AwaitedFiles> = {},
): Promise<RawTable | undefined> {
  const { given, wanted, budget } = await openBlobs(files, options);
  return titledLater(given, async () => {
    const { format, files: chosen } = chooseFormat(given, budget);
    if ('loadTable' in format) return format.loadTable(chosen, wanted, budget);
    return 'readTable' in format ? format.readTable(chosen, wanted, budget) : undefined;
  });
}

/** What files hold: a table of text, or numbers. */
type Content = { readonly table: RawTable } | { readonly dataset: Dataset<SampleMatrix> };

function readContent(given: readonly InputFile[], options: CheckedReadOptions, budget: Budget): Content {
  const { format, files } = chooseFormat(given, budget);
  if ('loadTable' in format) throw notAwaited(format);
  return contentOf(format, files, options, budget);
}

async function loadContent(
  given: readonly InputFile[],
  options: CheckedReadOptions,
  budget: Budget,
): Promise<Content> {
  const { format, files } = chooseFormat(given, budget);
  if ('loadTable' in format) return { table: await format.loadTable(files, options, budget) };
  return contentOf(format, files, options, budget);
}

function contentOf(
  format: NumberFormat | TableFormat,
  files: readonly InputFile[],
  options: CheckedReadOptions,
  budget: Budget,
): Content {
  const table = 'readTable' in format ? format.readTable(files, options, budget) : undefined;
  if (table !== undefined) return { table };
  if (format.read !== undefined) return { dataset: format.read(files, options, budget) };
  throw new CtreError('E_FORMAT', `the files hold no table; expected ${FILE_NAMES}`);
}

function notAwaited({ fileNames }: AwaitedFormat): CtreError {
  return new CtreError(
    'E_UNSUPPORTED',
    `files of the format ${fileNames} are read by loadDataset and loadTable, which load a package for it; ` +
      'await one of these',
  );
}

function datasetOfContents(
  { given, tested, wanted, budget }: OpenedFiles,
  content: Content,
  test: Content | undefined,
): Dataset<SampleMatrix> {
  if (tested === undefined || test === undefined) {
    return titled(given, () => datasetOf(content, wanted, budget));
  }
  return titled([...given, ...tested], () =>
    datasetOf(withTestRows(content, test, tested, wanted), wanted, budget),
  );
}

function datasetOf(content: Content, options: CheckedReadOptions, budget: Budget): Dataset<SampleMatrix> {
  const dataset = 'table' in content ? tableDataset(content.table, options, budget) : content.dataset;
  return checkReading(dataset, options);
}

/** How test rows are read, so that they are taken for what the training rows were taken for. */
function testOptions(
  content: Content,
  given: readonly InputFile[],
  options: CheckedReadOptions,
): CheckedReadOptions {
  if ('table' in content) {
    const { names } = content.table;
    // Names of a comment, or of the format, are read as such again.
    const header = names === undefined ? false : names === 'first line' ? true : undefined;
    return { ...options, header: options.header ?? header, rowNumbers: 'keep' };
  }
  const { x, taken } = content.dataset;
  // An .npy file names its array: that of the test rows has another name.
  const isFile = (name: unknown): boolean => given.some((file) => plainName(file.name) === `${name}.npy`);
  return {
    ...options,
    features: isFile(options.features) ? undefined : options.features,
    label: isFile(options.label) ? undefined : options.label,
    columns: x.cols,
    indexBase: taken?.indexBase,
  };
}

/** The content of training files with the test rows of others. */
function withTestRows(
  content: Content,
  test: Content,
  [{ name }]: readonly InputFile[],
  { targets = 'classes' }: CheckedReadOptions,
): Content {
  if ('table' in content && 'table' in test) {
    return { table: tableWithTest(content.table, test.table, name) };
  }
  if ('dataset' in content && 'dataset' in test) {
    return { dataset: datasetWithTest(content.dataset, test.dataset, targets) };
  }
  const [own, other] = 'table' in content ? ['a table', 'arrays'] : ['arrays', 'a table'];
  throw new CtreError(
    'E_FORMAT',
    `the training rows are ${own} and the test rows ${other}; expected one kind`,
  );
}

/** The files and options of a call, checked. */
interface OpenedFiles {
  readonly given: readonly InputFile[];
  readonly tested: readonly InputFile[] | undefined;
  readonly wanted: CheckedReadOptions;
  readonly budget: Budget;
}

function openFiles(files: DataFiles, options: ReadOptions): OpenedFiles {
  const wanted = checkReadOptions(options);
  return openEntries(
    entriesOf('files', files),
    wanted.test && entriesOf('the option test', wanted.test),
    wanted,
  );
}

async function openBlobs(files: AwaitedFiles, options: ReadOptions<AwaitedFiles>): Promise<OpenedFiles> {
  const { test, ...others } = checkReadOptions(options);
  const entries = await readBlobs(entriesOf('files', files));
  if (test === undefined) return openEntries(entries, undefined, others);
  const testEntries = await readBlobs(entriesOf('the option test', test));
  // Readers see that test rows were named.
  return openEntries(entries, testEntries, { ...others, test: Object.fromEntries(testEntries) as DataFiles });
}

function openEntries(
  entries: readonly FileEntry[],
  testEntries: readonly FileEntry[] | undefined,
  wanted: CheckedReadOptions,
): OpenedFiles {
  const given = entries.map(toInputFile);
  const tested = testEntries?.map(toInputFile);
  const input = [...given, ...(tested ?? [])].reduce((sum, { bytes }) => sum + bytes.length, 0);
  return { given, tested, wanted, budget: new Budget(input, wanted.maxBytes) };
}

/** What a task answers. Its error names the files. */
function titled<T>(files: readonly InputFile[], task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw withTitle(files, error);
  }
}

async function titledLater<T>(files: readonly InputFile[], task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw withTitle(files, error);
  }
}

function withTitle(files: readonly InputFile[], error: unknown): unknown {
  const title = files
    .slice(0, 4)
    .map(({ name }) => name)
    .join(', ');
  if (error instanceof CtreError) {
    return new CtreError(error.code, `${title}: ${error.message}`, { cause: error.cause ?? error });
  }
  // Engines refuse arrays they have no room for with a RangeError.
  if (!(error instanceof RangeError)) return error;
  const sentence = `${title}: the engine has no room for this dataset; use a smaller part of it`;
  return new CtreError('E_MEMORY', sentence, { cause: error });
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

/** The format of the files, and those of them that it is of, unpacked. */
function chooseFormat(
  given: readonly InputFile[],
  budget: Budget,
): { format: Format; files: readonly InputFile[] } {
  const names = given.map(({ name }) => plainName(name));
  for (const format of FORMATS) {
    const members = new Set(format.membersOf?.(names));
    if (members.size === 0) continue;
    const own = given.filter((_, at) => members.has(names[at]));
    return {
      format,
      files: refuseText(
        own.map((file) => unpack(file, budget)),
        format.isBinary,
      ),
    };
  }
  const files = given.map((file) => unpack(file, budget));
  const inside = files.length === 1 ? filesInZip(files[0], budget) : undefined;
  if (inside !== undefined) return chooseFormat(inside, budget);
  const [format, ...others] = new Set(files.map(formatOf));
  if (files.length > 1 && (others.length > 0 || format.several === undefined)) {
    const together = FORMATS.flatMap(({ several }) => several ?? []).join(' or ');
    const names = files.map(({ name }) => show(name)).join(', ');
    throw new CtreError(
      'E_FORMAT',
      `${files.length} files were given (${names}); expected one file, ${together}; name one of them`,
    );
  }
  return { format, files: refuseText(files, format.isBinary) };
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
function unpack({ name, bytes, isText }: InputFile, budget: Budget): InputFile {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isGzip && /\.gz$/i.test(name)) {
    throw new CtreError('E_FORMAT', `${show(name)} is no gzip file, though its name ends in .gz`);
  }
  const content = isGzip ? gunzip(bytes, budget) : bytes;
  if (content.length === 0) {
    throw new CtreError('E_FORMAT', `${show(name)} is empty; expected ${FILE_NAMES}`);
  }
  return { name: plainName(name), bytes: content, isText };
}

/** A file's name, and what was given for its content. */
type FileEntry = readonly [name: string, content: unknown];

function entriesOf(what: string, files: AwaitedFiles): FileEntry[] {
  const isList = Array.isArray(files) || ArrayBuffer.isView(files);
  const name: unknown = isBlob(files) ? fileNameOf(files) : Object(files).name;
  const isFile = isBlob(files) && typeof name === 'string';
  if (typeof files !== 'object' || files === null || isList || (isBlob(files) && !isFile)) {
    throw new CtreError(
      'E_ARGUMENT',
      `${what} is ${show(files)}; expected { name, bytes } or bytes by file name`,
    );
  }
  const entries: FileEntry[] =
    typeof name === 'string' ? [[name, isFile ? files : Reflect.get(files, 'bytes')]] : Object.entries(files);
  if (entries.length === 0) throw new CtreError('E_FORMAT', `there are no files; expected ${FILE_NAMES}`);
  const names = new Set(entries.map(([name]) => name));
  // Some tools unpack a file and leave the packed one beside it.
  return entries.filter(([name]) => !/\.gz$/i.test(name) || !names.has(name.slice(0, -3)));
}

/** Reads what are Blobs, one after the other. */
async function readBlobs(entries: readonly FileEntry[]): Promise<FileEntry[]> {
  const read: FileEntry[] = [];
  for (const [name, content] of entries) {
    read.push([name, isBlob(content) ? await blobBytes(show(name), content) : content]);
  }
  return read;
}

function toInputFile([name, content]: FileEntry): InputFile {
  if (typeof content === 'string') return { name, bytes: new TextEncoder().encode(content), isText: true };
  // A Node Buffer is a Uint8Array whose methods differ.
  const bytes = bytesIn(content);
  if (bytes !== undefined) return { name, bytes };
  throw new CtreError(
    'E_ARGUMENT',
    isBlob(content)
      ? `${show(name)} holds a Blob, which cannot be read at once; await loadDataset or loadTable`
      : `${show(name)} holds ${show(content)}; expected its bytes as Uint8Array or ArrayBuffer, or its text`,
  );
}
