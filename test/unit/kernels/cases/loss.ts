import { TILE } from '../../../../src/engine/abi.ts';
import { Approximate, EXP_ERROR, type Truth } from '../../../support/rounding.ts';
import type { Bench, Subject } from '../bench.ts';
import { numbers, shuffled, single, stream, tile, tileCounts } from '../inputs.ts';
import { rows } from '../operands.ts';
import { drawWeights } from './weights.ts';

/** The kernel's logarithm of a number without error, and float64's rounding of a sum. */
const LOG_ERROR = 1.3e-15;

/** The truths of softmax of a tile of logits. */
function softmaxTruths(logits: Float32Array): { probs: Truth[]; logSums: Truth[] } {
  const classes = logits.length / TILE;
  const one = new Approximate(1);
  const probs: Truth[] = Array(logits.length);
  const logSums = Array.from({ length: TILE }, (_, b): Truth => {
    const lane = Array.from({ length: classes }, (_, c) => logits[c * TILE + b]);
    const top = Math.max(...lane);
    const powers = lane.map((value) => new Approximate(value).minus(new Approximate(top)).exp());
    const sum = powers.reduce((total, power) => total.plus(power));
    powers.forEach((power, c) => {
      probs[c * TILE + b] = power.times(one.over(sum));
    });
    // Σ e^−∞ and a sum with e^∞ in it: their logarithms are what they are.
    if (!Number.isFinite(top)) return { value: top, error: 0 };
    const { value, error } = sum.log();
    return { value: top + value, error: error + LOG_ERROR * value + 2 ** -52 * Math.abs(top + value) };
  });
  return { probs, logSums };
}

function checkSoftmax(bench: Bench, logits: Float32Array): void {
  const truths = softmaxTruths(logits);
  for (const inPlace of [false, true]) {
    const z = inPlace ? bench.inout(logits) : bench.input(logits);
    const probs = inPlace ? z : bench.f32(logits.length);
    const logSums = bench.f64(TILE);
    bench.kernels.softmax(z.pointer, logits.length / TILE, probs.pointer, logSums.pointer);
    bench.expectClose(probs, (at) => truths.probs[at]);
    bench.expectClose(logSums, (b) => truths.logSums[b]);
  }
}

