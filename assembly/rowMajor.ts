// Products of a CSR matrix and a dense one as people hold it: row-major, k columns, without tiles.
//
// A row of k columns is worked on in blocks, so that a block's sums stay in registers: 32 columns, then 5 to
// 16, then 4 to 8. The last registers of a block may overlap those before them. Both hold the same sums of
// the lanes that they share, so no width needs a loop over single columns. Only fewer than four columns are
// scalars. Every sum runs over a row's entries in their order, which is the order of `spmm`: the bits are the
// same.
import { ELEMENT_BYTES, ELEMENT_SHIFT, ROW_BYTES, VECTOR_BYTES } from './layout';
import { No, Yes } from './switches';

/** Bytes of the widest block but one: four registers. */
const BLOCK_BYTES: usize = 4 * VECTOR_BYTES;

/**
 * The product of a CSR matrix and a row-major one: y = W·x.
 *
 * ```js
 * for (let i = 0; i < rows; i++) {
 *   for (let c = 0; c < k; c++) {
 *     let sum = 0;
 *     for (let p = indptr[i]; p < indptr[i + 1]; p++) sum += values[p] * x[indices[p] * k + c];
 *     y[i * k + c] = sum;
 *   }
 * }
 * ```
 *
 * - W is CSR, [rows, *]: indptr i32 [rows + 1], indices i32 [nnz], values f32 [nnz].
 * - x f32 [*, k], row-major.
 * - y f32 [rows, k], row-major, overwritten. It overlaps nothing else.
 *
 * O(k · nnz + rows).
 */
export function spmmRowMajor(
  indptr: usize,
  indices: usize,
  values: usize,
  x: usize,
  y: usize,
  rows: i32,
  k: i32,
): void {
  if (k === 1) gatherScalars<No, No>(indptr, indices, values, x, y, rows);
  else if (k === 2) gatherScalars<Yes, No>(indptr, indices, values, x, y, rows);
  else if (k === 3) gatherScalars<Yes, Yes>(indptr, indices, values, x, y, rows);
  if (k < 4) return;
  const stride = (<usize>k) << ELEMENT_SHIFT;
  const wide = bytesOfWideBlocks(stride);
  let begin = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
  for (let i = 0; i < rows; i++) {
    indptr += ELEMENT_BYTES;
    const end = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
    let c: usize = 0;
    for (; c < wide; c += ROW_BYTES) {
      gather<Yes, Yes>(indices, values, begin, end, x + c, y + c, stride, ROW_BYTES);
    }
    while (stride - c > 2 * VECTOR_BYTES) {
      const bytes = bytesOfBlock(stride - c);
      gather<Yes, No>(indices, values, begin, end, x + c, y + c, stride, bytes);
      c += bytes;
    }
    if (c < stride) gather<No, No>(indices, values, begin, end, x + c, y + c, stride, stride - c);
    y += stride;
    begin = end;
  }
}

/**
 * The product of a CSR matrix's transpose and a row-major one, without the transpose: y = Wᵀ·x. A row of x is
 * scattered over the columns of W's row.
 *
 * ```js
 * y.fill(0);
 * for (let i = 0; i < rows; i++) {
 *   for (let p = indptr[i]; p < indptr[i + 1]; p++) {
 *     for (let c = 0; c < k; c++) y[indices[p] * k + c] += values[p] * x[i * k + c];
 *   }
 * }
 * ```
 *
 * - W is CSR, [rows, cols]: indptr i32 [rows + 1], indices i32 [nnz], values f32 [nnz].
 * - x f32 [rows, k], row-major.
 * - y f32 [cols, k], row-major, overwritten. It overlaps nothing else.
 *
 * O(k · (nnz + cols) + rows).
 */
