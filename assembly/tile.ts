// Tiles and what goes into and out of them. A tile is f32 [neurons][32]: 32 samples, neuron-major. A neuron's
// row is two cache lines, SIMD runs over samples, and a sparse index costs one scalar load a connection.
//
// A tile that holds fewer than 32 samples has zeros in its unused lanes when it is packed. Kernels may write
// anything there; nobody reads it. A kernel with a parameter `lanes` (8, 16 or 32) works on the first lanes
// only, since the last tile of a batch may be nearly empty.
import {
  DOUBLE_BYTES,
  ELEMENT_BYTES,
  ELEMENT_SHIFT,
  PART_BYTES,
  ROW_BYTES,
  ROW_SHIFT,
  TILE,
  VECTOR_BYTES,
} from './layout';

/**
 * Packs rows of a dense matrix into a tile.
 *
 * ```js
 * for (let j = 0; j < cols; j++) {
 *   for (let b = 0; b < 32; b++) tile[j][b] = b < count ? data[rows[b] * cols + j] : 0;
 * }
 * ```
 *
 * - data f32 [*, cols], row-major; rows i32 [count]; count ≤ 32.
 * - tile f32 [cols][32], overwritten. No overlap.
 *
 * O(32 · cols).
 */
export function packDense(data: usize, rows: usize, count: i32, cols: i32, tile: usize): void {
  if (count < TILE) memory.fill(tile, 0, (<usize>cols) << ROW_SHIFT);
  const stride = (<usize>cols) << ELEMENT_SHIFT;
  let b = 0;
  for (; b + 4 <= count; b += 4) {
    const r = rows + ((<usize>b) << ELEMENT_SHIFT);
    let s0 = data + <usize>load<u32>(r) * stride;
    let s1 = data + <usize>load<u32>(r, ELEMENT_BYTES) * stride;
    let s2 = data + <usize>load<u32>(r, 2 * ELEMENT_BYTES) * stride;
    let s3 = data + <usize>load<u32>(r, 3 * ELEMENT_BYTES) * stride;
    let t = tile + ((<usize>b) << ELEMENT_SHIFT);
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
      v128.store(t, v128.shuffle<f64>(lo01, lo23, 1, 3), ROW_BYTES);
      v128.store(t, v128.shuffle<f64>(hi01, hi23, 0, 2), 2 * ROW_BYTES);
      v128.store(t, v128.shuffle<f64>(hi01, hi23, 1, 3), 3 * ROW_BYTES);
      s0 += VECTOR_BYTES;
      s1 += VECTOR_BYTES;
      s2 += VECTOR_BYTES;
      s3 += VECTOR_BYTES;
      t += 4 * ROW_BYTES;
    }
    for (; j < cols; j++) {
      store<f32>(t, load<f32>(s0));
      store<f32>(t, load<f32>(s1), ELEMENT_BYTES);
      store<f32>(t, load<f32>(s2), 2 * ELEMENT_BYTES);
      store<f32>(t, load<f32>(s3), 3 * ELEMENT_BYTES);
      s0 += ELEMENT_BYTES;
      s1 += ELEMENT_BYTES;
      s2 += ELEMENT_BYTES;
      s3 += ELEMENT_BYTES;
      t += ROW_BYTES;
    }
  }
  for (; b < count; b++) {
    let s = data + <usize>load<u32>(rows + ((<usize>b) << ELEMENT_SHIFT)) * stride;
    let t = tile + ((<usize>b) << ELEMENT_SHIFT);
    for (let j = 0; j < cols; j++) {
      store<f32>(t, load<f32>(s));
      s += ELEMENT_BYTES;
      t += ROW_BYTES;
    }
  }
}

/** The row number of a sample; the last one's beyond it. */
export function rowAt(rows: usize, b: i32, count: i32): i32 {
  return load<i32>(rows + ((<usize>min(b, count - 1)) << ELEMENT_SHIFT));
}

