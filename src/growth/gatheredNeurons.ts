import { type Kernels, TILE } from '../engine/abi.ts';
import type { F64Block, I32Block, Region } from '../engine/region.ts';
import type { PairStream } from './pairStream.ts';

/**
 * Some neurons on one side of a layer: their rows of the tiles, one after another, and their norms.
 */
export class GatheredNeurons {
  /** By slot the pointer to the gathered rows. */
  readonly tiles: readonly number[];
  readonly norms: F64Block;
  readonly #list: I32Block;
  #count = 0;

  constructor(region: Region, { slots }: PairStream, most: number) {
    this.tiles = slots.map(() => region.f32(TILE * most).pointer);
    this.norms = region.f64(most);
    this.#list = region.i32(most);
  }

  /** Says which neurons are gathered from now on. @param squares the squared norms of all neurons. */
  choose(neurons: Int32Array, squares: F64Block | undefined): void {
    this.#count = neurons.length;
    this.#list.view.set(neurons);
    if (squares === undefined) return;
    const [from, to] = [squares.view, this.norms.view];
    neurons.forEach((neuron, e) => {
      to[e] = Math.sqrt(from[neuron]);
    });
  }

  /** Copies the chosen neurons' rows of a tile into the slot. */
  gather(kernels: Kernels, tile: number, slot: number): void {
    kernels.gatherRows(tile, this.#list.pointer, this.#count, this.tiles[slot]);
  }
}
