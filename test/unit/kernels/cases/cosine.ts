import { TILE } from '../../../../src/engine/abi.ts';
import type { Truth } from '../../../support/rounding.ts';
import type { Bench, Case, Subject } from '../bench.ts';
import { numbers, shuffled, single, sparse, stream, tile, tileCounts } from '../inputs.ts';
import type { Cell } from '../matrix.ts';
import { CSR, line, rows } from '../operands.ts';

export const squaredNorms: Subject = {
  example: (random) => [rows(random, 4), Int32Array.of(3, 1), 2, Float64Array.of(1, 2, 3, 4)],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows: n, values, name }) {
    const random = stream(`squaredNorms ${name}`);
    const before = Float64Array.from(numbers(random, n), (value) => value + 1);
    const want = before.slice();
    const sumsOf = bench.inout(before);
    const listOf = bench.input(shuffled(random, n));
    for (const count of tileCounts(samples)) {
      const activations = tile(random, n, count, 0, values);
      activations.forEach((value, at) => {
        want[Math.floor(at / TILE)] += value * value;
      });
      bench.kernels.squaredNorms(bench.input(activations).pointer, listOf.pointer, n, sumsOf.pointer);
    }
    // Squares of float32 numbers are exact in float64: only the additions round, here and in the kernel.
    bench.expectClose(sumsOf, (i) => ({ value: want[i], error: 2 * (samples + 2) * 2 ** -53 * want[i] }));
  },
  cases: [
    single('no_overflow', (bench) => {
      const activations = new Float32Array(TILE).fill(2 ** 127);
      const sumsOf = bench.inout(new Float64Array(1));
      const listOf = bench.input(Int32Array.of(0));
      bench.kernels.squaredNorms(bench.input(activations).pointer, listOf.pointer, 1, sumsOf.pointer);
      bench.expectExact(sumsOf, [TILE * 2 ** 254]);
    }),
    single('only_listed_neurons', (bench) => {
      const activations = Float32Array.from({ length: 5 * TILE }, (_, at) =>
        Math.floor(at / TILE) === 3 ? 0 : 2,
      );
      const sumsOf = bench.inout(Float64Array.of(1, 2, 3, 4, 5));
      const listOf = bench.input(Int32Array.of(4, 1, 3));
      bench.kernels.squaredNorms(bench.input(activations).pointer, listOf.pointer, 3, sumsOf.pointer);
      bench.expectExact(sumsOf, [1, 2 + 4 * TILE, 3, 4, 5 + 4 * TILE]);
    }),
    {
      // A silent neuron is passed over; one that fires in a single lane, whichever, is not.
      name: 'one_lane',
      runs: Array.from({ length: TILE }, (_, b) => (bench: Bench) => {
        const activations = new Float32Array(TILE);
        activations[b] = -3;
        const sumsOf = bench.inout(Float64Array.of(1));
        const listOf = bench.input(Int32Array.of(0));
        bench.kernels.squaredNorms(bench.input(activations).pointer, listOf.pointer, 1, sumsOf.pointer);
        bench.expectExact(sumsOf, [10]);
      }),
    },
  ],
};

/** Rounded once to float32, after a handful of float64 roundings. */
function cosine(dot: number, a: number, b: number): Truth {
  if (!(a > 0 && b > 0)) return { value: 0, error: 0 };
  const quotient = dot / (Math.sqrt(a) * Math.sqrt(b));
  if (Number.isNaN(quotient)) return { value: 0, error: 0 };
  const value = Math.max(-1, Math.min(1, quotient));
  return { value, error: (2 ** -24 + 2 ** -49) * Math.abs(value) + 2 ** -149 };
}

/** Squared norms, every fifth of them 0. */
function norms(cell: Cell, n: number, name: string): Float64Array {
  const lengths = numbers(stream(`${name} ${cell.name}`), n, cell.values);
  return Float64Array.from(lengths, (value, i) => (i % 5 === 3 ? 0 : value * value));
}

const INFINITY = Number.POSITIVE_INFINITY;
/** Inner products and squared norms at the edge, and the cosines they have to give. */
const EDGES: readonly {
  readonly dot: number;
  readonly a: number;
  readonly b: number;
  readonly want: number;
}[] = [
  { dot: 1.0000001, a: 1, b: 1, want: 1 },
  { dot: -1.0000001, a: 1, b: 1, want: -1 },
  { dot: INFINITY, a: 1, b: 1, want: 1 },
  { dot: -INFINITY, a: 1, b: 1, want: -1 },
  { dot: Number.NaN, a: 1, b: 1, want: 0 },
  { dot: 1, a: 0, b: 1, want: 0 },
  { dot: 1, a: 1, b: 0, want: 0 },
  { dot: 1, a: Number.NaN, b: 1, want: 0 },
  { dot: 1, a: 1, b: Number.NaN, want: 0 },
  { dot: 1, a: INFINITY, b: 1, want: 0 },
  { dot: INFINITY, a: INFINITY, b: 1, want: 0 },
  { dot: 0.5, a: 2 ** 400, b: 2 ** -400, want: 0.5 },
  { dot: -0.5, a: 2 ** 800, b: 2 ** -800, want: -0.5 },
];

