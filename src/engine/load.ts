import { CtreError } from '../base/errors.ts';
import type { F32Block, I32Block, Region } from './region.ts';

export function loadI32(region: Region, values: Int32Array): I32Block {
  const block = region.i32(values.length);
  block.view.set(values);
  return block;
}

/**
 * A copy of checked data, which are the caller's own until now.
 * @throws CtreError `E_SHAPE` when they are no longer as many: their buffer was detached, or resized.
 */
export function loadF32(region: Region, values: Float32Array, length: number): F32Block {
  const block = region.f32(length);
  if (values.length !== length) {
    throw new CtreError(
      'E_SHAPE',
      `data changed while they were read: there were ${length} elements and there are ${values.length} now`,
    );
  }
  block.view.set(values);
  return block;
}

export function zerosF32(region: Region, length: number): F32Block {
  const block = region.f32(length);
  block.view.fill(0);
  return block;
}
