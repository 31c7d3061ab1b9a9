// The forward and the backward product of a sparse layer, side by side: y = W·x + b and dx = Wᵀ·dy.
//
// Both are one loop: a row of a compressed structure is gathered from a tile into eight registers, 32 samples at a time.
// Older V8s spill one or two of them; two passes of four registers avoid that and are slower on newer ones
// (docs/performance.md).
import { ROW, ROW_SHIFT, TILE } from './tile';

/**
 * y[i][:] = bias[i] + Σ_p values[p] · x[indices[p]][:] over row i's connections, then max(·, 0) if relu.
 * W CSR [outDim, inDim]: indptr i32 [outDim + 1], indices i32, values f32; bias f32 [outDim];
 * x f32 [inDim][32]; y f32 [outDim][32], its first `lanes` lanes overwritten. y must not overlap the rest.
 * O(lanes · (nnz + outDim)).
 */
export function spmm(
  indptr: usize,
  indices: usize,
  values: usize,
  bias: usize,
  x: usize,
  y: usize,
  outDim: i32,
  relu: bool,
  lanes: i32,
): void {
  if (lanes < TILE) {
    spmmNarrow(indptr, indices, values, bias, x, y, outDim, relu, (<usize>lanes) << 2);
    return;
  }
  const zero = f32x4.splat(0);
  let p = (<usize>load<u32>(indptr)) << 2;
  for (let i = 0; i < outDim; i++) {
    indptr += 4;
    const end = (<usize>load<u32>(indptr)) << 2;
    let y0 = v128.load_splat<f32>(bias);
    let y1 = y0;
    let y2 = y0;
    let y3 = y0;
    let y4 = y0;
    let y5 = y0;
    let y6 = y0;
    let y7 = y0;
    for (; p < end; p += 4) {
      const w = v128.load_splat<f32>(values + p);
      const s = x + ((<usize>load<u32>(indices + p)) << ROW_SHIFT);
      y0 = f32x4.add(y0, f32x4.mul(w, v128.load(s)));
      y1 = f32x4.add(y1, f32x4.mul(w, v128.load(s, 16)));
      y2 = f32x4.add(y2, f32x4.mul(w, v128.load(s, 32)));
      y3 = f32x4.add(y3, f32x4.mul(w, v128.load(s, 48)));
      y4 = f32x4.add(y4, f32x4.mul(w, v128.load(s, 64)));
      y5 = f32x4.add(y5, f32x4.mul(w, v128.load(s, 80)));
      y6 = f32x4.add(y6, f32x4.mul(w, v128.load(s, 96)));
      y7 = f32x4.add(y7, f32x4.mul(w, v128.load(s, 112)));
    }
    if (relu) {
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
    v128.store(y, y0);
    v128.store(y, y1, 16);
    v128.store(y, y2, 32);
    v128.store(y, y3, 48);
    v128.store(y, y4, 64);
    v128.store(y, y5, 80);
    v128.store(y, y6, 96);
    v128.store(y, y7, 112);
    bias += 4;
    y += ROW;
  }
}

/** The first bytes of every row only, eight lanes at a time. */
function spmmNarrow(
  indptr: usize,
  indices: usize,
  values: usize,
  bias: usize,
  x: usize,
  y: usize,
  outDim: i32,
  relu: bool,
  bytes: usize,
): void {
  const zero = f32x4.splat(0);
  let begin = (<usize>load<u32>(indptr)) << 2;
  for (let i = 0; i < outDim; i++) {
    indptr += 4;
    const end = (<usize>load<u32>(indptr)) << 2;
    for (let part: usize = 0; part < bytes; part += 32) {
      let y0 = v128.load_splat<f32>(bias);
      let y1 = y0;
      for (let p = begin; p < end; p += 4) {
        const w = v128.load_splat<f32>(values + p);
        const s = x + part + ((<usize>load<u32>(indices + p)) << ROW_SHIFT);
        y0 = f32x4.add(y0, f32x4.mul(w, v128.load(s)));
        y1 = f32x4.add(y1, f32x4.mul(w, v128.load(s, 16)));
      }
      v128.store(y + part, relu ? f32x4.pmax(y0, zero) : y0);
      v128.store(y + part, relu ? f32x4.pmax(y1, zero) : y1, 16);
    }
    bias += 4;
    y += ROW;
    begin = end;
  }
}

/**
 * dx[j][:] = Σ_q values[perm[q]] · dy[rowIdx[q]][:] over column j's connections, 0 where x[j][b] ≤ 0.
 * W's transposed structure (CSC): colPtr i32 [inDim + 1], rowIdx i32 [nnz], perm i32 [nnz] into values f32 [nnz];
 * dy f32 [outDim][32]; x f32 [inDim][32], the activations whose ReLU is undone; dx f32 [inDim][32], its first `lanes` lanes
 * overwritten. dx must not overlap the rest. O(lanes · (nnz + inDim)).
 */
export function spmmT(
  colPtr: usize,
  rowIdx: usize,
  perm: usize,
  values: usize,
  dy: usize,
  x: usize,
  dx: usize,
  inDim: i32,
  lanes: i32,
): void {
  if (lanes < TILE) spmmTNarrow(colPtr, rowIdx, perm, values, dy, x, dx, inDim, (<usize>lanes) << 2);
  else spmmTransposed(colPtr, rowIdx, perm, values, dy, x, dx, inDim, true);
}

/** As spmmT over all lanes, without the mask: dx = Wᵀ·dy. */
export function spmmTLinear(
  colPtr: usize,
  rowIdx: usize,
  perm: usize,
  values: usize,
  dy: usize,
  dx: usize,
  inDim: i32,
): void {
  spmmTransposed(colPtr, rowIdx, perm, values, dy, dx, dx, inDim, false);
}

function spmmTransposed(
  colPtr: usize,
  rowIdx: usize,
  perm: usize,
  values: usize,
  dy: usize,
  x: usize,
  dx: usize,
  inDim: i32,
  masked: bool,
): void {
  const zero = f32x4.splat(0);
  let q = (<usize>load<u32>(colPtr)) << 2;
  for (let j = 0; j < inDim; j++) {
    colPtr += 4;
    const end = (<usize>load<u32>(colPtr)) << 2;
    let y0 = zero;
    let y1 = zero;
    let y2 = zero;
    let y3 = zero;
    let y4 = zero;
    let y5 = zero;
    let y6 = zero;
    let y7 = zero;
    for (; q < end; q += 4) {
      const w = v128.load_splat<f32>(values + ((<usize>load<u32>(perm + q)) << 2));
      const s = dy + ((<usize>load<u32>(rowIdx + q)) << ROW_SHIFT);
      y0 = f32x4.add(y0, f32x4.mul(w, v128.load(s)));
      y1 = f32x4.add(y1, f32x4.mul(w, v128.load(s, 16)));
      y2 = f32x4.add(y2, f32x4.mul(w, v128.load(s, 32)));
      y3 = f32x4.add(y3, f32x4.mul(w, v128.load(s, 48)));
      y4 = f32x4.add(y4, f32x4.mul(w, v128.load(s, 64)));
      y5 = f32x4.add(y5, f32x4.mul(w, v128.load(s, 80)));
      y6 = f32x4.add(y6, f32x4.mul(w, v128.load(s, 96)));
      y7 = f32x4.add(y7, f32x4.mul(w, v128.load(s, 112)));
    }
    if (masked) {
      y0 = v128.and(y0, f32x4.gt(v128.load(x), zero));
      y1 = v128.and(y1, f32x4.gt(v128.load(x, 16), zero));
      y2 = v128.and(y2, f32x4.gt(v128.load(x, 32), zero));
      y3 = v128.and(y3, f32x4.gt(v128.load(x, 48), zero));
      y4 = v128.and(y4, f32x4.gt(v128.load(x, 64), zero));
      y5 = v128.and(y5, f32x4.gt(v128.load(x, 80), zero));
      y6 = v128.and(y6, f32x4.gt(v128.load(x, 96), zero));
      y7 = v128.and(y7, f32x4.gt(v128.load(x, 112), zero));
    }
    v128.store(dx, y0);
    v128.store(dx, y1, 16);
    v128.store(dx, y2, 32);
    v128.store(dx, y3, 48);
    v128.store(dx, y4, 64);
    v128.store(dx, y5, 80);
    v128.store(dx, y6, 96);
    v128.store(dx, y7, 112);
    x += ROW;
    dx += ROW;
  }
}

/** spmmT in the first bytes of every row only, eight lanes at a time. */
function spmmTNarrow(
  colPtr: usize,
  rowIdx: usize,
  perm: usize,
  values: usize,
  dy: usize,
  x: usize,
  dx: usize,
  inDim: i32,
  bytes: usize,
): void {
  const zero = f32x4.splat(0);
  let begin = (<usize>load<u32>(colPtr)) << 2;
  for (let j = 0; j < inDim; j++) {
    colPtr += 4;
    const end = (<usize>load<u32>(colPtr)) << 2;
    for (let part: usize = 0; part < bytes; part += 32) {
      let y0 = zero;
      let y1 = zero;
      for (let q = begin; q < end; q += 4) {
        const w = v128.load_splat<f32>(values + ((<usize>load<u32>(perm + q)) << 2));
        const s = dy + part + ((<usize>load<u32>(rowIdx + q)) << ROW_SHIFT);
        y0 = f32x4.add(y0, f32x4.mul(w, v128.load(s)));
        y1 = f32x4.add(y1, f32x4.mul(w, v128.load(s, 16)));
      }
      v128.store(dx + part, v128.and(y0, f32x4.gt(v128.load(x + part), zero)));
      v128.store(dx + part, v128.and(y1, f32x4.gt(v128.load(x + part, 16), zero)), 16);
    }
    x += ROW;
    dx += ROW;
    begin = end;
  }
}
