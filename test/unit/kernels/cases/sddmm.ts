import { PART, TILE } from '../../../../src/engine/abi.ts';
import { Sum } from '../../../support/rounding.ts';
import type { Subject } from '../bench.ts';
import { lanesFrom, numbers, single, sparse, spoil, stream, tile, tileCounts } from '../inputs.ts';
import { CSR, line, rows } from '../operands.ts';

export const sddmm: Subject = {
  example: (random) => [
    CSR.indptr,
    CSR.indices,
    rows(random, 3),
    rows(random, 5),
    line(random, 5),
    3,
    true,
    2 * PART,
  ],
  axes: ['samples', 'rows', 'cols', 'structure', 'values'],
  run(bench, { samples, rows, cols, structure, values, name }) {
    for (const accumulate of [false, true]) {
      const random = stream(`sddmm ${name}`);
      const pattern = sparse(random, rows, cols, structure, values);
      const dW = accumulate ? bench.inout(pattern.values) : bench.f32(pattern.entries.length);
      const sums = Array.from(pattern.values, (value) => new Sum(accumulate ? value : undefined));
      const [indptr, indices] = [bench.input(pattern.indptr).pointer, bench.input(pattern.indices).pointer];
      tileCounts(samples).forEach((count, t) => {
        const lanes = lanesFrom(count)[t % lanesFrom(count).length];
        // What lies beyond the lanes asked for is never read.
        const deltas = spoil(tile(random, rows, count, 0, values, 'first'), lanes);
        const inputs = tile(random, cols, count, 7, values);
        pattern.entries.forEach(({ row, col }, p) => {
          for (let b = 0; b < count; b++) sums[p].add(deltas[row * TILE + b] * inputs[col * TILE + b]);
        });
        const [dy, x] = [bench.input(deltas).pointer, bench.input(inputs).pointer];
        bench.kernels.sddmm(indptr, indices, dy, x, dW.pointer, rows, accumulate || t > 0, lanes);
      });
      const truths = sums.map((sum) => sum.truth());
      bench.expectClose(dW, (p) => truths[p]);
    }
  },
  cases: [
    single('same_bits_in_block_and_tail', (bench) => {
      const { kernels } = bench;
      const { indptr, indices } = sparse(stream('bits'), 1, 7, 'all');
      const dy = bench.input(tile(stream('dy'), 1, TILE)).pointer;
      const x = bench.input(tile(stream('x'), 7, TILE)).pointer;
      const all = bench.f32(7);
      const [offsets, columns] = [bench.input(indptr).pointer, bench.input(indices).pointer];
      kernels.sddmm(offsets, columns, dy, x, all.pointer, 1, false, TILE);
      const alone = Float32Array.from(indices, (j) => {
        const one = bench.f32(1);
        const offset = bench.input(Int32Array.of(0, 1)).pointer;
        kernels.sddmm(offset, bench.input(Int32Array.of(j)).pointer, dy, x, one.pointer, 1, false, TILE);
        return one.read()[0];
      });
      bench.expectSame(all, alone);
    }),
  ],
};

export const biasGradient: Subject = {
  example: (random) => [rows(random, 3), line(random, 3), 3, true, PART],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows: n, values, name }) {
    for (const accumulate of [false, true]) {
      const random = stream(`biasGradient ${name}`);
      const before = numbers(random, n, values);
      const db = accumulate ? bench.inout(before) : bench.f32(n);
      const sums = Array.from(before, (value) => new Sum(accumulate ? value : undefined));
      tileCounts(samples).forEach((count, t) => {
        const lanes = lanesFrom(count)[t % lanesFrom(count).length];
        const deltas = spoil(tile(random, n, count, 0, values, 'first'), lanes);
        deltas.forEach((delta, at) => {
          if (at % TILE < count) sums[Math.floor(at / TILE)].add(delta);
        });
        bench.kernels.biasGradient(bench.input(deltas).pointer, db.pointer, n, accumulate || t > 0, lanes);
      });
      const truths = sums.map((sum) => sum.truth());
      bench.expectClose(db, (i) => truths[i]);
    }
  },
  cases: [],
};

export const addTo: Subject = {
  example: (random) => [line(random, 7), line(random, 7), 7],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows, values, name }) {
    const random = stream(`addTo ${name}`);
    const n = samples * rows;
    const [before, added] = [numbers(random, n, values), numbers(random, n, values)];
    const to = bench.inout(before);
    bench.kernels.addTo(to.pointer, bench.input(added).pointer, n);
    // One addition, rounded once.
    bench.expectExact(
      to,
      before.map((value, p) => value + added[p]),
    );
  },
  cases: [],
};
