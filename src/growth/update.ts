import type { Positions } from '../matrix/pattern.ts';
import { removeConnections } from '../matrix/pattern.ts';
import { drawWeight } from '../nn/initializer.ts';
import type { RowList } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';
import { applyEdit, type EditCounts, planEdit } from '../topology/edit.ts';
import type { CandidateNeed, Progress } from '../topology/topology.ts';
import { findCandidates } from './candidates.ts';
import { findCarrying } from './carrying.ts';
import { type EvolvingModel, epochStream } from './evolvingModel.ts';
import { findWeakest } from './weakest.ts';

/** What an update did to a layer. */
export interface LayerUpdate {
  readonly counts: EditCounts;
  /** Positions drawn at random. */
  readonly drawn: Positions;
}

/**
 * An update of the topology, layer by layer; null where a layer has every connection, or none was to be
 * replaced.
 */
export interface Update {
  readonly layers: readonly (LayerUpdate | null)[];
  /** What candidates were found by; null where none were searched for. */
  readonly candidates: CandidateNeed | null;
}

/**
 * One update of the topology after an epoch. It finds the weakest connections and the candidates that the
 * method needs, asks the method for its edits, and applies them.
 * @param rows all rows trained on. @param batchSize of the mini-batch for a dense gradient.
 */
export function* evolve(
  model: EvolvingModel,
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
  const carrying = prunesIdle ? yield* findCarrying(model, executor, workspaces, rows) : undefined;
  const weakest = network.layers.map((layer, l) => {
    const ofSchedule = layer.structure === undefined ? 0 : Math.floor(fraction * layer.nnz);
    const count = topology.pruneCount?.(layer, states[l], progress) ?? ofSchedule;
    return findWeakest(network, layer, count, carrying?.[l]);
  });

  const kinds = network.layers.map((_, l) =>
    weakest[l].length === 0 ? undefined : candidateKind(model, l, progress),
  );
  const requests = network.layers.map((layer, l) =>
    kinds[l] === undefined
      ? undefined
      : { kept: removeConnections(layer.pattern(), weakest[l]), count: weakest[l].length },
  );
  const candidates: (Positions | undefined)[] = requests.map(() => undefined);
  for (const kind of new Set(kinds)) {
    if (kind === undefined) continue;
    const ofKind = requests.map((request, l) => (kinds[l] === kind ? request : undefined));
    const found = yield* findCandidates(model, executor, workspaces, rows, batchSize, kind, ofKind);
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
      // A copy: a view of the kernels' memory would be lost as soon as a method's own call makes the memory
      // grow.
      values: layer.values.view.slice(),
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
    if (planned === undefined) return null;
    const { plan, bound, random } = planned;
    return {
      counts: applyEdit(layer, plan, () => drawWeight(bound, random)),
      drawn: plan.edit.random,
    };
  });
  return { layers, candidates: kinds.find((kind) => kind !== undefined) ?? null };
}

/** What a layer's candidates are found by; undefined where the method needs none. */
function candidateKind(
  { topology, states }: EvolvingModel,
  layer: number,
  progress: Progress,
): CandidateNeed | undefined {
  if (topology.candidatesBy !== undefined) return topology.candidatesBy(states[layer], progress);
  return topology.needs.find((need) => need !== 'initialGradient');
}
