import { stream } from '../inputs.ts';

/** Weights of so many rows, some of them 0; none where all rows count alike, which half of the names decide. */
export function drawWeights(name: string, rows: number): Float32Array | undefined {
  const random = stream(name);
  if (random.below(2) === 0) return undefined;
  return Float32Array.from({ length: rows }, () => (random.below(4) === 0 ? 0 : 3 * random.next()));
}
