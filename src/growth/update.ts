import { CtreError } from '../base/errors.ts';
import type { Positions } from '../matrix/pattern.ts';
import { drawWeight } from '../nn/initializer.ts';
import type { Layer } from '../nn/layer.ts';
import type { Work } from '../run/turns.ts';
import { applyEdit, type EditCounts, planEdit } from '../topology/edit.ts';
import type { Evolved, Progress, ScoreKind } from '../topology/topology.ts';
import type { GrowthCost } from './growthCost.ts';
import { type ToolSetting, Tools } from './growthTools.ts';
import { viewNetwork } from './networkView.ts';

/** What an update did to a layer. */
export interface LayerUpdate {
  readonly counts: EditCounts;
  /** Positions drawn at random. */
  readonly drawn: Positions;
}

/** An update of the topology, layer by layer; null where a layer stayed as it was. */
export interface Update {
  readonly layers: readonly (LayerUpdate | null)[];
  /** What candidates were found by; null where none were searched for. */
  readonly candidates: ScoreKind | null;
  readonly cost: GrowthCost;
}

/**
 * One update of the topology: asks the method for its edits, and applies them. Whatever may fail comes before
 * the first change, so all layers evolve or none.
 * @param reserve makes room for a layer's gradients of so many connections.
 */
export function* evolve(
  setting: ToolSetting,
  progress: Progress,
  reserve: (layer: Layer, nnz: number) => void,
): Work<Update> {
  const { model } = setting;
  const { network, topology } = model;
  const tools = new Tools(setting);
  try {
    const view = viewNetwork(network, progress);
    const answer = topology.evolve?.(view, model.states, tools) ?? { edits: [], states: model.states };
    const evolved: Evolved<unknown> = 'next' in answer ? yield* answer : answer;
    const plans = network.layers.map((layer, l) => {
      const edit = evolved.edits[l];
      return edit && planEdit(layer.patternNow(), edit);
    });
    const lost = checkBalance(topology.name, evolved);
    network.layers.forEach((layer, l) => {
      const plan = plans[l];
      if (plan === undefined) return;
      const nnz = plan.pattern.indices.length;
      if (nnz !== layer.nnz) checkConnections(topology.name, layer, nnz, lost);
      network.reserve(layer, nnz);
      if (nnz > layer.nnz) reserve(layer, nnz);
    });
    const bounds = network.layers.map((layer) => model.growInitializer.bound(layer));
    model.states = evolved.states;
    const layers = network.layers.map((layer, l) => {
      const plan = plans[l];
      if (plan === undefined) return null;
      const random = tools.random(`new-weights/${l}`);
      return {
        counts: applyEdit(layer, plan, () => drawWeight(bounds[l], random)),
        drawn: plan.edit.random,
      };
    });
    return { layers, candidates: evolved.by ?? null, cost: tools.cost };
  } finally {
    tools.end();
  }
}

/**
 * How many connections the network loses.
 * @throws CtreError `E_ARGUMENT` unless it keeps their number, or may lose some.
 */
function checkBalance(name: string, { edits, shrinks }: Evolved<unknown>): number {
  const sum = (count: (edit: NonNullable<(typeof edits)[number]>) => number): number =>
    edits.reduce((total, edit) => total + (edit === undefined ? 0 : count(edit)), 0);
  const [pruned, grown] = [sum(({ prune }) => prune.length), sum(({ grow }) => grow.cols.length)];
  if (shrinks ? grown <= pruned : grown === pruned) return pruned - grown;
  throw new CtreError(
    'E_ARGUMENT',
    `the topology method ${name} prunes ${pruned} connections and grows ${grown}; ` +
      `expected ${shrinks ? 'at most as many grown' : 'as many of both, or `shrinks: true` and fewer grown'}`,
  );
}

/**
 * A layer that has every connection may lose some only where the network gets fewer: `restoreBest` goes back
 * among networks of as many connections, and a sparse layer cannot become full again.
 * @throws CtreError `E_ARGUMENT` for a layer that would have no connection, or all of them.
 */
function checkConnections(
  name: string,
  { index, inDim, outDim, structure }: Layer,
  nnz: number,
  lost: number,
): void {
  const isAllowed = structure !== undefined || lost > 0;
  if (nnz > 0 && nnz < inDim * outDim && isAllowed) return;
  throw new CtreError(
    'E_ARGUMENT',
    isAllowed
      ? `the topology method ${name} leaves layer ${index} with ${nnz} connections of ${inDim * outDim}; ` +
          'expected at least one, and fewer than all'
      : `the topology method ${name} moves connections out of layer ${index}, which has all of them; ` +
          'leave such a layer as it is',
  );
}
