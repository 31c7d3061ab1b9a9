import { noPositions } from '../../matrix/pattern.ts';
import { apportion } from '../apportion.ts';
import { type Method, type MethodOptions, type MethodPreset, readMethodOptions } from '../method.ts';
import { type PruneOptions, pruneOptions, pruneShare, updateIsDue } from '../pruneOptions.ts';
import { editEach, pruneWeakest } from '../replaceWeakest.ts';
import { type SearchOptions, searchOptions } from '../searchOptions.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** Options of momentum. */
export interface MomentumOptions extends PruneOptions, SearchOptions {
  /** Mini-batches that the gradient is the mean of; 10. */
  readonly batches?: number;
  /**
   * Where connections grow. `momentum` (the default): in layers in proportion to the mean |momentum| of
   * their weights. `none`: in the layer that lost them.
   */
  readonly redistribution?: 'momentum' | 'none';
}

const momentumOptions = {
  ...pruneOptions,
  ...searchOptions,
  batches: {
    flag: 'gradient-batches',
    value: 'n',
    help: 'mini-batches of the gradient',
    default: 10,
    kind: 'integer',
    bounds: { least: 1 },
  },
  redistribution: {
    flag: 'redistribution',
    value: 'kind',
    help: 'of connections between layers: momentum or none',
    default: 'momentum',
    kind: 'choice',
    choices: ['momentum', 'none'],
  },
} as const satisfies MethodOptions<MomentumOptions>;

/** Sparse momentum, without its dense array. */
export const momentum = {
  name: 'momentum',
  about: 'Grows where momentum is largest, by layer and position.',
  source: 'Dettmers and Zettlemoyer 2019',
  options: momentumOptions,
  published: { pruneFraction: 0.5, annealing: 'cosine', search: 'exact' },
  create: createMomentum,
} as const satisfies Method;

/**
 * Sparse momentum (Dettmers and Zettlemoyer 2019): what all layers prune is grown in them in proportion to
 * the mean |momentum| of the weights each had, and within a layer where the mean gradient is largest, with
 * weight 0. A layer's momentum is the optimiser's first array; the gradient where it keeps none. The
 * published running mean of the dense gradient does not exist here: inside a layer the mean is over `batches`
 * mini-batches, with the weights as they are at the update. Layers that have every connection take no part,
 * and no other comes to have every one.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createMomentum(options: MomentumOptions & MethodPreset = {}): Topology<null> {
  const checked = readMethodOptions<MomentumOptions>(
    'topology.momentum',
    momentumOptions,
    options,
    momentum.published,
  );
  const { batches, redistribution } = checked;
  return Object.freeze<Topology<null>>({
    name: 'momentum',
    options: checked,
    growInitializer: 'zeros',
    init: startAtRandom,
    isDue: updateIsDue(checked),
    *evolve(network, states, tools) {
      const { layers, progress } = network;
      const replaced = pruneWeakest(network, tools, pruneShare(checked, progress));
      const rows = tools.sampleRows(batches * progress.batchSize);
      let counts = replaced.map((replacement) => replacement?.count ?? 0);
      if (redistribution === 'momentum') {
        const kept = layers.map((layer) => layer.optimizerState().at(0));
        const velocities = kept.includes(undefined) ? yield* tools.gradients(rows) : kept;
        const limits = replaced.map((replacement, l) => {
          if (replacement === undefined) return { least: 0, most: 0 };
          const { inDim, outDim, nnz } = layers[l];
          const left = nnz - replacement.count;
          return { least: left === 0 ? 1 : 0, most: inDim * outDim - 1 - left };
        });
        const total = counts.reduce((sum, count) => sum + count, 0);
        counts = apportion(
          total,
          velocities.map((velocity) => meanMagnitude(velocity ?? new Float32Array(0))),
          limits,
        );
      }
      const wanted = replaced.map((replacement, l) =>
        replacement && counts[l] > 0 ? { kept: replacement.kept, count: counts[l] } : undefined,
      );
      const found = yield* tools.likeliest(wanted, 'gradient', rows, checked);
      const edits = editEach(replaced, ({ prune }, l) => ({
        prune,
        grow: found[l] ?? noPositions,
        random: noPositions,
      }));
      return { edits, states, by: 'gradient' };
    },
  });
}

function meanMagnitude(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += Math.abs(value);
  return values.length > 0 && sum < Number.POSITIVE_INFINITY ? sum / values.length : 0;
}
