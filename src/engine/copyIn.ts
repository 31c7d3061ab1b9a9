import { CtreError } from '../base/errors.ts';
import type { F32Block, I32Block, Region } from './region.ts';

/** A copy of the values in the kernels' memory. */
export function loadI32(region: Region, values: Int32Array): I32Block {
  const block = region.i32(values.length);
  block.view.set(values);
  return block;
}

/**
 * A copy of a caller's data, which were checked before.
 * @throws CtreError `E_SHAPE` when their number has changed since: their buffer was detached or resized.
 */
export function loadF32(region: Region, values: Float32Array, length: number): F32Block {
  const block = region.f32(length);
  if (values.length !== length) {
    throw new CtreError(
      'E_SHAPE',
      `the data changed while they were read: they had ${length} elements, and have ${values.length} now`,
    );
  }
  block.view.set(values);
  return block;
}

/** A block of zeros. */
export function zerosF32(region: Region, length: number): F32Block {
  const block = region.f32(length);
  block.view.fill(0);
  return block;
}
