import type { CheckedSamples } from '../matrix/samples.ts';
import type { ModelCore } from './core.ts';
import { checkSamples } from './inputs.ts';

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
