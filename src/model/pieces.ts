import { isIterable } from '../train/pieceSource.ts';
import type { Pieces } from './options.ts';

/**
 * Whether what is in the place of the samples gives them in pieces. Rows as arrays can be iterated, too; they
 * are arrays of arrays.
 */
export function arePieces(x: unknown): x is Pieces {
  if (!isIterable(x) || ArrayBuffer.isView(x)) return false;
  if (!Array.isArray(x)) return true;
  const first: unknown = x[0];
  return typeof first === 'object' && first !== null && 'x' in first && 'y' in first;
}
