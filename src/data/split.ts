import { newArray, viewOf } from '../base/arrays.ts';
import { checkInteger, readField } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import type { Random } from '../base/random.ts';
import { MAX_INDEX } from '../matrix/canonical.ts';
import { checkMatrix } from '../matrix/check.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';

/**
 * Divides rows (a list of indices, or all of 0 … rows − 1) at random: `val` gets round(fraction × rows), at least
 * one row and never all, `fit` the others. Both ascend.
 * @throws CtreError `E_ARGUMENT` for a fraction outside (0, 1), fewer than two rows, or a number that counts none.
 */
export function splitRows(
  rows: number | Int32Array,
  fraction: number,
  random: Random,
): { fit: Int32Array; val: Int32Array } {
  if (typeof fraction !== 'number' || !(fraction > 0 && fraction < 1)) {
    throw new CtreError(
      'E_ARGUMENT',
      `the validation fraction is ${show(fraction)}; expected a number between 0 and 1`,
    );
  }
  const shuffle = readField('random', random, 'shuffle');
  if (typeof shuffle !== 'function') {
    throw new CtreError('E_ARGUMENT', `random is ${show(random)}; expected something that shuffles`);
  }
  const shuffled = typeof rows === 'object' ? checkRows(rows).slice() : allRows(rows);
  if (shuffled.length < 2) {
    throw new CtreError('E_ARGUMENT', `${shuffled.length} rows cannot be split; expected at least two`);
  }
  Reflect.apply(shuffle, random, [shuffled]);
  const count = Math.min(Math.max(Math.round(fraction * shuffled.length), 1), shuffled.length - 1);
  return { val: shuffled.slice(0, count).sort(), fit: shuffled.slice(count).sort() };
}

/**
 * The rows at the given indices, in that order, as a new matrix of the same kind.
 * @throws CtreError `E_ARGUMENT` for an index out of range.
 */
export function takeRows<M extends DenseMatrix | CsrMatrix>(x: M, rows: Int32Array): M;
export function takeRows(x: DenseMatrix | CsrMatrix, rows: Int32Array): DenseMatrix | CsrMatrix {
  const matrix = checkMatrix('x', x);
  const { cols } = matrix;
  const taken = checkRowIndices(rows, matrix.rows);
  if (!(matrix instanceof CsrMatrix)) {
    const data = newArray(taken.length * cols, Float32Array, `${taken.length} rows`);
    taken.forEach((row, position) => {
      data.set(matrix.data.subarray(row * cols, (row + 1) * cols), position * cols);
    });
    return { rows: taken.length, cols, data };
  }
  const indptr = new Int32Array(taken.length + 1);
  taken.forEach((row, position) => {
    indptr[position + 1] = indptr[position] + matrix.indptr[row + 1] - matrix.indptr[row];
  });
  const indices = new Int32Array(indptr[taken.length]);
  const values = new Float32Array(indices.length);
  taken.forEach((row, position) => {
    const [begin, end] = [matrix.indptr[row], matrix.indptr[row + 1]];
    indices.set(matrix.indices.subarray(begin, end), indptr[position]);
    values.set(matrix.values.subarray(begin, end), indptr[position]);
  });
  return CsrMatrix.fromParts({ rows: taken.length, cols, indptr, indices, values });
}

/** All of 0 … rows − 1 but those taken, ascending. @throws CtreError `E_ARGUMENT` for an index out of range. */
export function remainingRows(rows: number, taken: Int32Array): Int32Array {
  const all = allRows(rows);
  const isTaken = new Set(checkRowIndices(taken, rows));
  return all.filter((row) => !isTaken.has(row));
}

/** Row lists of an experiment; `val` and `fit` are parts of `train`. */
export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
  readonly val?: Int32Array;
  readonly fit?: Int32Array;
}

/**
 * A split from JSON text `{ "train": […], "test": […], "val"?: […], "fit"?: […] }`, lists of row indices from 0; other
 * keys are passed over.
 * @throws CtreError `E_FORMAT` for anything else, `E_SHAPE` for a row that the data does not have, `E_ARGUMENT` for a
 *   row that is in a list twice, in two lists that exclude each other, or in `val` or `fit` but not in `train`.
 */
