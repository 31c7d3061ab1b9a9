import type { Random } from '../../../../src/base/random.ts';
import { TILE } from '../../../../src/engine/abi.ts';
import type { Subject } from '../bench.ts';
import { numbers, shuffled, single, sparse, stream, tile, tileCounts, UNTOUCHED } from '../inputs.ts';
import { CSR, line, rows } from '../operands.ts';

/** Row-major data [samples, cols] as a tile [cols][32] of the listed rows, by the definition. */
function tileOf(data: Float32Array, cols: number, rows: ArrayLike<number>): Float32Array {
  const want = new Float32Array(cols * TILE);
  for (let b = 0; b < rows.length; b++) {
    for (let j = 0; j < cols; j++) want[j * TILE + b] = data[rows[b] * cols + j];
  }
  return want;
}

export const packDense: Subject = {
  example: (random) => [line(random, 20), Int32Array.of(3, 0, 2), 3, 5, rows(random, 5)],
  axes: ['samples', 'cols', 'values'],
  run(bench, { samples, cols, values, name }) {
    const random = stream(`packDense ${name}`);
    const rows = numbers(random, samples * cols, values);
    const order = shuffled(random, samples);
    const [data, list] = [bench.input(rows).pointer, bench.input(order).pointer];
    tileCounts(samples).forEach((count, t) => {
      const out = bench.f32(cols * TILE);
      bench.kernels.packDense(data, list + 4 * TILE * t, count, cols, out.pointer);
      bench.expectCopied(out, tileOf(rows, cols, order.subarray(TILE * t, TILE * t + count)));
    });
  },
  cases: [
    single('row_listed_twice', (bench) => {
      const values = numbers(stream('twice'), 3 * 5);
      const rows = Int32Array.of(2, 0, 2, 2, 1, 0);
      const out = bench.f32(5 * TILE);
      bench.kernels.packDense(bench.input(values).pointer, bench.input(rows).pointer, 6, 5, out.pointer);
      bench.expectCopied(out, tileOf(values, 5, rows));
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
  ],
};

/** n bytes: 0, 1, 127, 128 and 255 among them, where there is room. */
function byteLine(random: Random, n: number): Uint8Array {
  const bytes = Uint8Array.from({ length: n }, () => random.below(256));
  [255, 0, 128, 127, 1].slice(0, n).forEach((byte) => {
    bytes[random.below(n)] = byte;
  });
  return bytes;
}

/** Offsets and scales of columns, such as scalers have. The rounding of float32 is beyond none of them. */
function scaling(random: Random, cols: number): { offsets: Float64Array; scales: Float64Array } {
  return {
    offsets: Float64Array.from({ length: cols }, () => [0, 3, 255 * random.next()][random.below(3)]),
    scales: Float64Array.from({ length: cols }, () => [1, 255, 1e-3 + 80 * random.next()][random.below(3)]),
  };
}

export const packBytes: Subject = {
  example: (random) => [
    byteLine(random, 20),
    Int32Array.of(3, 0, 2),
    3,
    5,
    Float64Array.from(line(random, 5)),
    Float64Array.of(1, 255, 0.3, 80, 7),
    rows(random, 5),
  ],
  axes: ['samples', 'cols'],
  run(bench, { samples, cols, name }) {
    const random = stream(`packBytes ${name}`);
    const bytes = byteLine(random, samples * cols);
    const { offsets, scales } = scaling(random, cols);
    const order = shuffled(random, samples);
    const [data, list, offset, scale] = [bytes, order, offsets, scales].map(
      (array) => bench.input(array).pointer,
    );
    // What a scaler makes of the bytes as numbers: in double precision, rounded once.
    const scaled = Float32Array.from(bytes, (byte, at) => (byte - offsets[at % cols]) / scales[at % cols]);
    tileCounts(samples).forEach((count, t) => {
      const out = bench.f32(cols * TILE);
      bench.kernels.packBytes(data, list + 4 * TILE * t, count, cols, offset, scale, out.pointer);
      bench.expectCopied(out, tileOf(scaled, cols, order.subarray(TILE * t, TILE * t + count)));
    });
  },
  cases: [
    single('every_byte_in_every_column', (bench) => {
      const { offsets, scales } = scaling(stream('every byte'), 7);
      const bytes = Uint8Array.from({ length: 256 * 7 }, (_, at) => Math.floor(at / 7));
      const list = bench.input(Int32Array.from({ length: 256 }, (_, r) => r)).pointer;
      const [data, offset, scale] = [bytes, offsets, scales].map((array) => bench.input(array).pointer);
      const scaled = Float32Array.from(bytes, (byte, at) => (byte - offsets[at % 7]) / scales[at % 7]);
      for (let t = 0; t < 8; t++) {
        const out = bench.f32(7 * TILE);
        bench.kernels.packBytes(data, list + 4 * TILE * t, TILE, 7, offset, scale, out.pointer);
        const rows = Int32Array.from({ length: TILE }, (_, b) => TILE * t + b);
        bench.expectCopied(out, tileOf(scaled, 7, rows));
      }
    }),
  ],
};

export const packCsr: Subject = {
  example: (random) => [CSR.indptr, CSR.indices, line(random, 5), Int32Array.of(2, 0), 2, 5, rows(random, 5)],
  axes: ['samples', 'rows', 'cols', 'structure', 'values'],
  run(bench, { samples, rows, cols, structure, values, name }) {
    const random = stream(`packCsr ${name}`);
    const matrix = sparse(random, rows, cols, structure, values);
    const full = new Float32Array(rows * cols);
    matrix.entries.forEach(({ row, col }, p) => {
      full[row * cols + col] = matrix.values[p];
    });
    const order = Int32Array.from({ length: rows === 0 ? 0 : samples }, () => random.below(rows));
    const [indptr, indices, data, list] = [matrix.indptr, matrix.indices, matrix.values, order].map(
      (array) => bench.input(array).pointer,
    );
    tileCounts(order.length).forEach((count, t) => {
      const out = bench.f32(cols * TILE);
      bench.kernels.packCsr(indptr, indices, data, list + 4 * TILE * t, count, cols, out.pointer);
      bench.expectCopied(out, tileOf(full, cols, order.subarray(TILE * t, TILE * t + count)));
    });
  },
  cases: [],
};

export const packColumns: Subject = {
  example: (random) => [line(random, 27), 9, 2, 3, 5, rows(random, 3)],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples: cols, rows: n, values, name }) {
    const columns = numbers(stream(`packColumns ${name}`), n * cols, values);
    const data = bench.input(columns).pointer;
    tileCounts(cols).forEach((count, t) => {
      const out = bench.f32(n * TILE);
      bench.kernels.packColumns(data, cols, TILE * t, n, count, out.pointer);
      const want = new Float32Array(n * TILE);
      for (let r = 0; r < n; r++) {
        for (let b = 0; b < count; b++) want[r * TILE + b] = columns[r * cols + TILE * t + b];
      }
      bench.expectCopied(out, want);
    });
  },
  cases: [
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
  ],
};

