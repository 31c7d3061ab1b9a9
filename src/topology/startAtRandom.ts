import type { Random } from '../base/random.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
import { randomPattern } from '../matrix/sampling.ts';
import type { InitialLayer } from './topology.ts';

/** An Erdős–Rényi pattern: the start of every sparse method. */
export function startAtRandom(
  { outDim, inDim, nnz }: InitialLayer,
  random: Random,
): { pattern: CsrPattern; state: null } {
  return { pattern: randomPattern(outDim, inDim, nnz, random), state: null };
}
