import { typedArrayName } from '../base/arrays.ts';
import { CtreError } from '../base/errors.ts';
import { type CheckedSamples, checkFiniteSamples, toMatrix } from '../matrix/samples.ts';

export type { Samples } from '../matrix/samples.ts';

/** One row of samples: as many numbers as the network has inputs. Bytes are numbers from 0 to 255. */
export type Row = readonly number[] | Float32Array | Float64Array | Uint8Array | Uint8ClampedArray;

/**
 * A list of numbers as a matrix of one row; anything else as it is.
 * @throws CtreError `E_SHAPE` for another number of them than there are inputs.
 */
export function rowAsMatrix(x: unknown, inputs: number): unknown {
  const isRow = Array.isArray(x) ? typeof x[0] === 'number' : typedArrayName(x) !== undefined;
  if (!isRow) return x;
  const { length } = x as Row;
  if (length === inputs) return { rows: 1, cols: inputs, data: x };
  throw new CtreError('E_SHAPE', `x has ${length} numbers; expected ${inputs}, the inputs of one row`);
}

/**
 * The samples as a matrix, every value a finite number and every row `cols` wide.
 * @throws CtreError `E_ARGUMENT`, `E_SHAPE`, `E_NOT_FINITE`, naming what is wrong and where.
 */
export function checkSamples(x: unknown, cols: number): CheckedSamples {
  const matrix = toMatrix('x', x, cols);
  if (matrix.cols !== cols) {
    throw new CtreError('E_SHAPE', `x has ${matrix.cols} columns; the network has ${cols} inputs`);
  }
  checkFiniteSamples('x', matrix);
  return matrix;
}
