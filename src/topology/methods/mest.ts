import { isCount } from '../../base/checks.ts';
import { CtreError, show } from '../../base/errors.ts';
import { emptyPattern, removeConnections } from '../../matrix/pattern.ts';
import { randomPattern, sampleFree } from '../../matrix/sampling.ts';
import { type Method, type MethodOptions, type MethodPreset, readMethodOptions } from '../method.ts';
import { type PruneOptions, pruneOptions, pruneShare, updateIsDue } from '../pruneOptions.ts';
import type { Edit, EvolvingLayer, Topology } from '../topology.ts';
import { isLastUpdate, shrinkIsDue } from '../updateTimes.ts';

/** Options of mest. */
export interface MestOptions extends PruneOptions {
  /** λ: pruned are the connections of smallest |weight| + λ·|gradient|; 0.01. */
  readonly gradientWeight?: number;
  /**
   * `hard` (the default): a layer has as many connections as the density asks for. `soft`: it starts with
   * 1 + ζ times as many, and each update prunes it down to the density before it grows ζ of that again, so
   * that what is new is trained before anything else goes. The last update grows none. A training that is
   * shorter than two updates has one at its half.
   */
  readonly memoryBound?: 'hard' | 'soft';
}

/** How many connections the density asks for in a layer. */
export interface MestState {
  readonly target: number;
}

const mestOptions = {
  ...pruneOptions,
  gradientWeight: {
    flag: 'gradient-weight',
    value: 'l',
    help: 'of the gradient in what is pruned: |w| + l·|g|',
    default: 0.01,
    kind: 'number',
    bounds: { least: 0, most: Number.MAX_VALUE },
  },
  memoryBound: {
    flag: 'memory-bound',
    value: 'kind',
    help: 'hard: never more connections than asked for;\nsoft: more until the last update',
    default: 'hard',
    kind: 'choice',
    choices: ['hard', 'soft'],
  },
} as const satisfies MethodOptions<MestOptions>;

/** Memory-economic sparse training. */
export const mest = {
  name: 'mest',
  about: 'Prunes by weight and gradient, grows at random.',
  source: 'Yuan et al., NeurIPS 2021',
  options: mestOptions,
  published: { annealing: 'cosine', memoryBound: 'soft' },
  create: createMest,
} as const satisfies Method;

/**
 * MEST: prunes the connections of smallest |weight| + λ·|gradient| on one mini-batch, and grows at random
 * (Yuan et al., NeurIPS 2021). Elastic mutation, a share that falls, is the option `annealing`; it is a
 * cosine here with `preset: 'published'`, in place of the steps chosen for each published network.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createMest(options: MestOptions & MethodPreset = {}): Topology<MestState> {
  const checked = readMethodOptions<MestOptions>('topology.mest', mestOptions, options, mest.published);
  const { gradientWeight, memoryBound, pruneFraction } = checked;
  /** Connections to prune and to grow. */
  const exchange = (layer: EvolvingLayer, target: number, share: number, isLast: boolean) => {
    const { inDim, outDim, nnz } = layer;
    if (nnz === inDim * outDim) return { pruned: 0, grown: 0 };
    const extra = memoryBound === 'soft' && target > 0 ? nnz - target : 0;
    if (extra <= 0) return { pruned: Math.floor(share * nnz), grown: Math.floor(share * nnz) };
    return { pruned: extra, grown: isLast ? 0 : Math.min(extra, Math.floor(share * target)) };
  };
  return Object.freeze<Topology<MestState>>({
    name: 'mest',
    options: checked,
    init({ inDim, outDim, nnz }, random) {
      const all = inDim * outDim;
      const extra = memoryBound === 'soft' ? Math.floor(pruneFraction * nnz) : 0;
      const count = nnz === all ? all : Math.min(all - 1, nnz + extra);
      const pattern = nnz === 0 ? emptyPattern(outDim, inDim) : randomPattern(outDim, inDim, count, random);
      return { pattern, state: { target: nnz } };
    },
    restore: restoreMestState,
    resize: ({ target }, before, after) => ({
      target: Math.round((target * after.outDim) / before.outDim),
    }),
    isDue: memoryBound === 'soft' ? (progress) => shrinkIsDue(checked, progress) : updateIsDue(checked),
    *evolve({ layers, progress }, states, tools) {
      const share = pruneShare(checked, progress);
      const isLast = isLastUpdate(checked, progress);
      const gradients = yield* tools.gradients(tools.sampleRows(progress.batchSize));
      const edits = layers.map((layer, l): Edit | undefined => {
        const { pruned, grown } = exchange(layer, states[l].target, share, isLast);
        if (pruned === 0) return undefined;
        const strengths = layer.weights.map(
          (weight, p) => Math.abs(weight) + gradientWeight * Math.abs(gradients[l][p]),
        );
        const prune = tools.weakest(l, pruned, strengths);
        const kept = removeConnections(layer.pattern, prune);
        const grow = sampleFree(kept, grown, tools.random(`grow/${l}`));
        return { prune, grow, random: grow };
      });
      return { edits, states, shrinks: memoryBound === 'soft' };
    },
  });
}

function restoreMestState(state: unknown): MestState {
  const { target }: Partial<Record<keyof MestState, unknown>> = Object(state);
  if (isCount(target)) return { target };
  throw new CtreError('E_FORMAT', `the state of mest is ${show(state)}; expected { target }`);
}