/**
 * Packs rows of a matrix of bytes into a tile, scaled column by column. The arithmetic is in float64, and
 * what it comes to is rounded to float32.
 *
 * ```js
 * for (let j = 0; j < cols; j++) {
 *   for (let b = 0; b < 32; b++) {
 *     tile[j][b] = b < count ? (data[rows[b] * cols + j] - offsets[j]) / scales[j] : 0;
 *   }
 * }
 * ```
 *
 * - data u8 [*, cols], row-major; rows i32 [count]; count ≤ 32.
 * - offsets f64 [cols]; scales f64 [cols], none of them 0.
 * - tile f32 [cols][32], overwritten. No overlap.
 *
 * O(32 · cols).
 */
export function packBytes(
  data: usize,
  rows: usize,
  count: i32,
  cols: i32,
  offsets: usize,
  scales: usize,
  tile: usize,
): void {
  if (count < TILE) memory.fill(tile, 0, (<usize>cols) << ROW_SHIFT);
  for (let b = 0; b < count; b += 4) {
    const s0 = data + rowAt(rows, b, count) * cols;
    const s1 = data + rowAt(rows, b + 1, count) * cols;
    const s2 = data + rowAt(rows, b + 2, count) * cols;
    const s3 = data + rowAt(rows, b + 3, count) * cols;
    const isUsed = i32x4.lt_s(i32x4.add(i32x4.splat(b), i32x4(0, 1, 2, 3)), i32x4.splat(count));
    let o = offsets;
    let c = scales;
    let t = tile + ((<usize>b) << ELEMENT_SHIFT);
    for (let j: usize = 0; j < <usize>cols; j++) {
      // Each byte becomes the lowest of an integer.
      let bytes = v128.load8_lane(s0 + j, i32x4.splat(0), 0);
      bytes = v128.load8_lane(s1 + j, bytes, 4);
      bytes = v128.load8_lane(s2 + j, bytes, 8);
      bytes = v128.load8_lane(s3 + j, bytes, 12);
      const offset = v128.load64_splat(o);
      const scale = v128.load64_splat(c);
      const low = f64x2.convert_low_i32x4_u(bytes);
      const high = f64x2.convert_low_i32x4_u(v128.shuffle<i32>(bytes, bytes, 2, 3, 2, 3));
      const scaled = v128.shuffle<f64>(
        f32x4.demote_f64x2_zero(f64x2.div(f64x2.sub(low, offset), scale)),
        f32x4.demote_f64x2_zero(f64x2.div(f64x2.sub(high, offset), scale)),
        0,
        2,
      );
      v128.store(t, v128.and(scaled, isUsed));
      o += DOUBLE_BYTES;
      c += DOUBLE_BYTES;
      t += ROW_BYTES;
    }
  }
}

/**
 * Packs rows of a CSR matrix into a tile.
 *
 * ```js
 * for (const row of tile) row.fill(0);
 * for (let b = 0; b < count; b++) {
 *   for (let p = indptr[rows[b]]; p < indptr[rows[b] + 1]; p++) tile[indices[p]][b] = values[p];
 * }
 * ```
 *
 * - CSR [*, cols]: indptr i32 [*], indices i32 [nnz], values f32 [nnz]; rows i32 [count]; count ≤ 32.
 * - tile f32 [cols][32], overwritten. No overlap.
 *
 * O(32 · cols + the rows' entries).
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
    const offsets = indptr + ((<usize>load<u32>(rows + ((<usize>b) << ELEMENT_SHIFT))) << ELEMENT_SHIFT);
    const end = <usize>load<u32>(offsets, ELEMENT_BYTES);
    const t = tile + ((<usize>b) << ELEMENT_SHIFT);
    for (let p = <usize>load<u32>(offsets); p < end; p++) {
      const j = <usize>load<u32>(indices + (p << ELEMENT_SHIFT));
      store<f32>(t + (j << ROW_SHIFT), load<f32>(values + (p << ELEMENT_SHIFT)));
    }
  }
}

/**
 * Packs neighbouring columns of a dense matrix into a tile.
 *
 * ```js
 * for (let r = 0; r < n; r++) {
 *   for (let b = 0; b < 32; b++) tile[r][b] = b < count ? data[r * cols + begin + b] : 0;
 * }
 * ```
 *
 * - data f32 [n, cols], row-major; count ≤ 32.
 * - tile f32 [n][32], overwritten. No overlap.
 *
 * O(32 · n).
 */
