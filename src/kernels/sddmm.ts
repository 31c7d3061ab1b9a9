import { TILE } from '../engine/abi.ts';
import { loadF32, zerosF32 } from '../engine/copyIn.ts';
import type { Engine } from '../engine/engine.ts';
import { lanesFor } from '../engine/lanes.ts';
import type { Region } from '../engine/region.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import {
  checkFits,
  checkOperand,
  type DenseOrVector,
  inRegion,
  type LoadedMatrix,
  loadSparse,
  tilesOf,
} from './operands.ts';

/**
 * The dense product A·Bᵀ sampled at a pattern: entry (i, j) of the result is the inner product of row i of
 * `a` [pattern.rows × k] and row j of `b` [pattern.cols × k]. A `Float32Array` is a matrix of one column. The
 * pattern's own values do not matter. O(nnz · k).
 *
 * ```ts
 * const pattern = CsrMatrix.fromParts({ rows: 1, cols: 2, indptr: [0, 1], indices: [1], values: [0] });
 * const a = { rows: 1, cols: 2, data: Float32Array.of(1, 2) };
 * const b = { rows: 2, cols: 2, data: Float32Array.of(0, 0, 3, 4) };
 * sddmm(pattern, a, b).values; // [11]
 * ```
 *
 * @throws CtreError `E_ARGUMENT` for anything but such a matrix, `E_SHAPE` for matrices that do not fit each
 *   other, `E_CSR` for a pattern that was changed and is no longer canonical, `E_MEMORY` for more than the
 *   memory holds.
 */
export function sddmm(pattern: CsrMatrix, a: DenseOrVector, b: DenseOrVector): CsrMatrix {
  return inRegion((engine, region) => {
    const loaded = loadSparse(engine, region, 'pattern', pattern);
    return sampledProduct(engine, region, loaded, ...checkFactors(loaded, a, b));
  });
}

/** The factors of a product that is sampled at the pattern. @throws CtreError as `checkOperand`. */
export function checkFactors(
  { rows, cols }: { readonly rows: number; readonly cols: number },
  a: unknown,
  b: unknown,
): [left: DenseMatrix, right: DenseMatrix] {
  const left = checkOperand('a', a, rows, 'as the pattern has');
  const right = checkOperand('b', b, cols, 'as many as the pattern has columns');
  checkFits('b', right, 'columns', left.cols, 'as a has');
  return [left, right];
}

/** The product of checked factors, sampled at a loaded pattern. */
export function sampledProduct(
  { kernels }: Engine,
  region: Region,
  { rows, cols, nnz, indptr, indices }: LoadedMatrix,
  left: DenseMatrix,
  right: DenseMatrix,
): CsrMatrix {
  const k = left.cols;
  const leftData = loadF32(region, left.data, left.rows * k).pointer;
  const rightData = loadF32(region, right.data, right.rows * k).pointer;
  const leftTile = region.f32(left.rows * TILE).pointer;
  const rightTile = region.f32(right.rows * TILE).pointer;
  const values = zerosF32(region, nnz);
  for (const { begin, count } of tilesOf(nnz === 0 ? 0 : k)) {
    kernels.packColumns(leftData, k, begin, left.rows, count, leftTile);
    kernels.packColumns(rightData, k, begin, right.rows, count, rightTile);
    const lanes = lanesFor(count);
    kernels.sddmm(indptr.pointer, indices.pointer, leftTile, rightTile, values.pointer, rows, true, lanes);
  }
  return CsrMatrix.fromParts({
    rows,
    cols,
    indptr: indptr.view,
    indices: indices.view,
    values: values.view,
  });
}
