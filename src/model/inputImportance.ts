import type { Network } from '../nn/network.ts';

/** Σ|w| over the connections of each input, [inputs]. */
export function inputImportance({ layers }: Network): Float64Array {
  const [{ inDim, structure, values }] = layers;
  const importance = new Float64Array(inDim);
  const inputs = structure?.indices.view;
  values.view.forEach((weight, p) => {
    importance[inputs?.[p] ?? p % inDim] += Math.abs(weight);
  });
  return importance;
}
