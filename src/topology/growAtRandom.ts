import { sampleFree } from '../matrix/sampling.ts';
import { editEach, type Replacement } from './replaceWeakest.ts';
import type { Edit, GrowthTools } from './topology.ts';

/** The edits that grow at positions drawn uniformly among those not kept. */
export function growAtRandom(
  replacements: readonly (Replacement | undefined)[],
  tools: GrowthTools,
): (Edit | undefined)[] {
  return editEach(replacements, ({ prune, kept, count }, l) => {
    const grow = sampleFree(kept, count, tools.random(`grow/${l}`));
    return { prune, grow, random: grow };
  });
}
