import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkNumber,
  checkOptions,
  checkSignal,
  readField,
} from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import type { Loss } from '../nn/loss.ts';
import { type InputNoise, NOISE_KINDS } from '../nn/noise.ts';
import type { DataSet } from '../nn/rows.ts';
import { type Schedule, unchanged } from '../nn/schedule.ts';
import type { TargetUnits } from '../nn/targetUnits.ts';
import type { TrainingJob } from '../train/trainingJob.ts';
import { chooseUnits, isPlainUnits, plainUnits, targetsInUnits } from './chooseUnits.ts';
import type { ModelCore } from './core.ts';
import { holdOut } from './holdOut.ts';
import { knownNames, namesToLearn } from './labelNames.ts';
import { samplesFor } from './modelSamples.ts';
import {
  PIECE_TRAIN_OPTIONS,
  type PieceSchedule,
  type PieceTrainOptions,
  TRAIN_OPTIONS,
  type TrainOptions,
} from './options.ts';
import { checkOptimizer, checkSchedule } from './parts.ts';
import { presets } from './presets.ts';
import { sampleWeights } from './sampleWeights.ts';
import { checkNothingMissing } from './savedParts.ts';
import { checkTargets, type NamesFor, type TargetsOfLoss } from './targets.ts';

/** Of Gaussian noise: what is more is a slip, and float32 numbers would overflow at last. */
const MOST_NOISE = 1e6;

/** A training as it was asked for. How many epochs there are in all is known when it begins. */
export interface CheckedTraining extends Omit<TrainingJob, 'totalEpochs'>, Pick<TargetsOfLoss, 'labelNames'> {
  readonly totalEpochs: number | undefined;
}

/** @throws CtreError as `SparseMLP.train`. */
export function checkTraining(
  core: ModelCore,
  x: unknown,
  y: unknown,
  options: TrainOptions,
): CheckedTraining {
  const wanted = checkOptions('train', options, TRAIN_OPTIONS);
  const { loss, labelNames, ...given } = checkDataSet(core, x, y, core.model.loss, learning(core));
  const { validation, test } = wanted;
  const rows = holdOut(given.x.rows, wanted, core.model.seed);
  const units = unitsOf(core, loss, given, rows.trainRows);
  const otherSet = (name: string, set: unknown): DataSet =>
    checkOtherSet(core, name, set, { loss, units, labelNames });
  const validationSet = validation === undefined ? rows.validationRows : otherSet('validation', validation);
  const checked: CheckedTraining = {
    data: {
      ...inUnits(given, units),
      weights: sampleWeights(wanted, given.targets, given.x.rows, core.network.outputs, rows.trainRows),
    },
    loss,
    units,
    labelNames,
    monitor: checkChoice('monitor', wanted.monitor ?? loss.monitor, loss.monitors),
    trainRows: rows.trainRows,
    validation: validationSet,
    test: test === undefined ? undefined : otherSet('test', test),
    shuffle: checkBoolean('shuffle', wanted.shuffle ?? true),
    stepsPerEpoch: undefined,
    sample: undefined,
    epochs: checkInteger('epochs', wanted.epochs ?? 100, { least: 1 }),
    ...checkTrainingSettings(core, wanted, validationSet !== undefined),
  };
  countEpochs(core, checked);
  checkNothingMissing(core.missing);
  return checked;
}

/** What is asked of a training whatever its data are. */
function checkTrainingSettings(
  core: ModelCore,
  wanted: TrainOptions,
  isValidated: boolean,
): Pick<
  CheckedTraining,
  | 'totalEpochs'
  | 'batchSize'
  | 'optimizer'
  | 'schedule'
  | 'clipNorm'
  | 'denoise'
  | 'patience'
  | 'restoreBest'
  | 'edits'
  | 'signal'
> {
  const { optimizer, patience, signal, totalEpochs } = wanted;
  const byDefault = core.resumed?.restoreBest === true && isValidated;
  const restoreBest = checkBoolean('restoreBest', wanted.restoreBest ?? byDefault);
  if (restoreBest && !isValidated) {
    throw new CtreError(
      'E_ARGUMENT',
      'restoreBest is true and nothing is validated; give validationSplit, validationRows or validation',
    );
  }
  const settings = {
    totalEpochs:
      totalEpochs === undefined ? undefined : checkInteger('totalEpochs', totalEpochs, { least: 1 }),
    batchSize: checkInteger('batchSize', wanted.batchSize ?? 100, { least: 1 }),
    optimizer:
      optimizer === undefined
        ? (core.resumed?.optimizer ?? presets[core.preset].optimizer())
        : checkOptimizer(optimizer),
    ...checkStepRule(wanted),
    patience:
      patience === undefined ? Number.POSITIVE_INFINITY : checkInteger('patience', patience, { least: 1 }),
    restoreBest,
    edits: checkBoolean('edits', wanted.edits ?? false),
    signal: signal === undefined ? undefined : checkSignal(signal),
  };
  checkTakesSchedule(settings);
  return settings;
}

