import { copyNumbers, viewOf } from './arrays.ts';
import { checkChoice, checkInteger, checkList, checkNumber, readField } from './checks.ts';
import { type CsrMatrix, type CsrPattern, checkPattern, checkSparse } from './csr.ts';
import { CtreError, show } from './errors.ts';
import type { StopSignal } from './globals.ts';
import { type Initializer, initializerByName } from './nn/initializer.ts';
import type { Optimizer } from './nn/optimizer.ts';
import { PRESET_NAMES, type PresetName, presets } from './presets.ts';
import { randomStream } from './random.ts';
import type { DensityOptions } from './topology/density.ts';
import { checkSearch } from './topology/search.ts';
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
  /** Whether every epoch says which connections it has changed, as its `edits`; false. */
  readonly edits?: boolean;
  /** Ends training at the edge of a step, with an error of code `E_ABORTED`. */
  readonly signal?: StopSignal;
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
  'edits',
  'signal',
] as const;

/** More neurons in a layer than one tile row each can be addressed (4 GiB / 128 bytes). */
const MAX_NEURONS = 2 ** 25;

/** What a model is made of besides its network. */
export interface Settings extends Pick<Trainee, 'topology' | 'initializer' | 'growInitializer' | 'seed'> {
  readonly preset: PresetName;
}

/** More layers than anybody trains, and few enough to look at each. */
const MAX_LAYERS = 2 ** 16;
const CANDIDATE_NEEDS = ['activations', 'denseGradient'] as const;
/** Arrays of state that an optimiser may keep. */
const MAX_SLOTS = 16;

export function checkModelOptions(options: ModelOptions): Settings {
  const name = checkChoice('preset', options.preset ?? 'default', PRESET_NAMES);
  const preset = presets[name];
  const { seed = 0 } = options;
  const topology = options.topology === undefined ? preset.topology() : checkTopology(options.topology);
  const { growInitializer: grow } = topology;
  if (typeof seed !== 'string' && !Number.isFinite(seed)) {
    throw new CtreError('E_ARGUMENT', `seed is ${show(seed)}; expected a number or a string`);
  }
  const { initializer, growInitializer } = options;
  const prescribed = grow === undefined ? preset.growInitializer() : initializerByName(grow);
  return {
    preset: name,
    topology,
    initializer:
      initializer === undefined ? preset.initializer() : checkInitializer('initializer', initializer),
    growInitializer:
      growInitializer === undefined ? prescribed : checkInitializer('growInitializer', growInitializer),
    seed,
  };
}

/** Anybody can write an initialiser: what it says is checked when it says it. */
function checkInitializer(name: string, value: unknown): Initializer {
  const like = 'expected one like initializer.glorot()';
  const own = checkPart(name, value, like, 'bound');
  const bound = own.method('bound');
  return Object.freeze<Initializer>({
    name: own.name,
    options: own.options as Initializer['options'],
    bound: (layer) => checkNumber(`the bound of ${own.name}`, bound?.(layer), { least: 0 }),
  });
}

