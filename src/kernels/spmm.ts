import { loadF32 } from '../engine/copyIn.ts';
import type { Engine } from '../engine/engine.ts';
import type { Region } from '../engine/region.ts';
import { isSparse } from '../matrix/check.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import {
  checkOperand,
  checkOut,
  type DenseOperand,
  type DenseOrVector,
  inRegion,
  type LoadedMatrix,
  loadSparse,
  newElements,
  type ProductOf,
} from './operands.ts';
import { spgemm } from './spgemm.ts';

/**
 * The product W·X of a sparse and a dense matrix: [w.rows × k] for X of [w.cols × k]. For a vector, a
 * `Float32Array` of w.cols elements, it is a vector of w.rows. For a sparse X it is sparse, with an entry
 * wherever an entry of w meets one of X; its sums run in float64 and are rounded once. O(products).
 *
 * Sums with a dense X run in float32 over a row's entries in their order. O(nnz · k). `prepare(w)` saves the
 * check and the copy of w, where it is multiplied again and again.
 *
 * ```ts
 * const entries = { indptr: [0, 1, 3], indices: [2, 0, 1], values: [1, 2, 3] };
 * const w = CsrMatrix.fromParts({ rows: 2, cols: 3, ...entries });
 * spmm(w, Float32Array.of(1, 10, 100)); // [100, 32]
 * spmm(w, { rows: 3, cols: 1, data: Float32Array.of(1, 10, 100) }).data; // [100, 32]
 * ```
 *
 * @throws CtreError `E_ARGUMENT` for anything but such a matrix, `E_SHAPE` for matrices that do not fit each
 *   other, `E_CSR` for a `w` that was changed and is no longer canonical, `E_MEMORY` for more than the memory
 *   holds.
 */
export function spmm(w: CsrMatrix, x: CsrMatrix): CsrMatrix;
export function spmm<X extends DenseOrVector>(w: CsrMatrix, x: X): ProductOf<X>;
export function spmm<X extends DenseOrVector>(w: CsrMatrix, x: X | CsrMatrix): ProductOf<X> | CsrMatrix {
  if (isSparse(x)) return spgemm(w, x);
  return inRegion((engine, region) => {
    const matrix = loadSparse(engine, region, 'w', w);
    const input = checkOperand('x', x, matrix.cols, 'as many as w has columns');
    return product<X>(engine, region, matrix, input, false);
  });
}

/**
 * The product Wᵀ·Y of a sparse matrix's transpose and a dense matrix: [w.cols × k] for Y of [w.rows × k]. For
 * a vector, a `Float32Array` of w.rows elements, it is a vector of w.cols.
 *
 * Sums run in float32 over a column's entries in their order. O(nnz · k).
 *
 * ```ts
 * const entries = { indptr: [0, 1, 3], indices: [2, 0, 1], values: [1, 2, 3] };
 * const w = CsrMatrix.fromParts({ rows: 2, cols: 3, ...entries });
 * spmmTransposed(w, Float32Array.of(1, 10)); // [20, 30, 1]
 * ```
 *
 * @throws CtreError `E_ARGUMENT` for anything but such a matrix, `E_SHAPE` for matrices that do not fit each
 *   other, `E_CSR` for a `w` that was changed and is no longer canonical, `E_MEMORY` for more than the memory
 *   holds.
 */
export function spmmTransposed<X extends DenseOrVector>(w: CsrMatrix, y: X): ProductOf<X> {
  return inRegion((engine, region) => {
    const matrix = loadSparse(engine, region, 'w', w);
    const input = checkOperand('y', y, matrix.rows, 'as w has');
    return product<X>(engine, region, matrix, input, true);
  });
}

/**
 * The product of a loaded matrix, or of its transpose. The operand is copied before the result is written, so
 * `out` may be the operand's own array.
 * @throws CtreError as `checkOut`, and `E_MEMORY` for more than the memory holds.
 */
export function product<X extends DenseOrVector>(
  { kernels }: Engine,
  region: Region,
  { rows, cols, indptr, indices, values }: LoadedMatrix,
  input: DenseOperand,
  transposed: boolean,
  out?: unknown,
): ProductOf<X> {
  const k = input.cols;
  const height = transposed ? cols : rows;
  const data =
    out === undefined ? newElements<Float32Array>(height, k, Float32Array) : checkOut(out, height * k);
  const x = loadF32(region, input.data, input.rows * k).pointer;
  const y = region.f32(height * k);
  const csr = [indptr.pointer, indices.pointer, values.pointer] as const;
  if (transposed) kernels.spmmTRowMajor(...csr, x, y.pointer, rows, cols, k);
  else kernels.spmmRowMajor(...csr, x, y.pointer, rows, k);
  // Of an array of the caller's, which may have a method of that name.
  Float32Array.prototype.set.call(data, y.view);
  return (input.isVector ? data : { rows: height, cols: k, data }) as ProductOf<X>;
}
