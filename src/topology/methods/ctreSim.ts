import { checkOptions } from '../../base/checks.ts';
import { addPositions, mergePositions, positionsOutside, removeConnections } from '../../matrix/pattern.ts';
import { sampleFree } from '../../matrix/sampling.ts';
import { startAtRandom } from '../atRandom.ts';
import { candidatesOf } from '../candidates.ts';
import { COSINE_OPTIONS, type CosineOptions, cosineSettings } from '../cosineOptions.ts';
import type { Topology } from '../topology.ts';

/**
 * CTRE-sim: as CTE, and at the same time random: the chosen connections that were pruned in this very update give way to random
 * positions outside the kept and the chosen ones (Atashgahi et al., Machine Learning 2022). The published code may draw a
 * position already chosen and then grows fewer; here as many are grown as are pruned.
 */
export function ctreSim(options: CosineOptions = {}): Topology<null> {
  const given = checkOptions('topology.ctreSim', options, COSINE_OPTIONS);
  return Object.freeze<Topology<null>>({
    name: 'ctre-sim',
    ...cosineSettings(given),
    needs: ['activations'],
    init: startAtRandom,
    evolve(layer, state, random) {
      const { pattern, weakest } = layer;
      const chosen = candidatesOf(layer);
      const fresh = positionsOutside(pattern, chosen);
      const again = chosen.cols.length - fresh.cols.length;
      const taken = addPositions(removeConnections(pattern, weakest), chosen);
      // A nearly dense layer can have too few positions left to replace them by; then they stay.
      const free = pattern.rows * pattern.cols - taken.indices.length;
      const replaced = again <= free ? again : 0;
      const drawn = sampleFree(taken, replaced, random);
      const grow = mergePositions(replaced === 0 ? chosen : fresh, drawn);
      return { edit: { prune: weakest, grow, random: drawn }, state };
    },
  });
}
