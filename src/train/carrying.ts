import { Region } from '../memory/arena.ts';
import type { Mlp, Workspace } from '../nn/mlp.ts';
import type { RowList } from './batches.ts';
import { activationPairs, eachWave, everyNeuron, SquaredNorms } from './candidates.ts';
import type { Executor } from './executor.ts';
import type { Work } from './work.ts';

/**
 * Which connections carry something, layer by layer, by CSR position: 1 from a neuron that fires for one of the rows at least to
 * one that does and whose signal reaches an output; 0 else. In very sparse networks most neurons do not (docs/results.md).
 */
export function* findCarrying(
  network: Mlp,
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
