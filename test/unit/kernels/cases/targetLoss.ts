import { TILE } from '../../../../src/engine/abi.ts';
import { Approximate, EXP_ERROR, type Truth } from '../../../support/rounding.ts';
import type { Bench, Subject } from '../bench.ts';
import { shuffled, single, stream, tile, tileCounts, type Values } from '../inputs.ts';
import { rows } from '../operands.ts';
import { drawWeights } from './weights.ts';

/** The largest error of a float64 sum of so many terms of a magnitude, in any order. */
function sumError(terms: number, magnitude: number): number {
  return 2 * (terms + 4) * 2 ** -53 * magnitude;
}

/** A tile of zeros and ones. */
function flags(name: string, n: number, count: number, filler = Number.NaN): Float32Array {
  const random = stream(name);
  return Float32Array.from({ length: n * TILE }, (_, at) => (at % TILE < count ? random.below(2) : filler));
}

function sigmoidOf(z: number): Approximate {
  const e = new Approximate(-Math.abs(z)).exp();
  const one = new Approximate(1);
  return (z < 0 ? e : one).over(one.plus(e));
}

export const sigmoid: Subject = {
  example: (random) => [rows(random, 3), 3, rows(random, 3)],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows: n, values, name }) {
    const random = stream(`sigmoid ${name}`);
    for (const count of tileCounts(samples)) {
      const z = tile(random, n, count, 0, values, 'first');
      for (const inPlace of [false, true]) {
        const from = inPlace ? bench.inout(z) : bench.input(z);
        const y = inPlace ? from : bench.f32(z.length);
        bench.kernels.sigmoid(from.pointer, n, y.pointer);
        bench.expectClose(y, (at) => sigmoidOf(z[at]));
      }
    }
  },
  cases: [
    {
      name: 'far_from_zero',
      runs: [5, 20, 80, 100, 1e4, 3e38].map((size) => (bench) => {
        const z = Float32Array.from({ length: TILE }, (_, b) => ((b - 15.5) / 16) * size);
        const y = bench.f32(TILE);
        bench.kernels.sigmoid(bench.input(z).pointer, 1, y.pointer);
        bench.expectClose(y, (at) => sigmoidOf(z[at]));
      }),
    },
  ],
};

export const targetGradient: Subject = {
  example: (random) => [rows(random, 3), rows(random, 3), 5, 3, 0.5, 0.25, rows(random, 3)],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows: n, values, name }) {
    const random = stream(`target gradient ${name}`);
    const scale = Math.fround(0.3);
    for (const count of tileCounts(samples)) {
      const y = tile(random, n, count, Number.NaN, values, 'first');
      const t = tile(random, n, count, Number.NaN);
      for (const limit of [Number.POSITIVE_INFINITY, 0.5]) {
        const truthAt = (at: number): Truth => {
          if (at % TILE >= count) return { value: 0, error: 0 };
          const e = new Approximate(y[at]).minus(new Approximate(t[at]));
          // To be limited makes no error larger.
          const within = Math.min(Math.max(e.value, -limit), limit);
          return new Approximate(within, e.error).times(new Approximate(scale));
        };
        for (const place of ['apart', 'y', 't']) {
          const from = place === 'y' ? bench.inout(y) : bench.input(y);
          const target = place === 't' ? bench.inout(t) : bench.input(t);
          const d = place === 'y' ? from : place === 't' ? target : bench.f32(n * TILE);
          bench.kernels.targetGradient(from.pointer, target.pointer, count, n, limit, scale, d.pointer);
          bench.expectClose(d, truthAt);
        }
      }
    }
  },
  cases: [],
};

export const weighSamples: Subject = {
  example: (random) => [rows(random, 3), Float32Array.of(0.5, 0, 2), Int32Array.of(2, 0, 1), 3, 3],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows: n, values, name }) {
    const random = stream(`weigh ${name}`);
    const order = shuffled(random, samples);
    const weights = Float32Array.from({ length: samples }, () => 2 * random.next());
    const [list, block] = [bench.input(order).pointer, bench.input(weights).pointer];
    tileCounts(samples).forEach((count, t) => {
      const before = tile(random, n, count, -7, values, 'first');
      const d = bench.inout(before);
      bench.kernels.weighSamples(d.pointer, block, list + 4 * TILE * t, count, n);
      bench.expectClose(d, (at) => {
        const b = at % TILE;
        if (b >= count) return { value: -7, error: 0 };
        return new Approximate(before[at]).times(new Approximate(weights[order[t * TILE + b]]));
      });
    });
  },
  cases: [],
};

/** What tests of both scores share: targets and weights of a data set, and a tile after the other of it. */
function scoreTiles(
  bench: Bench,
  cell: { readonly samples: number; readonly rows: number; readonly values: Values; readonly name: string },
  check: (scored: {
    readonly y: Float32Array;
    readonly pointer: number;
    readonly count: number;
    readonly random: ReturnType<typeof stream>;
    readonly weightOf: (b: number) => number;
    readonly weights: number;
    readonly list: number;
  }) => void,
): void {
  const { samples, rows: n, values, name } = cell;
  const random = stream(`scores ${name}`);
  const order = shuffled(random, samples);
  const list = bench.input(order).pointer;
  const drawn = drawWeights(`weights ${name}`, samples);
  const weights = drawn === undefined ? 0 : bench.input(drawn).pointer;
  tileCounts(samples).forEach((count, t) => {
    const y = tile(random, n, count, Number.NaN, values, 'first');
    const weightOf = (b: number): number => drawn?.[order[t * TILE + b]] ?? 1;
    check({
      y,
      pointer: bench.input(y).pointer,
      count,
      random,
      weightOf,
      weights,
      list: list + 4 * TILE * t,
    });
  });
}

