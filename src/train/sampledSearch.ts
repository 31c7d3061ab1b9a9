import { type F64Block, type I32Block, Region } from '../memory/arena.ts';
import { type Kernels, ROW_BYTES, TILE, TOP_K_SCRATCH } from '../memory/module.ts';
import type { Random } from '../random.ts';
import { addPositions, emptyPattern } from '../topology/pattern.ts';
import type { Positions } from '../topology/topology.ts';
import {
  addSquaredNorms,
  eachWave,
  type PairStream,
  type Search,
  type SearchSite,
  searchCosines,
} from './candidates.ts';
import type { Work } from './work.ts';

/**
 * As `searchCosines`, at a fraction of its cost: `oversample` times as many positions are proposed by their cosines over
 * a sample of the rows, and the largest of their exact cosines over all rows decide. Ties go to the lower position. The exact
 * cosines of a short list are one sampled product while the rows stream through the network once.
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
  const proposals = yield* searchCosines(site, wider, sample, bounded);
  const region = new Region(engine.arena);
  try {
    const lists = proposals.map(
      (proposed, l) => proposed && new ProposalList(region, dims[l], dims[l + 1], proposed),
    );
    const norms = dims.map((neurons) => region.f64(neurons));
    for (const { view } of norms) view.fill(0);
    yield* eachWave(site, all, function* (begin, count) {
      yield* addSquaredNorms(site, all, count, norms);
      const parts = executor.threads;
      yield* executor.run(lists.length * parts, (kernels, index) => {
        const l = Math.floor(index / parts);
        lists[l]?.add(kernels, index % parts, parts, all.slots.slice(0, count), l, begin > 0);
      });
    });
    return lists.map((list, l) =>
      list?.choose(engine.kernels, region, searches[l]?.count ?? 0, norms[l + 1], norms[l]),
    );
  } finally {
    region.free();
  }
}

/** One layer's proposed positions and their inner products. */
class ProposalList {
  readonly #outDim: number;
  readonly #positions: Positions;
  readonly #indptr: I32Block;
  readonly #indices: number;
  readonly #dots: number;

  constructor(region: Region, inDim: number, outDim: number, positions: Positions) {
    this.#outDim = outDim;
    this.#positions = positions;
    const pattern = addPositions(emptyPattern(outDim, inDim), positions);
    this.#indptr = region.i32(pattern.indptr.length);
    const indices = region.i32(pattern.indices.length);
    this.#indptr.view.set(pattern.indptr);
    indices.view.set(pattern.indices);
    this.#indices = indices.pointer;
    this.#dots = region.f32(pattern.indices.length).pointer;
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
        this.#dots,
        rows,
        accumulate || slot > 0,
        TILE,
      );
    });
  }

  /** The `count` positions of largest |cosine|, in row-major order. */
  choose(kernels: Kernels, region: Region, count: number, outSums: F64Block, inSums: F64Block): Positions {
    const { rows, cols } = this.#positions;
    const [indptr, dots] = [this.#indptr.pointer, this.#dots];
    kernels.cosinePairs(indptr, this.#indices, dots, outSums.pointer, inSums.pointer, this.#outDim);
    const scratch = region.i32(TOP_K_SCRATCH);
    const selected = region.i32(count);
    kernels.topK(dots, cols.length, count, false, true, scratch.pointer, selected.pointer);
    return {
      rows: Int32Array.from(selected.view, (e) => rows[e]),
      cols: Int32Array.from(selected.view, (e) => cols[e]),
    };
  }
}
