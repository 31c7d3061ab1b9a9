import { sampleFree } from '../matrix/sampling.ts';
import { editEach, type Replacement } from './replaceWeakest.ts';
import type { Edit, GrowthTools } from './topology.ts';

/**
 * By layer, the edit that prunes what is replaced and grows as many connections, at positions drawn uniformly
 * among those that are not kept.
 */
export function growAtRandom(
  replacements: readonly (Replacement | undefined)[],
  tools: GrowthTools,
): (Edit | undefined)[] {
  return editEach(replacements, ({ prune, kept, count }, l) => {
    const grow = sampleFree(kept, count, tools.random(`grow/${l}`));
    return { prune, grow, random: grow };
  });
}