export const scoreRegression: Subject = {
  example: (random) => [
    rows(random, 3),
    rows(random, 3),
    Float32Array.of(0.5, 2, 0),
    Int32Array.of(2, 0, 1),
    3,
    3,
    0.5,
    new Float64Array(11),
  ],
  axes: ['samples', 'rows', 'values'],
  run(bench, cell) {
    const { rows: n } = cell;
    scoreTiles(bench, cell, ({ y, pointer, count, random, weightOf, weights, list }) => {
      const t = tile(random, n, count, Number.NaN);
      const target = bench.input(t).pointer;
      for (const limit of [Number.POSITIVE_INFINITY, 0.7]) {
        const want = new Float64Array(2 + 3 * n);
        const magnitude = new Float64Array(2 + 3 * n);
        const add = (at: number, term: number): void => {
          want[at] += term;
          magnitude[at] += Math.abs(term);
        };
        // Sample by sample: another order than the kernel's.
        for (let b = 0; b < count; b++) {
          for (let i = 0; i < n; i++) {
            const e = Math.abs(y[i * TILE + b] - t[i * TILE + b]);
            const inside = (e * e) / 2;
            add(0, weightOf(b) * (e > limit ? limit * e - (limit * limit) / 2 : inside));
            add(1, e);
            add(2 + i, e * e);
            add(2 + n + i, t[i * TILE + b]);
            add(2 + 2 * n + i, t[i * TILE + b] ** 2);
          }
        }
        const out = bench.f64(2 + 3 * n);
        const { scoreRegression: run } = bench.kernels;
        run(pointer, target, weights, list, count, n, limit, out.pointer);
        // A line is the difference of two terms, each of which may be as large as the sum of both.
        bench.expectClose(out, (at) => ({ value: want[at], error: 2 * sumError(count * n, magnitude[at]) }));
      }
    });
  },
  cases: [],
};

export const scoreLabels: Subject = {
  example: (random) => [
    rows(random, 3),
    [0, 1, 0].map((flag) => new Float32Array(TILE).fill(flag)),
    Float32Array.of(0.5, 2, 0),
    Int32Array.of(2, 0, 1),
    3,
    3,
    new Float64Array(11),
  ],
  axes: ['samples', 'rows', 'values'],
  run(bench, cell) {
    const { rows: n } = cell;
    scoreTiles(bench, cell, ({ y, pointer, count, weightOf, weights, list }) => {
      const t = flags(`flags ${cell.name}`, n, count);
      const out = bench.f64(2 + 3 * n);
      bench.kernels.scoreLabels(pointer, bench.input(t).pointer, weights, list, count, n, out.pointer);
      const want = new Float64Array(2 + 3 * n);
      let [magnitude, exponentials] = [0, 0];
      for (let b = 0; b < count; b++) {
        let isRight = true;
        for (let i = 0; i < n; i++) {
          const [logit, isTrue] = [y[i * TILE + b], t[i * TILE + b] === 1];
          // −ln of the probability of what is true.
          const finite = Math.log1p(Math.exp(-Math.abs(logit))) + Math.max(isTrue ? -logit : logit, 0);
          // The logit times the label is 0 · ∞ or ∞ − ∞ where it is infinite, and ∞ once.
          const isEndless = isTrue && logit === Number.NEGATIVE_INFINITY;
          const infinite = isEndless ? Number.POSITIVE_INFINITY : Number.NaN;
          const loss = Number.isFinite(logit) ? finite : infinite;
          want[0] += weightOf(b) * loss;
          magnitude += weightOf(b) * (loss + 1);
          exponentials += weightOf(b) * (EXP_ERROR * Math.exp(-Math.abs(logit)) + 2 ** -125);
          if (logit > 0) want[isTrue ? 2 + i : 2 + n + i]++;
          else if (isTrue) want[2 + 2 * n + i]++;
          if (Number.isNaN(logit) || logit > 0 !== isTrue) isRight = false;
        }
        if (isRight) want[1]++;
      }
      const error = exponentials + sumError(count * n, magnitude);
      bench.expectClose(out, (at) => ({ value: want[at], error: at === 0 ? error : 0 }));
    });
  },
  cases: [
    single('a_sample_with_nan_is_never_right', (bench) => {
      const z = new Float32Array(2 * TILE).fill(-1);
      z[3] = Number.NaN;
      const t = new Float32Array(2 * TILE);
      const order = Int32Array.from({ length: TILE }, (_, b) => b);
      const out = bench.f64(8);
      const [logits, targets, list] = [z, t, order].map((array) => bench.input(array).pointer);
      bench.kernels.scoreLabels(logits, targets, 0, list, TILE, 2, out.pointer);
      bench.expectExact(out, Float64Array.of(Number.NaN, TILE - 1, 0, 0, 0, 0, 0, 0));
    }),
    single('a_logit_of_zero_predicts_no_label', (bench) => {
      const t = Float32Array.from({ length: TILE }, (_, b) => b % 2);
      const order = Int32Array.from({ length: TILE }, (_, b) => b);
      const out = bench.f64(5);
      const [logits, targets, list] = [new Float32Array(TILE), t, order].map((a) => bench.input(a).pointer);
      bench.kernels.scoreLabels(logits, targets, 0, list, TILE, 1, out.pointer);
      const want = [TILE * Math.LN2, TILE / 2, 0, 0, TILE / 2];
      bench.expectClose(out, (at) => ({ value: want[at], error: at === 0 ? TILE * EXP_ERROR : 0 }));
    }),
  ],
};
