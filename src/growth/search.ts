import type { Random } from '../base/random.ts';
import { type F64Block, Region } from '../engine/region.ts';
import type { Positions } from '../matrix/pattern.ts';
import type { Work } from '../run/turns.ts';
import { LayerSearch, type Search } from './layerSearch.ts';
import { everyNeuron, SquaredNorms } from './norms.ts';
import { eachWave, type PairStream, type SearchSite } from './pairStream.ts';

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
