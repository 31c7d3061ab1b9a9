import { newArray } from '../base/arrays.ts';
import { CtreError } from '../base/errors.ts';
import { TILE } from '../engine/abi.ts';
import { type Engine, getEngine } from '../engine/engine.ts';
import { loadI32 } from '../engine/load.ts';
import { Region } from '../engine/region.ts';
import type { CsrPattern } from '../matrix/pattern.ts';

/** @throws CtreError `E_SHAPE` unless both sizes are one; `what` says of what they are. */
export function checkFits(what: string, came: number, expected: number): void {
  if (came !== expected) {
    throw new CtreError('E_SHAPE', `${what}: ${came} came, ${expected} expected`);
  }
}

/**
 * Zeros for a result of rows × cols elements.
 * @throws CtreError `E_MEMORY` when they are more than one typed array holds.
 */
export function newElements<T>(rows: number, cols: number, type: Parameters<typeof newArray<T>>[1]): T {
  return newArray(rows * cols, type, `the result, ${rows} × ${cols}`);
}

/** Runs `body` with a region of its own, which is freed whatever happens. */
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

/** 0 … n − 1 cut into tiles. */
export function* tilesOf(n: number): Iterable<{ readonly begin: number; readonly count: number }> {
  for (let begin = 0; begin < n; begin += TILE) yield { begin, count: Math.min(TILE, n - begin) };
}
