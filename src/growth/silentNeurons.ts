import type { Kernels } from '../engine/abi.ts';
import type { F64Block, I32Block, Region } from '../engine/region.ts';
import { everyNeuron } from './norms.ts';

/** A layer's neurons that did not fire in the sample; none without the sums of their squares there. */
export class SilentNeurons {
  readonly list: Int32Array;
  readonly #listed: I32Block;
  /** 0 between calls. */
  readonly #sums: F64Block;

  constructor(region: Region, sampleSums: F64Block | undefined) {
    const length = sampleSums?.length ?? 0;
    this.#sums = region.f64(length);
    const sampled = sampleSums?.view;
    this.list = everyNeuron(length).filter((neuron) => sampled?.[neuron] === 0);
    this.#listed = region.i32(this.list.length);
    this.#listed.view.set(this.list);
    this.#sums.view.fill(0);
  }

  /**
   * Those that fire in a tile, ascending: told by this tile's squares alone, which no sum over other tiles can swallow. A
   * loop without a call in it: it looks at every silent neuron for every tile.
   */
  heard(kernels: Kernels, tile: number): number[] {
    const { list } = this;
    kernels.squaredNorms(tile, this.#listed.pointer, list.length, this.#sums.pointer);
    const sums = this.#sums.view;
    const heard: number[] = [];
    for (let e = 0; e < list.length; e++) {
      if (sums[list[e]] === 0) continue;
      sums[list[e]] = 0;
      heard.push(list[e]);
    }
    return heard;
  }
}
