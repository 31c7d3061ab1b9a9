import type { Bench, Case } from '../bench.ts';
import { numbers, type Sparse, single, sizeCases, sparseCases, stream, TILE, tile } from '../inputs.ts';

/** What a handful of float64 roundings and the last one to float32 may err on numbers up to 1. */
const BOUND = 2 ** -24 + 2 ** -49;

export const squaredNorms: Case[] = [
  ...sizeCases((bench, n, tiles) => {
    const random = stream(`squaredNorms ${n} ${tiles}`);
    const before = Float64Array.from(numbers(random, n), (value) => value + 1);
    const want = before.slice();
    const sumsOf = bench.inout(before);
    const listOf = bench.input(Int32Array.from({ length: n }, (_, e) => n - 1 - e));
    for (let t = 0; t < tiles; t++) {
      const activations = tile(random, n, TILE);
      activations.forEach((value, at) => {
        want[Math.floor(at / TILE)] += value * value;
      });
      bench.kernels.squaredNorms(bench.input(activations).pointer, listOf.pointer, n, sumsOf.pointer);
    }
    // Squares of float32 numbers are exact in float64: only the additions round, here and in the kernel.
    bench.expectClose(sumsOf, want, (i) => 2 * (TILE * tiles + 1) * 2 ** -53 * want[i]);
  }),
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
];

function cosine(dot: number, a: number, b: number): number {
  if (!(a > 0 && b > 0)) return 0;
  const quotient = dot / Math.sqrt(a * b);
  return Number.isNaN(quotient) ? 0 : Math.max(-1, Math.min(1, quotient));
}

/** Squared norms, every fifth of them 0. */
function norms(name: string, n: number): Float64Array {
  return Float64Array.from(numbers(stream(name), n), (value, i) => (i % 5 === 3 ? 0 : 1 + value));
}

function block(bench: Bench, outDim: number, inDim: number): void {
  const before = numbers(stream(`cosineBlock ${outDim} ${inDim}`), outDim * inDim);
  const [outs, ins] = [norms(`outs ${outDim}`, outDim), norms(`ins ${inDim}`, inDim)];
  const dots = bench.inout(before);
  const [outSums, inSums] = [bench.input(outs), bench.input(ins)];
  bench.kernels.cosineBlock(dots.pointer, outSums.pointer, inSums.pointer, outDim, inDim);
  bench.expectClose(
    dots,
    Float64Array.from(before, (dot, at) => cosine(dot, outs[Math.floor(at / inDim)], ins[at % inDim])),
    () => BOUND,
  );
}

function pairs(bench: Bench, { rows, cols, indptr, indices, values, entries }: Sparse): void {
  const [outs, ins] = [norms(`outs ${rows}`, rows), norms(`ins ${cols}`, cols)];
  const dots = bench.inout(values);
  const [offsets, columns] = [bench.input(indptr), bench.input(indices)];
  const [outSums, inSums] = [bench.input(outs), bench.input(ins)];
  bench.kernels.cosinePairs(
    offsets.pointer,
    columns.pointer,
    dots.pointer,
    outSums.pointer,
    inSums.pointer,
    rows,
  );
  bench.expectClose(
    dots,
    Float64Array.from(entries, ({ row, col }, p) => cosine(values[p], outs[row], ins[col])),
    () => BOUND,
  );
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
  { dot: 0.5, a: 2 ** 400, b: 2 ** -400, want: 0.5 },
  { dot: -0.5, a: 2 ** 800, b: 2 ** -800, want: -0.5 },
];

export const cosineBlock: Case[] = [
  ...sizeCases(block),
  {
    name: 'edges',
    runs: EDGES.map(({ dot, a, b, want }) => (bench) => {
      const dots = bench.inout(Float32Array.of(dot));
      const [outSum, inSum] = [bench.input(Float64Array.of(a)), bench.input(Float64Array.of(b))];
      bench.kernels.cosineBlock(dots.pointer, outSum.pointer, inSum.pointer, 1, 1);
      bench.expectExact(dots, [want]);
    }),
  },
];

export const cosinePairs: Case[] = [
  ...sparseCases(pairs),
  {
    name: 'edges',
    runs: EDGES.map(({ dot, a, b, want }) => (bench) => {
      const dots = bench.inout(Float32Array.of(dot));
      const indptr = bench.input(Int32Array.of(0, 1));
      const indices = bench.input(Int32Array.of(0));
      const [outSum, inSum] = [bench.input(Float64Array.of(a)), bench.input(Float64Array.of(b))];
      bench.kernels.cosinePairs(
        indptr.pointer,
        indices.pointer,
        dots.pointer,
        outSum.pointer,
        inSum.pointer,
        1,
      );
      bench.expectExact(dots, [want]);
    }),
  },
];