export function spmmTRowMajor(
  indptr: usize,
  indices: usize,
  values: usize,
  x: usize,
  y: usize,
  rows: i32,
  cols: i32,
  k: i32,
): void {
  const stride = (<usize>k) << ELEMENT_SHIFT;
  memory.fill(y, 0, <usize>cols * stride);
  if (k === 1) scatterScalars<No, No>(indptr, indices, values, x, y, rows);
  else if (k === 2) scatterScalars<Yes, No>(indptr, indices, values, x, y, rows);
  else if (k === 3) scatterScalars<Yes, Yes>(indptr, indices, values, x, y, rows);
  if (k < 4) return;
  const wide = bytesOfWideBlocks(stride);
  let begin = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
  for (let i = 0; i < rows; i++) {
    indptr += ELEMENT_BYTES;
    const end = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
    let c: usize = 0;
    for (; c < wide; c += ROW_BYTES) {
      scatter<Yes, Yes>(indices, values, begin, end, x + c, y + c, stride, ROW_BYTES);
    }
    while (stride - c > 2 * VECTOR_BYTES) {
      const bytes = bytesOfBlock(stride - c);
      scatter<Yes, No>(indices, values, begin, end, x + c, y + c, stride, bytes);
      c += bytes;
    }
    if (c < stride) scatter<No, No>(indices, values, begin, end, x + c, y + c, stride, stride - c);
    x += stride;
    begin = end;
  }
}

/** How much of a row of at least four columns goes in blocks of 32. No rest is narrower than a register. */
function bytesOfWideBlocks(stride: usize): usize {
  const rest = stride % ROW_BYTES;
  const all = stride - rest;
  return rest > 0 && rest < VECTOR_BYTES && all > 0 ? all - ROW_BYTES : all;
}

/** The next block of more than eight columns: up to 16, and none or at least four left after it. */
function bytesOfBlock(rest: usize): usize {
  if (rest <= BLOCK_BYTES) return rest;
  return rest < BLOCK_BYTES + VECTOR_BYTES ? rest - VECTOR_BYTES : BLOCK_BYTES;
}

/**
 * One row's product with a block of columns: two registers, four if Four, eight if Eight as well.
 * @param bytes of the block: 16 to 32; if Four, 36 to 64; if Eight, 128.
 */
function gather<Four, Eight>(
  indices: usize,
  values: usize,
  begin: usize,
  end: usize,
  x: usize,
  y: usize,
  stride: usize,
  bytes: usize,
): void {
  const last = bytes - VECTOR_BYTES;
  const at1 = isBoolean<Four>() ? VECTOR_BYTES : last;
  const at2: usize = isBoolean<Eight>() ? 2 * VECTOR_BYTES : min<usize>(2 * VECTOR_BYTES, last);
  const at3: usize = isBoolean<Eight>() ? 3 * VECTOR_BYTES : last;
  let y0 = f32x4.splat(0);
  let y1 = y0;
  let y2 = y0;
  let y3 = y0;
  let y4 = y0;
  let y5 = y0;
  let y6 = y0;
  let y7 = y0;
  for (let p = begin; p < end; p += ELEMENT_BYTES) {
    const w = v128.load_splat<f32>(values + p);
    const s = x + <usize>load<u32>(indices + p) * stride;
    y0 = f32x4.add(y0, f32x4.mul(w, v128.load(s)));
    y1 = f32x4.add(y1, f32x4.mul(w, v128.load(s + at1)));
    if (isBoolean<Four>()) {
      y2 = f32x4.add(y2, f32x4.mul(w, v128.load(s + at2)));
      y3 = f32x4.add(y3, f32x4.mul(w, v128.load(s + at3)));
    }
    if (isBoolean<Eight>()) {
      y4 = f32x4.add(y4, f32x4.mul(w, v128.load(s, 4 * VECTOR_BYTES)));
      y5 = f32x4.add(y5, f32x4.mul(w, v128.load(s, 5 * VECTOR_BYTES)));
      y6 = f32x4.add(y6, f32x4.mul(w, v128.load(s, 6 * VECTOR_BYTES)));
      y7 = f32x4.add(y7, f32x4.mul(w, v128.load(s, 7 * VECTOR_BYTES)));
    }
  }
  v128.store(y, y0);
  v128.store(y + at1, y1);
  if (isBoolean<Four>()) {
    v128.store(y + at2, y2);
    v128.store(y + at3, y3);
  }
  if (isBoolean<Eight>()) {
    v128.store(y, y4, 4 * VECTOR_BYTES);
    v128.store(y, y5, 5 * VECTOR_BYTES);
    v128.store(y, y6, 6 * VECTOR_BYTES);
    v128.store(y, y7, 7 * VECTOR_BYTES);
  }
}

