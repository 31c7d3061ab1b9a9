// The cosine similarity of neurons' activations: ⟨a_i, a_j⟩ / (‖a_i‖·‖a_j‖) over all samples. Tile after tile
// adds to the inner products (products for blocks of pairs, sddmm for listed pairs) and to the squared norms
// (squaredNorms). At the end, cosineBlock or cosinePairs makes the quotients. They keep their sign. A neuron
// that never fires has cosine 0 with every other.
import {
  DOUBLE_BYTES,
  DOUBLE_SHIFT,
  ELEMENT_BYTES,
  ELEMENT_SHIFT,
  ROW_BYTES,
  ROW_SHIFT,
  VECTOR_BYTES,
} from './layout';

/**
 * Adds a tile's squares to the squared norms of the listed neurons.
 *
 * ```js
 * for (let e = 0; e < n; e++) {
 *   for (let b = 0; b < 32; b++) sums[list[e]] += a[list[e]][b] ** 2;
 * }
 * ```
 *
 * - a f32 [*][32]: all 32 lanes count, so unused ones hold 0 (clearLanes).
 * - list i32 [n]: no neuron twice.
 * - sums f64 [*]: those of listed neurons are changed in place. No overlap.
 *
 * O(32 · n).
 */
export function squaredNorms(a: usize, list: usize, n: i32, sums: usize): void {
  for (let e = 0; e < n; e++) {
    const i = <usize>load<u32>(list);
    list += ELEMENT_BYTES;
    const row = a + (i << ROW_SHIFT);
    // Most neurons of a very sparse network are silent in most tiles.
    let any = v128.load(row);
    for (let k = VECTOR_BYTES; k < ROW_BYTES; k += VECTOR_BYTES) any = v128.or(any, v128.load(row + k));
    if (!v128.any_true(any)) continue;
    let s = f64x2.splat(0);
    for (let k: usize = 0; k < ROW_BYTES; k += VECTOR_BYTES) {
      const v = v128.load(row + k);
      const lo = f64x2.promote_low_f32x4(v);
      const hi = f64x2.promote_low_f32x4(v128.shuffle<f64>(v, v, 1, 1));
      s = f64x2.add(s, f64x2.add(f64x2.mul(lo, lo), f64x2.mul(hi, hi)));
    }
    const sum = sums + (i << DOUBLE_SHIFT);
    store<f64>(sum, load<f64>(sum) + (f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1)));
  }
}

/**
 * Makes cosines of a block's inner products; 0 where a norm is 0, and never beyond −1 or 1.
 *
 * ```js
 * for (let i = 0; i < outDim; i++) {
 *   for (let j = 0; j < inDim; j++) {
 *     const norms = outNorms[i] * inNorms[j];
 *     dots[i * inDim + j] = norms > 0 ? dots[i * inDim + j] / norms : 0;
 *   }
 * }
 * ```
 *
 * - dots f32 [outDim, inDim], row-major, changed in place.
 * - outNorms f64 [outDim]; inNorms f64 [inDim]: norms, the square roots of squared norms. They may be the
 *   same array. dots overlaps neither.
 *
 * O(outDim · inDim).
 */
export function cosineBlock(dots: usize, outNorms: usize, inNorms: usize, outDim: i32, inDim: i32): void {
  for (let i = 0; i < outDim; i++) {
    const norm = load<f64>(outNorms);
    outNorms += DOUBLE_BYTES;
    const norms = f64x2.splat(norm);
    let other = inNorms;
    let j = 0;
    for (; j + 4 <= inDim; j += 4) {
      const d = v128.load(dots);
      const lo = cosines(f64x2.promote_low_f32x4(d), f64x2.mul(norms, v128.load(other)));
      const high = f64x2.promote_low_f32x4(v128.shuffle<f64>(d, d, 1, 1));
      const hi = cosines(high, f64x2.mul(norms, v128.load(other, VECTOR_BYTES)));
      v128.store(dots, v128.shuffle<f64>(lo, hi, 0, 2));
      dots += VECTOR_BYTES;
      other += 4 * DOUBLE_BYTES;
    }
    for (; j < inDim; j++) {
      store<f32>(dots, cosine(load<f32>(dots), norm, load<f64>(other)));
      dots += ELEMENT_BYTES;
      other += DOUBLE_BYTES;
    }
  }
}

/** Two of `cosine`, as the two lower lanes of f32. */
function cosines(dots: v128, norms: v128): v128 {
  const quotients = f64x2.div(dots, norms);
  // pmin and pmax keep NaN, which is not equal to itself.
  const within = f64x2.pmax(f64x2.pmin(quotients, f64x2.splat(1)), f64x2.splat(-1));
  const valid = v128.and(f64x2.gt(norms, f64x2.splat(0)), f64x2.eq(quotients, quotients));
  return f32x4.demote_f64x2_zero(v128.and(within, valid));
}

/**
 * Makes cosines of listed pairs' inner products; 0 where a norm is 0, and never beyond −1 or 1.
 *
 * ```js
 * for (let i = 0; i < outDim; i++) {
 *   for (let p = indptr[i]; p < indptr[i + 1]; p++) {
 *     const norms = Math.sqrt(outSums[i]) * Math.sqrt(inSums[indices[p]]);
 *     dots[p] = norms > 0 ? dots[p] / norms : 0;
 *   }
 * }
 * ```
 *
 * - The pairs are a CSR pattern, [outDim, inDim]: indptr i32 [outDim + 1], indices i32 [nnz].
 * - dots f32 [nnz], changed in place.
 * - outSums f64 [outDim]; inSums f64 [inDim]: squared norms. They may be the same array. dots overlaps
 *   neither.
 *
 * O(nnz).
 */
export function cosinePairs(
  indptr: usize,
  indices: usize,
  dots: usize,
  outSums: usize,
  inSums: usize,
  outDim: i32,
): void {
  let p = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
  for (let i = 0; i < outDim; i++) {
    indptr += ELEMENT_BYTES;
    const end = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
    const norm = sqrt<f64>(load<f64>(outSums + ((<usize>i) << DOUBLE_SHIFT)));
    for (; p < end; p += ELEMENT_BYTES) {
      const sum = load<f64>(inSums + ((<usize>load<u32>(indices + p)) << DOUBLE_SHIFT));
      store<f32>(dots + p, cosine(load<f32>(dots + p), norm, sqrt<f64>(sum)));
    }
  }
}

/** The quotient of an inner product and two norms; within [−1, 1], however it is rounded. */
export function cosine(dot: f32, a: f64, b: f64): f32 {
  const norms = a * b;
  if (!(norms > 0)) return 0; // not even where both are very small: roots are at least 2^-537
  const quotient = max<f64>(min<f64>(<f64>dot / norms, 1), -1);
  return quotient >= -1 ? <f32>quotient : 0; // an inner product that overflowed to NaN says nothing
}
