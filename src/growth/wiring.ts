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
import { type Evolving, epochStream } from './evolving.ts';
import { activationPairs } from './pairStream.ts';
import { searchCosines } from './search.ts';
import { findWeakest } from './weakest.ts';

/** Rows that the cosines are over: enough to tell them from chance, and the cost does not grow with the data. */
export const WIRING_ROWS = 2000;
/** Where chance alone reaches a cosine of this, with so few rows, there is nothing to be seen. */
const BLIND = 0.5;
/** What a connection drawn at random weighs of one that was chosen: it goes first, unless it is chosen later. */
const RANDOM_GAIN = 0.01;

/**
 * Connects what fires together before anything is learnt, for a method that asks for it; no labels are looked at. In each update
 * the weakest connections of a layer give way to the pairs of neurons of largest |cosine| that are not connected: a connection
 * makes its neurons fire together, so that the cosine of a connected pair tells nothing. Cosines that chance alone reaches do not
 * count; in their place connections are drawn at random, with small weights.
 */
export function* wire(
  model: Evolving,
  executor: Executor,
  workspaces: readonly Workspace[],
  rows: RowList,
  updates: number,
): Work<void> {
  const { network, topology } = model;
  const { engine, dims } = network;
  const site = { engine, executor, dims };
  const seen = Math.min(WIRING_ROWS, rows.length);
  const sparse = network.layers.filter(
    (layer) => layer.structure !== undefined && chanceCosine(layer, seen) < BLIND,
  );
  if (sparse.length === 0) return;
  const fraction = topology.schedule.fraction(0, 1);
  const region = new Region(engine.arena);
  const before = sparse.map((layer) => ({
    layer,
    pattern: layer.pattern(),
    values: layer.values.view.slice(),
  }));
  let wired = false;
  try {
    const sample = drawRows(region, rows, WIRING_ROWS, epochStream(model, 'wiring-sample'));
    for (const layer of sparse) weaken(layer, positionsOf(layer.pattern()));
    for (let update = 0; update < updates; update++) {
      const searches = network.layers.map((layer) => {
        const { inDim, outDim, nnz } = layer;
        const count = Math.min(Math.floor(fraction * nnz), inDim * outDim - nnz);
        const wanted = sparse.includes(layer) && count > 0;
        return wanted ? { kept: layer.pattern(), count, least: chanceCosine(layer, seen) } : undefined;
      });
      const bounded = epochStream(model, `wiring-groups/${update}`);
      const stream = activationPairs(network, workspaces, sample);
      const chosen = yield* searchCosines(site, searches, stream, bounded);
      for (const layer of sparse) {
        const search = searches[layer.index];
        const found = chosen[layer.index];
        if (search === undefined || found === undefined) continue;
        const random = epochStream(model, `wiring/${update}/${layer.index}`);
        const taken = addPositions(search.kept, found);
        const drawn = sampleFree(taken, search.count - found.cols.length, random);
        const prune = findWeakest(network, layer, search.count);
        const plan = planEdit(
          search.kept,
          { prune, grow: mergePositions(found, drawn), random: drawn },
          false,
        );
        const bound = uniform().bound(layer);
        applyEdit(layer, plan, () => drawWeight(bound, random));
        weaken(layer, drawn);
        yield;
      }
    }
    wired = true;
  } finally {
    // One that was stopped begins anew: half a wiring would be other bits.
    for (const { layer, pattern, values } of wired ? [] : before) {
      layer.setPattern(pattern);
      layer.values.view.set(values);
    }
    region.free();
  }
}

/**
 * About the largest |cosine| among so many pairs of unrelated centred features: √(2·ln(pairs) / rows), with the logarithm to a bit,
 * which is exact everywhere.
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
