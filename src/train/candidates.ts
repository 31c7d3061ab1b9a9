import type { CsrPattern } from '../csr.ts';
import { type F32Block, type F64Block, type I32Block, Region } from '../memory/arena.ts';
import { type Engine, type Kernels, ROW_BYTES, TILE, TOP_K_SCRATCH } from '../memory/module.ts';
import type { Mlp, Workspace } from '../nn/mlp.ts';
import type { Random } from '../random.ts';
import { addPositions, firstFree, mergePositions } from '../topology/pattern.ts';
import type { Positions } from '../topology/topology.ts';
import type { RowList } from './batches.ts';
import type { Executor } from './executor.ts';
import { type PairPass, planPasses, positionsOf, splitBlocks } from './pairBlocks.ts';
import type { Work } from './work.ts';

/** What to find in a layer: the `count` positions outside `kept` of the largest score. */
export interface Search {
  readonly kept: CsrPattern;
  readonly count: number;
  /** Scores that do not pass it are none, and fewer may be found; absent: positions of score 0 make up the number. */
  readonly least?: number;
}

/** Where a search runs. */
export interface SearchSite {
  readonly engine: Engine;
  readonly executor: Executor;
  /** Neurons by layer, the inputs first. */
  readonly dims: readonly number[];
}

/**
 * Pairs of tiles whose inner products make the scores, layer by layer: for each tile of samples, row i of `outputs[l]`
 * against row j of `inputs[l]`, pointers to [neurons][32] with zeros in unused lanes.
 */
export interface PairStream {
  readonly tiles: number;
  /** Tiles that exist at a time; the pointers of each place. */
  readonly slots: readonly { readonly outputs: readonly number[]; readonly inputs: readonly number[] }[];
  /** Makes a tile in a slot. */
  load(kernels: Kernels, tile: number, slot: number): void;
}

/** The activations of both sides of every layer over the rows, the output's after softmax. */
export function activationPairs(network: Mlp, workspaces: readonly Workspace[], rows: RowList): PairStream {
  const slots = workspaces.map(({ activations, probabilities }) => ({
    inputs: activations.slice(0, -1),
    outputs: [...activations.slice(1, -1), probabilities],
  }));
  return {
    tiles: Math.ceil(rows.length / TILE),
    slots,
    load(kernels, tile, slot) {
      const { activations } = workspaces[slot];
      const { count } = rows.pack(kernels, tile * TILE, rows.length, activations[0]);
      network.forward(kernels, workspaces[slot]);
      if (count === TILE) return;
      slots[slot].outputs.forEach((pointer, l) => {
        kernels.clearLanes(pointer, network.dims[l + 1], count);
      });
    },
  };
}

/** The loss's gradient at every layer's output against the layer's input, over one mini-batch: the dense gradient. */
export function gradientPairs(network: Mlp, workspaces: readonly Workspace[], batch: RowList): PairStream {
  return {
    tiles: Math.ceil(batch.length / TILE),
    slots: workspaces.map(({ activations, deltas }) => ({ inputs: activations, outputs: deltas })),
    load(kernels, tile, slot) {
      const workspace = workspaces[slot];
      const rows = batch.pack(kernels, tile * TILE, batch.length, workspace.activations[0]);
      network.forward(kernels, workspace);
      network.backward(kernels, workspace, rows, 1 / batch.length);
    },
  };
}

/** Loads all tiles, as many at a time as there are slots; `use` gets the number of tiles, the first one's place in all. */
export function* eachWave(
  { executor }: SearchSite,
  stream: PairStream,
  use: (begin: number, count: number) => Work<void>,
): Work<void> {
  for (let begin = 0; begin < stream.tiles; begin += stream.slots.length) {
    const count = Math.min(stream.slots.length, stream.tiles - begin);
    yield* executor.run(count, (kernels, slot) => stream.load(kernels, begin + slot, slot));
    yield* use(begin, count);
  }
}

/**
 * For every layer searched, the positions of largest |inner product| among those not kept, in row-major order; ties go
 * to the lower position. Layers are scored a block of output neurons at a time, and the tiles stream through once for
 * each block.
 */
export function* searchMagnitudes(
  site: SearchSite,
  searches: readonly (Search | undefined)[],
  stream: PairStream,
): Work<(Positions | undefined)[]> {
  const region = new Region(site.engine.arena);
  try {
    return yield* searchLayers(site, region, searches, stream, undefined, undefined);
  } finally {
    region.free();
  }
}

