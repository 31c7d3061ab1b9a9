// Arguments of kernels in JavaScript: what a contract's plain loop works on.
import type { Random } from '../../../src/base/random.ts';
import { TILE } from '../../../src/engine/abi.ts';

/** An array, a tile as the list of its rows, or a number or boolean. */
export type Operand =
  | number
  | boolean
  | Float32Array
  | Float64Array
  | Int32Array
  | Uint8Array
  | readonly Float32Array[];

/** n numbers from −1 to 1. */
export function line(random: Random, n: number): Float32Array {
  return Float32Array.from({ length: n }, () => 2 * random.next() - 1);
}

/** A tile of n neurons. */
export function rows(random: Random, n: number): readonly Float32Array[] {
  return Array.from({ length: n }, () => line(random, TILE));
}

/** A sparse pattern of 3 rows and 5 columns. The second row is empty. */
export const CSR = { indptr: Int32Array.of(0, 2, 2, 5), indices: Int32Array.of(1, 4, 0, 1, 3) };

/** The same pattern column by column. The third column is empty. */
export const CSC = {
  colPtr: Int32Array.of(0, 1, 3, 3, 4, 5),
  rowIdx: Int32Array.of(2, 0, 2, 2, 0),
  perm: Int32Array.of(2, 0, 3, 4, 1),
};
