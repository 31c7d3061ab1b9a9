import { Region } from '../engine/region.ts';
import type { Network } from '../nn/network.ts';
import { drawRows, type RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';
import { type Evolving, epochStream } from './evolving.ts';
import { everyNeuron, SquaredNorms } from './norms.ts';
import { activationPairs, eachWave } from './pairStream.ts';

/**
 * Which connections carry something, layer by layer, by CSR position: 1 from a neuron that fires for one of the rows at least to
 * one that does and whose signal reaches an output; 0 else. In very sparse networks most neurons do not (docs/results.md).
 */
export function* findCarrying(
  network: Network,
  executor: Executor,
  workspaces: readonly Workspace[],
  rows: RowList,
): Work<readonly Uint8Array[]> {
  const { engine, dims, layers } = network;
  const region = new Region(engine.arena);
  try {
    const norms = new SquaredNorms(region, dims.map(everyNeuron));
    const stream = activationPairs(network, workspaces, rows);
    const site = { engine, executor, dims };
    yield* eachWave(site, stream, (_, count) => norms.add(site, stream, count));
    const fires = norms.sums.map(({ view }) => Uint8Array.from(view, (sum) => Number(sum > 0)));
    // From the outputs, which all count, down.
    let leads = new Uint8Array(dims[layers.length]).fill(1);
    return layers
      .toReversed()
      .map((layer) => {
        const { indptr, indices, rows: outDim } = layer.pattern();
        const weights = layer.values.view;
        const carrying = new Uint8Array(indices.length);
        const below = new Uint8Array(layer.inDim);
        for (let i = 0; i < outDim; i++) {
          if (leads[i] === 0) continue;
          for (let p = indptr[i]; p < indptr[i + 1]; p++) {
            const input = indices[p];
            if (fires[layer.index][input] === 0 || weights[p] === 0) continue;
            carrying[p] = 1;
            below[input] = 1;
          }
        }
        leads = below;
        return carrying;
      })
      .toReversed();
  } finally {
    region.free();
  }
}

/** Rows that tell which neurons fire. */
export const CARRYING_ROWS = 512;

/** Which connections carry something for a sample of the rows. */
export function* lookAround(
  model: Evolving,
  executor: Executor,
  workspaces: readonly Workspace[],
  rows: RowList,
): Work<readonly Uint8Array[]> {
  const region = new Region(model.network.engine.arena);
  try {
    const sample = drawRows(region, rows, CARRYING_ROWS, epochStream(model, 'carrying-sample'));
    return yield* findCarrying(model.network, executor, workspaces, sample);
  } finally {
    region.free();
  }
}
