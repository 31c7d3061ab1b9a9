import type { Layer } from '../nn/layer.ts';
import type { Network } from '../nn/network.ts';
import type { CarryingLayer } from '../topology/topology.ts';
import type { LayerNorms } from './streamNorms.ts';

// A connection carries a signal when its input fires, its output fires, and a path of such connections leads
// on to an output of the network. In very sparse networks most connections do not (docs/results.md).
//
// With ReLU a neuron that fires for none of the rows is 0, and no gradient passes it. With another slope
// below 0 a neuron says something also where it does not fire: its norm is 0 only where all its sums are.
// Even then a gradient passes it, so it leads on.

/**
 * By layer, what carries a signal.
 * @param norms of the activations: 0 for neurons that say nothing, with ReLU those that do not fire.
 */
export function carryingLayers(network: Network, norms: readonly LayerNorms[]): CarryingLayer[] {
  // Every output of the network counts. From there it goes down, layer by layer.
  let leadsOn = new Uint8Array(network.outputs).fill(1);
  const carrying: CarryingLayer[] = [];
  for (const layer of network.layers.toReversed()) {
    const found = carryingInLayer(layer, norms[layer.index].inputs.view, leadsOn);
    carrying.unshift({ connections: found.connections, inputs: found.fires, outputs: leadsOn });
    leadsOn = found.leadsOn;
  }
  return carrying;
}

/**
 * The connections of one layer that carry a signal, the inputs that fire, and those whose signal leads on.
 * @param norms of the inputs. @param leadsOn 1 for outputs whose signal reaches an output of the network.
 */
function carryingInLayer(
  layer: Layer,
  norms: Float64Array,
  leadsOn: Uint8Array,
): { connections: Uint8Array; fires: Uint8Array; leadsOn: Uint8Array<ArrayBuffer> } {
  const { indptr, indices, rows: outDim } = layer.patternNow();
  const weights = layer.values.view;
  const passesAlways = layer.inputSlope !== 0;
  const found = {
    connections: new Uint8Array(indices.length),
    fires: firing(norms),
    leadsOn: new Uint8Array(layer.inDim),
  };
  for (let i = 0; i < outDim; i++) {
    if (leadsOn[i] === 0) continue;
    for (let p = indptr[i]; p < indptr[i + 1]; p++) {
      const j = indices[p];
      if (weights[p] === 0) continue;
      if (found.fires[j] === 1) found.connections[p] = 1;
      else if (!passesAlways) continue;
      found.leadsOn[j] = 1;
    }
  }
  return found;
}

function firing(norms: Float64Array): Uint8Array {
  const flags = new Uint8Array(norms.length);
  for (let j = 0; j < norms.length; j++) if (norms[j] !== 0) flags[j] = 1;
  return flags;
}
