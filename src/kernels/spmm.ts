import { TILE } from '../engine/abi.ts';
import { loadF32, loadI32, zerosF32 } from '../engine/copyIn.ts';
import type { Engine } from '../engine/engine.ts';
import type { Region } from '../engine/region.ts';
import { checkSparse } from '../matrix/check.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import { checkDense, type DenseMatrix } from '../matrix/denseMatrix.ts';
import { transposePattern } from '../matrix/pattern.ts';
import { checkFits, inRegion, loadPattern, newElements, tilesOf } from './operands.ts';

/**
 * The product W·X of a sparse and a dense matrix: [w.rows × k] for X of [w.cols × k].
 *
 * Sums run in float32 over a row's entries in their order. O(nnz · k).
 *
 * ```ts
 * const entries = { indptr: [0, 1, 3], indices: [2, 0, 1], values: [1, 2, 3] };
 * const w = CsrMatrix.fromParts({ rows: 2, cols: 3, ...entries });
 * spmm(w, { rows: 3, cols: 1, data: Float32Array.of(1, 10, 100) }).data; // [100, 32]
 * ```
 *
 * @throws CtreError `E_ARGUMENT` for anything but such a matrix, `E_SHAPE` for matrices that do not fit each
 *   other, `E_CSR` for a `w` that was changed and is no longer canonical, `E_MEMORY` for more than the memory
 *   holds.
 */
export function spmm(w: CsrMatrix, x: DenseMatrix): DenseMatrix {
  const matrix = checkSparse('w', w);
  const input = checkDense('x', x);
  checkFits('x', input, 'rows', matrix.cols, 'as many as w has columns');
  return mapColumns(input, matrix.rows, ({ kernels }, region) => {
    const { indptr, indices } = loadPattern(region, matrix);
    const values = loadF32(region, matrix.values, matrix.nnz).pointer;
    const bias = zerosF32(region, matrix.rows).pointer;
    return (from, to) => kernels.spmm(indptr, indices, values, bias, from, to, matrix.rows, false, TILE);
  });
}

/**
 * The product Wᵀ·Y of a sparse matrix's transpose and a dense matrix: [w.cols × k] for Y of [w.rows × k].
 *
 * Sums run in float32 over a column's entries in their order. O(nnz · k).
 *
 * ```ts
 * const entries = { indptr: [0, 1, 3], indices: [2, 0, 1], values: [1, 2, 3] };
 * const w = CsrMatrix.fromParts({ rows: 2, cols: 3, ...entries });
 * spmmTransposed(w, { rows: 2, cols: 1, data: Float32Array.of(1, 10) }).data; // [20, 30, 1]
 * ```
 *
 * @throws CtreError `E_ARGUMENT` for anything but such a matrix, `E_SHAPE` for matrices that do not fit each
 *   other, `E_CSR` for a `w` that was changed and is no longer canonical, `E_MEMORY` for more than the memory
 *   holds.
 */
export function spmmTransposed(w: CsrMatrix, y: DenseMatrix): DenseMatrix {
  const matrix = checkSparse('w', w);
  const input = checkDense('y', y);
  checkFits('y', input, 'rows', matrix.rows, 'as w has');
  return mapColumns(input, matrix.cols, ({ kernels }, region) => {
    const transposed = transposePattern(matrix);
    const colPtr = loadI32(region, transposed.indptr).pointer;
    const rowIdx = loadI32(region, transposed.indices).pointer;
    const perm = loadI32(region, transposed.source).pointer;
    const values = loadF32(region, matrix.values, matrix.nnz).pointer;
    return (from, to) => kernels.spmmTLinear(colPtr, rowIdx, perm, values, from, to, matrix.cols);
  });
}

/**
 * Maps columns, 32 at a time. `load` makes the kernel call, from a tile [input.rows][32] to a tile
 * [rows][32].
 */
function mapColumns(
  input: DenseMatrix,
  rows: number,
  load: (engine: Engine, region: Region) => (from: number, to: number) => void,
): DenseMatrix {
  const { cols } = input;
  const data = newElements(rows, cols, Float32Array);
  inRegion((engine, region) => {
    const { kernels } = engine;
    const map = load(engine, region);
    const from = loadF32(region, input.data, input.rows * cols).pointer;
    const to = region.f32(rows * cols);
    const fromTile = region.f32(input.rows * TILE).pointer;
    const toTile = region.f32(rows * TILE).pointer;
    for (const { begin, count } of tilesOf(rows === 0 ? 0 : cols)) {
      kernels.packColumns(from, cols, begin, input.rows, count, fromTile);
      map(fromTile, toTile);
      kernels.unpackColumns(toTile, cols, begin, rows, count, to.pointer);
    }
    data.set(to.view);
  });
  return { rows, cols, data };
}
