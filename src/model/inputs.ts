import { CtreError } from '../base/errors.ts';
import { type CheckedSamples, checkFiniteSamples, toMatrix } from '../matrix/samples.ts';

export type { Samples } from '../matrix/samples.ts';

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
