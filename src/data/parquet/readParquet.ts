import type { ColumnMetaData, Compressors, FileMetaData, RowGroup } from 'hyparquet';
import { Budget } from '../../base/budget.ts';
import { CtreError, show } from '../../base/errors.ts';
import { latin1 } from '../bytes.ts';
import { FieldStore } from '../fieldStore.ts';
import { gunzip } from '../inflate.ts';
import { columnTitle, type LeftOutColumn, type RawTable, storedColumns } from '../rawTable.ts';
import type { ReadOptions } from '../readOptions.ts';
import { findRowNumbers } from '../rowNumbers.ts';
import { checkReadable, columnsOfSchema, fieldOfValue, type ParquetColumn, textParsers } from './columns.ts';
import { type CheckedPages, checkPages, type Decompress } from './pages.ts';
import { checkSnappy } from './snappy.ts';
import { damagedParquet, ThriftReader } from './thrift.ts';

type Library = typeof import('hyparquet');

/**
 * The table of a Parquet file. Columns are single values: numbers, words, truth values, dates and times; each
 * becomes the text that a CSV file would have.
 * @throws CtreError `E_UNSUPPORTED` where a package is not installed, or for values within values; `E_FORMAT`
 *   for a damaged file, `E_MEMORY`.
 */
export async function readParquet(
  bytes: Uint8Array,
  options: ReadOptions,
  budget: Budget,
): Promise<RawTable> {
  const library = await importLibrary();
  const metadata = readFooter(library, bytes, budget);
  const columns = columnsOfSchema(metadata);
  const wanted = columns.filter((column) => !isLeftAway(column, columns, options));
  checkReadable(wanted);
  const rows = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0);
  if (rows === 0) throw new CtreError('E_FORMAT', 'the Parquet file holds no rows');
  if (metadata.row_groups.some((group) => Number(group.num_rows) < 0)) {
    throw damagedParquet('a group has fewer rows than none');
  }
  if (rows !== Number(metadata.num_rows)) throw damagedParquet('its groups have other rows than it says');
  const decompress = await decompressors(library, metadata, wanted, budget);
  const store = new FieldStore(columns.length, budget);
  let first = 0;
  for (const group of metadata.row_groups) {
    const file: OpenedParquet = { library, bytes, metadata, columns, wanted, decompress, budget };
    await readGroup(file, group, first, store);
    first += Number(group.num_rows);
  }
  store.seal();
  const names = columns.map(({ name }) => name);
  const stored = storedColumns(store, names, columns.length, budget);
  const found = options.rowNumbers === 'keep' ? undefined : findRowNumbers(stored, true);
  const index = options.rowNumbers === 'keep' ? [] : columns.filter(({ name }) => INDEX.test(name));
  const already = found?.leftOut ?? [];
  const more = index.filter(({ number }) => !already.some((other) => other.number === number));
  return {
    format: 'Parquet',
    rows,
    columns: stored,
    names: 'format',
    commentLines: 0,
    leftOut: [
      ...already,
      ...more.map(({ name, number }): LeftOutColumn => ({ name, number, why: IS_INDEX })),
    ],
    warnings: [
      ...(found?.warnings ?? []),
      ...more.map(
        (column) => `${columnTitle(column)} ${IS_INDEX}, and is left out; the option rowNumbers can keep it`,
      ),
    ],
    unit: 'row',
    line: (row) => row + 1,
  };
}

/** What pandas calls the index of a table that it writes beside the columns. */
const INDEX = /^__index_level_\d+__$/;
const IS_INDEX = 'is the index of a pandas table';

/** @throws CtreError `E_UNSUPPORTED` where the package is not installed. */
async function importLibrary(): Promise<Library> {
  try {
    const library = await import('hyparquet');
    // A bundler that was told to leave it out puts an empty module in its place.
    if (library.parquetMetadata === undefined) throw new TypeError('the package is an empty module');
    return library;
  } catch (cause) {
    throw new CtreError(
      'E_UNSUPPORTED',
      'Parquet files are read by the package hyparquet, which is not installed here; install it beside ' +
        'ctre with npm install hyparquet, or save the table as CSV',
      { cause },
    );
  }
}

