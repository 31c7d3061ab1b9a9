import { Region } from '../memory/arena.ts';
import { TOP_K_SCRATCH } from '../memory/module.ts';
import { drawWeight, type Initializer } from '../nn/initializer.ts';
import type { Layer } from '../nn/layer.ts';
import type { Mlp, Workspace } from '../nn/mlp.ts';
import { type Random, randomStream } from '../random.ts';
import { applyEdit, type EditCounts, planEdit } from '../topology/edit.ts';
import { removeConnections } from '../topology/pattern.ts';
import { type CosineSearch, DEFAULT_SAMPLE } from '../topology/search.ts';
import type { CandidateNeed, Positions, Progress, Topology } from '../topology/topology.ts';
import { RowList } from './batches.ts';
import {
  activationPairs,
  gradientPairs,
  type Search,
  searchCosines,
  searchMagnitudes,
} from './candidates.ts';
import { findCarrying } from './carrying.ts';
import type { Executor } from './executor.ts';
import { searchSampled } from './sampledSearch.ts';
import type { Work } from './work.ts';

/** Rows that tell which neurons fire. */
export const CARRYING_ROWS = 512;

/** A network whose topology evolves, and where it stands. */
export interface Evolving {
  readonly network: Mlp;
  readonly topology: Topology;
  readonly growInitializer: Initializer;
  readonly seed: number | string;
  /** What the method remembers of each layer; replaced by every update. */
  states: readonly unknown[];
  /** Epochs trained so far, over all calls: names the random streams, so that what is drawn depends on nothing else. */
  epochs: number;
}

/** What an update did to a layer. */
export interface Evolved {
  readonly counts: EditCounts;
  /** Positions drawn at random. */
  readonly drawn: Positions;
}

/** An update of the topology, layer by layer; null where a layer has every connection, or none was to be replaced. */
export interface Update {
  readonly layers: readonly (Evolved | null)[];
  /** What candidates were found by; null where none were searched for. */
  readonly candidates: CandidateNeed | null;
}

/** A random stream for one purpose in the present epoch. */
export function epochStream({ seed, epochs }: Evolving, purpose: string): Random {
  return randomStream(seed, `${purpose}/${epochs}`);
}

/**
 * One update of the topology after an epoch: finds the weakest connections and the candidates the method needs, asks
 * the method, applies its edits.
 * @param rows all rows trained on. @param batchSize of the mini-batch for a dense gradient.
 */
export function* evolve(
  model: Evolving,
  executor: Executor,
  workspaces: readonly Workspace[],
  rows: RowList,
  batchSize: number,
  progress: Progress,
): Work<Update> {
  const { network, topology, states } = model;
  const { evolve: edit } = topology;
  if (edit === undefined) return { layers: network.layers.map(() => null), candidates: null };
  const fraction = topology.schedule.fraction(progress.epoch, progress.epochs);
  const prunesIdle = states.some((state) => topology.prunesIdle?.(state, progress));
  const carrying = prunesIdle ? yield* lookAround(model, executor, workspaces, rows) : undefined;
  const weakest = network.layers.map((layer, l) => {
    const ofSchedule = layer.structure === undefined ? 0 : Math.floor(fraction * layer.nnz);
    const count = topology.pruneCount?.(layer, states[l], progress) ?? ofSchedule;
    return findWeakest(network, layer, count, carrying?.[l]);
  });
  const usual = topology.needs.find((need) => need !== 'initialGradient');
  const kinds = network.layers.map((_, l) =>
    weakest[l].length === 0
      ? undefined
      : topology.candidatesBy === undefined
        ? usual
        : topology.candidatesBy(states[l], progress),
  );
  const searches = network.layers.map((layer, l) =>
    kinds[l] !== undefined
      ? { kept: removeConnections(layer.pattern(), weakest[l]), count: weakest[l].length }
      : undefined,
  );
  const candidates: (Positions | undefined)[] = searches.map(() => undefined);
  for (const kind of new Set(kinds)) {
    if (kind === undefined) continue;
    const ofKind = searches.map((search, l) => (kinds[l] === kind ? search : undefined));
    const found = yield* collect(model, executor, workspaces, rows, batchSize, kind, ofKind);
    found.forEach((positions, l) => {
      candidates[l] ??= positions;
    });
  }

  const changes = network.layers.map((layer, l) => {
    if (weakest[l].length === 0) return undefined;
    const { index, inDim, outDim, nnz } = layer;
    const random = epochStream(model, `evolve/${l}`);
    const evolving = {
      index,
      inDim,
      outDim,
      nnz,
      pattern: layer.pattern(),
      values: layer.values.view,
      weakest: weakest[l],
      candidates: candidates[l],
      progress,
    };
    return { ...edit(evolving, states[l], random), random };
  });
  const mayShrink = topology.pruneCount !== undefined;
  // Whatever may fail comes before the first change: all layers evolve, or none.
  const plans = network.layers.map((layer, l) => {
    const change = changes[l];
    if (change === undefined) return undefined;
    const plan = planEdit(layer.pattern(), change.edit, mayShrink);
    layer.reserve(plan.pattern.indices.length);
    return { plan, bound: model.growInitializer.bound(layer), random: change.random };
  });
  model.states = changes.map((change, l) => change?.state ?? states[l]);
  const layers = network.layers.map((layer, l) => {
    const planned = plans[l];
    return planned === undefined
      ? null
      : {
          counts: applyEdit(layer, planned.plan, () => drawWeight(planned.bound, planned.random)),
          drawn: planned.plan.edit.random,
        };
  });
  return { layers, candidates: kinds.find((kind) => kind !== undefined) ?? null };
}

/**
 * CSR positions of the `count` weights of smallest magnitude, ascending. @param carrying where a connection does not, its weight
 * counts as 0.
 */
export function findWeakest({ engine }: Mlp, layer: Layer, count: number, carrying?: Uint8Array): Int32Array {
  const region = new Region(engine.arena);
  try {
    const scratch = region.i32(TOP_K_SCRATCH);
    const weakest = region.i32(count);
    const values = carrying === undefined ? layer.values : region.f32(layer.nnz);
    if (carrying !== undefined) values.view.set(layer.values.view.map((weight, p) => weight * carrying[p]));
    engine.kernels.topK(values.pointer, layer.nnz, count, true, true, scratch.pointer, weakest.pointer);
    return weakest.view.slice();
  } finally {
    region.free();
  }
}

/** Which connections carry something for a sample of the rows. */
function* lookAround(
  model: Evolving,
  executor: Executor,
  workspaces: readonly Workspace[],
  rows: RowList,
): Work<readonly Uint8Array[]> {
  const region = new Region(model.network.engine.arena);
  try {
    const sample = drawRows(region, rows, CARRYING_ROWS, epochStream(model, 'carrying-sample'));
    return yield* findCarrying(model.network, executor, workspaces, sample);
  } finally {
    region.free();
  }
}

/** The candidates of one kind. */
function* collect(
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

/** Rows drawn at random without replacement; all of them where there are no more. */
export function drawRows(region: Region, rows: RowList, count: number, random: Random): RowList {
  const drawn = rows.order.view.slice();
  random.shuffle(drawn);
  return new RowList(region, rows.samples, rows.labels, drawn.subarray(0, count));
}
