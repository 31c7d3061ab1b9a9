import type { Region } from '../engine/region.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
import type { Work } from '../run/turns.ts';
import type { ScoreKind } from '../topology/topology.ts';
import { ListedPairs } from './listedPairs.ts';
import { lanesOf, type PairStream, streamTiles } from './pairStream.ts';
import type { SearchContext } from './searchContext.ts';
import { StreamNorms } from './streamNorms.ts';

/**
 * Scores of the listed pairs of every layer with a list: their inner products over the stream.
 * @param region where the lists and their scores stay.
 * @param by `cosine` makes cosines of them.
 */
export function* scoreLists(
  context: SearchContext,
  region: Region,
  lists: readonly (CsrPattern | undefined)[],
  stream: PairStream,
  by: ScoreKind,
): Work<readonly (ListedPairs | undefined)[]> {
  const { engine, executor, cost } = context;
  const layers = lists.map((list) => list && new ListedPairs(region, list));
  const parts = executor.threads;
  const norms = by === 'cosine' ? new StreamNorms(region, context, stream) : undefined;
  yield* streamTiles(context, stream, function* (begin, count) {
    if (norms !== undefined) yield* norms.add(context, count);
    const slots = stream.slots.slice(0, count);
    const lanes = slots.map((_, slot) => lanesOf(stream, begin + slot));
    yield* executor.run(layers.length * parts, (kernels, index) => {
      const l = Math.floor(index / parts);
      layers[l]?.add(kernels, index % parts, parts, slots, lanes, l, begin > 0);
    });
  });
  layers.forEach((layer, l) => {
    if (layer === undefined) return;
    cost.addPairs(layer.length, stream.rows);
    if (norms !== undefined) layer.toCosines(engine.kernels, norms.layers[l].outputs, norms.layers[l].inputs);
  });
  return layers;
}