/**
 * Adds one row's part to a block of columns: two registers, four if Four, eight if Eight as well. Those that
 * may share lanes are loaded before the first of them is stored, so these lanes count once.
 * @param bytes of the block: 16 to 32; if Four, 36 to 64; if Eight, 128.
 */
function scatter<Four, Eight>(
  indices: usize,
  values: usize,
  begin: usize,
  end: usize,
  x: usize,
  y: usize,
  stride: usize,
  bytes: usize,
): void {
  const last = bytes - VECTOR_BYTES;
  const at1 = isBoolean<Four>() ? VECTOR_BYTES : last;
  const at2: usize = isBoolean<Eight>() ? 2 * VECTOR_BYTES : min<usize>(2 * VECTOR_BYTES, last);
  const at3: usize = isBoolean<Eight>() ? 3 * VECTOR_BYTES : last;
  const x0 = v128.load(x);
  const x1 = v128.load(x + at1);
  const x2 = isBoolean<Four>() ? v128.load(x + at2) : x0;
  const x3 = isBoolean<Four>() ? v128.load(x + at3) : x0;
  const x4 = isBoolean<Eight>() ? v128.load(x, 4 * VECTOR_BYTES) : x0;
  const x5 = isBoolean<Eight>() ? v128.load(x, 5 * VECTOR_BYTES) : x0;
  const x6 = isBoolean<Eight>() ? v128.load(x, 6 * VECTOR_BYTES) : x0;
  const x7 = isBoolean<Eight>() ? v128.load(x, 7 * VECTOR_BYTES) : x0;
  for (let p = begin; p < end; p += ELEMENT_BYTES) {
    const w = v128.load_splat<f32>(values + p);
    const t = y + <usize>load<u32>(indices + p) * stride;
    const y0 = f32x4.add(v128.load(t), f32x4.mul(w, x0));
    const y1 = f32x4.add(v128.load(t + at1), f32x4.mul(w, x1));
    if (isBoolean<Four>()) {
      const y2 = f32x4.add(v128.load(t + at2), f32x4.mul(w, x2));
      const y3 = f32x4.add(v128.load(t + at3), f32x4.mul(w, x3));
      v128.store(t + at2, y2);
      v128.store(t + at3, y3);
    }
    v128.store(t, y0);
    v128.store(t + at1, y1);
    if (isBoolean<Eight>()) {
      const y4 = f32x4.add(v128.load(t, 4 * VECTOR_BYTES), f32x4.mul(w, x4));
      const y5 = f32x4.add(v128.load(t, 5 * VECTOR_BYTES), f32x4.mul(w, x5));
      const y6 = f32x4.add(v128.load(t, 6 * VECTOR_BYTES), f32x4.mul(w, x6));
      const y7 = f32x4.add(v128.load(t, 7 * VECTOR_BYTES), f32x4.mul(w, x7));
      v128.store(t, y4, 4 * VECTOR_BYTES);
      v128.store(t, y5, 5 * VECTOR_BYTES);
      v128.store(t, y6, 6 * VECTOR_BYTES);
      v128.store(t, y7, 7 * VECTOR_BYTES);
    }
  }
}

/**
 * The product with a vector; with two columns if Two, with three if Three as well. Four products at a time do
 * not wait for each other. Their sum does, in the entries' order.
 */
