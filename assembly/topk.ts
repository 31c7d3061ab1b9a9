// Selection of the k largest or smallest of n numbers in linear time. The k-th of them is found first: where
// k is small, by a heap of the k best so far, so that most numbers are only compared with the least of these;
// else by a radix select over the numbers' bits. One more pass collects. Of equal numbers the one of lower
// index is taken, so the result depends on nothing else.
import { replaceLeast } from './heap';
import { ELEMENT_BYTES, ELEMENT_SHIFT, TOP_K_SCRATCH } from './layout';
import { No, Yes } from './switches';

/** The largest k that is found by a heap: beyond it, a new number would pass too many levels. */
const HEAP: i32 = 256;

/** The lowest bits of the three digits of a key: 11 bits, 11 bits and 10 bits. */
const HIGH: i32 = 21;
const MIDDLE: i32 = 10;
const LOW: i32 = 0;

/** Values of a digit, and of the lowest one. */
const BINS: u32 = TOP_K_SCRATCH;
const LOW_BINS: u32 = 1 << MIDDLE;

/** The sign of a float32, all of its other bits, and the bits of ∞. */
const SIGN: u32 = 0x80000000;
const MAGNITUDE: u32 = 0x7fffffff;
const INFINITY_BITS: u32 = 0x7f800000;

/** Scores that are passed over at once. */
const STEP: i32 = 8;

/**
 * The indices, ascending, of the k largest of n scores; of the k smallest if `smallest`; by |·| if
 * `absolute`.
 *
 * ```js
 * const key = (i) => (absolute ? Math.abs(scores[i]) : scores[i]) * (smallest ? -1 : 1);
 * const order = Array.from({ length: n }, (_, i) => i);
 * // NaN comes last, and of equal scores the lower index first.
 * order.sort((i, j) => isNaN(key(i)) - isNaN(key(j)) || key(j) - key(i) || i - j);
 * out.set(order.slice(0, k).sort((i, j) => i - j));
 * ```
 *
 * −0 and 0 are equal.
 *
 * - scores f32 [n]; k ≤ n.
 * - scratch u32 [TOP_K_SCRATCH], overwritten.
 * - out i32 [k], overwritten. No overlap.
 *
 * O(n).
 */
export function topK(
  scores: usize,
  n: i32,
  k: i32,
  smallest: bool,
  absolute: bool,
  scratch: usize,
  out: usize,
): void {
  if (k <= 0) return;
  // The bits that a score loses, and those that are turned: a larger score is a better one then.
  const lost = absolute ? SIGN : 0;
  const turned = smallest ? SIGN : 0;
  if (k <= HEAP) {
    fillHeap(scores, n, k, lost, turned, scratch);
    const last = load<u32>(scratch);
    let rank = 0;
    for (let e = 0; e < k; e++) rank += i32(load<u32>(scratch + ((<usize>e) << ELEMENT_SHIFT)) === last);
    collect(scores, n, last, rank, lost, turned, out);
    return;
  }
  // The k-th key is found digit by digit from the highest on: `prefix` are the digits known so far.
  let prefix: u32 = 0;
  let known: u32 = 0; // mask of the known digits
  let rank = <u32>k; // how many more are wanted among the keys with this prefix
  let shift = HIGH;
  while (true) {
    const bins = shift === LOW ? LOW_BINS : BINS;
    memory.fill(scratch, 0, (<usize>bins) << ELEMENT_SHIFT);
    for (let i = 0; i < n; ) {
      if (i + STEP <= n && v128.all_true<i32>(areOutside(scores, i, prefix, prefix | ~known, lost, turned))) {
        i += STEP;
        continue;
      }
      for (const end = min(i + STEP, n); i < end; i++) {
        const key = keyOf(scores, i, lost, turned);
        if ((key & known) !== prefix) continue;
        const bin = scratch + ((<usize>((key >> shift) & (bins - 1))) << ELEMENT_SHIFT);
        store<u32>(bin, load<u32>(bin) + 1);
      }
    }
    let digit = bins - 1;
    for (; ; digit--) {
      const count = load<u32>(scratch + ((<usize>digit) << ELEMENT_SHIFT));
      if (count >= rank) break;
      rank -= count;
    }
    prefix |= digit << shift;
    known |= (bins - 1) << shift;
    if (shift === LOW) break;
    shift = shift === HIGH ? MIDDLE : LOW;
  }
  collect(scores, n, prefix, rank, lost, turned, out);
}

