import type { Random } from '../base/random.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
import { randomPattern } from '../matrix/sampling.ts';
import type { LayerShape } from '../nn/layerShape.ts';

/** An Erdős–Rényi pattern: the start of every sparse method. */
export function startAtRandom(
  { outDim, inDim, nnz }: LayerShape,
  random: Random,
): { pattern: CsrPattern; state: null } {
  return { pattern: randomPattern(outDim, inDim, nnz, random), state: null };
}
