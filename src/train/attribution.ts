import { type Kernels, TILE } from '../engine/abi.ts';
import { lanesFor } from '../engine/lanes.ts';
import type { Region } from '../engine/region.ts';
import type { Loss } from '../nn/loss.ts';
import type { Network } from '../nn/network.ts';
import type { RowList, TileRows } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';
import { allocateWorkspaces, waves } from './score.ts';

/**
 * Σ over the rows of |∂(logit of the row's label) / ∂input|, for each input: [inputs]. Double precision adds
 * row after row, so the sums do not depend on the threads.
 * @throws CtreError `E_MEMORY`.
 */
export function* attributeRows(
  executor: Executor,
  network: Network,
  region: Region,
  loss: Loss,
  rows: RowList,
): Work<Float64Array> {
  const [inputs] = network.dims;
  const tiles = Math.ceil(rows.length / TILE);
  const workspaces = allocateWorkspaces(network, region, loss, executor, tiles, true);
  const gradients = workspaces.map(() => region.f32(inputs * TILE));
  const noProbabilities = region.f32(network.outputs * TILE);
  noProbabilities.view.fill(0);
  const sums = new Float64Array(inputs);
  for (const { begin, count } of waves(rows.length, workspaces)) {
    const counts = workspaces.slice(0, count).map((_, t) => Math.min(TILE, rows.length - TILE * (begin + t)));
    yield* executor.run(count, (kernels, t) => {
      const workspace = workspaces[t];
      const tile = rows.pack(kernels, TILE * (begin + t), rows.length, workspace);
      network.forward(kernels, workspace, lanesFor(tile.count));
      inputGradient(kernels, network, workspace, tile, {
        noProbabilities: noProbabilities.pointer,
        gradient: gradients[t].pointer,
      });
    });
    counts.forEach((samples, t) => {
      const gradient = gradients[t].view;
      for (let j = 0; j < inputs; j++) {
        for (let p = j * TILE; p < j * TILE + samples; p++) sums[j] += Math.abs(gradient[p]);
      }
    });
  }
  return sums;
}

/** The gradient of minus the label's logit at the inputs, [inputs][32], after `forward`. */
function inputGradient(
  kernels: Kernels,
  { layers, outputs }: Network,
  { neurons, deltas }: Workspace,
  { labels, rows, count }: TileRows,
  pointers: { readonly noProbabilities: number; readonly gradient: number },
): void {
  // Cross-entropy's gradient is probability − 1 at the label's logit, and probability elsewhere. With
  // probabilities of 0 it is the gradient of minus the label's logit.
  const last = deltas[layers.length - 1];
  kernels.crossEntropyGradient(pointers.noProbabilities, labels, rows, count, outputs, 1, last);
  const lanes = lanesFor(count);
  for (let l = layers.length - 1; l >= 0; l--) {
    layers[l].backward(kernels, deltas[l], neurons[l], l > 0 ? deltas[l - 1] : pointers.gradient, lanes);
  }
}
