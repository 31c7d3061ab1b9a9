import { CtreError, show } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import { checkRowCount } from './rowLists.ts';

/** Row lists of an experiment; `val` and `fit` are parts of `train`. */
export interface Split {
  readonly train: Int32Array;
  readonly test: Int32Array;
  readonly val?: Int32Array;
  readonly fit?: Int32Array;
}

/**
 * A split from JSON text `{ "train": […], "test": […], "val"?: […], "fit"?: […] }`, lists of row indices
 * from 0. Other keys are ignored.
 * @throws CtreError `E_FORMAT` for anything else, `E_SHAPE` for a row that the data does not have,
 *   `E_ARGUMENT` for a row that is in a list twice, in two lists that exclude each other, or in `val` or
 *   `fit` but not in `train`.
 */
export function parseSplit(text: string, rows: number): Split {
  checkRowCount(rows);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new CtreError(
      'E_FORMAT',
      'the split is no JSON text; expected an object with lists train and test',
      { cause },
    );
  }
  if (!isRecord(parsed)) {
    throw new CtreError(
      'E_FORMAT',
      `the split is ${show(parsed)}; expected an object with lists train and test`,
    );
  }
  const lists = new Map(Object.entries(parsed));
  const train = readRowList('train', lists.get('train'), rows);
  const test = readRowList('test', lists.get('test'), rows);
  const val = lists.has('val') ? readRowList('val', lists.get('val'), rows) : undefined;
  const fit = lists.has('fit') ? readRowList('fit', lists.get('fit'), rows) : undefined;
  checkNoSharedRow('train', train, 'test', test);
  if (val && fit) checkNoSharedRow('val', val, 'fit', fit);
  const isTrain = new Set(train);
  for (const [name, list] of [
    ['val', val],
    ['fit', fit],
  ] as const) {
    const stray = list?.find((row) => !isTrain.has(row));
    if (stray !== undefined) {
      throw new CtreError(
        'E_ARGUMENT',
        `the split has row ${stray} in ${name} and not in train; expected ${name} to be a part of train`,
      );
    }
  }
  return { train, test, ...(val && { val }), ...(fit && { fit }) };
}

function readRowList(name: string, value: unknown, rows: number): Int32Array {
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
        `the split's ${name} holds row ${row}; expected rows from 0 to ${rows - 1}, as the data has`,
      );
    }
    if (seen.has(row))
      throw new CtreError(
        'E_ARGUMENT',
        `the split's ${name} holds row ${row} twice; expected every row once`,
      );
    seen.add(row);
  }
  return Int32Array.from(seen);
}

function checkNoSharedRow(name: string, list: Int32Array, otherName: string, other: Int32Array): void {
  const isListed = new Set(list);
  const shared = other.find((row) => isListed.has(row));
  if (shared !== undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      `the split has row ${shared} in ${name} and in ${otherName}; expected it in one of them`,
    );
  }
}
