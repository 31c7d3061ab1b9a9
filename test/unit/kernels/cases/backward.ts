import type { Random } from '../../../../src/base/random.ts';
import { PART, TILE } from '../../../../src/engine/abi.ts';
import { Sum, type Truth } from '../../../support/rounding.ts';
import type { Bench, Subject } from '../bench.ts';
import {
  bitWords,
  differentiated,
  drawSlopes,
  lanesFrom,
  numbers,
  SLOPES,
  type Sparse,
  single,
  sparse,
  spoil,
  stream,
  tile,
  tileCounts,
  type Values,
} from '../inputs.ts';
import type { Cell } from '../matrix.ts';
import { CSC, line, rows } from '../operands.ts';
import { csc, tileTruths } from './spmm.ts';

const NOTHING: Truth = { value: 0, error: 0 };

/** Activations as ReLU leaves them. Every third neuron fires for no sample, and one in five for the last. */
function fired(random: Random, neurons: number, count: number, values: Values): Float32Array {
  return tile(random, neurons, count, 0, values).map((value, at) => {
    const [j, b] = [Math.floor(at / TILE), at % TILE];
    if (j % 3 === 2 || (j % 5 === 1 && b < count - 1)) return 0;
    return Number.isNaN(value) ? value : Math.max(value, 0);
  });
}

/** Whether a neuron's input is other than 0 in one of the lanes. */
function fires(x: Float32Array, j: number, lanes: number): boolean {
  return x.subarray(j * TILE, j * TILE + lanes).some((value) => value !== 0);
}

/** Both kernels, tile after tile; `run` calls one. */
function gradients(
  bench: Bench,
  { samples, rows, cols, structure, values, name }: Cell,
  drawSlope: (random: Random) => number,
  run: (operands: {
    readonly matrix: Sparse;
    readonly colPtr: number;
    readonly rowIdx: number;
    readonly perm: number;
    readonly dy: number;
    readonly x: number;
    readonly dW: number;
    readonly accumulate: boolean;
    readonly lanes: number;
    readonly slope: number;
    readonly deltas: Float32Array;
    readonly inputs: Float32Array;
  }) => void,
): void {
  for (const accumulate of [false, true]) {
    const random = stream(`backward ${name}`);
    const matrix = sparse(random, rows, cols, structure, values);
    const before = numbers(random, matrix.entries.length, values);
    const dW = accumulate ? bench.inout(before) : bench.f32(matrix.entries.length);
    const sums = Array.from(before, (value) => new Sum(accumulate ? value : undefined));
    const transposed = csc(matrix);
    const [colPtr, rowIdx, perm] = [transposed.colPtr, transposed.rowIdx, transposed.perm].map(
      (array) => bench.input(array).pointer,
    );
    tileCounts(samples).forEach((count, t) => {
      const lanes = lanesFrom(count)[t % lanesFrom(count).length];
      const slope = drawSlope(random);
      // What lies beyond the lanes asked for is never read.
      const deltas = spoil(tile(random, rows, count, 0, values, 'first'), lanes);
      const inputs = spoil(fired(random, cols, count, values), lanes);
      matrix.entries.forEach(({ row, col }, p) => {
        if (slope === 0 && !fires(inputs, col, lanes)) return;
        for (let b = 0; b < count; b++) sums[p].add(deltas[row * TILE + b] * inputs[col * TILE + b]);
      });
      const [dy, x] = [bench.input(deltas).pointer, bench.input(inputs).pointer];
      run({
        ...{ matrix, colPtr, rowIdx, perm, dy, x, dW: dW.pointer, lanes, slope, deltas, inputs },
        accumulate: accumulate || t > 0,
      });
    });
    const truths = sums.map((sum) => sum.truth());
    bench.expectClose(dW, (p) => truths[p]);
  }
}

/** A layer of 40 inputs, which have from no connection to 11 each, and its tiles; some inputs never fire. */
function unevenLayer(bench: Bench) {
  const [inDim, outDim] = [40, 11];
  const random = stream('uneven layer');
  const full = sparse(random, outDim, inDim, 'all');
  const kept = full.entries.flatMap(({ row, col }, p) => ((row * 7 + col) % 12 < col % 12 ? [p] : []));
  const entries = kept.map((p) => full.entries[p]);
  const matrix = { ...full, entries, values: Float32Array.from(kept, (p) => full.values[p]) };
  const indptr = Int32Array.from(
    { length: outDim + 1 },
    (_, i) => entries.filter(({ row }) => row < i).length,
  );
  const pointers = (arrays: readonly (Float32Array | Int32Array)[]) =>
    arrays.map((array) => bench.input(array).pointer);
  const { colPtr, rowIdx, perm } = csc(matrix);
  return {
    ...{ inDim, outDim, nnz: entries.length },
    csc: pointers([colPtr, rowIdx, perm]),
    csr: pointers([indptr, Int32Array.from(entries, ({ col }) => col)]),
    values: bench.input(matrix.values).pointer,
    dy: bench.input(tile(random, outDim, TILE)).pointer,
    x: bench.input(fired(random, inDim, TILE, 'signed')).pointer,
  };
}

