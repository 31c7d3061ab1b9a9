import { removeConnections } from '../../matrix/pattern.ts';
import { growAtRandom } from '../growAtRandom.ts';
import { type Method, type MethodOptions, type MethodPreset, readMethodOptions } from '../method.ts';
import { type PruneOptions, pruneOptions, pruneShare, updateIsDue } from '../pruneOptions.ts';
import { pruneWeakest, type Replacement } from '../replaceWeakest.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { EvolvingNetwork, GrowthTools, Topology } from '../topology.ts';

/** Options of set. */
export interface SetOptions extends PruneOptions {
  /**
   * What is pruned. `magnitude` (the default): the smallest |weights|, as CTRE's code does. `sign`, as
   * published: the smallest weights from 0 on and the largest below 0, ζ of each.
   */
  readonly pruneBy?: 'magnitude' | 'sign';
}

const setOptions = {
  ...pruneOptions,
  pruneBy: {
    flag: 'prune-by',
    value: 'kind',
    help: 'magnitude: the smallest of all weights;\nsign: of either sign by itself',
    default: 'magnitude',
    kind: 'choice',
    choices: ['magnitude', 'sign'],
  },
} as const satisfies MethodOptions<SetOptions>;

/** SET. */
export const set = {
  name: 'set',
  about: 'Grows at random.',
  source: 'Mocanu et al., Nature Communications 2018',
  options: setOptions,
  published: { pruneFraction: 0.3, pruneBy: 'sign' },
  create: createSet,
} as const satisfies Method;

/**
 * SET: starts at random and grows at random (Mocanu et al., Nature Communications 2018).
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createSet(options: SetOptions & MethodPreset = {}): Topology<null> {
  const checked = readMethodOptions<SetOptions>('topology.set', setOptions, options, set.published);
  const prune = checked.pruneBy === 'sign' ? pruneEitherSign : pruneWeakest;
  return Object.freeze<Topology<null>>({
    name: 'set',
    options: checked,
    init: startAtRandom,
    isDue: updateIsDue(checked),
    evolve: (network, states, tools) => ({
      edits: growAtRandom(prune(network, tools, pruneShare(checked, network.progress)), tools),
      states,
    }),
  });
}

/** As `pruneWeakest`, but ⌊share·n⌋ of the weights from 0 on, and ⌊share·n⌋ of those below. */
function pruneEitherSign(
  { layers }: EvolvingNetwork,
  tools: GrowthTools,
  share: number,
): (Replacement | undefined)[] {
  return layers.map((layer, l) => {
    const { inDim, outDim, nnz, pattern, weights } = layer;
    if (nnz === inDim * outDim) return undefined;
    const weakestWhere = (isOfSign: (weight: number) => boolean): Int32Array => {
      const all = weights.map((weight) => (isOfSign(weight) ? weight : Number.POSITIVE_INFINITY));
      const count = Math.floor(share * weights.reduce((sum, weight) => sum + (isOfSign(weight) ? 1 : 0), 0));
      return count === 0 ? new Int32Array(0) : tools.weakest(l, count, all);
    };
    const positive = weakestWhere((weight) => weight >= 0);
    const negative = weakestWhere((weight) => weight < 0);
    const prune = Int32Array.from([...positive, ...negative]).sort();
    const count = prune.length;
    return count === 0 ? undefined : { layer, prune, count, kept: removeConnections(pattern, prune) };
  });
}
