import { checkNumber, checkOptions } from '../../base/checks.ts';
import type { Loss } from '../loss.ts';
import { regression } from './regression.ts';

/**
 * Huber's loss of e = y − t, as a mean over the outputs: e²/2 up to |e| = delta, from there on a line,
 * delta·(|e| − delta/2). So outliers do not decide (Huber 1964). The outputs are the logits.
 * @param options.delta 1 by default.
 * @throws CtreError `E_ARGUMENT` for a delta below 1e-6.
 */
export function huber(options: { readonly delta?: number } = {}): Loss {
  const given = checkOptions('loss.huber', options, ['delta']);
  const delta = Math.fround(checkNumber('delta', given.delta ?? 1, { least: 1e-6 }));
  return regression({ name: 'huber', options: { delta } }, delta, 1);
}
