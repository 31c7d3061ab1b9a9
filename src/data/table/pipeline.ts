import { CtreError, show } from '../../base/errors.ts';
import { columnTitle } from '../rawTable.ts';
import type { Column, FieldValue } from './column.ts';
import { encodingKind, encodings } from './encodings.ts';
import { fieldValue } from './field.ts';
import { type EncodedColumn, type EncodedRows, encodeRows, inputNames, inputsOf } from './tableEncoder.ts';

/** A row of a table as a program has it: fields by name, or in the order of the columns. */
export type TableRow = Readonly<Record<string, unknown>> | readonly unknown[];

/** A column of labels: where it stood in the table, and what it was called. */
export interface TableLabel {
  readonly name?: string;
  /** The place of the column, from 1. */
  readonly number: number;
}

/** What a pipeline is made of; plain data that survive JSON. */
export interface PipelineParts {
  readonly columns: readonly EncodedColumn[];
  /** The columns of the labels, from left to right; none where they were a file of their own. */
  readonly labels: readonly TableLabel[];
  /** Texts that stand for missing values, besides the usual ones. */
  readonly missing: readonly string[];
}

/**
 * How the rows of a table become inputs of a network: which column became what, and where the label stood.
 * It is learnt from the training rows (`fitPipeline`), and saved with the model.
 */
export class Pipeline {
  readonly columns: readonly EncodedColumn[];
  readonly labels: readonly TableLabel[];
  readonly missing: readonly string[];

  constructor({ columns, labels, missing }: PipelineParts) {
    this.columns = columns;
    this.labels = labels;
    this.missing = missing;
  }

  /** Inputs of the network. */
  get inputs(): number {
    return inputsOf(this.columns);
  }

  /** Columns of the table, with its labels. */
  get width(): number {
    return Math.max(0, ...[...this.columns, ...this.labels].map(({ number }) => number));
  }

  /** The name of every input. */
  get inputNames(): string[] {
    return inputNames(this.columns);
  }

  /**
   * How inputs are scaled, for programs that encode columns by themselves: (value − offset) / scale of each.
   */
  get scaling(): { offset: number[]; scale: number[] } {
    const offset = Array.from({ length: this.inputs }, () => 0);
    const scale = offset.map(() => 1);
    let first = 0;
    for (const { encoding } of this.columns) {
      const kind = encodingKind(encoding);
      const width = kind.width(encoding);
      const own = kind.scaling(encoding);
      if (width > 0) [offset[first], scale[first]] = [own.offset, own.scale];
      first += width;
    }
    return { offset, scale };
  }

  /** Plain data for a file. */
  toJSON(): PipelineParts {
    return { columns: this.columns, labels: this.labels, missing: this.missing };
  }

  /**
   * Rows as the network takes them. A row is an object with a field for every column, or an array of the
   * fields in the order of the columns, with the label in its place or without it.
   * @throws CtreError `E_SHAPE` for arrays of another length, `E_ARGUMENT` for rows that lack columns.
   */
  transform(rows: readonly TableRow[]): EncodedRows {
    return this.transformColumns(columnsOfRows(this, rows), rows.length);
  }

  /**
   * The columns of a table as the network takes them, found by name where both have names, else by place.
   * @throws CtreError `E_SHAPE` for a table whose columns are not those of the model.
   */
  transformColumns(table: readonly Column[], length: number): EncodedRows {
    return encodeRows(
      this.columns,
      findColumns(this, table),
      Int32Array.from({ length }, (_, row) => row),
    );
  }
}

/** The pipeline that `toJSON` wrote. @throws CtreError `E_FORMAT` for anything else. */
export function readPipeline(data: unknown): Pipeline {
  const columns = property(data, 'columns');
  const labels = property(data, 'labels');
  const missing = property(data, 'missing');
  const areLists = [columns, labels, missing].every((list) => Array.isArray(list));
  if (!areLists) throw damagedPipeline('it lacks its columns, its labels, or what is missing');
  return new Pipeline({
    columns: (columns as unknown[]).map(readColumn),
    labels: (labels as unknown[]).map(readLabel),
    missing: (missing as unknown[]).map((text) => {
      if (typeof text === 'string') return text;
      throw damagedPipeline(`${show(text)} stands for missing values; expected a text`);
    }),
  });
}

function readLabel(data: unknown): TableLabel {
  const number = property(data, 'number');
  if (!isPlace(number)) throw damagedPipeline('a label has no place');
  return { ...optionalName(property(data, 'name')), number };
}

/** Whether a value is the number of a column, from 1. */
function isPlace(number: unknown): number is number {
  return Number.isSafeInteger(number) && Number(number) >= 1;
}

