import { type Kernels, TILE } from '../engine/abi.ts';
import { lanesFor } from '../engine/lanes.ts';
import type { Network } from '../nn/network.ts';
import type { RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Work } from '../run/turns.ts';
import type { SearchContext } from './searchContext.ts';

/**
 * Pairs of tiles whose inner products make the scores, layer by layer: for each tile of samples, row i of
 * `outputs[l]` against row j of `inputs[l]`. Both are pointers to [neurons][32], with zeros in unused lanes.
 */
export interface PairStream {
  readonly rows: number;
  readonly tiles: number;
  /** Multiply-adds that a row takes on its way. */
  readonly rowCost: number;
  /** The places for tiles: as many tiles exist at a time. */
  readonly slots: readonly { readonly outputs: readonly number[]; readonly inputs: readonly number[] }[];
  /** Makes a tile in a slot. */
  load(kernels: Kernels, tile: number, slot: number): void;
}

/** The activations on both sides of every layer over the rows; the last layer's are what is predicted. */
export function activationPairs(
  network: Network,
  workspaces: readonly Workspace[],
  rows: RowList,
): PairStream {
  const slots = workspaces.map(({ activations, outputs }) => ({
    inputs: activations.slice(0, -1),
    outputs: [...activations.slice(1, -1), outputs],
  }));
  return {
    rows: rows.length,
    tiles: Math.ceil(rows.length / TILE),
    rowCost: connections(network),
    slots,
    load(kernels, tile, slot) {
      const { count } = rows.pack(kernels, tile * TILE, rows.length, workspaces[slot]);
      network.forward(kernels, workspaces[slot], lanesFor(count));
      if (count === TILE) return;
      slots[slot].outputs.forEach((pointer, l) => {
        kernels.clearLanes(pointer, network.dims[l + 1], count);
      });
    },
  };
}

/**
 * The loss's gradient at every layer's output against the layer's input, over one batch: the dense gradient.
 */
export function gradientPairs(
  network: Network,
  workspaces: readonly Workspace[],
  batch: RowList,
): PairStream {
  return {
    rows: batch.length,
    tiles: Math.ceil(batch.length / TILE),
    rowCost: 2 * connections(network) - network.layers[0].nnz,
    slots: workspaces.map(({ activations, deltas }) => ({ inputs: activations, outputs: deltas })),
    load(kernels, tile, slot) {
      const workspace = workspaces[slot];
      const rows = batch.pack(kernels, tile * TILE, batch.length, workspace);
      const lanes = lanesFor(rows.count);
      network.forward(kernels, workspace, lanes);
      network.backward(kernels, workspace, rows, 1 / batch.length, lanes);
      if (lanes === TILE) return;
      // Further lanes hold what was there before.
      for (let l = 1; l < network.dims.length; l++) {
        kernels.clearLanes(workspace.activations[l], network.dims[l], lanes);
        kernels.clearLanes(workspace.deltas[l - 1], network.dims[l], lanes);
      }
    },
  };
}

/** The first tiles of a stream, of so many rows at least. */
export function firstRows(stream: PairStream, rows: number): PairStream {
  const tiles = Math.min(stream.tiles, Math.ceil(rows / TILE));
  return tiles === stream.tiles ? stream : { ...stream, rows: tiles * TILE, tiles };
}

/** Lanes of a stream's tile that hold rows, as kernels go through them. */
export function lanesOf({ rows }: PairStream, tile: number): number {
  return lanesFor(rows - tile * TILE);
}

/**
 * Loads all tiles, as many at a time as there are slots, and calls back each time.
 * @param use gets the number of the first tile loaded, and how many there are.
 */
export function* streamTiles(
  { executor, cost }: SearchContext,
  stream: PairStream,
  use: (begin: number, count: number) => Work<void>,
): Work<void> {
  cost.multiplyAdds += stream.rows * stream.rowCost;
  for (let begin = 0; begin < stream.tiles; begin += stream.slots.length) {
    const count = Math.min(stream.slots.length, stream.tiles - begin);
    yield* executor.run(count, (kernels, slot) => stream.load(kernels, begin + slot, slot));
    yield* use(begin, count);
  }
}

function connections({ layers }: Network): number {
  return layers.reduce((sum, { nnz }) => sum + nnz, 0);
}
