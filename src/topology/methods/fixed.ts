import { type Method, type MethodPreset, readMethodOptions } from '../method.ts';
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
export function createFixed(options: MethodPreset = {}): Topology<null> {
  return Object.freeze<Topology<null>>({
    name: 'static',
    options: readMethodOptions<object>('topology.fixed', {}, options) as Topology['options'],
    init: startAtRandom,
  });
}
