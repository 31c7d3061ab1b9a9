import type { Random } from '../base/random.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
import { randomPattern } from '../matrix/sampling.ts';
import type { LayerShape } from '../nn/layerShape.ts';

/** An Erdős–Rényi pattern of layer.nnz connections: `init` of a method that remembers nothing. */
export function startAtRandom(
  { outDim, inDim, nnz }: LayerShape,
  random: Random,
): { pattern: CsrPattern; state: null } {
  return { pattern: randomPattern(outDim, inDim, nnz, random), state: null };
}
