import { type Kernels, ROW_BYTES } from '../engine/abi.ts';
import type { F32Block, F64Block, I32Block, Region } from '../engine/region.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
import type { PairStream } from './pairStream.ts';

/** The listed pairs of one layer, and their inner products over the tiles added. */
export class ListedPairs {
  /** In the order of the list. */
  readonly scores: F32Block;
  readonly #outDim: number;
  readonly #indptr: I32Block;
  readonly #indices: I32Block;

  constructor(region: Region, list: CsrPattern) {
    this.#outDim = list.rows;
    this.#indptr = region.i32(list.indptr.length);
    this.#indices = region.i32(list.indices.length);
    this.scores = region.f32(list.indices.length);
    this.#indptr.view.set(list.indptr);
    this.#indices.view.set(list.indices);
  }

  get length(): number {
    return this.#indices.length;
  }

  /**
   * Adds the slots' inner products for one of `parts` ranges of output neurons. @param lanes of each slot.
   */
  add(
    kernels: Kernels,
    part: number,
    parts: number,
    slots: PairStream['slots'],
    lanes: readonly number[],
    layer: number,
    accumulate: boolean,
  ): void {
    const begin = Math.floor((this.#outDim * part) / parts);
    const rows = Math.floor((this.#outDim * (part + 1)) / parts) - begin;
    const indptr = this.#indptr.at(begin);
    slots.forEach(({ outputs, inputs }, slot) => {
      kernels.sddmm(
        indptr,
        this.#indices.pointer,
        outputs[layer] + ROW_BYTES * begin,
        inputs[layer],
        this.scores.pointer,
        rows,
        accumulate || slot > 0,
        lanes[slot],
      );
    });
  }

  /** Makes cosines of the inner products. @param outSums squared norms of the output neurons. */
  toCosines(kernels: Kernels, outSums: F64Block, inSums: F64Block): void {
    const [indptr, indices] = [this.#indptr.pointer, this.#indices.pointer];
    kernels.cosinePairs(indptr, indices, this.scores.pointer, outSums.pointer, inSums.pointer, this.#outDim);
  }
}
