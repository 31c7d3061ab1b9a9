import { copyNumbers, findNotFinite } from '../base/arrays.ts';
import { CtreError, show } from '../base/errors.ts';
import { isByteMatrix, numberAt, toNumbers } from '../matrix/byteMatrix.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { type CheckedSamples, checkFiniteSamples, type Samples, toMatrix } from '../matrix/samples.ts';
import type { Label } from '../metrics/classScore.ts';
import type { Loss } from '../nn/loss.ts';
import { binaryCrossEntropy } from '../nn/losses/binaryCrossEntropy.ts';
import { crossEntropy } from '../nn/losses/crossEntropy.ts';
import { meanSquared } from '../nn/losses/meanSquared.ts';
import type { CheckedTargets } from '../nn/rows.ts';

/** Class labels: integers from 0, or the names of classes. */
export type Labels = Int32Array | readonly number[] | readonly string[];

/**
 * What a network is to answer: class labels; numbers, one a row or rows × outputs in row-major order; a
 * matrix with a column for each output, dense or sparse; or `'x'`, the samples themselves.
 */
export type Targets = Labels | Float32Array | Samples | 'x';

/** Targets that fit the network, and the loss that they are for. */
export interface TargetsOfLoss {
  readonly loss: Loss;
  readonly targets: CheckedTargets;
  /** What the classes are called, where labels came by name. */
  readonly labelNames?: readonly Label[];
}

/** What the classes are called, for labels that came by name. */
export type NamesFor = (given: readonly string[]) => readonly Label[];

/**
 * Checks what the network is to answer. Without a loss the targets decide: integer labels for two outputs or
 * more are classes; else numbers that are all 0 or 1 are labels of which a sample may have several; other
 * numbers, and the samples themselves, are a regression.
 * @param loss what the model has, or was made with.
 * @param namesFor is asked where labels come by name.
 * @throws CtreError `E_SHAPE` for another number of rows or outputs, `E_LABEL` for labels that are no class
 *   or neither 0 nor 1, `E_NOT_FINITE`, `E_ARGUMENT` for anything else.
 */
export function checkTargets(
  y: unknown,
  x: CheckedSamples,
  outputs: number,
  loss: Loss | undefined,
  namesFor: NamesFor,
): TargetsOfLoss {
  if (loss?.targets === 'labels' || (loss === undefined && areLabels(y, x.rows, outputs))) {
    if (y === 'x' || isMatrix(y)) {
      throw new CtreError(
        'E_ARGUMENT',
        `y is ${y === 'x' ? "'x'" : 'a matrix'}; the loss of this model is cross-entropy: expected an ` +
          'integer label or a name for each row, or a model of another loss',
      );
    }
    return { loss: loss ?? crossEntropy(), ...checkLabels(y, x.rows, outputs, namesFor) };
  }
  const targets = y === 'x' ? x : checkNumbers(y, x.rows, outputs);
  if (targets.cols !== outputs) {
    const what = y === 'x' ? `y is 'x', which has ${targets.cols} columns` : `y has ${targets.cols} columns`;
    throw new CtreError('E_SHAPE', `${what}; the network has ${outputs} outputs`);
  }
  const decided = loss ?? (y !== 'x' && findNoFlag(targets) < 0 ? binaryCrossEntropy() : meanSquared());
  if (decided.targets === 'flags') checkFlags(targets);
  return { loss: decided, targets };
}

/** Whether targets can only be a label for each row: one output is no class. */
function areLabels(y: unknown, rows: number, outputs: number): boolean {
  if (y === 'x' || outputs === 1 || isMatrix(y)) return false;
  const isForEveryOutput = Object(y).length === rows * outputs && ArrayBuffer.isView(y);
  return !isForEveryOutput;
}

function isMatrix(y: unknown): boolean {
  if (Array.isArray(y)) return Array.isArray(y[0]) || ArrayBuffer.isView(y[0]);
  return typeof y === 'object' && y !== null && !ArrayBuffer.isView(y);
}

function checkNumbers(y: unknown, rows: number, outputs: number): DenseMatrix | CsrMatrix {
  const given = isMatrix(y) ? toMatrix('y', y) : matrixOfList(y, rows, outputs);
  const matrix = isByteMatrix(given) ? toNumbers(given) : given;
  if (matrix.rows !== rows) {
    throw new CtreError('E_SHAPE', `y has ${matrix.rows} rows for ${rows} rows of x`);
  }
  checkFiniteSamples('y', matrix);
  return matrix;
}

