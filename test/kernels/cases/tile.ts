import type { Bench, Case } from '../bench.ts';
import {
  numbers,
  sampleCases,
  shuffled,
  single,
  sparse,
  sparseCases,
  stream,
  TILE,
  tile,
  tileCounts,
} from '../inputs.ts';

const WIDTHS = [1, 2, 3, 4, 5, 8, 17, 64];

/** Row-major data [samples, cols] as a tile [cols][32] of the listed rows, by the definition. */
function tileOf(data: Float32Array, cols: number, rows: ArrayLike<number>): Float32Array {
  const want = new Float32Array(cols * TILE);
  for (let b = 0; b < rows.length; b++) {
    for (let j = 0; j < cols; j++) want[j * TILE + b] = data[rows[b] * cols + j];
  }
  return want;
}

function eachWidth(run: (bench: Bench, samples: number, cols: number) => void): Case[] {
  return sampleCases((bench, samples) => {
    for (const cols of WIDTHS) run(bench, samples, cols);
  });
}

export const packDense: Case[] = [
  ...eachWidth((bench, samples, cols) => {
    const random = stream(`packDense ${samples} ${cols}`);
    const values = numbers(random, samples * cols);
    const order = shuffled(random, samples);
    const data = bench.input(values);
    const list = bench.input(order);
    tileCounts(samples).forEach((count, t) => {
      const out = bench.f32(cols * TILE);
      bench.kernels.packDense(data.pointer, list.pointer + 4 * TILE * t, count, cols, out.pointer);
      bench.expectExact(out, tileOf(values, cols, order.subarray(TILE * t, TILE * t + count)));
    });
  }),
  single('row_listed_twice', (bench) => {
    const values = numbers(stream('twice'), 3 * 5);
    const rows = Int32Array.of(2, 0, 2, 2, 1, 0);
    const out = bench.f32(5 * TILE);
    bench.kernels.packDense(bench.input(values).pointer, bench.input(rows).pointer, 6, 5, out.pointer);
    bench.expectExact(out, tileOf(values, 5, rows));
  }),
  single('no_sample', (bench) => {
    const out = bench.f32(3 * TILE);
    const nowhere = bench.input(new Int32Array(0)).pointer;
    bench.kernels.packDense(nowhere, nowhere, 0, 3, out.pointer);
    bench.expectExact(out, new Float32Array(3 * TILE));
  }),
  single('round_trip', (bench) => {
    const values = numbers(stream('round trip of rows'), 29 * 7);
    const rows = bench.input(Int32Array.from({ length: 29 }, (_, r) => r));
    const tiled = bench.f32(7 * TILE);
    const out = bench.f32(29 * 7);
    bench.kernels.packDense(bench.input(values).pointer, rows.pointer, 29, 7, tiled.pointer);
    bench.kernels.unpackRows(tiled.pointer, 7, 29, out.pointer);
    bench.expectSame(out, values);
  }),
];

export const packCsr: Case[] = [
  ...sparseCases((bench, { cols, indptr, indices, values, rows, entries }, samples) => {
    const random = stream(`packCsr ${rows} ${cols} ${samples}`);
    const full = new Float32Array(rows * cols);
    entries.forEach(({ row, col }, p) => {
      full[row * cols + col] = values[p];
    });
    const order = Int32Array.from({ length: samples }, () => random.below(rows));
    const list = bench.input(order);
    const [offsets, columns, data] = [bench.input(indptr), bench.input(indices), bench.input(values)];
    tileCounts(samples).forEach((count, t) => {
      const out = bench.f32(cols * TILE);
      bench.kernels.packCsr(
        offsets.pointer,
        columns.pointer,
        data.pointer,
        list.pointer + 4 * TILE * t,
        count,
        cols,
        out.pointer,
      );
      bench.expectExact(out, tileOf(full, cols, order.subarray(TILE * t, TILE * t + count)));
    });
  }),
  single('rows_in_order', (bench) => {
    const { indptr, indices, values, entries } = sparse(stream('rows in order'), 32, 9, () => 0.5);
    const want = new Float32Array(9 * TILE);
    entries.forEach(({ row, col }, p) => {
      want[col * TILE + row] = values[p];
    });
    const rows = Int32Array.from({ length: 32 }, (_, r) => r);
    const pointers = [indptr, indices, values, rows].map((array) => bench.input(array).pointer);
    const out = bench.f32(9 * TILE);
    bench.kernels.packCsr(pointers[0], pointers[1], pointers[2], pointers[3], 32, 9, out.pointer);
    bench.expectExact(out, want);
  }),
];

