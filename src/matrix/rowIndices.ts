import { copyNumbers, viewOf } from '../base/arrays.ts';
import { checkInteger } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { MAX_INDEX } from './canonical.ts';

/** Some rows of a matrix, by their indices from 0. */
export type RowIndices = Int32Array | readonly number[];

/**
 * The indices, each read once: a view of an Int32Array, or a copy of an array.
 * @throws CtreError `E_ARGUMENT` for anything that is no row.
 */
export function checkRowIndices(indices: unknown, rows: number): Int32Array {
  const own = checkIndexList(indices);
  const stray = own.find((row) => row < 0 || row >= rows);
  if (stray === undefined) return own;
  throw new CtreError('E_ARGUMENT', `there is no row ${stray}; expected rows from 0 to ${rows - 1}`);
}

/** As `checkRowIndices`, where nobody knows how many rows there are. */
export function checkIndexList(indices: unknown): Int32Array {
  const view = viewOf(indices, Int32Array);
  if (view !== undefined) return view;
  if (!Array.isArray(indices)) {
    const expected = 'expected an Int32Array or an array of row indices';
    throw new CtreError('E_ARGUMENT', `rows is ${show(indices)}; ${expected}`);
  }
  return Int32Array.from(copyNumbers('rows', indices), (row, at) =>
    checkInteger(`rows[${at}]`, row, { least: 0, most: MAX_INDEX }),
  );
}
