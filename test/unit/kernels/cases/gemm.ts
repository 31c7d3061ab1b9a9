import { PART, TILE } from '../../../../src/engine/abi.ts';
import { Sum, type Truth } from '../../../support/rounding.ts';
import type { Subject } from '../bench.ts';
import { lanesFrom, numbers, rectified, single, spoil, stream, tile, tileCounts } from '../inputs.ts';
import { line, rows } from '../operands.ts';
import { activations } from './spmm.ts';

export const gemm: Subject = {
  example: (random) => [line(random, 15), line(random, 3), rows(random, 5), rows(random, 3), 3, 5, true],
  axes: ['samples', 'rows', 'cols', 'values'],
  run(bench, { samples, rows, cols, values, name }) {
    const random = stream(`gemm ${name}`);
    const [weights, biases] = [numbers(random, rows * cols, values), numbers(random, rows, values, 'second')];
    const [w, bias] = [bench.input(weights).pointer, bench.input(biases).pointer];
    for (const count of tileCounts(samples)) {
      const inputs = tile(random, cols, count, 0, values);
      const x = bench.input(inputs).pointer;
      const truths = Array.from({ length: rows * TILE }, (_, at) => {
        const [i, b] = [Math.floor(at / TILE), at % TILE];
        const sum = new Sum(biases[i]);
        for (let j = 0; j < cols; j++) sum.add(weights[i * cols + j] * inputs[j * TILE + b]);
        return sum.truth();
      });
      for (const relu of [false, true]) {
        const y = bench.f32(rows * TILE);
        bench.kernels.gemm(w, bias, x, y.pointer, rows, cols, relu);
        bench.expectClose(y, (at) => (relu ? rectified(truths[at]) : truths[at]));
      }
    }
  },
  cases: [],
};

export const gemmT: Subject = {
  example: (random) => [line(random, 15), rows(random, 3), rows(random, 5), rows(random, 5), 3, 5],
  axes: ['samples', 'rows', 'cols', 'values'],
  run(bench, { samples, rows, cols, values, name }) {
    const random = stream(`gemmT ${name}`);
    const weights = numbers(random, rows * cols, values);
    const w = bench.input(weights).pointer;
    for (const count of tileCounts(samples)) {
      const deltas = tile(random, rows, count, 0, values);
      const mask = activations(random, cols);
      const dx = bench.f32(cols * TILE);
      const [dy, x] = [bench.input(deltas).pointer, bench.input(mask).pointer];
      bench.kernels.gemmT(w, dy, x, dx.pointer, rows, cols);
      bench.expectClose(dx, (at) => {
        const [j, b] = [Math.floor(at / TILE), at % TILE];
        const sum = new Sum();
        if (mask[at] > 0) {
          for (let i = 0; i < rows; i++) sum.add(weights[i * cols + j] * deltas[i * TILE + b]);
        }
        return sum.truth();
      });
    }
  },
  cases: [],
};

export const products: Subject = {
  example: (random) => [rows(random, 3), rows(random, 5), line(random, 15), 3, 5, true, 2 * PART],
  axes: ['samples', 'rows', 'cols', 'values'],
  run(bench, { samples, rows, cols, values, name }) {
    for (const accumulate of [false, true]) {
      const random = stream(`products ${name}`);
      const before = numbers(random, rows * cols, values);
      const g = accumulate ? bench.inout(before) : bench.f32(rows * cols);
      const sums = Array.from(before, (value) => new Sum(accumulate ? value : undefined));
      tileCounts(samples).forEach((count, t) => {
        const lanes = lanesFrom(count)[t % lanesFrom(count).length];
        const left = spoil(tile(random, rows, count, 0, values, 'first'), lanes);
        const right = tile(random, cols, count, 7, values);
        sums.forEach((sum, at) => {
          const [i, j] = [Math.floor(at / cols), at % cols];
          for (let b = 0; b < count; b++) sum.add(left[i * TILE + b] * right[j * TILE + b]);
        });
        const [a, x] = [bench.input(left).pointer, bench.input(right).pointer];
        bench.kernels.products(a, x, g.pointer, rows, cols, accumulate || t > 0, lanes);
      });
      const truths: Truth[] = sums.map((sum) => sum.truth());
      bench.expectClose(g, (at) => truths[at]);
    }
  },
  cases: [
    single('same_bits_in_block_and_tail', (bench) => {
      const a = bench.input(tile(stream('a'), 3, TILE)).pointer;
      const x = bench.input(tile(stream('x'), 7, TILE)).pointer;
      const all = bench.f32(3 * 7);
      bench.kernels.products(a, x, all.pointer, 3, 7, false, TILE);
      const alone = Float32Array.from({ length: 3 * 7 }, (_, at) => {
        const one = bench.f32(1);
        const [row, other] = [a + 128 * Math.floor(at / 7), x + 128 * (at % 7)];
        bench.kernels.products(row, other, one.pointer, 1, 1, false, TILE);
        return one.read()[0];
      });
      bench.expectSame(all, alone);
    }),
  ],
};
