// What a sample counts in a loss.
import { ELEMENT_BYTES } from './layout';

/** The weight of a tile's sample b: weights[rows[b]], or 1 where `weights` is 0. */
export function weightOf(weights: usize, rows: usize, b: usize): f64 {
  if (weights === 0) return 1;
  const row = <usize>load<u32>(rows + b * ELEMENT_BYTES);
  return <f64>load<f32>(weights + row * ELEMENT_BYTES);
}
