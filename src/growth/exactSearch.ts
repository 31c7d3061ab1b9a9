import type { Random } from '../base/random.ts';
import { type F64Block, Region } from '../engine/region.ts';
import type { Positions } from '../matrix/pattern.ts';
import type { Work } from '../run/turns.ts';
import { LayerSearch } from './layerSearch.ts';
import { everyNeuron } from './neurons.ts';
import { type PairStream, streamTiles } from './pairStream.ts';
import type { SearchContext } from './searchContext.ts';
import type { SearchRequest } from './searchRequest.ts';
import { SquaredNorms } from './squaredNorms.ts';

/**
 * For every layer with a request, the positions of largest |inner product| among those not kept, in row-major
 * order; ties go to the lower position. Layers are scored a block of output neurons at a time. For each
 * block, all tiles are streamed once.
 */
export function* searchMagnitudes(
  context: SearchContext,
  requests: readonly (SearchRequest | undefined)[],
  stream: PairStream,
): Work<(Positions | undefined)[]> {
  const region = new Region(context.engine.arena);
  try {
    return yield* searchLayers(context, region, requests, stream, undefined, undefined);
  } finally {
    region.free();
  }
}

/**
 * As `searchMagnitudes`, by |cosine|. Neurons that never fire are left out of the products: their cosines are
 * 0.
 * @param groupRandom bounds the cost: where a layer has more than MAX_PAIRS pairs of neurons that fire, it
 *   draws groups of neurons, and only pairs within groups are scored. Then the cost is linear in neurons.
 *   Absent: all pairs.
 */
export function* searchCosines(
  context: SearchContext,
  requests: readonly (SearchRequest | undefined)[],
  stream: PairStream,
  groupRandom: Random | undefined,
): Work<(Positions | undefined)[]> {
  const region = new Region(context.engine.arena);
  try {
    const norms = new SquaredNorms(region, context.dims.map(everyNeuron));
    yield* streamTiles(context, stream, (_, count) => norms.add(context, stream, count));
    return yield* searchWithNorms(context, requests, stream, norms, groupRandom);
  } finally {
    region.free();
  }
}

/** As `searchCosines`, with the norms of all neurons over the stream. */
export function* searchWithNorms(
  context: SearchContext,
  requests: readonly (SearchRequest | undefined)[],
  stream: PairStream,
  { sums }: SquaredNorms,
  groupRandom: Random | undefined,
): Work<(Positions | undefined)[]> {
  const region = new Region(context.engine.arena);
  try {
    return yield* searchLayers(context, region, requests, stream, sums, groupRandom);
  } finally {
    region.free();
  }
}

function* searchLayers(
  context: SearchContext,
  region: Region,
  requests: readonly (SearchRequest | undefined)[],
  stream: PairStream,
  sums: readonly F64Block[] | undefined,
  groupRandom: Random | undefined,
): Work<(Positions | undefined)[]> {
  const { executor } = context;
  const layers = requests.map((request, l) => {
    if (request === undefined) return undefined;
    const norms = sums && { inputs: sums[l], outputs: sums[l + 1] };
    return new LayerSearch(context, region, l, request, stream, norms, groupRandom);
  });
  const passes = Math.max(0, ...layers.map((layer) => layer?.passes ?? 0));
  for (let pass = 0; pass < passes; pass++) {
    const active = layers.filter((layer) => layer !== undefined && pass < layer.passes);
    for (const layer of active) layer?.begin(pass);
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
}
