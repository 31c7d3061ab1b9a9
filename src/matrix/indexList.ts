import { checkLength, copyNumbers, newArray, viewOf } from '../base/arrays.ts';
import { CtreError } from '../base/errors.ts';

/** Offsets or indices as callers have them. 64-bit ones are what SciPy uses for large matrices. */
export type IndexList = ArrayLike<number> | BigInt64Array;

/**
 * A copy of a list of indices, which are still to be checked. 64-bit integers become doubles: what is too
 * large for an index stays too large.
 * @throws CtreError as `copyNumbers`.
 */
export function copyIndices(
  name: string,
  value: unknown,
  length = checkLength(name, value),
): ReturnType<typeof copyNumbers> {
  const view = viewOf(value, BigInt64Array);
  if (view === undefined) return copyNumbers(name, value, length);
  if (view.length !== length) {
    throw new CtreError('E_SHAPE', `${name} has ${view.length} elements; expected ${length}`);
  }
  const copy = newArray(length, Float64Array, name);
  for (let p = 0; p < length; p++) copy[p] = Number(view[p]);
  return copy;
}

/** Checked indices, 32 bits each. */
export function toInt32(numbers: ReturnType<typeof copyNumbers>): Int32Array {
  return numbers instanceof Int32Array ? numbers : new Int32Array(numbers);
}
