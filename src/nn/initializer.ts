import { checkChoice, checkNumber, checkOptions } from '../base/checks.ts';
import type { Random } from '../base/random.ts';
import type { LayerShape } from './layerShape.ts';

/**
 * Draws the weights of connections: at the start of all, later of each that is grown. One that is an object
 * literal may have no other property than these.
 */
export interface Initializer {
  readonly name: string;
  /** What it was made with, as JSON. */
  readonly options: Readonly<Record<string, number>>;
  /** A layer's half-width m: weights are uniform in (−m, m). */
  bound(layer: LayerShape): number;
}

/** One weight of the layer, uniform in (−m, m). */
export function drawWeight(bound: number, random: Random): number {
  return bound === 0 ? 0 : (2 * random.next() - 1) * bound;
}

/**
 * m = √(6 / (inDim + outDim)): the bound of the dense layer, as published for CTRE (Glorot and Bengio 2010).
 */
export function glorot(options: Readonly<Record<string, never>> = {}): Initializer {
  checkOptions('initializer.glorot', options, []);
  return Object.freeze({
    name: 'glorot',
    options: {},
    bound: ({ inDim, outDim }: LayerShape) => Math.sqrt(6 / (inDim + outDim)),
  });
}

/**
 * m = gain · √(6 / fan-in) with the real mean fan-in nnz / outDim, so that a sparse layer carries the signal
 * as a dense one would (He et al. 2015; Evci et al. 2022 for sparse layers). Small first weights let the
 * topology choose its inputs by what is learnt, not by what was drawn. Both gains were chosen by measurement
 * (docs/results.md), with ReLU. Behind an activation of another slope a below 0 the bound is divided by
 * √(1 + a²), because more of the signal passes (He et al. 2015, eq. 15; PyTorch's `calculate_gain`).
 * @param options.firstGain for the first layer; 0.1. @param options.gain for the others; 1.5.
 */
export function sparseHe(options: { readonly firstGain?: number; readonly gain?: number } = {}): Initializer {
  const given = checkOptions('initializer.sparseHe', options, ['firstGain', 'gain']);
  const firstGain = checkNumber('firstGain', given.firstGain ?? 0.1, { least: 0 });
  const gain = checkNumber('gain', given.gain ?? 1.5, { least: 0 });
  return Object.freeze({
    name: 'sparse-he',
    options: { firstGain, gain },
    bound: ({ index, nnz, outDim, inputSlope = 0 }: LayerShape) => {
      const root = Math.sqrt((6 * outDim) / nnz);
      return index === 0 ? firstGain * root : (gain * root) / Math.sqrt(1 + inputSlope * inputSlope);
    },
  });
}

/** m = bound, or √(6 / inDim) without one: what CTRE's published code grows connections with. */
export function uniform(options: { readonly bound?: number } = {}): Initializer {
  const given = checkOptions('initializer.uniform', options, ['bound']);
  if (given.bound === undefined) {
    return Object.freeze({
      name: 'uniform',
      options: {},
      bound: ({ inDim }: LayerShape) => Math.sqrt(6 / inDim),
    });
  }
  const bound = checkNumber('bound', given.bound, { least: 0 });
  return Object.freeze({ name: 'uniform', options: { bound }, bound: () => bound });
}

/** Every weight 0: RigL's growth. A network that starts so never learns. */
export function zeros(options: Readonly<Record<string, never>> = {}): Initializer {
  checkOptions('initializer.zeros', options, []);
  return Object.freeze({ name: 'zeros', options: {}, bound: () => 0 });
}

/** The initialisers by their names on the command line and in files. */
export const initializers = Object.freeze({ glorot, 'sparse-he': sparseHe, uniform, zeros });

/**
 * The initialiser of a name.
 * @throws CtreError `E_ARGUMENT` for a name that is none, or options out of their range.
 */
export function initializerByName(name: string, options: unknown = {}): Initializer {
  const known = checkChoice('initializer', name, Object.keys(initializers) as (keyof typeof initializers)[]);
  // The options come from a file or a command line: the factories check them.
  const make: (options: never) => Initializer = initializers[known];
  return make(options as never);
}
