// The activation tile: 32 samples × n neurons, neuron-major, f32: tile[neuron][32]. A neuron's row is two cache
// lines, SIMD runs over samples, and a sparse index costs one scalar load a connection. A tile that holds fewer
// samples keeps zeros in the lanes beyond them when packed; what kernels make of those lanes is never read. Kernels with a
// parameter `lanes` (8, 16 or 32) leave the lanes from there on alone: the last tile of a batch may be nearly empty.

import { sum4 } from './math';

/** Samples in a tile. */
export const TILE: i32 = 32;

/** log2 of the bytes of one neuron's row in a tile (32 × 4). */
export const ROW_SHIFT: usize = 7;

/** Bytes of one neuron's row in a tile. */
export const ROW: usize = 128;

/**
 * Σ_b a[b] · x[b] over the first `bytes` of two rows of tiles, in the order of the loops that take four rows at a time: tails
 * give the same bits.
 */
export function innerProduct(a: usize, x: usize, bytes: usize): f32 {
  let s = f32x4.splat(0);
  for (let k: usize = 0; k < bytes; k += 16) {
    s = f32x4.add(s, f32x4.mul(v128.load(a + k), v128.load(x + k)));
  }
  return sum4(s);
}

/**
 * tile[j][b] = data[rows[b], j] for b < count, 0 for the other lanes.
 * data f32 [*, cols] row-major; rows i32 [count]; tile f32 [cols][32], overwritten. No overlap. O(32 · cols).
 */
export function packDense(data: usize, rows: usize, count: i32, cols: i32, tile: usize): void {
  if (count < TILE) memory.fill(tile, 0, (<usize>cols) << ROW_SHIFT);
  const stride = (<usize>cols) << 2;
  let b = 0;
  for (; b + 4 <= count; b += 4) {
    const r = rows + ((<usize>b) << 2);
    let s0 = data + <usize>load<u32>(r) * stride;
    let s1 = data + <usize>load<u32>(r, 4) * stride;
    let s2 = data + <usize>load<u32>(r, 8) * stride;
    let s3 = data + <usize>load<u32>(r, 12) * stride;
    let t = tile + ((<usize>b) << 2);
    let j = 0;
    for (; j + 4 <= cols; j += 4) {
      const a0 = v128.load(s0);
      const a1 = v128.load(s1);
      const a2 = v128.load(s2);
      const a3 = v128.load(s3);
      const lo01 = v128.shuffle<f32>(a0, a1, 0, 4, 1, 5);
      const hi01 = v128.shuffle<f32>(a0, a1, 2, 6, 3, 7);
      const lo23 = v128.shuffle<f32>(a2, a3, 0, 4, 1, 5);
      const hi23 = v128.shuffle<f32>(a2, a3, 2, 6, 3, 7);
      v128.store(t, v128.shuffle<f64>(lo01, lo23, 0, 2));
      v128.store(t, v128.shuffle<f64>(lo01, lo23, 1, 3), 128);
      v128.store(t, v128.shuffle<f64>(hi01, hi23, 0, 2), 256);
      v128.store(t, v128.shuffle<f64>(hi01, hi23, 1, 3), 384);
      s0 += 16;
      s1 += 16;
      s2 += 16;
      s3 += 16;
      t += 4 << ROW_SHIFT;
    }
    for (; j < cols; j++) {
      store<f32>(t, load<f32>(s0));
      store<f32>(t, load<f32>(s1), 4);
      store<f32>(t, load<f32>(s2), 8);
      store<f32>(t, load<f32>(s3), 12);
      s0 += 4;
      s1 += 4;
      s2 += 4;
      s3 += 4;
      t += ROW;
    }
  }
  for (; b < count; b++) {
    let s = data + <usize>load<u32>(rows + ((<usize>b) << 2)) * stride;
    let t = tile + ((<usize>b) << 2);
    for (let j = 0; j < cols; j++) {
      store<f32>(t, load<f32>(s));
      s += 4;
      t += ROW;
    }
  }
}

