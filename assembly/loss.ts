// Softmax cross-entropy. Sample b of a tile is row rows[b] of the data, and its label is labels[rows[b]].
import { DOUBLE_SHIFT, ELEMENT_BYTES, ELEMENT_SHIFT, ROW_BYTES, ROW_SHIFT, VECTOR_BYTES } from './layout';
import { exp4, log } from './math';
import { weightOf } from './weights';

/**
 * Softmax over the classes of every sample, and the logarithm of its denominator.
 *
 * ```js
 * for (let b = 0; b < 32; b++) {
 *   let sum = 0;
 *   for (let c = 0; c < classes; c++) sum += Math.exp(z[c][b]);
 *   for (let c = 0; c < classes; c++) probs[c][b] = Math.exp(z[c][b]) / sum;
 *   logSums[b] = Math.log(sum);
 * }
 * ```
 *
 * The largest logit is subtracted first, so that no exponential overflows. A NaN or +∞ among a lane's logits
 * makes all its probabilities NaN, and its logSum NaN or +∞.
 *
 * - z f32 [classes][32]; classes ≥ 1.
 * - probs f32 [classes][32], overwritten; it may be z itself.
 * - logSums f64 [32], overwritten. No other overlap.
 *
 * O(32 · classes).
 */
export function softmax(z: usize, classes: i32, probs: usize, logSums: usize): void {
  const bytes = (<usize>classes) << ROW_SHIFT;
  for (let lane: usize = 0; lane < ROW_BYTES; lane += VECTOR_BYTES) {
    let top = v128.load(z + lane);
    for (let c = ROW_BYTES; c < bytes; c += ROW_BYTES) top = f32x4.max(top, v128.load(z + lane + c));
    let sum = f32x4.splat(0);
    for (let c: usize = 0; c < bytes; c += ROW_BYTES) {
      const e = exp4(f32x4.sub(v128.load(z + lane + c), top));
      sum = f32x4.add(sum, e);
      v128.store(probs + lane + c, e);
    }
    const scale = f32x4.div(f32x4.splat(1), sum);
    for (let c: usize = 0; c < bytes; c += ROW_BYTES) {
      v128.store(probs + lane + c, f32x4.mul(v128.load(probs + lane + c), scale));
    }
    // A lane has four bytes in a tile and eight in logSums.
    const s = logSums + 2 * lane;
    store<f64>(s, <f64>f32x4.extract_lane(top, 0) + log(<f64>f32x4.extract_lane(sum, 0)));
    store<f64>(s, <f64>f32x4.extract_lane(top, 1) + log(<f64>f32x4.extract_lane(sum, 1)), 8);
    store<f64>(s, <f64>f32x4.extract_lane(top, 2) + log(<f64>f32x4.extract_lane(sum, 2)), 16);
    store<f64>(s, <f64>f32x4.extract_lane(top, 3) + log(<f64>f32x4.extract_lane(sum, 3)), 24);
  }
}

/**
 * The summed cross-entropy, and how many samples are classified right.
 *
 * ```js
 * out.fill(0);
 * for (let b = 0; b < count; b++) {
 *   const label = labels[rows[b]];
 *   out[0] += (weights ? weights[rows[b]] : 1) * (logSums[b] - z[label][b]);
 *   let best = 0;
 *   for (let c = 1; c < classes; c++) if (z[c][b] > z[best][b]) best = c;
 *   if (best === label && logSums[b] <= Infinity) out[1] += 1;
 * }
 * ```
 *
 * Of equal logits the lowest class is taken. A sample with a NaN among its logits is never right.
 *
 * - z f32 [classes][32]; logSums f64 [32], as softmax made it.
 * - labels i32 [*]; weights f32 [*], or 0 for none; rows i32 [count].
 * - out f64 [2], overwritten. No overlap.
 *
 * O(count · classes).
 */
export function score(
  z: usize,
  logSums: usize,
  labels: usize,
  weights: usize,
  rows: usize,
  count: i32,
  classes: i32,
  out: usize,
): void {
  let loss: f64 = 0;
  let correct: f64 = 0;
  for (let b: usize = 0; b < <usize>count; b++) {
    const label = labelOf(labels, rows, b);
    const lane = z + (b << ELEMENT_SHIFT);
    const logSum = load<f64>(logSums + (b << DOUBLE_SHIFT));
    const sampleLoss = logSum - <f64>load<f32>(lane + (label << ROW_SHIFT));
    loss += weights === 0 ? sampleLoss : sampleLoss * weightOf(weights, rows, b);
    let s = lane;
    let top = load<f32>(s);
    let best: usize = 0;
    for (let c: usize = 1; c < <usize>classes; c++) {
      s += ROW_BYTES;
      if (load<f32>(s) > top) {
        top = load<f32>(s);
        best = c;
      }
    }
    if (best === label && logSum <= Infinity) correct += 1; // not of NaN
  }
  store<f64>(out, loss);
  store<f64>(out, correct, 8);
}

/**
 * The gradient of the cross-entropy at the logits, times `scale`.
 *
 * ```js
 * for (let c = 0; c < classes; c++) {
 *   for (let b = 0; b < 32; b++) {
 *     const target = c === labels[rows[b]] ? 1 : 0;
 *     d[c][b] = b < count ? (probs[c][b] - target) * scale : 0;
 *   }
 * }
 * ```
 *
 * - probs f32 [classes][32]; labels i32 [*]; rows i32 [count].
 * - d f32 [classes][32], overwritten; it may be probs itself. No other overlap.
 *
 * O(32 · classes).
 */
export function crossEntropyGradient(
  probs: usize,
  labels: usize,
  rows: usize,
  count: i32,
  classes: i32,
  scale: f32,
  d: usize,
): void {
  const factor = f32x4.splat(scale);
  const bytes = (<usize>classes) << ROW_SHIFT;
  if (d !== probs) memory.copy(d, probs, bytes);
  for (let b: usize = 0; b < <usize>count; b++) {
    const t = d + (labelOf(labels, rows, b) << ROW_SHIFT) + (b << ELEMENT_SHIFT);
    store<f32>(t, load<f32>(t) - 1);
  }
  const used = (<usize>count) << ELEMENT_SHIFT;
  for (let c: usize = 0; c < bytes; c += ROW_BYTES) {
    for (let lane: usize = 0; lane < ROW_BYTES; lane += VECTOR_BYTES) {
      v128.store(d + c + lane, f32x4.mul(v128.load(d + c + lane), factor));
    }
    memory.fill(d + c + used, 0, ROW_BYTES - used);
  }
}

function labelOf(labels: usize, rows: usize, b: usize): usize {
  const row = <usize>load<u32>(rows + b * ELEMENT_BYTES);
  return <usize>load<u32>(labels + row * ELEMENT_BYTES);
}
