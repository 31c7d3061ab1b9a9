import type { LayerShape } from '../nn/layerShape.ts';
import type { Work } from '../run/turns.ts';
import { type CosineOptions, cosineOptions, cosineRows } from './cosineOptions.ts';
import type { MethodOptions } from './method.ts';
import { pruneShare, shareDone, updateIsDue } from './pruneOptions.ts';
import { growFound, pruneWeakest } from './replaceWeakest.ts';
import { startAtRandom } from './startAtRandom.ts';
import type { Evolved, EvolvingNetwork, GrowthTools, Progress, Topology } from './topology.ts';
import { wireByCosine } from './wireByCosine.ts';

/** Options of the methods that grow by cosine first, and then by gradient. */
export interface CosineThenGradientOptions extends CosineOptions {
  /** Updates before the first step, by what fires together; 20. */
  readonly wiring?: number;
  /** Share of the training in which growth is by cosine; 0.3. */
  readonly cosineShare?: number;
  /** Mini-batches that the gradient is the mean of; 5. */
  readonly batches?: number;
  /**
   * With `every: 0`: what updates may take, as a share of the steps' arithmetic. Where an update after every
   * epoch would take more, there are fewer; and the wiring makes fewer updates where they would take more than
   * half of all steps. 0, no limit; 0.3.
   */
  readonly growthShare?: number;
}

/** What CosineThenGradientOptions are on the command line. */
export const cosineThenGradientOptions = {
  ...cosineOptions,
  wiring: {
    flag: 'wiring',
    value: 'n',
    help: 'updates before the first step, by what fires together',
    default: 20,
    kind: 'integer',
    bounds: { least: 0 },
  },
  cosineShare: {
    flag: 'cosine-share',
    value: 's',
    help: 'share of the training in which growth is by cosine',
    default: 0.3,
    kind: 'number',
    bounds: { least: 0, most: 1 },
  },
  batches: {
    flag: 'gradient-batches',
    value: 'n',
    help: 'mini-batches of the gradient',
    default: 5,
    kind: 'integer',
    bounds: { least: 1 },
  },
  growthShare: {
    flag: 'growth-share',
    value: 's',
    help:
      'arithmetic of updates, at most, as a share of the\n' +
      'steps: fewer updates where they cost more; 0: no limit',
    default: 0.3,
    kind: 'number',
    bounds: { least: 0 },
  },
} as const satisfies MethodOptions<CosineThenGradientOptions>;

/** Share of a layer's connections that an update of the wiring replaces. */
const WIRING_SHARE = 0.3;
/** Work of the wiring among listed pairs, at most, as a share of that of all steps to come. */
const WIRING_WORK = 0.5;
/** Planning and making an edit takes as long as so many multiply-adds for each connection. */
const EDIT_COST = 1000;
/** Rows that tell which connections carry a signal. */
const CARRYING_ROWS = 256;

/**
 * The method of checked options. It connects neurons that fire together before anything is learnt. In the
 * first part of the training it grows by cosine as CTE does; after that it grows by gradient as RigL does,
 * and prunes connections that carry nothing first. Cosines find the inputs that belong together where labels
 * alone tell noise from signal badly; gradients then find what the classes need. New connections begin at 0.
 */
export function cosineThenGradient(
  name: string,
  options: Readonly<Required<CosineThenGradientOptions>>,
): Topology<null> {
  const { wiring, search, pairs, cosineShare, growthShare } = options;
  const isDue = updateIsDue(options);
  const isByCosine = (progress: Progress): boolean => shareDone(progress) <= cosineShare;
  return Object.freeze<Topology<null>>({
    name,
    options: { ...options },
    growInitializer: 'zeros',
    init: startAtRandom,
    *start(network, states, tools) {
      const isBounded = search === 'auto' && growthShare > 0;
      const most = isBounded ? WIRING_WORK : Number.POSITIVE_INFINITY;
      const wish = { updates: wiring, share: WIRING_SHARE, search, pairs, most };
      yield* wireByCosine(network, tools, wish);
      return states;
    },
    isDue(progress, layers) {
      if (!isDue(progress)) return false;
      if (options.every > 0 || growthShare === 0) return true;
      return progress.epoch % epochsBetween(options, progress, layers, isByCosine(progress)) === 0;
    },
    *evolve(network, states, tools) {
      const grown = isByCosine(network.progress) ? growByCosine : growByGradient;
      return { ...(yield* grown(options, network, tools)), states };
    },
  });
}

function* growByCosine(
  options: Required<CosineThenGradientOptions>,
  network: EvolvingNetwork,
  tools: GrowthTools,
): Work<Omit<Evolved<null>, 'states'>> {
  const replaced = pruneWeakest(network, tools, pruneShare(options, network.progress));
  // The wiring has found who belongs together; from now on half as many positions do.
  const how = { search: options.search, pairs: options.pairs / 2 };
  const found = yield* tools.likeliest(replaced, 'cosine', cosineRows(tools, options), how);
  return { edits: growFound(replaced, found), by: 'cosine' };
}

function* growByGradient(
  options: Required<CosineThenGradientOptions>,
  network: EvolvingNetwork,
  tools: GrowthTools,
): Work<Omit<Evolved<null>, 'states'>> {
  const { progress, layers } = network;
  const carrying = yield* tools.carrying(tools.sampleRows(CARRYING_ROWS, 'carrying-rows'));
  const strengths = layers.map(({ weights }, l) => weights.map((weight, p) => weight * carrying[l][p]));
  const replaced = pruneWeakest(network, tools, pruneShare(options, progress), strengths);
  const rows = tools.sampleRows(options.batches * progress.batchSize, 'gradient-rows');
  const found = yield* tools.likeliest(replaced, 'gradient', rows, options);
  return { edits: growFound(replaced, found), by: 'gradient' };
}

/** Epochs from one update to the next: as few as keep the updates within their share of the arithmetic. */
function epochsBetween(
  { rows, batches, pairs, growthShare }: Required<CosineThenGradientOptions>,
  progress: Progress,
  layers: readonly LayerShape[],
  isByCosine: boolean,
): number {
  const sum = (count: (layer: LayerShape) => number): number =>
    layers.reduce((total, layer) => total + count(layer), 0);
  const connections = sum(({ nnz }) => nnz);
  const forCosines = (pairs / 2) * sum(({ inDim, outDim, nnz }) => Math.max(nnz, inDim + outDim));
  const forGradients = (pairs / 2) * sum(({ inDim, outDim }) => inDim + outDim);
  const all = progress.rows;
  const byCosine = Math.min(all, rows === 0 ? all : rows) * (connections + forCosines);
  const byGradient =
    Math.min(all, batches * progress.batchSize) * (2 * connections + forGradients) +
    Math.min(all, CARRYING_ROWS) * connections;
  const steps = all * 3 * connections;
  const update = EDIT_COST * connections + (isByCosine ? byCosine : byGradient);
  return Math.max(1, Math.ceil(update / (growthShare * steps)));
}