/** Anybody can write a topology method: its patterns lead kernels through their memory, so none is taken unseen. */
function checkTopology(value: unknown): Topology {
  const own = checkPart('topology', value, 'expected one like topology.ctreSim()', 'init');
  const { name, options } = own;
  const names = ['init', 'evolve', 'candidatesBy', 'prunesIdle', 'restore', 'pruneCount'];
  const [init, evolve, candidatesBy, prunesIdle, restore, pruneCount] = names.map(own.method);
  const schedule: unknown = own.field('schedule');
  const fraction: unknown = evolve && readField(`the schedule of ${name}`, schedule, 'fraction');
  const needs = checkList('topology.needs', own.field('needs') ?? [], 3).map((need) =>
    checkChoice('topology.needs', need, [...CANDIDATE_NEEDS, 'initialGradient'] as const),
  );
  const search: unknown = own.field('search');
  const batches: unknown = own.field('gradientBatches');
  const wiring: unknown = own.field('wiring');
  const grow: unknown = own.field('growInitializer');
  if (grow !== undefined && typeof grow !== 'string') {
    throw new CtreError('E_ARGUMENT', `topology.growInitializer is ${show(grow)}; expected a name`);
  }
  return Object.freeze<Topology>({
    name,
    options,
    needs,
    schedule: {
      fraction: (epoch, epochs) =>
        fraction === undefined
          ? 0
          : checkNumber(`the pruned share of ${name}`, call(fraction, schedule, epoch, epochs), {
              least: 0,
              most: 1,
            }),
    },
    ...(search !== undefined && { search: checkSearch(search) }),
    ...(grow !== undefined && { growInitializer: grow }),
    ...(batches !== undefined && {
      gradientBatches: checkInteger('topology.gradientBatches', batches, { least: 1 }),
    }),
    ...(wiring !== undefined && { wiring: checkInteger('topology.wiring', wiring, { least: 0 }) }),
    startsFull: Boolean(own.field('startsFull')),
    init(layer, random) {
      const start = init?.(layer, random);
      const pattern = checkPattern(
        `the pattern of ${name}`,
        readField(`what ${name} starts with`, start, 'pattern'),
      );
      const { inDim, outDim } = layer;
      const isEmpty = pattern.indices.length === 0 && layer.nnz > 0;
      if (pattern.rows !== outDim || pattern.cols !== inDim || isEmpty) {
        throw new CtreError(
          'E_SHAPE',
          `topology ${name} starts with ${pattern.indices.length} connections in ${pattern.rows} × ${pattern.cols}; expected some in ${outDim} × ${inDim}`,
        );
      }
      return { pattern, state: readField(name, start, 'state') };
    },
    ...(restore && { restore: (state) => restore(state) }),
    ...(pruneCount && {
      pruneCount: (layer, state, progress) =>
        checkInteger(`what ${name} prunes`, pruneCount(layer, state, progress), {
          least: 0,
          most: layer.nnz,
        }),
    }),
    ...(candidatesBy && {
      candidatesBy(state, progress) {
        const by = candidatesBy(state, progress);
        return by === undefined
          ? undefined
          : checkChoice(`what ${name} finds candidates by`, by, CANDIDATE_NEEDS);
      },
    }),
    ...(prunesIdle && { prunesIdle: (state, progress) => Boolean(prunesIdle(state, progress)) }),
    ...(evolve && {
      evolve(layer, state, random) {
        const what = `what ${name} evolves to`;
        const evolved = evolve(layer, state, random);
        const edit: unknown = readField(what, evolved, 'edit');
        const list = (value: unknown, field: string): Int32Array =>
          checkPositions(what, readField(what, value, field));
        const pairs = (value: unknown) => ({ rows: list(value, 'rows'), cols: list(value, 'cols') });
        return {
          edit: {
            prune: list(edit, 'prune'),
            grow: pairs(readField(what, edit, 'grow')),
            random: pairs(readField(what, edit, 'random')),
          },
          state: readField(what, evolved, 'state'),
        };
      },
    }),
  });
}

/** An optimiser, whose step is the caller's own code from then on. */
export function checkOptimizer(value: unknown): Optimizer {
  const own = checkPart('optimizer', value, 'expected optimizer.sgd() or optimizer.adam()', 'step');
  const step = own.method('step');
  return {
    name: own.name,
    options: own.options,
    slots: checkInteger('optimizer.slots', own.field('slots'), { least: 0, most: MAX_SLOTS }),
    step: (...args) => {
      step?.(...args);
    },
  };
}

/** An AbortSignal that answers, which nothing but a real one does. */
export function checkSignal(value: unknown): StopSignal {
  try {
    if (value instanceof AbortSignal && typeof value.aborted === 'boolean') return value;
  } catch {
    // Something made to look like one.
  }
  throw new CtreError('E_ARGUMENT', `signal is ${show(value)}; expected an AbortSignal`);
}

/** What a caller's topology, initialiser or optimiser is, every property read once. */
function checkPart(what: string, value: unknown, like: string, needed: string) {
  const wrong = new CtreError('E_ARGUMENT', `${what} is ${show(value)}; ${like}`);
  if (typeof value !== 'object' || value === null) throw wrong;
  const field = (key: string): unknown => Reflect.get(value, key);
  const method = (key: string): ((...args: unknown[]) => unknown) | undefined => {
    const given = field(key);
    if (given === undefined && key !== needed) return undefined;
    if (typeof given !== 'function') throw wrong;
    return (...args) => Reflect.apply(given, value, args);
  };
  const name = field('name');
  if (typeof name !== 'string') throw wrong;
  return { name, options: checkJson(`${what}.options`, field('options') ?? {}), field, method };
}

function call(fn: unknown, self: unknown, ...args: unknown[]): unknown {
  if (typeof fn !== 'function') {
    throw new CtreError('E_ARGUMENT', `topology.schedule.fraction is ${show(fn)}; expected a function`);
  }
  return Reflect.apply(fn, self, args);
}

