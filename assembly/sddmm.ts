// The gradient of a sparse layer's weights and biases: the dense product dy·xᵀ, sampled at W's connections.
import { sum4, sum4x4 } from './math';
import { ROW, ROW_SHIFT } from './tile';

/**
 * dW[p] (+)= Σ_b dy[i][b] · x[indices[p]][b] for every connection p of row i.
 * indptr i32 [outDim + 1], indices i32 [nnz]; dy f32 [outDim][32]; x f32 [inDim][32]; dW f32 [nnz], added to if
 * accumulate, else overwritten. No overlap. All 32 lanes count: dy is 0 in the unused ones. O(32 · nnz).
 */
export function sddmm(
  indptr: usize,
  indices: usize,
  dy: usize,
  x: usize,
  dW: usize,
  outDim: i32,
  accumulate: bool,
): void {
  let begin = (<usize>load<u32>(indptr)) << 2;
  for (let i = 0; i < outDim; i++) {
    indptr += 4;
    const end = (<usize>load<u32>(indptr)) << 2;
    let p = begin;
    for (; p + 16 <= end; p += 16) {
      const s = sum4x4(
        products(dy, x + ((<usize>load<u32>(indices + p)) << ROW_SHIFT)),
        products(dy, x + ((<usize>load<u32>(indices + p, 4)) << ROW_SHIFT)),
        products(dy, x + ((<usize>load<u32>(indices + p, 8)) << ROW_SHIFT)),
        products(dy, x + ((<usize>load<u32>(indices + p, 12)) << ROW_SHIFT)),
      );
      v128.store(dW + p, accumulate ? f32x4.add(v128.load(dW + p), s) : s);
    }
    for (; p < end; p += 4) {
      const s = sum4(products(dy, x + ((<usize>load<u32>(indices + p)) << ROW_SHIFT)));
      store<f32>(dW + p, accumulate ? load<f32>(dW + p) + s : s);
    }
    dy += ROW;
    begin = end;
  }
}

/** Four partial sums of the 32 products of two tile rows. */
function products(a: usize, b: usize): v128 {
  const s0 = f32x4.add(f32x4.mul(v128.load(a), v128.load(b)), f32x4.mul(v128.load(a, 16), v128.load(b, 16)));
  const s1 = f32x4.add(
    f32x4.mul(v128.load(a, 32), v128.load(b, 32)),
    f32x4.mul(v128.load(a, 48), v128.load(b, 48)),
  );
  const s2 = f32x4.add(
    f32x4.mul(v128.load(a, 64), v128.load(b, 64)),
    f32x4.mul(v128.load(a, 80), v128.load(b, 80)),
  );
  const s3 = f32x4.add(
    f32x4.mul(v128.load(a, 96), v128.load(b, 96)),
    f32x4.mul(v128.load(a, 112), v128.load(b, 112)),
  );
  return f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
}

/**
 * db[i] (+)= Σ_b dy[i][b].
 * dy f32 [outDim][32]; db f32 [outDim], added to if accumulate, else overwritten. No overlap. O(32 · outDim).
 */
export function biasGradient(dy: usize, db: usize, outDim: i32, accumulate: bool): void {
  for (let i = 0; i < outDim; i++) {
    const s = sum4(
      f32x4.add(
        f32x4.add(
          f32x4.add(v128.load(dy), v128.load(dy, 16)),
          f32x4.add(v128.load(dy, 32), v128.load(dy, 48)),
        ),
        f32x4.add(
          f32x4.add(v128.load(dy, 64), v128.load(dy, 80)),
          f32x4.add(v128.load(dy, 96), v128.load(dy, 112)),
        ),
      ),
    );
    store<f32>(db, accumulate ? load<f32>(db) + s : s);
    dy += ROW;
    db += 4;
  }
}
