import { checkOptions } from '../../base/checks.ts';
import { growAtRandom, startAtRandom } from '../atRandom.ts';
import { PRUNE_OPTIONS, type PruneOptions, pruneSchedule } from '../schedule.ts';
import type { Topology } from '../topology.ts';

/** SET: starts at random and grows at random (Mocanu et al., Nature Communications 2018). */
export function set(options: PruneOptions = {}): Topology<null> {
  const given = checkOptions('topology.set', options, PRUNE_OPTIONS);
  return Object.freeze<Topology<null>>({
    name: 'set',
    ...pruneSchedule(given),
    needs: [],
    init: startAtRandom,
    evolve: (layer, state, random) => ({ edit: growAtRandom(layer, random), state }),
  });
}
