import type { Random } from '../base/random.ts';
import { type Kernels, TOP_K_SCRATCH } from '../engine/abi.ts';
import type { Region } from '../engine/region.ts';
import { addPositions, type CsrPattern, mergePositions, type Positions } from '../matrix/pattern.ts';
import { sampleFree } from '../matrix/sampling.ts';
import type { Wanted } from '../topology/topology.ts';
import type { ListedPairs } from './listedPairs.ts';

/**
 * The listed positions of largest |score|, as many as are wanted, in row-major order; ties go to the lower
 * one. Where too few have a score above 0, positions drawn at random make up the number, unless the wish has
 * a least score.
 */
export function chooseListed(
  kernels: Kernels,
  region: Region,
  list: CsrPattern,
  { scores }: ListedPairs,
  { kept, count, least }: Wanted,
  random: Random,
): Positions {
  const scratch = region.i32(TOP_K_SCRATCH);
  const selected = region.i32(Math.min(count, scores.length));
  const n = selected.length;
  kernels.topK(scores.pointer, scores.length, n, false, true, scratch.pointer, selected.pointer);
  const values = scores.view;
  const chosen = placesAbove(values, selected.view, least ?? 0);
  const found = positionsIn(list, chosen);
  const missing = count - chosen.length;
  if (missing === 0 || least !== undefined) return found;
  return mergePositions(found, sampleFree(addPositions(kept, found), missing, random));
}

/** The positions of a pattern's connections at the given CSR positions, ascending. */
export function positionsIn({ indptr, indices }: CsrPattern, places: Int32Array): Positions {
  const found = { rows: new Int32Array(places.length), cols: new Int32Array(places.length) };
  let row = 0;
  for (let e = 0; e < places.length; e++) {
    while (indptr[row + 1] <= places[e]) row++;
    found.rows[e] = row;
    found.cols[e] = indices[places[e]];
  }
  return found;
}

/** Those of the places where the |value| is above a limit. A loop: `filter` takes ten times as long. */
function placesAbove(values: Float32Array, places: Int32Array, limit: number): Int32Array {
  const found = new Int32Array(places.length);
  let count = 0;
  for (const place of places) if (Math.abs(values[place]) > limit) found[count++] = place;
  return found.subarray(0, count);
}
