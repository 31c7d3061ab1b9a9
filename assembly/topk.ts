// Selection of the k largest or smallest of n numbers in linear time: a radix select over the numbers' bits finds
// the k-th, one more pass collects. Ties go to the lower index, so the result does not depend on anything else.

/** Bits looked at in one pass, and the entries of its histogram. */
const DIGIT: u32 = 11;
const BINS: u32 = 1 << DIGIT;

/**
 * Writes the indices of the k largest (smallest: of the k smallest; absolute: by |·|) of n scores, ascending.
 * scores f32 [n]; scratch 8 192 bytes; out i32 [k]; k ≤ n. NaN comes last in every order. No overlap. O(n).
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
  // The k-th key, found digit by digit from the highest: `prefix` are the digits known so far.
  let prefix: u32 = 0;
  let known: u32 = 0; // mask of the known digits
  let rank = <u32>k; // how many more are wanted among the keys with this prefix
  let shift: i32 = 21;
  while (true) {
    const bins: u32 = shift === 0 ? 1 << 10 : BINS;
    memory.fill(scratch, 0, <usize>(bins << 2));
    for (let i = 0; i < n; i++) {
      const key = keyOf(scores, i, smallest, absolute);
      if ((key & known) === prefix) {
        const bin = scratch + ((<usize>((key >> shift) & (bins - 1))) << 2);
        store<u32>(bin, load<u32>(bin) + 1);
      }
    }
    let digit = bins - 1;
    for (; ; digit--) {
      const count = load<u32>(scratch + ((<usize>digit) << 2));
      if (count >= rank) break;
      rank -= count;
    }
    prefix |= digit << shift;
    known |= (bins - 1) << shift;
    if (shift === 0) break;
    shift = shift === 21 ? 10 : 0;
  }
  for (let i = 0; i < n; i++) {
    const key = keyOf(scores, i, smallest, absolute);
    if (key < prefix) continue;
    if (key === prefix) {
      if (rank === 0) continue;
      rank--;
    }
    store<i32>(out, i);
    out += 4;
  }
}

/** An unsigned key that grows with the wish to select: the order of floats is the order of their bits, mended. */
function keyOf(scores: usize, i: i32, smallest: bool, absolute: bool): u32 {
  let bits = load<u32>(scores + ((<usize>i) << 2));
  if (absolute) bits &= 0x7fffffff;
  if ((bits & 0x7fffffff) > 0x7f800000) return 0; // NaN
  if (bits === 0x80000000) bits = 0; // −0 ties with 0
  const key = bits & 0x80000000 ? ~bits : bits | 0x80000000;
  return smallest ? ~key : key;
}
