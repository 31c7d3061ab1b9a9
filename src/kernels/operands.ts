import { newArray, viewOf } from '../base/arrays.ts';
import { CtreError, show } from '../base/errors.ts';
import { TILE } from '../engine/abi.ts';
import { loadF32, loadI32 } from '../engine/copyIn.ts';
import { type Engine, getEngine } from '../engine/engine.ts';
import { type F32Block, type I32Block, Region } from '../engine/region.ts';
import { checkSize } from '../matrix/canonical.ts';
import { viewSparse } from '../matrix/check.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import { checkDense, type DenseMatrix } from '../matrix/denseMatrix.ts';
import type { CsrPattern } from '../matrix/pattern.ts';

/** A dense matrix, or a vector: one column. */
export type DenseOrVector = DenseMatrix | Float32Array;

/** A vector for a vector, a matrix for a matrix. */
export type ProductOf<X extends DenseOrVector> = X extends Float32Array ? Float32Array : DenseMatrix;

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

/** A sparse matrix in the kernels' memory. It is canonical. */
export interface LoadedMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly nnz: number;
  readonly indptr: I32Block;
  readonly indices: I32Block;
  readonly values: F32Block;
}

/**
 * Copies a CsrMatrix into the kernels' memory. The copy is what is checked, and what is used.
 * @throws CtreError as `checkSparse`.
 */
export function loadSparse({ kernels }: Engine, region: Region, name: string, value: unknown): LoadedMatrix {
  const parts = viewSparse(name, value);
  const rows = checkSize('parts.rows', parts.rows);
  const cols = checkSize('parts.cols', parts.cols);
  const nnz = parts.indices.length;
  // This check knows the sentence for what is wrong, and throws it. It is slower than the kernel.
  const refuse = () => CsrMatrix.fromParts(parts);
  if (parts.indptr.length !== rows + 1 || parts.values.length !== nnz) refuse();
  const indptr = loadI32(region, parts.indptr);
  const indices = loadI32(region, parts.indices);
  const values = loadF32(region, parts.values, nnz);
  const canonical = region.i32(1);
  kernels.checkCsr(indptr.pointer, indices.pointer, rows, cols, nnz, canonical.pointer);
  if (canonical.view[0] === 0) refuse();
  return { rows, cols, nnz, indptr, indices, values };
}

/** A dense operand that was checked: a matrix, or a vector as a matrix of one column. */
export interface DenseOperand extends DenseMatrix {
  readonly isVector: boolean;
}

/**
 * A dense operand of so many rows.
 * @param reason whose side it has to match: "as w has", say.
 * @throws CtreError as `checkDense`, and `E_SHAPE` for another number of rows.
 */
export function checkOperand(name: string, value: unknown, rows: number, reason: string): DenseOperand {
  const data = viewOf(value, Float32Array);
  if (data === undefined) {
    if (Array.isArray(value) || ArrayBuffer.isView(value)) {
      throw new CtreError(
        'E_ARGUMENT',
        `${name} is ${show(value)}; expected a Float32Array or { rows, cols, data }`,
      );
    }
    const matrix = checkDense(name, value);
    checkFits(name, matrix, 'rows', rows, reason);
    return { ...matrix, isVector: false };
  }
  if (data.length !== rows) {
    throw new CtreError('E_SHAPE', `${name} has ${data.length} elements; expected ${rows}, ${reason}`);
  }
  return { rows, cols: 1, data, isVector: true };
}

/**
 * A caller's array for a result.
 * @throws CtreError `E_ARGUMENT` for anything but a Float32Array, `E_SHAPE` for another length.
 */
export function checkOut(value: unknown, length: number): Float32Array {
  // The view has the true length, though not always the same buffer.
  const view = viewOf(value, Float32Array);
  if (view === undefined) {
    throw new CtreError('E_ARGUMENT', `out is ${show(value)}; expected a Float32Array`);
  }
  if (view.length !== length) {
    throw new CtreError('E_SHAPE', `out has ${view.length} elements; expected ${length}, as the result has`);
  }
  return value as Float32Array;
}
