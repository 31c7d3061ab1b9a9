import { lanesFor } from '../../../src/nn/mlp.ts';
import type { Bench, Case } from '../bench.ts';
import {
  numbers,
  type Sparse,
  Sum,
  sampleCases,
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

/** Tiles of all samples added up, the first one overwriting what was there. */
function overwriting(bench: Bench, matrix: Sparse, samples: number): void {
  const dW = bench.f32(matrix.entries.length);
  const truth = matrix.entries.map(() => new Sum());
  addTiles(bench, matrix, samples, dW.pointer, truth, false);
  const { want, bound } = sums(truth.length, (p) => truth[p]);
  bench.expectClose(dW, want, bound);
}

/** The same on top of numbers that were there. */
function accumulating(bench: Bench, matrix: Sparse, samples: number): void {
  const before = numbers(stream('before'), matrix.entries.length);
  const dW = bench.inout(before);
  const truth = Array.from(before, (value) => {
    const sum = new Sum();
    sum.add(value);
    return sum;
  });
  addTiles(bench, matrix, samples, dW.pointer, truth, true);
  const { want, bound } = sums(truth.length, (p) => truth[p]);
  bench.expectClose(dW, want, bound);
}

function addTiles(
  bench: Bench,
  { rows, cols, indptr, indices, entries }: Sparse,
  samples: number,
  dW: number,
  truth: Sum[],
  accumulate: boolean,
): void {
  const random = stream(`sddmm ${rows} ${cols} ${samples}`);
  const [offsets, columns] = [bench.input(indptr), bench.input(indices)];
  tileCounts(samples).forEach((count, t) => {
    // What lies beyond the lanes asked for is never read.
    const deltas = spoil(tile(random, rows, count), lanesFor(count));
    const activations = tile(random, cols, count, 7);
    entries.forEach(({ row, col }, p) => {
      for (let b = 0; b < count; b++) truth[p].add(deltas[row * TILE + b] * activations[col * TILE + b]);
    });
    const [dy, x] = [bench.input(deltas), bench.input(activations)];
    const add = accumulate || t > 0;
    const lanes = lanesFor(count);
    bench.kernels.sddmm(offsets.pointer, columns.pointer, dy.pointer, x.pointer, dW, rows, add, lanes);
  });
}

export const sddmm: Case[] = [
  ...sparseCases(overwriting),
  ...sparseCases(accumulating).map(({ name, runs }) => ({ name: `accumulate_${name}`, runs })),
  single('same_bits_in_block_and_tail', (bench) => {
    const { kernels } = bench;
    const { indptr, indices } = sparse(stream('bits'), 1, 7, () => 1);
    const dy = bench.input(tile(stream('dy'), 1, TILE)).pointer;
    const x = bench.input(tile(stream('x'), 7, TILE)).pointer;
    const all = bench.f32(7);
    kernels.sddmm(
      bench.input(indptr).pointer,
      bench.input(indices).pointer,
      dy,
      x,
      all.pointer,
      1,
      false,
      TILE,
    );
    const alone = Float32Array.from(indices, (j) => {
      const one = bench.f32(1);
      const offsets = bench.input(Int32Array.of(0, 1)).pointer;
      kernels.sddmm(offsets, bench.input(Int32Array.of(j)).pointer, dy, x, one.pointer, 1, false, TILE);
      return one.read()[0];
    });
    bench.expectSame(all, alone);
  }),
];

export const biasGradient: Case[] = [false, true].flatMap((accumulate) =>
  sampleCases((bench, samples) => {
    for (const n of [1, 2, 3, 17, 64]) {
      const random = stream(`biasGradient ${samples} ${n}`);
      const before = numbers(random, n);
      const db = accumulate ? bench.inout(before) : bench.f32(n);
      const truth = Array.from(before, (value) => {
        const sum = new Sum();
        if (accumulate) sum.add(value);
        return sum;
      });
      tileCounts(samples).forEach((count, t) => {
        const deltas = spoil(tile(random, n, count), lanesFor(count));
        deltas.forEach((delta, at) => {
          if (at % TILE < count) truth[Math.floor(at / TILE)].add(delta);
        });
        bench.kernels.biasGradient(
          bench.input(deltas).pointer,
          db.pointer,
          n,
          accumulate || t > 0,
          lanesFor(count),
        );
      });
      const { want, bound } = sums(n, (i) => truth[i]);
      bench.expectClose(db, want, bound);
    }
  }).map(({ name, runs }) => ({ name: accumulate ? `accumulate_${name}` : name, runs })),
);

export const addTo: Case[] = [1, 2, 3, 4, 5, 7, 8, 9, 64, 129].map((n) =>
  single(`${n}_elements`, (bench) => {
    const random = stream(`addTo ${n}`);
    const [before, added] = [numbers(random, n), numbers(random, n)];
    const to = bench.inout(before);
    bench.kernels.addTo(to.pointer, bench.input(added).pointer, n);
    bench.expectExact(
      to,
      before.map((value, p) => value + added[p]),
    );
  }),
);
