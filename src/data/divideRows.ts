import { newArray } from '../base/arrays.ts';
import { checkInteger, checkOptions } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { type Random, randomStream } from '../base/random.ts';
import { MAX_INDEX } from '../matrix/canonical.ts';
import { checkIndexList, type RowIndices } from '../matrix/rowIndices.ts';
import { encodeLabels, type LabelValues } from './labels.ts';
import { allRows } from './rowLists.ts';

/** How rows are divided at random. */
export interface DivideOptions {
  /** The same seed divides the same rows in the same way, in every engine. Default: 0. */
  readonly seed?: number | string;
  /**
   * The label of every row of the data. With it the parts are stratified: each has every class in the share
   * that it has of all rows, as far as whole rows allow.
   */
  readonly labels?: LabelValues;
}

/** The rows of a fold: those to test on, and all others to train on. */
export interface Fold {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/**
 * Divides rows (a list of indices, or all of 0 … rows − 1) at random: `val` gets round(fraction × rows), at
 * least one row and never all, `fit` the others. Both ascend. With `labels`, a class of one row stays in
 * `fit`.
 * O(rows · log rows).
 *
 * ```ts
 * const { fit, val } = splitRows(x.rows, 0.2, { seed: 1, labels });
 * await model.train(takeRows(x, fit), fit.map((row) => labels[row]), { epochs: 20 });
 * ```
 * @throws CtreError `E_ARGUMENT` for a fraction outside (0, 1), fewer than two rows, or what counts none,
 *   `E_SHAPE` for labels of another number of rows, `E_LABEL` for labels that are no classes.
 */
export function splitRows(
  rows: number | RowIndices,
  fraction: number,
  options: DivideOptions = {},
): { fit: Int32Array; val: Int32Array } {
  if (typeof fraction !== 'number' || !(fraction > 0 && fraction < 1)) {
    throw new CtreError(
      'E_ARGUMENT',
      `the validation fraction is ${show(fraction)}; expected a number between 0 and 1`,
    );
  }
  const { list, classes, random } = checkDivision('splitRows', rows, options, 'test');
  const most = list.length - 1;
  const wanted = Math.min(Math.max(Math.round(fraction * list.length), 1), most);
  const groups = classes ?? [list];
  for (const group of groups) random.shuffle(group);
  const shares = classes === undefined ? [wanted] : classShares(classes, fraction, wanted);
  const val = newArray(sumOfShares(shares), Int32Array, 'the held-out rows');
  const fit = newArray(list.length - val.length, Int32Array, 'the other rows');
  let valAt = 0;
  let fitAt = 0;
  for (const [at, group] of groups.entries()) {
    val.set(group.subarray(0, shares[at]), valAt);
    fit.set(group.subarray(shares[at]), fitAt);
    valAt += shares[at];
    fitAt += group.length - shares[at];
  }
  return { val: val.sort(), fit: fit.sort() };
}

/**
 * Divides rows (a list of indices, or all of 0 … rows − 1) at random into folds for cross-validation. Each
 * row is tested once; folds differ by at most one row. With `labels`, so do the rows of each class. All lists
 * ascend.
 * O(folds · rows).
 *
 * ```ts
 * for (const { train, test } of kFold(x.rows, 5, { seed: 1, labels })) {
 *   await model.train(takeRows(x, train), train.map((row) => labels[row]), { epochs: 20 });
 * }
 * ```
 * @throws CtreError `E_ARGUMENT` for fewer than two folds, more folds than rows, or what counts no rows,
 *   `E_SHAPE` for labels of another number of rows, `E_LABEL` for labels that are no classes, `E_MEMORY`.
 */
export function kFold(rows: number | RowIndices, folds: number, options: DivideOptions = {}): Fold[] {
  const { list, classes, random } = checkDivision('kFold', rows, options, 'folds');
  checkInteger('folds', folds, { least: 2, most: list.length });
  if (folds * list.length > MAX_INDEX) {
    throw new CtreError(
      'E_MEMORY',
      `${folds} folds of ${list.length} rows are more than ${MAX_INDEX} indices; make fewer folds`,
    );
  }
  const groups = classes ?? [list];
  // Rows are dealt like cards, on from class to class, so that no fold gets more than one above another.
  const dealt = newArray(list.length, Int32Array, 'the rows');
  let at = 0;
  for (const group of groups) {
    random.shuffle(group);
    dealt.set(group, at);
    at += group.length;
  }
  return Array.from({ length: folds }, (_, fold) => ({
    train: dealt.filter((_, place) => place % folds !== fold).sort(),
    test: dealt.filter((_, place) => place % folds === fold).sort(),
  }));
}

/** The rows as a list of one's own; those of each class, where labels are given; and a stream by the seed. */
function checkDivision(
  name: string,
  rows: unknown,
  options: DivideOptions,
  purpose: string,
): { list: Int32Array; classes: Int32Array[] | undefined; random: Random } {
  const { seed = 0, labels } = checkOptions(name, options, ['seed', 'labels']);
  if (typeof seed !== 'string' && !(typeof seed === 'number' && Number.isFinite(seed))) {
    throw new CtreError('E_ARGUMENT', `seed is ${show(seed)}; expected a finite number or a string`);
  }
  const list = typeof rows === 'object' ? checkIndexList(rows).slice() : allRows(rows);
  if (list.length < 2) {
    throw new CtreError('E_ARGUMENT', `${list.length} rows cannot be split; expected at least two`);
  }
  const classes = labels === undefined ? undefined : rowsByClass(list, labels, typeof rows !== 'object');
  return { list, classes, random: randomStream(seed, purpose) };
}

function rowsByClass(list: Int32Array, values: LabelValues, isWhole: boolean): Int32Array[] {
  const { labels, labelNames } = encodeLabels(values);
  const stray = list.find((row) => row >= labels.length);
  if (stray !== undefined || (isWhole && labels.length !== list.length)) {
    throw new CtreError(
      'E_SHAPE',
      `there are ${labels.length} labels; expected one for each of ` +
        `${stray === undefined ? list.length : stray + 1} rows`,
    );
  }
  const counts = new Int32Array(labelNames.length + 1);
  for (const row of list) counts[labels[row] + 1]++;
  for (let label = 0; label < labelNames.length; label++) counts[label + 1] += counts[label];
  const sorted = newArray(list.length, Int32Array, 'the rows of the classes');
  const next = counts.slice();
  for (const row of list) sorted[next[labels[row]]++] = row;
  return Array.from(labelNames, (_, label) => sorted.slice(counts[label], counts[label + 1]));
}

/** How many rows of each class are held out: `wanted` in all, where no class has to give its last row. */
function classShares(classes: readonly Int32Array[], fraction: number, wanted: number): number[] {
  const limits = classes.map(({ length }) => Math.max(0, length - 1));
  const shares = classes.map(({ length }, label) => Math.min(Math.floor(fraction * length), limits[label]));
  const byRest = [...classes.keys()].sort(
    (a, b) => rest(classes[b].length) - rest(classes[a].length) || a - b,
  );
  function rest(length: number): number {
    return fraction * length - Math.floor(fraction * length);
  }
  // Rounding leaves less than a row for each class. Classes of one row may leave more.
  let left = wanted - sumOfShares(shares);
  while (left > 0) {
    const able = byRest.filter((label) => shares[label] < limits[label]).slice(0, left);
    if (able.length === 0) break;
    for (const label of able) shares[label]++;
    left -= able.length;
  }
  // Where each class has one row, some class has to be left out.
  if (sumOfShares(shares) === 0) shares[0] = 1;
  return shares;
}

function sumOfShares(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