function checkPositions(what: string, list: unknown): Int32Array {
  const positions = viewOf(list, Int32Array)?.slice();
  if (positions === undefined) {
    throw new CtreError('E_ARGUMENT', `${what} has positions in ${show(list)}; expected an Int32Array`);
  }
  return positions;
}

/** The longest list that is kept with a model. */
const MAX_LIST = 2 ** 24;

/** Typed arrays do not survive JSON, and a list can be longer than any text. */
function refuseLists(_key: string, value: unknown): unknown {
  if (ArrayBuffer.isView(value) || (Array.isArray(value) && value.length > MAX_LIST)) {
    throw new CtreError('E_ARGUMENT', `${show(value)} cannot be kept as JSON`);
  }
  return value;
}

/**
 * A copy of an object that can be written as JSON, as a file will hold it.
 * @throws CtreError `E_ARGUMENT` for anything else.
 */
export function checkJson(name: string, value: unknown): Readonly<Record<string, unknown>> {
  let copy: unknown;
  let cause: unknown;
  try {
    copy = JSON.parse(JSON.stringify(value, refuseLists));
  } catch (reason) {
    cause = reason;
  }
  if (typeof copy === 'object' && copy !== null && !Array.isArray(copy)) return { ...copy };
  throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected an object that JSON can hold`, {
    cause,
  });
}

export function checkDims(layers: unknown): number[] {
  const given = checkList('layers', layers, MAX_LAYERS);
  if (given.length < 2) {
    throw new CtreError('E_ARGUMENT', `layers is ${show(layers)}; expected at least [inputs, classes]`);
  }
  return given.map((neurons, l) => checkInteger(`layers[${l}]`, neurons, { least: 1, most: MAX_NEURONS }));
}

export function checkPatterns(patterns: unknown, dims: readonly number[]): CsrPattern[] {
  const given = checkList('pattern', patterns, MAX_LAYERS);
  if (given.length !== dims.length - 1) {
    throw new CtreError(
      'E_SHAPE',
      `pattern is ${show(patterns)}; expected one pattern for each of ${dims.length - 1} layers`,
    );
  }
  return given.map((value, l) => {
    const pattern = checkPattern(`pattern[${l}]`, value);
    if (pattern.rows !== dims[l + 1] || pattern.cols !== dims[l]) {
      throw new CtreError(
        'E_SHAPE',
        `pattern[${l}] is ${pattern.rows} × ${pattern.cols}; expected ${dims[l + 1]} × ${dims[l]}`,
      );
    }
    if (pattern.indices.length === 0) throw new CtreError('E_ARGUMENT', `pattern[${l}] has no connection`);
    return pattern;
  });
}

export function checkLayers(layers: unknown): { weights: CsrMatrix; bias: Float32Array }[] {
  const given = checkList('layers', layers, MAX_LAYERS);
  if (given.length === 0) {
    throw new CtreError('E_ARGUMENT', `layers is ${show(layers)}; expected an array of { weights, bias }`);
  }
  const checked = given.map((layer, l) => {
    const name = `layers[${l}]`;
    const weights = checkSparse(`${name}.weights`, readField(name, layer, 'weights'));
    const bias = Float32Array.from(copyNumbers(`${name}.bias`, readField(name, layer, 'bias'), weights.rows));
    for (const [part, values] of Object.entries({ weights: weights.values, bias })) {
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        throw new CtreError('E_NOT_FINITE', `${name}.${part} holds ${values[bad]}; expected finite numbers`);
      }
    }
    return { weights, bias };
  });
  const dims = checkDims([checked[0].weights.cols, ...checked.map(({ weights }) => weights.rows)]);
  checked.forEach(({ weights }, l) => {
    if (weights.cols !== dims[l]) {
      throw new CtreError(
        'E_SHAPE',
        `layers[${l}].weights has ${weights.cols} columns; expected ${dims[l]}, the rows of those before`,
      );
    }
    if (weights.nnz === 0) throw new CtreError('E_ARGUMENT', `layers[${l}].weights has no connection`);
  });
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
    for (const row of copyNumbers('validationRows', validationRows))
      held[checkInteger('validationRows', row, { least: 0, most: rows - 1 })] = 1;
  } else {
    const share = typeof validationSplit === 'number' ? validationSplit : Number.NaN;
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