/** Leaves the k largest keys in a heap, the least of them first. */
function fillHeap(scores: usize, n: i32, k: i32, lost: u32, turned: u32, heap: usize): void {
  memory.fill(heap, 0, (<usize>k) << ELEMENT_SHIFT); // the key of NaN, which every other replaces
  let least: u32 = 0;
  for (let i = 0; i < n; ) {
    // Of the keys of NaN the limit is NaN: nothing is at most that.
    if (i + STEP <= n && v128.all_true<i32>(areBelow<Yes>(scores, i, least, lost, turned))) {
      i += STEP;
      continue;
    }
    for (const end = min(i + STEP, n); i < end; i++) {
      const key = keyOf(scores, i, lost, turned);
      if (key > least) least = replaceLeast<u32>(heap, k, key);
    }
  }
}

/** Writes the indices of the keys above `last`, and of the first `rank` that are equal to it. */
function collect(scores: usize, n: i32, last: u32, rank: u32, lost: u32, turned: u32, out: usize): void {
  for (let i = 0; i < n; ) {
    if (i + STEP <= n && v128.all_true<i32>(areBelow<No>(scores, i, last, lost, turned))) {
      i += STEP;
      continue;
    }
    for (const end = min(i + STEP, n); i < end; i++) {
      const key = keyOf(scores, i, lost, turned);
      if (key < last) continue;
      if (key === last) {
        if (rank === 0) continue;
        rank--;
      }
      store<i32>(out, i);
      out += ELEMENT_BYTES;
    }
  }
}

/** Lane by lane, whether scores i and i + 4 are less than that of the key; if OrEqual, at most that. */
function areBelow<OrEqual>(scores: usize, i: i32, key: u32, lost: u32, turned: u32): v128 {
  const limit = v128.splat<u32>(scoreOf(key));
  const low = scoresAt(scores, i, lost, turned);
  const high = scoresAt(scores, i + 4, lost, turned);
  return isBoolean<OrEqual>()
    ? v128.and(f32x4.le(low, limit), f32x4.le(high, limit))
    : v128.and(f32x4.lt(low, limit), f32x4.lt(high, limit));
}

/** Likewise, whether each is less than that of key `from` or larger than that of `to`; not if NaN is one. */
function areOutside(scores: usize, i: i32, from: u32, to: u32, lost: u32, turned: u32): v128 {
  const least = v128.splat<u32>(scoreOf(from));
  const largest = v128.splat<u32>(scoreOf(to));
  const low = scoresAt(scores, i, lost, turned);
  const high = scoresAt(scores, i + 4, lost, turned);
  return v128.and(
    v128.or(f32x4.lt(low, least), f32x4.gt(low, largest)),
    v128.or(f32x4.lt(high, least), f32x4.gt(high, largest)),
  );
}

/** Four scores; a larger one is a better one. */
function scoresAt(scores: usize, i: i32, lost: u32, turned: u32): v128 {
  const loaded = v128.load(scores + ((<usize>i) << ELEMENT_SHIFT));
  return v128.xor(v128.andnot(loaded, v128.splat<u32>(lost)), v128.splat<u32>(turned));
}

/** The bits of a score that has this key; of NaN where none has. */
function scoreOf(key: u32): u32 {
  return key & SIGN ? key ^ SIGN : ~key;
}

/**
 * A number without sign that is larger the more its score is wanted; 0 for NaN. The order of floats is that
 * of their bits, mended.
 */
function keyOf(scores: usize, i: i32, lost: u32, turned: u32): u32 {
  let bits = (load<u32>(scores + ((<usize>i) << ELEMENT_SHIFT)) & ~lost) ^ turned;
  if ((bits & MAGNITUDE) > INFINITY_BITS) return 0; // NaN
  if (bits === SIGN) bits = 0; // −0 ties with 0
  return bits & SIGN ? ~bits : bits | SIGN;
}
