import type { Budget } from '../../base/budget.ts';
import { CtreError } from '../../base/errors.ts';
import { damagedParquet, ThriftReader, type ThriftStruct } from './thrift.ts';

// The pages of a column. The library that reads them makes as many values as a page says that it has, and
// repeats one as often as a run says. So both are looked at before.

/** Makes what was compressed into so many bytes. */
export type Decompress = (bytes: Uint8Array, length: number) => Uint8Array;

/** A column of a row group: where its pages stand, and what they may hold. */
export interface ColumnPages {
  /** Of the file. */
  readonly bytes: Uint8Array;
  readonly begin: number;
  readonly end: number;
  readonly rows: number;
  readonly isBoolean: boolean;
  /** Whether values may be missing, which pages tell of each. */
  readonly isOptional: boolean;
  readonly decompress: Decompress;
}

const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;
const DATA_PAGE_V2 = 3;

const PLAIN = 0;
const PLAIN_DICTIONARY = 2;
const RLE = 3;
const DELTA_BINARY_PACKED = 5;
const DELTA_LENGTH_BYTE_ARRAY = 6;
const RLE_DICTIONARY = 8;
const BYTE_STREAM_SPLIT = 9;

/** Encodings of a page, by their numbers. Of others a few bytes may make very many. */
const ENCODINGS: readonly number[] = [
  PLAIN,
  PLAIN_DICTIONARY,
  RLE,
  DELTA_BINARY_PACKED,
  DELTA_LENGTH_BYTE_ARRAY,
  RLE_DICTIONARY,
  BYTE_STREAM_SPLIT,
];

/** Bytes that a value of a dictionary takes as an engine's object, besides its characters. */
const VALUE_BYTES = 64;

/** Values of a run that are packed in bits beyond those that are there: writers fill up the last run. */
const MOST_PADDING = 504;

/** What the pages of a column come to. */
export interface CheckedPages {
  /** Bytes of all pages, decompressed. */
  readonly content: number;
  /** Bytes of the largest one. */
  readonly largest: number;
  /** Values of the one with the most. */
  readonly largestRows: number;
  /** Bytes that its dictionary takes. */
  readonly dictionary: number;
}

/**
 * Looks at all pages of a column.
 * @throws CtreError `E_FORMAT` for pages that are not as they have to be, `E_UNSUPPORTED` for encodings that
 *   are not read, `E_MEMORY`.
 */
export function checkPages(column: ColumnPages, budget: Budget): CheckedPages {
  const { bytes, begin, end, rows, decompress } = column;
  let at = begin;
  let values = 0;
  let content = 0;
  let largest = 0;
  let largestRows = 0;
  let dictionary = 0;
  while (values < rows) {
    if (at >= end - 1) throw damagedParquet(`a column has ${values} values for ${rows} rows`);
    const before = budget.left;
    const reader = new ThriftReader(bytes, at, end, budget);
    const header = reader.struct();
    const [size, packed] = [sizeIn(header, 2), sizeIn(header, 3)];
    at = reader.at + packed;
    if (at > end) throw damagedParquet('a page is cut short');
    const page = bytes.subarray(reader.at, at);
    budget.claim(size, 'a page');
    const type = sizeIn(header, 1);
    if (type === DATA_PAGE) {
      const about = structIn(header, 5);
      const here = valuesOf(about, rows - values);
      checkDataPage(decompress(page, size), here, sizeIn(about, 2), dictionary > 0, column);
      values += here;
      largestRows = Math.max(largestRows, here);
    } else if (type === DATA_PAGE_V2) {
      const about = structIn(header, 8);
      const here = valuesOf(about, rows - values);
      checkSecondPage(page, size, here, about, dictionary > 0, column);
      values += here;
      largestRows = Math.max(largestRows, here);
    } else if (type === DICTIONARY_PAGE) {
      if (dictionary > 0) throw damagedParquet('a column has two dictionaries');
      const entries = sizeIn(structIn(header, 7), 1);
      // Of truth values eight are in a byte; of nothing else, more than one.
      if (entries > 8 * size) throw damagedParquet('a dictionary has more values than bytes');
      dictionary = VALUE_BYTES * (entries + 1) + 2 * size;
      budget.claim(dictionary, `a dictionary of ${entries} values`);
      decompress(page, size);
    } else throw damagedParquet(`a page is of the type ${type}`);
    budget.release(before - budget.left);
    content += size;
    largest = Math.max(largest, size);
  }
  return { content, largest, largestRows, dictionary };
}

/** A number of a header that counts something. */
function sizeIn(header: ThriftStruct, field: number): number {
  const value = header.get(field);
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value < 2 ** 31) return value;
  throw damagedParquet('a page does not tell how long it is');
}

function structIn(header: ThriftStruct, field: number): ThriftStruct {
  const value = header.get(field);
  if (typeof value === 'object') return value;
  throw damagedParquet('a page does not tell what it holds');
}

function valuesOf(about: ThriftStruct, left: number): number {
  const values = sizeIn(about, 1);
  if (values > left) throw damagedParquet('a column has more values than there are rows');
  return values;
}

/** A page of the first version: everything is compressed together, and levels tell their length. */
function checkDataPage(
  page: Uint8Array,
  rows: number,
  encoding: number,
  hasDictionary: boolean,
  { isBoolean, isOptional }: ColumnPages,
): void {
  let at = 0;
  let values = rows;
  if (isOptional) {
    const length = lengthAt(page, 0);
    values = checkRuns(page, 4, 4 + length, 1, rows, true);
    at = 4 + length;
  }
  checkValues(page, at, values, encoding, { isBoolean, hasDictionary, isSecond: false });
}

