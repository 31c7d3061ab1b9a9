// Losses against numbers: a tile of targets t instead of a label for each sample. The sums are in f64. A
// loss's weight for sample b is weights[rows[b]], or 1 where `weights` is 0.
import { DOUBLE_BYTES, ELEMENT_SHIFT, ROW_BYTES, ROW_SHIFT, VECTOR_BYTES } from './layout';
import { exp4, log } from './math';
import { weightOf } from './weights';

/**
 * The logistic function of every lane: y = 1 / (1 + e^−z).
 *
 * ```js
 * for (let i = 0; i < n; i++) {
 *   for (let b = 0; b < 32; b++) y[i][b] = 1 / (1 + Math.exp(-z[i][b]));
 * }
 * ```
 *
 * The exponential is taken of −|z|, so that it never overflows.
 *
 * - z f32 [n][32].
 * - y f32 [n][32], overwritten; it may be z itself. No other overlap.
 *
 * O(32 · n).
 */
export function sigmoid(z: usize, n: i32, y: usize): void {
  const one = f32x4.splat(1);
  const bytes = (<usize>n) << ROW_SHIFT;
  for (let k: usize = 0; k < bytes; k += VECTOR_BYTES) {
    const a = v128.load(z + k);
    const e = exp4(f32x4.neg(f32x4.abs(a)));
    const top = v128.bitselect(e, one, f32x4.lt(a, f32x4.splat(0)));
    v128.store(y + k, f32x4.div(top, f32x4.add(one, e)));
  }
}

/**
 * The gradient of a loss against numbers: the difference from the target, within ±limit, times `scale`.
 *
 * ```js
 * for (let i = 0; i < n; i++) {
 *   for (let b = 0; b < 32; b++) {
 *     const e = Math.min(Math.max(y[i][b] - t[i][b], -limit), limit);
 *     d[i][b] = b < count ? e * scale : 0;
 *   }
 * }
 * ```
 *
 * A limit of ∞ makes it that of half the squared error, and that of the binary cross-entropy at the logits.
 *
 * - y, t f32 [n][32].
 * - d f32 [n][32], overwritten; it may be y or t. No other overlap.
 *
 * O(32 · n).
 */
export function targetGradient(
  y: usize,
  t: usize,
  count: i32,
  n: i32,
  limit: f32,
  scale: f32,
  d: usize,
): void {
  const limits = f32x4.splat(limit);
  const below = f32x4.splat(-limit);
  const factor = f32x4.splat(scale);
  const bytes = (<usize>n) << ROW_SHIFT;
  const used = (<usize>count) << ELEMENT_SHIFT;
  for (let c: usize = 0; c < bytes; c += ROW_BYTES) {
    for (let lane = c; lane < c + ROW_BYTES; lane += VECTOR_BYTES) {
      const e = f32x4.sub(v128.load(y + lane), v128.load(t + lane));
      v128.store(d + lane, f32x4.mul(f32x4.min(f32x4.max(e, below), limits), factor));
    }
    memory.fill(d + c + used, 0, ROW_BYTES - used);
  }
}

/**
 * Weighs the samples of a tile.
 *
 * ```js
 * for (let i = 0; i < n; i++) {
 *   for (let b = 0; b < count; b++) d[i][b] *= weights[rows[b]];
 * }
 * ```
 *
 * - d f32 [n][32]: its first `count` lanes are changed in place.
 * - weights f32 [*]; rows i32 [count]. No overlap.
 *
 * O(count · n).
 */
export function weighSamples(d: usize, weights: usize, rows: usize, count: i32, n: i32): void {
  const bytes = (<usize>n) << ROW_SHIFT;
  for (let b: usize = 0; b < <usize>count; b++) {
    const w = weightOf(weights, rows, b);
    for (let c = b << ELEMENT_SHIFT; c < bytes; c += ROW_BYTES) store<f32>(d + c, load<f32>(d + c) * <f32>w);
  }
}

/**
 * The sums that a regression is scored by: Huber's loss (for limit = ∞ half the squared error), the absolute
 * error, and for every output the squared error, the targets and their squares.
 *
 * ```js
 * out.fill(0);
 * for (let i = 0; i < n; i++) {
 *   for (let b = 0; b < count; b++) {
 *     const e = Math.abs(y[i][b] - t[i][b]);
 *     const weight = weights ? weights[rows[b]] : 1;
 *     out[0] += weight * (e > limit ? limit * (e - limit / 2) : (e * e) / 2);
 *     out[1] += e;
 *     out[2 + i] += e * e;
 *     out[2 + n + i] += t[i][b];
 *     out[2 + 2 * n + i] += t[i][b] * t[i][b];
 *   }
 * }
 * ```
 *
 * - y, t f32 [n][32]; weights f32 [*], or 0; rows i32 [count].
 * - out f64 [2 + 3 · n], overwritten. No overlap.
 *
 * O(count · n).
 */
