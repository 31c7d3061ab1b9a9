// The forward and the backward product of a sparse layer: y = W·x + bias and dx = Wᵀ·dy.
//
// Both are the same loop: a row of a compressed structure is gathered from a tile into registers. A whole row
// of 32 lanes takes eight registers in one pass. Older V8s spill one or two of them. Two passes of four
// registers avoid that, and are slower on newer V8s (docs/performance.md). A narrow tile takes 8 lanes, two
// registers, a pass.
import { ELEMENT_BYTES, ELEMENT_SHIFT, PART_BYTES, ROW_BYTES, ROW_SHIFT, TILE, VECTOR_BYTES } from './layout';
import { activateRows, blockOf, differentiateRows } from './slope';
import { No, Yes } from './switches';

/**
 * The forward product of a sparse layer, y = W·x + bias, with its sums below 0 multiplied by `slope`: 0 is
 * ReLU, and 1 leaves the sums as they are.
 *
 * ```js
 * for (let i = 0; i < outDim; i++) {
 *   let bits = 0;
 *   for (let b = 0; b < lanes; b++) {
 *     let sum = bias[i];
 *     for (let p = indptr[i]; p < indptr[i + 1]; p++) sum += values[p] * x[indices[p]][b];
 *     if (sum > 0) bits |= 1 << b;
 *     y[i][b] = !(sum < 0) ? sum : slope === 0 ? 0 : slope * sum;
 *   }
 *   if (slope !== 0 && slope !== 1) fires[i] = bits;
 * }
 * ```
 *
 * - W is CSR, [outDim, inDim]: indptr i32 [outDim + 1], indices i32 [nnz], values f32 [nnz].
 * - bias f32 [outDim]; x f32 [inDim][32].
 * - y f32 [outDim][32]: its first `lanes` lanes are overwritten, the others stay. It overlaps nothing else.
 * - fires i32 [outDim], overwritten where the slope is neither 0 nor 1; else it may be anything. A bit for
 *   each lane says whether the sum was above 0. It overlaps nothing else.
 * - lanes: 8, 16 or 32.
 *
 * O(lanes · (nnz + outDim)).
 */
export function spmm(
  indptr: usize,
  indices: usize,
  values: usize,
  bias: usize,
  x: usize,
  y: usize,
  fires: usize,
  outDim: i32,
  slope: f32,
  lanes: i32,
): void {
  const bytes = (<usize>lanes) << ELEMENT_SHIFT;
  while (outDim > 0) {
    const n = blockOf(slope, outDim);
    if (lanes < TILE) multiply<No, No>(indptr, indices, 0, values, bias, x, 0, y, n, slope === 0, bytes);
    else multiply<Yes, No>(indptr, indices, 0, values, bias, x, 0, y, n, slope === 0, ROW_BYTES);
    activateRows(y, n, bytes, slope, fires);
    indptr += (<usize>n) << ELEMENT_SHIFT;
    bias += (<usize>n) << ELEMENT_SHIFT;
    fires += (<usize>n) << ELEMENT_SHIFT;
    y += (<usize>n) << ROW_SHIFT;
    outDim -= n;
  }
}

/**
 * The backward product of a sparse layer, dx = Wᵀ·dy, times the derivative of the activation before it: 1
 * where its sum was above 0, else `slope`. With ReLU, a slope of 0, the sum was above 0 where x is; with any
 * other slope but 1, where `fires` has a bit. With 1 nothing stands before the layer.
 *
 * ```js
 * for (let j = 0; j < inDim; j++) {
 *   for (let b = 0; b < lanes; b++) {
 *     let sum = 0;
 *     for (let q = colPtr[j]; q < colPtr[j + 1]; q++) sum += values[perm[q]] * dy[rowIdx[q]][b];
 *     if (slope === 0) dx[j][b] = x[j][b] > 0 ? sum : 0;
 *     else dx[j][b] = slope === 1 || fires[j] & (1 << b) ? sum : slope * sum;
 *   }
 * }
 * ```
 *
 * - W's transposed structure (CSC): colPtr i32 [inDim + 1], rowIdx i32 [nnz], perm i32 [nnz] into values f32
 *   [nnz].
 * - dy f32 [outDim][32]; x f32 [inDim][32], the layer's inputs: read where the slope is 0.
 * - fires i32 [inDim], as spmm left it: read where the slope is neither 0 nor 1.
 * - dx f32 [inDim][32]: its first `lanes` lanes are overwritten, the others stay. It overlaps nothing else.
 * - lanes: 8, 16 or 32.
 *
 * O(lanes · (nnz + inDim)).
 */
