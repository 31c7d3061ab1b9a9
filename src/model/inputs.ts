import { CtreError } from '../base/errors.ts';
import { type CheckedSamples, checkFiniteSamples, toMatrix } from '../matrix/samples.ts';

import type { ModelCore } from './core.ts';

export type { Samples } from '../matrix/samples.ts';

/**
 * Samples as a model takes them, each row as wide as it has inputs.
 * @throws CtreError as `checkSamples`; `E_ARGUMENT` for rows that have to be prepared first.
 */
export function samplesFor(core: ModelCore, x: unknown): CheckedSamples {
  const { dims } = core.network;
  core.checkPrepared(x);
  const samples = checkSamples(x, dims[0]);
  core.preparedRows?.add(samples);
  return samples;
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