/** Every edge on one pair. */
function edges(call: (bench: Bench, dots: number, outSums: number, inSums: number) => void): Case {
  return {
    name: 'edges',
    runs: EDGES.map(({ dot, a, b, want }) => (bench) => {
      const dots = bench.inout(Float32Array.of(dot));
      const [outSum, inSum] = [bench.input(Float64Array.of(a)), bench.input(Float64Array.of(b))];
      call(bench, dots.pointer, outSum.pointer, inSum.pointer);
      bench.expectExact(dots, [want]);
    }),
  };
}

export const cosineBlock: Subject = {
  example: (random) => [line(random, 10), Float64Array.of(2, 3), Float64Array.of(2, 0, 4, 1, 3), 2, 5],
  axes: ['rows', 'cols', 'values'],
  run(bench, cell) {
    const { rows, cols, values, name } = cell;
    const before = numbers(stream(`cosineBlock ${name}`), rows * cols, values);
    const [outs, ins] = [norms(cell, rows, 'outs'), norms(cell, cols, 'ins')];
    const dots = bench.inout(before);
    const [outNorms, inNorms] = [outs, ins].map((sums) => bench.input(sums.map(Math.sqrt)).pointer);
    bench.kernels.cosineBlock(dots.pointer, outNorms, inNorms, rows, cols);
    bench.expectClose(dots, (at) => cosine(before[at], outs[Math.floor(at / cols)], ins[at % cols]));
  },
  cases: [
    // Widths with and without a tail; every lane of a block of four.
    {
      name: 'edges',
      runs: [1, 4, 6].map((cols) => (bench: Bench) => {
        for (const { dot, a, b, want } of EDGES) {
          const dots = bench.inout(new Float32Array(cols).fill(dot));
          const outNorms = bench.input(Float64Array.of(Math.sqrt(a)));
          const inNorms = bench.input(new Float64Array(cols).fill(Math.sqrt(b)));
          bench.kernels.cosineBlock(dots.pointer, outNorms.pointer, inNorms.pointer, 1, cols);
          bench.expectExact(dots, new Float32Array(cols).fill(want));
        }
      }),
    },
    {
      // A row and a column without length between others: neither spoils its neighbours.
      name: 'silent_neighbours',
      runs: Array.from({ length: 7 }, (_, silent) => (bench: Bench) => {
        const ins = Float64Array.from({ length: 7 }, (_, j) => (j === silent ? 0 : 2 ** j));
        const dots = bench.inout(new Float32Array(21).fill(1));
        const outNorms = bench.input(Float64Array.of(2, 0, 4)).pointer;
        bench.kernels.cosineBlock(dots.pointer, outNorms, bench.input(ins).pointer, 3, 7);
        bench.expectExact(
          dots,
          [2, 0, 4].flatMap((a) => Array.from(ins, (b) => (a * b > 0 ? Math.min(1, 1 / (a * b)) : 0))),
        );
      }),
    },
  ],
};

export const cosinePairs: Subject = {
  example: (random) => [
    CSR.indptr,
    CSR.indices,
    line(random, 5),
    Float64Array.of(4, 9, 25),
    Float64Array.of(4, 0, 1, 16, 1),
    3,
  ],
  axes: ['rows', 'cols', 'structure', 'values'],
  run(bench, cell) {
    const { rows, cols, structure, values, name } = cell;
    const pairs = sparse(stream(`cosinePairs ${name}`), rows, cols, structure, values);
    const [outs, ins] = [norms(cell, rows, 'outs'), norms(cell, cols, 'ins')];
    const dots = bench.inout(pairs.values);
    const [indptr, indices, outSums, inSums] = [pairs.indptr, pairs.indices, outs, ins].map(
      (array) => bench.input(array).pointer,
    );
    bench.kernels.cosinePairs(indptr, indices, dots.pointer, outSums, inSums, rows);
    bench.expectClose(dots, (p) => {
      const { row, col } = pairs.entries[p];
      return cosine(pairs.values[p], outs[row], ins[col]);
    });
  },
  cases: [
    edges((bench, dots, outSums, inSums) => {
      const indptr = bench.input(Int32Array.of(0, 1)).pointer;
      const indices = bench.input(Int32Array.of(0)).pointer;
      bench.kernels.cosinePairs(indptr, indices, dots, outSums, inSums, 1);
    }),
  ],
};
