import { Region } from '../engine/region.ts';
import type { Positions } from '../matrix/pattern.ts';
import { drawRows, type RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';
import { type CosineSearch, DEFAULT_SAMPLE } from '../topology/cosineSearch.ts';
import type { CandidateNeed } from '../topology/topology.ts';
import { type Evolving, epochStream } from './evolving.ts';
import type { Search } from './layerSearch.ts';
import { activationPairs, gradientPairs } from './pairStream.ts';
import { searchSampled } from './sampledSearch.ts';
import { searchCosines, searchMagnitudes } from './search.ts';

/** The candidates of one kind. */
export function* collect(
  model: Evolving,
  executor: Executor,
  workspaces: readonly Workspace[],
  rows: RowList,
  batchSize: number,
  kind: CandidateNeed,
  searches: readonly (Search | undefined)[],
): Work<readonly (Positions | undefined)[]> {
  const { network, topology } = model;
  const { engine, dims } = network;
  const site = { engine, executor, dims };
  const region = new Region(engine.arena);
  try {
    if (kind === 'activations') {
      const search = topology.search ?? 'auto';
      const bounded = search === 'exact' ? undefined : epochStream(model, 'cosine-groups');
      const sample = chooseSample(search, dims, searches, rows.length);
      const all = activationPairs(network, workspaces, rows);
      if (sample === undefined) return yield* searchCosines(site, searches, all, bounded);
      const drawn = drawRows(region, rows, sample.sampleRows, epochStream(model, 'cosine-sample'));
      const some = activationPairs(network, workspaces, drawn);
      return yield* searchSampled(site, searches, some, all, sample.oversample, bounded);
    }
    const batch = drawRows(
      region,
      rows,
      batchSize * (topology.gradientBatches ?? 1),
      epochStream(model, 'gradient-batch'),
    );
    return yield* searchMagnitudes(site, searches, gradientPairs(network, workspaces, batch));
  } finally {
    region.free();
  }
}

/** How much there is to search for in a layer. */
interface SearchSize {
  readonly kept: { readonly indices: { readonly length: number } };
  readonly count: number;
}

/** The sample that the search asks for; undefined for an exact one. `auto` takes the one of fewer multiply-adds. */
export function chooseSample(
  search: CosineSearch,
  dims: readonly number[],
  searches: readonly (SearchSize | undefined)[],
  rows: number,
): { readonly sampleRows: number; readonly oversample: number } | undefined {
  if (search === 'exact') return undefined;
  if (search !== 'auto') return search;
  const { sampleRows, oversample } = DEFAULT_SAMPLE;
  const total = (count: (search: SearchSize, l: number) => number): number =>
    searches.reduce((sum, entry, l) => sum + (entry === undefined ? 0 : count(entry, l)), 0);
  const pairs = total((_, l) => dims[l] * dims[l + 1]);
  // A listed pair costs several times what a pair of a dense block does, and the rows stream through once more.
  const listed = 4 * total(({ kept, count }) => kept.indices.length + oversample * count);
  return sampleRows * pairs + rows * listed < rows * pairs ? DEFAULT_SAMPLE : undefined;
}
