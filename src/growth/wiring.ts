import { Region } from '../engine/region.ts';
import type { Positions } from '../matrix/pattern.ts';
import { addPositions, mergePositions, positionsOf } from '../matrix/pattern.ts';
import { sampleFree } from '../matrix/sampling.ts';
import { drawWeight, uniform } from '../nn/initializer.ts';
import type { Layer } from '../nn/layer.ts';
import type { RowList } from '../nn/rows.ts';
import { drawRows } from '../nn/rows.ts';
import type { Workspace } from '../nn/workspace.ts';
import type { Executor } from '../run/executor.ts';
import type { Work } from '../run/turns.ts';
import { applyEdit, planEdit } from '../topology/edit.ts';
import { type EvolvingModel, epochStream } from './evolvingModel.ts';
import { searchCosines } from './exactSearch.ts';
import { activationPairs } from './pairStream.ts';
import type { SearchRequest } from './searchRequest.ts';
import { findWeakest } from './weakest.ts';

/**
 * Rows that the cosines are over: enough to tell them from chance, and the cost does not grow with the data.
 */
export const WIRING_ROWS = 2000;
/**
 * With so few rows that chance alone reaches this cosine, cosines tell nothing, and a layer is left as it is.
 */
const MAX_CHANCE_COSINE = 0.5;
/**
 * Factor of a weight whose connection was drawn at random: it goes first, unless its pair is chosen later.
 */
const RANDOM_GAIN = 0.01;

/**
 * Connects neurons that fire together before anything is learnt, for a method that asks for it. It looks at
 * no label. In each update the weakest connections of a layer give way to the pairs of largest |cosine| that
 * are not connected. (A connection makes its neurons fire together, so the cosine of a connected pair tells
 * nothing.) Cosines that chance alone reaches do not count: in their place connections are drawn at random,
 * with small weights.
 */
export function* wire(
  model: EvolvingModel,
  executor: Executor,
  workspaces: readonly Workspace[],
  rows: RowList,
  updates: number,
): Work<void> {
  const { network, topology } = model;
  const { engine, dims } = network;
  const sampleRows = Math.min(WIRING_ROWS, rows.length);
  const wired = network.layers.filter(
    (layer) => layer.structure !== undefined && chanceCosine(layer, sampleRows) < MAX_CHANCE_COSINE,
  );
  if (wired.length === 0) return;
  const fraction = topology.schedule.fraction(0, 1);
  const region = new Region(engine.arena);
  const before = wired.map((layer) => ({
    layer,
    pattern: layer.pattern(),
    values: layer.values.view.slice(),
  }));
  let isDone = false;
  try {
    const sample = drawRows(region, rows, WIRING_ROWS, epochStream(model, 'wiring-sample'));
    const stream = activationPairs(network, workspaces, sample);
    for (const layer of wired) weaken(layer, positionsOf(layer.pattern()));
    for (let update = 0; update < updates; update++) {
      const requests = network.layers.map((layer) =>
        wired.includes(layer) ? requestFor(layer, fraction, sampleRows) : undefined,
      );
      const groupRandom = epochStream(model, `wiring-groups/${update}`);
      const found = yield* searchCosines({ engine, executor, dims }, requests, stream, groupRandom);
      for (const layer of wired) {
        const [request, chosen] = [requests[layer.index], found[layer.index]];
        if (request === undefined || chosen === undefined) continue;
        rewire(model, layer, request, chosen, `wiring/${update}/${layer.index}`);
        yield;
      }
    }
    isDone = true;
  } finally {
    // A training that was stopped in here begins anew, from the network it had: half a wiring would be other
    // bits.
    for (const { layer, pattern, values } of isDone ? [] : before) {
      layer.setPattern(pattern);
      layer.values.view.set(values);
    }
    region.free();
  }
}

/** What one update looks for in a layer; undefined where there is nothing to replace, or no free position. */
function requestFor(layer: Layer, fraction: number, sampleRows: number): SearchRequest | undefined {
  const { inDim, outDim, nnz } = layer;
  const count = Math.min(Math.floor(fraction * nnz), inDim * outDim - nnz);
  if (count === 0) return undefined;
  return { kept: layer.pattern(), count, least: chanceCosine(layer, sampleRows) };
}

/**
 * Replaces the weakest connections of a layer by the chosen positions, and by random ones as far as these are
 * too few.
 */
function rewire(
  model: EvolvingModel,
  layer: Layer,
  { kept, count }: SearchRequest,
  chosen: Positions,
  purpose: string,
): void {
  const random = epochStream(model, purpose);
  const drawn = sampleFree(addPositions(kept, chosen), count - chosen.cols.length, random);
  const prune = findWeakest(model.network, layer, count);
  const plan = planEdit(kept, { prune, grow: mergePositions(chosen, drawn), random: drawn }, false);
  const bound = uniform().bound(layer);
  applyEdit(layer, plan, () => drawWeight(bound, random));
  weaken(layer, drawn);
}

/**
 * About the largest |cosine| among so many pairs of unrelated centred features: √(2·ln(pairs) / rows). The
 * logarithm is the number of bits, which is exact in every engine.
 */
function chanceCosine({ inDim, outDim }: Layer, rows: number): number {
  const bits = (inDim * outDim).toString(2).length;
  return Math.sqrt((2 * Math.LN2 * bits) / rows);
}

/** Multiplies the weights at the positions, which are connections in row-major order, by RANDOM_GAIN. */
function weaken(layer: Layer, { rows, cols }: Positions): void {
  const { indptr, indices } = layer.pattern();
  const weights = layer.values.view;
  let p = 0;
  rows.forEach((row, e) => {
    p = Math.max(p, indptr[row]);
    while (indices[p] !== cols[e]) p++;
    weights[p] *= RANDOM_GAIN;
  });
}
