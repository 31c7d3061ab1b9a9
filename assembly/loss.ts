// Softmax cross-entropy. Sample b of a tile is row rows[b] of the data, and its label is labels[rows[b]].
import { exp4, log } from './math';
import { ROW } from './tile';

/**
 * probs[c][b] = e^(z[c][b]) / Σ_c e^(z[c][b]), and logSums[b] = ln Σ_c e^(z[c][b]).
 * z f32 [classes][32]; probs f32 [classes][32], overwritten, may be z itself; logSums f64 [32], overwritten.
 * A NaN or +∞ among a lane's logits makes all its probabilities NaN; its logSum is NaN or +∞. classes ≥ 1. O(32 · classes).
 */
export function softmax(z: usize, classes: i32, probs: usize, logSums: usize): void {
  const bytes = (<usize>classes) << 7;
  for (let lane: usize = 0; lane < ROW; lane += 16) {
    let top = v128.load(z + lane);
    for (let c: usize = ROW; c < bytes; c += ROW) top = f32x4.max(top, v128.load(z + lane + c));
    let sum = f32x4.splat(0);
    for (let c: usize = 0; c < bytes; c += ROW) {
      const e = exp4(f32x4.sub(v128.load(z + lane + c), top));
      sum = f32x4.add(sum, e);
      v128.store(probs + lane + c, e);
    }
    const scale = f32x4.div(f32x4.splat(1), sum);
    for (let c: usize = 0; c < bytes; c += ROW) {
      v128.store(probs + lane + c, f32x4.mul(v128.load(probs + lane + c), scale));
    }
    const s = logSums + (lane << 1);
    store<f64>(s, <f64>f32x4.extract_lane(top, 0) + log(<f64>f32x4.extract_lane(sum, 0)));
    store<f64>(s, <f64>f32x4.extract_lane(top, 1) + log(<f64>f32x4.extract_lane(sum, 1)), 8);
    store<f64>(s, <f64>f32x4.extract_lane(top, 2) + log(<f64>f32x4.extract_lane(sum, 2)), 16);
    store<f64>(s, <f64>f32x4.extract_lane(top, 3) + log(<f64>f32x4.extract_lane(sum, 3)), 24);
  }
}

/**
 * out[0] = Σ_b (logSums[b] − z[label][b]), the summed cross-entropy, and out[1] = the number of samples whose largest
 * z[c][b] is at their label (of equal ones the lowest class is taken; a NaN among them is never right), both over b < count.
 * z f32 [classes][32]; logSums f64 [32] as softmax left them; labels i32; rows i32 [count]; out f64 [2]. O(count · classes).
 */
export function score(
  z: usize,
  logSums: usize,
  labels: usize,
  rows: usize,
  count: i32,
  classes: i32,
  out: usize,
): void {
  let loss: f64 = 0;
  let correct: f64 = 0;
  for (let b: usize = 0; b < <usize>count; b++) {
    const label = <usize>load<u32>(labels + ((<usize>load<u32>(rows + (b << 2))) << 2));
    const lane = z + (b << 2);
    const logSum = load<f64>(logSums + (b << 3));
    loss += logSum - <f64>load<f32>(lane + (label << 7));
    let s = lane;
    let top = load<f32>(s);
    let best: usize = 0;
    for (let c: usize = 1; c < <usize>classes; c++) {
      s += ROW;
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
 * d[c][b] = (probs[c][b] − [c = label]) · scale for b < count, 0 for the other lanes: the gradient at the logits.
 * probs f32 [classes][32]; labels i32; rows i32 [count]; d f32 [classes][32], overwritten, may be probs itself.
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
  const bytes = (<usize>classes) << 7;
  if (d !== probs) memory.copy(d, probs, bytes);
  for (let b: usize = 0; b < <usize>count; b++) {
    const label = <usize>load<u32>(labels + ((<usize>load<u32>(rows + (b << 2))) << 2));
    const t = d + (label << 7) + (b << 2);
    store<f32>(t, load<f32>(t) - 1);
  }
  const used = (<usize>count) << 2;
  for (let c: usize = 0; c < bytes; c += ROW) {
    for (let lane: usize = 0; lane < ROW; lane += 16) {
      v128.store(d + c + lane, f32x4.mul(v128.load(d + c + lane), factor));
    }
    memory.fill(d + c + used, 0, ROW - used);
  }
}
