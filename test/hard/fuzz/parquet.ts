// Writes small Parquet files by the format's description (parquet-format, src/main/thrift/parquet.thrift).
import { joined } from './mutate.ts';

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

// Thrift's compact protocol: what a field holds, by its type.
type Field =
  | { readonly i32: number }
  | { readonly i64: number }
  | { readonly bytes: Uint8Array }
  | { readonly struct: Fields }
  | { readonly list: readonly Field[] };
type Fields = Readonly<Record<number, Field | undefined>>;

const TYPES = { i32: 5, i64: 6, bytes: 8, list: 9, struct: 12 } as const;

const i32 = (value: number): Field => ({ i32: value });
const i64 = (value: number): Field => ({ i64: value });
const name = (value: string): Field => ({ bytes: text(value) });
const struct = (fields: Fields): Field => ({ struct: fields });
const list = (elements: readonly Field[]): Field => ({ list: elements });

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Uint8Array.of(...bytes, rest);
}

const zigzag = (value: number): Uint8Array => varint(value < 0 ? -2 * value - 1 : 2 * value);

function typeOf(field: Field): number {
  const [kind] = Object.keys(field) as (keyof typeof TYPES)[];
  return TYPES[kind];
}

function valueBytes(field: Field): Uint8Array {
  if ('i32' in field) return zigzag(field.i32);
  if ('i64' in field) return zigzag(field.i64);
  if ('bytes' in field) return joined(varint(field.bytes.length), field.bytes);
  if ('struct' in field) return structBytes(field.struct);
  const { length } = field.list;
  const type = length === 0 ? TYPES.i32 : typeOf(field.list[0]);
  const head =
    length < 15 ? Uint8Array.of((length << 4) | type) : joined(Uint8Array.of(240 | type), varint(length));
  return joined(head, ...field.list.map(valueBytes));
}

function structBytes(fields: Fields): Uint8Array {
  const parts: Uint8Array[] = [];
  let last = 0;
  for (const [key, field] of Object.entries(fields)) {
    const number = Number(key);
    if (field === undefined) continue;
    parts.push(Uint8Array.of(((number - last) << 4) | typeOf(field)), valueBytes(field));
    last = number;
  }
  return joined(...parts, Uint8Array.of(0));
}

/** A column: its values as a page holds them, and how. */
export interface ParquetPart {
  readonly name: string;
  /** 1 int32, 5 double, 6 bytes. */
  readonly type: number;
  /** What a data page holds, after the levels. */
  readonly values: Uint8Array;
  /** 0 plain, 8 indices of a dictionary. */
  readonly encoding?: number;
  readonly dictionary?: { readonly values: Uint8Array; readonly count: number };
  /** 0 none, 1 Snappy, 2 gzip; and what compresses a page. */
  readonly codec?: number;
  readonly compress?: (page: Uint8Array) => Uint8Array;
  /** 0 UTF-8. */
  readonly converted?: number;
  /** Where rows may be missing: the levels of a page, with their length before them. */
  readonly levels?: Uint8Array;
}

const asItIs = (page: Uint8Array): Uint8Array => page;

/** A file of one group of rows, with a page for each column. */
export function parquetFile(rows: number, columns: readonly ParquetPart[]): Uint8Array {
  const magic = text('PAR1');
  const parts = [magic];
  let at = magic.length;
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes);
    at += bytes.length;
  };
  const chunks = columns.map(
    ({ dictionary, compress = asItIs, codec = 0, encoding = 0, ...column }): Field => {
      const begin = at;
      let unpacked = 0;
      const addPage = (content: Uint8Array, type: number, about: Fields): void => {
        const packed = compress(content);
        unpacked += content.length;
        add(structBytes({ 1: i32(type), 2: i32(content.length), 3: i32(packed.length), ...about }));
        add(packed);
      };
      if (dictionary) {
        addPage(dictionary.values, 2, { 7: struct({ 1: i32(dictionary.count), 2: i32(0) }) });
      }
      const dataAt = at;
      const content = joined(column.levels ?? new Uint8Array(0), column.values);
      addPage(content, 0, { 5: struct({ 1: i32(rows), 2: i32(encoding), 3: i32(3), 4: i32(3) }) });
      return struct({
        2: i64(begin),
        3: struct({
          1: i32(column.type),
          2: list([i32(encoding)]),
          3: list([name(column.name)]),
          4: i32(codec),
          5: i64(rows),
          6: i64(unpacked),
          7: i64(at - begin),
          9: i64(dataAt),
          ...(dictionary && { 11: i64(begin) }),
        }),
      });
    },
  );
  const elements = columns.map(
    (column): Field =>
      struct({
        1: i32(column.type),
        3: i32(column.levels === undefined ? 0 : 1),
        4: name(column.name),
        ...(column.converted !== undefined && { 6: i32(column.converted) }),
      }),
  );
  const root = struct({ 4: name('schema'), 5: i32(columns.length) });
  const footer = structBytes({
    1: i32(1),
    2: list([root, ...elements]),
    3: i64(rows),
    4: list([struct({ 1: list(chunks), 2: i64(at), 3: i64(rows) })]),
  });
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, footer.length, true);
  return joined(...parts, footer, length, magic);
}

/** Numbers of eight bytes, plain. */
export const plainDoubles = (values: Float64Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** Texts, plain: each after its length. */
export function plainTexts(values: readonly string[]): Uint8Array {
  return joined(
    ...values.map((value) => {
      const bytes = text(value);
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, bytes.length, true);
      return joined(length, bytes);
    }),
  );
}

/** One run of `count` times the same value of up to eight bits, in the hybrid of runs and packed bits. */
export const oneRun = (count: number, value: number): Uint8Array =>
  joined(varint(2 * count), Uint8Array.of(value));

/** The levels of a page: which rows have a value, as runs. */
export function levelsOf(runs: Uint8Array): Uint8Array {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, runs.length, true);
  return joined(length, runs);
}

/** Zeros as Snappy packs them best: one zero, and copies of 64 of those before. */
export function snappyZeros(count: number): Uint8Array {
  const copies = Math.ceil((count - 1) / 64);
  const packed = new Uint8Array(2 + 3 * copies);
  packed.set([0, 0]);
  let left = count - 1;
  for (let copy = 0; copy < copies; copy++) {
    const length = Math.min(64, left);
    packed.set([((length - 1) << 2) | 2, 1, 0], 2 + 3 * copy);
    left -= length;
  }
  return joined(varint(count), packed);
}