export function spmmT(
  colPtr: usize,
  rowIdx: usize,
  perm: usize,
  values: usize,
  dy: usize,
  x: usize,
  fires: usize,
  dx: usize,
  inDim: i32,
  slope: f32,
  lanes: i32,
): void {
  const bytes = (<usize>lanes) << ELEMENT_SHIFT;
  while (inDim > 0) {
    const n = blockOf(slope, inDim);
    if (lanes < TILE) multiply<No, Yes>(colPtr, rowIdx, perm, values, 0, dy, x, dx, n, slope === 0, bytes);
    else multiply<Yes, Yes>(colPtr, rowIdx, perm, values, 0, dy, x, dx, n, slope === 0, ROW_BYTES);
    differentiateRows(dx, n, bytes, slope, fires);
    colPtr += (<usize>n) << ELEMENT_SHIFT;
    fires += (<usize>n) << ELEMENT_SHIFT;
    x += (<usize>n) << ROW_SHIFT;
    dx += (<usize>n) << ROW_SHIFT;
    inDim -= n;
  }
}

/**
 * The backward product of a sparse layer that no activation stands before: dx = Wᵀ·dy.
 *
 * ```js
 * for (let j = 0; j < inDim; j++) {
 *   for (let b = 0; b < 32; b++) {
 *     let sum = 0;
 *     for (let q = colPtr[j]; q < colPtr[j + 1]; q++) sum += values[perm[q]] * dy[rowIdx[q]][b];
 *     dx[j][b] = sum;
 *   }
 * }
 * ```
 *
 * - W's transposed structure (CSC): colPtr i32 [inDim + 1], rowIdx i32 [nnz], perm i32 [nnz] into values f32
 *   [nnz].
 * - dy f32 [outDim][32].
 * - dx f32 [inDim][32], overwritten. It overlaps nothing else.
 *
 * O(32 · (nnz + inDim)).
 */
export function spmmTLinear(
  colPtr: usize,
  rowIdx: usize,
  perm: usize,
  values: usize,
  dy: usize,
  dx: usize,
  inDim: i32,
): void {
  multiply<Yes, Yes>(colPtr, rowIdx, perm, values, 0, dy, 0, dx, inDim, false, ROW_BYTES);
}

/**
 * The loop of all three. Line i of the structure gathers the rows `positions[p]` of x, each times its weight.
 * @param perm if Transposed: entry p's weight is values[perm[p]], else values[p].
 * @param bias if not Transposed: what a line's sum starts from; else it starts from 0.
 * @param mask if Transposed: where it is ≤ 0, the result is 0, if relu. If not Transposed, relu is max(·, 0).
 * @param bytes how much of each row; if Wide, a whole row.
 */
