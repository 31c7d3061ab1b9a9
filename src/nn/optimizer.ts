import { checkBoolean, checkChoice, checkNumber, checkOptions } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import { power } from '../base/power.ts';
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
   * Whether `step` multiplies its learning rate by `parameters.rateFactor`. One that does not takes no
   * schedule but the constant one.
   */
  readonly takesRateFactor?: boolean;
  /**
   * Step number `time` (from 1) over n parameters. `weights`, `gradient` and `slots` are pointers to f32 [n].
   * `rateFactor` is the schedule's factor of the learning rate, by default 1.
   * @param decay whether the weight decay applies: to weights, not to biases.
   */
  step(
    kernels: Kernels,
    parameters: {
      weights: number;
      gradient: number;
      slots: readonly number[];
      n: number;
      rateFactor?: number;
    },
    time: number,
    decay: boolean,
  ): void;
}

/** The options common to all optimisers. */
export interface OptimizerOptions {
  /** Step size; 0.01 for SGD, 0.001 for Adam and AdamW. */
  readonly learningRate?: number;
  /**
   * L2 penalty: this times the weight is added to its gradient. Default 1e-4 for SGD, 0 for Adam. AdamW takes
   * it times the learning rate from the weight itself, by default 0.01.
   */
  readonly weightDecay?: number;
}

/** The options of `optimizer.adam` and `optimizer.adamW`. */
export interface AdamOptions extends OptimizerOptions {
  /** How much of the mean gradient a step keeps; 0.9. */
  readonly beta1?: number;
  /** How much of the mean squared gradient a step keeps; 0.999. */
  readonly beta2?: number;
  /** Is added to the root of the mean squared gradient; 1e-8. */
  readonly epsilon?: number;
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
    takesRateFactor: true,
    step(kernels, { weights, gradient, slots, n, rateFactor = 1 }, _time, decay) {
      checkSlots('sgd', slots, 1);
      const penalty = decay ? weightDecay : 0;
      kernels.sgd(weights, gradient, slots[0], n, rate * rateFactor, momentum, nesterov, penalty);
    },
  });
}

/**
 * Adam (Kingma and Ba 2015), with an L2 penalty in the gradient.
 * @throws CtreError `E_ARGUMENT` for a number out of its range.
 */
export function adam(options: AdamOptions = {}): Optimizer {
  return adamOf('adam', options, 0);
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019), as PyTorch's AdamW: a step also takes
 * learningRate · weightDecay · w from each weight w. A schedule's factor is part of that learning rate.
 *
 * ```ts
 * await model.fit(x, y, { optimizer: optimizer.adamW({ weightDecay: 0.05 }), schedule: schedule.cosine() });
 * ```
 *
 * @throws CtreError `E_ARGUMENT` for a number out of its range.
 */
export function adamW(options: AdamOptions = {}): Optimizer {
  return adamOf('adamw', options, 0.01);
}

/** Adam by its name in files: how a weight decays is all that differs. */
function adamOf(name: 'adam' | 'adamw', options: AdamOptions, usualDecay: number): Optimizer {
  const isDecoupled = name === 'adamw';
  const given = checkOptions(`optimizer.${isDecoupled ? 'adamW' : name}`, options, [
    'learningRate',
    'weightDecay',
    'beta1',
    'beta2',
    'epsilon',
  ]);
  const rate = checkNumber('learningRate', given.learningRate ?? 0.001, { least: 0 });
  const weightDecay = checkNumber('weightDecay', given.weightDecay ?? usualDecay, { least: 0 });
  const beta1 = checkDecay('beta1', given.beta1 ?? 0.9);
  const beta2 = checkDecay('beta2', given.beta2 ?? 0.999);
  const epsilon = checkNumber('epsilon', given.epsilon ?? 1e-8, { least: 0 });
  return Object.freeze<Optimizer>({
    name,
    options: { learningRate: rate, weightDecay, beta1, beta2, epsilon },
    slots: 2,
    takesRateFactor: true,
    step(kernels, { weights, gradient, slots, n, rateFactor = 1 }, time, decay) {
      checkSlots(name, slots, 2);
      const stepRate = rate * rateFactor;
      const penalty = decay ? weightDecay : 0;
      kernels[isDecoupled ? 'adamW' : 'adam'](
        weights,
        gradient,
        slots[0],
        slots[1],
        n,
        stepRate / (1 - power(beta1, time)),
        beta1,
        beta2,
        1 / Math.sqrt(1 - power(beta2, time)),
        epsilon,
        isDecoupled ? stepRate * penalty : penalty,
      );
    },
  });
}

/** The optimisers by their names on the command line and in files. */
export const optimizers = Object.freeze({ adam, adamw: adamW, sgd });

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
