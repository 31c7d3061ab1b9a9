// Sums over lanes, the exponential function and the logarithm. The host's own exp and log differ between
// engines. So they are computed here, from operations that IEEE 754 rounds in the same way everywhere.
import { VECTOR_BYTES } from './layout';

/**
 * The sum of the four lanes, as (0 + 2) + (1 + 3). sum4x4 adds in this order, too: tails get the same bits.
 */
export function sum4(a: v128): f32 {
  return (
    f32x4.extract_lane(a, 0) +
    f32x4.extract_lane(a, 2) +
    (f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 3))
  );
}

/** Lane 0 is the sum of the lanes of a, lane 1 that of b. */
export function sum4x2(a: v128, b: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  return f32x4.add(ab, v128.shuffle<f64>(ab, ab, 1, 1));
}

/** Lane l is the sum of the lanes of argument l. */
export function sum4x4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f64>(ab, cd, 0, 2), v128.shuffle<f64>(ab, cd, 1, 3));
}

/**
 * Σ_b a[b] · x[b] over the first `bytes` bytes of two rows of tiles. It adds in the order of the loops that
 * take four rows at a time, so that their tails get the same bits.
 */
export function innerProduct(a: usize, x: usize, bytes: usize): f32 {
  let s = f32x4.splat(0);
  for (let k: usize = 0; k < bytes; k += VECTOR_BYTES) {
    s = f32x4.add(s, f32x4.mul(v128.load(a + k), v128.load(x + k)));
  }
  return sum4(s);
}

/**
 * e^x of four lanes, relative error below 2e-7; 0 below −87.3, +∞ above 88.7, NaN of NaN.
 * Argument reduction after Cody and Waite: x = n·ln 2 + r with |r| ≤ ln 2 / 2, and a polynomial in r.
 */
export function exp4(x: v128): v128 {
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(<f32>Math.LOG2E)));
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.12194440054690583e-4)));
  let y = f32x4.splat(1.0 / 5040.0);
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.0 / 720.0));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.0 / 120.0));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.0 / 24.0));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.0 / 6.0));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(0.5));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.0));
  y = f32x4.add(f32x4.mul(y, r), f32x4.splat(1.0));
  // The exponent's bits make 2^n: 127 is their bias, 23 their place. 2^128 does not fit one factor, so n is
  // two halves.
  const i = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(i, 1);
  y = f32x4.mul(y, i32x4.shl(i32x4.add(half, i32x4.splat(127)), 23));
  y = f32x4.mul(y, i32x4.shl(i32x4.add(i32x4.sub(i, half), i32x4.splat(127)), 23));
  y = v128.andnot(y, f32x4.lt(x, f32x4.splat(-87.3)));
  return v128.bitselect(f32x4.splat(Infinity), y, f32x4.gt(x, f32x4.splat(88.7)));
}

/**
 * The natural logarithm of a positive, finite, normal x, relative error below 1e-15.
 * x = m·2^k with m in [√½, √2); ln m = 2·artanh((m − 1) / (m + 1)) by its series.
 */
export function log(x: f64): f64 {
  const bits = reinterpret<i64>(x) - 0x3fe6a09e667f3bcd; // minus the bits of √½
  const k = <i32>(bits >> 52);
  const m = reinterpret<f64>(reinterpret<i64>(x) - ((<i64>k) << 52));
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let series = 1.0 / 23.0;
  series = series * z + 1.0 / 21.0;
  series = series * z + 1.0 / 19.0;
  series = series * z + 1.0 / 17.0;
  series = series * z + 1.0 / 15.0;
  series = series * z + 1.0 / 13.0;
  series = series * z + 1.0 / 11.0;
  series = series * z + 1.0 / 9.0;
  series = series * z + 1.0 / 7.0;
  series = series * z + 1.0 / 5.0;
  series = series * z + 1.0 / 3.0;
  return <f64>k * Math.LN2 + 2 * s * (1 + z * series);
}
