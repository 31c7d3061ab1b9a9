import type { Random } from '../base/random.ts';
import {
  addPositions,
  type CsrPattern,
  mergePositions,
  type Positions,
  removeConnections,
} from '../matrix/pattern.ts';
import { sampleFree } from '../matrix/sampling.ts';
import { drawWeight, uniform } from '../nn/initializer.ts';
import type { LayerShape } from '../nn/layerShape.ts';
import type { Work } from '../run/turns.ts';
import { countListed } from './countListed.ts';
import { applyEdit, planEdit } from './edit.ts';
import type { EvolvingNetwork, Likelihood, Progress, StartTools } from './topology.ts';

/**
 * Rows that the cosines are over, for each input that a neuron has on average: the more it has, the weaker is
 * its cosine with each of them, and the more rows tell that from chance. Bounded, so that the cost does not
 * grow with the data.
 */
const ROWS_BY_FAN_IN = 300;
const LEAST_ROWS = 500;
const MOST_ROWS = 2000;
/**
 * With so few rows that chance alone reaches this cosine, cosines tell nothing, and a layer is left as it is.
 */
const MAX_CHANCE_COSINE = 0.5;
/**
 * Factor of a weight whose connection was drawn at random: it goes first, unless its pair is chosen later.
 */
const RANDOM_GAIN = 0.01;

/** Share of connections between neurons that fire together with which a layer is left as it is. */
const WIRED_SHARE = 0.98;

/** How a network is wired. */
export interface Wiring extends Likelihood {
  /** Updates, each of which replaces `share` of a layer's connections. */
  readonly updates: number;
  readonly share: number;
  /** Multiply-adds, at most, as a share of those of the steps to come: fewer updates where they take more. */
  readonly most: number;
}

/** A layer that is being wired. */
interface WiredLayer extends LayerShape {
  pattern: CsrPattern;
  weights: Float32Array;
  /** By CSR position, 1 for a connection between neurons that were found to fire together. */
  isAlike: Float32Array;
}

/**
 * Connects neurons that fire together before anything is learnt. It looks at no label. In each update the
 * weakest connections of a layer give way to pairs of large |cosine| that are not connected. (A connection
 * makes its neurons fire together, so the cosine of a connected pair tells nothing.) Cosines that chance
 * alone reaches do not count: in their place connections are drawn at random, with small weights.
 */
export function* wireByCosine(
  { layers, progress }: EvolvingNetwork,
  tools: StartTools,
  { updates, share, most, ...how }: Wiring,
): Work<void> {
  const rows = tools.sampleRows(countRows(layers), 'wiring-sample');
  const work = workOf(layers, rows.length, how);
  const affordable = Math.min(updates, Math.floor((most * stepWork(layers, progress)) / work));
  if (affordable === 0) return;
  const wired = layers.map((layer): WiredLayer | undefined => {
    const { index, inDim, outDim, nnz, pattern, weights } = layer;
    const isFull = nnz === inDim * outDim;
    if (isFull || chanceCosine(layer, rows.length, how) >= MAX_CHANCE_COSINE) return undefined;
    return {
      index,
      inDim,
      outDim,
      nnz,
      pattern,
      weights: weights.map((weight) => weight * RANDOM_GAIN),
      isAlike: new Float32Array(nnz),
    };
  });
  if (wired.every((layer) => layer === undefined)) return;
  tools.replace(wired);
  for (let update = 0; update < affordable; update++) {
    const wanted = wired.map((layer) => {
      if (layer === undefined || isWired(layer)) return undefined;
      const { inDim, outDim, nnz, pattern } = layer;
      const count = Math.min(Math.floor(share * nnz), inDim * outDim - nnz);
      return count === 0
        ? undefined
        : { kept: pattern, count, least: chanceCosine(layer, rows.length, how), along: alikeOnly(layer) };
    });
    if (wanted.every((wish) => wish === undefined)) return;
    const found = yield* tools.likeliest(wanted, 'cosine', rows, how);
    wired.forEach((layer, l) => {
      const [wish, chosen] = [wanted[l], found[l]];
      if (layer === undefined || wish === undefined || chosen === undefined) return;
      const prune = tools.weakest(l, wish.count);
      rewire(layer, prune, chosen, tools.random(`wiring/${update}/${l}`));
    });
    tools.replace(wired);
    yield;
  }
}

