import { viewOf } from '../base/arrays.ts';
import { CtreError, show } from '../base/errors.ts';
import { checkSize } from './canonical.ts';

/** A dense matrix, row-major: element (r, c) is `data[r * cols + c]`. */
export interface DenseMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float32Array;
}

/**
 * A dense matrix: `{ rows, cols, data }` with as many numbers as that takes, a view of the caller's data.
 * @throws CtreError `E_ARGUMENT` for anything else, `E_SHAPE` for another number of elements.
 */
export function checkDense(name: string, value: unknown): DenseMatrix {
  const isMatrix =
    typeof value === 'object' && value !== null && 'rows' in value && 'cols' in value && 'data' in value;
  if (!isMatrix) {
    throw new CtreError(
      'E_ARGUMENT',
      `${name} is ${show(value)}; expected { rows, cols, data } or a CsrMatrix`,
    );
  }
  const rows = checkSize(`${name}.rows`, value.rows);
  const cols = checkSize(`${name}.cols`, value.cols);
  const given = value.data;
  const data = viewOf(given, Float32Array);
  if (data === undefined) {
    throw new CtreError('E_ARGUMENT', `${name}.data is ${show(given)}; expected a Float32Array`);
  }
  if (data.length !== rows * cols) {
    throw new CtreError(
      'E_SHAPE',
      `${name}.data has ${data.length} elements; expected ${rows * cols}, as ${rows} × ${cols} takes`,
    );
  }
  return { rows, cols, data };
}
