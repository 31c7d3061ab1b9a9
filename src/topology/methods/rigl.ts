import { growCandidates } from '../growCandidates.ts';
import { type Method, readMethodOptions } from '../method.ts';
import { type PruneOptions, pruneOptions, pruneSchedule } from '../pruneOptions.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** RigL, as published. */
export const rigl = {
  name: 'rigl',
  about: 'Grows where the dense gradient is largest.',
  source: 'Evci et al., ICML 2020',
  options: pruneOptions,
  create: createRigl,
} as const satisfies Method;

/**
 * RigL: grows where the dense gradient of one mini-batch is largest, with weight 0 (Evci et al., ICML
 * 2020).
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createRigl(options: PruneOptions = {}): Topology<null> {
  const checked = readMethodOptions<PruneOptions>('topology.rigl', pruneOptions, options);
  return Object.freeze<Topology<null>>({
    name: 'rigl',
    options: checked,
    schedule: pruneSchedule(checked),
    needs: ['denseGradient'],
    growInitializer: 'zeros',
    init: startAtRandom,
    evolve: (layer, state) => ({ edit: growCandidates(layer), state }),
  });
}
