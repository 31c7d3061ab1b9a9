// What clipping a gradient by its norm needs.
import { ELEMENT_BYTES, ELEMENT_SHIFT, VECTOR_BYTES } from './layout';

/**
 * The sum of squares, in float64: four partial sums, of every fourth element each, then their sum, then what
 * is left over one by one. No square and no sum of them overflows.
 *
 * ```js
 * sum[0] = 0;
 * for (let p = 0; p < n; p++) sum[0] += x[p] ** 2;
 * ```
 *
 * - x f32 [n]; sum f64 [1], overwritten.
 *
 * O(n).
 */
export function squareSum(x: usize, n: i32, sum: usize): void {
  const end = x + ((<usize>n) << ELEMENT_SHIFT);
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (; x + VECTOR_BYTES <= end; x += VECTOR_BYTES) {
    const xs = v128.load(x);
    const l = f64x2.promote_low_f32x4(xs);
    const h = f64x2.promote_low_f32x4(v128.shuffle<f64>(xs, xs, 1, 1));
    low = f64x2.add(low, f64x2.mul(l, l));
    high = f64x2.add(high, f64x2.mul(h, h));
  }
  const both = f64x2.add(low, high);
  let total = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; x < end; x += ELEMENT_BYTES) {
    const value = <f64>load<f32>(x);
    total += value * value;
  }
  store<f64>(sum, total);
}

/**
 * Multiplies every element by a factor.
 *
 * ```js
 * for (let p = 0; p < n; p++) x[p] *= factor;
 * ```
 *
 * - x f32 [n], changed in place.
 *
 * O(n).
 */
export function scaleBy(x: usize, n: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  const end = x + ((<usize>n) << ELEMENT_SHIFT);
  for (; x + VECTOR_BYTES <= end; x += VECTOR_BYTES) {
    v128.store(x, f32x4.mul(v128.load(x), factors));
  }
  for (; x < end; x += ELEMENT_BYTES) store<f32>(x, load<f32>(x) * factor);
}
