import { checkOptions } from '../../base/checks.ts';
import { startAtRandom } from '../atRandom.ts';
import { growCandidates } from '../candidates.ts';
import { PRUNE_OPTIONS, type PruneOptions, pruneSchedule } from '../schedule.ts';
import type { Topology } from '../topology.ts';

/** RigL: grows where the dense gradient of one mini-batch is largest, with weight 0 (Evci et al., ICML 2020). */
export function rigl(options: PruneOptions = {}): Topology<null> {
  const given = checkOptions('topology.rigl', options, PRUNE_OPTIONS);
  return Object.freeze<Topology<null>>({
    name: 'rigl',
    ...pruneSchedule(given),
    needs: ['denseGradient'],
    growInitializer: 'zeros',
    init: startAtRandom,
    evolve: (layer, state) => ({ edit: growCandidates(layer), state }),
  });
}