export const packColumns: Case[] = [
  ...eachWidth((bench, cols, n) => {
    const values = numbers(stream(`packColumns ${cols} ${n}`), n * cols);
    const data = bench.input(values);
    tileCounts(cols).forEach((count, t) => {
      const out = bench.f32(n * TILE);
      bench.kernels.packColumns(data.pointer, cols, TILE * t, n, count, out.pointer);
      const want = new Float32Array(n * TILE);
      for (let r = 0; r < n; r++) {
        for (let b = 0; b < count; b++) want[r * TILE + b] = values[r * cols + TILE * t + b];
      }
      bench.expectExact(out, want);
    });
  }),
  single('round_trip', (bench) => {
    const values = numbers(stream('round trip of columns'), 6 * 41);
    const data = bench.input(values);
    const tiled = bench.f32(6 * TILE);
    const out = bench.f32(6 * 41);
    for (const [begin, count] of [
      [0, 32],
      [32, 9],
    ]) {
      bench.kernels.packColumns(data.pointer, 41, begin, 6, count, tiled.pointer);
      bench.kernels.unpackColumns(tiled.pointer, 41, begin, 6, count, out.pointer);
    }
    bench.expectSame(out, values);
  }),
];

export const unpackColumns: Case[] = [
  ...eachWidth((bench, cols, n) => {
    const random = stream(`unpackColumns ${cols} ${n}`);
    const want = new Float32Array(n * cols);
    const out = bench.f32(n * cols);
    tileCounts(cols).forEach((count, t) => {
      const values = tile(random, n, count, 9);
      bench.kernels.unpackColumns(bench.input(values).pointer, cols, TILE * t, n, count, out.pointer);
      for (let r = 0; r < n; r++) {
        for (let b = 0; b < count; b++) want[r * cols + TILE * t + b] = values[r * TILE + b];
      }
    });
    bench.expectExact(out, want);
  }),
  single('leaves_other_columns', (bench) => {
    const values = tile(stream('other columns'), 3, 2);
    const before = numbers(stream('before'), 3 * 7);
    const out = bench.inout(before);
    bench.kernels.unpackColumns(bench.input(values).pointer, 7, 5, 3, 2, out.pointer);
    bench.expectExact(
      out,
      before.map((value, at) => (at % 7 < 5 ? value : values[Math.floor(at / 7) * TILE + (at % 7) - 5])),
    );
  }),
];

export const unpackRows: Case[] = eachWidth((bench, samples, n) => {
  const random = stream(`unpackRows ${samples} ${n}`);
  for (const count of tileCounts(samples)) {
    const values = tile(random, n, count, 9);
    const out = bench.f32(count * n);
    bench.kernels.unpackRows(bench.input(values).pointer, n, count, out.pointer);
    bench.expectExact(
      out,
      Float32Array.from({ length: count * n }, (_, at) => values[(at % n) * TILE + Math.floor(at / n)]),
    );
  }
});

export const clearLanes: Case[] = [
  ...eachWidth((bench, samples, n) => {
    const random = stream(`clearLanes ${samples} ${n}`);
    for (const count of tileCounts(samples)) {
      const values = tile(random, n, count, Number.NaN);
      const out = bench.inout(values);
      bench.kernels.clearLanes(out.pointer, n, count);
      bench.expectExact(
        out,
        values.map((value, at) => (at % TILE < count ? value : 0)),
      );
    }
  }),
  single('no_sample', (bench) => {
    const out = bench.f32(3 * TILE);
    bench.kernels.clearLanes(out.pointer, 3, 0);
    bench.expectExact(out, new Float32Array(3 * TILE));
  }),
];

export const gatherRows: Case[] = [1, 2, 3, 17, 64].map((n) =>
  single(`${n}_rows`, (bench) => {
    const random = stream(`gatherRows ${n}`);
    const from = tile(random, 20, TILE);
    const list = Int32Array.from({ length: n }, () => random.below(20));
    const to = bench.f32(n * TILE);
    bench.kernels.gatherRows(bench.input(from).pointer, bench.input(list).pointer, n, to.pointer);
    const want = new Float32Array(n * TILE);
    list.forEach((row, e) => {
      want.set(from.subarray(row * TILE, (row + 1) * TILE), e * TILE);
    });
    bench.expectExact(to, want);
  }),
);