export const softmax: Subject = {
  example: (random) => [rows(random, 4), 4, rows(random, 4), new Float64Array(TILE)],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows, values, name }) {
    const random = stream(`softmax ${name}`);
    for (const count of tileCounts(samples)) {
      checkSoftmax(bench, tile(random, Math.max(1, rows), count, 0, values, 'first'));
    }
  },
  cases: [
    {
      name: 'huge_logits',
      runs: [5, 80, 1e3, 1e4, 3e38].map((size) => (bench) => {
        checkSoftmax(
          bench,
          tile(stream(`huge ${size}`), 10, TILE).map((value) => size * value),
        );
      }),
    },
    single('equal_logits', (bench) => {
      checkSoftmax(bench, new Float32Array(10 * TILE).fill(-12.5));
    }),
    single('infinite_logits', (bench) => {
      const [inf, minusInf] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      const logits = new Float32Array(3 * TILE);
      for (let b = 0; b < TILE; b++) {
        const lane = [
          [0, minusInf, 1],
          [minusInf, minusInf, minusInf],
          [inf, 0, minusInf],
          [inf, inf, 3],
          [Number.NaN, 1, inf],
        ][b % 5];
        for (let c = 0; c < 3; c++) logits[c * TILE + b] = lane[c];
      }
      checkSoftmax(bench, logits);
    }),
    single('exp_accuracy', (bench) => {
      // Against a logit of 0: the ratio of both probabilities is e^x, with one rounding more.
      const steps = 40_000;
      const [z, probs] = [bench.inout(new Float32Array(2 * TILE)), bench.f32(2 * TILE)];
      const logSums = bench.f64(TILE);
      let worst = 0;
      for (let begin = 0; begin < steps; begin += TILE) {
        const logits = new Float32Array(2 * TILE);
        for (let b = 0; b < TILE; b++) logits[TILE + b] = (-87 * (begin + b)) / steps;
        z.write(logits);
        bench.kernels.softmax(z.pointer, 2, probs.pointer, logSums.pointer);
        const got = probs.read();
        for (let b = 0; b < TILE; b++) {
          const error = Math.abs(got[TILE + b] / got[b] / Math.exp(logits[TILE + b]) - 1);
          if (!(error <= worst)) worst = error;
        }
      }
      bench.expectAtMost(worst, EXP_ERROR + 2 ** -24);
    }),
    single('exp_underflows_to_zero', (bench) => {
      const logits = new Float32Array(2 * TILE);
      for (let b = 0; b < TILE; b++) logits[TILE + b] = -88 - b * 1e3;
      const [probs, logSums] = [bench.f32(2 * TILE), bench.f64(TILE)];
      bench.kernels.softmax(bench.input(logits).pointer, 2, probs.pointer, logSums.pointer);
      bench.expectExact(
        probs,
        logits.map((value) => (value === 0 ? 1 : 0)),
      );
      bench.expectExact(logSums, new Float64Array(TILE));
    }),
    {
      // n equal logits of 0: the sum is n exactly, so only the logarithm errs.
      name: 'log_accuracy',
      runs: [1, 2, 3, 5, 7, 10, 100, 362, 363, 1000, 1024, 4095].map((classes) => (bench) => {
        const [probs, logSums] = [bench.f32(classes * TILE), bench.f64(TILE)];
        const z = bench.input(new Float32Array(classes * TILE));
        bench.kernels.softmax(z.pointer, classes, probs.pointer, logSums.pointer);
        const value = Math.log(classes);
        bench.expectClose(logSums, () => ({ value, error: LOG_ERROR * value }));
      }),
    },
  ],
};

/** Labels for a data set of `samples` rows, gone through in a shuffled order. */
function labelled(name: string, samples: number, classes: number): { labels: Int32Array; order: Int32Array } {
  const random = stream(name);
  return {
    labels: Int32Array.from({ length: samples }, () => random.below(classes)),
    order: shuffled(random, samples),
  };
}

/** The class of the largest logit, of equal ones the lowest; none where one is NaN. */
function predicted(lane: readonly number[]): number {
  return lane.some(Number.isNaN) ? -1 : lane.indexOf(Math.max(...lane));
}

