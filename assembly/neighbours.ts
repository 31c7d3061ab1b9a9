// The rows of largest cosine of a sparse matrix, by Gustavson's product of A and Bᵀ. A row's inner products
// are added up column by column of B, so only products of two entries are made. The best are kept in a heap.
import { cosine } from './cosine';
import { replaceLeast, sortHeap } from './heap';
import { DOUBLE_BYTES, DOUBLE_SHIFT, ELEMENT_BYTES, ELEMENT_SHIFT, VECTOR_BYTES } from './layout';

/** The sign of a float32, and all of its other bits. */
const SIGN: u32 = 0x80000000;
const MAGNITUDE: u32 = 0x7fffffff;

/** Inner products that are passed over at once. */
const STEP: i32 = 8;

/** log2 of the products for each row of B from which on all inner products are looked at, not a list. */
const WIDE_SHIFT: i32 = 2;

/**
 * How much less than a cosine its inner product can be, with room: rows of length 1 are rounded to float32,
 * and so are cosines.
 */
const ROUNDING: f32 = 1.0 / 1048576.0;

/**
 * For every row of A the k rows of B of largest cosine, or of largest |cosine| if `absolute`, best first. Of
 * equal ones the lower index comes first. Only those above `threshold` count. Where they are fewer than k,
 * the rest is −1, with cosine 0.
 *
 * ```js
 * for (let i = 0; i < outDim; i++) {
 *   const cosines = new Float32Array(inDim);
 *   for (let p = indptr[i]; p < indptr[i + 1]; p++) {
 *     const c = indices[p];
 *     for (let q = colPtr[c]; q < colPtr[c + 1]; q++) cosines[rowIdx[q]] += values[p] * entries[q];
 *   }
 *   cosines.forEach((dot, j) => {
 *     const norms = outNorms[i] * inNorms[j];
 *     cosines[j] = norms > 0 ? Math.max(-1, Math.min(1, dot / norms)) : 0;
 *   });
 *   const rank = (j) => (absolute ? Math.abs(cosines[j]) : cosines[j]);
 *   const best = Array.from(cosines.keys()).filter((j) => j !== own + i && rank(j) > threshold);
 *   best.sort((j, l) => rank(l) - rank(j) || j - l);
 *   for (let e = 0; e < k; e++) {
 *     found[i * k + e] = e < best.length ? best[e] : -1;
 *     similarities[i * k + e] = e < best.length ? cosines[best[e]] : 0;
 *   }
 * }
 * ```
 *
 * - A is CSR, [outDim, *]: indptr i32 [outDim + 1], indices i32 [nnz], values f32 [nnz].
 * - Bᵀ is CSR, [*, inDim]: colPtr i32 [* + 1], rowIdx i32 [its nnz], entries f32 [its nnz].
 * - All values are finite. outNorms f64 [outDim], inNorms f64 [inDim]: the norms of A's and B's rows, each 0
 *   or within 2^-22 of 1.
 * - Row i of A is row own + i of B, which is not its neighbour; own ≤ −outDim where A's rows are not B's.
 * - dots f32 [inDim]: zeros before and afterwards.
 * - scratch i32 [2 · k + inDim], at a multiple of 8, overwritten.
 * - found i32 [outDim, k], similarities f32 [outDim, k], overwritten. No overlap.
 *
 * O(products of an entry of A and one of B in the same column + outDim · k · log k); the logarithm of k is a
 * factor of each product where later ones are better all the time.
 */
