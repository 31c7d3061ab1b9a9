import type { Random } from '../../../../src/base/random.ts';
import { PART, TILE } from '../../../../src/engine/abi.ts';
import { Sum, type Truth } from '../../../support/rounding.ts';
import type { Bench, Subject } from '../bench.ts';
import {
  activated,
  bitWords,
  differentiated,
  drawSlopes,
  keepsBit,
  lanesFrom,
  numbers,
  type Sparse,
  single,
  sparse,
  spoil,
  stream,
  tile,
  tileCounts,
  UNTOUCHED,
  wantedBits,
} from '../inputs.ts';
import type { Cell } from '../matrix.ts';
import { CSC, CSR, line, rows } from '../operands.ts';

/** What a lane holds that a kernel leaves alone. */
const LEFT: Truth = { value: UNTOUCHED, error: 0 };

/** A tile's truths: `add` puts the terms of one lane into the sums of its lines. */
export function tileTruths(
  lines: number,
  start: (line: number) => Sum,
  add: (sums: Sum[], b: number) => void,
): (at: number) => Truth {
  const lanes = Array.from({ length: TILE }, (_, b) => {
    const sums = Array.from({ length: lines }, (_, line) => start(line));
    add(sums, b);
    return sums.map((sum) => sum.truth());
  });
  return (at) => lanes[at % TILE][Math.floor(at / TILE)];
}

function forward(bench: Bench, { samples, rows, cols, structure, values, name }: Cell): void {
  const random = stream(`spmm ${name}`);
  const matrix = sparse(random, rows, cols, structure, values);
  const biases = numbers(random, rows, values, 'second');
  const [indptr, indices, weights, bias] = [matrix.indptr, matrix.indices, matrix.values, biases].map(
    (array) => bench.input(array).pointer,
  );
  for (const count of tileCounts(samples)) {
    const inputs = tile(random, cols, count, 0, values);
    const x = bench.input(inputs).pointer;
    const truthAt = tileTruths(
      rows,
      (i) => new Sum(biases[i]),
      (sums, b) => {
        matrix.entries.forEach(({ row, col }, p) => {
          sums[row].add(matrix.values[p] * inputs[col * TILE + b]);
        });
      },
    );
    for (const lanes of lanesFrom(count)) {
      for (const slope of drawSlopes(random, 2)) {
        const y = bench.inout(spoil(new Float32Array(rows * TILE), lanes, UNTOUCHED));
        const fires = bench.i32(rows);
        const shape = [rows, slope, lanes] as const;
        bench.kernels.spmm(indptr, indices, weights, bias, x, y.pointer, fires.pointer, ...shape);
        bench.expectClose(y, (at) => (at % TILE >= lanes ? LEFT : activated(truthAt(at), slope)));
        const left = keepsBit(slope) ? wantedBits(fires.read(), lanes, truthAt) : fires.initial;
        bench.expectCopied(fires, left);
      }
    }
  }
}

/** The transposed structure, by the definition: entries column by column, rows ascending. */
export function csc({ cols, entries }: Sparse): { colPtr: Int32Array; rowIdx: Int32Array; perm: Int32Array } {
  const columns = Array.from({ length: cols }, (): number[] => []);
  entries.forEach(({ col }, p) => {
    columns[col].push(p);
  });
  const perm = columns.flat();
  let end = 0;
  return {
    colPtr: Int32Array.from([0, ...columns.map((column) => (end += column.length))]),
    rowIdx: Int32Array.from(perm, (p) => entries[p].row),
    perm: Int32Array.from(perm),
  };
}

