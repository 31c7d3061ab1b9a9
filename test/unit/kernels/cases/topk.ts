import { TOP_K_SCRATCH } from '../../../../src/engine/abi.ts';
import type { Bench, Case, Subject } from '../bench.ts';
import { numbers, single, stream } from '../inputs.ts';

const MODES = [
  { smallest: false, absolute: false },
  { smallest: true, absolute: false },
  { smallest: false, absolute: true },
  { smallest: true, absolute: true },
];

/** All of them by sorting: better first, NaN last, of equal ones (0 and −0 are) the lower index. */
function ranked(scores: Float32Array, smallest: boolean, absolute: boolean): number[] {
  const merit = (i: number): number => {
    const score = absolute ? Math.abs(scores[i]) : scores[i];
    return smallest ? -score : score;
  };
  return Array.from(scores.keys()).sort((i, j) => {
    const nans = Number(Number.isNaN(scores[i])) - Number(Number.isNaN(scores[j]));
    if (nans !== 0) return nans;
    if (merit(i) === merit(j) || Number.isNaN(scores[i])) return i - j;
    return merit(i) > merit(j) ? -1 : 1;
  });
}

/** Every mode, for each of the ks. */
function checkSelections(bench: Bench, scores: Float32Array, ks: readonly number[]): void {
  const n = scores.length;
  const [data, scratch] = [bench.input(scores).pointer, bench.i32(TOP_K_SCRATCH).pointer];
  for (const { smallest, absolute } of MODES) {
    const order = ranked(scores, smallest, absolute);
    for (const k of ks) {
      const out = bench.i32(k);
      bench.kernels.topK(data, n, k, smallest, absolute, scratch, out.pointer);
      bench.expectExact(
        out,
        order.slice(0, k).sort((i, j) => i - j),
      );
    }
  }
}

function selects(
  name: string,
  scoresOf: readonly Float32Array[],
  ks: (n: number) => readonly number[],
): Case {
  return {
    name,
    runs: scoresOf.map((scores) => (bench) => checkSelections(bench, scores, ks(scores.length))),
  };
}

const everyK = (n: number): number[] => Array.from({ length: n + 1 }, (_, k) => k);
const someK = (n: number): number[] =>
  [...new Set([0, 1, 2, n >> 2, n >> 1, n - 1, n])].filter((k) => k >= 0 && k <= n);

/** Any bit patterns: all exponents, both signs, subnormal, infinite and NaN. */
function anyBits(name: string, n: number): Float32Array {
  const random = stream(name);
  return new Float32Array(Uint32Array.from({ length: n }, () => random.below(2 ** 32)).buffer);
}

/** Zeros, and one 1 among them. */
function oneAbove(n: number, at: number): Float32Array {
  return Float32Array.from({ length: n }, (_, i) => (i === at ? 1 : 0));
}

const { NaN: nan, POSITIVE_INFINITY: infinity, NEGATIVE_INFINITY: minusInfinity } = Number;

export const topK: Subject = {
  example: () => [
    Float32Array.of(1, Number.NaN, -0, -3, 0, 2, 1),
    7,
    4,
    false,
    true,
    new Int32Array(TOP_K_SCRATCH),
    new Int32Array(4),
  ],
  axes: ['rows', 'cols', 'values'],
  run(bench, { rows, cols, values, name }) {
    checkSelections(bench, numbers(stream(`topK ${name}`), rows * cols, values), someK(rows * cols));
  },
  cases: [
    selects('one_score', [Float32Array.of(-3)], everyK),
    selects(
      'sizes',
      [2, 3, 17, 64, 1000].map((n) => numbers(stream(`topK ${n}`), n)),
      someK,
    ),
    // From 257 on the k-th is found another way; both meet blocks of eight without and with a tail.
    selects(
      'small_and_large_k',
      [256, 257, 300, 1003].map((n) => numbers(stream(`topK of ${n}`), n)),
      (n) => [1, 7, 255, 256, 257, 299].filter((k) => k <= n),
    ),
    selects(
      'one_of_many',
      [...Array(19).keys()].map((at) => oneAbove(19, at)),
      () => [1, 2],
    ),
    selects(
      'rising_and_falling',
      [
        Float32Array.from({ length: 600 }, (_, i) => i - 300),
        Float32Array.from({ length: 600 }, (_, i) => 300 - i),
      ],
      (n) => [1, 3, 10, 256, n],
    ),
    selects(
      'nan_everywhere',
      [Float32Array.from({ length: 40 }, (_, i) => (i % 5 === 3 ? i : nan)), new Float32Array(40).fill(nan)],
      everyK,
    ),
    selects('any_bits', [anyBits('a', 33), anyBits('b', 3000)], someK),
    // Neighbours that differ in the last bits only, so that every digit of the selection decides.
    selects(
      'last_bits',
      [Float32Array.from({ length: 50 }, (_, i) => 1 + ((i * 37) % 50) * 2 ** -23)],
      everyK,
    ),
    selects('ties', [new Float32Array(9).fill(2), Float32Array.of(1, 2, 2, -2, 1, -2, 2, 1)], everyK),
    selects(
      'nan_last',
      [Float32Array.of(nan, 1, nan, minusInfinity, infinity, -nan, 0), Float32Array.of(nan, nan)],
      everyK,
    ),
    selects(
      'signed_zero',
      [Float32Array.of(0, -0, 0, -0, -0), Float32Array.of(-0, 2 ** -149, 0, -(2 ** -149))],
      everyK,
    ),
    selects('k_zero', [numbers(stream('k zero'), 10)], () => [0]),
    selects('k_all', [numbers(stream('k all'), 130)], (n) => [n]),
    single('k_negative_writes_nothing', (bench) => {
      const out = bench.inout(Int32Array.of(5));
      const scores = bench.input(Float32Array.of(1, 2));
      bench.kernels.topK(scores.pointer, 2, -1, false, false, bench.i32(TOP_K_SCRATCH).pointer, out.pointer);
      bench.expectExact(out, [5]);
    }),
  ],
};
