// Dense layers (the baseline, and any layer of density 1), and the dense product of two tiles, which is RigL's
// and SNIP's gradient and, with activations on both sides, the cosine step's inner products.
import { sum4x4 } from './math';
import { innerProduct, ROW } from './tile';

/**
 * y[i][:] = bias[i] + Σ_j W[i, j] · x[j][:], then max(·, 0) if relu.
 * W f32 [outDim, inDim] row-major; bias f32 [outDim]; x f32 [inDim][32]; y f32 [outDim][32], overwritten.
 * y must not overlap the rest. O(32 · outDim · inDim).
 */
export function gemm(w: usize, bias: usize, x: usize, y: usize, outDim: i32, inDim: i32, relu: bool): void {
  const stride = (<usize>inDim) << 2;
  let i = 0;
  // Two rows × 16 samples: eight accumulators, four loads of x for eight products.
  for (; i + 2 <= outDim; i += 2) {
    const a = v128.load_splat<f32>(bias);
    const b = v128.load_splat<f32>(bias, 4);
    for (let half: usize = 0; half < ROW; half += 64) {
      let a0 = a;
      let a1 = a;
      let a2 = a;
      let a3 = a;
      let b0 = b;
      let b1 = b;
      let b2 = b;
      let b3 = b;
      let s = x + half;
      const end = w + stride;
      for (let p = w; p < end; p += 4) {
        const u = v128.load_splat<f32>(p);
        const v = v128.load_splat<f32>(p + stride);
        const x0 = v128.load(s);
        const x1 = v128.load(s, 16);
        a0 = f32x4.add(a0, f32x4.mul(u, x0));
        b0 = f32x4.add(b0, f32x4.mul(v, x0));
        a1 = f32x4.add(a1, f32x4.mul(u, x1));
        b1 = f32x4.add(b1, f32x4.mul(v, x1));
        const x2 = v128.load(s, 32);
        const x3 = v128.load(s, 48);
        a2 = f32x4.add(a2, f32x4.mul(u, x2));
        b2 = f32x4.add(b2, f32x4.mul(v, x2));
        a3 = f32x4.add(a3, f32x4.mul(u, x3));
        b3 = f32x4.add(b3, f32x4.mul(v, x3));
        s += ROW;
      }
      store4(y + half, a0, a1, a2, a3, relu);
      store4(y + ROW + half, b0, b1, b2, b3, relu);
    }
    w += stride << 1;
    bias += 8;
    y += ROW << 1;
  }
  if (i < outDim) {
    for (let half: usize = 0; half < ROW; half += 64) {
      let a0 = v128.load_splat<f32>(bias);
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let s = x + half;
      const end = w + stride;
      for (let p = w; p < end; p += 4) {
        const u = v128.load_splat<f32>(p);
        a0 = f32x4.add(a0, f32x4.mul(u, v128.load(s)));
        a1 = f32x4.add(a1, f32x4.mul(u, v128.load(s, 16)));
        a2 = f32x4.add(a2, f32x4.mul(u, v128.load(s, 32)));
        a3 = f32x4.add(a3, f32x4.mul(u, v128.load(s, 48)));
        s += ROW;
      }
      store4(y + half, a0, a1, a2, a3, relu);
    }
  }
}

function store4(t: usize, a0: v128, a1: v128, a2: v128, a3: v128, relu: bool): void {
  const zero = f32x4.splat(0);
  v128.store(t, relu ? f32x4.pmax(a0, zero) : a0);
  v128.store(t, relu ? f32x4.pmax(a1, zero) : a1, 16);
  v128.store(t, relu ? f32x4.pmax(a2, zero) : a2, 32);
  v128.store(t, relu ? f32x4.pmax(a3, zero) : a3, 48);
}

/**
 * dx[j][:] = Σ_i W[i, j] · dy[i][:], 0 where x[j][b] ≤ 0.
 * W f32 [outDim, inDim] row-major; dy f32 [outDim][32]; x f32 [inDim][32]; dx f32 [inDim][32], overwritten.
 * dx must not overlap the rest. O(32 · outDim · inDim).
 */
