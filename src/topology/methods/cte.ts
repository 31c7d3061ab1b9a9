import { type CosineOptions, cosineOptions, cosineRows } from '../cosineOptions.ts';
import { type Method, type MethodPreset, readMethodOptions } from '../method.ts';
import { pruneShare, updateIsDue } from '../pruneOptions.ts';
import { growFound, pruneWeakest } from '../replaceWeakest.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** CTE. */
export const cte = {
  name: 'cte',
  about: 'Grows by cosine similarity alone.',
  source: 'Atashgahi et al., Machine Learning 2022',
  options: cosineOptions,
  published: { search: 'exact', rows: 0 },
  create: createCte,
} as const satisfies Method;

/**
 * CTE: grows between the neurons whose activations are most alike, by |cosine| (Atashgahi et al., Machine
 * Learning 2022).
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createCte(options: CosineOptions & MethodPreset = {}): Topology<null> {
  const checked = readMethodOptions<CosineOptions>('topology.cte', cosineOptions, options, cte.published);
  return Object.freeze<Topology<null>>({
    name: 'cte',
    options: checked,
    init: startAtRandom,
    isDue: updateIsDue(checked),
    *evolve(network, states, tools) {
      const replaced = pruneWeakest(network, tools, pruneShare(checked, network.progress));
      const found = yield* tools.likeliest(replaced, 'cosine', cosineRows(tools, checked), checked);
      return { edits: growFound(replaced, found), states, by: 'cosine' };
    },
  });
}
