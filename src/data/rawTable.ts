import type { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import type { FieldStore } from './fieldStore.ts';

/** What a format declares of a column. Plain text declares nothing. */
export interface DeclaredColumn {
  /** `nominal`: one of `values`. */
  readonly type: 'number' | 'nominal' | 'text' | 'date';
  /** The values that may occur, in the file's order. */
  readonly values?: readonly string[];
}

/** A column of a table as its file holds it: text, without the blanks and quotes around it. */
export interface RawColumn {
  readonly name?: string;
  /** Its place in the file, from 1. */
  readonly number: number;
  /** One field a row. */
  readonly length: number;
  readonly declared?: DeclaredColumn;
  /** The field of a row, from 0. Empty where there is nothing. */
  text(row: number): string;
  /** The number that the field is, also `nan` and `inf`; undefined for other text. */
  value(row: number): number | undefined;
}

/** A column that holds no feature and no label, such as row numbers. */
export interface LeftOutColumn {
  readonly name?: string;
  /** Its place in the file, from 1. */
  readonly number: number;
  /** Why, as the end of a sentence: `counts the rows`. */
  readonly why: string;
}

/** A table as its file holds it, before anything is a number. Rows are from 0; lines are from 1. */
export interface RawTable {
  /** What the format is called, such as `CSV`. */
  readonly format: string;
  readonly rows: number;
  /** Every column, those of `leftOut` among them. */
  readonly columns: readonly RawColumn[];
  /**
   * What separates fields, where the format leaves it open. A blank stands for any run of blanks and tabs.
   */
  readonly delimiter?: string;
  /** Where the names come from; undefined where there are none. */
  readonly names?: 'first line' | 'comment' | 'format';
  /** Lines before and between the rows that are comments. */
  readonly commentLines: number;
  /** Columns that look like row numbers or row names. */
  readonly leftOut: readonly LeftOutColumn[];
  /** The column of the labels, as its place in `columns`, where the files say which one it is. */
  readonly label?: number;
  /** What was guessed and might be wrong, in sentences. */
  readonly warnings: readonly string[];
  /** Test rows, where the files bring their own. Its columns are those of this table. */
  readonly test?: RawTable;
  /** The file that the rows are of, where sentences have to tell it from another one. */
  readonly file?: string;
  /** What rows are counted in, where that is not the lines of a text. */
  readonly unit?: 'row';
  /** The line that a row starts on. */
  line(row: number): number;
}

/** Where a row stands: `line 7`, or `line 7 of "test.csv"`. */
export function rowPlace(
  { file, unit, line }: Pick<RawTable, 'file' | 'unit' | 'line'>,
  row: number,
): string {
  return `${unit ?? 'line'} ${line(row)}${file === undefined ? '' : ` of ${show(file)}`}`;
}

/** Bytes that engines take for a column's object and its name. */
const COLUMN_BYTES = 160;

/** A column of stored fields. */
class StoredColumn implements RawColumn {
  readonly name?: string;
  readonly number: number;
  readonly declared?: DeclaredColumn;
  readonly #store: FieldStore;
  readonly #col: number;

  constructor(
    store: FieldStore,
    col: number,
    name: string | undefined,
    declared: DeclaredColumn | undefined,
  ) {
    if (name !== undefined) this.name = name;
    if (declared !== undefined) this.declared = declared;
    this.number = col + 1;
    this.#store = store;
    this.#col = col;
  }

  get length(): number {
    return this.#store.rows;
  }

  text(row: number): string {
    return this.#store.text(this.#check(row), this.#col);
  }

  value(row: number): number | undefined {
    return this.#store.number(this.#check(row), this.#col);
  }

  #check(row: number): number {
    if (Number.isInteger(row) && row >= 0 && row < this.#store.rows) return row;
    const sentence = `row is ${show(row)}; expected an integer from 0 to ${this.#store.rows - 1}`;
    throw new CtreError('E_ARGUMENT', sentence);
  }
}

/** The columns of stored fields, from the first to before `width`. @throws CtreError `E_MEMORY`. */
export function storedColumns(
  store: FieldStore,
  names: readonly (string | undefined)[] | undefined,
  width: number,
  budget: Budget,
  declared?: readonly DeclaredColumn[],
): RawColumn[] {
  budget.claim(COLUMN_BYTES * width, `${width} columns`);
  return Array.from(
    { length: width },
    (_, col) => new StoredColumn(store, col, names?.[col], declared?.[col]),
  );
}

/** A column as sentences name it: `column 3 "width"`. */
export function columnTitle({ name, number }: { readonly name?: string; readonly number: number }): string {
  return name === undefined || name === '' ? `column ${number}` : `column ${number} ${show(name)}`;
}

/** Columns that a sentence lists. */
const COLUMNS_SHOWN = 12;

/**
 * How columns can be named in options, for sentences: each name with its index, since these count from 0 and
 * columns do from 1.
 */
export function columnChoices(
  columns: readonly { readonly name?: string; readonly number: number }[],
): string {
  const shown = columns.slice(0, COLUMNS_SHOWN).map((column) => {
    const title = columnTitle(column);
    return `${column.number - 1} for ${title}`;
  });
  return `a name, or an index from 0: ${shown.join(', ')}${columns.length > COLUMNS_SHOWN ? ', …' : ''}`;
}

/** Words that stand for a value that is not known, as R, pandas, SAS and UCI write them. */
const MISSING = /^(\?|NA|na|N\/A|n\/a|#N\/A|#NA|<NA>|[+-]?nan|null|NULL|None|\.)$/;

/** Whether a field says that its value is not known. */
export function isMissingValue(text: string): boolean {
  return text === '' || (text.length <= 4 && MISSING.test(/^[+-]?nan$/i.test(text) ? 'nan' : text));
}
