import { lanesFor } from '../../../src/nn/mlp.ts';
import type { Bench, Case } from '../bench.ts';
import {
  addByEntry,
  numbers,
  type Sparse,
  Sum,
  single,
  sparse,
  sparseCases,
  spoil,
  stream,
  sums,
  TILE,
  tile,
  tileCounts,
} from '../inputs.ts';

/** A tile's truth from the sums of every lane: element [line][b] is line's sum in lane b. */
function tileSums(lines: number, lane: (b: number) => Sum[]): ReturnType<typeof sums> {
  const lanes = Array.from({ length: TILE }, (_, b) => lane(b));
  return sums(lines * TILE, (at) => lanes[at % TILE][Math.floor(at / TILE)]);
}

function forward(bench: Bench, matrix: Sparse, samples: number): void {
  const { rows, cols, indptr, indices, values } = matrix;
  const random = stream(`spmm ${rows} ${cols} ${samples}`);
  const biases = numbers(random, rows);
  const [offsets, columns, weights] = [bench.input(indptr), bench.input(indices), bench.input(values)];
  const bias = bench.input(biases);
  for (const count of tileCounts(samples)) {
    const activations = tile(random, cols, count);
    const x = bench.input(activations);
    const { want, bound } = tileSums(rows, (b) =>
      addByEntry(
        matrix,
        'row',
        (i) => sumFrom(biases[i]),
        (p) => values[p] * activations[indices[p] * TILE + b],
      ),
    );
    for (const relu of [false, true]) {
      const lanes = lanesFor(count);
      const y = bench.inout(spoil(new Float32Array(rows * TILE), lanes));
      bench.kernels.spmm(
        offsets.pointer,
        columns.pointer,
        weights.pointer,
        bias.pointer,
        x.pointer,
        y.pointer,
        rows,
        relu,
        lanes,
      );
      // What lies beyond the lanes asked for stays as it was.
      const truth = want.map((sum, at) => (at % TILE < lanes ? (relu ? Math.max(sum, 0) : sum) : Number.NaN));
      bench.expectClose(y, truth, bound);
    }
  }
}

function sumFrom(start: number): Sum {
  const sum = new Sum();
  sum.add(start);
  return sum;
}

/** The transposed structure, by the definition: entries column by column, rows ascending. */
function csc({ cols, entries }: Sparse): { colPtr: Int32Array; rowIdx: Int32Array; perm: Int32Array } {
  const perm: number[] = [];
  const colPtr = [0];
  for (let j = 0; j < cols; j++) {
    entries.forEach(({ col }, p) => {
      if (col === j) perm.push(p);
    });
    colPtr.push(perm.length);
  }
  return {
    colPtr: Int32Array.from(colPtr),
    rowIdx: Int32Array.from(perm, (p) => entries[p].row),
    perm: Int32Array.from(perm),
  };
}

/** A mask of activations: what ReLU lets through, what it does not, and the border. */
function activations(cols: number, name: string): Float32Array {
  const special = [0, -0, -1, 1, 2 ** -149, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const random = stream(name);
  return Float32Array.from({ length: cols * TILE }, () => special[random.below(special.length)]);
}

function backward(masked: boolean) {
  return (bench: Bench, matrix: Sparse, samples: number): void => {
    const { rows, cols, values, entries } = matrix;
    const random = stream(`spmmT ${rows} ${cols} ${samples}`);
    const { colPtr, rowIdx, perm } = csc(matrix);
    const offsets = bench.input(colPtr);
    const [neurons, positions, weights] = [bench.input(rowIdx), bench.input(perm), bench.input(values)];
    for (const count of tileCounts(samples)) {
      const deltas = tile(random, rows, count);
      const mask = activations(cols, `mask ${cols} ${count}`);
      const dy = bench.input(deltas);
      const { want, bound } = tileSums(cols, (b) =>
        addByEntry(
          matrix,
          'col',
          () => new Sum(),
          (p) => values[p] * deltas[entries[p].row * TILE + b],
        ),
      );
      const structure = [offsets.pointer, neurons.pointer, positions.pointer, weights.pointer] as const;
      if (masked) {
        const lanes = lanesFor(count);
        const some = bench.inout(spoil(new Float32Array(cols * TILE), lanes));
        bench.kernels.spmmT(...structure, dy.pointer, bench.input(mask).pointer, some.pointer, cols, lanes);
        bench.expectClose(
          some,
          want.map((sum, at) => (at % TILE >= lanes ? Number.NaN : mask[at] > 0 ? sum : 0)),
          (at) => (mask[at] > 0 ? bound(at) : 0),
        );
      } else {
        const dx = bench.f32(cols * TILE);
        bench.kernels.spmmTLinear(...structure, dy.pointer, dx.pointer, cols);
        bench.expectClose(dx, want, bound);
      }
    }
  };
}

export const spmm: Case[] = [
  ...sparseCases(forward),
  single('relu_keeps_nan_and_infinity', (bench) => {
    const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY];
    const matrix = sparse(stream('identity'), 1, 1, () => 1);
    const x = tile(stream('special'), 1, 0);
    x.set([nan, infinity, -infinity, -1, 1]);
    const pointers = [matrix.indptr, matrix.indices, Float32Array.of(1), Float32Array.of(0), x].map(
      (array) => bench.input(array).pointer,
    );
    const y = bench.f32(TILE);
    const [indptr, indices, values, bias, activation] = pointers;
    bench.kernels.spmm(indptr, indices, values, bias, activation, y.pointer, 1, true, TILE);
    const want = new Float32Array(TILE);
    want.set([nan, infinity, 0, 0, 1]);
    bench.expectExact(y, want);
  }),
];

export const spmmT: Case[] = sparseCases(backward(true));

export const spmmTLinear: Case[] = sparseCases(backward(false));
