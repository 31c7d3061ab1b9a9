import { CtreError, show } from '../../base/errors.ts';
import type { CsrMatrix } from '../../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../../matrix/denseMatrix.ts';
import { columnTitle } from '../rawTable.ts';
import type { Column, FieldValue } from './column.ts';
import { encodingKind, encodings } from './encodings.ts';
import { fieldValue } from './field.ts';
import { type EncodedColumn, type EncodedRows, encodeRows, inputNames, inputsOf } from './tableEncoder.ts';

/** A row of a table as a program has it: fields by name, or in the order of the columns. */
export type TableRow = Readonly<Record<string, unknown>> | readonly unknown[];

/** Where the labels stood in the table, and what they were called. */
export interface TableLabel {
  readonly name?: string;
  /** The place of the column, from 1; undefined where the labels were a file of their own. */
  readonly number?: number;
}

/** What a pipeline is made of; plain data that survive JSON. */
export interface PipelineParts {
  readonly columns: readonly EncodedColumn[];
  readonly label: TableLabel;
  /** Texts that stand for missing values, besides the usual ones. */
  readonly missing: readonly string[];
}

/**
 * How the rows of a table become inputs of a network: which column became what, and where the label stood.
 * It is learnt from the training rows (`fitPipeline`), and saved with the model.
 */
export class Pipeline {
  readonly columns: readonly EncodedColumn[];
  readonly label: TableLabel;
  readonly missing: readonly string[];

  constructor({ columns, label, missing }: PipelineParts) {
    this.columns = columns;
    this.label = label;
    this.missing = missing;
  }

  /** Inputs of the network. */
  get inputs(): number {
    return inputsOf(this.columns);
  }

  /** The name of every input. */
  get inputNames(): string[] {
    return inputNames(this.columns);
  }

  /** How inputs are scaled, for programs that encode columns by themselves: (value − offset) / scale of each. */
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
    return { columns: this.columns, label: this.label, missing: this.missing };
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
    const found = this.columns.map((column) => findColumn(column, table, this));
    return encodeRows(
      this.columns,
      found,
      Int32Array.from({ length }, (_, row) => row),
    );
  }
}

/** The pipeline that `toJSON` wrote. @throws CtreError `E_FORMAT` for anything else. */
export function readPipeline(data: unknown): Pipeline {
  const columns = property(data, 'columns');
  const label = property(data, 'label');
  const missing = property(data, 'missing');
  if (
    !Array.isArray(columns) ||
    !Array.isArray(missing) ||
    !missing.every((text) => typeof text === 'string')
  ) {
    throw damagedPipeline('it has no columns');
  }
  return new Pipeline({
    columns: columns.map(readColumn),
    label: { ...optionalName(property(label, 'name')), ...optionalNumber(property(label, 'number')) },
    missing,
  });
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
  if (read === undefined || !Number.isSafeInteger(number)) {
    throw damagedPipeline(`its column ${at + 1} is not as an encoding of the kind ${kind} has to be`);
  }
  return { ...optionalName(property(data, 'name')), number: Number(number), encoding: read };
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function optionalName(name: unknown): { name?: string } {
  return typeof name === 'string' ? { name } : {};
}

function optionalNumber(number: unknown): { number?: number } {
  return typeof number === 'number' && Number.isSafeInteger(number) ? { number } : {};
}

function damagedPipeline(why: string): CtreError {
  return new CtreError('E_FORMAT', `the model's pipeline is damaged: ${why}`);
}

/** Rows of a program as columns. */
function columnsOfRows({ columns, label, missing }: Pipeline, rows: readonly TableRow[]): Column[] {
  const words = new Set(missing);
  const byName = rows.length > 0 && !Array.isArray(rows[0]);
  const places = columns.map(({ number }) => number);
  const field = (row: number, { name, number }: EncodedColumn): FieldValue => {
    const given = rows[row];
    if (!byName)
      return fieldValue((given as readonly unknown[])[placeIn(number, label, isFull(given))], words);
    return fieldValue(property(given, name ?? ''), words);
  };
  const width = label.number === undefined ? Math.max(...places) : Math.max(...places, label.number);
  function isFull(row: TableRow): boolean {
    return (row as readonly unknown[]).length === width;
  }
  if (byName) checkRowNames(columns, rows);
  else checkWidths(rows, width, label);
  return columns.map((column) => ({
    ...column,
    length: rows.length,
    value: (row) => field(row, column),
  }));
}

/** The place of a column in a row, from 0: one less behind a label that is left out. */
function placeIn(number: number, label: TableLabel, isFull: boolean): number {
  return !isFull && label.number !== undefined && number > label.number ? number - 2 : number - 1;
}

function checkRowNames(columns: readonly EncodedColumn[], rows: readonly TableRow[]): void {
  const used = columns.filter(({ encoding }) => encoding.kind !== 'none');
  const nameless = used.find(({ name }) => name === undefined);
  if (nameless !== undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      'rows are objects, and the table of this model had no names; expected arrays, in its order of columns',
    );
  }
  rows.forEach((row, r) => {
    const lacking = used.filter(({ name = '' }) => typeof row !== 'object' || row === null || !(name in row));
    if (lacking.length === 0) return;
    const names = lacking.map(({ name }) => show(name)).join(', ');
    throw new CtreError(
      'E_ARGUMENT',
      `row ${r + 1} has no ${names}; a value that is not known is undefined or null`,
    );
  });
}

function checkWidths(rows: readonly TableRow[], width: number, { number }: TableLabel): void {
  const least = number === undefined ? width : width - 1;
  rows.forEach((row, r) => {
    const length = Array.isArray(row) ? row.length : Number.NaN;
    if (length === width || length === least) return;
    const expected = least === width ? `${width}` : `${least}, or ${width} with the label`;
    throw new CtreError('E_SHAPE', `row ${r + 1} is ${show(row)}; expected an array of ${expected}`);
  });
}

/** The column of a table that a column of the model is. */
function findColumn(column: EncodedColumn, table: readonly Column[], { label, columns }: Pipeline): Column {
  const isNamed = column.name !== undefined && table.some(({ name }) => name !== undefined);
  const width = Math.max(label.number ?? 0, ...columns.map(({ number }) => number));
  const place = placeIn(column.number, label, table.length === width);
  const found = isNamed ? table.find(({ name }) => name === column.name) : table[place];
  if (found !== undefined) return found;
  const missing = columnTitle(column);
  throw new CtreError('E_SHAPE', `the table has no ${missing}, which the model was trained on`);
}

/** For types alone: what `transform` gives. */
export type { CsrMatrix, DenseMatrix, EncodedRows };
