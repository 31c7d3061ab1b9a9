import { checkChoice } from '../base/checks.ts';
import type { Loss } from './loss.ts';
import { binaryCrossEntropy } from './losses/binaryCrossEntropy.ts';
import { crossEntropy } from './losses/crossEntropy.ts';
import { huber } from './losses/huber.ts';
import { meanSquared } from './losses/meanSquared.ts';

/** The losses by their names on the command line and in files. */
export const losses = Object.freeze({
  'cross-entropy': crossEntropy,
  'binary-cross-entropy': binaryCrossEntropy,
  'mean-squared': meanSquared,
  huber,
});

/**
 * The loss of a name.
 * @throws CtreError `E_ARGUMENT` for a name that is none, or options out of their range.
 */
export function lossByName(name: string, options: unknown = {}): Loss {
  const known = checkChoice('loss', name, Object.keys(losses) as (keyof typeof losses)[]);
  // The options come from a file or a command line: the factories check them.
  const make: (options: never) => Loss = losses[known];
  return make(options as never);
}