/** A tile of activations that tells where ReLU was open: what it lets through, what it does not, and the border. */
export function activations(random: Random, neurons: number): Float32Array {
  const special = [0, -0, -1, 1, 2 ** -149, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return Float32Array.from({ length: neurons * TILE }, () => special[random.below(special.length)]);
}

function backward(masked: boolean) {
  return (bench: Bench, { samples, rows, cols, structure, values, name }: Cell): void => {
    const random = stream(`spmmT ${name}`);
    const matrix = sparse(random, rows, cols, structure, values);
    const transposed = csc(matrix);
    const arrays = [transposed.colPtr, transposed.rowIdx, transposed.perm, matrix.values];
    const [colPtr, rowIdx, perm, weights] = arrays.map((array) => bench.input(array).pointer);
    for (const count of tileCounts(samples)) {
      const deltas = tile(random, rows, count, 0, values);
      const mask = activations(random, cols);
      const dy = bench.input(deltas).pointer;
      const truthAt = tileTruths(
        cols,
        () => new Sum(),
        (sums, b) => {
          matrix.entries.forEach(({ row, col }, p) => {
            sums[col].add(matrix.values[p] * deltas[row * TILE + b]);
          });
        },
      );
      if (masked) {
        const x = bench.input(mask).pointer;
        for (const lanes of lanesFrom(count)) {
          for (const slope of drawSlopes(random, 1)) {
            const dx = bench.inout(spoil(new Float32Array(cols * TILE), lanes, UNTOUCHED));
            const words = bitWords(random, cols);
            const csc = [colPtr, rowIdx, perm] as const;
            const tiles = [dy, x, bench.input(words).pointer, dx.pointer] as const;
            bench.kernels.spmmT(...csc, weights, ...tiles, cols, slope, lanes);
            bench.expectClose(dx, (at) => {
              const [j, b] = [Math.floor(at / TILE), at % TILE];
              return b >= lanes ? LEFT : differentiated(truthAt(at), slope, mask[at], words[j], b);
            });
          }
        }
      } else {
        const dx = bench.f32(cols * TILE);
        bench.kernels.spmmTLinear(colPtr, rowIdx, perm, weights, dy, dx.pointer, cols);
        bench.expectClose(dx, truthAt);
      }
    }
  };
}

export const spmm: Subject = {
  example: (random) => [
    CSR.indptr,
    CSR.indices,
    line(random, 5),
    line(random, 3),
    rows(random, 5),
    rows(random, 3),
    new Int32Array(3),
    3,
    -0.5,
    PART,
  ],
  axes: ['samples', 'rows', 'cols', 'structure', 'values'],
  run: forward,
  cases: [
    single('activations_keep_nan_and_infinity', (bench) => {
      const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];
      const matrix = sparse(stream('identity'), 1, 1, 'all');
      const inputs = tile(stream('special'), 1, 0);
      inputs.set([nan, infinity, -infinity, -1, 1, 2 ** -149]);
      const arrays = [matrix.indptr, matrix.indices, Float32Array.of(1), Float32Array.of(0), inputs];
      const [indptr, indices, values, bias, x] = arrays.map((array) => bench.input(array).pointer);
      const below = new Map([
        [0, [0, 0]],
        [1, [-infinity, -1]],
        [0.25, [-infinity, -0.25]],
        [-0.25, [infinity, 0.25]],
      ]);
      for (const [slope, numbers] of below) {
        const [y, fires] = [bench.f32(TILE), bench.i32(1)];
        bench.kernels.spmm(indptr, indices, values, bias, x, y.pointer, fires.pointer, 1, slope, TILE);
        const want = new Float32Array(TILE);
        want.set([nan, infinity, ...numbers, 1, 2 ** -149]);
        bench.expectExact(y, want);
        // Infinity, 1 and the smallest number are above 0. A sum of 0 and NaN are not.
        bench.expectExact(fires, keepsBit(slope) ? [0b110010] : fires.initial);
      }
    }),
    single('a_missing_connection_never_touches_its_input', (bench) => {
      // Two inputs, the second NaN; connected to the first, to the second by a weight of 0, and to none.
      const inputs = new Float32Array(2 * TILE).fill(3, 0, TILE).fill(Number.NaN, TILE);
      const arrays = [
        Int32Array.of(0, 1, 2, 2),
        Int32Array.of(0, 1),
        Float32Array.of(2, 0),
        Float32Array.of(1, 1, 1),
        inputs,
      ];
      const [indptr, indices, values, bias, x] = arrays.map((array) => bench.input(array).pointer);
      const y = bench.f32(3 * TILE);
      bench.kernels.spmm(indptr, indices, values, bias, x, y.pointer, 0, 3, 1, TILE);
      bench.expectExact(
        y,
        Float32Array.from({ length: 3 * TILE }, (_, at) => [7, Number.NaN, 1][Math.floor(at / TILE)]),
      );
    }),
  ],
};

export const spmmT: Subject = {
  example: (random) => [
    CSC.colPtr,
    CSC.rowIdx,
    CSC.perm,
    line(random, 5),
    rows(random, 3),
    rows(random, 5),
    bitWords(random, 5),
    rows(random, 5),
    5,
    -0.5,
    PART,
  ],
  axes: ['samples', 'rows', 'cols', 'structure', 'values'],
  run: backward(true),
  cases: [],
};

export const spmmTLinear: Subject = {
  example: (random) => [
    CSC.colPtr,
    CSC.rowIdx,
    CSC.perm,
    line(random, 5),
    rows(random, 3),
    rows(random, 5),
    5,
  ],
  axes: ['samples', 'rows', 'cols', 'structure', 'values'],
  run: backward(false),
  cases: [],
};
