import { checkOptions } from '../../base/checks.ts';
import { fullPattern } from '../../matrix/pattern.ts';
import { noPruning } from '../schedule.ts';
import type { Topology } from '../topology.ts';

/** Every connection, whatever the density asked for: the dense baseline. */
export function dense(options: Readonly<Record<string, never>> = {}): Topology<null> {
  checkOptions('topology.dense', options, []);
  return Object.freeze<Topology<null>>({
    name: 'dense',
    options: {},
    schedule: noPruning,
    needs: [],
    startsFull: true,
    init: ({ outDim, inDim }) => ({ pattern: fullPattern(outDim, inDim), state: null }),
  });
}
