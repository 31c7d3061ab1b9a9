import type { CsrPattern } from '../csr.ts';
import { type F32Block, type I32Block, Region } from '../memory/arena.ts';
import { type Engine, TILE, TOP_K_SCRATCH } from '../memory/module.ts';
import type { Mlp, Workspace } from '../nn/mlp.ts';
import type { Positions } from '../topology/topology.ts';
import type { RowList } from './batches.ts';
import type { Work } from './work.ts';

/** The most pairs of neurons that are scored at once in a layer; 1 MiB of scores, which stays in the cache. */
const MAX_PAIRS = 1 << 18;

/** What to find in a layer: the `count` positions outside `kept` of the largest score. */
export interface Search {
  readonly kept: CsrPattern;
  readonly count: number;
}

/**
 * Pairs of tiles whose inner products make the scores, layer by layer: for tile t, row i of `outputs[l]` against row j
 * of `inputs[l]`, pointers to [neurons][32] with zeros in unused lanes.
 */
export interface PairStream {
  readonly tiles: number;
  load(tile: number): { readonly outputs: readonly number[]; readonly inputs: readonly number[] };
}

/** The activations of both sides of every layer over the rows, the output's after softmax. */
export function activationPairs(network: Mlp, workspace: Workspace, rows: RowList): PairStream {
  const { kernels } = network.engine;
  const inputs = workspace.activations.slice(0, -1);
  const outputs = [...workspace.activations.slice(1, -1), workspace.probabilities];
  return {
    tiles: Math.ceil(rows.length / TILE),
    load(tile) {
      const { count } = rows.pack(tile * TILE, rows.length, workspace.activations[0]);
      network.forward(workspace);
      network.softmax(workspace);
      if (count < TILE) {
        outputs.forEach((pointer, l) => {
          kernels.clearLanes(pointer, network.dims[l + 1], count);
        });
      }
      return { outputs, inputs };
    },
  };
}

/** The loss's gradient at every layer's output against the layer's input, over one mini-batch: the dense gradient. */
export function gradientPairs(network: Mlp, workspace: Workspace, batch: RowList): PairStream {
  return {
    tiles: Math.ceil(batch.length / TILE),
    load(tile) {
      const rows = batch.pack(tile * TILE, batch.length, workspace.activations[0]);
      network.forward(workspace);
      network.softmax(workspace);
      network.backward(workspace, rows, 1 / batch.length);
      return { outputs: workspace.deltas, inputs: workspace.activations };
    },
  };
}

/**
 * For every layer searched, the positions of largest |cosine| or |inner product| among those not kept, in row-major order; ties
 * go to the lower position. Exact over all tiles: layers are scored a block of output neurons at a time, and the
 * tiles stream through once for each block, so no more than MAX_PAIRS scores of a layer exist.
 */
export function* searchCandidates(
  engine: Engine,
  dims: readonly number[],
  searches: readonly (Search | undefined)[],
  stream: PairStream,
  score: 'cosine' | 'magnitude',
): Work<(Positions | undefined)[]> {
  const region = new Region(engine.arena);
  try {
    const layers = searches.map((search, l) =>
      search === undefined ? undefined : new LayerSearch(engine, region, dims[l], dims[l + 1], search),
    );
    const norms = score === 'cosine' ? new SquaredNorms(engine, region, dims) : undefined;
    const passes = Math.max(0, ...layers.map((layer) => layer?.blocks ?? 0));
    for (let pass = 0; pass < passes; pass++) {
      for (let tile = 0; tile < stream.tiles; tile++) {
        const { outputs, inputs } = stream.load(tile);
        if (pass === 0) norms?.add(outputs, inputs[0]);
        yield;
        for (const [l, layer] of layers.entries()) {
          if (layer === undefined || pass >= layer.blocks) continue;
          layer.add(pass, outputs[l], inputs[l], tile > 0);
          yield;
        }
      }
      for (const [l, layer] of layers.entries()) {
        if (layer === undefined || pass >= layer.blocks) continue;
        layer.finish(pass, norms && { outputs: norms.pointer(l + 1), inputs: norms.pointer(l) });
        yield;
      }
    }
    return layers.map((layer) => layer?.found());
  } finally {
    region.free();
  }
}

/** Σ a² of every neuron of every layer. */
export class SquaredNorms {
  readonly #engine: Engine;
  readonly #dims: readonly number[];
  readonly #sums: number[];

  constructor(engine: Engine, region: Region, dims: readonly number[]) {
    this.#engine = engine;
    this.#dims = dims;
    const blocks = dims.map((n) => region.f64(n));
    for (const block of blocks) block.view.fill(0);
    this.#sums = blocks.map((block) => block.pointer);
  }

