import { type Kernels, TILE } from '../engine/abi.ts';
import type { Engine } from '../engine/engine.ts';
import type { Network } from '../nn/network.ts';
import type { RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';

/** Where a search runs. */
export interface SearchSite {
  readonly engine: Engine;
  readonly executor: Executor;
  /** Neurons by layer, the inputs first. */
  readonly dims: readonly number[];
}

/**
 * Pairs of tiles whose inner products make the scores, layer by layer: for each tile of samples, row i of `outputs[l]`
 * against row j of `inputs[l]`, pointers to [neurons][32] with zeros in unused lanes.
 */
export interface PairStream {
  readonly tiles: number;
  /** Tiles that exist at a time; the pointers of each place. */
  readonly slots: readonly { readonly outputs: readonly number[]; readonly inputs: readonly number[] }[];
  /** Makes a tile in a slot. */
  load(kernels: Kernels, tile: number, slot: number): void;
}

/** The activations of both sides of every layer over the rows, the output's after softmax. */
export function activationPairs(
  network: Network,
  workspaces: readonly Workspace[],
  rows: RowList,
): PairStream {
  const slots = workspaces.map(({ activations, probabilities }) => ({
    inputs: activations.slice(0, -1),
    outputs: [...activations.slice(1, -1), probabilities],
  }));
  return {
    tiles: Math.ceil(rows.length / TILE),
    slots,
    load(kernels, tile, slot) {
      const { activations } = workspaces[slot];
      const { count } = rows.pack(kernels, tile * TILE, rows.length, activations[0]);
      network.forward(kernels, workspaces[slot]);
      if (count === TILE) return;
      slots[slot].outputs.forEach((pointer, l) => {
        kernels.clearLanes(pointer, network.dims[l + 1], count);
      });
    },
  };
}

/** The loss's gradient at every layer's output against the layer's input, over one mini-batch: the dense gradient. */
export function gradientPairs(
  network: Network,
  workspaces: readonly Workspace[],
  batch: RowList,
): PairStream {
  return {
    tiles: Math.ceil(batch.length / TILE),
    slots: workspaces.map(({ activations, deltas }) => ({ inputs: activations, outputs: deltas })),
    load(kernels, tile, slot) {
      const workspace = workspaces[slot];
      const rows = batch.pack(kernels, tile * TILE, batch.length, workspace.activations[0]);
      network.forward(kernels, workspace);
      network.backward(kernels, workspace, rows, 1 / batch.length);
    },
  };
}

/** Loads all tiles, as many at a time as there are slots; `use` gets the number of tiles, the first one's place in all. */
export function* eachWave(
  { executor }: SearchSite,
  stream: PairStream,
  use: (begin: number, count: number) => Work<void>,
): Work<void> {
  for (let begin = 0; begin < stream.tiles; begin += stream.slots.length) {
    const count = Math.min(stream.slots.length, stream.tiles - begin);
    yield* executor.run(count, (kernels, slot) => stream.load(kernels, begin + slot, slot));
    yield* use(begin, count);
  }
}
