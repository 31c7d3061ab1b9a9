import { Region } from '../engine/region.ts';
import type { Positions } from '../matrix/pattern.ts';
import type { Work } from '../run/turns.ts';
import type { Wanted } from '../topology/topology.ts';
import { LayerSearch } from './layerSearch.ts';
import { type PairStream, streamTiles } from './pairStream.ts';
import type { SearchContext } from './searchContext.ts';
import { type LayerNorms, sumSquares } from './streamNorms.ts';

/**
 * For every layer with a request, the positions of largest |inner product| among those not kept, in row-major
 * order; ties go to the lower position. Layers are scored a block of output neurons at a time. For each
 * block, all tiles are streamed once.
 * @param norms of all neurons over the stream: with them, the positions of largest |cosine|. Neurons that
 *   never fire are left out of the products: their cosines are 0.
 */
export function* searchMagnitudes(
  context: SearchContext,
  requests: readonly (Wanted | undefined)[],
  stream: PairStream,
  norms?: readonly LayerNorms[],
): Work<(Positions | undefined)[]> {
  const { engine, executor } = context;
  const region = new Region(engine.arena);
  try {
    const layers = requests.map((request, l) => {
      if (request === undefined) return undefined;
      return new LayerSearch(context, region, l, request, stream, norms?.[l]);
    });
    const passes = Math.max(0, ...layers.map((layer) => layer?.passes ?? 0));
    for (let pass = 0; pass < passes; pass++) {
      const active = layers.filter((layer) => layer !== undefined && pass < layer.passes);
      for (const layer of active) context.cost.addPairs(layer?.begin(pass) ?? 0, stream.rows);
      yield* streamTiles(context, stream, function* (begin, count) {
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
  } finally {
    region.free();
  }
}

/** As `searchMagnitudes`, by |cosine|. */
export function* searchCosines(
  context: SearchContext,
  requests: readonly (Wanted | undefined)[],
  stream: PairStream,
): Work<(Positions | undefined)[]> {
  const region = new Region(context.engine.arena);
  try {
    const norms = yield* sumSquares(context, region, stream);
    return yield* searchMagnitudes(context, requests, stream, norms);
  } finally {
    region.free();
  }
}