export const unpackColumns: Subject = {
  example: (random) => [rows(random, 3), 9, 2, 3, 5, line(random, 27)],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples: cols, rows: n, values, name }) {
    const random = stream(`unpackColumns ${name}`);
    const want = new Float32Array(n * cols);
    const out = bench.f32(n * cols);
    tileCounts(cols).forEach((count, t) => {
      const lanes = tile(random, n, count, UNTOUCHED, values);
      bench.kernels.unpackColumns(bench.input(lanes).pointer, cols, TILE * t, n, count, out.pointer);
      for (let r = 0; r < n; r++) {
        for (let b = 0; b < count; b++) want[r * cols + TILE * t + b] = lanes[r * TILE + b];
      }
    });
    bench.expectCopied(out, want);
  },
  cases: [
    single('leaves_other_columns', (bench) => {
      const values = tile(stream('other columns'), 3, 2);
      const before = numbers(stream('before'), 3 * 7);
      const out = bench.inout(before);
      bench.kernels.unpackColumns(bench.input(values).pointer, 7, 5, 3, 2, out.pointer);
      bench.expectCopied(
        out,
        before.map((value, at) => (at % 7 < 5 ? value : values[Math.floor(at / 7) * TILE + (at % 7) - 5])),
      );
    }),
  ],
};

export const unpackRows: Subject = {
  example: (random) => [rows(random, 3), 3, 5, line(random, 15)],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows: n, values, name }) {
    const random = stream(`unpackRows ${name}`);
    for (const count of tileCounts(samples)) {
      const lanes = tile(random, n, count, UNTOUCHED, values);
      const out = bench.f32(count * n);
      bench.kernels.unpackRows(bench.input(lanes).pointer, n, count, out.pointer);
      bench.expectCopied(
        out,
        Float32Array.from({ length: count * n }, (_, at) => lanes[(at % n) * TILE + Math.floor(at / n)]),
      );
    }
  },
  cases: [],
};

export const clearLanes: Subject = {
  example: (random) => [rows(random, 3), 3, 5],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows: n, values, name }) {
    const random = stream(`clearLanes ${name}`);
    for (const count of tileCounts(samples)) {
      const lanes = tile(random, n, count, Number.NaN, values);
      const out = bench.inout(lanes);
      bench.kernels.clearLanes(out.pointer, n, count);
      bench.expectCopied(
        out,
        lanes.map((value, at) => (at % TILE < count ? value : 0)),
      );
    }
  },
  cases: [],
};

export const gatherRows: Subject = {
  example: (random) => [rows(random, 4), Int32Array.of(3, 1), 2, rows(random, 2)],
  axes: ['rows', 'cols', 'values'],
  run(bench, { rows: n, cols: neurons, values, name }) {
    const random = stream(`gatherRows ${name}`);
    const from = tile(random, neurons, TILE, 0, values);
    const list = Int32Array.from({ length: neurons === 0 ? 0 : n }, () => random.below(neurons));
    const to = bench.f32(list.length * TILE);
    const [source, listed] = [bench.input(from).pointer, bench.input(list).pointer];
    bench.kernels.gatherRows(source, listed, list.length, to.pointer);
    const want = new Float32Array(list.length * TILE);
    list.forEach((row, e) => {
      want.set(from.subarray(row * TILE, (row + 1) * TILE), e * TILE);
    });
    bench.expectCopied(to, want);
  },
  cases: [],
};
