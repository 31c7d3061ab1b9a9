import { newArray } from '../base/arrays.ts';
import { CtreError } from '../base/errors.ts';
import { TILE } from '../engine/abi.ts';
import { loadI32 } from '../engine/copyIn.ts';
import { type Engine, getEngine } from '../engine/engine.ts';
import { Region } from '../engine/region.ts';
import type { CsrPattern } from '../matrix/pattern.ts';

/**
 * Checks one side of a matrix against a side of another.
 * @param name how the sentence names the matrix.
 * @param reason whose side it has to match: "as a has", say.
 * @throws CtreError `E_SHAPE` unless the matrix has `expected` rows, or columns.
 */
export function checkFits(
  name: string,
  { rows, cols }: { readonly rows: number; readonly cols: number },
  side: 'rows' | 'columns',
  expected: number,
  reason: string,
): void {
  const count = side === 'rows' ? rows : cols;
  if (count === expected) return;
  const noun = count === 1 ? side.slice(0, -1) : side;
  throw new CtreError('E_SHAPE', `${name} has ${count} ${noun}; expected ${expected}, ${reason}`);
}

/**
 * Zeros for a result of rows × cols elements.
 * @throws CtreError `E_MEMORY` when they are more than one typed array holds.
 */
export function newElements<T>(rows: number, cols: number, type: Parameters<typeof newArray<T>>[1]): T {
  return newArray(rows * cols, type, `the result, ${rows} × ${cols}`);
}

/** Runs `body` with a region of its own. The region is freed at the end, also when `body` throws. */
export function inRegion<T>(body: (engine: Engine, region: Region) => T): T {
  const engine = getEngine();
  const region = new Region(engine.arena);
  try {
    return body(engine, region);
  } finally {
    region.free();
  }
}

/** A CSR structure's pointers in the kernels' memory. */
export interface LoadedPattern {
  readonly indptr: number;
  readonly indices: number;
}

export function loadPattern(region: Region, { indptr, indices }: CsrPattern): LoadedPattern {
  return { indptr: loadI32(region, indptr).pointer, indices: loadI32(region, indices).pointer };
}

/** Tiles of the numbers 0 to n − 1: where each begins, and how many it holds. */
export function* tilesOf(n: number): Iterable<{ readonly begin: number; readonly count: number }> {
  for (let begin = 0; begin < n; begin += TILE) yield { begin, count: Math.min(TILE, n - begin) };
}
