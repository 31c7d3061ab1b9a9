import { TILE } from '../engine/abi.ts';
import { loadF32, zerosF32 } from '../engine/copyIn.ts';
import { checkSparse } from '../matrix/check.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import { checkDense, type DenseMatrix } from '../matrix/denseMatrix.ts';
import { checkFits, inRegion, loadPattern, tilesOf } from './operands.ts';

/**
 * The dense product A·Bᵀ sampled at a pattern: entry (i, j) of the result is the inner product of row i of
 * `a` [pattern.rows × k] and row j of `b` [pattern.cols × k]. The pattern's own values do not matter. O(nnz ·
 * k).
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
export function sddmm(pattern: CsrMatrix, a: DenseMatrix, b: DenseMatrix): CsrMatrix {
  const sampled = checkSparse('pattern', pattern);
  const left = checkDense('a', a);
  const right = checkDense('b', b);
  checkFits('a', left, 'rows', sampled.rows, 'as the pattern has');
  checkFits('b', right, 'rows', sampled.cols, 'as many as the pattern has columns');
  checkFits('b', right, 'columns', left.cols, 'as a has');
  const k = left.cols;
  return inRegion(({ kernels }, region) => {
    const { indptr, indices } = loadPattern(region, sampled);
    const leftData = loadF32(region, left.data, left.rows * k).pointer;
    const rightData = loadF32(region, right.data, right.rows * k).pointer;
    const leftTile = region.f32(left.rows * TILE).pointer;
    const rightTile = region.f32(right.rows * TILE).pointer;
    const values = zerosF32(region, sampled.nnz);
    for (const { begin, count } of tilesOf(sampled.nnz === 0 ? 0 : k)) {
      kernels.packColumns(leftData, k, begin, left.rows, count, leftTile);
      kernels.packColumns(rightData, k, begin, right.rows, count, rightTile);
      kernels.sddmm(indptr, indices, leftTile, rightTile, values.pointer, sampled.rows, true, TILE);
    }
    return CsrMatrix.fromParts({ ...sampled, values: values.view });
  });
}
