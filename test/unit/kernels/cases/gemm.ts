import { PART, TILE } from '../../../../src/engine/abi.ts';
import { Sum, type Truth } from '../../../support/rounding.ts';
import type { Subject } from '../bench.ts';
import {
  activated,
  bitWords,
  differentiated,
  drawSlopes,
  keepsBit,
  lanesFrom,
  numbers,
  single,
  spoil,
  stream,
  tile,
  tileCounts,
  wantedBits,
} from '../inputs.ts';
import { line, rows } from '../operands.ts';
import { activations } from './spmm.ts';

export const gemm: Subject = {
  example: (random) => [
    line(random, 15),
    line(random, 3),
    rows(random, 5),
    rows(random, 3),
    new Int32Array(3),
    3,
    5,
    0.25,
  ],
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
      for (const slope of drawSlopes(random, 2)) {
        const [y, fires] = [bench.f32(rows * TILE), bench.i32(rows)];
        bench.kernels.gemm(w, bias, x, y.pointer, fires.pointer, rows, cols, slope);
        bench.expectClose(y, (at) => activated(truths[at], slope));
        const wanted = (): Int32Array => wantedBits(fires.read(), TILE, (at) => truths[at]);
        bench.expectCopied(fires, keepsBit(slope) ? wanted() : fires.initial);
      }
    }
  },
  cases: [],
};

export const gemmT: Subject = {
  example: (random) => [
    line(random, 15),
    rows(random, 3),
    rows(random, 5),
    bitWords(random, 5),
    rows(random, 5),
    3,
    5,
    0,
  ],
  axes: ['samples', 'rows', 'cols', 'values'],
  run(bench, { samples, rows, cols, values, name }) {
    const random = stream(`gemmT ${name}`);
    const weights = numbers(random, rows * cols, values);
    const w = bench.input(weights).pointer;
    for (const count of tileCounts(samples)) {
      const deltas = tile(random, rows, count, 0, values);
      const mask = activations(random, cols);
      const [dy, x] = [bench.input(deltas).pointer, bench.input(mask).pointer];
      const truths = Array.from({ length: cols * TILE }, (_, at) => {
        const sum = new Sum();
        for (let i = 0; i < rows; i++) {
          sum.add(weights[i * cols + Math.floor(at / TILE)] * deltas[i * TILE + (at % TILE)]);
        }
        return sum.truth();
      });
      for (const slope of drawSlopes(random, 1)) {
        const dx = bench.f32(cols * TILE);
        const words = bitWords(random, cols);
        const fires = bench.input(words).pointer;
        bench.kernels.gemmT(w, dy, x, fires, dx.pointer, rows, cols, slope);
        bench.expectClose(dx, (at) =>
          differentiated(truths[at], slope, mask[at], words[Math.floor(at / TILE)], at % TILE),
        );
      }
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
