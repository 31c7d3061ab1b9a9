// The matrix arguments and results of the public kernels: checked at the door, copied into the kernels' memory.

import { newArray } from '../arrays.ts';
import type { CsrPattern } from '../csr.ts';
import { CtreError } from '../errors.ts';
import { type F32Block, type I32Block, Region } from '../memory/arena.ts';
import { type Engine, getEngine, TILE } from '../memory/module.ts';

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

export function loadI32(region: Region, values: Int32Array): I32Block {
  const block = region.i32(values.length);
  block.view.set(values);
  return block;
}

/**
 * A copy of checked data, which are the caller's own until now.
 * @throws CtreError `E_SHAPE` when they are no longer as many: their buffer was detached, or resized.
 */
export function loadF32(region: Region, values: Float32Array, length: number): F32Block {
  const block = region.f32(length);
  checkFits('elements of data that changed while they were read', values.length, length);
  block.view.set(values);
  return block;
}

export function zerosF32(region: Region, length: number): F32Block {
  const block = region.f32(length);
  block.view.fill(0);
  return block;
}

/** 0 … n − 1 cut into tiles. */
export function* tilesOf(n: number): Iterable<{ readonly begin: number; readonly count: number }> {
  for (let begin = 0; begin < n; begin += TILE) yield { begin, count: Math.min(TILE, n - begin) };
}
