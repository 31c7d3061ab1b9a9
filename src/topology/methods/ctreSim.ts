import type { Random } from '../../base/random.ts';
import { addPositions, mergePositions, type Positions, positionsOutside } from '../../matrix/pattern.ts';
import { sampleFree } from '../../matrix/sampling.ts';
import { type CosineOptions, cosineOptions, cosineRows } from '../cosineOptions.ts';
import { type Method, type MethodPreset, readMethodOptions } from '../method.ts';
import { pruneShare, updateIsDue } from '../pruneOptions.ts';
import { pruneWeakest, type Replacement } from '../replaceWeakest.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Edit, Topology } from '../topology.ts';

/** CTRE-sim, as published. */
export const ctreSim = {
  name: 'ctre-sim',
  about: 'Grows where neurons fire alike (cosine), the rest at random.',
  source: 'Atashgahi et al., Machine Learning 2022',
  options: cosineOptions,
  published: { search: 'exact', rows: 0 },
  create: createCtreSim,
} as const satisfies Method;

/**
 * CTRE-sim: grows by |cosine| as CTE does, and at random in the same update. A candidate that this very
 * update pruned gives way to a random position outside the kept and the chosen ones (Atashgahi et al.,
 * Machine Learning 2022). The published code may draw a position that is chosen already, and then grows
 * fewer; here as many are grown as pruned.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createCtreSim(options: CosineOptions & MethodPreset = {}): Topology<null> {
  const checked = readMethodOptions<CosineOptions>(
    'topology.ctreSim',
    cosineOptions,
    options,
    ctreSim.published,
  );
  return Object.freeze<Topology<null>>({
    name: 'ctre-sim',
    options: checked,
    init: startAtRandom,
    isDue: updateIsDue(checked),
    *evolve(network, states, tools) {
      const replaced = pruneWeakest(network, tools, pruneShare(checked, network.progress));
      const found = yield* tools.likeliest(replaced, 'cosine', cosineRows(tools, checked), checked);
      const edits = replaced.map((replacement, l) => {
        const chosen = found[l];
        return replacement && chosen && replacePruned(replacement, chosen, tools.random(`grow/${l}`));
      });
      return { edits, states, by: 'cosine' };
    },
  });
}

/** Grows what was chosen; random positions in place of what the same update prunes. */
function replacePruned({ layer, prune, kept }: Replacement, chosen: Positions, random: Random): Edit {
  const fresh = positionsOutside(layer.pattern, chosen);
  const again = chosen.cols.length - fresh.cols.length;
  const taken = addPositions(kept, chosen);
  // A nearly dense layer can have too few free positions to replace them all; then they stay.
  const free = taken.rows * taken.cols - taken.indices.length;
  const replaced = again <= free ? again : 0;
  const drawn = sampleFree(taken, replaced, random);
  return { prune, grow: mergePositions(replaced === 0 ? chosen : fresh, drawn), random: drawn };
}
