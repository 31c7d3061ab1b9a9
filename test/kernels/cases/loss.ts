import type { Bench, Case } from '../bench.ts';
import { gamma, numbers, sampleCases, shuffled, single, stream, TILE, tile, tileCounts } from '../inputs.ts';

const CLASSES = [1, 2, 3, 10, 17, 64];

/** The exponential's relative error, as its comment in assembly/math.ts has it. */
const EXP_ERROR = 2e-7;

/** Softmax of a tile of logits against float64, wherever the probability is a normal float32 number. */
function checkSoftmax(bench: Bench, logits: Float32Array, inPlace = false): void {
  const classes = logits.length / TILE;
  const z = inPlace ? bench.inout(logits) : bench.input(logits);
  const probs = inPlace ? z : bench.f32(logits.length);
  const logSums = bench.f64(TILE);
  const want = new Float64Array(logits.length);
  const wantLogs = new Float64Array(TILE);
  const logErrors = new Float64Array(TILE);
  // e^x, the sum of `classes` of them, its reciprocal and the product; and x itself is a rounded difference.
  const rounding = 2 * EXP_ERROR + gamma(classes + 3);
  const bounds = new Float64Array(logits.length);
  for (let b = 0; b < TILE; b++) {
    const lane = Array.from({ length: classes }, (_, c) => logits[c * TILE + b]);
    const top = Math.max(...lane);
    const powers = lane.map((value) => Math.exp(value - top));
    const sum = powers.reduce((total, power) => total + power);
    wantLogs[b] = top + Math.log(sum);
    logErrors[b] = rounding + 2 ** -52 * Math.abs(wantLogs[b]);
    powers.forEach((power, c) => {
      const at = c * TILE + b;
      want[at] = power / sum;
      const difference = (2 ** -24 * Math.abs(lane[c] - top) || 0) + rounding;
      bounds[at] = difference * want[at] + 2 ** -126;
    });
  }
  bench.kernels.softmax(z.pointer, classes, probs.pointer, logSums.pointer);
  bench.expectClose(probs, want, (at) => bounds[at]);
  bench.expectClose(logSums, wantLogs, (b) => logErrors[b]);
}

export const softmax: Case[] = [
  {
    name: 'classes',
    runs: CLASSES.map((classes) => (bench) => {
      const logits = tile(stream(`softmax ${classes}`), classes, TILE).map((value) => 5 * value);
      checkSoftmax(bench, logits);
      checkSoftmax(bench, logits, true);
    }),
  },
  {
    name: 'huge_logits',
    runs: [80, 1e3, 1e4, 1e30, 1e38].map((size) => (bench) => {
      checkSoftmax(
        bench,
        tile(stream(`huge ${size}`), 10, TILE).map((value) => size * value),
      );
    }),
  },
  single('equal_logits', (bench) => {
    checkSoftmax(bench, new Float32Array(10 * TILE).fill(-12.5));
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
    bench.expectReturned(Number(worst <= EXP_ERROR + 2 ** -24), 1, 0);
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
      const want = Math.log(classes);
      bench.expectClose(logSums, new Float64Array(TILE).fill(want), () => 1.3e-15 * want);
    }),
  },
];

/** Labels for a data set of `samples` rows, gone through in a shuffled order. */
function labelled(name: string, samples: number, classes: number): { labels: Int32Array; order: Int32Array } {
  const random = stream(name);
  return {
    labels: Int32Array.from({ length: samples }, () => random.below(classes)),
    order: shuffled(random, samples),
  };
}

export const score: Case[] = [
  ...sampleCases((bench, samples) => {
    for (const classes of CLASSES) {
      const { labels, order } = labelled(`score ${samples} ${classes}`, samples, classes);
      const random = stream(`logits ${samples} ${classes}`);
      const [labelBlock, list] = [bench.input(labels), bench.input(order)];
      tileCounts(samples).forEach((count, t) => {
        const logits = tile(random, classes, count, Number.NaN);
        const sumsOf = Float64Array.from(numbers(random, TILE), (value, b) =>
          b < count ? value + 3 : Number.NaN,
        );
        let [loss, magnitude, correct] = [0, 0, 0];
        for (let b = 0; b < count; b++) {
          const label = labels[order[t * TILE + b]];
          const lane = Array.from({ length: classes }, (_, c) => logits[c * TILE + b]);
          loss += sumsOf[b] - lane[label];
          magnitude += Math.abs(sumsOf[b]) + Math.abs(lane[label]);
          if (lane.indexOf(Math.max(...lane)) === label) correct++;
        }
        const out = bench.f64(2);
        bench.kernels.score(
          bench.input(logits).pointer,
          bench.input(sumsOf).pointer,
          labelBlock.pointer,
          list.pointer + 4 * TILE * t,
          count,
          classes,
          out.pointer,
        );
        const bounds = [2 * (count + 1) * 2 ** -53 * magnitude, 0];
        bench.expectClose(out, Float64Array.of(loss, correct), (at) => bounds[at]);
      });
    }
  }),
  single('ties_go_to_the_lowest_class', (bench) => {
    const logits = new Float32Array(3 * TILE).fill(1);
    const labels = bench.input(Int32Array.of(0, 1, 2));
    const rows = bench.input(Int32Array.of(0, 1, 2, 0));
    const sums = bench.input(new Float64Array(TILE).fill(2));
    const out = bench.f64(2);
    const { score: run } = bench.kernels;
    run(bench.input(logits).pointer, sums.pointer, labels.pointer, rows.pointer, 4, 3, out.pointer);
    bench.expectExact(out, Float64Array.of(4, 2));
  }),
];

export const crossEntropyGradient: Case[] = sampleCases((bench, samples) => {
  for (const classes of CLASSES) {
    const { labels, order } = labelled(`gradient ${samples} ${classes}`, samples, classes);
    const random = stream(`probabilities ${samples} ${classes}`);
    const [labelBlock, list] = [bench.input(labels), bench.input(order)];
    const scale = Math.fround(1 / samples);
    tileCounts(samples).forEach((count, t) => {
      // Unused lanes hold NaN: they have to become 0, not 0 · NaN.
      const values = tile(random, classes, count, Number.NaN).map(Math.abs);
      const isLabel = (at: number): boolean => {
        return labels[order[t * TILE + (at % TILE)]] === Math.floor(at / TILE);
      };
      const want = Float64Array.from(values, (value, at) =>
        at % TILE < count ? (value - Number(isLabel(at))) * scale : 0,
      );
      for (const inPlace of [false, true]) {
        const probs = inPlace ? bench.inout(values) : bench.input(values);
        const d = inPlace ? probs : bench.f32(classes * TILE);
        bench.kernels.crossEntropyGradient(
          probs.pointer,
          labelBlock.pointer,
          list.pointer + 4 * TILE * t,
          count,
          classes,
          scale,
          d.pointer,
        );
        bench.expectClose(d, want, (at) => (at % TILE < count ? gamma(2) * Math.abs(want[at]) : 0));
      }
    });
  }
});
