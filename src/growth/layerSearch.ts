import type { Random } from '../base/random.ts';
import { type Kernels, ROW_BYTES, TILE, TOP_K_SCRATCH } from '../engine/abi.ts';
import type { F32Block, F64Block, I32Block, Region } from '../engine/region.ts';
import type { CsrPattern, Positions } from '../matrix/pattern.ts';
import { addPositions, mergePositions } from '../matrix/pattern.ts';
import { firstFree } from '../matrix/sampling.ts';
import { Gathering } from './gathering.ts';
import { firing } from './norms.ts';
import type { PairStream, SearchSite } from './pairStream.ts';
import { type PairPass, planPasses, positionsOf, splitBlocks } from './pairs.ts';

/** What to find in a layer: the `count` positions outside `kept` of the largest score. */
export interface Search {
  readonly kept: CsrPattern;
  readonly count: number;
  /** Scores that do not pass it are none, and fewer may be found; absent: positions of score 0 make up the number. */
  readonly least?: number;
}

/** One layer's search, pass by pass, keeping the best positions so far. */
export class LayerSearch {
  readonly passes: number;
  readonly #site: SearchSite;
  readonly #layer: number;
  readonly #search: Search;
  readonly #stream: PairStream;
  readonly #plan: readonly PairPass[];
  readonly #norms: readonly [inputs: F64Block, outputs: F64Block] | undefined;
  /** The present pass's neurons, and by slot their rows of the tiles. */
  readonly #outputs: Gathering;
  readonly #inputs: Gathering;
  /** The present pass's inner products, then its scores. */
  readonly #scores: F32Block;
  /** Scores of the best so far and, behind them, of the present pass's best. */
  readonly #contest: F32Block;
  readonly #selected: I32Block;
  readonly #scratch: I32Block;
  #pass: PairPass;
  #best = { scores: new Float32Array(0), rows: new Int32Array(0), cols: new Int32Array(0) };

