import type { LayerShape } from '../nn/layerShape.ts';
import type { Likelihood, ScoreKind } from './topology.ts';

/** Positions listed in a layer, at most: a list and its scores take 16 bytes for each. */
const MOST_LISTED = 1 << 22;

/**
 * How many positions of a layer a search is to list, among those of `search: 'auto'`. For cosines they grow
 * with the connections: the more inputs a neuron has, the harder it is to tell who is like it. For gradients
 * half as many for each neuron do.
 */
export function countListed(
  by: ScoreKind,
  { inDim, outDim, nnz }: LayerShape,
  { pairs }: Pick<Likelihood, 'pairs'>,
): number {
  const neurons = inDim + outDim;
  const wanted = pairs * (by === 'cosine' ? Math.max(nnz / 2, neurons) : neurons / 2);
  return Math.min(inDim * outDim, MOST_LISTED, Math.ceil(wanted));
}
