import { CtreError, show } from '../../base/errors.ts';
import { columnTitle } from '../rawTable.ts';
import { isoDate, isoTime } from '../table/isoText.ts';
import { damagedParquet } from './thrift.ts';

/** What a file tells of a column, as the package reads it. The package's types are missing where it is not installed. */
interface SchemaElement {
  readonly name: string;
  readonly type?: string;
  readonly num_children?: number;
  readonly repetition_type?: string;
  readonly converted_type?: string;
  readonly logical_type?: { readonly type: string };
}

/** A column of a Parquet file. */
export interface ParquetColumn {
  readonly name: string;
  /** Its place, from 1. */
  readonly number: number;
  readonly element: SchemaElement;
  /** Why it holds nothing that a table could hold, after its title; undefined where it does. */
  readonly obstacle?: string;
}

/** The columns of a file, from left to right. @throws CtreError `E_FORMAT` for a schema that is none. */
export function columnsOfSchema({ schema }: { readonly schema: readonly SchemaElement[] }): ParquetColumn[] {
  const [root, ...elements] = schema;
  const columns: ParquetColumn[] = [];
  let at = 0;
  while (at < elements.length) {
    const element = elements[at++];
    const number = columns.length + 1;
    const obstacle = obstacleInElement(element);
    columns.push({ name: element.name, number, element, ...(obstacle && { obstacle }) });
    // What is within an element stands behind it.
    for (let open = element.num_children ?? 0; open > 0 && at < elements.length; open--) {
      open += elements[at++].num_children ?? 0;
    }
  }
  if (root?.num_children !== columns.length || columns.length === 0) {
    throw damagedParquet('its schema has other columns than it says');
  }
  const names = new Set<string>();
  for (const { name } of columns) {
    if (typeof name !== 'string' || names.has(name)) {
      throw damagedParquet(`two columns are called ${show(name)}`);
    }
    names.add(name);
  }
  return columns;
}

/** Logical types of bytes that are a value all the same. */
const BYTES_WITH_MEANING = ['DECIMAL', 'UUID', 'FLOAT16'];

function obstacleInElement(element: SchemaElement): string | undefined {
  const { type, num_children: children, repetition_type: repetition, logical_type: logical } = element;
  const { converted_type: converted } = element;
  if (children !== undefined || type === undefined || repetition === 'REPEATED') {
    return 'holds values within values (a list, a map or a structure)';
  }
  const meaning = logical?.type ?? converted ?? '';
  if (['GEOMETRY', 'GEOGRAPHY', 'BSON', 'INTERVAL', 'VARIANT', 'FILE'].includes(meaning)) {
    return `holds values of the type ${meaning}`;
  }
  const isBytes = type === 'FIXED_LEN_BYTE_ARRAY' && converted !== 'DECIMAL';
  return isBytes && !BYTES_WITH_MEANING.includes(meaning) ? 'holds bytes' : undefined;
}

/** @throws CtreError `E_UNSUPPORTED` naming all columns that hold nothing that a table could hold. */
export function checkReadable(columns: readonly ParquetColumn[]): void {
  const bad = columns.flatMap((column) =>
    column.obstacle === undefined ? [] : [`${columnTitle(column)} ${column.obstacle}`],
  );
  if (bad.length === 0) return;
  throw new CtreError(
    'E_UNSUPPORTED',
    `${bad.slice(0, 12).join(', ')}${bad.length > 12 ? `, and ${bad.length - 12} more` : ''}; expected ` +
      'numbers, words, dates and truth values: leave them out with the option drop, or write their values ' +
      'as columns of their own',
  );
}

/** What the library makes of values that are more than numbers: the text that a CSV file would have. */
export function textParsers() {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const text = (bytes: Uint8Array | undefined): string | undefined => {
    if (bytes === undefined) return undefined;
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new CtreError(
        'E_UNSUPPORTED',
        'a column holds bytes that are no text; leave it out with the option drop',
        { cause },
      );
    }
  };
  return {
    timestampFromMilliseconds: (time: bigint) => isoTime(Number(time) / 1e3),
    timestampFromMicroseconds: (time: bigint) => isoTime(Number(time) / 1e6),
    timestampFromNanoseconds: (time: bigint) => isoTime(Number(time) / 1e9),
    dateFromDays: isoDate,
    stringFromBytes: text,
    jsonFromBytes: text,
    geometryFromBytes: text,
    geographyFromBytes: text,
    uuidFromBytes: (bytes: Uint8Array | undefined) =>
      bytes && Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(''),
  };
}

/** A value as the field of a table: empty where it is missing. */
export function fieldOfValue(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number') return Number.isNaN(value) ? '' : String(value);
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value.trim();
  throw damagedParquet(`it has the value ${show(value)}`);
}