export function cosineNeighbours(
  indptr: usize,
  indices: usize,
  values: usize,
  colPtr: usize,
  rowIdx: usize,
  entries: usize,
  outNorms: usize,
  inNorms: usize,
  own: i32,
  outDim: i32,
  inDim: i32,
  k: i32,
  absolute: bool,
  threshold: f64,
  dots: usize,
  scratch: usize,
  found: usize,
  similarities: usize,
): void {
  if (k <= 0) return;
  const list = scratch + ((<usize>k) << DOUBLE_SHIFT);
  const lost = absolute ? SIGN : 0;
  let begin = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
  for (let i = 0; i < outDim; i++) {
    indptr += ELEMENT_BYTES;
    const end = (<usize>load<u32>(indptr)) << ELEMENT_SHIFT;
    const norm = load<f64>(outNorms);
    outNorms += DOUBLE_BYTES;
    const isWide = countProducts(indices + begin, indices + end, colPtr) >= <u64>(inDim >> WIDE_SHIFT);
    let listEnd = list;
    for (let p = begin; p < end; p += ELEMENT_BYTES) {
      const value = load<f32>(values + p);
      if (value === 0) continue;
      const column = colPtr + ((<usize>load<u32>(indices + p)) << ELEMENT_SHIFT);
      const from = (<usize>load<u32>(column)) << ELEMENT_SHIFT;
      const to = (<usize>load<u32>(column, ELEMENT_BYTES)) << ELEMENT_SHIFT;
      if (isWide) addColumn(value, rowIdx, entries, from, to, dots);
      else listEnd = addListed(value, rowIdx, entries, from, to, dots, listEnd);
    }
    begin = end;
    const self = own + i;
    if (self >= 0) store<f32>(dots + ((<usize>self) << ELEMENT_SHIFT), 0);

    memory.fill(scratch, 0, (<usize>k) << DOUBLE_SHIFT);
    const limit = max<f64>(threshold, 0);
    if (isWide) searchAll(dots, inDim, norm, inNorms, lost, limit, scratch, k);
    else searchList(dots, list, listEnd, norm, inNorms, lost, limit, scratch, k);
    let count = writeBest(scratch, k, 0, found, similarities);
    // What has cosine 0 has no products, and comes before what has a negative one.
    if (threshold < 0) {
      for (let j = 0; j < inDim && count < k; j++) {
        if (load<f32>(dots + ((<usize>j) << ELEMENT_SHIFT)) !== 0 || j === self) continue;
        writeNeighbour(found, similarities, count++, j, 0);
      }
      if (!absolute && count < k) {
        const offset = (<usize>count) << ELEMENT_SHIFT;
        memory.fill(scratch, 0, (<usize>k) << DOUBLE_SHIFT);
        searchNegative(dots, inDim, norm, inNorms, threshold, scratch, k - count);
        count += writeBest(scratch, k - count, MAGNITUDE, found + offset, similarities + offset);
      }
    }
    while (count < k) writeNeighbour(found, similarities, count++, -1, 0);
    found += (<usize>k) << ELEMENT_SHIFT;
    similarities += (<usize>k) << ELEMENT_SHIFT;

    if (isWide) memory.fill(dots, 0, (<usize>inDim) << ELEMENT_SHIFT);
    else clearListed(dots, list, listEnd);
  }
}

function countProducts(index: usize, end: usize, colPtr: usize): u64 {
  let products: u64 = 0;
  for (; index < end; index += ELEMENT_BYTES) {
    const column = colPtr + ((<usize>load<u32>(index)) << ELEMENT_SHIFT);
    products += load<u32>(column, ELEMENT_BYTES) - load<u32>(column);
  }
  return products;
}

/** Adds a column's products. No row of it comes twice, so four can be under way at once. */
function addColumn(value: f32, rowIdx: usize, entries: usize, from: usize, to: usize, dots: usize): void {
  let p = from;
  for (; p + VECTOR_BYTES <= to; p += VECTOR_BYTES) {
    const index = rowIdx + p;
    const entry = entries + p;
    const a = dots + ((<usize>load<u32>(index)) << ELEMENT_SHIFT);
    const b = dots + ((<usize>load<u32>(index, ELEMENT_BYTES)) << ELEMENT_SHIFT);
    const c = dots + ((<usize>load<u32>(index, 2 * ELEMENT_BYTES)) << ELEMENT_SHIFT);
    const d = dots + ((<usize>load<u32>(index, 3 * ELEMENT_BYTES)) << ELEMENT_SHIFT);
    const sumA = load<f32>(a) + value * load<f32>(entry);
    const sumB = load<f32>(b) + value * load<f32>(entry, ELEMENT_BYTES);
    const sumC = load<f32>(c) + value * load<f32>(entry, 2 * ELEMENT_BYTES);
    const sumD = load<f32>(d) + value * load<f32>(entry, 3 * ELEMENT_BYTES);
    store<f32>(a, sumA);
    store<f32>(b, sumB);
    store<f32>(c, sumC);
    store<f32>(d, sumD);
  }
  for (; p < to; p += ELEMENT_BYTES) {
    const dot = dots + ((<usize>load<u32>(rowIdx + p)) << ELEMENT_SHIFT);
    store<f32>(dot, load<f32>(dot) + value * load<f32>(entries + p));
  }
}

/**
 * The same, with a list of the rows whose inner product was 0 before, as offsets into dots; returns its end.
 * A row whose products cancel comes more than once.
 */
function addListed(
  value: f32,
  rowIdx: usize,
  entries: usize,
  from: usize,
  to: usize,
  dots: usize,
  listEnd: usize,
): usize {
  for (let p = from; p < to; p += ELEMENT_BYTES) {
    const offset = (<usize>load<u32>(rowIdx + p)) << ELEMENT_SHIFT;
    const dot = load<f32>(dots + offset);
    // No branch: it would be guessed wrong too often.
    store<u32>(listEnd, <u32>offset);
    listEnd += (<usize>(dot === 0)) << ELEMENT_SHIFT;
    store<f32>(dots + offset, dot + value * load<f32>(entries + p));
  }
  return listEnd;
}

function clearListed(dots: usize, list: usize, listEnd: usize): void {
  for (; list < listEnd; list += ELEMENT_BYTES) store<f32>(dots + <usize>load<u32>(list), 0);
}

