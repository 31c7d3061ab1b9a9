import { checkChoice } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import type { StopSignal } from '../base/hostTypes.ts';
import type { CsrPattern } from '../matrix/pattern.ts';
import type { Label } from '../metrics/classScore.ts';
import { type Activation, relu } from '../nn/activation.ts';
import { type Initializer, initializerByName } from '../nn/initializer.ts';
import type { Loss, MonitorName } from '../nn/loss.ts';
import type { InputNoise } from '../nn/noise.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { Schedule } from '../nn/schedule.ts';
import type { WorkerSource } from '../run/workerSource.ts';
import type { DensityOptions } from '../topology/density.ts';
import type { Topology } from '../topology/topology.ts';
import type { TrainableModel } from '../train/trainableModel.ts';
import type { Samples } from './inputs.ts';
import { checkActivation, checkInitializer, checkLoss, checkTopology } from './parts.ts';
import { PRESET_NAMES, type PresetName, presets } from './presets.ts';
import type { Targets } from './targets.ts';

/** What every way of making a model takes. */
export interface ModelOptions {
  /** What is used where nothing is given: `default`, or `paper` for the published settings of CTRE. */
  readonly preset?: PresetName;
  /**
   * What the network learns to make small, from `loss`. By default the first targets decide: class labels
   * make it cross-entropy, zeros and ones for each output binary cross-entropy, other numbers the squared
   * error.
   */
  readonly loss?: Loss;
  /** What the hidden layers make of their sums, from `activation`; by default ReLU. */
  readonly activation?: Activation;
  /** How the topology evolves; by default the preset's. */
  readonly topology?: Topology;
  /** Draws the weights at the start; by default the preset's. */
  readonly initializer?: Initializer;
  /**
   * Draws the weights of grown connections; by default what the topology method prescribes, else the
   * preset's.
   */
  readonly growInitializer?: Initializer;
  /**
   * Decides everything random; 0 by default. The same seed gives the same bits on every engine. A number and
   * the text that it prints as, 1 and "1", are different seeds; 0 and −0 are the same.
   */
  readonly seed?: number | string;
  /**
   * Threads to work with, this one among them: a number from 1 to 64, or `auto` for as many as the machine
   * has, at most 8. By default 1.
   */
  readonly threads?: number | 'auto';
  /**
   * Where the threads' file is, an own copy of `ctre/worker`, or a function that starts a `Worker` on it; by
   * default the package's own file.
   */
  readonly worker?: WorkerSource;
  /** Ends the wait for the model and its threads, with an error of code `E_ABORTED`. */
  readonly signal?: StopSignal;
  /**
   * What the outputs are called, in their order: a text or a number for each. `predictLabels`, `predictTop`
   * and `metrics` answer with these names, and labels may be given by them. They are kept as
   * `metadata.labelNames`. By default labels that come by name in the first training decide.
   */
  readonly labelNames?: readonly Label[];
  /** JSON to keep with the model and in its file: label names, scaler, … */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** Options of `SparseMLP.create`. Without a density or a pattern ε is 1. */
export interface CreateOptions extends ModelOptions, DensityOptions {
  /** Neurons by layer: inputs, hidden layers, classes. */
  readonly layers: readonly number[];
  /**
   * Whether a regression learns its targets less their mean and in units of their standard deviation, both of
   * the rows of the first training; by default it does. What it answers and scores is in the targets' own
   * units. The means of sparse targets are taken as 0, and samples that are their own targets stay as they
   * are.
   */
  readonly scaleTargets?: boolean;
  /** The layers' patterns, `[outDim, inDim]`, instead of a density. */
  readonly pattern?: readonly CsrPattern[];
}

/** Options of `train` and `fit`. */
export interface TrainOptions {
  /** Epochs of this training; 100 by default. */
  readonly epochs?: number;
  /**
   * Epochs of the model that the schedules of its topology method and of its learning rate are for, those
   * before this training among them; by default these and `epochs`. Calls of `train` on one model continue
   * one training: give it in each of several calls.
   */
  readonly totalEpochs?: number;
  /** Samples for each step; 100 by default. */
  readonly batchSize?: number;
  /** Whether the rows come in another order in every epoch, drawn by the seed; by default they do. */
  readonly shuffle?: boolean;
  /** By default the one of the model's preset. */
  readonly optimizer?: Optimizer;
  /** How the learning rate changes from step to step; by default it stays. */
  readonly schedule?: Schedule;
  /**
   * The largest Euclidean norm of a step's gradient over all weights and biases: a longer one is scaled down
   * to it. By default none is.
   */
  readonly clipNorm?: number;
  /**
   * Noise on the inputs of the steps, another in every epoch. The targets stay clean, those of `y: 'x'` too,
   * and so do the inputs of validation and test and those that a topology method looks at. The loss of the
   * training samples is that of noisy inputs. `{ kind: 'mask', amount }` makes each input 0 with the
   * probability `amount`, below 1; `{ kind: 'gaussian', amount }` adds normal numbers of that standard
   * deviation, to the zeros of sparse samples, too. By default there is none.
   */
  readonly denoise?: InputNoise;
  /** The share of the rows to hold out for validation, drawn at random. */
  readonly validationSplit?: number;
  /** The rows of x to hold out for validation. */
  readonly validationRows?: readonly number[] | Int32Array;
  /** Other samples for validation. */
  readonly validation?: { readonly x: Samples; readonly y: Targets };
  /** Scored at every epoch that is the best so far, and after the last epoch. */
  readonly test?: { readonly x: Samples; readonly y: Targets };
  /**
   * What epochs are compared by, on the validation rows where there are any: by default `accuracy` for class
   * labels, `macroF1` for several labels a row, `loss` for numbers. Of epochs that reach the same the one of
   * the lower loss is better.
   */
  readonly monitor?: MonitorName;
  /** What each row of x counts in the loss [rows], 0 or more; by default 1. */
  readonly sampleWeight?: ArrayLike<number>;
  /**
   * What the rows of each class count in the loss [classes], or `balanced`: every class as much as any other,
   * rows ÷ (classes · rows of the class). It multiplies `sampleWeight`. The validation rows are not weighed.
   */
  readonly classWeight?: 'balanced' | ArrayLike<number>;
  /** Ends training when no epoch has been the best for so many epochs; by default never. */
  readonly patience?: number;
  /**
   * Whether the network is that of the best epoch again when training has ended; needs validation. By default
   * `fit` does so where there is validation, and `train` does not.
   */
  readonly restoreBest?: boolean;
  /** Whether every epoch says which connections it has changed, as its `edits`; by default it does not. */
  readonly edits?: boolean;
  /**
   * Whether the call waits while another training of the model runs, behind those that wait already. Its
   * arguments are checked when its turn comes. By default the call fails then, with `E_BUSY`.
   */
  readonly wait?: boolean;
  /** Ends training at the edge of a step, or the wait for it, with an error of code `E_ABORTED`. */
  readonly signal?: StopSignal;
}

/** Some of the samples, to train on as they come. */
export interface Piece {
  readonly x: Samples;
  readonly y: Targets;
  /** What each row counts in the loss [rows], 0 or more; by default 1. */
  readonly sampleWeight?: ArrayLike<number>;
}

/** Samples that come in pieces, one after another: an array of pieces, a generator, a stream of batches. */
export type Pieces = Iterable<Piece> | AsyncIterable<Piece>;

/** What is said of epochs where samples come in pieces. */
export interface PieceSchedule {
  /**
   * Steps of an epoch: topology methods and their schedules go by it. Without it `partialFit` has no epochs,
   * and `train` an epoch for each pass over the pieces; a schedule does not advance then.
   */
  readonly stepsPerEpoch?: number;
  /**
   * Epochs of the model that the schedules of its topology method and of its learning rate are for. Without
   * it the end is not known to `partialFit`, and the method's schedule does not advance.
   */
  readonly totalEpochs?: number;
  /**
   * Rows that the topology method looks at where it moves connections: a sample of all there are. By default
   * it sees the rows of the piece at hand, which may be few. They are read once for the same object.
   */
  readonly sample?: { readonly x: Samples; readonly y: Targets };
}

/** Options of `train` and `fit` on pieces. */
export interface PieceTrainOptions
  extends PieceSchedule,
    Omit<
      TrainOptions,
      | 'epochs'
      | 'totalEpochs'
      | 'shuffle'
      | 'validationSplit'
      | 'validationRows'
      | 'sampleWeight'
      | 'classWeight'
    > {
  /**
   * Epochs of this training. By default one pass over the pieces; where more are wanted they are iterated
   * anew, as often as it takes.
   */
  readonly epochs?: number;
  /** What the rows of each class count in the loss [classes]. It multiplies `sampleWeight`. */
  readonly classWeight?: ArrayLike<number>;
}

/** Options of `addOutputs`. */
export interface AddOutputsOptions {
  /**
   * What the new outputs are called, a text or a number for each. By default their numbers, where the outputs
   * before have names.
   */
  readonly labelNames?: readonly Label[];
}

/** Options of `partialFit`. */
export interface PartialFitOptions extends PieceSchedule {
  /** Samples for each step; 100 by default. The last step of a piece may have fewer. */
  readonly batchSize?: number;
  /** By default that of the call before, at first the one of the model's preset. Its state is kept. */
  readonly optimizer?: Optimizer;
  /**
   * How the learning rate changes from step to step; by default it stays. Without `stepsPerEpoch` and
   * `totalEpochs` only a schedule that does not go by the end is taken (`takesOpenEnd`).
   */
  readonly schedule?: Schedule;
  /**
   * The largest Euclidean norm of a step's gradient over all weights and biases: a longer one is scaled down
   * to it. By default none is.
   */
  readonly clipNorm?: number;
  /**
   * Noise on the inputs of the steps, another for every row that comes, as in `train`. By default there is
   * none.
   */
  readonly denoise?: InputNoise;
  /** What each row of x counts in the loss [rows], 0 or more; by default 1. */
  readonly sampleWeight?: ArrayLike<number>;
  /** What the rows of each class count in the loss [classes]. It multiplies `sampleWeight`. */
  readonly classWeight?: ArrayLike<number>;
}

export const MODEL_OPTIONS = [
  'preset',
  'loss',
  'activation',
  'topology',
  'initializer',
  'growInitializer',
  'seed',
  'threads',
  'worker',
  'signal',
  'labelNames',
  'metadata',
] as const;

export const CREATE_OPTIONS = [
  'layers',
  'scaleTargets',
  'pattern',
  'epsilon',
  'density',
  'distribution',
  ...MODEL_OPTIONS,
] as const;

export const TRAIN_OPTIONS = [
  'epochs',
  'totalEpochs',
  'batchSize',
  'shuffle',
  'optimizer',
  'schedule',
  'clipNorm',
  'denoise',
  'validationSplit',
  'validationRows',
  'validation',
  'test',
  'monitor',
  'sampleWeight',
  'classWeight',
  'patience',
  'restoreBest',
  'edits',
  'wait',
  'signal',
] as const;

const WHOLE_OPTIONS: readonly string[] = ['shuffle', 'validationSplit', 'validationRows', 'sampleWeight'];

export const PIECE_TRAIN_OPTIONS = [
  ...TRAIN_OPTIONS.filter((name) => !WHOLE_OPTIONS.includes(name)),
  'stepsPerEpoch',
  'sample',
];

export const ADD_OUTPUTS_OPTIONS = ['labelNames'] as const;

export const PARTIAL_FIT_OPTIONS = [
  'batchSize',
  'optimizer',
  'schedule',
  'clipNorm',
  'denoise',
  'sampleWeight',
  'classWeight',
  'stepsPerEpoch',
  'totalEpochs',
  'sample',
] as const;

/** What a model is made of besides its network. */
export interface ModelSettings
  extends Pick<
    TrainableModel,
    'loss' | 'activation' | 'topology' | 'initializer' | 'growInitializer' | 'seed'
  > {
  readonly preset: PresetName;
}

export function checkModelOptions(options: ModelOptions): ModelSettings {
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
    loss: options.loss === undefined ? undefined : checkLoss(options.loss),
    activation: options.activation === undefined ? relu() : checkActivation(options.activation),
    topology,
    initializer:
      initializer === undefined ? preset.initializer() : checkInitializer('initializer', initializer),
    growInitializer:
      growInitializer === undefined ? prescribed : checkInitializer('growInitializer', growInitializer),
    seed,
  };
}
