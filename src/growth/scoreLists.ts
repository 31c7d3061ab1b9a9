import type { Region } from '../engine/region.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
import type { Work } from '../run/turns.ts';
import { ListedPairs } from './listedPairs.ts';
import { type PairStream, streamTiles } from './pairStream.ts';
import type { SearchContext } from './searchContext.ts';
import type { LayerNorms } from './streamNorms.ts';

/**
 * Scores of the listed pairs of every layer with a list: their inner products over the stream.
 * @param region where the lists and their scores stay.
 * @param norms of the stream; with them the scores are cosines.
 */
export function* scoreLists(
  context: SearchContext,
  region: Region,
  lists: readonly (CsrPattern | undefined)[],
  stream: PairStream,
  norms?: readonly LayerNorms[],
): Work<readonly (ListedPairs | undefined)[]> {
  const { engine, executor, cost } = context;
  const layers = lists.map((list) => list && new ListedPairs(region, list));
  const parts = executor.threads;
  yield* streamTiles(context, stream, function* (begin, count) {
    const slots = stream.slots.slice(0, count);
    yield* executor.run(layers.length * parts, (kernels, index) => {
      const l = Math.floor(index / parts);
      layers[l]?.add(kernels, index % parts, parts, slots, l, begin > 0);
    });
  });
  layers.forEach((layer, l) => {
    if (layer === undefined) return;
    cost.addPairs(layer.length, stream.rows);
    if (norms !== undefined) layer.toCosines(engine.kernels, norms[l].outputs, norms[l].inputs);
  });
  return layers;
}
