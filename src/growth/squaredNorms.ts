import type { F64Block, I32Block, Region } from '../engine/region.ts';
import type { Work } from '../run/turns.ts';
import type { PairStream } from './pairStream.ts';
import type { SearchContext } from './searchContext.ts';

/** Σ a² over the tiles added, of some neurons, by layer, the inputs first. */
export class SquaredNorms {
  /** One for every neuron; 0 for those left out. */
  readonly sums: readonly F64Block[];
  readonly #lists: readonly I32Block[];

  constructor(
    region: Region,
    neurons: readonly Int32Array[],
    dims: readonly number[] = neurons.map(({ length }) => length),
  ) {
    this.sums = dims.map((dim) => region.f64(dim));
    this.#lists = neurons.map(({ length }) => region.i32(length));
    for (const { view } of this.sums) view.fill(0);
    neurons.forEach((list, l) => {
      this.#lists[l].view.set(list);
    });
  }

  /** Adds the squares of the tiles loaded in the first `count` slots. */
  add({ executor }: SearchContext, { slots }: PairStream, count: number): Work<void> {
    return executor.run(this.sums.length, (kernels, l) => {
      const { pointer, length } = this.#lists[l];
      for (const { inputs, outputs } of slots.slice(0, count)) {
        kernels.squaredNorms(l === 0 ? inputs[0] : outputs[l - 1], pointer, length, this.sums[l].pointer);
      }
    });
  }
}
