import { checkChoice, checkInteger } from './checks.ts';
import { CsrMatrix, type CsrPattern, checkCsr } from './csr.ts';
import { CtreError, show } from './errors.ts';
import { type Initializer, initializerByName } from './nn/initializer.ts';
import type { Optimizer } from './nn/optimizer.ts';
import { PRESET_NAMES, type PresetName, presets } from './presets.ts';
import { randomStream } from './random.ts';
import type { DensityOptions } from './topology/density.ts';
import type { Topology } from './topology/topology.ts';
import type { Labels, Samples } from './train/batches.ts';
import type { Trainee } from './train/train.ts';

// What a caller of the model may ask for, and the checks of it.

/** What every way of making a model takes. */
export interface ModelOptions {
  /** What everything is that is not given: `default`, or `paper` for the published settings of CTRE. */
  readonly preset?: PresetName;
  /** How the topology evolves; the preset's. */
  readonly topology?: Topology;
  /** Draws the weights at the start; the preset's. */
  readonly initializer?: Initializer;
  /** Draws the weights of grown connections; what the topology method prescribes, else the preset's. */
  readonly growInitializer?: Initializer;
  /** Decides everything random; 0. */
  readonly seed?: number | string;
  /** Threads to work with, this one among them: a number from 1 to 64, or `auto` for as many as the machine has, at most 8; 1. */
  readonly threads?: number | 'auto';
  /** JSON to keep with the model and in its file: label names, scaler, … */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Options of `SparseMLP.create`: without a density or a pattern ε is 1. */
export interface CreateOptions extends ModelOptions, DensityOptions {
  /** Neurons by layer: inputs, hidden layers, classes. */
  readonly layers: readonly number[];
  /** The layers' own patterns, `[outDim, inDim]`, instead of a density. */
  readonly pattern?: readonly CsrPattern[];
}

/** Options of `train` and `fit`. */
export interface TrainOptions {
  /** 100. */
  readonly epochs?: number;
  /** Samples a step; 100. */
  readonly batchSize?: number;
  /** The one of the model's preset. */
  readonly optimizer?: Optimizer;
  /** The share of rows held out for validation, drawn at random. */
  readonly validationSplit?: number;
  /** The rows of x held out for validation. */
  readonly validationRows?: readonly number[] | Int32Array;
  /** A data set of its own for validation. */
  readonly validation?: { readonly x: Samples; readonly y: Labels };
  /** Scored whenever the validation accuracy reaches a new best, and after the last epoch. */
  readonly test?: { readonly x: Samples; readonly y: Labels };
  /** Ends training when the validation accuracy has not improved for so many epochs; never, by default. */
  readonly patience?: number;
  /** Ends training at the edge of a step, with an error of code `E_ABORTED`. */
  readonly signal?: AbortSignal;
}

export const MODEL_OPTIONS = [
  'preset',
  'topology',
  'initializer',
  'growInitializer',
  'seed',
  'threads',
  'metadata',
] as const;
export const CREATE_OPTIONS = [
  'layers',
  'pattern',
  'epsilon',
  'density',
  'distribution',
  ...MODEL_OPTIONS,
] as const;
export const TRAIN_OPTIONS = [
  'epochs',
  'batchSize',
  'optimizer',
  'validationSplit',
  'validationRows',
  'validation',
  'test',
  'patience',
  'signal',
] as const;

/** More neurons in a layer than one tile row each can be addressed (4 GiB / 128 bytes). */
const MAX_NEURONS = 2 ** 25;

/** What a model is made of besides its network. */
export interface Settings extends Pick<Trainee, 'topology' | 'initializer' | 'growInitializer' | 'seed'> {
  readonly preset: PresetName;
}

export function checkModelOptions(options: ModelOptions): Settings {
  const name = checkChoice('preset', options.preset ?? 'default', PRESET_NAMES);
  const preset = presets[name];
  const { topology = preset.topology(), initializer = preset.initializer(), seed = 0 } = options;
  if (typeof topology?.init !== 'function') {
    throw new CtreError('E_ARGUMENT', `topology is ${show(topology)}; expected one like topology.ctreSim()`);
  }
  const { growInitializer: growName } = topology;
  const prescribed = growName === undefined ? undefined : initializerByName(growName);
  const growInitializer = options.growInitializer ?? prescribed ?? preset.growInitializer();
  for (const [name, value] of Object.entries({ initializer, growInitializer })) {
    if (typeof value?.bound !== 'function') {
      throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected one like initializer.glorot()`);
    }
  }
  if (typeof seed !== 'string' && !Number.isFinite(seed)) {
    throw new CtreError('E_ARGUMENT', `seed is ${show(seed)}; expected a number or a string`);
  }
  return { preset: name, topology, initializer, growInitializer, seed };
}

export function checkDims(layers: unknown): number[] {
  if (!Array.isArray(layers) || layers.length < 2) {
    throw new CtreError('E_ARGUMENT', `layers is ${show(layers)}; expected at least [inputs, classes]`);
  }
  return layers.map((neurons, l) => checkInteger(`layers[${l}]`, neurons, { least: 1, most: MAX_NEURONS }));
}

export function checkPatterns(patterns: readonly CsrPattern[], dims: readonly number[]): CsrPattern[] {
  if (!Array.isArray(patterns) || patterns.length !== dims.length - 1) {
    throw new CtreError(
      'E_SHAPE',
      `pattern is ${show(patterns)}; expected one pattern for each of ${dims.length - 1} layers`,
    );
  }
  return patterns.map((pattern: CsrPattern, l) => {
    if (typeof pattern !== 'object' || pattern === null || !('indptr' in pattern && 'indices' in pattern)) {
      throw new CtreError(
        'E_ARGUMENT',
        `pattern[${l}] is ${show(pattern)}; expected { rows, cols, indptr, indices }`,
      );
    }
    const { rows, cols, indptr, indices } = pattern;
    if (rows !== dims[l + 1] || cols !== dims[l]) {
      throw new CtreError(
        'E_SHAPE',
        `pattern[${l}] is ${rows} × ${cols}; expected ${dims[l + 1]} × ${dims[l]}`,
      );
    }
    checkCsr({ rows, cols, indptr, indices, values: indices });
    if (indices.length === 0) throw new CtreError('E_ARGUMENT', `pattern[${l}] has no connection`);
    return { rows, cols, indptr: Int32Array.from(indptr), indices: Int32Array.from(indices) };
  });
}

export function checkLayers(
  layers: readonly { readonly weights: CsrMatrix; readonly bias: ArrayLike<number> }[],
): { weights: CsrMatrix; bias: Float32Array }[] {
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new CtreError('E_ARGUMENT', `layers is ${show(layers)}; expected an array of { weights, bias }`);
  }
  const checked = layers.map((layer: (typeof layers)[number], l) => {
    const weights = layer?.weights;
    if (!(weights instanceof CsrMatrix)) {
      throw new CtreError('E_ARGUMENT', `layers[${l}].weights is ${show(weights)}; expected a CsrMatrix`);
    }
    const bias = Float32Array.from(layer.bias ?? []);
    if (bias.length !== weights.rows) {
      throw new CtreError(
        'E_SHAPE',
        `layers[${l}].bias has ${bias.length} elements for ${weights.rows} neurons`,
      );
    }
    for (const [name, values] of Object.entries({ weights: weights.values, bias })) {
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        throw new CtreError(
          'E_NOT_FINITE',
          `layers[${l}].${name} holds ${values[bad]}; expected finite numbers`,
        );
      }
    }
    return { weights: CsrMatrix.fromParts(weights), bias };
  });
  const dims = checkDims([checked[0].weights.cols, ...checked.map(({ weights }) => weights.rows)]);
  checkPatterns(
    checked.map(({ weights }) => weights),
    dims,
  );
  return checked;
}

/** The rows to train on and those held out, as the options say. */
export function holdOut(
  rows: number,
  { validationSplit, validationRows, validation }: TrainOptions,
  seed: number | string,
): { trainRows: Int32Array; validationRows: Int32Array | undefined } {
  const all = Int32Array.from({ length: rows }, (_, r) => r);
  const given = [validationSplit, validationRows, validation].filter((option) => option !== undefined);
  if (given.length === 0) return { trainRows: all, validationRows: undefined };
  if (given.length > 1) {
    throw new CtreError(
      'E_ARGUMENT',
      'more than one of validationSplit, validationRows and validation are given; expected one of them',
    );
  }
  if (validation !== undefined) return { trainRows: all, validationRows: undefined };
  const held = new Uint8Array(rows);
  if (validationRows !== undefined) {
    for (const row of validationRows)
      held[checkInteger('validationRows', row, { least: 0, most: rows - 1 })] = 1;
  } else {
    const share = Number(validationSplit);
    if (!(share > 0 && share < 1)) {
      throw new CtreError(
        'E_ARGUMENT',
        `validationSplit is ${show(validationSplit)}; expected a number between 0 and 1`,
      );
    }
    const shuffled = all.slice();
    randomStream(seed, 'validation').shuffle(shuffled);
    for (const row of shuffled.subarray(0, Math.max(1, Math.round(share * rows)))) held[row] = 1;
  }
  const split = {
    trainRows: all.filter((row) => held[row] === 0),
    validationRows: all.filter((row) => held[row] === 1),
  };
  if (split.trainRows.length === 0 || split.validationRows.length === 0) {
    throw new CtreError(
      'E_SHAPE',
      `of ${rows} rows ${split.validationRows.length} would be validation and ${split.trainRows.length} training; expected at least one of each`,
    );
  }
  return split;
}
