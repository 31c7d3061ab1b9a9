import type { Random } from '../base/random.ts';
import { TILE } from '../engine/abi.ts';
import { Region } from '../engine/region.ts';
import type { Positions } from '../matrix/pattern.ts';
import type { Work } from '../run/turns.ts';
import type { Search } from './layerSearch.ts';
import { ProposalList } from './listedPairs.ts';
import { everyNeuron, SquaredNorms } from './norms.ts';
import { eachWave, type PairStream, type SearchSite } from './pairStream.ts';
import { MAX_PAIRS } from './pairs.ts';
import { RarePairs } from './rarePairs.ts';
import { searchWithNorms } from './search.ts';
import { SilentNeurons } from './silentNeurons.ts';

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
