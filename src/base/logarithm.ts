/** Series of artanh(s) / s in s², from the highest power on: ln m is twice that times s. */
const DENOMINATORS = [23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3];

/**
 * The natural logarithm, relative error below 1e-15 of finite positive numbers. The host's own differs
 * between engines. ln x = k·ln 2 + 2·artanh((m − 1) / (m + 1)) with x = m·2^k and m around 1. O(|k|).
 */
export function ln(x: number): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x > 0 ? x : Number.NaN;
  let m = x;
  let k = 0;
  for (; m > 1.4; k++) m /= 2;
  for (; m < 0.7; k--) m *= 2;
  const s = (m - 1) / (m + 1);
  const z = s * s;
  const series = DENOMINATORS.reduce((sum, denominator) => sum * z + 1 / denominator, 0);
  return k * Math.LN2 + 2 * s * (1 + z * series);
}