  add(outputs: readonly number[], input: number): void {
    [input, ...outputs].forEach((tile, l) => {
      this.#engine.kernels.squaredNorms(tile, this.#dims[l], this.#sums[l]);
    });
  }

  pointer(l: number): number {
    return this.#sums[l];
  }
}

/** One layer's search, block by block of output neurons, keeping the best positions so far. */
class LayerSearch {
  readonly blocks: number;
  readonly #engine: Engine;
  readonly #inDim: number;
  readonly #outDim: number;
  readonly #search: Search;
  readonly #rowsPerBlock: number;
  /** The present block's inner products, then its scores. */
  readonly #scores: F32Block;
  /** Scores of the best so far and, behind them, of the present block's best. */
  readonly #contest: F32Block;
  readonly #selected: I32Block;
  readonly #scratch: I32Block;
  #best = { scores: new Float32Array(0), rows: new Int32Array(0), cols: new Int32Array(0) };

  constructor(engine: Engine, region: Region, inDim: number, outDim: number, search: Search) {
    this.#engine = engine;
    this.#inDim = inDim;
    this.#outDim = outDim;
    this.#search = search;
    this.#rowsPerBlock = Math.min(outDim, Math.max(1, Math.floor(MAX_PAIRS / inDim)));
    this.blocks = search.count === 0 ? 0 : Math.ceil(outDim / this.#rowsPerBlock);
    this.#scores = region.f32(this.#rowsPerBlock * inDim);
    this.#contest = region.f32(2 * search.count);
    this.#selected = region.i32(search.count);
    this.#scratch = region.i32(TOP_K_SCRATCH);
  }

  /** Adds a tile's inner products to the block's. */
  add(block: number, outputs: number, inputs: number, accumulate: boolean): void {
    const [begin, rows] = this.#span(block);
    const { kernels } = this.#engine;
    kernels.products(outputs + 128 * begin, inputs, this.#scores.pointer, rows, this.#inDim, accumulate);
  }

  /** Turns the block's sums into scores and keeps the best positions of all blocks until now. */
  finish(block: number, norms: { outputs: number; inputs: number } | undefined): void {
    const [begin, rows] = this.#span(block);
    const { kernels } = this.#engine;
    const inDim = this.#inDim;
    const scores = this.#scores.pointer;
    if (norms !== undefined) {
      kernels.cosineBlock(scores, norms.outputs + 8 * begin, norms.inputs, rows, inDim);
    }
    this.#excludeKept(begin, rows);
    const size = rows * inDim;
    const taken = Math.min(this.#search.count, size);
    this.#selectTop(scores, size, taken);
    this.#contend(begin, taken);
  }

  found(): Positions {
    return { rows: this.#best.rows, cols: this.#best.cols };
  }

  #span(block: number): [begin: number, rows: number] {
    const begin = block * this.#rowsPerBlock;
    return [begin, Math.min(this.#rowsPerBlock, this.#outDim - begin)];
  }

  /** The kernel ranks NaN last: a kept position is never a candidate. */
  #excludeKept(begin: number, rows: number): void {
    const { indptr, indices } = this.#search.kept;
    const scores = this.#scores.view;
    for (let i = 0; i < rows; i++) {
      for (let p = indptr[begin + i]; p < indptr[begin + i + 1]; p++) {
        scores[i * this.#inDim + indices[p]] = Number.NaN;
      }
    }
  }

  #selectTop(scores: number, n: number, k: number): void {
    const { kernels } = this.#engine;
    kernels.topK(scores, n, k, false, true, this.#scratch.pointer, this.#selected.pointer);
  }

  /** The `taken` selected of the present block, behind the best so far, so that ties still go to the lower position. */
  #contend(begin: number, taken: number): void {
    const inDim = this.#inDim;
    const best = this.#best;
    const earlier = best.scores.length;
    const challengers = this.#selected.view.slice(0, taken);
    const scores = this.#scores.view;
    const contest = this.#contest.view;
    contest.set(best.scores);
    for (let c = 0; c < taken; c++) contest[earlier + c] = Math.abs(scores[challengers[c]]);
    const n = earlier + taken;
    const k = Math.min(this.#search.count, n);
    this.#selectTop(this.#contest.pointer, n, k);
    const winners = this.#selected.view.subarray(0, k);
    const row = (w: number) =>
      w < earlier ? best.rows[w] : begin + Math.floor(challengers[w - earlier] / inDim);
    const col = (w: number) => (w < earlier ? best.cols[w] : challengers[w - earlier] % inDim);
    this.#best = {
      scores: Float32Array.from(winners, (w) => contest[w]),
      rows: Int32Array.from(winners, row),
      cols: Int32Array.from(winners, col),
    };
  }
}
