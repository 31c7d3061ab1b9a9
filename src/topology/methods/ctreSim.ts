import { addPositions, mergePositions, positionsOutside, removeConnections } from '../../matrix/pattern.ts';
import { sampleFree } from '../../matrix/sampling.ts';
import { type CosineOptions, cosineOptions } from '../cosineOptions.ts';
import { candidatesOf } from '../growCandidates.ts';
import { type Method, readMethodOptions } from '../method.ts';
import { pruneSchedule } from '../pruneOptions.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** CTRE-sim, as published. */
export const ctreSim = {
  name: 'ctre-sim',
  about: 'Grows where neurons fire alike (cosine), the rest at random.',
  source: 'Atashgahi et al., Machine Learning 2022',
  options: cosineOptions,
  create: createCtreSim,
} as const satisfies Method;

/**
 * CTRE-sim: grows by |cosine| as CTE does, and at random in the same update. A candidate that this very
 * update pruned gives way to a random position outside the kept and the chosen ones (Atashgahi et al.,
 * Machine Learning 2022). The published code may draw a position that is chosen already, and then grows
 * fewer; here as many are grown as pruned.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createCtreSim(options: CosineOptions = {}): Topology<null> {
  const checked = readMethodOptions<CosineOptions>('topology.ctreSim', cosineOptions, options);
  return Object.freeze<Topology<null>>({
    name: 'ctre-sim',
    options: checked,
    schedule: pruneSchedule(checked),
    search: checked.search,
    needs: ['activations'],
    init: startAtRandom,
    evolve(layer, state, random) {
      const { pattern, weakest } = layer;
      const chosen = candidatesOf(layer);
      const fresh = positionsOutside(pattern, chosen);
      const again = chosen.cols.length - fresh.cols.length;
      const taken = addPositions(removeConnections(pattern, weakest), chosen);
      // A nearly dense layer can have too few free positions to replace them all; then they stay.
      const free = pattern.rows * pattern.cols - taken.indices.length;
      const replaced = again <= free ? again : 0;
      const drawn = sampleFree(taken, replaced, random);
      const grow = mergePositions(replaced === 0 ? chosen : fresh, drawn);
      return { edit: { prune: weakest, grow, random: drawn }, state };
    },
  });
}
