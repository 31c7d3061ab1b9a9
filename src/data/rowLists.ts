import { newArray } from '../base/arrays.ts';
import { checkInteger } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { MAX_INDEX } from '../matrix/canonical.ts';
import { checkRowIndices, type RowIndices } from '../matrix/rowIndices.ts';

/** The number of rows of some data. @throws CtreError `E_ARGUMENT` for what is none. */
export function checkRowCount(rows: unknown): number {
  return checkInteger('the number of rows', rows, { least: 0, most: MAX_INDEX });
}

/** 0 … rows − 1. */
export function allRows(rows: unknown): Int32Array {
  const all = newArray(checkRowCount(rows), Int32Array, 'a list of all rows');
  for (let row = 0; row < all.length; row++) all[row] = row;
  return all;
}

/**
 * All of 0 … rows − 1 but those taken, ascending.
 * @throws CtreError `E_ARGUMENT` for an index out of range.
 */
export function remainingRows(rows: number, taken: RowIndices): Int32Array {
  const all = allRows(rows);
  const isTaken = new Set(checkRowIndices(taken, rows));
  return all.filter((row) => !isTaken.has(row));
}

/**
 * The rows of a range such as `2000-2599` (both ends included, from 0), or of one row `7`.
 * @throws CtreError `E_ARGUMENT` for other text or an empty range, `E_SHAPE` for rows that the data does not
 *   have.
 */
export function parseRowRange(text: string, rows: number): Int32Array {
  checkRowCount(rows);
  const match = typeof text === 'string' && /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/.exec(text);
  if (!match) {
    throw new CtreError('E_ARGUMENT', `the row range is ${show(text)}; expected first-last, as in 2000-2599`);
  }
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  if (last < first) throw new CtreError('E_ARGUMENT', `the row range ${show(text)} ends before it begins`);
  if (last >= rows) {
    throw new CtreError(
      'E_SHAPE',
      `the row range is ${show(text)}; expected rows from 0 to ${rows - 1}, as the data has`,
    );
  }
  return Int32Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
}
