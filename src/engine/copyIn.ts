import { CtreError } from '../base/errors.ts';
import type { F32Block, F64Block, I32Block, Region, U8Block } from './region.ts';

/** A copy of the values in the kernels' memory. */
export function loadI32(region: Region, values: Int32Array): I32Block {
  const block = region.i32(values.length);
  block.view.set(values);
  return block;
}

/** A copy of the values in the kernels' memory. */
export function loadF64(region: Region, values: Float64Array): F64Block {
  const block = region.f64(values.length);
  block.view.set(values);
  return block;
}

/**
 * A copy of a caller's data, which were checked before.
 * @throws CtreError `E_SHAPE` when their number has changed since: their buffer was detached or resized.
 */
export function loadF32(region: Region, values: Float32Array, length: number): F32Block {
  const block = region.f32(length);
  checkUnchanged(values, length);
  block.view.set(values);
  return block;
}

/** As `loadF32`, for bytes. */
export function loadU8(region: Region, values: Uint8Array, length: number): U8Block {
  const block = region.u8(length);
  checkUnchanged(values, length);
  block.view.set(values);
  return block;
}

function checkUnchanged(values: Float32Array | Uint8Array, length: number): void {
  if (values.length === length) return;
  throw new CtreError(
    'E_SHAPE',
    `the data changed while they were read: they had ${length} elements, and have ${values.length} now`,
  );
}

/** A block of zeros. */
export function zerosF32(region: Region, length: number): F32Block {
  const block = region.f32(length);
  block.view.fill(0);
  return block;
}
