import type { Budget } from '../base/budget.ts';
import { CtreError } from '../base/errors.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { RawColumn } from './rawTable.ts';
import { parseNumber } from './text.ts';

/**
 * The classes, from 0, of rows that each hold one number other than 0.
 * @param title what holds them, for an error.
 * @throws CtreError `E_LABEL` for a row that holds none or several, `E_MEMORY`.
 */
export function oneHotLabels(matrix: DenseMatrix | CsrMatrix, title: string, budget: Budget): Int32Array {
  const { rows, cols } = matrix;
  budget.claim(4 * rows, `${rows} labels`);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let found = -1;
    const [begin, end] = matrix instanceof CsrMatrix ? matrix.indptr.subarray(row, row + 2) : [0, cols];
    for (let p = begin; p < end; p++) {
      const value = matrix instanceof CsrMatrix ? matrix.values[p] : matrix.data[row * cols + p];
      if (value === 0) continue;
      if (found >= 0 || value !== 1) {
        throw new CtreError(
          'E_LABEL',
          `${title} is ${rows} × ${cols}, and row ${row + 1} of it is not one-hot; expected one label a ` +
            'row, or a single 1 a row among zeros: several labels a row are not read as classes',
        );
      }
      found = matrix instanceof CsrMatrix ? matrix.indices[p] : p;
    }
    if (found < 0) {
      throw new CtreError(
        'E_LABEL',
        `row ${row + 1} of ${title} holds no 1; expected a single one in each row`,
      );
    }
    labels[row] = found;
  }
  return labels;
}

/**
 * The classes of columns that together hold a single 1 in each row among zeros: the names of the columns, or
 * their places from 0. Undefined for other columns.
 */
export function oneHotColumn(columns: readonly RawColumn[], rows: number): RawColumn | undefined {
  const classes: string[] = [];
  for (let row = 0; row < rows; row++) {
    let found = -1;
    for (const [place, column] of columns.entries()) {
      const value = column.value(row);
      if (value === 0) continue;
      if (value !== 1 || found >= 0) return undefined;
      found = place;
    }
    if (found < 0) return undefined;
    classes.push(columns[found].name ?? String(found));
  }
  return {
    number: 1,
    length: rows,
    text: (row) => classes[row],
    value: (row) => parseNumber(classes[row]),
  };
}
