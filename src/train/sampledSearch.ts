import { Region } from '../memory/arena.ts';
import { type Engine, TOP_K_SCRATCH } from '../memory/module.ts';
import { addPositions, emptyPattern } from '../topology/pattern.ts';
import type { Positions } from '../topology/topology.ts';
import { type PairStream, type Search, SquaredNorms, searchCandidates } from './candidates.ts';
import type { Work } from './work.ts';

/**
 * As `searchCandidates` by cosine, at a fraction of its cost: `oversample` times as many positions are proposed by their
 * cosines over a sample of the rows, and the largest of their exact cosines over all rows decide. Ties go to the lower position.
 * The exact cosines of a short list are one sampled product while the rows stream through the network once.
 */
export function* searchSampled(
  engine: Engine,
  dims: readonly number[],
  searches: readonly (Search | undefined)[],
  sample: PairStream,
  all: PairStream,
  oversample: number,
): Work<(Positions | undefined)[]> {
  const wider = searches.map((search, l) => {
    if (search === undefined) return undefined;
    const free = dims[l] * dims[l + 1] - search.kept.indices.length;
    return { kept: search.kept, count: Math.min(oversample * search.count, free) };
  });
  const proposals = yield* searchCandidates(engine, dims, wider, sample, 'cosine');
  const region = new Region(engine.arena);
  try {
    const lists = proposals.map(
      (proposed, l) => proposed && new ProposalList(engine, region, dims[l], dims[l + 1], proposed),
    );
    const norms = new SquaredNorms(engine, region, dims);
    for (let tile = 0; tile < all.tiles; tile++) {
      const { outputs, inputs } = all.load(tile);
      norms.add(outputs, inputs[0]);
      yield;
      lists.forEach((list, l) => {
        list?.add(outputs[l], inputs[l], tile > 0);
      });
      yield;
    }
    return lists.map((list, l) =>
      list?.choose(searches[l]?.count ?? 0, norms.pointer(l + 1), norms.pointer(l)),
    );
  } finally {
    region.free();
  }
}

/** One layer's proposed positions and their inner products. */
class ProposalList {
  readonly #engine: Engine;
  readonly #region: Region;
  readonly #outDim: number;
  readonly #positions: Positions;
  readonly #indptr: number;
  readonly #indices: number;
  readonly #dots: number;

  constructor(engine: Engine, region: Region, inDim: number, outDim: number, positions: Positions) {
    this.#engine = engine;
    this.#region = region;
    this.#outDim = outDim;
    this.#positions = positions;
    const pattern = addPositions(emptyPattern(outDim, inDim), positions);
    const indptr = region.i32(pattern.indptr.length);
    const indices = region.i32(pattern.indices.length);
    indptr.view.set(pattern.indptr);
    indices.view.set(pattern.indices);
    this.#indptr = indptr.pointer;
    this.#indices = indices.pointer;
    this.#dots = region.f32(pattern.indices.length).pointer;
  }

  /** Adds a tile's inner products. */
  add(outputs: number, inputs: number, accumulate: boolean): void {
    const { kernels } = this.#engine;
    kernels.sddmm(this.#indptr, this.#indices, outputs, inputs, this.#dots, this.#outDim, accumulate);
  }

  /** The `count` positions of largest |cosine|, in row-major order. */
  choose(count: number, outSums: number, inSums: number): Positions {
    const { kernels } = this.#engine;
    const { rows, cols } = this.#positions;
    kernels.cosinePairs(this.#indptr, this.#indices, this.#dots, outSums, inSums, this.#outDim);
    const scratch = this.#region.i32(TOP_K_SCRATCH);
    const selected = this.#region.i32(count);
    kernels.topK(this.#dots, cols.length, count, false, true, scratch.pointer, selected.pointer);
    return {
      rows: Int32Array.from(selected.view, (e) => rows[e]),
      cols: Int32Array.from(selected.view, (e) => cols[e]),
    };
  }
}