function multiply<Wide, Transposed>(
  offsets: usize,
  positions: usize,
  perm: usize,
  values: usize,
  bias: usize,
  x: usize,
  mask: usize,
  y: usize,
  lines: i32,
  relu: bool,
  bytes: usize,
): void {
  const zero = f32x4.splat(0);
  let begin = (<usize>load<u32>(offsets)) << ELEMENT_SHIFT;
  for (let i = 0; i < lines; i++) {
    offsets += ELEMENT_BYTES;
    const end = (<usize>load<u32>(offsets)) << ELEMENT_SHIFT;
    let part: usize = 0;
    while (true) {
      let y0 = isBoolean<Transposed>() ? zero : v128.load_splat<f32>(bias);
      let y1 = y0;
      let y2 = y0;
      let y3 = y0;
      let y4 = y0;
      let y5 = y0;
      let y6 = y0;
      let y7 = y0;
      for (let p = begin; p < end; p += ELEMENT_BYTES) {
        const source = isBoolean<Transposed>() ? (<usize>load<u32>(perm + p)) << ELEMENT_SHIFT : p;
        const w = v128.load_splat<f32>(values + source);
        const s = x + part + ((<usize>load<u32>(positions + p)) << ROW_SHIFT);
        y0 = f32x4.add(y0, f32x4.mul(w, v128.load(s)));
        y1 = f32x4.add(y1, f32x4.mul(w, v128.load(s, VECTOR_BYTES)));
        if (isBoolean<Wide>()) {
          y2 = f32x4.add(y2, f32x4.mul(w, v128.load(s, 2 * VECTOR_BYTES)));
          y3 = f32x4.add(y3, f32x4.mul(w, v128.load(s, 3 * VECTOR_BYTES)));
          y4 = f32x4.add(y4, f32x4.mul(w, v128.load(s, 4 * VECTOR_BYTES)));
          y5 = f32x4.add(y5, f32x4.mul(w, v128.load(s, 5 * VECTOR_BYTES)));
          y6 = f32x4.add(y6, f32x4.mul(w, v128.load(s, 6 * VECTOR_BYTES)));
          y7 = f32x4.add(y7, f32x4.mul(w, v128.load(s, 7 * VECTOR_BYTES)));
        }
      }
      const t = y + part;
      if (relu && !isBoolean<Transposed>()) {
        // pmax(z, 0) is z < 0 ? 0 : z: one instruction, and a NaN stays a NaN.
        y0 = f32x4.pmax(y0, zero);
        y1 = f32x4.pmax(y1, zero);
        y2 = f32x4.pmax(y2, zero);
        y3 = f32x4.pmax(y3, zero);
        y4 = f32x4.pmax(y4, zero);
        y5 = f32x4.pmax(y5, zero);
        y6 = f32x4.pmax(y6, zero);
        y7 = f32x4.pmax(y7, zero);
      }
      if (relu && isBoolean<Transposed>()) {
        const m = mask + part;
        y0 = v128.and(y0, f32x4.gt(v128.load(m), zero));
        y1 = v128.and(y1, f32x4.gt(v128.load(m, VECTOR_BYTES), zero));
        if (isBoolean<Wide>()) {
          y2 = v128.and(y2, f32x4.gt(v128.load(m, 2 * VECTOR_BYTES), zero));
          y3 = v128.and(y3, f32x4.gt(v128.load(m, 3 * VECTOR_BYTES), zero));
          y4 = v128.and(y4, f32x4.gt(v128.load(m, 4 * VECTOR_BYTES), zero));
          y5 = v128.and(y5, f32x4.gt(v128.load(m, 5 * VECTOR_BYTES), zero));
          y6 = v128.and(y6, f32x4.gt(v128.load(m, 6 * VECTOR_BYTES), zero));
          y7 = v128.and(y7, f32x4.gt(v128.load(m, 7 * VECTOR_BYTES), zero));
        }
      }
      v128.store(t, y0);
      v128.store(t, y1, VECTOR_BYTES);
      if (isBoolean<Wide>()) {
        v128.store(t, y2, 2 * VECTOR_BYTES);
        v128.store(t, y3, 3 * VECTOR_BYTES);
        v128.store(t, y4, 4 * VECTOR_BYTES);
        v128.store(t, y5, 5 * VECTOR_BYTES);
        v128.store(t, y6, 6 * VECTOR_BYTES);
        v128.store(t, y7, 7 * VECTOR_BYTES);
        break;
      }
      part += PART_BYTES;
      if (part >= bytes) break;
    }
    if (!isBoolean<Transposed>()) bias += ELEMENT_BYTES;
    if (isBoolean<Transposed>()) mask += ROW_BYTES;
    y += ROW_BYTES;
    begin = end;
  }
}