  constructor(
    site: SearchSite,
    region: Region,
    layer: number,
    search: Search,
    stream: PairStream,
    norms: readonly [inputs: F64Block, outputs: F64Block] | undefined,
    bounded: Random | undefined,
  ) {
    const [inDim, outDim] = [site.dims[layer], site.dims[layer + 1]];
    const plan = planPasses(firing(outDim, norms?.[1]), firing(inDim, norms?.[0]), bounded);
    const most = (size: (pass: PairPass) => number): number => Math.max(0, ...plan.map(size));
    this.passes = search.count === 0 ? 0 : plan.length;
    this.#site = site;
    this.#layer = layer;
    this.#search = search;
    this.#stream = stream;
    this.#plan = plan;
    this.#norms = norms;
    this.#outputs = new Gathering(
      region,
      stream,
      most(({ outputs }) => outputs.length),
    );
    this.#inputs = new Gathering(
      region,
      stream,
      most(({ inputs }) => inputs.length),
    );
    this.#scores = region.f32(most(({ pairs }) => pairs));
    this.#contest = region.f32(2 * search.count);
    this.#selected = region.i32(search.count);
    this.#scratch = region.i32(TOP_K_SCRATCH);
    this.#pass = plan[0];
  }

  /** Turns to a pass. */
  begin(pass: number): void {
    this.#pass = this.#plan[pass];
    this.#outputs.choose(this.#pass.outputs, this.#norms?.[1]);
    this.#inputs.choose(this.#pass.inputs, this.#norms?.[0]);
  }

  /** Gathers the pass's neurons from a slot's tile. */
  gather(kernels: Kernels, slot: number): void {
    const { outputs, inputs } = this.#stream.slots[slot];
    this.#outputs.gather(kernels, outputs[this.#layer], slot);
    this.#inputs.gather(kernels, inputs[this.#layer], slot);
  }

  /** The jobs that add the inner products of the tiles gathered in the first `count` slots. */
  products(count: number, accumulate: boolean): ((kernels: Kernels) => void)[] {
    const slots = Array.from({ length: count }, (_, slot) => slot);
    return splitBlocks(this.#pass.blocks, this.#site.executor.threads).map((blocks) => (kernels) => {
      for (const { outputs, inputs, scores, rows, cols } of blocks) {
        for (const slot of slots) {
          kernels.products(
            this.#outputs.tiles[slot] + ROW_BYTES * outputs,
            this.#inputs.tiles[slot] + ROW_BYTES * inputs,
            this.#scores.pointer + 4 * scores,
            rows,
            cols,
            accumulate || slot > 0,
            TILE,
          );
        }
      }
    });
  }

  /** Turns the pass's sums into scores and keeps the best positions of all passes until now. */
  finish(): void {
    const { kernels } = this.#site.engine;
    const { blocks, pairs } = this.#pass;
    for (const { outputs, inputs, scores, rows, cols } of this.#norms === undefined ? [] : blocks) {
      const [outSums, inSums] = [this.#outputs.norms.pointer, this.#inputs.norms.pointer];
      kernels.cosineBlock(
        this.#scores.pointer + 4 * scores,
        outSums + 8 * outputs,
        inSums + 8 * inputs,
        rows,
        cols,
      );
    }
    this.#excludeKept();
    const taken = Math.min(this.#search.count, pairs);
    this.#selectTop(this.#scores, pairs, taken);
    this.#contend(taken);
  }

  /** The best of all passes; what is missing, because all other scores are 0, from the lowest positions, unless a least score is set. */
  found(): Positions {
    const { kept, count, least } = this.#search;
    const { scores, rows, cols } = this.#best;
    const inDim = this.#site.dims[this.#layer];
    const places = Float64Array.from(scores, (score, w) =>
      score > (least ?? 0) ? rows[w] * inDim + cols[w] : -1,
    )
      .filter((place) => place >= 0)
      .sort();
    const found = {
      rows: Int32Array.from(places, (place) => Math.floor(place / inDim)),
      cols: Int32Array.from(places, (place) => place % inDim),
    };
    const missing = count - places.length;
    return missing === 0 || least !== undefined
      ? found
      : mergePositions(found, firstFree(addPositions(kept, found), missing));
  }

  /** The kernel ranks NaN last: a kept position is never a candidate. */
  #excludeKept(): void {
    const { indptr, indices } = this.#search.kept;
    const scores = this.#scores.view;
    const place = new Int32Array(this.#site.dims[this.#layer]).fill(-1);
    for (const block of this.#pass.blocks) {
      const inputs = this.#pass.inputs.subarray(block.inputs, block.inputs + block.cols);
      inputs.forEach((neuron, c) => {
        place[neuron] = c;
      });
      for (let r = 0; r < block.rows; r++) {
        const neuron = this.#pass.outputs[block.outputs + r];
        for (let p = indptr[neuron]; p < indptr[neuron + 1]; p++) {
          const c = place[indices[p]];
          if (c >= 0) scores[block.scores + r * block.cols + c] = Number.NaN;
        }
      }
      for (const neuron of inputs) place[neuron] = -1;
    }
  }

  #selectTop(scores: F32Block, n: number, k: number): void {
    const { kernels } = this.#site.engine;
    kernels.topK(scores.pointer, n, k, false, true, this.#scratch.pointer, this.#selected.pointer);
  }

  /** The `taken` selected of the present pass, behind the best so far, so that ties still go to the lower position. */
  #contend(taken: number): void {
    const best = this.#best;
    const earlier = best.scores.length;
    const challengers = positionsOf(this.#pass, this.#selected.view.subarray(0, taken));
    const scores = this.#scores.view;
    const contest = this.#contest.view;
    contest.set(best.scores);
    for (let c = 0; c < taken; c++) contest[earlier + c] = Math.abs(scores[this.#selected.view[c]]);
    const n = earlier + taken;
    const k = Math.min(this.#search.count, n);
    this.#selectTop(this.#contest, n, k);
    const winners = this.#selected.view.subarray(0, k);
    this.#best = {
      scores: Float32Array.from(winners, (w) => contest[w]),
      rows: Int32Array.from(winners, (w) => (w < earlier ? best.rows[w] : challengers.rows[w - earlier])),
      cols: Int32Array.from(winners, (w) => (w < earlier ? best.cols[w] : challengers.cols[w - earlier])),
    };
  }
}
