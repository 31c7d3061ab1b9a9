import { checkOptions } from '../checks.ts';
import { CtreError } from '../errors.ts';
import { noPositions } from './pattern.ts';
import { PRUNE_OPTIONS, type PruneOptions, pruneSchedule } from './schedule.ts';
import { checkSearch, type SearchOptions } from './search.ts';
import { startAtRandom } from './set.ts';
import type { Edit, EvolvingLayer, Positions, Topology } from './topology.ts';

/** CTE: grows between the neurons whose activations are most alike, by |cosine| (Atashgahi et al., Machine Learning 2022). */
export function cte(options: CosineOptions = {}): Topology<null> {
  const given = checkOptions('topology.cte', options, COSINE_OPTIONS);
  return Object.freeze<Topology<null>>({
    name: 'cte',
    ...cosineSettings(given),
    needs: ['activations'],
    init: startAtRandom,
    evolve: (layer, state) => ({ edit: growCandidates(layer), state }),
  });
}

/** Options of the methods that grow by cosine. */
export type CosineOptions = PruneOptions & SearchOptions;

/** The names of CosineOptions. */
export const COSINE_OPTIONS = [...PRUNE_OPTIONS, 'search'] as const;

/** What the options of a method that grows by cosine mean. */
export function cosineSettings({
  search = 'auto',
  ...pruning
}: CosineOptions): Pick<Topology, 'options' | 'schedule' | 'search'> {
  const { options, schedule } = pruneSchedule(pruning);
  const checked = checkSearch(search);
  return { options: { ...options, search: checked }, schedule, search: checked };
}

/** The weakest connections go, the candidates come. */
export function growCandidates(layer: EvolvingLayer): Edit {
  return { prune: layer.weakest, grow: candidatesOf(layer), random: noPositions };
}

/** The candidates that training collected for the layer. */
export function candidatesOf({ candidates }: EvolvingLayer): Positions {
  if (candidates === undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      'this topology method grows from candidates, and training collected none',
    );
  }
  return candidates;
}