/**
 * As `searchMagnitudes`, by |cosine|. Neurons that never fire are left out of the products: their cosines are 0.
 * @param bounded where a layer has more than MAX_PAIRS pairs of neurons that fire, only those within groups of neurons
 *   drawn from it are scored: every neuron is in one group, and the cost stays linear in neurons. Absent: all pairs.
 */
export function* searchCosines(
  site: SearchSite,
  searches: readonly (Search | undefined)[],
  stream: PairStream,
  bounded: Random | undefined,
): Work<(Positions | undefined)[]> {
  const region = new Region(site.engine.arena);
  try {
    const norms = new SquaredNorms(region, site.dims.map(everyNeuron));
    yield* eachWave(site, stream, (_, count) => norms.add(site, stream, count));
    return yield* searchWithNorms(site, searches, stream, norms, bounded);
  } finally {
    region.free();
  }
}

/** As `searchCosines`, with the norms of all neurons over the stream. */
export function* searchWithNorms(
  site: SearchSite,
  searches: readonly (Search | undefined)[],
  stream: PairStream,
  { sums }: SquaredNorms,
  bounded: Random | undefined,
): Work<(Positions | undefined)[]> {
  const region = new Region(site.engine.arena);
  try {
    return yield* searchLayers(site, region, searches, stream, sums, bounded);
  } finally {
    region.free();
  }
}

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
  add({ executor }: SearchSite, { slots }: PairStream, count: number): Work<void> {
    return executor.run(this.sums.length, (kernels, l) => {
      const { pointer, length } = this.#lists[l];
      for (const { inputs, outputs } of slots.slice(0, count)) {
        kernels.squaredNorms(l === 0 ? inputs[0] : outputs[l - 1], pointer, length, this.sums[l].pointer);
      }
    });
  }
}

export function everyNeuron(neurons: number): Int32Array {
  return Int32Array.from({ length: neurons }, (_, i) => i);
}

function* searchLayers(
  site: SearchSite,
  region: Region,
  searches: readonly (Search | undefined)[],
  stream: PairStream,
  norms: readonly F64Block[] | undefined,
  bounded: Random | undefined,
): Work<(Positions | undefined)[]> {
  const { executor } = site;
  const layers = searches.map((search, l) =>
    search === undefined
      ? undefined
      : new LayerSearch(site, region, l, search, stream, norms && [norms[l], norms[l + 1]], bounded),
  );
  const passes = Math.max(0, ...layers.map((layer) => layer?.passes ?? 0));
  for (let pass = 0; pass < passes; pass++) {
    const active = layers.filter((layer) => layer !== undefined && pass < layer.passes);
    for (const layer of active) layer?.begin(pass);
    yield* eachWave(site, stream, function* (begin, count) {
      yield* executor.run(count, (kernels, slot) => {
        for (const layer of active) layer?.gather(kernels, slot);
      });
      const jobs = active.flatMap((layer) => layer?.products(count, begin > 0) ?? []);
      yield* executor.run(jobs.length, (kernels, index) => jobs[index](kernels));
    });
    for (const layer of active) {
      layer?.finish();
      yield;
    }
  }
  return layers.map((layer) => layer?.found());
}

/** One layer's search, pass by pass, keeping the best positions so far. */
class LayerSearch {
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

/** Some neurons of one side of a layer, their rows of the tiles side by side, and their squared norms. */
class Gathering {
  readonly tiles: readonly number[];
  readonly norms: F64Block;
  readonly #list: I32Block;
  #count = 0;

  constructor(region: Region, { slots }: PairStream, most: number) {
    this.tiles = slots.map(() => region.f32(TILE * most).pointer);
    this.norms = region.f64(most);
    this.#list = region.i32(most);
  }

  choose(neurons: Int32Array, norms: F64Block | undefined): void {
    this.#count = neurons.length;
    this.#list.view.set(neurons);
    if (norms === undefined) return;
    const [from, to] = [norms.view, this.norms.view];
    neurons.forEach((neuron, e) => {
      to[e] = from[neuron];
    });
  }

  gather(kernels: Kernels, tile: number, slot: number): void {
    kernels.gatherRows(tile, this.#list.pointer, this.#count, this.tiles[slot]);
  }
}

/** The neurons whose squared norm is not 0; all of them without norms. */
function firing(neurons: number, norms: F64Block | undefined): Int32Array {
  const all = everyNeuron(neurons);
  const sums = norms?.view;
  return sums === undefined ? all : all.filter((i) => sums[i] > 0);
}
