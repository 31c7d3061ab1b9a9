import { copyNumbers, newArray } from '../base/arrays.ts';
import { CtreError, show } from '../base/errors.ts';
import { checkMatrix } from '../matrix/check.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';

/** Samples as people hand them over: rows of features, dense, sparse or as arrays of arrays. */
export type Samples = DenseMatrix | CsrMatrix | readonly (readonly number[])[];

/** Class labels, integers from 0. */
export type Labels = Int32Array | readonly number[];

/**
 * The samples as a matrix, every value a finite number and every row `cols` wide.
 * @throws CtreError `E_ARGUMENT`, `E_SHAPE`, `E_NOT_FINITE`, naming what is wrong and where.
 */
export function checkSamples(x: unknown, cols: number): DenseMatrix | CsrMatrix {
  const matrix = toMatrix(x, cols);
  if (matrix.cols !== cols) {
    throw new CtreError('E_SHAPE', `x has ${matrix.cols} columns; the network has ${cols} inputs`);
  }
  const values = matrix instanceof CsrMatrix ? matrix.values : matrix.data;
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const row =
      matrix instanceof CsrMatrix
        ? matrix.indptr.findLastIndex((offset) => offset <= bad)
        : Math.floor(bad / cols);
    throw new CtreError('E_NOT_FINITE', `x holds ${values[bad]} in row ${row}; expected finite numbers`);
  }
  return matrix;
}

function toMatrix(x: unknown, cols: number): DenseMatrix | CsrMatrix {
  return Array.isArray(x) ? fromArrays(x, cols) : checkMatrix('x', x);
}

function fromArrays(x: readonly unknown[], cols: number): DenseMatrix {
  const rows = x.length;
  const data = newArray(rows * cols, Float32Array, `x, ${rows} × ${cols}`);
  for (let r = 0; r < rows; r++) {
    const row = x[r];
    if (!Array.isArray(row) && !ArrayBuffer.isView(row)) {
      throw new CtreError('E_ARGUMENT', `x[${r}] is ${show(row)}; expected an array of numbers`);
    }
    data.set(copyNumbers(`x[${r}]`, row, cols), r * cols);
  }
  return { rows, cols, data };
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