export const backward: Subject = {
  example: (random) => [
    CSC.colPtr,
    CSC.rowIdx,
    CSC.perm,
    line(random, 5),
    rows(random, 3),
    rows(random, 5).map((row, j) => row.map((value) => (j === 1 ? 0 : value))),
    bitWords(random, 5),
    rows(random, 5),
    line(random, 5),
    5,
    0.25,
    true,
    PART,
  ],
  axes: ['samples', 'rows', 'cols', 'structure', 'values'],
  run(bench, cell) {
    const { cols, name } = cell;
    const random = stream(`backward bits ${name}`);
    const drawOne = (drawn: Random): number => drawSlopes(drawn, 1)[0];
    gradients(
      bench,
      cell,
      drawOne,
      ({ matrix, colPtr, rowIdx, perm, dy, x, dW, slope, accumulate, lanes, deltas, inputs }) => {
        const dx = bench.f32(cols * TILE);
        const words = bitWords(random, cols);
        const values = bench.input(matrix.values).pointer;
        bench.kernels.backward(
          ...([colPtr, rowIdx, perm, values, dy, x, bench.input(words).pointer, dx.pointer, dW] as const),
          ...([cols, slope, accumulate, lanes] as const),
        );
        const truthAt = tileTruths(
          cols,
          () => new Sum(),
          (sums, b) => {
            matrix.entries.forEach(({ row, col }, p) => {
              sums[col].add(matrix.values[p] * deltas[row * TILE + b]);
            });
          },
        );
        bench.expectClose(dx, (at) => {
          const [j, b] = [Math.floor(at / TILE), at % TILE];
          return b >= lanes ? NOTHING : differentiated(truthAt(at), slope, inputs[at], words[j], b);
        });
      },
    );
  },
  cases: [
    single('same_bits_as_spmmT_and_sddmm', (bench) => {
      const { kernels } = bench;
      const { inDim, outDim, nnz, csc, csr, values, dy, x } = unevenLayer(bench);
      const [colPtr, rowIdx, perm] = csc;
      const fires = bench.input(bitWords(stream('uneven bits'), inDim)).pointer;
      for (const lanes of [PART, 2 * PART, TILE]) {
        const [dx, dW] = [bench.inout(new Float32Array(inDim * TILE)), bench.f32(nnz)];
        const [wantedDx, wantedDW] = [bench.inout(new Float32Array(inDim * TILE)), bench.f32(nnz)];
        for (const [e, accumulate] of [false, true, true, true].entries()) {
          const slope = SLOPES[e];
          const shared = [colPtr, rowIdx, perm, values, dy, x, fires] as const;
          kernels.spmmT(...shared, wantedDx.pointer, inDim, slope, lanes);
          kernels.sddmm(csr[0], csr[1], dy, x, wantedDW.pointer, outDim, accumulate, lanes);
          const wanted = [wantedDx.read(), wantedDW.read()];
          kernels.backward(...shared, dx.pointer, dW.pointer, inDim, slope, accumulate, lanes);
          // An input without a connection is 0 here, and there 0 times the slope: the signs may differ.
          bench.expectExact(dx, wanted[0]);
          bench.expectCopied(dW, wanted[1]);
        }
      }
    }),
    single('a_silent_neuron_hides_what_is_not_finite', (bench) => {
      // Two inputs with one connection each, to the same output: only the second fires.
      const deltas = new Float32Array(TILE).fill(Number.NaN, 0, 1).fill(Number.POSITIVE_INFINITY, 1, 2);
      const inputs = new Float32Array(2 * TILE).fill(1, TILE);
      const arrays = [
        Int32Array.of(0, 1, 2),
        Int32Array.of(0, 0),
        Int32Array.of(0, 1),
        Float32Array.of(1, 1),
      ];
      const [colPtr, rowIdx, perm, values] = arrays.map((array) => bench.input(array).pointer);
      const [dy, x] = [bench.input(deltas).pointer, bench.input(inputs).pointer];
      const [dx, dW] = [bench.f32(2 * TILE), bench.f32(2)];
      const shared = [colPtr, rowIdx, perm, values, dy, x, 0, dx.pointer, dW.pointer, 2] as const;
      bench.kernels.backward(...shared, 0, false, TILE);
      bench.expectExact(dx, [...new Float32Array(TILE), ...deltas]);
      bench.expectExact(dW, [0, Number.NaN]);
    }),
  ],
};

export const weightGradient: Subject = {
  example: (random) => [
    CSC.colPtr,
    CSC.rowIdx,
    CSC.perm,
    rows(random, 3),
    rows(random, 5).map((row, j) => row.map((value) => (j === 1 ? 0 : value))),
    line(random, 5),
    5,
    false,
    2 * PART,
  ],
  axes: ['samples', 'rows', 'cols', 'structure', 'values'],
  run(bench, cell) {
    gradients(
      bench,
      cell,
      () => 0,
      ({ colPtr, rowIdx, perm, dy, x, dW, accumulate, lanes }) => {
        bench.kernels.weightGradient(colPtr, rowIdx, perm, dy, x, dW, cell.cols, accumulate, lanes);
      },
    );
  },
  cases: [
    single('same_bits_as_sddmm', (bench) => {
      const { kernels } = bench;
      const { inDim, outDim, nnz, csc, csr, dy, x } = unevenLayer(bench);
      for (const lanes of [PART, 2 * PART, TILE]) {
        const [dW, wantedDW] = [bench.f32(nnz), bench.f32(nnz)];
        for (const accumulate of [false, true]) {
          kernels.sddmm(csr[0], csr[1], dy, x, wantedDW.pointer, outDim, accumulate, lanes);
          const wanted = wantedDW.read();
          kernels.weightGradient(csc[0], csc[1], csc[2], dy, x, dW.pointer, inDim, accumulate, lanes);
          bench.expectCopied(dW, wanted);
        }
      }
    }),
  ],
};
