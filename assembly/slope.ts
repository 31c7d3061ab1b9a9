// What a hidden layer makes of its sums: those below 0 are multiplied by a slope. A slope of 0 is ReLU, and 1
// leaves them. The products do both of these in their registers. With any other slope rows go through here
// once their sums are stored. Sparse products work in blocks of rows then, so that a block is still in the
// nearest cache. Dense products take so much longer that all their rows come at the end. The products' own
// loops need not know of it.
//
// The sign of a sum cannot be told from what the slope makes of it: a slope below 0 makes all of them
// positive. So a bit is kept for each lane, in one u32 a neuron.
import { ELEMENT_BYTES, PART_BYTES, ROW_BYTES, VECTOR_BYTES } from './layout';

/** Rows of a block: 4 KiB. */
const BLOCK: i32 = 32;

/** Whether the products leave it to this file; else the functions below have nothing to do. */
function isOtherSlope(slope: f32): bool {
  return slope !== 0 && slope !== 1;
}

/** How many of the rows that are left make the next block: all of them where none come here. */
export function blockOf(slope: f32, rows: i32): i32 {
  return isOtherSlope(slope) && rows > BLOCK ? BLOCK : rows;
}

/**
 * Neighbouring rows of sums, the first `bytes` bytes of each, in place; and at `fires` a word of bits for
 * each row: 1 where the sum is above 0.
 */
export function activateRows(row: usize, n: i32, bytes: usize, slope: f32, fires: usize): void {
  if (!isOtherSlope(slope)) return;
  const factor = f32x4.splat(slope);
  const zero = f32x4.splat(0);
  for (let i = 0; i < n; i++) {
    let bits = 0;
    // From the last lanes to the first, so that their bits are moved up as others come.
    for (let t = row + bytes; t > row; ) {
      t -= PART_BYTES;
      const a = v128.load(t);
      const b = v128.load(t, VECTOR_BYTES);
      const isAboveA = f32x4.gt(a, zero);
      const isAboveB = f32x4.gt(b, zero);
      v128.store(t, v128.bitselect(a, f32x4.mul(a, factor), isAboveA));
      v128.store(t, v128.bitselect(b, f32x4.mul(b, factor), isAboveB), VECTOR_BYTES);
      bits = (((bits << 4) | i32x4.bitmask(isAboveB)) << 4) | i32x4.bitmask(isAboveA);
    }
    store<u32>(fires, bits);
    row += ROW_BYTES;
    fires += ELEMENT_BYTES;
  }
}

/** Neighbouring rows of gradients behind the activation, in place to those before it, by the bits it left. */
export function differentiateRows(row: usize, n: i32, bytes: usize, slope: f32, fires: usize): void {
  if (!isOtherSlope(slope)) return;
  const factor = f32x4.splat(slope);
  for (let i = 0; i < n; i++) {
    const bits = i32x4.splat(load<u32>(fires));
    const end = row + bytes;
    let bit = i32x4(1, 2, 4, 8);
    for (let t = row; t < end; t += PART_BYTES) {
      const a = v128.load(t);
      const b = v128.load(t, VECTOR_BYTES);
      const next = i32x4.shl(bit, 4);
      const isAboveA = i32x4.eq(v128.and(bits, bit), bit);
      const isAboveB = i32x4.eq(v128.and(bits, next), next);
      v128.store(t, v128.bitselect(a, f32x4.mul(a, factor), isAboveA));
      v128.store(t, v128.bitselect(b, f32x4.mul(b, factor), isAboveB), VECTOR_BYTES);
      bit = i32x4.shl(next, 4);
    }
    row += ROW_BYTES;
    fires += ELEMENT_BYTES;
  }
}
