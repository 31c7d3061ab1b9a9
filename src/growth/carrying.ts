import { Region } from '../engine/region.ts';
import type { Layer } from '../nn/layer.ts';
import type { Network } from '../nn/network.ts';
import { drawRows, type RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';
import { type EvolvingModel, epochStream } from './evolvingModel.ts';
import { everyNeuron } from './neurons.ts';
import { activationPairs, streamTiles } from './pairStream.ts';
import { SquaredNorms } from './squaredNorms.ts';

// A connection carries a signal when its input fires, its output fires, and a path of such connections leads
// on to an output of the network. In very sparse networks most connections do not (docs/results.md).

/** Rows that tell which neurons fire. */
export const CARRYING_ROWS = 512;

/**
 * By layer and CSR position, 1 for a connection that carries a signal for a sample of the rows, and 0 for
 * others.
 */
export function* findCarrying(
  model: EvolvingModel,
  executor: Executor,
  workspaces: readonly Workspace[],
  rows: RowList,
): Work<readonly Uint8Array[]> {
  const { network } = model;
  const region = new Region(network.engine.arena);
  try {
    const sample = drawRows(region, rows, CARRYING_ROWS, epochStream(model, 'carrying-sample'));
    const fires = yield* findFiring(region, network, executor, workspaces, sample);
    // Every output of the network counts. From there it goes down, layer by layer.
    let leadsOn = new Uint8Array(network.classes).fill(1);
    const carrying: Uint8Array[] = [];
    for (const layer of network.layers.toReversed()) {
      const found = carryingInLayer(layer, fires[layer.index], leadsOn);
      carrying.unshift(found.connections);
      leadsOn = found.inputs;
    }
    return carrying;
  } finally {
    region.free();
  }
}

/**
 * By layer, the inputs first, and by neuron: 1 for one that fires for one of the rows at least, and 0 for
 * others.
 */
function* findFiring(
  region: Region,
  network: Network,
  executor: Executor,
  workspaces: readonly Workspace[],
  rows: RowList,
): Work<readonly Uint8Array[]> {
  const { engine, dims } = network;
  const context = { engine, executor, dims };
  const norms = new SquaredNorms(region, dims.map(everyNeuron));
  const stream = activationPairs(network, workspaces, rows);
  yield* streamTiles(context, stream, (_, count) => norms.add(context, stream, count));
  return norms.sums.map(({ view }) => Uint8Array.from(view, (sum) => Number(sum > 0)));
}

/**
 * The connections of one layer that carry a signal, and their inputs.
 * @param fires 1 for inputs that fire. @param leadsOn 1 for outputs whose signal reaches an output of the
 *   network.
 */
function carryingInLayer(
  layer: Layer,
  fires: Uint8Array,
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
      if (fires[j] === 0 || weights[p] === 0) continue;
      connections[p] = 1;
      inputs[j] = 1;
    }
  }
  return { connections, inputs };
}
