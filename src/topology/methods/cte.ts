import { checkOptions } from '../../base/checks.ts';
import { startAtRandom } from '../atRandom.ts';
import { growCandidates } from '../candidates.ts';
import { COSINE_OPTIONS, type CosineOptions, cosineSettings } from '../cosineOptions.ts';
import type { Topology } from '../topology.ts';

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
