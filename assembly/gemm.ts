// The kernels of dense layers: the forward and the backward product of a layer that has every connection, and
// all inner products of two tiles. The latter are a dense layer's gradient, RigL's and SNIP's scores, and the
// cosines' numerators.
//
// Each works on blocks that fill eight registers. What is left over (an odd row, the last columns) runs
// through the same loop, compiled for one row or column.
import { ELEMENT_BYTES, ELEMENT_SHIFT, PART_BYTES, ROW_BYTES, VECTOR_BYTES } from './layout';
import { innerProduct, sum4x4 } from './math';
import { activateRows, differentiateRows } from './slope';
import { No, Yes } from './switches';

/** Half a row: 16 lanes, four registers. */
const HALF_BYTES: usize = ROW_BYTES / 2;

/**
 * The forward product of a dense layer, y = W·x + bias, with its sums below 0 multiplied by `slope`: 0 is
 * ReLU, and 1 leaves the sums as they are.
 *
 * ```js
 * for (let i = 0; i < outDim; i++) {
 *   let bits = 0;
 *   for (let b = 0; b < 32; b++) {
 *     let sum = bias[i];
 *     for (let j = 0; j < inDim; j++) sum += w[i * inDim + j] * x[j][b];
 *     if (sum > 0) bits |= 1 << b;
 *     y[i][b] = !(sum < 0) ? sum : slope === 0 ? 0 : slope * sum;
 *   }
 *   if (slope !== 0 && slope !== 1) fires[i] = bits;
 * }
 * ```
 *
 * - w f32 [outDim, inDim], row-major; bias f32 [outDim]; x f32 [inDim][32].
 * - y f32 [outDim][32], overwritten. It overlaps nothing else.
 * - fires i32 [outDim], overwritten where the slope is neither 0 nor 1; else it may be anything. A bit for
 *   each lane says whether the sum was above 0. It overlaps nothing else.
 *
 * O(32 · outDim · inDim).
 */
export function gemm(
  w: usize,
  bias: usize,
  x: usize,
  y: usize,
  fires: usize,
  outDim: i32,
  inDim: i32,
  slope: f32,
): void {
  const stride = (<usize>inDim) << ELEMENT_SHIFT;
  const relu = slope === 0;
  const rows = y;
  let i = 0;
  for (; i + 2 <= outDim; i += 2) {
    gemmRows<Yes>(w, stride, bias, x, y, relu);
    w += 2 * stride;
    bias += 2 * ELEMENT_BYTES;
    y += 2 * ROW_BYTES;
  }
  if (i < outDim) gemmRows<No>(w, stride, bias, x, y, relu);
  activateRows(rows, outDim, ROW_BYTES, slope, fires);
}

/** gemm for two rows of W if Pair, else for one. Two share the loads of x: four loads for eight products. */
function gemmRows<Pair>(w: usize, stride: usize, bias: usize, x: usize, y: usize, relu: bool): void {
  const a = v128.load_splat<f32>(bias);
  const b = isBoolean<Pair>() ? v128.load_splat<f32>(bias, ELEMENT_BYTES) : a;
  for (let half: usize = 0; half < ROW_BYTES; half += HALF_BYTES) {
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
    for (let p = w; p < end; p += ELEMENT_BYTES) {
      const u = v128.load_splat<f32>(p);
      const v = isBoolean<Pair>() ? v128.load_splat<f32>(p + stride) : u;
      const x0 = v128.load(s);
      const x1 = v128.load(s, VECTOR_BYTES);
      a0 = f32x4.add(a0, f32x4.mul(u, x0));
      if (isBoolean<Pair>()) b0 = f32x4.add(b0, f32x4.mul(v, x0));
      a1 = f32x4.add(a1, f32x4.mul(u, x1));
      if (isBoolean<Pair>()) b1 = f32x4.add(b1, f32x4.mul(v, x1));
      const x2 = v128.load(s, 2 * VECTOR_BYTES);
      const x3 = v128.load(s, 3 * VECTOR_BYTES);
      a2 = f32x4.add(a2, f32x4.mul(u, x2));
      if (isBoolean<Pair>()) b2 = f32x4.add(b2, f32x4.mul(v, x2));
      a3 = f32x4.add(a3, f32x4.mul(u, x3));
      if (isBoolean<Pair>()) b3 = f32x4.add(b3, f32x4.mul(v, x3));
      s += ROW_BYTES;
    }
    storeHalf(y + half, a0, a1, a2, a3, relu);
    if (isBoolean<Pair>()) storeHalf(y + ROW_BYTES + half, b0, b1, b2, b3, relu);
  }
}

