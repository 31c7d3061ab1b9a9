import { TILE } from '../engine/abi.ts';
import type { F64Block, I32Block, Region } from '../engine/region.ts';
import type { Work } from '../run/turns.ts';
import type { PairStream } from './pairStream.ts';
import type { SearchContext } from './searchContext.ts';

/** Σ a² of every neuron over the tiles added, by layer, the inputs first. */
export class SquaredNorms {
  readonly sums: readonly F64Block[];
  readonly #lists: readonly I32Block[];

  /** @param dims neurons by layer, the inputs first. */
  constructor(region: Region, dims: readonly number[]) {
    this.sums = dims.map((dim) => region.f64(dim));
    this.#lists = dims.map((dim) => region.i32(dim));
    for (const { view } of this.sums) view.fill(0);
    for (const { view } of this.#lists)
      view.forEach((_, i) => {
        view[i] = i;
      });
  }

  /** Adds the squares of the tiles loaded in the first `count` slots. */
  add({ executor, dims, cost }: SearchContext, { slots }: PairStream, count: number): Work<void> {
    cost.multiplyAdds += TILE * count * dims.reduce((sum, n) => sum + n, 0);
    return executor.run(this.sums.length, (kernels, l) => {
      const { pointer, length } = this.#lists[l];
      for (const { inputs, outputs } of slots.slice(0, count)) {
        kernels.squaredNorms(l === 0 ? inputs[0] : outputs[l - 1], pointer, length, this.sums[l].pointer);
      }
    });
  }
}
