import { type Method, readMethodOptions } from '../method.ts';
import { noPruning } from '../schedule.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** The baseline of static sparse training. */
export const fixed = {
  name: 'static',
  about: 'Stays with its first random pattern.',
  source: 'the baseline of static sparse training',
  options: {},
  create: createFixed,
} as const satisfies Method;

/**
 * The first random pattern stays: the baseline of static sparse training.
 * @throws CtreError `E_ARGUMENT` for any option.
 */
export function createFixed(options: Readonly<Record<string, never>> = {}): Topology<null> {
  return Object.freeze<Topology<null>>({
    name: 'static',
    options: readMethodOptions('topology.fixed', {}, options),
    schedule: noPruning,
    needs: [],
    init: startAtRandom,
  });
}
