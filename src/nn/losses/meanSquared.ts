import { checkOptions } from '../../base/checks.ts';
import type { Loss } from '../loss.ts';
import { regression } from './regression.ts';

/**
 * The squared error (y − t)², as a mean over the outputs. The outputs are the logits.
 * @throws CtreError `E_ARGUMENT` for any option.
 */
export function meanSquared(options: Readonly<Record<string, never>> = {}): Loss {
  checkOptions('loss.meanSquared', options, []);
  return regression({ name: 'mean-squared', options: {} }, Number.POSITIVE_INFINITY, 2);
}
