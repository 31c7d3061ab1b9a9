import { type CosineOptions, cosineOptions } from '../cosineOptions.ts';
import { growCandidates } from '../growCandidates.ts';
import { type Method, readMethodOptions } from '../method.ts';
import { pruneSchedule } from '../pruneOptions.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** CTE, as published. */
export const cte = {
  name: 'cte',
  about: 'Grows by cosine similarity alone.',
  source: 'Atashgahi et al., Machine Learning 2022',
  options: cosineOptions,
  create: createCte,
} as const satisfies Method;

/**
 * CTE: grows between the neurons whose activations are most alike, by |cosine| (Atashgahi et al., Machine
 * Learning 2022).
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createCte(options: CosineOptions = {}): Topology<null> {
  const checked = readMethodOptions<CosineOptions>('topology.cte', cosineOptions, options);
  return Object.freeze<Topology<null>>({
    name: 'cte',
    options: checked,
    schedule: pruneSchedule(checked),
    search: checked.search,
    needs: ['activations'],
    init: startAtRandom,
    evolve: (layer, state) => ({ edit: growCandidates(layer), state }),
  });
}