export const score: Subject = {
  example: (random) => [
    rows(random, 4),
    new Float64Array(TILE).fill(2),
    Int32Array.of(0, 3, 1),
    Float32Array.of(0.5, 2, 0),
    Int32Array.of(2, 0, 1),
    3,
    4,
    new Float64Array(2),
  ],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows, values, name }) {
    const classes = Math.max(1, rows);
    const { labels, order } = labelled(`score ${name}`, samples, classes);
    const random = stream(`logits ${name}`);
    const [labelBlock, list] = [bench.input(labels).pointer, bench.input(order).pointer];
    const weights = drawWeights(`weights ${name}`, samples);
    const weightBlock = weights === undefined ? 0 : bench.input(weights).pointer;
    tileCounts(samples).forEach((count, t) => {
      const logits = tile(random, classes, count, Number.NaN, values, 'first');
      const offsets = numbers(random, TILE);
      const lanes = Array.from({ length: count }, (_, b) =>
        Array.from({ length: classes }, (_, c) => logits[c * TILE + b]),
      );
      // Some number that a logarithm of a sum can be: NaN exactly where a logit is.
      const logSums = Float64Array.from(offsets, (offset, b) =>
        b < count ? Math.max(...lanes[b]) + offset + 1 : Number.NaN,
      );
      let [loss, magnitude, correct] = [0, 0, 0];
      lanes.forEach((lane, b) => {
        const row = order[t * TILE + b];
        const label = labels[row];
        const weight = weights?.[row] ?? 1;
        loss += weight * (logSums[b] - lane[label]);
        magnitude += weight * (Math.abs(logSums[b]) + Math.abs(lane[label]));
        if (predicted(lane) === label) correct++;
      });
      const out = bench.f64(2);
      const [z, sums] = [bench.input(logits).pointer, bench.input(logSums).pointer];
      const rowsOf = list + 4 * TILE * t;
      bench.kernels.score(z, sums, labelBlock, weightBlock, rowsOf, count, classes, out.pointer);
      const truths = [
        { value: loss, error: 2 * (count + 2) * 2 ** -53 * magnitude },
        { value: correct, error: 0 },
      ];
      bench.expectClose(out, (at) => truths[at]);
    });
  },
  cases: [
    single('ties_go_to_the_lowest_class', (bench) => {
      const logits = new Float32Array(3 * TILE).fill(1);
      const labels = bench.input(Int32Array.of(0, 1, 2));
      const rows = bench.input(Int32Array.of(0, 1, 2, 0));
      const sums = bench.input(new Float64Array(TILE).fill(2));
      const out = bench.f64(2);
      const { score: run } = bench.kernels;
      run(bench.input(logits).pointer, sums.pointer, labels.pointer, 0, rows.pointer, 4, 3, out.pointer);
      bench.expectExact(out, Float64Array.of(4, 2));
    }),
    single('a_sample_with_nan_is_never_correct', (bench) => {
      const logits = tile(stream('nan logits'), 3, TILE);
      for (let b = 0; b < TILE; b++) logits[(b % 3) * TILE + b] = Number.NaN;
      const [probs, logSums] = [bench.f32(3 * TILE), bench.f64(TILE)];
      const z = bench.input(logits).pointer;
      bench.kernels.softmax(z, 3, probs.pointer, logSums.pointer);
      for (const label of [0, 1, 2]) {
        const labels = bench.input(new Int32Array(TILE).fill(label)).pointer;
        const rows = bench.input(Int32Array.from({ length: TILE }, (_, b) => b)).pointer;
        const out = bench.f64(2);
        bench.kernels.score(z, logSums.pointer, labels, 0, rows, TILE, 3, out.pointer);
        bench.expectExact(out, Float64Array.of(Number.NaN, 0));
      }
    }),
  ],
};

export const crossEntropyGradient: Subject = {
  example: (random) => [
    rows(random, 4),
    Int32Array.of(0, 3, 1),
    Int32Array.of(2, 0, 1),
    3,
    4,
    0.5,
    rows(random, 4),
  ],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows, values, name }) {
    const classes = Math.max(1, rows);
    const { labels, order } = labelled(`gradient ${name}`, samples, classes);
    const random = stream(`probabilities ${name}`);
    const [labelBlock, list] = [bench.input(labels).pointer, bench.input(order).pointer];
    const scale = Math.fround(1 / Math.max(1, samples));
    const factor = new Approximate(scale);
    tileCounts(samples).forEach((count, t) => {
      // Unused lanes hold NaN: they have to become 0, not 0 · NaN.
      const before = tile(random, classes, count, Number.NaN, values, 'first');
      const truths = Array.from(before, (value, at): Truth => {
        if (at % TILE >= count) return { value: 0, error: 0 };
        const isLabel = labels[order[t * TILE + (at % TILE)]] === Math.floor(at / TILE);
        const probability = new Approximate(value);
        return (isLabel ? probability.minus(new Approximate(1)) : probability).times(factor);
      });
      for (const inPlace of [false, true]) {
        const probs = inPlace ? bench.inout(before) : bench.input(before);
        const d = inPlace ? probs : bench.f32(classes * TILE);
        const rowsOf = list + 4 * TILE * t;
        const { crossEntropyGradient: run } = bench.kernels;
        run(probs.pointer, labelBlock, rowsOf, count, classes, scale, d.pointer);
        bench.expectClose(d, (at) => truths[at]);
      }
    });
  },
  cases: [],
};