function storeHalf(t: usize, a0: v128, a1: v128, a2: v128, a3: v128, relu: bool): void {
  const zero = f32x4.splat(0);
  v128.store(t, relu ? f32x4.pmax(a0, zero) : a0);
  v128.store(t, relu ? f32x4.pmax(a1, zero) : a1, VECTOR_BYTES);
  v128.store(t, relu ? f32x4.pmax(a2, zero) : a2, 2 * VECTOR_BYTES);
  v128.store(t, relu ? f32x4.pmax(a3, zero) : a3, 3 * VECTOR_BYTES);
}

/**
 * The backward product of a dense layer, dx = Wᵀ·dy, times the derivative of the activation before it: 1
 * where its sum was above 0, else `slope`. With ReLU, a slope of 0, the sum was above 0 where x is; with any
 * other slope but 1, where `fires` has a bit. With 1 nothing stands before the layer.
 *
 * ```js
 * for (let j = 0; j < inDim; j++) {
 *   for (let b = 0; b < 32; b++) {
 *     let sum = 0;
 *     for (let i = 0; i < outDim; i++) sum += w[i * inDim + j] * dy[i][b];
 *     if (slope === 0) dx[j][b] = x[j][b] > 0 ? sum : 0;
 *     else dx[j][b] = slope === 1 || fires[j] & (1 << b) ? sum : slope * sum;
 *   }
 * }
 * ```
 *
 * - w f32 [outDim, inDim], row-major; dy f32 [outDim][32].
 * - x f32 [inDim][32], the layer's inputs: read where the slope is 0.
 * - fires i32 [inDim], as gemm left it: read where the slope is neither 0 nor 1.
 * - dx f32 [inDim][32], overwritten. It overlaps nothing else.
 *
 * O(32 · outDim · inDim).
 */
export function gemmT(
  w: usize,
  dy: usize,
  x: usize,
  fires: usize,
  dx: usize,
  outDim: i32,
  inDim: i32,
  slope: f32,
): void {
  const stride = (<usize>inDim) << ELEMENT_SHIFT;
  const rows = dx;
  // Where the columns find no mask, they make none.
  const maskBytes: usize = slope === 0 ? ROW_BYTES : 0;
  let mask = slope === 0 ? x : 0;
  let j = 0;
  for (; j + 4 <= inDim; j += 4) {
    gemmTColumns<Yes>(w, stride, dy, mask, dx, outDim);
    w += 4 * ELEMENT_BYTES;
    mask += 4 * maskBytes;
    dx += 4 * ROW_BYTES;
  }
  for (; j < inDim; j++) {
    gemmTColumns<No>(w, stride, dy, mask, dx, outDim);
    w += ELEMENT_BYTES;
    mask += maskBytes;
    dx += ROW_BYTES;
  }
  differentiateRows(rows, inDim, ROW_BYTES, slope, fires);
}

/**
 * gemmT for four neighbouring columns of W if Four, so that a cache line of W serves all of them; else for
 * one.
 */
function gemmTColumns<Four>(w: usize, stride: usize, dy: usize, mask: usize, dx: usize, outDim: i32): void {
  for (let part: usize = 0; part < ROW_BYTES; part += PART_BYTES) {
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
      const y1 = v128.load(s, VECTOR_BYTES);
      const u = v128.load_splat<f32>(p);
      a0 = f32x4.add(a0, f32x4.mul(u, y0));
      a1 = f32x4.add(a1, f32x4.mul(u, y1));
      if (isBoolean<Four>()) {
        const v = v128.load_splat<f32>(p, ELEMENT_BYTES);
        b0 = f32x4.add(b0, f32x4.mul(v, y0));
        b1 = f32x4.add(b1, f32x4.mul(v, y1));
        const k = v128.load_splat<f32>(p, 2 * ELEMENT_BYTES);
        c0 = f32x4.add(c0, f32x4.mul(k, y0));
        c1 = f32x4.add(c1, f32x4.mul(k, y1));
        const l = v128.load_splat<f32>(p, 3 * ELEMENT_BYTES);
        d0 = f32x4.add(d0, f32x4.mul(l, y0));
        d1 = f32x4.add(d1, f32x4.mul(l, y1));
      }
      p += stride;
      s += ROW_BYTES;
    }
    if (mask) {
      storeMasked(mask + part, dx + part, a0, a1);
      if (isBoolean<Four>()) {
        storeMasked(mask + ROW_BYTES + part, dx + ROW_BYTES + part, b0, b1);
        storeMasked(mask + 2 * ROW_BYTES + part, dx + 2 * ROW_BYTES + part, c0, c1);
        storeMasked(mask + 3 * ROW_BYTES + part, dx + 3 * ROW_BYTES + part, d0, d1);
      }
      continue;
    }
    const t = dx + part;
    v128.store(t, a0);
    v128.store(t, a1, VECTOR_BYTES);
    if (isBoolean<Four>()) {
      v128.store(t, b0, ROW_BYTES);
      v128.store(t, b1, ROW_BYTES + VECTOR_BYTES);
      v128.store(t, c0, 2 * ROW_BYTES);
      v128.store(t, c1, 2 * ROW_BYTES + VECTOR_BYTES);
      v128.store(t, d0, 3 * ROW_BYTES);
      v128.store(t, d1, 3 * ROW_BYTES + VECTOR_BYTES);
    }
  }
}

