import { checkBoolean, checkChoice, checkNumber, checkOptions } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import type { Kernels } from '../engine/abi.ts';

/**
 * An optimiser: how a step changes parameters, and how many numbers of state (`slots`) each parameter has.
 * One that is an object literal may have no other property than these.
 */
export interface Optimizer {
  readonly name: string;
  /** What it was made with, as JSON. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Arrays that the optimiser keeps, each of one f32 a parameter, zero at first. */
  readonly slots: number;
  /**
   * Step number `time` (from 1) over n parameters. `weights`, `gradient` and `slots` are pointers to f32 [n].
   * @param decay whether the L2 penalty applies: to weights, not to biases.
   */
  step(
    kernels: Kernels,
    parameters: { weights: number; gradient: number; slots: readonly number[]; n: number },
    time: number,
    decay: boolean,
  ): void;
}

/** The options common to all optimisers. */
export interface OptimizerOptions {
  /** Step size; 0.01 for SGD, 0.001 for Adam. */
  readonly learningRate?: number;
  /** L2 penalty: this times the weight is added to its gradient. Default 1e-4 for SGD, 0 for Adam. */
  readonly weightDecay?: number;
}

/**
 * Stochastic gradient descent with momentum; the defaults are the published settings of CTRE. v ← momentum·v
 * + g; then w ← w − learningRate·(g + momentum·v) with Nesterov, w ← w − learningRate·v without.
 * @throws CtreError `E_ARGUMENT` for a number out of its range.
 */
export function sgd(
  options: OptimizerOptions & { readonly momentum?: number; readonly nesterov?: boolean } = {},
): Optimizer {
  const given = checkOptions('optimizer.sgd', options, [
    'learningRate',
    'weightDecay',
    'momentum',
    'nesterov',
  ]);
  const rate = checkNumber('learningRate', given.learningRate ?? 0.01, { least: 0 });
  const weightDecay = checkNumber('weightDecay', given.weightDecay ?? 1e-4, { least: 0 });
  const momentum = checkDecay('momentum', given.momentum ?? 0.9);
  const nesterov = checkBoolean('nesterov', given.nesterov ?? true);
  return Object.freeze<Optimizer>({
    name: 'sgd',
    options: { learningRate: rate, weightDecay, momentum, nesterov },
    slots: 1,
    step(kernels, { weights, gradient, slots, n }, _time, decay) {
      checkSlots('sgd', slots, 1);
      kernels.sgd(weights, gradient, slots[0], n, rate, momentum, nesterov, decay ? weightDecay : 0);
    },
  });
}

/**
 * Adam (Kingma and Ba 2015), with an L2 penalty in the gradient.
 * @throws CtreError `E_ARGUMENT` for a number out of its range.
 */
export function adam(
  options: OptimizerOptions & {
    readonly beta1?: number;
    readonly beta2?: number;
    readonly epsilon?: number;
  } = {},
): Optimizer {
  const given = checkOptions('optimizer.adam', options, [
    'learningRate',
    'weightDecay',
    'beta1',
    'beta2',
    'epsilon',
  ]);
  const rate = checkNumber('learningRate', given.learningRate ?? 0.001, { least: 0 });
  const weightDecay = checkNumber('weightDecay', given.weightDecay ?? 0, { least: 0 });
  const beta1 = checkDecay('beta1', given.beta1 ?? 0.9);
  const beta2 = checkDecay('beta2', given.beta2 ?? 0.999);
  const epsilon = checkNumber('epsilon', given.epsilon ?? 1e-8, { least: 0 });
  return Object.freeze<Optimizer>({
    name: 'adam',
    options: { learningRate: rate, weightDecay, beta1, beta2, epsilon },
    slots: 2,
    step(kernels, { weights, gradient, slots, n }, time, decay) {
      checkSlots('adam', slots, 2);
      kernels.adam(
        weights,
        gradient,
        slots[0],
        slots[1],
        n,
        rate / (1 - power(beta1, time)),
        beta1,
        beta2,
        1 / Math.sqrt(1 - power(beta2, time)),
        epsilon,
        decay ? weightDecay : 0,
      );
    },
  });
}

/** The optimisers by their names on the command line and in files. */
export const optimizers = Object.freeze({ adam, sgd });

/**
 * The optimiser of a name.
 * @throws CtreError `E_ARGUMENT` for a name that is none, or options out of their range.
 */
export function optimizerByName(name: string, options: unknown = {}): Optimizer {
  const known = checkChoice('optimizer', name, Object.keys(optimizers) as (keyof typeof optimizers)[]);
  // The options come from a file or a command line: the factories check them.
  const make: (options: never) => Optimizer = optimizers[known];
  return make(options as never);
}

/** The largest float32 number below 1. */
const BELOW_ONE = 1 - 2 ** -24;

/**
 * A decay from 0 to below 1 as the kernels hold it: the nearest float32 number below 1. Adam's bias
 * corrections have to be those of the decay in use, and a decay rounded to 1 would keep every old gradient
 * for ever.
 */
function checkDecay(name: string, value: unknown): number {
  return Math.min(Math.fround(checkNumber(name, value, { least: 0, below: 1 })), BELOW_ONE);
}

/** An optimiser made of this one may claim other slots; a pointer that is missing would be address 0. */
function checkSlots(name: string, slots: readonly number[], needed: number): void {
  if (slots.length === needed) return;
  throw new CtreError('E_ARGUMENT', `optimizer ${name} was given ${slots.length} slots; expected ${needed}`);
}

/** base^exponent by squaring: the host's own power function differs between engines. */
function power(base: number, exponent: number): number {
  let result = 1;
  for (let e = exponent, b = base; e > 0; e = Math.floor(e / 2), b *= b) if (e % 2 === 1) result *= b;
  return result;
}