export function packColumns(data: usize, cols: i32, begin: i32, n: i32, count: i32, tile: usize): void {
  let s = data + ((<usize>begin) << ELEMENT_SHIFT);
  let t = tile;
  const bytes = (<usize>count) << ELEMENT_SHIFT;
  for (let r = 0; r < n; r++) {
    memory.copy(t, s, bytes);
    memory.fill(t + bytes, 0, ROW_BYTES - bytes);
    s += (<usize>cols) << ELEMENT_SHIFT;
    t += ROW_BYTES;
  }
}

/**
 * Unpacks a tile into neighbouring columns of a dense matrix: the inverse of packColumns.
 *
 * ```js
 * for (let r = 0; r < n; r++) {
 *   for (let b = 0; b < count; b++) data[r * cols + begin + b] = tile[r][b];
 * }
 * ```
 *
 * - tile f32 [n][32]; count ≤ 32.
 * - data f32 [n, cols], row-major: these columns are overwritten. No overlap.
 *
 * O(count · n).
 */
export function unpackColumns(tile: usize, cols: i32, begin: i32, n: i32, count: i32, data: usize): void {
  let s = tile;
  let t = data + ((<usize>begin) << ELEMENT_SHIFT);
  for (let r = 0; r < n; r++) {
    memory.copy(t, s, (<usize>count) << ELEMENT_SHIFT);
    s += ROW_BYTES;
    t += (<usize>cols) << ELEMENT_SHIFT;
  }
}

/**
 * Unpacks a tile's samples into rows of a dense matrix.
 *
 * ```js
 * for (let b = 0; b < count; b++) {
 *   for (let i = 0; i < n; i++) data[b * n + i] = tile[i][b];
 * }
 * ```
 *
 * - tile f32 [n][32]; count ≤ 32.
 * - data f32 [count, n], row-major, overwritten. No overlap.
 *
 * O(count · n).
 */
export function unpackRows(tile: usize, n: i32, count: i32, data: usize): void {
  for (let b = 0; b < count; b++) {
    let s = tile + ((<usize>b) << ELEMENT_SHIFT);
    for (let i = 0; i < n; i++) {
      store<f32>(data, load<f32>(s));
      s += ROW_BYTES;
      data += ELEMENT_BYTES;
    }
  }
}

/**
 * Sets unused lanes to 0, for sums that run over all 32 (squaredNorms, say).
 *
 * ```js
 * for (let i = 0; i < n; i++) {
 *   for (let b = count; b < 32; b++) tile[i][b] = 0;
 * }
 * ```
 *
 * - tile f32 [n][32], changed in place; count ≤ 32.
 *
 * O((32 − count) · n).
 */
export function clearLanes(tile: usize, n: i32, count: i32): void {
  const begin = (<usize>count) << ELEMENT_SHIFT;
  for (let i = 0; i < n; i++) {
    memory.fill(tile + begin, 0, ROW_BYTES - begin);
    tile += ROW_BYTES;
  }
}

/**
 * Copies the listed neurons' rows to a tile of their own.
 *
 * ```js
 * for (let e = 0; e < n; e++) {
 *   for (let b = 0; b < 32; b++) to[e][b] = from[list[e]][b];
 * }
 * ```
 *
 * - from f32 [*][32]; list i32 [n].
 * - to f32 [n][32], overwritten. No overlap.
 *
 * O(32 · n).
 */
export function gatherRows(from: usize, list: usize, n: i32, to: usize): void {
  for (let e = 0; e < n; e++) {
    const s = from + ((<usize>load<u32>(list)) << ROW_SHIFT);
    for (let k: usize = 0; k < ROW_BYTES; k += PART_BYTES) {
      const a = v128.load(s + k);
      const b = v128.load(s + k, VECTOR_BYTES);
      v128.store(to + k, a);
      v128.store(to + k, b, VECTOR_BYTES);
    }
    list += ELEMENT_BYTES;
    to += ROW_BYTES;
  }
}
