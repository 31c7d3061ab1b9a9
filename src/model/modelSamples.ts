import type { CheckedSamples } from '../matrix/samples.ts';
import type { ModelCore } from './core.ts';
import { checkSamples, rowAsMatrix } from './inputs.ts';

/**
 * Samples as a model takes them, each row as wide as it has inputs.
 * @throws CtreError as `checkSamples`; `E_ARGUMENT` for rows that have to be prepared first.
 */
export function samplesFor(core: ModelCore, x: unknown): CheckedSamples {
  core.checkPrepared(x);
  return checkedSamples(core, x);
}

/**
 * As `samplesFor`; a list of numbers is one row.
 * @throws CtreError as that does, and `E_SHAPE` for a row of another length.
 */
export function rowsToAnswer(core: ModelCore, x: unknown): CheckedSamples {
  core.checkPrepared(x);
  return checkedSamples(core, rowAsMatrix(x, core.network.dims[0]));
}

function checkedSamples(core: ModelCore, x: unknown): CheckedSamples {
  const samples = checkSamples(x, core.network.dims[0]);
  core.preparedRows?.add(samples);
  return samples;
}
