// Cosine similarity of neurons' activations: ⟨a_i, a_j⟩ / (‖a_i‖·‖a_j‖) over all samples. Tiles add to the inner
// products (gemm's products for blocks of pairs, sddmm for listed ones) and to the squared norms; these functions
// finish the quotient. A neuron that never fires has cosine 0 with everything. Signed: topK can rank by magnitude.
import { ROW, ROW_SHIFT } from './tile';

/**
 * sums[i] += Σ_b a[i][b]² for every listed neuron i.
 * a f32 [*][32], all 32 lanes count; list i32 [n], no neuron twice; sums f64 [*], only listed ones changed. No overlap.
 * O(32 · n).
 */
export function squaredNorms(a: usize, list: usize, n: i32, sums: usize): void {
  for (let e = 0; e < n; e++) {
    const i = <usize>load<u32>(list);
    list += 4;
    const row = a + (i << ROW_SHIFT);
    // Most neurons of a very sparse network are silent in most tiles.
    let any = v128.load(row);
    for (let k: usize = 16; k < ROW; k += 16) any = v128.or(any, v128.load(row + k));
    if (!v128.any_true(any)) continue;
    let s = f64x2.splat(0);
    for (let k: usize = 0; k < ROW; k += 16) {
      const v = v128.load(row + k);
      const lo = f64x2.promote_low_f32x4(v);
      const hi = f64x2.promote_low_f32x4(v128.shuffle<f64>(v, v, 1, 1));
      s = f64x2.add(s, f64x2.add(f64x2.mul(lo, lo), f64x2.mul(hi, hi)));
    }
    const sum = sums + (i << 3);
    store<f64>(sum, load<f64>(sum) + (f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1)));
  }
}

/**
 * dots[i, j] = dots[i, j] / √(outSums[i] · inSums[j]), 0 where a norm is 0.
 * dots f32 [outDim, inDim] row-major, in place; outSums f64 [outDim]; inSums f64 [inDim]. O(outDim · inDim).
 */
export function cosineBlock(dots: usize, outSums: usize, inSums: usize, outDim: i32, inDim: i32): void {
  for (let i = 0; i < outDim; i++) {
    const a = load<f64>(outSums + ((<usize>i) << 3));
    let s = inSums;
    for (let j = 0; j < inDim; j++) {
      store<f32>(dots, cosine(load<f32>(dots), a, load<f64>(s)));
      dots += 4;
      s += 8;
    }
  }
}

/**
 * dots[p] = dots[p] / √(outSums[i] · inSums[indices[p]]) for every entry p of row i, 0 where a norm is 0.
 * indptr i32 [outDim + 1], indices i32 [nnz]; dots f32 [nnz], in place; outSums f64 [outDim]; inSums f64. O(nnz).
 */
export function cosinePairs(
  indptr: usize,
  indices: usize,
  dots: usize,
  outSums: usize,
  inSums: usize,
  outDim: i32,
): void {
  let p = (<usize>load<u32>(indptr)) << 2;
  for (let i = 0; i < outDim; i++) {
    indptr += 4;
    const end = (<usize>load<u32>(indptr)) << 2;
    const a = load<f64>(outSums + ((<usize>i) << 3));
    for (; p < end; p += 4) {
      const b = load<f64>(inSums + ((<usize>load<u32>(indices + p)) << 3));
      store<f32>(dots + p, cosine(load<f32>(dots + p), a, b));
    }
  }
}

/** The quotient from an inner product and two squared norms; within [−1, 1] whatever the rounding. */
function cosine(dot: f32, a: f64, b: f64): f32 {
  if (!(a > 0 && b > 0)) return 0;
  const quotient = max<f64>(min<f64>(<f64>dot / (sqrt<f64>(a) * sqrt<f64>(b)), 1), -1);
  return quotient >= -1 ? <f32>quotient : 0; // an inner product that overflowed to NaN says nothing
}
