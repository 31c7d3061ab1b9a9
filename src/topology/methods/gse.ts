import { noPositions, type Positions } from '../../matrix/pattern.ts';
import { sampleFree } from '../../matrix/sampling.ts';
import { drawByProduct } from '../drawByProduct.ts';
import { type Method, type MethodOptions, type MethodPreset, readMethodOptions } from '../method.ts';
import { type PruneOptions, pruneOptions, pruneShare, updateIsDue } from '../pruneOptions.ts';
import { countsByRank, strongest } from '../ranking.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Edit, EvolvingLayer, Topology } from '../topology.ts';

/** Options of gse. */
export interface GseOptions extends PruneOptions {
  /**
   * The chance of a pair in the subset: `uniform`; `grabo`, in proportion to Σ|x| of its input times Σ|δ| of
   * its output, which bounds the gradient; `graest`, in proportion to |Σ±x|·|Σ±δ| with random signs.
   */
  readonly distribution?: 'uniform' | 'grabo' | 'graest';
  /** γ, positions in the subset of a layer for each of its connections; 1. */
  readonly subset?: number;
  /** Weights and gradients are ranked in the whole network (`network`, the default), or in each layer. */
  readonly scope?: 'network' | 'layer';
}

const gseOptions = {
  ...pruneOptions,
  distribution: {
    flag: 'subset-by',
    value: 'kind',
    help: 'chance of a pair in the subset: uniform, grabo or graest',
    default: 'grabo',
    kind: 'choice',
    choices: ['uniform', 'grabo', 'graest'],
  },
  subset: {
    flag: 'subset',
    value: 'n',
    help: 'pairs in the subset for each connection',
    default: 1,
    kind: 'number',
    bounds: { least: 0, most: 1024 },
  },
  scope: {
    flag: 'scope',
    value: 'kind',
    help: 'of the rankings: the whole network, or each layer',
    default: 'network',
    kind: 'choice',
    choices: ['network', 'layer'],
  },
} as const satisfies MethodOptions<GseOptions>;

/** Guided stochastic exploration. */
export const gse = {
  name: 'gse',
  about: 'Grows where the gradient is largest within a drawn subset.',
  source: 'Heddes et al. 2024',
  options: gseOptions,
  published: { pruneFraction: 0.2, annealing: 'cosine', every: 1000, until: 0.75 },
  create: createGse,
} as const satisfies Method;

/** Connections that go and come, by layer. */
interface Exchange {
  readonly pruned: readonly number[];
  readonly grown: readonly number[];
}

/**
 * Guided stochastic exploration: draws a subset of the positions that are not connected, and grows those in
 * it whose gradient on one mini-batch is largest, with weight 0 (Heddes et al. 2024). Pairs are drawn from
 * the two sides by themselves, so the work is linear in connections and neurons. A layer keeps at least one
 * connection; layers that have every connection take no part, and no other comes to have every one.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createGse(options: GseOptions & MethodPreset = {}): Topology<null> {
  const checked = readMethodOptions<GseOptions>('topology.gse', gseOptions, options, gse.published);
  const { distribution, subset, scope } = checked;
  const exchange = scope === 'network' ? exchangeInNetwork : exchangeInLayers;
  return Object.freeze<Topology<null>>({
    name: 'gse',
    options: checked,
    growInitializer: 'zeros',
    init: startAtRandom,
    isDue: updateIsDue(checked),
    *evolve({ layers, progress }, states, tools) {
      const batch = tools.sampleRows(progress.batchSize);
      const sums =
        distribution === 'uniform'
          ? undefined
          : yield* tools.neuronSums(batch, distribution === 'grabo' ? 'absolute' : 'signed');
      const subsets: (Positions | undefined)[] = [];
      for (const [l, { pattern, nnz, inDim, outDim }] of layers.entries()) {
        const count = Math.min(inDim * outDim - nnz, Math.floor(subset * nnz));
        const random = tools.random(`subset/${l}`);
        if (count === 0) subsets.push(undefined);
        else if (sums === undefined) subsets.push(sampleFree(pattern, count, random));
        else subsets.push(drawByProduct(pattern, count, sums[l], random));
        yield;
      }
      const scores = yield* tools.scoreAt(subsets, 'gradient', batch);
      const lists = layers.map((_, l) => scores[l] ?? new Float32Array(0));
      const { pruned, grown } = exchange(layers, lists, pruneShare(checked, progress));
      const edits = layers.map((_, l): Edit | undefined => {
        if (pruned[l] === 0 && grown[l] === 0) return undefined;
        const best = strongest(lists[l], grown[l]);
        const { rows, cols } = subsets[l] ?? noPositions;
        const grow = { rows: best.map((q) => rows[q]), cols: best.map((q) => cols[q]) };
        return { prune: tools.weakest(l, pruned[l]), grow, random: noPositions };
      });
      return { edits, states, by: 'gradient' };
    },
  });
}

/** In each layer a share of its connections, or the whole subset where that is less. */
function exchangeInLayers(
  layers: readonly EvolvingLayer[],
  scores: readonly Float32Array[],
  share: number,
): Exchange {
  const counts = layers.map(({ nnz }, l) => Math.min(Math.floor(share * nnz), scores[l].length));
  return { pruned: counts, grown: counts };
}

/** A share of all connections: the smallest weights go, the largest gradients come, in whichever layer. */
function exchangeInNetwork(
  layers: readonly EvolvingLayer[],
  scores: readonly Float32Array[],
  share: number,
): Exchange {
  const free = layers.map(({ inDim, outDim, nnz }) => inDim * outDim - nnz);
  const movable = layers.map(({ nnz }, l) => (free[l] === 0 ? 0 : nnz));
  const sum = (counts: readonly number[]): number => counts.reduce((whole, count) => whole + count, 0);
  const room = sum(scores.map(({ length }, l) => Math.max(0, Math.min(length, free[l] - 1))));
  const total = Math.min(room, Math.floor(share * sum(movable)));
  const kept = countsByRank(
    layers.map(({ weights }) => weights),
    sum(layers.map(({ nnz }) => nnz)) - total,
    layers.map(({ nnz }, l) => ({ least: free[l] === 0 ? nnz : 1, most: nnz })),
  );
  const pruned = layers.map(({ nnz }, l) => nnz - kept[l]);
  const grown = countsByRank(
    scores,
    sum(pruned),
    scores.map(({ length }, l) => ({
      least: 0,
      most: Math.max(0, Math.min(length, free[l] - 1 + pruned[l])),
    })),
  );
  return { pruned, grown };
}
