import { TOP_K_SCRATCH } from '../engine/abi.ts';
import { Region } from '../engine/region.ts';
import type { Layer } from '../nn/layer.ts';
import type { Network } from '../nn/network.ts';

/**
 * CSR positions of the `count` weights of smallest magnitude, ascending. @param carrying where a connection does not, its weight
 * counts as 0.
 */
export function findWeakest(
  { engine }: Network,
  layer: Layer,
  count: number,
  carrying?: Uint8Array,
): Int32Array {
  const region = new Region(engine.arena);
  try {
    const scratch = region.i32(TOP_K_SCRATCH);
    const weakest = region.i32(count);
    const values = carrying === undefined ? layer.values : region.f32(layer.nnz);
    if (carrying !== undefined) values.view.set(layer.values.view.map((weight, p) => weight * carrying[p]));
    engine.kernels.topK(values.pointer, layer.nnz, count, true, true, scratch.pointer, weakest.pointer);
    return weakest.view.slice();
  } finally {
    region.free();
  }
}
