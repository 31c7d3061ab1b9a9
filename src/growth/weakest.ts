import { TOP_K_SCRATCH } from '../engine/abi.ts';
import { Region } from '../engine/region.ts';
import type { Layer } from '../nn/layer.ts';
import type { Network } from '../nn/network.ts';

/**
 * CSR positions of the `count` connections of smallest |strength|, ascending; ties go to the lower one.
 * @param strengths in CSR order; absent: the weights.
 */
export function findWeakest(
  { engine }: Network,
  layer: Layer,
  count: number,
  strengths?: Float32Array,
): Int32Array {
  const region = new Region(engine.arena);
  try {
    const scratch = region.i32(TOP_K_SCRATCH);
    const weakest = region.i32(count);
    const values = strengths === undefined ? layer.values : region.f32(layer.nnz);
    if (strengths !== undefined) values.view.set(strengths);
    engine.kernels.topK(values.pointer, layer.nnz, count, true, true, scratch.pointer, weakest.pointer);
    return weakest.view.slice();
  } finally {
    region.free();
  }
}