/** A list of numbers as a matrix, one a row, or as many as there are outputs. */
function matrixOfList(y: unknown, rows: number, outputs: number): DenseMatrix {
  if (!Array.isArray(y) && !ArrayBuffer.isView(y)) {
    throw new CtreError('E_ARGUMENT', `y is ${show(y)}; expected numbers, a matrix or 'x'`);
  }
  const numbers = copyNumbers('y', y);
  const data = numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
  if (data.length !== rows * outputs) {
    throw new CtreError(
      'E_SHAPE',
      `y has ${data.length} numbers for ${rows} rows of x and ${outputs} outputs; expected ${rows * outputs}`,
    );
  }
  const bad = findNotFinite(data);
  if (bad >= 0) {
    throw new CtreError('E_NOT_FINITE', `y[${bad}] is ${data[bad]}; expected a finite number of float32`);
  }
  return { rows, cols: outputs, data };
}

/** Where a matrix holds something that is neither 0 nor 1; −1 where it does not. */
function findNoFlag(matrix: CheckedSamples): number {
  if (isByteMatrix(matrix)) {
    return matrix.data.findIndex((_, at) => numberAt(matrix, at) !== 0 && numberAt(matrix, at) !== 1);
  }
  const values = matrix instanceof CsrMatrix ? matrix.values : matrix.data;
  return values.findIndex((value) => value !== 0 && value !== 1);
}

function checkFlags(matrix: CheckedSamples): void {
  const bad = findNoFlag(matrix);
  if (bad < 0) return;
  const values = matrix instanceof CsrMatrix ? matrix.values : matrix.data;
  const value = isByteMatrix(matrix) ? numberAt(matrix, bad) : values[bad];
  throw new CtreError(
    'E_LABEL',
    `y holds ${value}; the loss of this model is binary cross-entropy: expected 0 or 1 for each output`,
  );
}

/**
 * The labels of `rows` samples as integers below `classes`.
 * @throws CtreError `E_SHAPE` for another number of labels, `E_LABEL` for one that is no class.
 */
function checkLabels(
  y: unknown,
  rows: number,
  classes: number,
  namesFor: NamesFor,
): Omit<TargetsOfLoss, 'loss'> {
  if (!Array.isArray(y) && !(ArrayBuffer.isView(y) && 'length' in y)) {
    throw new CtreError(
      'E_ARGUMENT',
      `y is ${show(y)}; expected an Int32Array, or an array of integers or of names`,
    );
  }
  const labels = y as ArrayLike<unknown>;
  const { length } = labels;
  if (length !== rows) throw new CtreError('E_SHAPE', `y has ${length} labels for ${rows} rows of x`);
  const targets = new Int32Array(rows);
  for (let r = 0; r < rows; r++) {
    const label = labels[r];
    if (r === 0 && typeof label === 'string') return labelsByName(labels, rows, label, namesFor);
    if (!Number.isInteger(label) || Number(label) < 0 || Number(label) >= classes) {
      throw new CtreError(
        'E_LABEL',
        `y[${r}] is ${show(label)}; expected an integer from 0 to ${classes - 1}, the network's classes`,
      );
    }
    targets[r] = Number(label);
  }
  return { targets };
}

/** @param first of the labels, each of which is read once. */
function labelsByName(
  labels: ArrayLike<unknown>,
  rows: number,
  first: string,
  namesFor: NamesFor,
): Omit<TargetsOfLoss, 'loss'> {
  const given = Array.from({ length: rows }, (_, r) => {
    const name = r === 0 ? first : labels[r];
    if (typeof name === 'string' && name !== '') return name;
    throw new CtreError(
      'E_LABEL',
      `y[${r}] is ${show(name)}; expected the name of a class, as in other rows`,
    );
  });
  const labelNames = namesFor(given);
  const classOf = new Map<string, number>();
  labelNames.forEach((name, label) => {
    // A name may be a number, too. Where there are 1 and '1', a text is the latter.
    if (typeof name === 'string' || !classOf.has(`${name}`)) classOf.set(`${name}`, label);
  });
  const targets = Int32Array.from(given, (name, r) => {
    const label = classOf.get(name);
    if (label !== undefined) return label;
    throw new CtreError('E_LABEL', `y[${r}] is ${show(name)}; expected a class: ${someNames(labelNames)}`);
  });
  return { targets, labelNames };
}

/** As many names as one reads. */
export function someNames(names: readonly Label[]): string {
  return names.slice(0, 9).map(show).join(', ') + (names.length > 9 ? ', …' : '');
}
