import type { Random } from '../../base/random.ts';
import { evolveByPaths } from '../cannistraciHebb.ts';
import { type Method, type MethodPreset, readMethodOptions } from '../method.ts';
import type { MissingLinks } from '../missingLinks.ts';
import { type PruneOptions, pruneOptions, pruneShare, updateIsDue } from '../pruneOptions.ts';
import { strongest } from '../ranking.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** CHT. */
export const cht = {
  name: 'cht',
  about: 'Grows links that close most paths of three; no gradient.',
  source: 'Zhang et al., ICLR 2024',
  options: pruneOptions,
  published: { pruneFraction: 0.3 },
  create: createCht,
} as const satisfies Method;

/**
 * Cannistraci–Hebb training: prunes the smallest weights and grows the missing links of largest CH3-L3p
 * score, with weight 0, from the pattern alone (Zhang et al., ICLR 2024). Ties are broken at random. Neurons
 * left without input or output leave the network, and their links are grown elsewhere in the layer. The
 * first pattern is a random one; the published correlated start and early stop are not built.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createCht(options: PruneOptions & MethodPreset = {}): Topology<null> {
  const checked = readMethodOptions<PruneOptions>('topology.cht', pruneOptions, options, cht.published);
  return Object.freeze<Topology<null>>({
    name: 'cht',
    options: checked,
    growInitializer: 'zeros',
    init: startAtRandom,
    isDue: updateIsDue(checked),
    *evolve(network, states, tools) {
      const edits = yield* evolveByPaths(network, tools, pruneShare(checked, network.progress), {
        prune: ({ index }, count) => tools.weakest(index, count),
        grow: bestLinks,
      });
      return { edits, states };
    },
  });
}

/** Indices of the links of largest score; which of equal ones is drawn. */
function bestLinks({ scores }: MissingLinks, count: number, random: Random): Int32Array {
  const order = Int32Array.from(scores.keys());
  random.shuffle(order);
  return strongest(
    Float64Array.from(order, (i) => scores[i]),
    count,
  ).map((o) => order[o]);
}