/** A page of the second version: the levels stand before the rest, and are not compressed. */
function checkSecondPage(
  page: Uint8Array,
  size: number,
  rows: number,
  about: ThriftStruct,
  hasDictionary: boolean,
  { isBoolean, isOptional, decompress }: ColumnPages,
): void {
  if (sizeIn(about, 3) !== rows) throw damagedParquet('a page of single values has other rows than values');
  const levels = sizeIn(about, 5);
  if (sizeIn(about, 6) !== 0) throw damagedParquet('a page of single values has repetitions');
  if (levels > page.length || levels > size) throw damagedParquet('a page is cut short');
  const values = isOptional ? checkRuns(page, 0, levels, 1, rows, true) : rows;
  if (sizeIn(about, 2) !== rows - values) throw damagedParquet('a page counts its missing values wrongly');
  const isCompressed = about.get(7) !== 0 && size > levels;
  const rest = page.subarray(levels);
  const content = isCompressed ? decompress(rest, size - levels) : rest;
  checkValues(content, 0, values, sizeIn(about, 4), { isBoolean, hasDictionary, isSecond: true });
}

/** What a page's values are of. */
interface ValuesAbout {
  readonly isBoolean: boolean;
  readonly hasDictionary: boolean;
  /** Whether the page is of the second version: runs of no bits are read there, too. */
  readonly isSecond: boolean;
}

function checkValues(
  page: Uint8Array,
  at: number,
  values: number,
  encoding: number,
  { isBoolean, hasDictionary, isSecond }: ValuesAbout,
): void {
  if (!ENCODINGS.includes(encoding)) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `a page has the encoding number ${encoding} of Parquet, which is not read; write the file with the ` +
        'usual encodings, PLAIN and RLE_DICTIONARY',
    );
  }
  if (values === 0) return;
  const isIndices = encoding === PLAIN_DICTIONARY || encoding === RLE_DICTIONARY;
  if (isIndices ? isBoolean || !hasDictionary : encoding === RLE && !isBoolean) {
    throw damagedParquet('a page has an encoding that its column cannot have');
  }
  if (encoding === DELTA_BINARY_PACKED || encoding === DELTA_LENGTH_BYTE_ARRAY) {
    checkDeltas(page, at, values);
  } else if (encoding === RLE) {
    checkRuns(page, at + 4, at + 4 + lengthAt(page, at), 1, values);
  } else if (isIndices) {
    const width = page[at] ?? 64;
    if (width > 32) throw damagedParquet('a page has indices of more than 32 bits');
    if (width > 0 || isSecond) checkRuns(page, at + 1, page.length, width, values);
  }
}

/** Values that are written as differences begin with the sizes of their blocks. */
function checkDeltas(page: Uint8Array, at: number, values: number): void {
  const cursor = { at };
  const [block, parts, total] = [varintAt(page, cursor), varintAt(page, cursor), varintAt(page, cursor)];
  const isUsual = block >= 8 && block <= 65_536 && parts >= 1 && parts <= 512 && (block / parts) % 8 === 0;
  if (!isUsual || total !== values)
    throw damagedParquet('a page of differences has other sizes than it says');
}

/**
 * Looks at runs of integers of so many bits: each is one value, repeated, or values packed in bits.
 * @param isCounted whether the ones among them are counted, which are values that are there.
 * @returns the number of ones, else of all.
 */
function checkRuns(
  page: Uint8Array,
  begin: number,
  end: number,
  width: number,
  values: number,
  isCounted = false,
): number {
  if (end > page.length) throw damagedParquet('a page is cut short');
  const cursor = { at: begin };
  const valueBytes = Math.ceil(width / 8);
  let left = values;
  let ones = 0;
  while (left > 0) {
    if (cursor.at >= end) throw damagedParquet('a page has fewer values than it says');
    const head = varintAt(page, cursor);
    const isPacked = head % 2 === 1;
    const length = isPacked ? 8 * Math.floor(head / 2) : head / 2;
    if (length === 0) throw damagedParquet('a page has a run of nothing');
    if (length > left + (isPacked ? MOST_PADDING : 0)) {
      throw damagedParquet('a run has more values than its page');
    }
    if (isCounted && isPacked) ones += onesOf(page, cursor.at, Math.min(left, length));
    else if (isCounted) ones += page[cursor.at] === 1 ? length : 0;
    cursor.at += isPacked ? (length / 8) * width : valueBytes;
    left -= length;
  }
  // The last byte of what is packed may be left out where nothing of it is used.
  if (cursor.at > end + MOST_PADDING) throw damagedParquet('a page has fewer values than it says');
  return isCounted ? ones : values;
}

function onesOf(page: Uint8Array, at: number, values: number): number {
  let ones = 0;
  for (let value = 0; value < values; value++) ones += ((page[at + (value >> 3)] ?? 0) >> (value & 7)) & 1;
  return ones;
}

/** An integer of 32 bits, which the library reads in as many bytes as it likes. */
function varintAt(page: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  let factor = 1;
  for (let bytes = 0; bytes < 5; bytes++) {
    const byte = page[cursor.at++];
    if (byte === undefined) throw damagedParquet('a page is cut short');
    value += (byte & 127) * factor;
    if (byte < 128) return value < 2 ** 31 ? value : Number.NaN;
    factor *= 128;
  }
  throw damagedParquet('a page has an integer that does not end');
}

function lengthAt(page: Uint8Array, at: number): number {
  if (at + 4 > page.length) throw damagedParquet('a page is cut short');
  return new DataView(page.buffer, page.byteOffset, page.byteLength).getUint32(at, true);
}
