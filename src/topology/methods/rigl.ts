import { type Method, type MethodOptions, type MethodPreset, readMethodOptions } from '../method.ts';
import { type PruneOptions, pruneOptions, pruneShare, updateIsDue } from '../pruneOptions.ts';
import { growFound, pruneWeakest } from '../replaceWeakest.ts';
import { type SearchOptions, searchOptions } from '../searchOptions.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** Options of rigl. */
export type RiglOptions = PruneOptions & SearchOptions;

const riglOptions = { ...pruneOptions, ...searchOptions } as const satisfies MethodOptions<RiglOptions>;

/** RigL. */
export const rigl = {
  name: 'rigl',
  about: 'Grows where the gradient is largest.',
  source: 'Evci et al., ICML 2020',
  options: riglOptions,
  published: { pruneFraction: 0.3, annealing: 'cosine', every: 100, until: 0.75, search: 'exact' },
  create: createRigl,
} as const satisfies Method;

/**
 * RigL: grows where the gradient of one mini-batch is largest, with weight 0 (Evci et al., ICML 2020).
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createRigl(options: RiglOptions & MethodPreset = {}): Topology<null> {
  const checked = readMethodOptions<RiglOptions>('topology.rigl', riglOptions, options, rigl.published);
  return Object.freeze<Topology<null>>({
    name: 'rigl',
    options: checked,
    growInitializer: 'zeros',
    init: startAtRandom,
    isDue: updateIsDue(checked),
    *evolve(network, states, tools) {
      const { progress } = network;
      const replaced = pruneWeakest(network, tools, pruneShare(checked, progress));
      const batch = tools.sampleRows(progress.batchSize);
      const found = yield* tools.likeliest(replaced, 'gradient', batch, checked);
      return { edits: growFound(replaced, found), states, by: 'gradient' };
    },
  });
}
