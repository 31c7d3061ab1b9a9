// The gradients of a layer: dW, the dense product dy·xᵀ sampled at W's connections, and db, the sums of dy's
// rows.
import { ELEMENT_BYTES, ELEMENT_SHIFT, PART_BYTES, ROW_BYTES, ROW_SHIFT, VECTOR_BYTES } from './layout';
import { innerProduct, sum4, sum4x4 } from './math';

/**
 * The gradient of a sparse layer's weights, and inner products of listed pairs: dW = (dy·xᵀ) at the
 * connections.
 *
 * ```js
 * for (let i = 0; i < outDim; i++) {
 *   for (let p = indptr[i]; p < indptr[i + 1]; p++) {
 *     let sum = 0;
 *     for (let b = 0; b < lanes; b++) sum += dy[i][b] * x[indices[p]][b];
 *     dW[p] = accumulate ? dW[p] + sum : sum;
 *   }
 * }
 * ```
 *
 * - W's pattern is CSR, [outDim, inDim]: indptr i32 [outDim + 1], indices i32 [nnz].
 * - dy f32 [outDim][32]; x f32 [inDim][32]: their first `lanes` lanes are read. They may be the same tile.
 * - dW f32 [nnz], added to if `accumulate`, else overwritten. It overlaps nothing else.
 * - lanes: 8, 16 or 32.
 *
 * O(lanes · nnz).
 */
export function sddmm(
  indptr: usize,
  indices: usize,
  dy: usize,
  x: usize,
  dW: usize,
  outDim: i32,
  accumulate: bool,
  lanes: i32,
): void {
  const bytes = (<usize>lanes) << ELEMENT_SHIFT;
  let begin = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
  for (let i = 0; i < outDim; i++) {
    indptr += ELEMENT_BYTES;
    const end = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
    let p = begin;
    // Four connections at a time share the loads of dy. The loop over samples stays a loop: older V8s hoist
    // the loads of an unrolled one, and spill.
    for (; p + 4 * ELEMENT_BYTES <= end; p += 4 * ELEMENT_BYTES) {
      const s0 = x + ((<usize>load<u32>(indices + p)) << ROW_SHIFT);
      const s1 = x + ((<usize>load<u32>(indices + p, ELEMENT_BYTES)) << ROW_SHIFT);
      const s2 = x + ((<usize>load<u32>(indices + p, 2 * ELEMENT_BYTES)) << ROW_SHIFT);
      const s3 = x + ((<usize>load<u32>(indices + p, 3 * ELEMENT_BYTES)) << ROW_SHIFT);
      let a = f32x4.splat(0);
      let b = a;
      let c = a;
      let d = a;
      for (let k: usize = 0; k < bytes; k += PART_BYTES) {
        const y0 = v128.load(dy + k);
        a = f32x4.add(a, f32x4.mul(y0, v128.load(s0 + k)));
        b = f32x4.add(b, f32x4.mul(y0, v128.load(s1 + k)));
        c = f32x4.add(c, f32x4.mul(y0, v128.load(s2 + k)));
        d = f32x4.add(d, f32x4.mul(y0, v128.load(s3 + k)));
        const y1 = v128.load(dy + k, VECTOR_BYTES);
        a = f32x4.add(a, f32x4.mul(y1, v128.load(s0 + k, VECTOR_BYTES)));
        b = f32x4.add(b, f32x4.mul(y1, v128.load(s1 + k, VECTOR_BYTES)));
        c = f32x4.add(c, f32x4.mul(y1, v128.load(s2 + k, VECTOR_BYTES)));
        d = f32x4.add(d, f32x4.mul(y1, v128.load(s3 + k, VECTOR_BYTES)));
      }
      const s = sum4x4(a, b, c, d);
      v128.store(dW + p, accumulate ? f32x4.add(v128.load(dW + p), s) : s);
    }
    for (; p < end; p += ELEMENT_BYTES) {
      const s = innerProduct(dy, x + ((<usize>load<u32>(indices + p)) << ROW_SHIFT), bytes);
      store<f32>(dW + p, accumulate ? load<f32>(dW + p) + s : s);
    }
    dy += ROW_BYTES;
    begin = end;
  }
}

/**
 * The gradient of a layer's biases.
 *
 * ```js
 * for (let i = 0; i < outDim; i++) {
 *   let sum = 0;
 *   for (let b = 0; b < lanes; b++) sum += dy[i][b];
 *   db[i] = accumulate ? db[i] + sum : sum;
 * }
 * ```
 *
 * - dy f32 [outDim][32]: its first `lanes` lanes are read.
 * - db f32 [outDim], added to if `accumulate`, else overwritten. No overlap.
 * - lanes: 8, 16 or 32.
 *
 * O(lanes · outDim).
 */
export function biasGradient(dy: usize, db: usize, outDim: i32, accumulate: bool, lanes: i32): void {
  const bytes = (<usize>lanes) << ELEMENT_SHIFT;
  for (let i = 0; i < outDim; i++) {
    let sums = v128.load(dy);
    for (let k = VECTOR_BYTES; k < bytes; k += VECTOR_BYTES) sums = f32x4.add(sums, v128.load(dy + k));
    const s = sum4(sums);
    store<f32>(db, accumulate ? load<f32>(db) + s : s);
    dy += ROW_BYTES;
    db += ELEMENT_BYTES;
  }
}

/**
 * Adds one tile's gradient to that of the tiles before it.
 *
 * ```js
 * for (let p = 0; p < n; p++) to[p] += from[p];
 * ```
 *
 * - to f32 [n], changed in place; from f32 [n]. No overlap.
 *
 * O(n).
 */
export function addTo(to: usize, from: usize, n: i32): void {
  const end = to + ((<usize>n) << ELEMENT_SHIFT);
  for (; to + VECTOR_BYTES <= end; to += VECTOR_BYTES) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    from += VECTOR_BYTES;
  }
  for (; to < end; to += ELEMENT_BYTES) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    from += ELEMENT_BYTES;
  }
}