export function scoreRegression(
  y: usize,
  t: usize,
  weights: usize,
  rows: usize,
  count: i32,
  n: i32,
  limit: f64,
  out: usize,
): void {
  let loss: f64 = 0;
  let distance: f64 = 0;
  let sums = out + 2 * DOUBLE_BYTES;
  const width = <usize>n * DOUBLE_BYTES;
  for (let i = 0; i < n; i++) {
    let squares: f64 = 0;
    let total: f64 = 0;
    let totalSquares: f64 = 0;
    for (let b: usize = 0; b < <usize>count; b++) {
      const target = <f64>load<f32>(t + (b << ELEMENT_SHIFT));
      const e = abs<f64>(<f64>load<f32>(y + (b << ELEMENT_SHIFT)) - target);
      const square = e * e;
      loss += weightOf(weights, rows, b) * (e > limit ? limit * (e - 0.5 * limit) : 0.5 * square);
      distance += e;
      squares += square;
      total += target;
      totalSquares += target * target;
    }
    store<f64>(sums, squares);
    store<f64>(sums + width, total);
    store<f64>(sums + 2 * width, totalSquares);
    sums += DOUBLE_BYTES;
    y += ROW_BYTES;
    t += ROW_BYTES;
  }
  store<f64>(out, loss);
  store<f64>(out, distance, DOUBLE_BYTES);
}

/**
 * The sums that several labels a sample are scored by: the binary cross-entropy over all outputs, the samples
 * whose labels are all right, and for every output the true positives, the false positives and the false
 * negatives. A label is predicted where z > 0.
 *
 * ```js
 * out.fill(0);
 * for (let b = 0; b < count; b++) {
 *   let isRight = true;
 *   for (let i = 0; i < n; i++) {
 *     const linear = Math.max(z[i][b], 0) - z[i][b] * t[i][b];
 *     const weight = weights ? weights[rows[b]] : 1;
 *     out[0] += weight * (linear + Math.log1p(Math.exp(-Math.abs(z[i][b]))));
 *     const yes = z[i][b] > 0;
 *     if (yes && t[i][b] > 0) out[2 + i] += 1;
 *     if (yes && !(t[i][b] > 0)) out[2 + n + i] += 1;
 *     if (!yes && t[i][b] > 0) out[2 + 2 * n + i] += 1;
 *     isRight &&= z[i][b] === z[i][b] && yes === t[i][b] > 0;
 *   }
 *   if (isRight) out[1] += 1;
 * }
 * ```
 *
 * A sample with a NaN among its logits is never right. A logit that is ±∞ makes the loss ∞ or
 * NaN.
 *
 * - z f32 [n][32]; t f32 [n][32], 0 or 1; weights f32 [*], or 0; rows i32 [count].
 * - out f64 [2 + 3 · n], overwritten. No overlap.
 *
 * O(32 · n).
 */
export function scoreLabels(
  z: usize,
  t: usize,
  weights: usize,
  rows: usize,
  count: i32,
  n: i32,
  out: usize,
): void {
  let loss: f64 = 0;
  let wrong: u32 = 0;
  let sums = out + 2 * DOUBLE_BYTES;
  const width = <usize>n * DOUBLE_BYTES;
  const zero = f32x4.splat(0);
  for (let i = 0; i < n; i++) {
    let yes: u32 = 0;
    let positive: u32 = 0;
    for (let lane: u32 = 0; lane < <u32>count; lane += 4) {
      const at = (<usize>lane) << ELEMENT_SHIFT;
      const a = v128.load(z + at);
      const target = v128.load(t + at);
      yes |= i32x4.bitmask(f32x4.gt(a, zero)) << lane;
      positive |= i32x4.bitmask(f32x4.gt(target, zero)) << lane;
      wrong |= i32x4.bitmask(f32x4.ne(a, a)) << lane;
      const e = exp4(f32x4.neg(f32x4.abs(a)));
      const linear = f32x4.sub(f32x4.max(a, zero), f32x4.mul(a, target));
      // The loop over four lanes is written out, because a lane's number has to be a constant.
      loss += lossOf(f32x4.extract_lane(linear, 0), f32x4.extract_lane(e, 0), weights, rows, lane, count);
      loss += lossOf(f32x4.extract_lane(linear, 1), f32x4.extract_lane(e, 1), weights, rows, lane + 1, count);
      loss += lossOf(f32x4.extract_lane(linear, 2), f32x4.extract_lane(e, 2), weights, rows, lane + 2, count);
      loss += lossOf(f32x4.extract_lane(linear, 3), f32x4.extract_lane(e, 3), weights, rows, lane + 3, count);
    }
    const used: u32 = count < 32 ? (1 << count) - 1 : -1;
    yes &= used;
    positive &= used;
    wrong |= yes ^ positive;
    store<f64>(sums, <f64>popcnt(yes & positive));
    store<f64>(sums + width, <f64>popcnt(yes & ~positive));
    store<f64>(sums + 2 * width, <f64>popcnt(positive & ~yes));
    sums += DOUBLE_BYTES;
    z += ROW_BYTES;
    t += ROW_BYTES;
  }
  const all: u32 = count < 32 ? (1 << count) - 1 : -1;
  store<f64>(out, loss);
  store<f64>(out, <f64>(count - popcnt(wrong & all)), DOUBLE_BYTES);
}

/** A lane's binary cross-entropy, weighed; 0 of a lane that holds no sample. */
function lossOf(linear: f32, e: f32, weights: usize, rows: usize, lane: u32, count: i32): f64 {
  if (lane >= <u32>count) return 0;
  return weightOf(weights, rows, lane) * (<f64>linear + log(1 + <f64>e));
}
