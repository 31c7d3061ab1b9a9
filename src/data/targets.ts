import type { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { LabelValues } from './labels.ts';

/**
 * What the labels of a file are read as: the class of every row; numbers to predict, one or more a row; or
 * flags, a 0 or 1 for each of several labels that a row may have.
 */
export type TargetReading = 'classes' | 'numbers' | 'flags';

/** All of them. */
export const TARGET_READINGS: readonly TargetReading[] = ['classes', 'numbers', 'flags'];

/** Numbers or flags, rows × outputs, and what the outputs are called. */
export interface NamedTargets {
  readonly matrix: DenseMatrix;
  readonly names: readonly (number | string)[];
}

/** Labels as numbers, one a row. @throws CtreError `E_LABEL` for one that is no finite number of float32. */
export function targetsOfLabels(labels: LabelValues, budget: Budget): NamedTargets {
  budget.claim(4 * labels.length, `${labels.length} targets`);
  const data = new Float32Array(labels.length);
  for (let row = 0; row < labels.length; row++) {
    const value = labels[row];
    data[row] = typeof value === 'number' ? value : Number.NaN;
    if (!Number.isFinite(data[row])) {
      throw new CtreError('E_LABEL', `row ${row + 1} has the label ${show(value)}; expected a finite number`);
    }
  }
  return { matrix: { rows: data.length, cols: 1, data }, names: [0] };
}

/** @throws CtreError `E_LABEL` for a flag that is neither 0 nor 1. */
export function checkFlagTargets({ matrix: { cols, data }, names }: NamedTargets): void {
  const bad = data.findIndex((value) => value !== 0 && value !== 1);
  if (bad < 0) return;
  throw new CtreError(
    'E_LABEL',
    `row ${Math.floor(bad / cols) + 1} has ${data[bad]} for the label ${show(names[bad % cols])}; expected ` +
      '0 or 1',
  );
}

/** The bytes that engines take for a label, in the sets, lists and maps that it goes through. */
const DISTINCT_BYTES = 256;

/**
 * Lists of labels as flags: a column for each label that occurs, integers ascending.
 * @param lists the labels of all rows, one after another. @param indptr where each row's begin [rows + 1].
 */
export function flagsOfLists(lists: Float64Array, indptr: Int32Array, budget: Budget): NamedTargets {
  const distinct = new Set<number>();
  for (const label of lists) {
    if (distinct.has(label)) continue;
    budget.claim(DISTINCT_BYTES, `label number ${distinct.size + 1}`);
    distinct.add(label);
  }
  const names = [...distinct].sort((a, b) => a - b);
  const rows = indptr.length - 1;
  budget.claim(4 * rows * names.length, `${rows} × ${names.length} flags`);
  const columnOf = new Map(names.map((name, col) => [name, col]));
  const data = new Float32Array(rows * names.length);
  for (let row = 0; row < rows; row++) {
    for (let p = indptr[row]; p < indptr[row + 1]; p++) {
      data[row * names.length + (columnOf.get(lists[p]) ?? 0)] = 1;
    }
  }
  return { matrix: { rows, cols: names.length, data }, names };
}

/**
 * The targets with the columns of a model, in its order. Flags of a label that the file does not have are 0.
 * @throws CtreError `E_LABEL` for a column that the model does not have; `E_SHAPE` for a missing number.
 */
export function alignTargets(
  { matrix, names }: NamedTargets,
  wanted: readonly (number | string)[],
  reading: TargetReading,
): DenseMatrix {
  // Columns without names are told apart by their order.
  const isUnnamed = names.every((name, col) => name === col) && names.length === wanted.length;
  if (isUnnamed) return matrix;
  const positions = new Map(wanted.map((name, col) => [String(name), col]));
  const columns = names.map((name) => {
    const col = positions.get(String(name));
    if (col !== undefined) return col;
    const known = wanted.slice(0, 10).map(show).join(', ') + (wanted.length > 10 ? ', …' : '');
    throw new CtreError('E_LABEL', `the model has no output ${show(name)}; its outputs are ${known}`);
  });
  if (reading === 'numbers' && columns.length < wanted.length) {
    throw new CtreError(
      'E_SHAPE',
      `the file has ${columns.length} targets; the model has ${wanted.length}: ` +
        `${wanted.map(show).join(', ')}`,
    );
  }
  const data = new Float32Array(matrix.rows * wanted.length);
  for (let row = 0; row < matrix.rows; row++) {
    columns.forEach((to, col) => {
      data[row * wanted.length + to] = matrix.data[row * matrix.cols + col];
    });
  }
  return { rows: matrix.rows, cols: wanted.length, data };
}
