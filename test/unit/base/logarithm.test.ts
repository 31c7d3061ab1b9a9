import { describe, expect, it } from 'vitest';
import { ln } from '../../../src/base/logarithm.ts';
import { randomStream } from '../../../src/base/random.ts';

/** ln by Newton's method on exp's own series, in 240 bits: with fixed-point integers, nothing of the host. */
const BITS = 240n;
const ONE = 1n << BITS;
const times = (a: bigint, b: bigint) => (a * b) >> BITS;

function exp(x: bigint): bigint {
  // e^x = (e^(x / 2^8))^(2^8)
  const small = x >> 8n;
  let [sum, term] = [ONE, ONE];
  for (let n = 1n; term !== 0n && n < 200n; n++) {
    term = times(term, small) / n;
    sum += term;
  }
  for (let squaring = 0; squaring < 8; squaring++) sum = times(sum, sum);
  return sum;
}

function toFixed(x: number): bigint {
  // Exact for 2^-100 < x < 2^100.
  return BigInt(x * 2 ** 140) << (BITS - 140n);
}

function toNumber(x: bigint): number {
  return Number(x >> (BITS - 200n)) / 2 ** 200;
}

function trueLn(x: number): number {
  const wanted = toFixed(x);
  let y = toFixed(2 ** -10) * BigInt(Math.round(Math.log(x) * 2 ** 10));
  // Each step cubes the error.
  for (let step = 0; step < 4; step++) {
    const e = exp(y);
    y += (2n * (wanted - e) * ONE) / (wanted + e);
  }
  return toNumber(y);
}

describe('ln', () => {
  const random = randomStream(1, 'ln');
  it.each([
    ['around 1', () => 1 + (random.next() - 0.5) * 2 ** -Math.floor(30 * random.next())],
    ['ratios of counts', () => (1 + random.below(1e6)) / (1 + random.below(1e6))],
    ['of any size', () => (0.5 + random.next()) * 2 ** Math.floor(120 * random.next() - 60)],
  ])('has a relative error below 1e-15: numbers %s', (_, draw) => {
    for (let time = 0; time < 300; time++) {
      const x = draw();
      const wanted = trueLn(x);
      expect(Math.abs(ln(x) - wanted), `ln ${x}`).toBeLessThanOrEqual(1e-15 * Math.abs(wanted));
    }
  });

  it('ends everywhere, and is what the host has for numbers at the ends', () => {
    for (const x of [0, -1, Infinity, -Infinity, Number.NaN, 1]) expect(ln(x)).toBe(Math.log(x));
    for (const x of [Number.MIN_VALUE, Number.MAX_VALUE, 2 ** -1022]) {
      expect(Math.abs(ln(x) / Math.log(x) - 1)).toBeLessThan(1e-15);
    }
  });
});
