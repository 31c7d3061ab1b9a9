import { type Kernels, ROW_BYTES, TILE, TOP_K_SCRATCH } from '../engine/abi.ts';
import type { F32Block, I32Block, Region } from '../engine/region.ts';
import type { Positions } from '../matrix/pattern.ts';
import { addPositions, mergePositions } from '../matrix/pattern.ts';
import { firstFree } from '../matrix/sampling.ts';
import type { Wanted } from '../topology/topology.ts';
import { GatheredNeurons } from './gatheredNeurons.ts';
import { firingNeurons } from './neurons.ts';
import { type PairPass, planPasses, positionsAt, splitPass } from './pairPasses.ts';
import type { PairStream } from './pairStream.ts';
import type { SearchContext } from './searchContext.ts';
import type { LayerNorms } from './streamNorms.ts';

/** One layer's search, pass by pass; it keeps the best positions so far. */
export class LayerSearch {
  readonly passes: number;
  readonly #context: SearchContext;
  readonly #layer: number;
  readonly #request: Wanted;
  readonly #stream: PairStream;
  readonly #plan: readonly PairPass[];
  readonly #norms: LayerNorms | undefined;
  /** The present pass's neurons, and by slot their rows of the tiles. */
  readonly #outputs: GatheredNeurons;
  readonly #inputs: GatheredNeurons;
  /** The present pass's inner products, then its scores. */
  readonly #scores: F32Block;
  /** Scores of the best so far, and behind them those of the present pass's best. */
  readonly #merged: F32Block;
  readonly #selected: I32Block;
  readonly #scratch: I32Block;
  #pass: PairPass;
  #best = { scores: new Float32Array(0), rows: new Int32Array(0), cols: new Int32Array(0) };

  /** @param norms turn the inner products into cosines; absent: the scores are the inner products. */
  constructor(
    context: SearchContext,
    region: Region,
    layer: number,
    request: Wanted,
    stream: PairStream,
    norms: LayerNorms | undefined,
  ) {
    const [inDim, outDim] = [context.dims[layer], context.dims[layer + 1]];
    const plan = planPasses(firingNeurons(outDim, norms?.outputs), firingNeurons(inDim, norms?.inputs));
    const most = (size: (pass: PairPass) => number): number => Math.max(0, ...plan.map(size));
    this.passes = request.count === 0 ? 0 : plan.length;
    this.#context = context;
    this.#layer = layer;
    this.#request = request;
    this.#stream = stream;
    this.#plan = plan;
    this.#norms = norms;
    this.#outputs = new GatheredNeurons(
      region,
      stream,
      most(({ outputs }) => outputs.length),
    );
    this.#inputs = new GatheredNeurons(
      region,
      stream,
      most(({ inputs }) => inputs.length),
    );
    this.#scores = region.f32(most(({ outputs, inputs }) => outputs.length * inputs.length));
    this.#merged = region.f32(2 * request.count);
    this.#selected = region.i32(request.count);
    this.#scratch = region.i32(TOP_K_SCRATCH);
    this.#pass = plan[0];
  }

  /** Turns to a pass, and says how many pairs it scores. */
  begin(pass: number): number {
    this.#pass = this.#plan[pass];
    this.#outputs.choose(this.#pass.outputs, this.#norms?.outputs);
    this.#inputs.choose(this.#pass.inputs, this.#norms?.inputs);
    return this.#pass.outputs.length * this.#pass.inputs.length;
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
    const cols = this.#pass.inputs.length;
    return splitPass(this.#pass, this.#context.executor.threads).map(({ begin, end }) => (kernels) => {
      for (const slot of slots) {
        kernels.products(
          this.#outputs.tiles[slot] + ROW_BYTES * begin,
          this.#inputs.tiles[slot],
          this.#scores.at(begin * cols),
          end - begin,
          cols,
          accumulate || slot > 0,
          TILE,
        );
      }
    });
  }

  /** Turns the pass's sums into scores, and keeps the best positions of all passes until now. */
  finish(): void {
    const { kernels } = this.#context.engine;
    const [rows, cols] = [this.#pass.outputs.length, this.#pass.inputs.length];
    if (this.#norms !== undefined) {
      const [outNorms, inNorms] = [this.#outputs.norms.pointer, this.#inputs.norms.pointer];
      kernels.cosineBlock(this.#scores.pointer, outNorms, inNorms, rows, cols);
    }
    this.#excludeKept();
    const count = Math.min(this.#request.count, rows * cols);
    this.#selectTop(this.#scores, rows * cols, count);
    this.#mergeIntoBest(count);
  }

  /**
   * The best positions of all passes, in row-major order. Where too few have a score above 0, the lowest free
   * positions make up the number, unless the request has a least score.
   */
  found(): Positions {
    const { kept, count, least } = this.#request;
    const { scores, rows, cols } = this.#best;
    const inDim = this.#context.dims[this.#layer];
    const places = Float64Array.from(scores, (score, e) =>
      score > (least ?? 0) ? rows[e] * inDim + cols[e] : -1,
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

  /** Sets the scores of kept positions to NaN. The kernel ranks NaN last, so that none of them is found. */
  #excludeKept(): void {
    const { indptr, indices } = this.#request.kept;
    const scores = this.#scores.view;
    const { outputs, inputs } = this.#pass;
    const columnOf = new Int32Array(this.#context.dims[this.#layer]).fill(-1);
    inputs.forEach((neuron, c) => {
      columnOf[neuron] = c;
    });
    outputs.forEach((neuron, r) => {
      for (let p = indptr[neuron]; p < indptr[neuron + 1]; p++) {
        const c = columnOf[indices[p]];
        if (c >= 0) scores[r * inputs.length + c] = Number.NaN;
      }
    });
  }

  #selectTop(scores: F32Block, n: number, k: number): void {
    const { kernels } = this.#context.engine;
    kernels.topK(scores.pointer, n, k, false, true, this.#scratch.pointer, this.#selected.pointer);
  }

  /**
   * Keeps the best of those kept so far and the `count` selected of the present pass. The present ones stand
   * behind, so that ties still go to the lower position.
   */
  #mergeIntoBest(count: number): void {
    const best = this.#best;
    const earlier = best.scores.length;
    const present = positionsAt(this.#pass, this.#selected.view.subarray(0, count));
    const scores = this.#scores.view;
    const merged = this.#merged.view;
    merged.set(best.scores);
    for (let e = 0; e < count; e++) merged[earlier + e] = Math.abs(scores[this.#selected.view[e]]);
    const n = earlier + count;
    const k = Math.min(this.#request.count, n);
    this.#selectTop(this.#merged, n, k);
    const kept = this.#selected.view.subarray(0, k);
    this.#best = {
      scores: Float32Array.from(kept, (e) => merged[e]),
      rows: Int32Array.from(kept, (e) => (e < earlier ? best.rows[e] : present.rows[e - earlier])),
      cols: Int32Array.from(kept, (e) => (e < earlier ? best.cols[e] : present.cols[e - earlier])),
    };
  }
}