function gatherScalars<Two, Three>(
  indptr: usize,
  indices: usize,
  values: usize,
  x: usize,
  y: usize,
  rows: i32,
): void {
  let p = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
  for (let i = 0; i < rows; i++) {
    indptr += ELEMENT_BYTES;
    const end = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
    let sum0: f32 = 0;
    let sum1: f32 = 0;
    let sum2: f32 = 0;
    if (!isBoolean<Two>()) {
      for (; p + 4 * ELEMENT_BYTES <= end; p += 4 * ELEMENT_BYTES) {
        const a = load<f32>(values + p) * load<f32>(x + offsetOf(load<u32>(indices + p)));
        const b =
          load<f32>(values + p, ELEMENT_BYTES) *
          load<f32>(x + offsetOf(load<u32>(indices + p, ELEMENT_BYTES)));
        const c =
          load<f32>(values + p, 2 * ELEMENT_BYTES) *
          load<f32>(x + offsetOf(load<u32>(indices + p, 2 * ELEMENT_BYTES)));
        const d =
          load<f32>(values + p, 3 * ELEMENT_BYTES) *
          load<f32>(x + offsetOf(load<u32>(indices + p, 3 * ELEMENT_BYTES)));
        sum0 = sum0 + a + b + c + d;
      }
    }
    for (; p < end; p += ELEMENT_BYTES) {
      const w = load<f32>(values + p);
      const s = x + <usize>load<u32>(indices + p) * bytesOf<Two, Three>();
      sum0 += w * load<f32>(s);
      if (isBoolean<Two>()) sum1 += w * load<f32>(s, ELEMENT_BYTES);
      if (isBoolean<Three>()) sum2 += w * load<f32>(s, 2 * ELEMENT_BYTES);
    }
    store<f32>(y, sum0);
    if (isBoolean<Two>()) store<f32>(y, sum1, ELEMENT_BYTES);
    if (isBoolean<Three>()) store<f32>(y, sum2, 2 * ELEMENT_BYTES);
    y += bytesOf<Two, Three>();
  }
}

/**
 * The transpose's product with a vector; with two columns if Two, with three if Three as well. Two entries of
 * a row are of different columns, so they do not wait for each other.
 */
function scatterScalars<Two, Three>(
  indptr: usize,
  indices: usize,
  values: usize,
  x: usize,
  y: usize,
  rows: i32,
): void {
  let p = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
  for (let i = 0; i < rows; i++) {
    indptr += ELEMENT_BYTES;
    const end = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
    const x0 = load<f32>(x);
    const x1 = isBoolean<Two>() ? load<f32>(x, ELEMENT_BYTES) : x0;
    const x2 = isBoolean<Three>() ? load<f32>(x, 2 * ELEMENT_BYTES) : x0;
    if (!isBoolean<Two>()) {
      for (; p + 2 * ELEMENT_BYTES <= end; p += 2 * ELEMENT_BYTES) {
        const s = y + offsetOf(load<u32>(indices + p));
        const t = y + offsetOf(load<u32>(indices + p, ELEMENT_BYTES));
        const a = load<f32>(s) + load<f32>(values + p) * x0;
        const b = load<f32>(t) + load<f32>(values + p, ELEMENT_BYTES) * x0;
        store<f32>(s, a);
        store<f32>(t, b);
      }
    }
    for (; p < end; p += ELEMENT_BYTES) {
      const w = load<f32>(values + p);
      const t = y + <usize>load<u32>(indices + p) * bytesOf<Two, Three>();
      store<f32>(t, load<f32>(t) + w * x0);
      if (isBoolean<Two>()) store<f32>(t, load<f32>(t, ELEMENT_BYTES) + w * x1, ELEMENT_BYTES);
      if (isBoolean<Three>()) store<f32>(t, load<f32>(t, 2 * ELEMENT_BYTES) + w * x2, 2 * ELEMENT_BYTES);
    }
    x += bytesOf<Two, Three>();
  }
}

/** Bytes of a row of one column, of two or of three. */
function bytesOf<Two, Three>(): usize {
  return ELEMENT_BYTES * (isBoolean<Three>() ? 3 : isBoolean<Two>() ? 2 : 1);
}

/** Where a row of one column begins. */
function offsetOf(index: u32): usize {
  return (<usize>index) << ELEMENT_SHIFT;
}
