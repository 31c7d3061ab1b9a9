import { CtreError, show } from '../base/errors.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { checkFiniteSamples, toMatrix } from '../matrix/samples.ts';

export type { Samples } from '../matrix/samples.ts';

/** Class labels, integers from 0. */
export type Labels = Int32Array | readonly number[];

/**
 * The samples as a matrix, every value a finite number and every row `cols` wide.
 * @throws CtreError `E_ARGUMENT`, `E_SHAPE`, `E_NOT_FINITE`, naming what is wrong and where.
 */
export function checkSamples(x: unknown, cols: number): DenseMatrix | CsrMatrix {
  const matrix = toMatrix('x', x, cols);
  if (matrix.cols !== cols) {
    throw new CtreError('E_SHAPE', `x has ${matrix.cols} columns; the network has ${cols} inputs`);
  }
  checkFiniteSamples('x', matrix);
  return matrix;
}

/**
 * The labels of `rows` samples as integers below `classes`.
 * @throws CtreError `E_SHAPE` for another number of labels, `E_LABEL` for one that is no class.
 */
export function checkLabels(y: unknown, rows: number, classes: number): Int32Array {
  if (!Array.isArray(y) && !(ArrayBuffer.isView(y) && 'length' in y)) {
    throw new CtreError('E_ARGUMENT', `y is ${show(y)}; expected an Int32Array or an array of integers`);
  }
  const labels = y as ArrayLike<unknown>;
  const { length } = labels;
  if (length !== rows) throw new CtreError('E_SHAPE', `y has ${length} labels for ${rows} rows of x`);
  const checked = new Int32Array(rows);
  for (let r = 0; r < rows; r++) {
    const label = labels[r];
    if (!Number.isInteger(label) || Number(label) < 0 || Number(label) >= classes) {
      throw new CtreError(
        'E_LABEL',
        `y[${r}] is ${show(label)}; expected an integer from 0 to ${classes - 1}, the network's classes`,
      );
    }
    checked[r] = Number(label);
  }
  return checked;
}
