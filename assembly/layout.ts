// The sizes that all kernels share. scripts/abi.mjs writes each exported constant to
// src/engine/abi.generated.ts.

/** Samples in a tile: the lanes of a neuron's row. */
export const TILE: i32 = 32;

/** Lanes of the narrowest part of a row that a kernel can be told to work on. */
export const PART: i32 = 8;

/** log2 of `ELEMENT_BYTES`. */
export const ELEMENT_SHIFT: usize = 2;

/** Bytes of one f32, i32 or u32: one lane of a tile, one entry of an array. */
export const ELEMENT_BYTES: usize = 1 << ELEMENT_SHIFT;

/** log2 of the bytes of one f64. */
export const DOUBLE_SHIFT: usize = 3;

/** Bytes of one f64. */
export const DOUBLE_BYTES: usize = 1 << DOUBLE_SHIFT;

/** Bytes of one SIMD register (v128): four lanes. */
export const VECTOR_BYTES: usize = 4 * ELEMENT_BYTES;

/** log2 of `ROW_BYTES`. */
export const ROW_SHIFT: usize = 7;

/** Bytes of one neuron's row in a tile: 32 lanes, two cache lines. */
export const ROW_BYTES: usize = 1 << ROW_SHIFT;

/** Bytes of `PART` lanes. */
export const PART_BYTES: usize = <usize>PART * ELEMENT_BYTES;

/** Elements of four bytes that the scratch memory of `topK` needs: one for each value of eleven bits. */
export const TOP_K_SCRATCH: i32 = 1 << 11;

/** Normal numbers in the table that `addNoise` picks from. */
export const NORMALS: i32 = 1 << 12;