export function parseSplit(text: string, rows: number): Split {
  checkCount(rows);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new CtreError('E_FORMAT', 'the split is no JSON text', { cause });
  }
  if (!isRecord(parsed)) {
    throw new CtreError(
      'E_FORMAT',
      `the split is ${show(parsed)}; expected an object with lists train and test`,
    );
  }
  const lists = new Map(Object.entries(parsed));
  const train = rowList('train', lists.get('train'), rows);
  const test = rowList('test', lists.get('test'), rows);
  const val = lists.has('val') ? rowList('val', lists.get('val'), rows) : undefined;
  const fit = lists.has('fit') ? rowList('fit', lists.get('fit'), rows) : undefined;
  checkDisjoint('train', train, 'test', test);
  if (val && fit) checkDisjoint('val', val, 'fit', fit);
  const isTrain = new Set(train);
  for (const [name, list] of [
    ['val', val],
    ['fit', fit],
  ] as const) {
    const stray = list?.find((row) => !isTrain.has(row));
    if (stray !== undefined) {
      throw new CtreError(
        'E_ARGUMENT',
        `the split has row ${stray} in ${name} but not in train, of which it is a part`,
      );
    }
  }
  return { train, test, ...(val && { val }), ...(fit && { fit }) };
}

/**
 * The rows of a range such as `2000-2599` (both ends included, from 0), or of one row `7`.
 * @throws CtreError `E_ARGUMENT` for other text or an empty range, `E_SHAPE` for rows that the data does not have.
 */
export function parseRowRange(text: string, rows: number): Int32Array {
  checkCount(rows);
  const match = typeof text === 'string' && /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(text);
  if (!match)
    throw new CtreError('E_ARGUMENT', `the row range is ${show(text)}; expected first-last, as in 2000-2599`);
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (last < first) throw new CtreError('E_ARGUMENT', `the row range ${show(text)} ends before it begins`);
  if (last >= rows) {
    throw new CtreError(
      'E_SHAPE',
      `the row range ${show(text)} goes beyond the data, whose rows are 0 to ${rows - 1}`,
    );
  }
  return Int32Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
}

/** The indices, if every one of them is a row. @throws CtreError `E_ARGUMENT` otherwise. */
export function checkRowIndices(indices: unknown, rows: number): Int32Array {
  const own = checkRows(indices);
  const stray = own.find((row) => row < 0 || row >= rows);
  if (stray === undefined) return own;
  throw new CtreError('E_ARGUMENT', `there is no row ${stray}; expected rows from 0 to ${rows - 1}`);
}

function checkRows(rows: unknown): Int32Array {
  const own = viewOf(rows, Int32Array);
  if (own !== undefined) return own;
  throw new CtreError('E_ARGUMENT', `rows is ${show(rows)}; expected an Int32Array of row indices`);
}

function checkCount(rows: unknown): number {
  return checkInteger('the number of rows', rows, { least: 0, most: MAX_INDEX });
}

/** 0 … rows − 1. */
export function allRows(rows: unknown): Int32Array {
  const all = newArray(checkCount(rows), Int32Array, 'a list of all rows');
  for (let row = 0; row < all.length; row++) all[row] = row;
  return all;
}

function rowList(name: string, value: unknown, rows: number): Int32Array {
  if (!Array.isArray(value) || value.length === 0) {
    throw new CtreError('E_FORMAT', `the split's ${name} is ${show(value)}; expected a list of row indices`);
  }
  const seen = new Set<number>();
  for (const row of value) {
    if (typeof row !== 'number' || !Number.isInteger(row) || row < 0) {
      throw new CtreError('E_FORMAT', `the split's ${name} holds ${show(row)}; expected row indices from 0`);
    }
    if (row >= rows) {
      throw new CtreError(
        'E_SHAPE',
        `the split's ${name} holds row ${row}; the data has rows 0 to ${rows - 1}`,
      );
    }
    if (seen.has(row)) throw new CtreError('E_ARGUMENT', `the split's ${name} holds row ${row} twice`);
    seen.add(row);
  }
  return Int32Array.from(seen);
}

function checkDisjoint(name: string, list: Int32Array, otherName: string, other: Int32Array): void {
  const isListed = new Set(list);
  const shared = other.find((row) => isListed.has(row));
  if (shared !== undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      `the split has row ${shared} in both ${name} and ${otherName}; no row may be in both`,
    );
  }
}