function readColumn(data: unknown, at: number): EncodedColumn {
  const number = property(data, 'number');
  const encoding = property(data, 'encoding');
  const kind = property(encoding, 'kind');
  if (typeof kind !== 'string' || !Object.hasOwn(encodings, kind)) {
    throw damagedPipeline(
      `its column ${at + 1} has the encoding ${show(kind)}, which this release does not know`,
    );
  }
  const fields = encoding as Readonly<Record<string, unknown>>;
  const read = encodingKind({ kind }).read(fields);
  if (read === undefined || !isPlace(number)) {
    throw damagedPipeline(`its column ${at + 1} is not as an encoding of the kind ${kind} has to be`);
  }
  return { ...optionalName(property(data, 'name')), number, encoding: read };
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function optionalName(name: unknown): { name?: string } {
  return typeof name === 'string' ? { name } : {};
}

function damagedPipeline(why: string): CtreError {
  return new CtreError('E_FORMAT', `the model's pipeline is damaged: ${why}`);
}

/** Rows of a program as columns. */
function columnsOfRows(pipeline: Pipeline, rows: readonly TableRow[]): Column[] {
  const { columns, labels, missing, width } = pipeline;
  const words = new Set(missing);
  const byName = rows.length > 0 && !Array.isArray(rows[0]);
  if (byName) checkRowNames(columns, rows);
  else checkWidths(rows, pipeline);
  const field = (row: number, { name = '', number }: EncodedColumn): FieldValue => {
    const given = rows[row];
    if (!Array.isArray(given)) return fieldValue(property(given, name), words);
    return fieldValue(given[placeIn(number, labels, given.length === width)], words);
  };
  return columns.map((column) => ({
    ...column,
    length: rows.length,
    value: (row) => field(row, column),
  }));
}

/** The place of a column in a row, from 0: labels that are left out do not count. */
function placeIn(number: number, labels: readonly TableLabel[], hasLabels: boolean): number {
  if (hasLabels) return number - 1;
  return number - 1 - labels.filter((label) => label.number < number).length;
}

function checkRowNames(columns: readonly EncodedColumn[], rows: readonly TableRow[]): void {
  const used = columns.filter(({ encoding }) => encoding.kind !== 'none');
  const names = used.map(({ name }) => name);
  if (names.includes(undefined) || new Set(names).size < names.length) {
    throw new CtreError(
      'E_ARGUMENT',
      'rows are objects, and not every column of the table had a name of its own; expected arrays, in the ' +
        'order of the columns',
    );
  }
  rows.forEach((row, r) => {
    const isObject = typeof row === 'object' && row !== null && !Array.isArray(row);
    const lacking = names.filter((name = '') => !(isObject && name in row));
    if (lacking.length === 0) return;
    throw new CtreError(
      'E_ARGUMENT',
      `row ${r + 1} has no ${lacking.map(show).join(', ')}; a value that is not known is undefined or null`,
    );
  });
}

function checkWidths(rows: readonly TableRow[], { width, labels }: Pipeline): void {
  const least = width - labels.length;
  rows.forEach((row, r) => {
    const length = Array.isArray(row) ? row.length : Number.NaN;
    if (length === width || length === least) return;
    const expected = least === width ? `${width}` : `${least}, or ${width} with the label`;
    throw new CtreError('E_SHAPE', `row ${r + 1} is ${show(row)}; expected an array of ${expected}`);
  });
}

/** Columns that an error names. */
const MOST_SHOWN = 12;

/**
 * The columns of a table that those of the model are.
 * @throws CtreError `E_SHAPE` for a table that lacks some.
 */
function findColumns({ columns }: Pipeline, table: readonly Column[]): Column[] {
  const hasNames = table.some(({ name }) => name !== undefined);
  const byNumber = new Map(table.map((column) => [column.number, column]));
  const found = columns.map(({ name, number }): Column | undefined => {
    if (name === undefined || !hasNames) return byNumber.get(number);
    const named = table.filter((column) => column.name === name);
    // Of several with one name, it is the one in its place.
    return named.find((column) => column.number === number) ?? named[0];
  });
  const present = found.filter((column) => column !== undefined);
  if (present.length === columns.length) return present;
  const lacking = columns.filter((_, c) => found[c] === undefined);
  const titles = lacking.slice(0, MOST_SHOWN).map(columnTitle).join(', ');
  const more = lacking.length > MOST_SHOWN ? ` and ${lacking.length - MOST_SHOWN} more` : '';
  throw new CtreError('E_SHAPE', `the table has no ${titles}${more}, which the model was trained on`);
}
