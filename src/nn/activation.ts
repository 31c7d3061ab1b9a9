import { checkChoice, checkNumber, checkOptions } from '../base/checks.ts';

/**
 * What hidden layers make of their sums: those above 0 stay, and the others are multiplied by a slope. So it
 * is told apart by the slope alone, which is also the derivative there.
 *
 * A neuron fires for a sample if its sum is above 0. With a slope other than 0 signal and gradient pass a
 * neuron that does not fire, too; with `linear` there is nothing to tell, and every neuron fires.
 */
export interface Activation {
  readonly name: string;
  /** What it was made with, as JSON. */
  readonly options: Readonly<Record<string, number>>;
  /**
   * What sums that are not above 0 are multiplied by. 0 makes them 0, and 1 leaves them as they are.
   * @param layer the hidden layer's number, from 1.
   */
  slope(layer: number): number;
}

/** Options of `activation.leakyRelu` and `activation.allRelu`. */
export interface SlopeOptions {
  /** From 0 to 1; by default 0.01 for leakyRelu, and 0.6 for allRelu. */
  readonly slope?: number;
}

/** max(z, 0): what a model has by default. */
export function relu(options: Readonly<Record<string, never>> = {}): Activation {
  checkOptions('activation.relu', options, []);
  return Object.freeze<Activation>({ name: 'relu', options: {}, slope: () => 0 });
}

/**
 * z where it is above 0, else slope · z (Maas et al. 2013).
 * @throws CtreError `E_ARGUMENT` for a slope out of its range.
 */
export function leakyRelu(options: SlopeOptions = {}): Activation {
  const slope = checkSlope('leakyRelu', options, 0.01);
  return Object.freeze<Activation>({ name: 'leaky-relu', options: { slope }, slope: () => slope });
}

/**
 * z where it is above 0, else −slope · z in the first, third, … hidden layer and slope · z in the others
 * (Curci et al. 2021, "Truly sparse neural networks at scale"). The layers count as in the authors' programs,
 * where the inputs are number 1, and the even ones have the minus.
 * @throws CtreError `E_ARGUMENT` for a slope out of its range.
 */
export function allRelu(options: SlopeOptions = {}): Activation {
  const slope = checkSlope('allRelu', options, 0.6);
  return Object.freeze<Activation>({
    name: 'all-relu',
    options: { slope },
    slope: (layer: number) => (layer % 2 === 1 ? -slope : slope),
  });
}

/** The sums as they are. */
export function identity(options: Readonly<Record<string, never>> = {}): Activation {
  checkOptions('activation.linear', options, []);
  return Object.freeze<Activation>({ name: 'linear', options: {}, slope: () => 1 });
}

/** The activations by their names on the command line and in files. */
export const activations = Object.freeze({
  relu,
  'leaky-relu': leakyRelu,
  'all-relu': allRelu,
  linear: identity,
});

/**
 * The activation of a name.
 * @throws CtreError `E_ARGUMENT` for a name that is none, or options out of their range.
 */
export function activationByName(name: string, options: unknown = {}): Activation {
  const known = checkChoice('activation', name, Object.keys(activations) as (keyof typeof activations)[]);
  // The options come from a file or a command line: the factories check them.
  const make: (options: never) => Activation = activations[known];
  return make(options as never);
}

/** Whether a slope leaves a trace of its own, one bit for each sum: ReLU's and none's do not. */
export function keepsBits(slope: number): boolean {
  const rounded = Math.fround(slope);
  return rounded !== 0 && rounded !== 1;
}

function checkSlope(name: string, options: SlopeOptions, usual: number): number {
  const { slope = usual } = checkOptions(`activation.${name}`, options, ['slope']);
  return checkNumber('slope', slope, { least: 0, most: 1 });
}