/** Replaces connections by the chosen positions, and by random ones as far as these are too few. */
function rewire(layer: WiredLayer, prune: Int32Array, chosen: Positions, random: Random): void {
  const { pattern } = layer;
  const drawn = sampleFree(addPositions(pattern, chosen), prune.length - chosen.cols.length, random);
  const plan = planEdit(pattern, { prune, grow: mergePositions(chosen, drawn), random: drawn });
  const values = { view: layer.weights };
  const isAlike = { view: layer.isAlike };
  const setPattern = (changed: CsrPattern): void => {
    layer.pattern = changed;
    layer.weights = new Float32Array(changed.indices.length);
    layer.isAlike = new Float32Array(changed.indices.length);
    values.view = layer.weights;
    isAlike.view = layer.isAlike;
  };
  const bound = uniform().bound(layer);
  applyEdit({ setPattern, values, weightSlots: [isAlike] }, plan, () => drawWeight(bound, random));
  for (const p of placesOf(layer.pattern, drawn)) layer.weights[p] *= RANDOM_GAIN;
  for (const p of placesOf(layer.pattern, chosen)) layer.isAlike[p] = 1;
}

/** Whether nearly all connections are between neurons that were found to fire together. */
function isWired({ isAlike }: WiredLayer): boolean {
  let alike = 0;
  for (const flag of isAlike) alike += flag;
  return alike >= WIRED_SHARE * isAlike.length;
}

/** The layer's connections between neurons that were found to fire together. */
function alikeOnly({ pattern, isAlike }: WiredLayer): CsrPattern {
  const others = new Int32Array(isAlike.length);
  let count = 0;
  for (let p = 0; p < isAlike.length; p++) if (isAlike[p] === 0) others[count++] = p;
  return removeConnections(pattern, others.subarray(0, count));
}

/** Multiply-adds of all steps. */
function stepWork(layers: readonly LayerShape[], { epochs, rows }: Progress): number {
  return layers.reduce((sum, { nnz }) => sum + 3 * nnz * rows * epochs, 0);
}

/** Multiply-adds of an update, at most: once up the network, and the scores. */
function workOf(layers: readonly LayerShape[], rows: number, how: Likelihood): number {
  return layers.reduce((sum, layer) => sum + rows * (layer.nnz + countScored(layer, how)), 0);
}

function countScored(layer: LayerShape, how: Likelihood): number {
  return how.search === 'exact' ? layer.inDim * layer.outDim : countListed('cosine', layer, how);
}

function countRows(layers: readonly LayerShape[]): number {
  const sum = (count: (layer: LayerShape) => number): number =>
    layers.reduce((total, layer) => total + count(layer), 0);
  const fanIn = sum(({ nnz }) => nnz) / sum(({ outDim }) => outDim);
  return Math.ceil(Math.min(MOST_ROWS, Math.max(LEAST_ROWS, ROWS_BY_FAN_IN * fanIn)));
}

/**
 * About the largest |cosine| among so many pairs of unrelated centred features as are scored:
 * √(2·ln(pairs) / rows). The logarithm is the number of bits, which is exact in every engine.
 */
function chanceCosine(layer: LayerShape, rows: number, how: Likelihood): number {
  return Math.sqrt((2 * Math.LN2 * countScored(layer, how).toString(2).length) / rows);
}

/** CSR positions of connections that are listed in row-major order. */
function placesOf({ indptr, indices }: CsrPattern, { rows, cols }: Positions): Int32Array {
  let p = 0;
  return Int32Array.from(rows, (row, e) => {
    p = Math.max(p, indptr[row]);
    while (indices[p] !== cols[e]) p++;
    return p;
  });
}
