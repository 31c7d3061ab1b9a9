// The backward pass of a sparse layer in one pass over W's transposed structure: the gradient of the weights,
// dW, and that of the inputs, dx = Wᵀ·dy. A column's row of x and its sums of dx stay at hand, so each
// connection gathers one row, of dy, for both products. Two connections at a time share the loads of x.
//
// The sums run in the order of spmmT and sddmm, so the bits are theirs. A neuron that ReLU has made 0 for all
// samples has no gradient: its connections are not gone through. In very sparse networks that is most
// neurons. With another slope below 0 a gradient passes every neuron.
import { ELEMENT_BYTES, ELEMENT_SHIFT, PART_BYTES, ROW_BYTES, ROW_SHIFT, VECTOR_BYTES } from './layout';
import { sum4, sum4x2 } from './math';
import { blockOf, differentiateRows } from './slope';
import { No, Yes } from './switches';

/**
 * The gradients of a sparse layer: dx = Wᵀ·dy, times the derivative of the activation before it, and
 * dW = (dy·xᵀ) at the connections. The derivative is 1 where the activation's sum was above 0, else `slope`.
 * With ReLU, a slope of 0, the sum was above 0 where x is; with any other slope but 1, where `fires` has a
 * bit. With ReLU, and where x[j] is 0 in all lanes, they are 0 whatever dy holds, NaN and infinity, too.
 *
 * ```js
 * for (let j = 0; j < inDim; j++) {
 *   const counts = slope !== 0 || x[j].subarray(0, lanes).some((value) => value !== 0);
 *   for (let b = 0; b < 32; b++) {
 *     let sum = 0;
 *     for (let q = colPtr[j]; q < colPtr[j + 1]; q++) sum += values[perm[q]] * dy[rowIdx[q]][b];
 *     if (b >= lanes) dx[j][b] = 0;
 *     else if (slope === 0) dx[j][b] = x[j][b] > 0 ? sum : 0;
 *     else dx[j][b] = slope === 1 || fires[j] & (1 << b) ? sum : slope * sum;
 *   }
 *   for (let q = colPtr[j]; q < colPtr[j + 1]; q++) {
 *     let sum = 0;
 *     for (let b = 0; b < lanes; b++) if (counts) sum += dy[rowIdx[q]][b] * x[j][b];
 *     dW[perm[q]] = accumulate ? dW[perm[q]] + sum : sum;
 *   }
 * }
 * ```
 *
 * - W's transposed structure (CSC): colPtr i32 [inDim + 1], rowIdx i32 [nnz], perm i32 [nnz] into values f32
 *   [nnz].
 * - dy f32 [outDim][32]; x f32 [inDim][32], the layer's inputs: their first `lanes` lanes count.
 * - fires i32 [inDim], as spmm left it: read where the slope is neither 0 nor 1.
 * - dx f32 [inDim][32], overwritten; 0 from lane `lanes` on. It overlaps nothing else.
 * - dW f32 [nnz], in the order of values, added to if `accumulate`, else overwritten. It overlaps nothing else.
 * - lanes: 8, 16 or 32.
 *
 * O(lanes · (nnz + inDim)).
 */
export function backward(
  colPtr: usize,
  rowIdx: usize,
  perm: usize,
  values: usize,
  dy: usize,
  x: usize,
  fires: usize,
  dx: usize,
  dW: usize,
  inDim: i32,
  slope: f32,
  accumulate: bool,
  lanes: i32,
): void {
  const bytes = (<usize>lanes) << ELEMENT_SHIFT;
  while (inDim > 0) {
    const n = blockOf(slope, inDim);
    columns<Yes>(colPtr, rowIdx, perm, values, dy, x, dx, dW, n, slope === 0, accumulate, bytes);
    differentiateRows(dx, n, bytes, slope, fires);
    colPtr += (<usize>n) << ELEMENT_SHIFT;
    fires += (<usize>n) << ELEMENT_SHIFT;
    x += (<usize>n) << ROW_SHIFT;
    dx += (<usize>n) << ROW_SHIFT;
    inDim -= n;
  }
}

/**
 * The gradient of a sparse layer's weights alone, for the first layer: dW = (dy·xᵀ) at the connections. Where
 * x[j] is 0 in all lanes, it is 0 whatever dy holds, NaN and infinity, too.
 *
 * ```js
 * for (let j = 0; j < inDim; j++) {
 *   const fires = x[j].subarray(0, lanes).some((value) => value !== 0);
 *   for (let q = colPtr[j]; q < colPtr[j + 1]; q++) {
 *     let sum = 0;
 *     for (let b = 0; b < lanes; b++) if (fires) sum += dy[rowIdx[q]][b] * x[j][b];
 *     dW[perm[q]] = accumulate ? dW[perm[q]] + sum : sum;
 *   }
 * }
 * ```
 *
 * - W's transposed structure (CSC): colPtr i32 [inDim + 1], rowIdx i32 [nnz], perm i32 [nnz] into dW.
 * - dy f32 [outDim][32]; x f32 [inDim][32]: their first `lanes` lanes are read.
 * - dW f32 [nnz], added to if `accumulate`, else overwritten. It overlaps nothing else.
 * - lanes: 8, 16 or 32.
 *
 * O(lanes · (nnz + inDim)).
 */