export function gemmT(w: usize, dy: usize, x: usize, dx: usize, outDim: i32, inDim: i32): void {
  const stride = (<usize>inDim) << 2;
  let j = 0;
  // Four neighbouring columns × 8 samples, so that a cache line of W serves four of them.
  for (; j + 4 <= inDim; j += 4) {
    for (let part: usize = 0; part < ROW; part += 32) {
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let c0 = a0;
      let c1 = a0;
      let d0 = a0;
      let d1 = a0;
      let p = w;
      let s = dy + part;
      for (let i = 0; i < outDim; i++) {
        const y0 = v128.load(s);
        const y1 = v128.load(s, 16);
        const u = v128.load_splat<f32>(p);
        a0 = f32x4.add(a0, f32x4.mul(u, y0));
        a1 = f32x4.add(a1, f32x4.mul(u, y1));
        const v = v128.load_splat<f32>(p, 4);
        b0 = f32x4.add(b0, f32x4.mul(v, y0));
        b1 = f32x4.add(b1, f32x4.mul(v, y1));
        const k = v128.load_splat<f32>(p, 8);
        c0 = f32x4.add(c0, f32x4.mul(k, y0));
        c1 = f32x4.add(c1, f32x4.mul(k, y1));
        const l = v128.load_splat<f32>(p, 12);
        d0 = f32x4.add(d0, f32x4.mul(l, y0));
        d1 = f32x4.add(d1, f32x4.mul(l, y1));
        p += stride;
        s += ROW;
      }
      storeMasked(x + part, dx + part, a0, a1);
      storeMasked(x + ROW + part, dx + ROW + part, b0, b1);
      storeMasked(x + 2 * ROW + part, dx + 2 * ROW + part, c0, c1);
      storeMasked(x + 3 * ROW + part, dx + 3 * ROW + part, d0, d1);
    }
    w += 16;
    x += ROW << 2;
    dx += ROW << 2;
  }
  for (; j < inDim; j++) {
    for (let part: usize = 0; part < ROW; part += 32) {
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let p = w;
      let s = dy + part;
      for (let i = 0; i < outDim; i++) {
        const u = v128.load_splat<f32>(p);
        a0 = f32x4.add(a0, f32x4.mul(u, v128.load(s)));
        a1 = f32x4.add(a1, f32x4.mul(u, v128.load(s, 16)));
        p += stride;
        s += ROW;
      }
      storeMasked(x + part, dx + part, a0, a1);
    }
    w += 4;
    x += ROW;
    dx += ROW;
  }
}

function storeMasked(x: usize, dx: usize, a0: v128, a1: v128): void {
  const zero = f32x4.splat(0);
  v128.store(dx, v128.and(a0, f32x4.gt(v128.load(x), zero)));
  v128.store(dx, v128.and(a1, f32x4.gt(v128.load(x, 16), zero)), 16);
}

/**
 * g[i, j] (+)= Σ_b a[i][b] · x[j][b]: all inner products of the rows of two tiles.
 * a f32 [outDim][32]; x f32 [inDim][32]; g f32 [outDim, inDim] row-major, added to if accumulate, else
 * overwritten. No overlap of g with the rest. The first `lanes` lanes count. O(lanes · outDim · inDim).
 */
export function products(
  a: usize,
  x: usize,
  g: usize,
  outDim: i32,
  inDim: i32,
  accumulate: bool,
  lanes: i32,
): void {
  const bytes = (<usize>lanes) << 2;
  const stride = (<usize>inDim) << 2;
  let i = 0;
  for (; i + 2 <= outDim; i += 2) {
    let s = x;
    let t = g;
    let j = 0;
    // Two rows × four rows: eight accumulators and six loads for eight products.
    for (; j + 4 <= inDim; j += 4) {
      let a0 = f32x4.splat(0);
      let a1 = a0;
      let a2 = a0;
      let a3 = a0;
      let b0 = a0;
      let b1 = a0;
      let b2 = a0;
      let b3 = a0;
      for (let k: usize = 0; k < bytes; k += 16) {
        const u = v128.load(a + k);
        const v = v128.load(a + k, 128);
        const x0 = v128.load(s + k);
        a0 = f32x4.add(a0, f32x4.mul(u, x0));
        b0 = f32x4.add(b0, f32x4.mul(v, x0));
        const x1 = v128.load(s + k, 128);
        a1 = f32x4.add(a1, f32x4.mul(u, x1));
        b1 = f32x4.add(b1, f32x4.mul(v, x1));
        const x2 = v128.load(s + k, 256);
        a2 = f32x4.add(a2, f32x4.mul(u, x2));
        b2 = f32x4.add(b2, f32x4.mul(v, x2));
        const x3 = v128.load(s + k, 384);
        a3 = f32x4.add(a3, f32x4.mul(u, x3));
        b3 = f32x4.add(b3, f32x4.mul(v, x3));
      }
      const sa = sum4x4(a0, a1, a2, a3);
      const sb = sum4x4(b0, b1, b2, b3);
      v128.store(t, accumulate ? f32x4.add(v128.load(t), sa) : sa);
      v128.store(t + stride, accumulate ? f32x4.add(v128.load(t + stride), sb) : sb);
      s += ROW << 2;
      t += 16;
    }
    for (; j < inDim; j++) {
      storeSum(t, innerProduct(a, s, bytes), accumulate);
      storeSum(t + stride, innerProduct(a + ROW, s, bytes), accumulate);
      s += ROW;
      t += 4;
    }
    a += ROW << 1;
    g += stride << 1;
  }
  if (i < outDim) {
    for (let j = 0; j < inDim; j++) {
      storeSum(g, innerProduct(a, x, bytes), accumulate);
      x += ROW;
      g += 4;
    }
  }
}

function storeSum(t: usize, sum: f32, accumulate: bool): void {
  store<f32>(t, accumulate ? load<f32>(t) + sum : sum);
}
