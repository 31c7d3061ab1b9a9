import type { Kernels } from '../engine/abi.ts';
import type { F64Block, I32Block, Region } from '../engine/region.ts';
import { everyNeuron } from './neurons.ts';

/** A layer's neurons that did not fire in the sample; none without the sums of their squares there. */
export class SilentNeurons {
  readonly list: Int32Array;
  readonly #listBlock: I32Block;
  /** 0 between calls. */
  readonly #sums: F64Block;

  constructor(region: Region, sampleSums: F64Block | undefined) {
    const length = sampleSums?.length ?? 0;
    this.#sums = region.f64(length);
    const sampled = sampleSums?.view;
    this.list = everyNeuron(length).filter((neuron) => sampled?.[neuron] === 0);
    this.#listBlock = region.i32(this.list.length);
    this.#listBlock.view.set(this.list);
    this.#sums.view.fill(0);
  }

  /**
   * Those that fire in a tile, ascending. This tile's squares alone decide: in a sum over other tiles, small
   * ones would be lost. The loop calls nothing, since it looks at every silent neuron for every tile.
   */
  firingInTile(kernels: Kernels, tile: number): number[] {
    const { list } = this;
    kernels.squaredNorms(tile, this.#listBlock.pointer, list.length, this.#sums.pointer);
    const sums = this.#sums.view;
    const firing: number[] = [];
    for (let e = 0; e < list.length; e++) {
      if (sums[list[e]] === 0) continue;
      sums[list[e]] = 0;
      firing.push(list[e]);
    }
    return firing;
  }
}
