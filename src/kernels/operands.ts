// The matrix arguments and results of the public kernels: checked at the door, copied into the kernels' memory.

import { checkInteger } from '../checks.ts';
import { CsrMatrix, type CsrPattern, checkCsr, type DenseMatrix, MAX_INDEX } from '../csr.ts';
import { CtreError, show } from '../errors.ts';
import { type F32Block, type I32Block, Region } from '../memory/arena.ts';
import { type Engine, getEngine, TILE } from '../memory/module.ts';

/**
 * The value, if it is a CsrMatrix; its arrays are open to everyone, so they are checked again.
 * @throws CtreError `E_ARGUMENT` for anything else, `E_SHAPE` or `E_CSR` for one that is no longer canonical.
 */
export function checkSparse(name: string, value: unknown): CsrMatrix {
  if (!(value instanceof CsrMatrix)) {
    throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected a CsrMatrix`);
  }
  const { indptr, indices, values } = value;
  if (!(indptr instanceof Int32Array && indices instanceof Int32Array && values instanceof Float32Array)) {
    const came = [indptr, indices, values].map(show).join(', ');
    throw new CtreError(
      'E_ARGUMENT',
      `${name} holds ${came}; expected indptr and indices as Int32Array and values as Float32Array`,
    );
  }
  checkCsr(value);
  return value;
}

/**
 * The value, if it is `{ rows, cols, data }` with as many numbers as that takes.
 * @throws CtreError `E_ARGUMENT` for anything else, `E_SHAPE` for another number of elements.
 */
export function checkDense(name: string, value: unknown): DenseMatrix {
  if (
    typeof value !== 'object' ||
    value === null ||
    !('rows' in value && 'cols' in value && 'data' in value)
  ) {
    throw new CtreError(
      'E_ARGUMENT',
      `${name} is ${show(value)}; expected { rows, cols, data } or a CsrMatrix`,
    );
  }
  const { data } = value;
  const rows = checkInteger(`${name}.rows`, value.rows, { least: 0, most: MAX_INDEX });
  const cols = checkInteger(`${name}.cols`, value.cols, { least: 0, most: MAX_INDEX });
  if (!(data instanceof Float32Array)) {
    throw new CtreError('E_ARGUMENT', `${name}.data is ${show(data)}; expected a Float32Array`);
  }
  if (data.length !== rows * cols) {
    throw new CtreError(
      'E_SHAPE',
      `${name}.data has ${data.length} elements; ${rows} × ${cols} need ${rows * cols}`,
    );
  }
  return { rows, cols, data };
}

/** The value as either kind of matrix; throws as `checkSparse` and `checkDense` do. */
export function checkMatrix(name: string, value: unknown): CsrMatrix | DenseMatrix {
  return value instanceof CsrMatrix ? checkSparse(name, value) : checkDense(name, value);
}

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
export function newElements<T>(rows: number, cols: number, type: new (length: number) => T): T {
  const length = rows * cols;
  try {
    if (length <= MAX_INDEX) return new type(length);
  } catch {
    // The engine's own limit is lower; the same sentence says so.
  }
  throw new CtreError('E_MEMORY', `the result's ${rows} × ${cols} elements do not fit in one typed array`);
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

export function loadF32(region: Region, values: Float32Array): F32Block {
  const block = region.f32(values.length);
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
