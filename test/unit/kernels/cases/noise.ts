import { NORMALS, TILE } from '../../../../src/engine/abi.ts';
import { normalQuantiles } from '../../../../src/nn/noise.ts';
import type { Bench, Subject } from '../bench.ts';
import { numbers, shuffled, single, stream, tile, tileCounts, UNTOUCHED } from '../inputs.ts';
import { line, rows } from '../operands.ts';

const BITS = 2n ** 32n;

/** Wellons' lowbias32, in whole numbers of any size. */
function mixed(number: bigint): bigint {
  let x = number % BITS;
  x = ((x ^ (x >> 16n)) * 0x7feb352dn) % BITS;
  x = ((x ^ (x >> 15n)) * 0x846ca68bn) % BITS;
  return x ^ (x >> 16n);
}

function hashOf(key: number, row: number, column: number): number {
  return Number(mixed(mixed(BigInt(key) + BigInt(row)) + BigInt(column)));
}

/** Keys and bounds below and above the sign. */
const KEYS = [7, 2 ** 32 - 3];
const BOUNDS = [0, 2 ** 30, 2 ** 31 + 2 ** 30, 2 ** 32 - 1];
const AMOUNTS = [0, 0.3];

/** What becomes of ones in so many tiles of 32 rows and 50 columns. */
function onesAfter(bench: Bench, key: number, bound: number, amount: number, tiles: number): number[] {
  const normals = bench.input(normalQuantiles(NORMALS)).pointer;
  const list = bench.input(Int32Array.from({ length: TILE * tiles }, (_, r) => r)).pointer;
  return Array.from({ length: tiles }, (_, t) => {
    const ones = bench.inout(new Float32Array(50 * TILE).fill(1));
    bench.kernels.addNoise(ones.pointer, list + 4 * TILE * t, TILE, 50, key, bound, normals, amount);
    return Array.from(ones.read());
  }).flat();
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

export const addNoise: Subject = {
  example: (random) => [
    rows(random, 5),
    Int32Array.of(3, 0, 2),
    3,
    5,
    9,
    2 ** 30,
    line(random, NORMALS),
    0.5,
  ],
  axes: ['samples', 'cols', 'values'],
  run(bench, { samples, cols, values, name }) {
    const random = stream(`addNoise ${name}`);
    const table = numbers(random, NORMALS);
    const order = shuffled(random, samples).map((row) => (row % 3 === 0 ? 2 ** 31 - 1 - row : row));
    const [normals, list] = [bench.input(table).pointer, bench.input(order).pointer];
    const key = KEYS[random.below(KEYS.length)];
    const bound = BOUNDS[random.below(BOUNDS.length)];
    const amount = AMOUNTS[random.below(AMOUNTS.length)];
    tileCounts(samples).forEach((count, t) => {
      const before = tile(random, cols, count, UNTOUCHED, values);
      const noisy = bench.inout(before);
      // Without an amount the table is not looked at.
      const pointer = amount === 0 ? 0 : normals;
      bench.kernels.addNoise(noisy.pointer, list + 4 * TILE * t, count, cols, key, bound, pointer, amount);
      const want = before.map((value, at) => {
        if (at % TILE >= count) return value;
        const hash = hashOf(key, order[TILE * t + (at % TILE)], Math.floor(at / TILE));
        // 0 times a number of the table would be −0 for negative ones.
        const noise = amount === 0 ? 0 : Math.fround(Math.fround(amount) * table[hash % NORMALS]);
        return hash < bound ? 0 : value + noise;
      });
      bench.expectCopied(noisy, want);
    });
  },
  cases: [
    // The bounds below are five standard deviations of what is measured.
    single('the_share_of_zeros_is_the_bound', (bench) => {
      for (const share of [0.1, 0.5, 0.9]) {
        const ones = onesAfter(bench, 1, share * 2 ** 32, 0, 100);
        const error = Math.abs(1 - mean(ones) - share);
        bench.expectAtMost(error, 5 * Math.sqrt((share * (1 - share)) / ones.length));
      }
    }),
    single('noise_has_the_mean_and_variance_of_normal_numbers', (bench) => {
      const noise = onesAfter(bench, 2, 0, 0.5, 100).map((value) => (value - 1) / 0.5);
      const n = noise.length;
      bench.expectAtMost(Math.abs(mean(noise)), 5 / Math.sqrt(n));
      bench.expectAtMost(Math.abs(mean(noise.map((v) => v ** 2)) - 1), 5 * Math.sqrt(2 / n));
      bench.expectAtMost(Math.abs(mean(noise.map((v) => v ** 4)) - 3), 5 * Math.sqrt(96 / n) + 0.03);
    }),
    single('neighbours_and_keys_share_nothing', (bench) => {
      const [noise, other] = [2, 3].map((key) => onesAfter(bench, key, 0, 1, 50).map((value) => value - 1));
      const n = noise.length;
      // The next sample, the next column, and the same place with the next key.
      for (const beside of [noise.slice(1), noise.slice(TILE), other]) {
        bench.expectAtMost(Math.abs(mean(beside.map((v, at) => v * noise[at]))), 5 / Math.sqrt(n - TILE));
      }
    }),
  ],
};
