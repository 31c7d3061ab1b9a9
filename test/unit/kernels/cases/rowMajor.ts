import { Sum } from '../../../support/rounding.ts';
import type { Bench, Case, Subject } from '../bench.ts';
import { numbers, type Sparse, single, sparse, stream } from '../inputs.ts';
import type { Cell } from '../matrix.ts';
import { CSR, line } from '../operands.ts';

/** Calls the kernel on a matrix and its operand; returns the buffer of the result. */
type Call = (bench: Bench, matrix: Sparse, x: Float32Array, k: number) => ReturnType<Bench['f32']>;

function load(bench: Bench, { indptr, indices, values }: Sparse, x: Float32Array) {
  const [offsets, columns, weights, operand] = [indptr, indices, values, x].map(
    (array) => bench.input(array).pointer,
  );
  return [offsets, columns, weights, operand] as const;
}

const forward: Call = (bench, matrix, x, k) => {
  const y = bench.f32(matrix.rows * k);
  bench.kernels.spmmRowMajor(...load(bench, matrix, x), y.pointer, matrix.rows, k);
  return y;
};

const backward: Call = (bench, matrix, x, k) => {
  const y = bench.f32(matrix.cols * k);
  bench.kernels.spmmTRowMajor(...load(bench, matrix, x), y.pointer, matrix.rows, matrix.cols, k);
  return y;
};

/** Every term of the product with its element's position, in the order in which they are added. */
function forEachTerm(
  { entries, values }: Sparse,
  x: Float32Array,
  k: number,
  transposed: boolean,
  add: (at: number, weight: number, value: number) => void,
): void {
  entries.forEach(({ row, col }, p) => {
    const [to, from] = transposed ? [col, row] : [row, col];
    for (let c = 0; c < k; c++) add(to * k + c, values[p], x[from * k + c]);
  });
}

function inEveryCell(call: Call, transposed: boolean) {
  return (bench: Bench, { samples: k, rows, cols, structure, values, name }: Cell): void => {
    const random = stream(`row-major ${transposed} ${name}`);
    const matrix = sparse(random, rows, cols, structure, values);
    const x = numbers(random, (transposed ? rows : cols) * k, values, 'second');
    const sums = Array.from({ length: (transposed ? cols : rows) * k }, () => new Sum());
    forEachTerm(matrix, x, k, transposed, (at, weight, value) => sums[at].add(weight * value));
    bench.expectClose(call(bench, matrix, x, k), (at) => sums[at].truth());
  };
}

/** Numbers of columns on both sides of every border between the kernels' loops. */
const COLUMNS = [1, 2, 3, 4, 5, 8, 9, 15, 16, 17, 20, 31, 32, 33, 35, 36, 64, 65, 97, 129];

/** The bits: a float32 product, then a float32 sum, entry after entry, from +0 on. */
function bits(call: Call, transposed: boolean): Case {
  return {
    name: 'sums_run_in_the_order_of_the_entries',
    runs: COLUMNS.map((k) => (bench) => {
      const random = stream(`bits ${transposed} ${k}`);
      const matrix = sparse(random, 19, 23, 'density 0.5', 'mixed');
      const x = numbers(random, (transposed ? 19 : 23) * k, 'signed');
      const want = new Float32Array((transposed ? 23 : 19) * k);
      forEachTerm(matrix, x, k, transposed, (at, weight, value) => {
        want[at] = Math.fround(want[at] + Math.fround(weight * value));
      });
      bench.expectCopied(call(bench, matrix, x, k), want);
    }),
  };
}

/** Products of −0 alone: a sum starts from +0, so it ends there. */
function zeros(call: Call): Case {
  return {
    name: 'a_sum_of_negative_zeros_is_zero',
    runs: COLUMNS.map((k) => (bench) => {
      const matrix = { ...sparse(stream('zeros'), 5, 5, 'all'), values: new Float32Array(25).fill(-1) };
      bench.expectCopied(call(bench, matrix, new Float32Array(5 * k), k), new Float32Array(5 * k));
    }),
  };
}

/** Three rows to add up; the operand of the middle one, which has no entry, is NaN. */
const gap: Case = single('a_row_without_entries_adds_nothing', (bench) => {
  const matrix = {
    ...sparse(stream('gap'), 3, 2, 'none'),
    indptr: Int32Array.of(0, 1, 1, 2),
    indices: Int32Array.of(1, 1),
    values: Float32Array.of(2, 3),
  };
  bench.expectCopied(backward(bench, matrix, Float32Array.of(1, Number.NaN, 10), 1), [0, 32]);
});

export const spmmRowMajor: Subject = {
  example: (random) => [CSR.indptr, CSR.indices, line(random, 5), line(random, 30), line(random, 18), 3, 6],
  axes: ['samples', 'rows', 'cols', 'structure', 'values'],
  run: inEveryCell(forward, false),
  cases: [
    bits(forward, false),
    zeros(forward),
    single('a_missing_connection_never_touches_its_input', (bench) => {
      const matrix = {
        ...sparse(stream('missing'), 3, 2, 'none'),
        indptr: Int32Array.of(0, 1, 2, 2),
        indices: Int32Array.of(0, 1),
        values: Float32Array.of(2, 0),
      };
      bench.expectCopied(forward(bench, matrix, Float32Array.of(3, Number.NaN), 1), [6, Number.NaN, 0]);
    }),
  ],
};

export const spmmTRowMajor: Subject = {
  example: (random) => [
    CSR.indptr,
    CSR.indices,
    line(random, 5),
    line(random, 18),
    line(random, 30),
    3,
    5,
    6,
  ],
  axes: ['samples', 'rows', 'cols', 'structure', 'values'],
  run: inEveryCell(backward, true),
  cases: [bits(backward, true), zeros(backward), gap],
};
