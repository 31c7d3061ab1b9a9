import { checkOptions } from '../../base/checks.ts';
import { startAtRandom } from '../atRandom.ts';
import { noPruning } from '../schedule.ts';
import type { Topology } from '../topology.ts';

/** The first pattern stays: the baseline of static sparse training. */
export function fixed(options: Readonly<Record<string, never>> = {}): Topology<null> {
  checkOptions('topology.fixed', options, []);
  return Object.freeze<Topology<null>>({
    name: 'static',
    options: {},
    schedule: noPruning,
    needs: [],
    init: startAtRandom,
  });
}