export function weightGradient(
  colPtr: usize,
  rowIdx: usize,
  perm: usize,
  dy: usize,
  x: usize,
  dW: usize,
  inDim: i32,
  accumulate: bool,
  lanes: i32,
): void {
  const bytes = (<usize>lanes) << ELEMENT_SHIFT;
  columns<No>(colPtr, rowIdx, perm, 0, dy, x, 0, dW, inDim, true, accumulate, bytes);
}

/**
 * The loop of both. With `relu`, dx is 0 where x is not above 0, and neurons of 0 are left out. A row's eight
 * registers are gone through in parts of two. The test after each part ends narrow tiles early. It also keeps
 * the compiler from moving sums behind later loads, which would take more registers than there are.
 */
function columns<WithInputs>(
  colPtr: usize,
  rowIdx: usize,
  perm: usize,
  values: usize,
  dy: usize,
  x: usize,
  dx: usize,
  dW: usize,
  inDim: i32,
  relu: bool,
  accumulate: bool,
  bytes: usize,
): void {
  const zero = f32x4.splat(0);
  let q = (<usize>load<u32>(colPtr)) << ELEMENT_SHIFT;
  for (let j = 0; j < inDim; j++) {
    colPtr += ELEMENT_BYTES;
    const end = (<usize>load<u32>(colPtr)) << ELEMENT_SHIFT;
    if (q >= end || (relu && isZero(x, bytes))) {
      if (isBoolean<WithInputs>()) clearRow(dx);
      if (!accumulate) {
        for (let p = q; p < end; p += ELEMENT_BYTES) store<f32>(dW + offsetAt(perm + p), 0);
      }
      q = end;
    } else {
      let dx0 = zero;
      let dx1 = zero;
      let dx2 = zero;
      let dx3 = zero;
      let dx4 = zero;
      let dx5 = zero;
      let dx6 = zero;
      let dx7 = zero;
      for (; q + 2 * ELEMENT_BYTES <= end; q += 2 * ELEMENT_BYTES) {
        const aOffset = offsetAt(perm + q);
        const bOffset = offsetAt(perm + q + ELEMENT_BYTES);
        const aRow = dy + ((<usize>load<u32>(rowIdx + q)) << ROW_SHIFT);
        const bRow = dy + ((<usize>load<u32>(rowIdx + q, ELEMENT_BYTES)) << ROW_SHIFT);
        const aWeight = isBoolean<WithInputs>() ? v128.load_splat<f32>(values + aOffset) : zero;
        const bWeight = isBoolean<WithInputs>() ? v128.load_splat<f32>(values + bOffset) : zero;
        let a = zero;
        let b = zero;
        while (true) {
          const x0 = v128.load(x);
          const x1 = v128.load(x, VECTOR_BYTES);
          const a0 = v128.load(aRow);
          const a1 = v128.load(aRow, VECTOR_BYTES);
          a = f32x4.add(a, f32x4.mul(x0, a0));
          a = f32x4.add(a, f32x4.mul(x1, a1));
          if (isBoolean<WithInputs>()) {
            dx0 = f32x4.add(dx0, f32x4.mul(aWeight, a0));
            dx1 = f32x4.add(dx1, f32x4.mul(aWeight, a1));
          }
          const b0 = v128.load(bRow);
          const b1 = v128.load(bRow, VECTOR_BYTES);
          b = f32x4.add(b, f32x4.mul(x0, b0));
          b = f32x4.add(b, f32x4.mul(x1, b1));
          if (isBoolean<WithInputs>()) {
            dx0 = f32x4.add(dx0, f32x4.mul(bWeight, b0));
            dx1 = f32x4.add(dx1, f32x4.mul(bWeight, b1));
          }
          if (bytes <= PART_BYTES) break;
          const x2 = v128.load(x, 2 * VECTOR_BYTES);
          const x3 = v128.load(x, 3 * VECTOR_BYTES);
          const a2 = v128.load(aRow, 2 * VECTOR_BYTES);
          const a3 = v128.load(aRow, 3 * VECTOR_BYTES);
          a = f32x4.add(a, f32x4.mul(x2, a2));
          a = f32x4.add(a, f32x4.mul(x3, a3));
          if (isBoolean<WithInputs>()) {
            dx2 = f32x4.add(dx2, f32x4.mul(aWeight, a2));
            dx3 = f32x4.add(dx3, f32x4.mul(aWeight, a3));
          }
          const b2 = v128.load(bRow, 2 * VECTOR_BYTES);
          const b3 = v128.load(bRow, 3 * VECTOR_BYTES);
          b = f32x4.add(b, f32x4.mul(x2, b2));
          b = f32x4.add(b, f32x4.mul(x3, b3));
          if (isBoolean<WithInputs>()) {
            dx2 = f32x4.add(dx2, f32x4.mul(bWeight, b2));
            dx3 = f32x4.add(dx3, f32x4.mul(bWeight, b3));
          }
          if (bytes <= 2 * PART_BYTES) break;
          const x4 = v128.load(x, 4 * VECTOR_BYTES);
          const x5 = v128.load(x, 5 * VECTOR_BYTES);
          const a4 = v128.load(aRow, 4 * VECTOR_BYTES);
          const a5 = v128.load(aRow, 5 * VECTOR_BYTES);
          a = f32x4.add(a, f32x4.mul(x4, a4));
          a = f32x4.add(a, f32x4.mul(x5, a5));
          if (isBoolean<WithInputs>()) {
            dx4 = f32x4.add(dx4, f32x4.mul(aWeight, a4));
            dx5 = f32x4.add(dx5, f32x4.mul(aWeight, a5));
          }
          const b4 = v128.load(bRow, 4 * VECTOR_BYTES);
          const b5 = v128.load(bRow, 5 * VECTOR_BYTES);
          b = f32x4.add(b, f32x4.mul(x4, b4));
          b = f32x4.add(b, f32x4.mul(x5, b5));
          if (isBoolean<WithInputs>()) {
            dx4 = f32x4.add(dx4, f32x4.mul(bWeight, b4));
            dx5 = f32x4.add(dx5, f32x4.mul(bWeight, b5));
          }
          if (bytes <= 3 * PART_BYTES) break;
          const x6 = v128.load(x, 6 * VECTOR_BYTES);
          const x7 = v128.load(x, 7 * VECTOR_BYTES);
          const a6 = v128.load(aRow, 6 * VECTOR_BYTES);
          const a7 = v128.load(aRow, 7 * VECTOR_BYTES);
          a = f32x4.add(a, f32x4.mul(x6, a6));
          a = f32x4.add(a, f32x4.mul(x7, a7));
          if (isBoolean<WithInputs>()) {
            dx6 = f32x4.add(dx6, f32x4.mul(aWeight, a6));
            dx7 = f32x4.add(dx7, f32x4.mul(aWeight, a7));
          }
          const b6 = v128.load(bRow, 6 * VECTOR_BYTES);
          const b7 = v128.load(bRow, 7 * VECTOR_BYTES);
          b = f32x4.add(b, f32x4.mul(x6, b6));
          b = f32x4.add(b, f32x4.mul(x7, b7));
          if (isBoolean<WithInputs>()) {
            dx6 = f32x4.add(dx6, f32x4.mul(bWeight, b6));
            dx7 = f32x4.add(dx7, f32x4.mul(bWeight, b7));
          }
          break;
        }
        const sums = sum4x2(a, b);
        put(dW + aOffset, f32x4.extract_lane(sums, 0), accumulate);
        put(dW + bOffset, f32x4.extract_lane(sums, 1), accumulate);
      }
      if (q < end) {
        const aOffset = offsetAt(perm + q);
        const aRow = dy + ((<usize>load<u32>(rowIdx + q)) << ROW_SHIFT);
        const aWeight = isBoolean<WithInputs>() ? v128.load_splat<f32>(values + aOffset) : zero;
        let a = zero;
        while (true) {
          const x0 = v128.load(x);
          const x1 = v128.load(x, VECTOR_BYTES);
          const a0 = v128.load(aRow);
          const a1 = v128.load(aRow, VECTOR_BYTES);
          a = f32x4.add(a, f32x4.mul(x0, a0));
          a = f32x4.add(a, f32x4.mul(x1, a1));
          if (isBoolean<WithInputs>()) {
            dx0 = f32x4.add(dx0, f32x4.mul(aWeight, a0));
            dx1 = f32x4.add(dx1, f32x4.mul(aWeight, a1));
          }
          if (bytes <= PART_BYTES) break;
          const x2 = v128.load(x, 2 * VECTOR_BYTES);
          const x3 = v128.load(x, 3 * VECTOR_BYTES);
          const a2 = v128.load(aRow, 2 * VECTOR_BYTES);
          const a3 = v128.load(aRow, 3 * VECTOR_BYTES);
          a = f32x4.add(a, f32x4.mul(x2, a2));
          a = f32x4.add(a, f32x4.mul(x3, a3));
          if (isBoolean<WithInputs>()) {
            dx2 = f32x4.add(dx2, f32x4.mul(aWeight, a2));
            dx3 = f32x4.add(dx3, f32x4.mul(aWeight, a3));
          }
          if (bytes <= 2 * PART_BYTES) break;
          const x4 = v128.load(x, 4 * VECTOR_BYTES);
          const x5 = v128.load(x, 5 * VECTOR_BYTES);
          const a4 = v128.load(aRow, 4 * VECTOR_BYTES);
          const a5 = v128.load(aRow, 5 * VECTOR_BYTES);
          a = f32x4.add(a, f32x4.mul(x4, a4));
          a = f32x4.add(a, f32x4.mul(x5, a5));
          if (isBoolean<WithInputs>()) {
            dx4 = f32x4.add(dx4, f32x4.mul(aWeight, a4));
            dx5 = f32x4.add(dx5, f32x4.mul(aWeight, a5));
          }
          if (bytes <= 3 * PART_BYTES) break;
          const x6 = v128.load(x, 6 * VECTOR_BYTES);
          const x7 = v128.load(x, 7 * VECTOR_BYTES);
          const a6 = v128.load(aRow, 6 * VECTOR_BYTES);
          const a7 = v128.load(aRow, 7 * VECTOR_BYTES);
          a = f32x4.add(a, f32x4.mul(x6, a6));
          a = f32x4.add(a, f32x4.mul(x7, a7));
          if (isBoolean<WithInputs>()) {
            dx6 = f32x4.add(dx6, f32x4.mul(aWeight, a6));
            dx7 = f32x4.add(dx7, f32x4.mul(aWeight, a7));
          }
          break;
        }
        put(dW + aOffset, sum4(a), accumulate);
        q = end;
      }
      if (isBoolean<WithInputs>()) {
        if (relu) {
          dx0 = v128.and(dx0, f32x4.gt(v128.load(x), zero));
          dx1 = v128.and(dx1, f32x4.gt(v128.load(x, VECTOR_BYTES), zero));
          dx2 = v128.and(dx2, f32x4.gt(v128.load(x, 2 * VECTOR_BYTES), zero));
          dx3 = v128.and(dx3, f32x4.gt(v128.load(x, 3 * VECTOR_BYTES), zero));
          dx4 = v128.and(dx4, f32x4.gt(v128.load(x, 4 * VECTOR_BYTES), zero));
          dx5 = v128.and(dx5, f32x4.gt(v128.load(x, 5 * VECTOR_BYTES), zero));
          dx6 = v128.and(dx6, f32x4.gt(v128.load(x, 6 * VECTOR_BYTES), zero));
          dx7 = v128.and(dx7, f32x4.gt(v128.load(x, 7 * VECTOR_BYTES), zero));
        }
        v128.store(dx, dx0);
        v128.store(dx, dx1, VECTOR_BYTES);
        v128.store(dx, dx2, 2 * VECTOR_BYTES);
        v128.store(dx, dx3, 3 * VECTOR_BYTES);
        v128.store(dx, dx4, 4 * VECTOR_BYTES);
        v128.store(dx, dx5, 5 * VECTOR_BYTES);
        v128.store(dx, dx6, 6 * VECTOR_BYTES);
        v128.store(dx, dx7, 7 * VECTOR_BYTES);
      }
    }
    x += ROW_BYTES;
    if (isBoolean<WithInputs>()) dx += ROW_BYTES;
  }
}

/** Whether the first `bytes` bytes of a row are all 0. */
function isZero(row: usize, bytes: usize): bool {
  let any = v128.or(v128.load(row), v128.load(row, VECTOR_BYTES));
  for (let k = PART_BYTES; k < bytes; k += PART_BYTES) {
    any = v128.or(any, v128.or(v128.load(row + k), v128.load(row + k, VECTOR_BYTES)));
  }
  return !v128.any_true(any);
}

/** Sets a row of a tile to 0. memory.fill is a call, and slower. */
function clearRow(row: usize): void {
  const zero = f32x4.splat(0);
  for (let k: usize = 0; k < ROW_BYTES; k += PART_BYTES) {
    v128.store(row + k, zero);
    v128.store(row + k, zero, VECTOR_BYTES);
  }
}

/** The offset in bytes of the entry whose number is at a pointer. */
function offsetAt(index: usize): usize {
  return (<usize>load<u32>(index)) << ELEMENT_SHIFT;
}

/** Adds a sum to what is there, or puts it in its place. */
function put(to: usize, sum: f32, accumulate: bool): void {
  store<f32>(to, accumulate ? load<f32>(to) + sum : sum);
}
