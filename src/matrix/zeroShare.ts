import { CsrMatrix } from './csrMatrix.ts';
import type { SampleMatrix } from './samples.ts';

/**
 * The share of the elements that are 0 in some rows (default: all); of bytes, those whose byte is 0. 0 of
 * nothing. O(elements of the rows).
 */
export function zeroShare(x: SampleMatrix, rows?: Int32Array): number {
  const count = rows?.length ?? x.rows;
  const elements = count * x.cols;
  if (elements === 0) return 0;
  const { cols } = x;
  let others = 0;
  for (let at = 0; at < count; at++) {
    const row = rows === undefined ? at : rows[at];
    const [values, begin, end] =
      x instanceof CsrMatrix
        ? [x.values, x.indptr[row], x.indptr[row + 1]]
        : [x.data, row * cols, (row + 1) * cols];
    for (let p = begin; p < end; p++) if (values[p] !== 0) others++;
  }
  return (elements - others) / elements;
}