/** What the file tells of itself. It is looked at before the library does, which would trust it. */
function readFooter(library: Library, bytes: Uint8Array, budget: Budget): FileMetaData {
  const end = bytes.length - 8;
  if (end < 4 || latin1(bytes.subarray(end + 4)) !== 'PAR1') {
    throw damagedParquet('it does not end as a Parquet file does; it may be cut short');
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(end, true);
  if (length > end - 4) throw damagedParquet('it is cut short');
  new ThriftReader(bytes, end - length, end, budget).struct();
  const metadata = guarded(() =>
    library.parquetMetadata(bytes.subarray(end - length), { parsers: textParsers(), geoparquet: false }),
  );
  checkWhole(metadata);
  for (const element of metadata.schema) declareAsBefore(element);
  return metadata;
}

/** @throws CtreError `E_FORMAT` where a field is left out that every file has. The library does not look. */
function checkWhole({ schema, row_groups: groups, num_rows: rows }: Partial<FileMetaData>): void {
  const isWhole =
    Array.isArray(schema) &&
    schema.every(({ name }) => typeof name === 'string') &&
    rows !== undefined &&
    Array.isArray(groups) &&
    groups.every(
      (group: Partial<RowGroup>) =>
        group.num_rows !== undefined &&
        Array.isArray(group.columns) &&
        group.columns.every(
          ({ meta_data: about }) => about === undefined || Array.isArray(about.path_in_schema),
        ),
    );
  if (!isWhole) throw damagedParquet('what it tells of itself is not whole');
}

/** The library goes by what files of before declare. New ones may declare these two in the new way alone. */
function declareAsBefore(element: FileMetaData['schema'][number]): void {
  const { converted_type: converted, logical_type: logical } = element;
  if (converted !== undefined) return;
  if (logical?.type === 'DATE') element.converted_type = 'DATE';
  if (logical?.type !== 'DECIMAL') return;
  element.converted_type = 'DECIMAL';
  element.scale ??= logical.scale;
}

/** What the library answers. Its errors are of damaged files: it is asked nothing else. */
function guarded<T>(task: () => T): T {
  try {
    return task();
  } catch (error) {
    throw asDamaged(error);
  }
}

function asDamaged(error: unknown): CtreError {
  if (error instanceof CtreError) return error;
  return damagedParquet(error instanceof Error ? error.message : String(error), error);
}

/** Whether nothing of a column is asked for. A name is one before it is an index, as in all tables. */
function isLeftAway(
  { name, number }: ParquetColumn,
  columns: readonly ParquetColumn[],
  { drop, features, label }: ReadOptions,
): boolean {
  const isMeant = (text: string): boolean =>
    columns.some((column) => column.name === text) ? text === name : text === `${number - 1}`;
  const isNamed = (list: unknown): boolean =>
    (Array.isArray(list) ? list : [list]).some((one) => isMeant(String(one)));
  if (drop !== undefined && isNamed(drop)) return true;
  return features !== undefined && !isNamed(features) && label !== undefined && !isNamed(label);
}

/** How the pages of each codec that occurs are decompressed. @throws CtreError `E_UNSUPPORTED`. */
async function decompressors(
  library: Library,
  { row_groups: groups }: FileMetaData,
  wanted: readonly ParquetColumn[],
  budget: Budget,
): Promise<ReadonlyMap<string, Decompress>> {
  const names = new Set(wanted.map(({ name }) => name));
  const codecs = new Set<string>();
  for (const { columns } of groups) {
    for (const { meta_data: about } of columns) {
      if (about !== undefined && names.has(about.path_in_schema[0])) codecs.add(String(about.codec));
    }
  }
  const own: Readonly<Record<string, Decompress>> = {
    UNCOMPRESSED: (bytes) => bytes,
    SNAPPY(bytes, length) {
      checkSnappy(bytes, length);
      const page = new Uint8Array(length);
      library.snappyUncompress(bytes, page);
      return page;
    },
    GZIP: (bytes) => gunzip(bytes, new Budget(0, budget.left)),
  };
  const others = [...codecs].filter((codec) => !Object.hasOwn(own, codec));
  const more = others.length === 0 ? {} : await importCompressors(others);
  const unknown = others.filter((codec) => !Object.hasOwn(more, codec));
  if (unknown.length > 0) throw damagedParquet(`it is compressed with ${unknown.join(', ')}`);
  return new Map([...codecs].map((codec) => [codec, sized(own[codec] ?? more[codec])]));
}

async function importCompressors(codecs: readonly string[]): Promise<Readonly<Record<string, Decompress>>> {
  try {
    const { compressors } = await import('hyparquet-compressors');
    if (compressors === undefined) throw new TypeError('the package is an empty module');
    return compressors;
  } catch (cause) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `the Parquet file is compressed with ${codecs.join(', ')}, which the package hyparquet-compressors ` +
        'reads; install it beside ctre with npm install hyparquet-compressors, or write the file with ' +
        'snappy, gzip or without compression',
      { cause },
    );
  }
}

/** A page has as many bytes as it says. */
function sized(decompress: Decompress): Decompress {
  return (bytes, length) => {
    if (length === 0) return new Uint8Array(0);
    const page = guarded(() => decompress(bytes, length));
    if (page.length === length) return page;
    throw damagedParquet(`a page has ${page.length} bytes and says ${length}`);
  };
}

interface OpenedParquet {
  readonly library: Library;
  readonly bytes: Uint8Array;
  readonly metadata: FileMetaData;
  readonly columns: readonly ParquetColumn[];
  readonly wanted: readonly ParquetColumn[];
  readonly decompress: ReadonlyMap<string, Decompress>;
  readonly budget: Budget;
}

