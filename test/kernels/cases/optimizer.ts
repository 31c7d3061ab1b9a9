import type { Bench, Case } from '../bench.ts';
import { gamma, numbers, stream } from '../inputs.ts';

/** One block and its tail, two blocks, and larger. */
const COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 64, 129];

/** The settings, each at every count, and a parameter's bits at every place. */
function optimizerCases<S>(
  settings: Readonly<Record<string, S>>,
  run: (bench: Bench, n: number, setting: S) => void,
): Case[] {
  return Object.entries(settings).map(([name, setting]) => ({
    name,
    runs: COUNTS.map((n) => (bench: Bench) => run(bench, n, setting)),
  }));
}

interface Sgd {
  readonly rate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly l2: number;
}

function callSgd(bench: Bench, weights: Float32Array, grads: Float32Array, velocity: Float32Array, s: Sgd) {
  const [w, grad, v] = [bench.inout(weights), bench.input(grads), bench.inout(velocity)];
  bench.kernels.sgd(w.pointer, grad.pointer, v.pointer, weights.length, s.rate, s.momentum, s.nesterov, s.l2);
  return { w, v };
}

function runSgd(bench: Bench, n: number, settings: Sgd): void {
  const random = stream(`sgd ${n}`);
  const [weights, grads, velocity] = [numbers(random, n), numbers(random, n), numbers(random, n)];
  const { w, v } = callSgd(bench, weights, grads, velocity, settings);
  const [rate, momentum, l2] = [settings.rate, settings.momentum, settings.l2].map(Math.fround);
  const truth = Array.from(weights, (weight, i) => {
    const g = grads[i] + l2 * weight;
    const gSize = Math.abs(grads[i]) + l2 * Math.abs(weight);
    const next = momentum * velocity[i] + g;
    const nextSize = momentum * Math.abs(velocity[i]) + gSize;
    const step = settings.nesterov ? g + momentum * next : next;
    const stepSize = settings.nesterov ? gSize + momentum * nextSize : nextSize;
    return {
      v: next,
      vBound: gamma(3) * nextSize,
      w: weight - rate * step,
      wBound: gamma(7) * (Math.abs(weight) + rate * stepSize),
    };
  });
  bench.expectClose(
    v,
    truth.map((t) => t.v),
    (i) => truth[i].vBound,
  );
  bench.expectClose(
    w,
    truth.map((t) => t.w),
    (i) => truth[i].wBound,
  );
}

const SGD: Sgd = { rate: 0.1, momentum: 0.9, nesterov: false, l2: 1e-2 };

export const sgd: Case[] = [
  ...optimizerCases(
    {
      momentum: SGD,
      nesterov: { ...SGD, nesterov: true },
      no_momentum: { ...SGD, momentum: 0 },
      no_weight_decay: { ...SGD, l2: 0 },
      rate_zero: { ...SGD, rate: 0 },
    },
    runSgd,
  ),
  {
    name: 'same_bits_in_block_and_tail',
    runs: [false, true].map((nesterov) => (bench) => {
      const [weights, grads, velocity] = ['w', 'g', 'v'].map((name) => numbers(stream(name), 7));
      const settings = { ...SGD, nesterov };
      const all = callSgd(bench, weights, grads, velocity, settings);
      const alone = (i: number) =>
        callSgd(bench, weights.slice(i, i + 1), grads.slice(i, i + 1), velocity.slice(i, i + 1), settings);
      bench.expectSame(
        all.w,
        Array.from(weights, (_, i) => alone(i).w.read()[0]),
      );
      bench.expectSame(
        all.v,
        Array.from(weights, (_, i) => alone(i).v.read()[0]),
      );
    }),
  },
];

interface Adam {
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly scale: number;
  readonly epsilon: number;
  readonly l2: number;
  /** Whether the moments are still 0. */
  readonly first: boolean;
}