/**
 * tile[j][b] = X[rows[b], j] for b < count, 0 elsewhere; X is CSR.
 * indptr i32 [*], indices i32 [nnz], values f32 [nnz]; rows i32 [count]; tile f32 [cols][32], overwritten.
 * No overlap. O(32 · cols + entries of the rows).
 */
export function packCsr(
  indptr: usize,
  indices: usize,
  values: usize,
  rows: usize,
  count: i32,
  cols: i32,
  tile: usize,
): void {
  memory.fill(tile, 0, (<usize>cols) << ROW_SHIFT);
  for (let b = 0; b < count; b++) {
    const offsets = indptr + ((<usize>load<u32>(rows + ((<usize>b) << 2))) << 2);
    const end = <usize>load<u32>(offsets, 4);
    const t = tile + ((<usize>b) << 2);
    for (let p = <usize>load<u32>(offsets); p < end; p++) {
      const j = <usize>load<u32>(indices + (p << 2));
      store<f32>(t + (j << ROW_SHIFT), load<f32>(values + (p << 2)));
    }
  }
}

/**
 * tile[r][b] = data[r, begin + b] for b < count, 0 for the other lanes: a block of columns as a tile.
 * data f32 [n, cols] row-major; tile f32 [n][32], overwritten. No overlap. O(32 · n).
 */
export function packColumns(data: usize, cols: i32, begin: i32, n: i32, count: i32, tile: usize): void {
  let s = data + ((<usize>begin) << 2);
  let t = tile;
  const bytes = (<usize>count) << 2;
  for (let r = 0; r < n; r++) {
    memory.copy(t, s, bytes);
    memory.fill(t + bytes, 0, ROW - bytes);
    s += (<usize>cols) << 2;
    t += ROW;
  }
}

/**
 * data[r, begin + b] = tile[r][b] for b < count: the inverse of packColumns.
 * tile f32 [n][32]; data f32 [n, cols] row-major, those columns overwritten. No overlap. O(count · n).
 */
export function unpackColumns(tile: usize, cols: i32, begin: i32, n: i32, count: i32, data: usize): void {
  let s = tile;
  let t = data + ((<usize>begin) << 2);
  for (let r = 0; r < n; r++) {
    memory.copy(t, s, (<usize>count) << 2);
    s += ROW;
    t += (<usize>cols) << 2;
  }
}

/**
 * data[b, i] = tile[i][b] for b < count: samples as rows again.
 * tile f32 [n][32]; data f32 [count, n] row-major, overwritten. No overlap. O(count · n).
 */
export function unpackRows(tile: usize, n: i32, count: i32, data: usize): void {
  for (let b = 0; b < count; b++) {
    let s = tile + ((<usize>b) << 2);
    for (let i = 0; i < n; i++) {
      store<f32>(data, load<f32>(s));
      s += ROW;
      data += 4;
    }
  }
}

/**
 * tile[i][b] = 0 for b ≥ count: for sums that run over all 32 lanes (cosines).
 * tile f32 [n][32], changed in place. O((32 − count) · n).
 */
export function clearLanes(tile: usize, n: i32, count: i32): void {
  const begin = (<usize>count) << 2;
  for (let i = 0; i < n; i++) {
    memory.fill(tile + begin, 0, ROW - begin);
    tile += ROW;
  }
}

/**
 * to[e][:] = from[list[e]][:]: the listed neurons' rows, together.
 * from f32 [*][32]; list i32 [n]; to f32 [n][32], overwritten. No overlap. O(32 · n).
 */
export function gatherRows(from: usize, list: usize, n: i32, to: usize): void {
  for (let e = 0; e < n; e++) {
    const s = from + ((<usize>load<u32>(list)) << ROW_SHIFT);
    for (let k: usize = 0; k < ROW; k += 32) {
      const a = v128.load(s + k);
      const b = v128.load(s + k, 16);
      v128.store(to + k, a);
      v128.store(to + k, b, 16);
    }
    list += 4;
    to += ROW;
  }
}
