import { type F32Block, type F64Block, type I32Block, Region } from '../memory/arena.ts';
import { type Kernels, ROW_BYTES, TILE, TOP_K_SCRATCH } from '../memory/module.ts';
import type { Random } from '../random.ts';
import { addPositions, emptyPattern, mergePositions, positionsOutside } from '../topology/pattern.ts';
import type { Positions } from '../topology/topology.ts';
import {
  eachWave,
  everyNeuron,
  type PairStream,
  type Search,
  type SearchSite,
  SquaredNorms,
  searchWithNorms,
} from './candidates.ts';
import { MAX_PAIRS } from './pairBlocks.ts';
import { RarePairs } from './rarePairs.ts';
import type { Work } from './work.ts';

/**
 * As `searchCosines`, at a fraction of its cost: `oversample` times as many positions are proposed by their cosines over
 * a sample of the rows, and the largest of their exact cosines over all rows decide. Ties go to the lower position. The exact
 * cosines of a short list are one sampled product while the rows stream through the network once; pairs of neurons that are
 * silent in the sample join the list where they fire together.
 */
export function* searchSampled(
  site: SearchSite,
  searches: readonly (Search | undefined)[],
  sample: PairStream,
  all: PairStream,
  oversample: number,
  bounded: Random | undefined,
): Work<(Positions | undefined)[]> {
  const { engine, executor, dims } = site;
  const wider = searches.map((search, l) => {
    if (search === undefined) return undefined;
    const free = dims[l] * dims[l + 1] - search.kept.indices.length;
    return { kept: search.kept, count: Math.min(oversample * search.count, free) };
  });
  const region = new Region(engine.arena);
  try {
    const sampleNorms = new SquaredNorms(region, dims.map(everyNeuron));
    yield* eachWave(site, sample, (_, count) => sampleNorms.add(site, sample, count));
    const proposals = yield* searchWithNorms(site, wider, sample, sampleNorms, bounded);
    const lists = proposals.map(
      (proposed, l) => proposed && new ProposalList(region, dims[l], dims[l + 1], proposed),
    );
    const rare = lists.map((list, l) =>
      list !== undefined && dims[l] * dims[l + 1] <= MAX_PAIRS ? new RarePairs(dims[l]) : undefined,
    );
    const silent = dims.map(
      (_, l) => new SilentNeurons(region, (rare[l] ?? rare[l - 1]) && sampleNorms.sums[l]),
    );
    const watched = dims.map((_, l) => {
      const proposed = new Set([...(lists[l]?.inputs ?? []), ...(lists[l - 1]?.outputs ?? [])]);
      for (const neuron of silent[l].list) proposed.add(neuron);
      return Int32Array.from(proposed).sort();
    });
    const norms = new SquaredNorms(region, watched, dims);
    yield* eachWave(site, all, function* (begin, count) {
      yield* norms.add(site, all, count);
      const parts = executor.threads;
      yield* executor.run(lists.length * parts, (kernels, index) => {
        const l = Math.floor(index / parts);
        lists[l]?.add(kernels, index % parts, parts, all.slots.slice(0, count), l, begin > 0);
      });
      const { buffer } = engine.arena.memory;
      for (const { outputs, inputs } of all.slots.slice(0, count)) {
        const heard = silent.map((neurons, l) =>
          neurons.heard(engine.kernels, l === 0 ? inputs[0] : outputs[l - 1]),
        );
        rare.forEach((pairs, l) => {
          const outs = new Float32Array(buffer, outputs[l], TILE * dims[l + 1]);
          const ins = new Float32Array(buffer, inputs[l], TILE * dims[l]);
          pairs?.add(outs, heard[l + 1], ins, heard[l]);
        });
      }
    });
    return lists.map((list, l) => {
      const search = searches[l];
      return (
        search && list?.choose(engine.kernels, region, search, norms.sums[l + 1], norms.sums[l], rare[l])
      );
    });
  } finally {
    region.free();
  }
}

/** A layer's neurons that did not fire in the sample; none without the sums of their squares there. */
class SilentNeurons {
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

/** One layer's proposed positions and their inner products. */
class ProposalList {
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

  /** The neurons of its positions, on either side; some more than once. */
  get outputs(): Int32Array {
    return this.#positions.rows;
  }

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
    const indptr = this.#indptr.pointer + 4 * begin;
    slots.forEach(({ outputs, inputs }, slot) => {
      const tile = outputs[layer] + ROW_BYTES * begin;
      kernels.sddmm(
        indptr,
        this.#indices,
        tile,
        inputs[layer],
        this.#dots.pointer,
        rows,
        accumulate || slot > 0,
        TILE,
      );
    });
  }

  /** The positions of largest |cosine| among its own and the rare ones, in row-major order. */
  choose(
    kernels: Kernels,
    region: Region,
    { kept, count }: Search,
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
