import { Approximate } from '../../../support/rounding.ts';
import type { Bench, Subject } from '../bench.ts';
import { numbers, single, stream } from '../inputs.ts';
import { line } from '../operands.ts';

/** Squares of float32 numbers are exact in float64: only the additions round, here and in the kernel. */
function expectSquares(bench: Bench, values: Float32Array): void {
  const sum = bench.f64(1);
  bench.kernels.squareSum(bench.input(values).pointer, values.length, sum.pointer);
  const value = values.reduce((total, x) => total + x * x, 0);
  bench.expectClose(sum, () => ({ value, error: 2 * values.length * 2 ** -53 * value }));
}

export const squareSum: Subject = {
  example: (random) => [line(random, 7), 7, new Float64Array(1)],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows, values, name }) {
    expectSquares(bench, numbers(stream(`squareSum ${name}`), samples * rows, values));
  },
  cases: [
    {
      name: 'no_element_is_missing',
      runs: Array.from({ length: 11 }, (_, at) => (bench: Bench) => {
        const values = new Float32Array(11);
        values[at] = -3;
        expectSquares(bench, values);
      }),
    },
    single('no_overflow', (bench) => {
      const sum = bench.f64(1);
      const values = new Float32Array(9).fill(-(2 ** 127));
      bench.kernels.squareSum(bench.input(values).pointer, 9, sum.pointer);
      bench.expectExact(sum, [9 * 2 ** 254]);
    }),
  ],
};

export const scaleBy: Subject = {
  example: (random) => [line(random, 7), 7, 0.3],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows, values, name }) {
    for (const factor of [0.3, 1, 1e-20]) {
      const before = numbers(stream(`scaleBy ${name}`), samples * rows, values);
      const x = bench.inout(before);
      bench.kernels.scaleBy(x.pointer, before.length, factor);
      const rounded = new Approximate(Math.fround(factor));
      bench.expectClose(x, (i) => new Approximate(before[i]).times(rounded));
    }
  },
  cases: [
    single('same_bits_in_block_and_tail', (bench) => {
      const values = numbers(stream('scaleBy bits'), 7);
      const all = bench.inout(values);
      bench.kernels.scaleBy(all.pointer, 7, 0.3);
      bench.expectCopied(
        all,
        values.map((value) => Math.fround(value * Math.fround(0.3))),
      );
    }),
  ],
};