function storeMasked(x: usize, dx: usize, a0: v128, a1: v128): void {
  const zero = f32x4.splat(0);
  v128.store(dx, v128.and(a0, f32x4.gt(v128.load(x), zero)));
  v128.store(dx, v128.and(a1, f32x4.gt(v128.load(x, VECTOR_BYTES), zero)), VECTOR_BYTES);
}

/**
 * All inner products of the rows of two tiles: g = a·xᵀ, or g += a·xᵀ if `accumulate`.
 *
 * ```js
 * for (let i = 0; i < outDim; i++) {
 *   for (let j = 0; j < inDim; j++) {
 *     let sum = 0;
 *     for (let b = 0; b < lanes; b++) sum += a[i][b] * x[j][b];
 *     g[i * inDim + j] = accumulate ? g[i * inDim + j] + sum : sum;
 *   }
 * }
 * ```
 *
 * - a f32 [outDim][32]; x f32 [inDim][32]: their first `lanes` lanes are read. They may be the same tile.
 * - g f32 [outDim, inDim], row-major, added to if `accumulate`, else overwritten. It overlaps nothing else.
 * - lanes: 8, 16 or 32.
 *
 * O(lanes · outDim · inDim).
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
  const bytes = (<usize>lanes) << ELEMENT_SHIFT;
  const stride = (<usize>inDim) << ELEMENT_SHIFT;
  let i = 0;
  for (; i + 2 <= outDim; i += 2) {
    productRows<Yes>(a, x, g, stride, inDim, accumulate, bytes);
    a += 2 * ROW_BYTES;
    g += 2 * stride;
  }
  if (i < outDim) productRows<No>(a, x, g, stride, inDim, accumulate, bytes);
}

/**
 * products for two rows of a if Pair, else for one, each with four rows of x: six loads for eight products.
 */
function productRows<Pair>(
  a: usize,
  x: usize,
  g: usize,
  stride: usize,
  inDim: i32,
  accumulate: bool,
  bytes: usize,
): void {
  let j = 0;
  for (; j + 4 <= inDim; j += 4) {
    let a0 = f32x4.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let b0 = a0;
    let b1 = a0;
    let b2 = a0;
    let b3 = a0;
    for (let k: usize = 0; k < bytes; k += VECTOR_BYTES) {
      const u = v128.load(a + k);
      const v = isBoolean<Pair>() ? v128.load(a + k, ROW_BYTES) : u;
      const x0 = v128.load(x + k);
      a0 = f32x4.add(a0, f32x4.mul(u, x0));
      if (isBoolean<Pair>()) b0 = f32x4.add(b0, f32x4.mul(v, x0));
      const x1 = v128.load(x + k, ROW_BYTES);
      a1 = f32x4.add(a1, f32x4.mul(u, x1));
      if (isBoolean<Pair>()) b1 = f32x4.add(b1, f32x4.mul(v, x1));
      const x2 = v128.load(x + k, 2 * ROW_BYTES);
      a2 = f32x4.add(a2, f32x4.mul(u, x2));
      if (isBoolean<Pair>()) b2 = f32x4.add(b2, f32x4.mul(v, x2));
      const x3 = v128.load(x + k, 3 * ROW_BYTES);
      a3 = f32x4.add(a3, f32x4.mul(u, x3));
      if (isBoolean<Pair>()) b3 = f32x4.add(b3, f32x4.mul(v, x3));
    }
    storeSums(g, sum4x4(a0, a1, a2, a3), accumulate);
    if (isBoolean<Pair>()) storeSums(g + stride, sum4x4(b0, b1, b2, b3), accumulate);
    x += 4 * ROW_BYTES;
    g += 4 * ELEMENT_BYTES;
  }
  for (; j < inDim; j++) {
    storeSum(g, innerProduct(a, x, bytes), accumulate);
    if (isBoolean<Pair>()) storeSum(g + stride, innerProduct(a + ROW_BYTES, x, bytes), accumulate);
    x += ROW_BYTES;
    g += ELEMENT_BYTES;
  }
}

function storeSums(t: usize, sums: v128, accumulate: bool): void {
  v128.store(t, accumulate ? f32x4.add(v128.load(t), sums) : sums);
}

function storeSum(t: usize, sum: f32, accumulate: bool): void {
  store<f32>(t, accumulate ? load<f32>(t) + sum : sum);
}