/** Finds the k best of all rows whose |cosine| is above the limit; only positive ones if no bits are lost. */
function searchAll(
  dots: usize,
  inDim: i32,
  norm: f64,
  inNorms: usize,
  lost: u32,
  limit: f64,
  heap: usize,
  k: i32,
): void {
  const kept = v128.splat<u32>(~lost);
  let floor = floorOf(0, limit);
  for (let j = 0; j < inDim; ) {
    const p = dots + ((<usize>j) << ELEMENT_SHIFT);
    if (j + STEP <= inDim) {
      const bound = f32x4.splat(floor);
      const low = f32x4.gt(v128.and(v128.load(p), kept), bound);
      const high = f32x4.gt(v128.and(v128.load(p, VECTOR_BYTES), kept), bound);
      if (!v128.any_true(v128.or(low, high))) {
        j += STEP;
        continue;
      }
    }
    for (const end = min(j + STEP, inDim); j < end; j++) {
      const dot = load<f32>(dots + ((<usize>j) << ELEMENT_SHIFT));
      // Of equal cosines the present one comes last.
      if (!(reinterpret<f32>(reinterpret<u32>(dot) & ~lost) > floor)) continue;
      floor = offer(dot, j, norm, inNorms, lost, limit, heap, k);
    }
  }
}

/** The same among the listed rows. */
function searchList(
  dots: usize,
  list: usize,
  listEnd: usize,
  norm: f64,
  inNorms: usize,
  lost: u32,
  limit: f64,
  heap: usize,
  k: i32,
): void {
  let floor = floorOf(0, limit);
  for (; list < listEnd; list += ELEMENT_BYTES) {
    const offset = <usize>load<u32>(list);
    const dot = load<f32>(dots + offset);
    // Not "greater": the row may come before an equal one.
    if (dot === 0 || !(reinterpret<f32>(reinterpret<u32>(dot) & ~lost) >= floor)) continue;
    floor = offer(dot, <i32>(offset >> ELEMENT_SHIFT), norm, inNorms, lost, limit, heap, k);
    store<f32>(dots + offset, NaN); // so that it is not offered again
  }
}

/** Finds the k best of the rows whose cosine is negative, and above the threshold. */
function searchNegative(
  dots: usize,
  inDim: i32,
  norm: f64,
  inNorms: usize,
  threshold: f64,
  heap: usize,
  k: i32,
): void {
  for (let j = 0; j < inDim; j++) {
    const dot = load<f32>(dots + ((<usize>j) << ELEMENT_SHIFT));
    if (!(dot < 0)) continue;
    const similarity = cosine(dot, norm, load<f64>(inNorms + ((<usize>j) << DOUBLE_SHIFT)));
    if (!(<f64>similarity > threshold)) continue;
    const entry = entryOf(similarity, j, MAGNITUDE);
    if (entry > load<u64>(heap)) replaceLeast<u64>(heap, k, entry);
  }
}

/** Takes a row into the heap if it is among the best so far; returns what the next ones have to reach. */
function offer(dot: f32, j: i32, norm: f64, inNorms: usize, lost: u32, limit: f64, heap: usize, k: i32): f32 {
  const similarity = cosine(dot, norm, load<f64>(inNorms + ((<usize>j) << DOUBLE_SHIFT)));
  const rank = reinterpret<f32>(reinterpret<u32>(similarity) & ~lost);
  let least = load<u64>(heap);
  if (<f64>rank > limit) {
    const entry = entryOf(similarity, j, 0);
    if (entry > least) least = replaceLeast<u64>(heap, k, entry);
  }
  return floorOf(least, limit);
}

/** The |inner product| from which on a cosine can be above the limit, and no less than the heap's least. */
function floorOf(least: u64, limit: f64): f32 {
  return max<f32>(<f32>limit, reinterpret<f32>(<u32>(least >> 32))) * (1 - ROUNDING);
}

/**
 * A number that is larger the better a neighbour is: from the highest bit on the size of its cosine (turned
 * where bits of `turned` say so), the lower index, and the sign. It is never 0, which stands for none.
 */
function entryOf(similarity: f32, j: i32, turned: u32): u64 {
  const bits = reinterpret<u32>(similarity);
  return (
    ((<u64>((bits ^ turned) & MAGNITUDE)) << 32) | ((<u64>(~(<u32>j) & MAGNITUDE)) << 1) | <u64>(bits >> 31)
  );
}

/** Writes what is in a heap, best first; returns how many there are. */
function writeBest(heap: usize, length: i32, turned: u32, found: usize, similarities: usize): i32 {
  sortHeap<u64>(heap, length);
  for (let e = 0; e < length; e++) {
    const entry = load<u64>(heap + ((<usize>e) << DOUBLE_SHIFT));
    if (entry === 0) return e;
    const bits = ((<u32>(entry >> 32) ^ turned) & MAGNITUDE) | ((<u32>entry) << 31);
    writeNeighbour(found, similarities, e, ~(<u32>entry >> 1) & MAGNITUDE, reinterpret<f32>(bits));
  }
  return length;
}

function writeNeighbour(found: usize, similarities: usize, e: i32, j: i32, similarity: f32): void {
  const offset = (<usize>e) << ELEMENT_SHIFT;
  store<i32>(found + offset, j);
  store<f32>(similarities + offset, similarity);
}
