// One step of an optimiser over n parameters. Tails run the same operations one by one, so that a parameter's
// bits do not depend on its place.
import { ELEMENT_BYTES, ELEMENT_SHIFT, VECTOR_BYTES } from './layout';

/**
 * Stochastic gradient descent with momentum. Nesterov's is that of TensorFlow and PyTorch.
 *
 * ```js
 * for (let p = 0; p < n; p++) {
 *   const g = grad[p] + l2 * w[p];
 *   v[p] = momentum * v[p] + g;
 *   w[p] -= rate * (nesterov ? g + momentum * v[p] : v[p]);
 * }
 * ```
 *
 * - w, v f32 [n], changed in place; grad f32 [n]. No overlap.
 *
 * O(n).
 */
export function sgd(
  w: usize,
  grad: usize,
  v: usize,
  n: i32,
  rate: f32,
  momentum: f32,
  nesterov: bool,
  l2: f32,
): void {
  const rates = f32x4.splat(rate);
  const momenta = f32x4.splat(momentum);
  const l2s = f32x4.splat(l2);
  const end = w + ((<usize>n) << ELEMENT_SHIFT);
  for (; w + VECTOR_BYTES <= end; w += VECTOR_BYTES) {
    const ws = v128.load(w);
    const g = f32x4.add(v128.load(grad), f32x4.mul(l2s, ws));
    const vs = f32x4.add(f32x4.mul(momenta, v128.load(v)), g);
    v128.store(v, vs);
    const step = nesterov ? f32x4.add(g, f32x4.mul(momenta, vs)) : vs;
    v128.store(w, f32x4.sub(ws, f32x4.mul(rates, step)));
    grad += VECTOR_BYTES;
    v += VECTOR_BYTES;
  }
  for (; w < end; w += ELEMENT_BYTES) {
    const ws = load<f32>(w);
    const g = load<f32>(grad) + l2 * ws;
    const vs = momentum * load<f32>(v) + g;
    store<f32>(v, vs);
    store<f32>(w, ws - rate * (nesterov ? g + momentum * vs : vs));
    grad += ELEMENT_BYTES;
    v += ELEMENT_BYTES;
  }
}

/**
 * Adam (Kingma and Ba 2015). The caller folds the corrections of the bias into two factors of step t:
 * rate = η / (1 − beta1ᵗ) and scale = 1 / √(1 − beta2ᵗ).
 *
 * ```js
 * for (let p = 0; p < n; p++) {
 *   const g = grad[p] + l2 * w[p];
 *   m[p] = beta1 * m[p] + (1 - beta1) * g;
 *   v[p] = beta2 * v[p] + (1 - beta2) * g * g;
 *   w[p] -= (rate * m[p]) / (Math.sqrt(v[p]) * scale + epsilon);
 * }
 * ```
 *
 * - w, m, v f32 [n], changed in place; grad f32 [n]. No overlap.
 *
 * O(n).
 */
export function adam(
  w: usize,
  grad: usize,
  m: usize,
  v: usize,
  n: i32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  scale: f32,
  epsilon: f32,
  l2: f32,
): void {
  stepWithMoments(w, grad, m, v, n, rate, beta1, beta2, scale, epsilon, l2, false);
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019). Rate and scale are those of adam, and
 * decay = η · λ: the weight loses this share of itself, whatever its gradient was.
 *
 * ```js
 * for (let p = 0; p < n; p++) {
 *   m[p] = beta1 * m[p] + (1 - beta1) * grad[p];
 *   v[p] = beta2 * v[p] + (1 - beta2) * grad[p] * grad[p];
 *   w[p] -= (rate * m[p]) / (Math.sqrt(v[p]) * scale + epsilon) + decay * w[p];
 * }
 * ```
 *
 * - w, m, v f32 [n], changed in place; grad f32 [n]. No overlap.
 *
 * O(n).
 */
export function adamW(
  w: usize,
  grad: usize,
  m: usize,
  v: usize,
  n: i32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  scale: f32,
  epsilon: f32,
  decay: f32,
): void {
  stepWithMoments(w, grad, m, v, n, rate, beta1, beta2, scale, epsilon, decay, true);
}

/** Adam. `penalty` is that of l2, or with `decoupled` the decay. */
function stepWithMoments(
  w: usize,
  grad: usize,
  m: usize,
  v: usize,
  n: i32,
  rate: f32,
  beta1: f32,
  beta2: f32,
  scale: f32,
  epsilon: f32,
  penalty: f32,
  decoupled: bool,
): void {
  const end = w + ((<usize>n) << ELEMENT_SHIFT);
  for (; w + VECTOR_BYTES <= end; w += VECTOR_BYTES) {
    const ws = v128.load(w);
    const lost = f32x4.mul(f32x4.splat(penalty), ws);
    const slope = v128.load(grad);
    const g = decoupled ? slope : f32x4.add(slope, lost);
    const ms = f32x4.add(f32x4.mul(f32x4.splat(beta1), v128.load(m)), f32x4.mul(f32x4.splat(1 - beta1), g));
    const vs = f32x4.add(
      f32x4.mul(f32x4.splat(beta2), v128.load(v)),
      f32x4.mul(f32x4.mul(f32x4.splat(1 - beta2), g), g),
    );
    v128.store(m, ms);
    v128.store(v, vs);
    const root = f32x4.add(f32x4.mul(f32x4.sqrt(vs), f32x4.splat(scale)), f32x4.splat(epsilon));
    const step = f32x4.div(f32x4.mul(f32x4.splat(rate), ms), root);
    v128.store(w, f32x4.sub(ws, decoupled ? f32x4.add(step, lost) : step));
    grad += VECTOR_BYTES;
    m += VECTOR_BYTES;
    v += VECTOR_BYTES;
  }
  for (; w < end; w += ELEMENT_BYTES) {
    const ws = load<f32>(w);
    const lost = penalty * ws;
    const slope = load<f32>(grad);
    const g = decoupled ? slope : slope + lost;
    const ms = beta1 * load<f32>(m) + (1 - beta1) * g;
    const vs = beta2 * load<f32>(v) + (1 - beta2) * g * g;
    store<f32>(m, ms);
    store<f32>(v, vs);
    const step = (rate * ms) / (sqrt<f32>(vs) * scale + epsilon);
    store<f32>(w, ws - (decoupled ? step + lost : step));
    grad += ELEMENT_BYTES;
    m += ELEMENT_BYTES;
    v += ELEMENT_BYTES;
  }
}
