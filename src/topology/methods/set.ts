import { growAtRandom } from '../growAtRandom.ts';
import { type Method, type MethodPreset, readMethodOptions } from '../method.ts';
import { type PruneOptions, pruneOptions, pruneShare, updateIsDue } from '../pruneOptions.ts';
import { pruneWeakest } from '../replaceWeakest.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** SET, as published. */
export const set = {
  name: 'set',
  about: 'Grows at random.',
  source: 'Mocanu et al., Nature Communications 2018',
  options: pruneOptions,
  create: createSet,
} as const satisfies Method;

/**
 * SET: starts at random and grows at random (Mocanu et al., Nature Communications 2018).
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createSet(options: PruneOptions & MethodPreset = {}): Topology<null> {
  const checked = readMethodOptions<PruneOptions>('topology.set', pruneOptions, options);
  return Object.freeze<Topology<null>>({
    name: 'set',
    options: checked,
    init: startAtRandom,
    isDue: updateIsDue(checked),
    evolve: (network, states, tools) => ({
      edits: growAtRandom(pruneWeakest(network, tools, pruneShare(checked, network.progress)), tools),
      states,
    }),
  });
}