/** How gradients are made and become steps, the optimiser aside. @throws CtreError `E_ARGUMENT`. */
export function checkStepRule({
  schedule,
  clipNorm,
  denoise,
}: Pick<TrainOptions, 'schedule' | 'clipNorm' | 'denoise'>): Pick<
  TrainingJob,
  'schedule' | 'clipNorm' | 'denoise'
> {
  return {
    schedule: schedule === undefined || schedule === unchanged ? undefined : checkSchedule(schedule),
    clipNorm: clipNorm === undefined ? undefined : checkNumber('clipNorm', clipNorm, { least: 0, above: 0 }),
    denoise: denoise === undefined ? undefined : checkNoise(denoise),
  };
}

/** No noise for an amount of 0. @throws CtreError `E_ARGUMENT` for anything but noise. */
export function checkNoise(value: InputNoise): InputNoise | undefined {
  const given = checkOptions('denoise', value, ['kind', 'amount']);
  const kind = checkChoice('denoise.kind', given.kind, NOISE_KINDS);
  const bounds = kind === 'mask' ? { least: 0, below: 1 } : { least: 0, most: MOST_NOISE };
  const amount = checkNumber('denoise.amount', given.amount, bounds);
  return amount === 0 ? undefined : { kind, amount };
}

/** @throws CtreError `E_ARGUMENT` for a schedule that the optimiser would not notice. */
export function checkTakesSchedule({
  optimizer,
  schedule,
}: Pick<TrainingJob, 'optimizer' | 'schedule'>): void {
  if (schedule === undefined || optimizer.takesRateFactor === true) return;
  throw new CtreError(
    'E_ARGUMENT',
    `the optimizer ${show(optimizer.name)} takes no schedule, and the schedule is ${show(schedule.name)}; ` +
      'multiply its learning rate by parameters.rateFactor in its step and set takesRateFactor: true, or ' +
      'leave the schedule out',
  );
}

/** A training on pieces, of which the first one decides what is learnt. */
export interface CheckedPieces {
  readonly signal: TrainingJob['signal'];
  /** The weights of classes, as they were given. */
  readonly classWeight: unknown;
  /** The whole training, once that is known. @throws CtreError for sets that do not fit it. */
  finish(objective: Objective): CheckedTraining;
}

/** What the network learns: targets in their units or by their names, and what to make small. */
export type Objective = Pick<TrainingJob, 'loss' | 'units'> & Pick<TargetsOfLoss, 'labelNames'>;

/** @throws CtreError as `SparseMLP.train`. */
export function checkPieces(core: ModelCore, options: PieceTrainOptions): CheckedPieces {
  const wanted = checkOptions('train on pieces', options, PIECE_TRAIN_OPTIONS);
  const { validation, test, sample, monitor, classWeight, ...given } = wanted;
  const stepsPerEpoch = checkStepsPerEpoch(wanted);
  const settings = checkTrainingSettings(core, given, validation !== undefined);
  // Without a number of epochs a pass over the pieces is all: one epoch, or as many as its steps make.
  const usual = stepsPerEpoch === undefined ? 1 : Number.POSITIVE_INFINITY;
  const epochs = given.epochs === undefined ? usual : checkInteger('epochs', given.epochs, { least: 1 });
  checkPieceClassWeight(classWeight);
  checkHasEnd(core, stepsPerEpoch, settings.totalEpochs ?? epochs, settings.schedule);
  checkNothingMissing(core.missing);
  return {
    signal: settings.signal,
    classWeight,
    finish(objective) {
      const { loss } = objective;
      const otherSet = (name: string, set: unknown): DataSet | undefined =>
        set === undefined ? undefined : checkOtherSet(core, name, set, objective);
      const checked: CheckedTraining = {
        ...settings,
        ...objective,
        data: undefined,
        trainRows: new Int32Array(0),
        shuffle: false,
        monitor: checkChoice('monitor', monitor ?? loss.monitor, loss.monitors),
        validation: otherSet('validation', validation),
        test: otherSet('test', test),
        sample: otherSet('sample', sample),
        epochs,
        stepsPerEpoch,
      };
      countEpochs(core, checked);
      return checked;
    },
  };
}

/** @throws CtreError `E_ARGUMENT`. */
export function checkStepsPerEpoch({ stepsPerEpoch }: PieceSchedule): number | undefined {
  return stepsPerEpoch === undefined ? undefined : checkInteger('stepsPerEpoch', stepsPerEpoch, { least: 1 });
}

/** @throws CtreError `E_ARGUMENT` for weights that only all rows together could tell. */
export function checkPieceClassWeight(classWeight: unknown): void {
  if (classWeight !== 'balanced') return;
  throw new CtreError(
    'E_ARGUMENT',
    "classWeight is 'balanced', and the rows of a piece do not tell how often classes are; expected a " +
      'number for each class',
  );
}

