// The forward and the backward product of a sparse layer, side by side: y = W·x + b and dx = Wᵀ·dy.
//
// Both are one loop: a row of a compressed structure is gathered from a tile into registers. Four accumulators
// (16 samples) and two connections a turn fit the sixteen registers on every V8; eight accumulators spill on
// older ones, which hoist all loads of a block above its arithmetic.
import { ROW, ROW_SHIFT } from './tile';

/**
 * y[i][:] = bias[i] + Σ_p values[p] · x[indices[p]][:] over row i's connections, then max(·, 0) if relu.
 * W CSR [outDim, inDim]: indptr i32 [outDim + 1], indices i32, values f32; bias f32 [outDim];
 * x f32 [inDim][32]; y f32 [outDim][32], overwritten. y must not overlap the rest. O(32 · (nnz + outDim)).
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
): void {
  let begin = (<usize>load<u32>(indptr)) << 2;
  for (let i = 0; i < outDim; i++) {
    indptr += 4;
    const end = (<usize>load<u32>(indptr)) << 2;
    const b = v128.load_splat<f32>(bias);
    for (let half: usize = 0; half < ROW; half += 64) {
      let y0 = b;
      let y1 = b;
      let y2 = b;
      let y3 = b;
      let p = begin;
      const xs = x + half;
      if ((end - p) & 4) {
        const w = v128.load_splat<f32>(values + p);
        const s = xs + ((<usize>load<u32>(indices + p)) << ROW_SHIFT);
        y0 = f32x4.add(y0, f32x4.mul(w, v128.load(s)));
        y1 = f32x4.add(y1, f32x4.mul(w, v128.load(s, 16)));
        y2 = f32x4.add(y2, f32x4.mul(w, v128.load(s, 32)));
        y3 = f32x4.add(y3, f32x4.mul(w, v128.load(s, 48)));
        p += 4;
      }
      for (; p < end; p += 8) {
        const w = v128.load_splat<f32>(values + p);
        const s = xs + ((<usize>load<u32>(indices + p)) << ROW_SHIFT);
        const v = v128.load_splat<f32>(values + p, 4);
        const t = xs + ((<usize>load<u32>(indices + p, 4)) << ROW_SHIFT);
        y0 = f32x4.add(f32x4.add(y0, f32x4.mul(w, v128.load(s))), f32x4.mul(v, v128.load(t)));
        y1 = f32x4.add(f32x4.add(y1, f32x4.mul(w, v128.load(s, 16))), f32x4.mul(v, v128.load(t, 16)));
        y2 = f32x4.add(f32x4.add(y2, f32x4.mul(w, v128.load(s, 32))), f32x4.mul(v, v128.load(t, 32)));
        y3 = f32x4.add(f32x4.add(y3, f32x4.mul(w, v128.load(s, 48))), f32x4.mul(v, v128.load(t, 48)));
      }
      if (relu) {
        // pmax(z, 0) is z < 0 ? 0 : z: one instruction, and a NaN stays a NaN.
        const zero = f32x4.splat(0);
        y0 = f32x4.pmax(y0, zero);
        y1 = f32x4.pmax(y1, zero);
        y2 = f32x4.pmax(y2, zero);
        y3 = f32x4.pmax(y3, zero);
      }
      const t = y + half;
      v128.store(t, y0);
      v128.store(t, y1, 16);
      v128.store(t, y2, 32);
      v128.store(t, y3, 48);
    }
    bias += 4;
    y += ROW;
    begin = end;
  }
}

/**
 * dx[j][:] = Σ_q values[perm[q]] · dy[rowIdx[q]][:] over column j's connections, 0 where x[j][b] ≤ 0.
 * W's transposed structure (CSC): colPtr i32 [inDim + 1], rowIdx i32 [nnz], perm i32 [nnz] into values f32 [nnz];
 * dy f32 [outDim][32]; x f32 [inDim][32], the activations whose ReLU is undone; dx f32 [inDim][32], overwritten.
 * dx must not overlap the rest. O(32 · (nnz + inDim)).
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
): void {
  spmmTransposed(colPtr, rowIdx, perm, values, dy, x, dx, inDim, true);
}

/** As spmmT, without the mask: dx = Wᵀ·dy. */
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
  let begin = (<usize>load<u32>(colPtr)) << 2;
  for (let j = 0; j < inDim; j++) {
    colPtr += 4;
    const end = (<usize>load<u32>(colPtr)) << 2;
    for (let half: usize = 0; half < ROW; half += 64) {
      let y0 = zero;
      let y1 = zero;
      let y2 = zero;
      let y3 = zero;
      let q = begin;
      const ys = dy + half;
      if ((end - q) & 4) {
        const w = v128.load_splat<f32>(values + ((<usize>load<u32>(perm + q)) << 2));
        const s = ys + ((<usize>load<u32>(rowIdx + q)) << ROW_SHIFT);
        y0 = f32x4.mul(w, v128.load(s));
        y1 = f32x4.mul(w, v128.load(s, 16));
        y2 = f32x4.mul(w, v128.load(s, 32));
        y3 = f32x4.mul(w, v128.load(s, 48));
        q += 4;
      }
      for (; q < end; q += 8) {
        const w = v128.load_splat<f32>(values + ((<usize>load<u32>(perm + q)) << 2));
        const s = ys + ((<usize>load<u32>(rowIdx + q)) << ROW_SHIFT);
        const v = v128.load_splat<f32>(values + ((<usize>load<u32>(perm + q, 4)) << 2));
        const t = ys + ((<usize>load<u32>(rowIdx + q, 4)) << ROW_SHIFT);
        y0 = f32x4.add(f32x4.add(y0, f32x4.mul(w, v128.load(s))), f32x4.mul(v, v128.load(t)));
        y1 = f32x4.add(f32x4.add(y1, f32x4.mul(w, v128.load(s, 16))), f32x4.mul(v, v128.load(t, 16)));
        y2 = f32x4.add(f32x4.add(y2, f32x4.mul(w, v128.load(s, 32))), f32x4.mul(v, v128.load(t, 32)));
        y3 = f32x4.add(f32x4.add(y3, f32x4.mul(w, v128.load(s, 48))), f32x4.mul(v, v128.load(t, 48)));
      }
      if (masked) {
        const m = x + half;
        y0 = v128.and(y0, f32x4.gt(v128.load(m), zero));
        y1 = v128.and(y1, f32x4.gt(v128.load(m, 16), zero));
        y2 = v128.and(y2, f32x4.gt(v128.load(m, 32), zero));
        y3 = v128.and(y3, f32x4.gt(v128.load(m, 48), zero));
      }
      const t = dx + half;
      v128.store(t, y0);
      v128.store(t, y1, 16);
      v128.store(t, y2, 32);
      v128.store(t, y3, 48);
    }
    x += ROW;
    dx += ROW;
    begin = end;
  }
}
