import { Region } from '../engine/region.ts';
import type { Positions } from '../matrix/pattern.ts';
import { drawRows, type RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';
import type { CandidateNeed } from '../topology/topology.ts';
import { type EvolvingModel, epochStream } from './evolvingModel.ts';
import { searchCosines, searchMagnitudes } from './exactSearch.ts';
import { activationPairs, gradientPairs } from './pairStream.ts';
import { chooseSample } from './sampleChoice.ts';
import { searchSampled } from './sampledSearch.ts';
import type { SearchRequest } from './searchRequest.ts';

/** For every layer with a request, the candidates of a kind. @param rows all rows trained on. */
export function* findCandidates(
  model: EvolvingModel,
  executor: Executor,
  workspaces: readonly Workspace[],
  rows: RowList,
  batchSize: number,
  kind: CandidateNeed,
  requests: readonly (SearchRequest | undefined)[],
): Work<readonly (Positions | undefined)[]> {
  const { network, topology } = model;
  const { engine, dims } = network;
  const context = { engine, executor, dims };
  const region = new Region(engine.arena);
  try {
    if (kind === 'activations') {
      const search = topology.search ?? 'auto';
      const groupRandom = search === 'exact' ? undefined : epochStream(model, 'cosine-groups');
      const sample = chooseSample(search, dims, requests, rows.length);
      const all = activationPairs(network, workspaces, rows);
      if (sample === undefined) return yield* searchCosines(context, requests, all, groupRandom);
      const drawn = drawRows(region, rows, sample.sampleRows, epochStream(model, 'cosine-sample'));
      const sampled = activationPairs(network, workspaces, drawn);
      return yield* searchSampled(context, requests, sampled, all, sample.oversample, groupRandom);
    }
    const batch = drawRows(
      region,
      rows,
      batchSize * (topology.gradientBatches ?? 1),
      epochStream(model, 'gradient-batch'),
    );
    return yield* searchMagnitudes(context, requests, gradientPairs(network, workspaces, batch));
  } finally {
    region.free();
  }
}
