import type { Random } from '../base/random.ts';
import { type Kernels, TILE } from '../engine/abi.ts';
import { Region } from '../engine/region.ts';
import type { Positions } from '../matrix/pattern.ts';
import type { Work } from '../run/turns.ts';
import { searchMagnitudes } from './exactSearch.ts';
import { everyNeuron } from './neurons.ts';
import { MAX_PAIRS } from './pairPasses.ts';
import { type PairStream, streamTiles } from './pairStream.ts';
import { ProposedPairs } from './proposedPairs.ts';
import { RarePairs } from './rarePairs.ts';
import type { SearchContext } from './searchContext.ts';
import type { SearchRequest } from './searchRequest.ts';
import { SilentNeurons } from './silentNeurons.ts';
import { SquaredNorms } from './squaredNorms.ts';

/**
 * As `searchCosines`, at a fraction of its cost. The cosines over a sample of the rows propose `oversample`
 * times as many positions as are wanted, and the largest of the exact cosines over all rows decide. Ties go
 * to the lower position. All rows go through the network once more, and the exact cosines of a short list are
 * one sampled product meanwhile. Pairs of neurons that are silent in the sample join the list where they fire
 * together.
 * @param sampled the rows of the sample. @param all all rows. @param groupRandom as `searchCosines` takes it.
 */
export function* searchSampled(
  context: SearchContext,
  requests: readonly (SearchRequest | undefined)[],
  sampled: PairStream,
  all: PairStream,
  oversample: number,
  groupRandom: Random | undefined,
): Work<(Positions | undefined)[]> {
  const { engine, executor, dims } = context;
  const region = new Region(engine.arena);
  try {
    const sampleNorms = new SquaredNorms(region, dims.map(everyNeuron));
    yield* streamTiles(context, sampled, (_, count) => sampleNorms.add(context, sampled, count));
    const wider = requests.map((request, l) => request && widen(request, oversample, dims[l] * dims[l + 1]));
    const positions = yield* searchMagnitudes(context, wider, sampled, sampleNorms, groupRandom);
    const proposed = positions.map(
      (list, l) => list && new ProposedPairs(region, dims[l], dims[l + 1], list),
    );
    const rare = proposed.map((list, l) =>
      list !== undefined && dims[l] * dims[l + 1] <= MAX_PAIRS ? new RarePairs(dims[l]) : undefined,
    );
    const silent = dims.map(
      (_, l) => new SilentNeurons(region, (rare[l] ?? rare[l - 1]) && sampleNorms.sums[l]),
    );
    const norms = new SquaredNorms(region, neuronsOf(proposed, silent), dims);
    yield* streamTiles(context, all, function* (begin, count) {
      yield* norms.add(context, all, count);
      const slots = all.slots.slice(0, count);
      const parts = executor.threads;
      yield* executor.run(proposed.length * parts, (kernels, index) => {
        const l = Math.floor(index / parts);
        proposed[l]?.add(kernels, index % parts, parts, slots, l, begin > 0);
      });
      for (const slot of slots)
        addRarePairs(engine.kernels, engine.arena.memory.buffer, dims, slot, silent, rare);
    });
    return proposed.map((list, l) => {
      const request = requests[l];
      const [outSums, inSums] = [norms.sums[l + 1], norms.sums[l]];
      return request && list?.choose(engine.kernels, region, request, outSums, inSums, rare[l]);
    });
  } finally {
    region.free();
  }
}

/** A request for `oversample` times as many positions, as far as there are free ones among `pairs`. */
function widen({ kept, count }: SearchRequest, oversample: number, pairs: number): SearchRequest {
  return { kept, count: Math.min(oversample * count, pairs - kept.indices.length) };
}

/** By layer of neurons, those whose norms over all rows are needed, ascending. */
function neuronsOf(
  proposed: readonly (ProposedPairs | undefined)[],
  silent: readonly SilentNeurons[],
): Int32Array[] {
  return silent.map(({ list }, l) => {
    const needed = new Set([...(proposed[l]?.inputs ?? []), ...(proposed[l - 1]?.outputs ?? [])]);
    for (const neuron of list) needed.add(neuron);
    return Int32Array.from(needed).sort();
  });
}

/** Adds the pairs of neurons that are silent in the sample and fire together in a slot's tile. */
function addRarePairs(
  kernels: Kernels,
  buffer: ArrayBufferLike,
  dims: readonly number[],
  { outputs, inputs }: PairStream['slots'][number],
  silent: readonly SilentNeurons[],
  rare: readonly (RarePairs | undefined)[],
): void {
  const firing = silent.map((neurons, l) =>
    neurons.firingInTile(kernels, l === 0 ? inputs[0] : outputs[l - 1]),
  );
  rare.forEach((pairs, l) => {
    const outs = new Float32Array(buffer, outputs[l], TILE * dims[l + 1]);
    const ins = new Float32Array(buffer, inputs[l], TILE * dims[l]);
    pairs?.add(outs, firing[l + 1], ins, firing[l]);
  });
}
