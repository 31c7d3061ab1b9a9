// The gradient of a sparse layer's weights and biases: the dense product dy·xᵀ, sampled at W's connections.
import { sum4, sum4x4 } from './math';
import { innerProduct, ROW, ROW_SHIFT } from './tile';

/**
 * dW[p] (+)= Σ_b dy[i][b] · x[indices[p]][b] for every connection p of row i.
 * indptr i32 [outDim + 1], indices i32 [nnz]; dy f32 [outDim][32]; x f32 [inDim][32]; dW f32 [nnz], added to if
 * accumulate, else overwritten. No overlap. The first `lanes` lanes count: dy is 0 in the unused ones. O(lanes · nnz).
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
  const bytes = (<usize>lanes) << 2;
  let begin = (<usize>load<u32>(indptr)) << 2;
  for (let i = 0; i < outDim; i++) {
    indptr += 4;
    const end = (<usize>load<u32>(indptr)) << 2;
    let p = begin;
    // Four connections at a time share the loads of dy. The loop over samples stays a loop: unrolled whole, its loads
    // are hoisted by older V8s and spill.
    for (; p + 16 <= end; p += 16) {
      const s0 = x + ((<usize>load<u32>(indices + p)) << ROW_SHIFT);
      const s1 = x + ((<usize>load<u32>(indices + p, 4)) << ROW_SHIFT);
      const s2 = x + ((<usize>load<u32>(indices + p, 8)) << ROW_SHIFT);
      const s3 = x + ((<usize>load<u32>(indices + p, 12)) << ROW_SHIFT);
      let a = f32x4.splat(0);
      let b = a;
      let c = a;
      let d = a;
      for (let k: usize = 0; k < bytes; k += 32) {
        const y0 = v128.load(dy + k);
        a = f32x4.add(a, f32x4.mul(y0, v128.load(s0 + k)));
        b = f32x4.add(b, f32x4.mul(y0, v128.load(s1 + k)));
        c = f32x4.add(c, f32x4.mul(y0, v128.load(s2 + k)));
        d = f32x4.add(d, f32x4.mul(y0, v128.load(s3 + k)));
        const y1 = v128.load(dy + k, 16);
        a = f32x4.add(a, f32x4.mul(y1, v128.load(s0 + k, 16)));
        b = f32x4.add(b, f32x4.mul(y1, v128.load(s1 + k, 16)));
        c = f32x4.add(c, f32x4.mul(y1, v128.load(s2 + k, 16)));
        d = f32x4.add(d, f32x4.mul(y1, v128.load(s3 + k, 16)));
      }
      const s = sum4x4(a, b, c, d);
      v128.store(dW + p, accumulate ? f32x4.add(v128.load(dW + p), s) : s);
    }
    for (; p < end; p += 4) {
      const s = innerProduct(dy, x + ((<usize>load<u32>(indices + p)) << ROW_SHIFT), bytes);
      store<f32>(dW + p, accumulate ? load<f32>(dW + p) + s : s);
    }
    dy += ROW;
    begin = end;
  }
}

/**
 * db[i] (+)= Σ_b dy[i][b].
 * dy f32 [outDim][32]; db f32 [outDim], added to if accumulate, else overwritten. No overlap. The first `lanes` lanes count.
 * O(lanes · outDim).
 */
export function biasGradient(dy: usize, db: usize, outDim: i32, accumulate: bool, lanes: i32): void {
  const bytes = (<usize>lanes) << 2;
  for (let i = 0; i < outDim; i++) {
    let sums = v128.load(dy);
    for (let k: usize = 16; k < bytes; k += 16) sums = f32x4.add(sums, v128.load(dy + k));
    const s = sum4(sums);
    store<f32>(db, accumulate ? load<f32>(db) + s : s);
    dy += ROW;
    db += 4;
  }
}

/**
 * to[p] += from[p]: one tile's gradient added to those before it.
 * to, from f32 [n]. No overlap. O(n).
 */
export function addTo(to: usize, from: usize, n: i32): void {
  const end = to + ((<usize>n) << 2);
  for (; to + 16 <= end; to += 16) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
    from += 16;
  }
  for (; to < end; to += 4) {
    store<f32>(to, load<f32>(to) + load<f32>(from));
    from += 4;
  }
}