function callAdam(
  bench: Bench,
  [weights, grads, firstMoment, secondMoment]: readonly Float32Array[],
  { rate, beta1, beta2, scale, epsilon, l2 }: Adam,
) {
  const [w, grad] = [bench.inout(weights), bench.input(grads)];
  const [m, v] = [bench.inout(firstMoment), bench.inout(secondMoment)];
  bench.kernels.adam(
    w.pointer,
    grad.pointer,
    m.pointer,
    v.pointer,
    weights.length,
    rate,
    beta1,
    beta2,
    scale,
    epsilon,
    l2,
  );
  return { w, m, v };
}

function adamInputs(name: string, n: number, first: boolean): Float32Array[] {
  const random = stream(name);
  const moment = (): Float32Array => (first ? new Float32Array(n) : numbers(random, n));
  // No gradient so near to 0 that weight decay could cancel it: the bound would say nothing there.
  const grads = numbers(random, n).map((value) => (value < 0 ? value - 0.1 : value + 0.1));
  return [numbers(random, n), grads, moment(), moment().map(Math.abs)];
}

function runAdam(bench: Bench, n: number, settings: Adam): void {
  const inputs = adamInputs(`adam ${n}`, n, settings.first);
  const [weights, grads, firstMoment, secondMoment] = inputs;
  const { w, m, v } = callAdam(bench, inputs, settings);
  const [rate, beta1, beta2, scale, epsilon, l2] = [
    settings.rate,
    settings.beta1,
    settings.beta2,
    settings.scale,
    settings.epsilon,
    settings.l2,
  ].map(Math.fround);
  const truth = Array.from(weights, (weight, i) => {
    const g = grads[i] + l2 * weight;
    const gSize = Math.abs(grads[i]) + l2 * Math.abs(weight);
    const nextM = beta1 * firstMoment[i] + (1 - beta1) * g;
    const mSize = beta1 * Math.abs(firstMoment[i]) + (1 - beta1) * gSize;
    const nextV = beta2 * secondMoment[i] + (1 - beta2) * g * g;
    const vBound = gamma(8) * (beta2 * secondMoment[i] + (1 - beta2) * gSize * gSize);
    const root = Math.sqrt(nextV) * scale + epsilon;
    // A root halves a relative error; not counted on. Then root, ·scale and + epsilon round.
    const rootError = vBound / nextV + gamma(3);
    return {
      m: nextM,
      mBound: gamma(5) * mSize,
      v: nextV,
      vBound,
      w: weight - (rate * nextM) / root,
      wBound:
        (gamma(8) + rootError) * ((rate * mSize) / root / (1 - rootError)) + gamma(1) * Math.abs(weight),
    };
  });
  for (const [buffer, value, bound] of [
    [m, 'm', 'mBound'],
    [v, 'v', 'vBound'],
    [w, 'w', 'wBound'],
  ] as const) {
    bench.expectClose(
      buffer,
      truth.map((t) => t[value]),
      (i) => truth[i][bound],
    );
  }
}

const ADAM: Adam = { rate: 0.01, beta1: 0.9, beta2: 0.999, scale: 1, epsilon: 1e-8, l2: 1e-2, first: false };

export const adam: Case[] = [
  ...optimizerCases(
    {
      later_step: ADAM,
      first_step: { ...ADAM, rate: 0.1, scale: 1 / Math.sqrt(1 - 0.999), first: true },
      large_epsilon: { ...ADAM, epsilon: 0.5 },
      no_weight_decay: { ...ADAM, l2: 0 },
    },
    runAdam,
  ),
  {
    name: 'same_bits_in_block_and_tail',
    runs: [
      (bench) => {
        const inputs = adamInputs('adam bits', 7, false);
        const all = callAdam(bench, inputs, ADAM);
        const alone = Array.from({ length: 7 }, (_, i) =>
          callAdam(
            bench,
            inputs.map((array) => array.slice(i, i + 1)),
            ADAM,
          ),
        );
        for (const name of ['w', 'm', 'v'] as const) {
          bench.expectSame(
            all[name],
            alone.map((one) => one[name].read()[0]),
          );
        }
      },
    ],
  },
];
