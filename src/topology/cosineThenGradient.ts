import type { LayerShape } from '../nn/layerShape.ts';
import type { Work } from '../run/turns.ts';
import { type CosineOptions, cosineOptions } from './cosineOptions.ts';
import { countListed } from './countListed.ts';
import type { MethodOptions } from './method.ts';
import { pruneShare, shareDone, updateIsDue } from './pruneOptions.ts';
import { growFound, pruneWeakest } from './replaceWeakest.ts';
import { startAtRandom } from './startAtRandom.ts';
import type { Evolved, EvolvingNetwork, GrowthTools, Likelihood, Progress, Topology } from './topology.ts';
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
   * epoch would take more, there are fewer; and the wiring makes fewer updates where they would take more
   * than half of all steps. 0, no limit; 0.3.
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
/** Rows that tell which neurons fire and which connections carry a signal, at most and at least. */
const CARRYING_ROWS = 256;
const LEAST_CARRYING_ROWS = 64;
/** Where updates are bounded, one looks at no larger share of the rows: it is to take less than an epoch. */
const SHARE_OF_ROWS = 1 / 3;

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
      const most = isBounded(options) ? WIRING_WORK : Number.POSITIVE_INFINITY;
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
  const rows = tools.sampleRows(cosineRowCount(options, network.progress), 'cosine-rows');
  const found = yield* tools.likeliest(replaced, 'cosine', rows, cosinesOf(options));
  return { edits: growFound(replaced, found), by: 'cosine' };
}

function* growByGradient(
  options: Required<CosineThenGradientOptions>,
  network: EvolvingNetwork,
  tools: GrowthTools,
): Work<Omit<Evolved<null>, 'states'>> {
  const { progress, layers } = network;
  const carrying = yield* tools.carrying(
    tools.sampleRows(carryingRowCount(options, progress), 'carrying-rows'),
  );
  const strengths = layers.map(({ weights }, l) => strengthsOf(weights, carrying[l].connections));
  const replaced = pruneWeakest(network, tools, pruneShare(options, progress), strengths);
  const rows = tools.sampleRows(gradientRowCount(options, progress), 'gradient-rows');
  const { search, pairs } = options;
  const found = yield* tools.likeliest(replaced, 'gradient', rows, { search, pairs, among: carrying });
  return { edits: growFound(replaced, found), by: 'gradient' };
}

/** The weights, and 0 for connections that carry no signal. */
function strengthsOf(weights: Float32Array, carrying: Uint8Array): Float32Array {
  const strengths = weights.slice();
  for (let p = 0; p < strengths.length; p++) if (carrying[p] === 0) strengths[p] = 0;
  return strengths;
}

function carryingRowCount(options: Required<CosineThenGradientOptions>, { rows }: Progress): number {
  const few = Math.max(LEAST_CARRYING_ROWS, Math.ceil(rows / 8));
  return Math.min(rows, CARRYING_ROWS, isBounded(options) ? few : rows);
}

/** Whether updates are to take no more than a share of the steps. */
function isBounded({ growthShare, search }: Required<CosineThenGradientOptions>): boolean {
  return search === 'auto' && growthShare > 0;
}

/** The wiring has found who belongs together; from then on half as many positions do. */
function cosinesOf({ search, pairs }: Required<CosineThenGradientOptions>): Likelihood {
  return { search, pairs: pairs / 2 };
}

function cosineRowCount(options: Required<CosineThenGradientOptions>, progress: Progress): number {
  return Math.min(options.rows === 0 ? progress.rows : options.rows, mostRows(options, progress));
}

function gradientRowCount(options: Required<CosineThenGradientOptions>, progress: Progress): number {
  return Math.min(options.batches * progress.batchSize, mostRows(options, progress));
}

/** Rows that an update may look at. */
function mostRows(options: Required<CosineThenGradientOptions>, { rows }: Progress): number {
  return isBounded(options) ? Math.ceil(SHARE_OF_ROWS * rows) : rows;
}

/** Epochs from one update to the next: as few as keep the updates within their share of the arithmetic. */
function epochsBetween(
  options: Required<CosineThenGradientOptions>,
  progress: Progress,
  layers: readonly LayerShape[],
  isByCosine: boolean,
): number {
  const { growthShare } = options;
  const sum = (count: (layer: LayerShape) => number): number =>
    layers.reduce((total, layer) => total + count(layer), 0);
  const connections = sum(({ nnz }) => nnz);
  const forCosines = sum((layer) => countListed('cosine', layer, cosinesOf(options)));
  const forGradients = sum((layer) => countListed('gradient', layer, options));
  const all = progress.rows;
  const byCosine = cosineRowCount(options, progress) * (connections + forCosines);
  const byGradient =
    gradientRowCount(options, progress) * (2 * connections + forGradients) +
    carryingRowCount(options, progress) * connections;
  const steps = all * 3 * connections;
  const update = EDIT_COST * connections + (isByCosine ? byCosine : byGradient);
  return Math.max(1, Math.ceil(update / (growthShare * steps)));
}
