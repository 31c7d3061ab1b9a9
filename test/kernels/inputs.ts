import { type Random, randomStream } from '../../src/random.ts';
import type { Bench, Case } from './bench.ts';

export const TILE = 32;

/** Half the distance of neighbouring float32 numbers at 1: the most one operation's rounding errs, relatively. */
const UNIT = 2 ** -24;

/**
 * γ_n = n·u / (1 − n·u), the most that n roundings in a row err, relatively (Higham 2002, §3.1). One more than asked,
 * for the rounding of the truth itself in float64.
 */
export function gamma(operations: number): number {
  const error = (operations + 1) * UNIT;
  return error / (1 - error);
}

/** A sum of products in float64, and what its evaluation in float32 in any order may err. */
export class Sum {
  value = 0;
  #magnitude = 0;
  #terms = 0;

  add(term: number): void {
    this.value += term;
    this.#magnitude += Math.abs(term);
    this.#terms++;
  }

  /** A term passes its own multiplication and no more additions than there are terms. */
  get bound(): number {
    return gamma(this.#terms + 1) * this.#magnitude;
  }
}

/** Every element's truth and bound, from one sum each. */
export function sums(
  n: number,
  sumOf: (at: number) => Sum,
): { want: Float64Array; bound: (at: number) => number } {
  const want = new Float64Array(n);
  const bounds = new Float64Array(n);
  for (let at = 0; at < n; at++) {
    const sum = sumOf(at);
    want[at] = sum.value;
    bounds[at] = sum.bound;
  }
  return { want, bound: (at) => bounds[at] };
}

/** Numbers of samples by what they are to a tile. */
export const SAMPLES: Readonly<Record<string, readonly number[]>> = {
  one_sample: [1],
  samples_lt_tile: [2, 3, 4, 5, 7, 8, 15, 16, 17, 31],
  samples_eq_tile: [32],
  samples_gt_tile: [33, 63, 64, 65, 129],
};

export const SIZES: readonly number[] = [1, 2, 3, 17, 64];

export function stream(name: string): Random {
  return randomStream('kernels', name);
}

/** n numbers from −1 to 1. */
export function numbers(random: Random, n: number): Float32Array {
  return Float32Array.from({ length: n }, () => 2 * random.next() - 1);
}

/** 0 … n − 1 shuffled. */
export function shuffled(random: Random, n: number): Int32Array {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  random.shuffle(order);
  return order;
}

/** [n][32] numbers, `filler` in the lanes from `count` on. */
export function tile(random: Random, n: number, count: number, filler = 0): Float32Array {
  return numbers(random, n * TILE).map((value, at) => (at % TILE < count ? value : filler));
}

/** The tiles that so many samples fill: the numbers of samples in each. */
export function tileCounts(samples: number): number[] {
  return Array.from({ length: Math.ceil(samples / TILE) }, (_, t) => Math.min(TILE, samples - t * TILE));
}

/** The tile with NaN in every lane from `lanes` on. */
export function spoil(values: Float32Array, lanes: number): Float32Array {
  return values.map((value, at) => (at % TILE < lanes ? value : Number.NaN));
}

/** A CSR matrix in plain arrays; `entries` is the same as a list. */
export interface Sparse {
  readonly rows: number;
  readonly cols: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float32Array;
  readonly entries: readonly { readonly row: number; readonly col: number }[];
}

/** A random matrix whose row r has each entry with probability `density(r)`. */
export function sparse(random: Random, rows: number, cols: number, density: (row: number) => number): Sparse {
  const entries: { row: number; col: number }[] = [];
  const indptr = [0];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) if (random.next() < density(row)) entries.push({ row, col });
    indptr.push(entries.length);
  }
  return {
    rows,
    cols,
    indptr: Int32Array.from(indptr),
    indices: Int32Array.from(entries, ({ col }) => col),
    values: numbers(random, entries.length),
    entries,
  };
}

/** The matrix's sums by row, or by column: `sumsBy('row', p => …)` adds the term of every entry p to its row's sum. */
export function addByEntry(
  { rows, cols, entries }: Sparse,
  by: 'row' | 'col',
  start: (line: number) => Sum,
  term: (entry: number) => number,
): Sum[] {
  const lines = Array.from({ length: by === 'row' ? rows : cols }, (_, line) => start(line));
  entries.forEach((entry, p) => {
    lines[entry[by]].add(term(p));
  });
  return lines;
}

/** The structures a kernel over a sparse matrix is run on, by condition. */
function structures(): [name: string, matrices: Sparse[]][] {
  const random = stream('structures');
  const grid = (density: (row: number) => number, sizes = SIZES): Sparse[] =>
    sizes.flatMap((rows) => sizes.map((cols) => sparse(random, rows, cols, density)));
  return [
    ['no_connection', grid(() => 0)],
    ['density_0.01', grid(() => 0.01)],
    ['density_0.1', grid(() => 0.1)],
    ['density_0.5', grid(() => 0.5)],
    ['density_1', grid(() => 1)],
    ['empty_row', grid((row) => (row % 3 === 0 ? 0 : 0.5), [1, 2, 4, 17])],
    ['dense_row', grid((row) => (row === 1 ? 1 : 0.05), [2, 17, 64])],
    [
      'one_neuron',
      [sparse(random, 1, 1, () => 1), sparse(random, 1, 64, () => 0.5), sparse(random, 64, 1, () => 0.5)],
    ],
  ];
}

/** The cases of a kernel over a sparse matrix and samples: every structure, and every number of samples. */
export function sparseCases(run: (bench: Bench, matrix: Sparse, samples: number) => void): Case[] {
  const random = stream('sparse cases');
  const few = [
    sparse(random, 3, 2, () => 1),
    sparse(random, 17, 64, () => 0.1),
    sparse(random, 64, 17, () => 0.5),
  ];
  return [
    ...structures().map(([name, matrices]) => ({
      name,
      runs: matrices.map((matrix) => (bench: Bench) => run(bench, matrix, 37)),
    })),
    ...sampleCases((bench, samples) => {
      for (const matrix of few) run(bench, matrix, samples);
    }),
  ];
}

/** The cases of a kernel over two sizes. */
export function sizeCases(run: (bench: Bench, outDim: number, inDim: number) => void): Case[] {
  const condition = (name: string, pairs: readonly (readonly [number, number])[]): Case => ({
    name,
    runs: pairs.map(
      ([outDim, inDim]) =>
        (bench) =>
          run(bench, outDim, inDim),
    ),
  });
  const odd = [4, 5, 6, 7, 8, 9];
  return [
    condition('one_neuron', [[1, 1]]),
    condition(
      'all_sizes',
      SIZES.flatMap((outDim) => SIZES.map((inDim) => [outDim, inDim] as const)),
    ),
    condition(
      'around_the_block',
      odd.flatMap((outDim) => odd.map((inDim) => [outDim, inDim] as const)),
    ),
  ];
}

/** The cases of a kernel over samples. */
export function sampleCases(run: (bench: Bench, samples: number) => void): Case[] {
  return Object.entries(SAMPLES).map(([name, list]) => ({
    name,
    runs: list.map((samples) => (bench: Bench) => run(bench, samples)),
  }));
}

/** A case of one run. */
export function single(name: string, run: (bench: Bench) => void): Case {
  return { name, runs: [run] };
}
