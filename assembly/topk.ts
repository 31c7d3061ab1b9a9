// Selection of the k largest or smallest of n numbers in linear time. A radix select over the numbers' bits
// finds the k-th of them, and one more pass collects. Of equal numbers the one of lower index is taken, so
// the result depends on nothing else.
import { ELEMENT_BYTES, ELEMENT_SHIFT, TOP_K_SCRATCH } from './layout';

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
  // The k-th key is found digit by digit from the highest on: `prefix` are the digits known so far.
  let prefix: u32 = 0;
  let known: u32 = 0; // mask of the known digits
  let rank = <u32>k; // how many more are wanted among the keys with this prefix
  let shift = HIGH;
  while (true) {
    const bins = shift === LOW ? LOW_BINS : BINS;
    memory.fill(scratch, 0, (<usize>bins) << ELEMENT_SHIFT);
    for (let i = 0; i < n; i++) {
      const key = keyOf(scores, i, smallest, absolute);
      if ((key & known) === prefix) {
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
  for (let i = 0; i < n; i++) {
    const key = keyOf(scores, i, smallest, absolute);
    if (key < prefix) continue;
    if (key === prefix) {
      if (rank === 0) continue;
      rank--;
    }
    store<i32>(out, i);
    out += ELEMENT_BYTES;
  }
}

/**
 * A number without sign that is larger the more its score is wanted. The order of floats is that of their
 * bits, mended.
 */
function keyOf(scores: usize, i: i32, smallest: bool, absolute: bool): u32 {
  let bits = load<u32>(scores + ((<usize>i) << ELEMENT_SHIFT));
  if (absolute) bits &= MAGNITUDE;
  if ((bits & MAGNITUDE) > INFINITY_BITS) return 0; // NaN
  if (bits === SIGN) bits = 0; // −0 ties with 0
  const key = bits & SIGN ? ~bits : bits | SIGN;
  return smallest ? ~key : key;
}