/** Values of all columns that are read at a time, where pages are not larger. */
const SLICE_VALUES = 1 << 18;
/** Rows that are read at a time, at least. */
const LEAST_SLICE = 1024;
/** Bytes that engines take for a value on its way into the table. */
const NUMBER_VALUE_BYTES = 24;
const TEXT_VALUE_BYTES = 72;

/** Reads a group of rows, a slice of it at a time, into the store. */
async function readGroup(
  file: OpenedParquet,
  group: RowGroup,
  first: number,
  store: FieldStore,
): Promise<void> {
  const { columns, wanted, budget } = file;
  const rows = Number(group.num_rows);
  const chunks = wanted.map((column) => chunkOf(column, group));
  const pages = chunks.map((chunk, at) => checkChunk(file, wanted[at], chunk, rows));
  const largestRows = pages.reduce((most, page) => Math.max(most, page.largestRows), 0);
  const usual = Math.floor(SLICE_VALUES / Math.max(1, wanted.length));
  const slice = Math.min(rows, Math.max(usual, LEAST_SLICE, largestRows));
  let working = 0;
  chunks.forEach(({ type, total_compressed_size: packed }, at) => {
    const { dictionary, largest } = pages[at];
    // The slice itself, and what is decoded for it: two pages may lie across its ends.
    const values = slice + Math.min(rows, slice + 2 * pages[at].largestRows);
    working += values * (type === 'BYTE_ARRAY' ? TEXT_VALUE_BYTES : NUMBER_VALUE_BYTES);
    working += dictionary + 3 * largest + Number(packed);
  });
  budget.claim(working, `${slice} rows of ${wanted.length} columns`);
  for (let begin = 0; begin < rows; begin += slice) {
    const end = Math.min(rows, begin + slice);
    const values = await readSlice(file, first + begin, first + end);
    const fields = new Array<string>(columns.length).fill('');
    for (let row = 0; row < end - begin; row++) {
      for (const { name, number } of wanted) fields[number - 1] = fieldOfValue(values.get(name)?.[row]);
      store.add(fields, first + begin + row + 1);
    }
    store.seal();
  }
  budget.release(working);
}

/** What a group tells of a column. @throws CtreError `E_FORMAT`. */
function chunkOf({ name }: ParquetColumn, { columns }: RowGroup): ColumnMetaData {
  const chunks = columns.filter(({ meta_data: about }) => about?.path_in_schema[0] === name);
  const [chunk] = chunks;
  if (chunks.length !== 1 || chunk.meta_data === undefined || chunk.file_path !== undefined) {
    throw damagedParquet(`a group of rows does not have the column ${show(name)} once`);
  }
  return chunk.meta_data;
}

function checkChunk(
  { bytes, decompress, budget }: OpenedParquet,
  { element }: ParquetColumn,
  about: ColumnMetaData,
  rows: number,
): CheckedPages {
  const begin = Number(about.dictionary_page_offset || about.data_page_offset);
  const end = begin + Number(about.total_compressed_size);
  const isWithin = Number.isSafeInteger(begin) && begin >= 0 && end > begin && end <= bytes.length;
  const unpack = decompress.get(String(about.codec));
  if (!isWithin || unpack === undefined || about.type !== element.type) {
    throw damagedParquet(`the column ${show(element.name)} lies outside the file`);
  }
  const checked = checkPages(
    {
      bytes,
      begin,
      end,
      rows,
      isBoolean: element.type === 'BOOLEAN',
      isOptional: element.repetition_type !== 'REQUIRED',
      decompress: unpack,
    },
    budget,
  );
  budget.countContent(checked.content, end - begin);
  return checked;
}

/** The values of some rows, by column. */
async function readSlice(
  { library, bytes, metadata, wanted, decompress }: OpenedParquet,
  rowStart: number,
  rowEnd: number,
): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const values = new Map(wanted.map(({ name }) => [name, new Array<unknown>(rowEnd - rowStart)]));
  const compressors: Compressors = Object.fromEntries(decompress);
  try {
    await library.parquetRead({
      file: {
        byteLength: bytes.length,
        slice: (begin, end) => bytes.slice(begin, end).buffer,
      },
      metadata,
      columns: wanted.map(({ name }) => name),
      rowStart,
      rowEnd,
      compressors,
      parsers: textParsers(),
      geoparquet: false,
      // It must not throw: nobody would hear of it.
      onChunk({ columnName, columnData, rowStart: start }) {
        const column = values.get(columnName);
        const from = Math.max(start, rowStart);
        const to = Math.min(start + columnData.length, rowEnd);
        for (let row = from; row < to; row++) if (column) column[row - rowStart] = columnData[row - start];
      },
    });
  } catch (error) {
    throw asDamaged(error);
  }
  return values;
}
