import { randomStream } from '../base/random.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
import type { LayerShape } from '../nn/layerShape.ts';
import type { Topology } from '../topology/topology.ts';

/** Every layer's first pattern and the method's state of it. */
export function initTopology(
  topology: Topology,
  dims: readonly number[],
  counts: readonly number[],
  seed: number | string,
): { pattern: CsrPattern; state: unknown }[] {
  return counts.map((nnz, index) => {
    const shape: LayerShape = { index, inDim: dims[index], outDim: dims[index + 1], nnz };
    return topology.init(shape, randomStream(seed, `init/${index}`));
  });
}
