import { CtreError, show } from '../base/errors.ts';
import { MAX_INDEX } from '../matrix/canonical.ts';
import type { DataFiles } from './dataFiles.ts';
import { TARGET_READINGS, type TargetReading } from './targets.ts';

/** How to read a file; every field has a default. */
export interface ReadOptions<Files = DataFiles> {
  /**
   * The label column (CSV: name, or index from 0), or the labels' variable (`.mat`) or key (`.npz`). Tables
   * with `targets`: several columns as a list.
   */
  readonly label?: string | number | readonly (string | number)[];
  /**
   * What the labels are: `classes` by default; `numbers` to predict, or `flags` of several labels, which come
   * back as `targets` and not as `labels`.
   */
  readonly targets?: TargetReading;
  /** The variable (`.mat`) or key (`.npz`) of the features; tables: the columns to take, and no others. */
  readonly features?: string | readonly (string | number)[];
  /** Tables: columns to leave out, by name or by index from 0. */
  readonly drop?: readonly (string | number)[];
  /** Tables: columns whose values are words, also where they are numbers, or very many. */
  readonly categorical?: readonly (string | number)[];
  /** Tables: texts that stand for missing values, besides the usual ones. */
  readonly missing?: readonly string[];
  /** The file holds features only, or its labels do not matter: `labels` and `labelNames` come back empty. */
  readonly unlabelled?: boolean;
  /**
   * Files whose rows are the test rows, with the columns of the others: by name where both have names, else
   * by place. They take the place of test rows that the dataset brings along.
   */
  readonly test?: Files;
  /** CSV: whether the first line names the columns. Default: detected. */
  readonly header?: boolean;
  /** CSV: what separates fields; a blank stands for any run of blanks and tabs. Default: detected. */
  readonly delimiter?: string;
  /** CSV: what becomes of columns that only count the rows. Default: 'drop'. */
  readonly rowNumbers?: 'drop' | 'keep';
  /** LIBSVM: the number of columns. Default: the largest index that occurs. */
  readonly columns?: number;
  /** LIBSVM: what indices count from. Default: 0 where an index 0 occurs, else 1. */
  readonly indexBase?: 0 | 1;
  /**
   * Bytes that reading may take at a time, for the dataset and on the way to it, besides the bytes that are
   * given. Default 4 × these + 64 MiB. Compressed content counts as given once it is unpacked, up to 8 times
   * its size.
   */
  readonly maxBytes?: number;
}

/** How to read a file whose bytes may stay bytes. */
export interface ByteReadOptions<Files = DataFiles> extends ReadOptions<Files> {
  /**
   * Whether features that a file holds as bytes (IDX; `.npy`, `.npz` and `.mat` of uint8) stay bytes: a
   * `ByteMatrix`, where possible a view of the file's own. Default false: they become float32 numbers, which
   * take four times the memory.
   */
  readonly bytes: boolean;
}

/** Options that were checked. */
export type CheckedReadOptions<Files = DataFiles> = ReadOptions<Files> & Partial<ByteReadOptions<Files>>;

/** For each option, what it has to be, in words and as a check. */
const OPTION_RULES: Readonly<
  Record<keyof ByteReadOptions, [expected: string, check: (value: unknown) => boolean]>
> = {
  label: [
    'a name, an index from 0, or a list of these',
    (value) => (Array.isArray(value) ? value.length > 0 && value.every(isColumn) : isColumn(value)),
  ],
  targets: [TARGET_READINGS.join(', '), (value) => TARGET_READINGS.some((reading) => reading === value)],
  features: [
    'a name; for a table, columns by name or by index from 0',
    (value) => typeof value === 'string' || areColumns(value),
  ],
  drop: ['an array of columns, by name or by index from 0', areColumns],
  categorical: ['an array of columns, by name or by index from 0', areColumns],
  missing: [
    'an array of texts',
    (value) => Array.isArray(value) && value.every((text) => typeof text === 'string'),
  ],
  unlabelled: ['true or false', (value) => typeof value === 'boolean'],
  bytes: ['true or false', (value) => typeof value === 'boolean'],
  test: ['{ name, bytes } or bytes by file name', (value) => typeof value === 'object' && value !== null],
  header: ['true or false', (value) => typeof value === 'boolean'],
  delimiter: [
    'one character that is no quote or line end',
    (value) => typeof value === 'string' && /^[^"\r\n\ufeff]$/u.test(value),
  ],
  rowNumbers: ["'drop' or 'keep'", (value) => value === 'drop' || value === 'keep'],
  columns: [
    `an integer from 1 to ${MAX_INDEX - 1}`,
    (value) => isPositive(value) && Number(value) < MAX_INDEX,
  ],
  indexBase: ['0 or 1', (value) => value === 0 || value === 1],
  maxBytes: ['a positive integer', isPositive],
};

function copyColumns(label: NonNullable<ReadOptions['label']>): NonNullable<ReadOptions['label']> {
  return Array.isArray(label) ? [...label] : label;
}

function isColumn(value: unknown): boolean {
  return typeof value === 'string' || (Number.isSafeInteger(value) && Number(value) >= 0);
}

function areColumns(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isColumn);
}

function isPositive(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0;
}

/**
 * A copy of the options, each read once.
 * @throws CtreError `E_ARGUMENT` for an option that does not exist or is not what it has to be.
 */
export function checkReadOptions<Files>(options: ReadOptions<Files>): CheckedReadOptions<Files> {
  if (typeof options !== 'object' || options === null || ArrayBuffer.isView(options)) {
    throw new CtreError('E_ARGUMENT', `options is ${show(options)}; expected an object`);
  }
  const { label, ...rest } = { ...options };
  const own: ReadOptions<Files> = { ...rest, ...(label !== undefined && { label: copyColumns(label) }) };
  for (const [name, value] of Object.entries(own)) {
    const known = Object.entries(OPTION_RULES).find(([key]) => key === name);
    if (!known) {
      const names = Object.keys(OPTION_RULES).join(', ');
      throw new CtreError('E_ARGUMENT', `there is no option ${show(name)}; expected any of ${names}`);
    }
    const [, [expected, check]] = known;
    if (value !== undefined && !check(value)) {
      throw new CtreError('E_ARGUMENT', `the option ${name} is ${show(value)}; expected ${expected}`);
    }
  }
  return own;
}
