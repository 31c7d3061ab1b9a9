// Whether a CSR structure is canonical, asked where the kernels' copy of it is.
import { ELEMENT_BYTES, ELEMENT_SHIFT, VECTOR_BYTES } from './layout';

/**
 * Tells whether a CSR structure is canonical. Its offsets run from 0 to nnz and never fall. Its indices are
 * in range, and ascend within a row.
 *
 * ```js
 * let ok = indptr[0] === 0 && indptr[rows] === nnz;
 * for (let i = 0; ok && i < rows; i++) {
 *   ok = indptr[i] <= indptr[i + 1] && indptr[i + 1] <= nnz;
 *   for (let p = indptr[i], last = -1; ok && p < indptr[i + 1]; last = indices[p++]) {
 *     ok = indices[p] > last && indices[p] < cols;
 *   }
 * }
 * canonical[0] = ok ? 1 : 0;
 * ```
 *
 * - indptr i32 [rows + 1], indices i32 [nnz]: unchecked; cols ≥ 0.
 * - canonical i32 [1], overwritten. No overlap.
 *
 * O(nnz + rows).
 */
export function checkCsr(
  indptr: usize,
  indices: usize,
  rows: i32,
  cols: i32,
  nnz: i32,
  canonical: usize,
): void {
  const falls = fallsBetweenRows(indptr, indices, rows, nnz);
  store<i32>(canonical, i32(falls >= 0 && hasRisingRows(indices, cols, nnz, falls)));
}

/**
 * How many rows begin with no higher an index than the row before ended with: the only places where indices
 * may fall. −1 for offsets that are not canonical.
 */
function fallsBetweenRows(indptr: usize, indices: usize, rows: i32, nnz: i32): i32 {
  let begin = load<i32>(indptr);
  if (begin !== 0) return -1;
  let falls = 0;
  for (let i = 0; i < rows; i++) {
    indptr += ELEMENT_BYTES;
    const end = load<i32>(indptr);
    if (end < begin || end > nnz) return -1;
    if (end > begin && begin > 0) {
      const s = indices + ((<usize>begin) << ELEMENT_SHIFT);
      falls += i32(load<i32>(s) <= load<i32>(s - ELEMENT_BYTES));
    }
    begin = end;
  }
  return begin === nnz ? falls : -1;
}

/** Whether the indices are in range and fall so many times, whatever the rows are. */
function hasRisingRows(indices: usize, cols: i32, nnz: i32, falls: i32): bool {
  const end = indices + ((<usize>nnz) << ELEMENT_SHIFT);
  let most = i32x4.splat(0);
  let found = i32x4.splat(0);
  let s = indices;
  for (; s + VECTOR_BYTES + ELEMENT_BYTES <= end; s += VECTOR_BYTES) {
    const a = v128.load(s);
    // A negative index is a large one without its sign.
    most = v128.max<u32>(most, a);
    found = i32x4.sub(found, i32x4.le_s(v128.load(s, ELEMENT_BYTES), a));
  }
  let largest = max<u32>(
    max<u32>(i32x4.extract_lane(most, 0), i32x4.extract_lane(most, 1)),
    max<u32>(i32x4.extract_lane(most, 2), i32x4.extract_lane(most, 3)),
  );
  let all =
    i32x4.extract_lane(found, 0) +
    i32x4.extract_lane(found, 1) +
    i32x4.extract_lane(found, 2) +
    i32x4.extract_lane(found, 3);
  for (; s < end; s += ELEMENT_BYTES) {
    largest = max<u32>(largest, load<u32>(s));
    if (s + ELEMENT_BYTES < end) all += i32(load<i32>(s, ELEMENT_BYTES) <= load<i32>(s));
  }
  return all === falls && (nnz === 0 || largest < <u32>cols);
}
