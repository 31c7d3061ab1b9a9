import { Approximate } from '../../../support/rounding.ts';
import type { Bench, Subject } from '../bench.ts';
import { numbers, single, stream, type Values } from '../inputs.ts';
import { line } from '../operands.ts';

interface Sgd {
  readonly rate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly l2: number;
}

const SGD: Sgd = { rate: 0.1, momentum: 0.9, nesterov: false, l2: 1e-2 };

/** Kernels are told float32 numbers. */
function constant(value: number): Approximate {
  return new Approximate(Math.fround(value));
}

function callSgd(bench: Bench, weights: Float32Array, grads: Float32Array, velocity: Float32Array, s: Sgd) {
  const [w, grad, v] = [bench.inout(weights), bench.input(grads), bench.inout(velocity)];
  bench.kernels.sgd(w.pointer, grad.pointer, v.pointer, weights.length, s.rate, s.momentum, s.nesterov, s.l2);
  return { w, v };
}

function runSgd(bench: Bench, name: string, n: number, values: Values, settings: Sgd): void {
  const random = stream(`sgd ${name}`);
  const [weights, grads, velocity] = [0, 1, 2].map(() => numbers(random, n, values));
  const { w, v } = callSgd(bench, weights, grads, velocity, settings);
  const [rate, momentum, l2] = [settings.rate, settings.momentum, settings.l2].map(constant);
  const truths = Array.from(weights, (weight, i) => {
    const before = new Approximate(weight);
    const g = new Approximate(grads[i]).plus(l2.times(before));
    const next = momentum.times(new Approximate(velocity[i])).plus(g);
    const step = settings.nesterov ? g.plus(momentum.times(next)) : next;
    return { v: next, w: before.minus(rate.times(step)) };
  });
  bench.expectClose(v, (i) => truths[i].v);
  bench.expectClose(w, (i) => truths[i].w);
}

export const sgd: Subject = {
  example: (random) => [line(random, 7), line(random, 7), line(random, 7), 7, 0.1, 0.9, true, 0.01],
  axes: ['samples', 'rows', 'values'],
  run(bench, { samples, rows, values, name }) {
    for (const settings of [
      SGD,
      { ...SGD, nesterov: true },
      { ...SGD, momentum: 0 },
      { ...SGD, l2: 0 },
      { ...SGD, rate: 0 },
    ]) {
      runSgd(bench, name, samples * rows, values, settings);
    }
  },
  cases: [
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
  ],
};

interface Adam {
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly scale: number;
  readonly epsilon: number;
  /** The L2 penalty of adam; the decay of adamW. */
  readonly penalty: number;
  /** Whether the moments are still 0. */
  readonly first: boolean;
}

const ADAM: Adam = {
  rate: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  scale: 1,
  epsilon: 1e-8,
  penalty: 1e-2,
  first: false,
};

type AdamKernel = 'adam' | 'adamW';

function callAdam(
  bench: Bench,
  kernel: AdamKernel,
  [weights, grads, firstMoment, secondMoment]: readonly Float32Array[],
  { rate, beta1, beta2, scale, epsilon, penalty }: Adam,
) {
  const [w, grad] = [bench.inout(weights), bench.input(grads)];
  const [m, v] = [bench.inout(firstMoment), bench.inout(secondMoment)];
  bench.kernels[kernel](
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
    penalty,
  );
  return { w, m, v };
}

function adamInputs(name: string, n: number, values: Values, first: boolean): Float32Array[] {
  const random = stream(name);
  const moment = (): Float32Array => (first ? new Float32Array(n) : numbers(random, n, values));
  return [numbers(random, n, values), numbers(random, n, values), moment(), moment().map(Math.abs)];
}

function runAdam(
  bench: Bench,
  kernel: AdamKernel,
  name: string,
  n: number,
  values: Values,
  settings: Adam,
): void {
  const inputs = adamInputs(`${kernel} ${name}`, n, values, settings.first);
  const [weights, grads, firstMoment, secondMoment] = inputs;
  const { w, m, v } = callAdam(bench, kernel, inputs, settings);
  const { rate, beta1, beta2, scale, epsilon, penalty } = settings;
  const [rates, b1, b2, scales, epsilons, penalties, one] = [
    rate,
    beta1,
    beta2,
    scale,
    epsilon,
    penalty,
    1,
  ].map(constant);
  const truths = Array.from(weights, (weight, i) => {
    const before = new Approximate(weight);
    const slope = new Approximate(grads[i]);
    const lost = penalties.times(before);
    const g = kernel === 'adam' ? slope.plus(lost) : slope;
    const nextM = b1.times(new Approximate(firstMoment[i])).plus(one.minus(b1).times(g));
    const nextV = b2.times(new Approximate(secondMoment[i])).plus(one.minus(b2).times(g).times(g));
    const step = rates.times(nextM).over(nextV.sqrt().times(scales).plus(epsilons));
    return { m: nextM, v: nextV, w: before.minus(kernel === 'adam' ? step : step.plus(lost)) };
  });
  bench.expectClose(m, (i) => truths[i].m);
  bench.expectClose(v, (i) => truths[i].v);
  bench.expectClose(w, (i) => truths[i].w);
}

function adamSubject(kernel: AdamKernel): Subject {
  return {
    example: (random) => [
      line(random, 7),
      line(random, 7),
      line(random, 7),
      new Float32Array(7).fill(0.3),
      7,
      0.1,
      0.9,
      0.999,
      1.5,
      1e-3,
      0.01,
    ],
    axes: ['samples', 'rows', 'values'],
    run(bench, { samples, rows, values, name }) {
      for (const settings of [
        ADAM,
        { ...ADAM, rate: 0.1, scale: 1 / Math.sqrt(1 - 0.999), first: true },
        { ...ADAM, epsilon: 0.5 },
        { ...ADAM, penalty: 0 },
      ]) {
        runAdam(bench, kernel, name, samples * rows, values, settings);
      }
    },
    cases: [
      single('same_bits_in_block_and_tail', (bench) => {
        const inputs = adamInputs(`${kernel} bits`, 7, 'signed', false);
        const all = callAdam(bench, kernel, inputs, ADAM);
        const alone = Array.from({ length: 7 }, (_, i) =>
          callAdam(
            bench,
            kernel,
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
      }),
    ],
  };
}

export const adam: Subject = adamSubject('adam');

const decoupled = adamSubject('adamW');

export const adamW: Subject = {
  ...decoupled,
  cases: [
    ...decoupled.cases,
    single('without_a_decay_has_the_bits_of_adam', (bench) => {
      const inputs = adamInputs('adamW none', 103, 'mixed', false);
      const [own, other] = (['adamW', 'adam'] as const).map((kernel) =>
        callAdam(bench, kernel, inputs, { ...ADAM, penalty: 0 }),
      );
      for (const name of ['w', 'm', 'v'] as const) bench.expectSame(own[name], other[name].read());
    }),
    single('without_a_gradient_only_decays', (bench) => {
      const zeros = new Float32Array(7);
      const weights = Float32Array.of(1, -2, 4, -8, 16, -32, 64);
      const { w } = callAdam(bench, 'adamW', [weights, zeros, zeros, zeros], { ...ADAM, penalty: 0.25 });
      bench.expectCopied(
        w,
        weights.map((weight) => 0.75 * weight),
      );
    }),
  ],
};
