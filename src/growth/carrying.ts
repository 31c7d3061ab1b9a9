import type { Layer } from '../nn/layer.ts';
import type { Network } from '../nn/network.ts';
import type { LayerNorms } from './streamNorms.ts';

// A connection carries a signal when its input fires, its output fires, and a path of such connections leads
// on to an output of the network. In very sparse networks most connections do not (docs/results.md).

/**
 * By layer and CSR position, 1 for a connection that carries a signal, and 0 for others.
 * @param norms of the activations: 0 for neurons that do not fire.
 */
export function carryingConnections(network: Network, norms: readonly LayerNorms[]): Uint8Array[] {
  // Every output of the network counts. From there it goes down, layer by layer.
  let leadsOn = new Uint8Array(network.classes).fill(1);
  const carrying: Uint8Array[] = [];
  for (const layer of network.layers.toReversed()) {
    const found = carryingInLayer(layer, norms[layer.index].inputs.view, leadsOn);
    carrying.unshift(found.connections);
    leadsOn = found.inputs;
  }
  return carrying;
}

/**
 * The connections of one layer that carry a signal, and their inputs.
 * @param norms of the inputs. @param leadsOn 1 for outputs whose signal reaches an output of the
 *   network.
 */
function carryingInLayer(
  layer: Layer,
  norms: Float64Array,
  leadsOn: Uint8Array,
): { connections: Uint8Array; inputs: Uint8Array<ArrayBuffer> } {
  const { indptr, indices, rows: outDim } = layer.pattern();
  const weights = layer.values.view;
  const connections = new Uint8Array(indices.length);
  const inputs = new Uint8Array(layer.inDim);
  for (let i = 0; i < outDim; i++) {
    if (leadsOn[i] === 0) continue;
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      const j = indices[p];
      if (norms[j] === 0 || weights[p] === 0) continue;
      connections[p] = 1;
      inputs[j] = 1;
    }
  }
  return { connections, inputs };
}
