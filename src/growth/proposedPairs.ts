import { type Kernels, ROW_BYTES, TILE, TOP_K_SCRATCH } from '../engine/abi.ts';
import type { F32Block, F64Block, I32Block, Region } from '../engine/region.ts';
import type { Positions } from '../matrix/pattern.ts';
import { addPositions, emptyPattern, mergePositions, positionsOutside } from '../matrix/pattern.ts';
import type { PairStream } from './pairStream.ts';
import type { RarePairs } from './rarePairs.ts';
import type { SearchRequest } from './searchRequest.ts';

/** One layer's positions that a sample proposed, and their inner products over all rows. */
export class ProposedPairs {
  readonly #outDim: number;
  readonly #positions: Positions;
  readonly #indptr: I32Block;
  readonly #indices: number;
  readonly #dots: F32Block;

  constructor(region: Region, inDim: number, outDim: number, positions: Positions) {
    this.#outDim = outDim;
    this.#positions = positions;
    const pattern = addPositions(emptyPattern(outDim, inDim), positions);
    this.#indptr = region.i32(pattern.indptr.length);
    const indices = region.i32(pattern.indices.length);
    this.#indptr.view.set(pattern.indptr);
    indices.view.set(pattern.indices);
    this.#indices = indices.pointer;
    this.#dots = region.f32(pattern.indices.length);
  }

  /** The output neurons of its positions, some more than once. */
  get outputs(): Int32Array {
    return this.#positions.rows;
  }

  /** The input neurons of its positions, some more than once. */
  get inputs(): Int32Array {
    return this.#positions.cols;
  }

  /** Adds the slots' inner products for one of `parts` ranges of output neurons. */
  add(
    kernels: Kernels,
    part: number,
    parts: number,
    slots: PairStream['slots'],
    layer: number,
    accumulate: boolean,
  ): void {
    const begin = Math.floor((this.#outDim * part) / parts);
    const rows = Math.floor((this.#outDim * (part + 1)) / parts) - begin;
    const indptr = this.#indptr.at(begin);
    slots.forEach(({ outputs, inputs }, slot) => {
      kernels.sddmm(
        indptr,
        this.#indices,
        outputs[layer] + ROW_BYTES * begin,
        inputs[layer],
        this.#dots.pointer,
        rows,
        accumulate || slot > 0,
        TILE,
      );
    });
  }

  /**
   * The positions of largest |cosine| among its own and the rare ones, in row-major order.
   * @param outSums squared norms of the output neurons. @param inSums of the input neurons.
   */
  choose(
    kernels: Kernels,
    region: Region,
    { kept, count }: SearchRequest,
    outSums: F64Block,
    inSums: F64Block,
    rare: RarePairs | undefined,
  ): Positions {
    const [indptr, indices, own] = [this.#indptr.pointer, this.#indices, this.#dots];
    kernels.cosinePairs(indptr, indices, own.pointer, outSums.pointer, inSums.pointer, this.#outDim);
    const added = rare && positionsOutside(addPositions(kept, this.#positions), rare.positions());
    const { rows, cols } = added ? mergePositions(this.#positions, added) : this.#positions;
    const scores = region.f32(rows.length);
    const [outs, ins, cosines] = [outSums.view, inSums.view, own.view];
    let next = 0;
    scores.view.set(
      Float32Array.from(rows, (row, e) => {
        const isOwn = row === this.#positions.rows[next] && cols[e] === this.#positions.cols[next];
        return isOwn ? cosines[next++] : (rare?.cosine(row, cols[e], outs[row], ins[cols[e]]) ?? 0);
      }),
    );
    const scratch = region.i32(TOP_K_SCRATCH);
    const selected = region.i32(count);
    kernels.topK(scores.pointer, rows.length, count, false, true, scratch.pointer, selected.pointer);
    return {
      rows: Int32Array.from(selected.view, (e) => rows[e]),
      cols: Int32Array.from(selected.view, (e) => cols[e]),
    };
  }
}