/**
 * Where the end of the training is not known.
 * @throws CtreError `E_ARGUMENT` for a method that would stay dense then, or a schedule of the learning rate
 *   that goes by the end.
 */
export function checkHasEnd(
  core: ModelCore,
  stepsPerEpoch: number | undefined,
  epochs: number,
  schedule: Schedule | undefined,
): void {
  if (stepsPerEpoch !== undefined && Number.isFinite(epochs)) return;
  const { topology, network } = core.alive;
  const isDense = topology.startsFull === true && network.layers.some(({ structure }) => !structure);
  const goesByEnd =
    isDense && topology.evolve !== undefined
      ? `the topology method ${topology.name} removes connections up to the end of the training`
      : schedule !== undefined && schedule.takesOpenEnd !== true
        ? `the schedule ${schedule.name} of the learning rate goes by the end of the training`
        : undefined;
  if (goesByEnd === undefined) return;
  throw new CtreError('E_ARGUMENT', `${goesByEnd}, which is not known; give stepsPerEpoch and totalEpochs`);
}

/**
 * A piece, whose rows may all have the weight 0, as the network learns it. It decides what the model does not
 * have yet; the model has it once a step was made.
 * @throws CtreError as `checkDataSet`.
 */
export function checkPiece(
  core: ModelCore,
  { x, y, sampleWeight }: { readonly x: unknown; readonly y: unknown; readonly sampleWeight?: unknown },
  classWeight: unknown,
): { readonly set: DataSet; readonly objective: Objective } {
  const { loss, labelNames, ...set } = checkDataSet(core, x, y, core.model.loss, learning(core));
  const given = { sampleWeight, classWeight } as Pick<TrainOptions, 'sampleWeight' | 'classWeight'>;
  const weights = sampleWeights(given, set.targets, set.x.rows, core.network.outputs, NO_ROWS);
  const allRows = Int32Array.from({ length: set.x.rows }, (_, row) => row);
  const units = unitsOf(core, loss, set, allRows);
  const learnt = inUnits(set, units);
  return {
    set: weights === undefined ? learnt : { ...learnt, weights },
    objective: { loss, units, labelNames },
  };
}

const NO_ROWS = new Int32Array(0);

/**
 * The epochs that schedules are for: those asked for, or those before this training and its own.
 * @throws CtreError `E_ARGUMENT` for fewer than there will be.
 */
export function countEpochs(core: ModelCore, { epochs, totalEpochs }: CheckedTraining): number {
  const before = core.model.epochs - (core.resumed?.epochs.length ?? 0);
  if (!Number.isFinite(epochs)) return totalEpochs ?? epochs;
  const least = before + epochs;
  if (totalEpochs === undefined || totalEpochs >= least) return totalEpochs ?? least;
  throw new CtreError(
    'E_ARGUMENT',
    `totalEpochs is ${totalEpochs}; expected at least ${least}: ${before} epochs before this training and ` +
      `${epochs} of it`,
  );
}

/**
 * Samples and what the network is to answer for them.
 * @param loss what the model has; undefined where the targets decide.
 * @param namesFor says what the classes are called; by default the model does.
 * @throws CtreError for samples or targets that do not fit the network or each other.
 */
export function checkDataSet(
  core: ModelCore,
  x: unknown,
  y: unknown,
  loss: Loss | undefined,
  namesFor: NamesFor = () => knownNames(core),
): DataSet & TargetsOfLoss {
  const { outputs } = core.network;
  const samples = samplesFor(core, x);
  if (samples.rows === 0) throw new CtreError('E_SHAPE', 'x has no rows; expected at least one');
  return { x: samples, ...checkTargets(y, samples, outputs, loss, namesFor) };
}

/** Labels by name may decide what the classes are called. */
function learning(core: ModelCore): NamesFor {
  return (given) => namesToLearn(core, given);
}

export function checkOtherSet(
  core: ModelCore,
  name: string,
  set: unknown,
  { loss, units, labelNames }: Objective,
): DataSet {
  const [given, y] = [readField(name, set, 'x'), readField(name, set, 'y')];
  const { x, targets } = checkDataSet(core, given, y, loss, labelNames && (() => labelNames));
  return inUnits({ x, targets }, units);
}

/** What the model measures numbers in: as it was decided once, or as the rows of its first training say. */
function unitsOf(
  { model, network }: ModelCore,
  loss: Loss,
  { x, targets }: DataSet,
  rows: Int32Array,
): TargetUnits | undefined {
  if (loss.targets !== 'numbers' || targets instanceof Int32Array) return undefined;
  if (model.units !== undefined) return model.units;
  return targets === x ? plainUnits(network.outputs) : chooseUnits(targets, rows);
}

/** The data set as the network learns it. */
export function inUnits({ x, targets }: DataSet, units: TargetUnits | undefined): DataSet {
  if (units === undefined || targets instanceof Int32Array || isPlainUnits(units)) return { x, targets };
  return { x, targets: targetsInUnits(targets, units) };
}
