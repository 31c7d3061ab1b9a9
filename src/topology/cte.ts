import { CtreError } from '../errors.ts';
import { type PruneOptions, pruneSchedule } from './schedule.ts';
import { startAtRandom } from './set.ts';
import type { Edit, EvolvingLayer, Positions, Topology } from './topology.ts';

/** CTE: grows between the neurons whose activations are most alike, by |cosine| (Atashgahi et al., Machine Learning 2022). */
export function cte(options?: PruneOptions): Topology<null> {
  return Object.freeze<Topology<null>>({
    name: 'cte',
    ...pruneSchedule(options),
    needs: ['activations'],
    init: startAtRandom,
    evolve: (layer, state) => ({ edit: growCandidates(layer), state }),
  });
}

/** The weakest connections go, the candidates come. */
export function growCandidates(layer: EvolvingLayer): Edit {
  return { prune: layer.weakest, grow: candidatesOf(layer), random: 0 };
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
