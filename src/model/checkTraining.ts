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
import { unchanged } from '../nn/schedule.ts';
import type { TargetUnits } from '../nn/targetUnits.ts';
import type { TrainingJob } from '../train/trainingJob.ts';
import { chooseUnits, isPlainUnits, plainUnits, targetsInUnits } from './chooseUnits.ts';
import type { ModelCore } from './core.ts';
import { holdOut } from './holdOut.ts';
import { checkSamples } from './inputs.ts';
import { TRAIN_OPTIONS, type TrainOptions } from './options.ts';
import { checkOptimizer, checkSchedule } from './parts.ts';
import { presets } from './presets.ts';
import { sampleWeights } from './sampleWeights.ts';
import { checkNothingMissing } from './savedParts.ts';
import { checkTargets } from './targets.ts';

/** Of Gaussian noise: what is more is a slip, and float32 numbers would overflow at last. */
const MOST_NOISE = 1e6;

/** A training as it was asked for. How many epochs there are in all is known when it begins. */
export interface CheckedTraining extends Omit<TrainingJob, 'totalEpochs'> {
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
  const { loss, ...given } = checkDataSet(core, x, y, core.model.loss);
  const { validation, test, optimizer, schedule, clipNorm, denoise, patience, signal, totalEpochs } = wanted;
  const rows = holdOut(given.x.rows, wanted, core.model.seed);
  const units = unitsOf(core, loss, given, rows.trainRows);
  const otherSet = (name: string, set: unknown): DataSet => checkOtherSet(core, name, set, loss, units);
  const validationSet = validation === undefined ? rows.validationRows : otherSet('validation', validation);
  const byDefault = core.resumed?.restoreBest === true && validationSet !== undefined;
  const restoreBest = checkBoolean('restoreBest', wanted.restoreBest ?? byDefault);
  if (restoreBest && validationSet === undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      'restoreBest is true and nothing is validated; give validationSplit, validationRows or validation',
    );
  }
  const checked: CheckedTraining = {
    data: {
      ...inUnits(given, units),
      weights: sampleWeights(wanted, given.targets, given.x.rows, core.network.outputs, rows.trainRows),
    },
    loss,
    units,
    monitor: checkChoice('monitor', wanted.monitor ?? loss.monitor, loss.monitors),
    trainRows: rows.trainRows,
    validation: validationSet,
    test: test === undefined ? undefined : otherSet('test', test),
    epochs: checkInteger('epochs', wanted.epochs ?? 100, { least: 1 }),
    totalEpochs:
      totalEpochs === undefined ? undefined : checkInteger('totalEpochs', totalEpochs, { least: 1 }),
    batchSize: checkInteger('batchSize', wanted.batchSize ?? 100, { least: 1 }),
    optimizer:
      optimizer === undefined
        ? (core.resumed?.optimizer ?? presets[core.preset].optimizer())
        : checkOptimizer(optimizer),
    schedule: schedule === undefined || schedule === unchanged ? undefined : checkSchedule(schedule),
    clipNorm: clipNorm === undefined ? undefined : checkNumber('clipNorm', clipNorm, { least: 0, above: 0 }),
    denoise: denoise === undefined ? undefined : checkNoise(denoise),
    patience:
      patience === undefined ? Number.POSITIVE_INFINITY : checkInteger('patience', patience, { least: 1 }),
    restoreBest,
    edits: checkBoolean('edits', wanted.edits ?? false),
    signal: signal === undefined ? undefined : checkSignal(signal),
  };
  checkTakesSchedule(checked);
  countEpochs(core, checked);
  checkNothingMissing(core.missing);
  return checked;
}

/** No noise for an amount of 0. @throws CtreError `E_ARGUMENT` for anything but noise. */
function checkNoise(value: InputNoise): InputNoise | undefined {
  const given = checkOptions('denoise', value, ['kind', 'amount']);
  const kind = checkChoice('denoise.kind', given.kind, NOISE_KINDS);
  const bounds = kind === 'mask' ? { least: 0, below: 1 } : { least: 0, most: MOST_NOISE };
  const amount = checkNumber('denoise.amount', given.amount, bounds);
  return amount === 0 ? undefined : { kind, amount };
}

/** @throws CtreError `E_ARGUMENT` for a schedule that the optimiser would not notice. */
function checkTakesSchedule({ optimizer, schedule }: CheckedTraining): void {
  if (schedule === undefined || optimizer.takesRateFactor === true) return;
  throw new CtreError(
    'E_ARGUMENT',
    `the optimizer ${show(optimizer.name)} takes no schedule, and the schedule is ${show(schedule.name)}; ` +
      'multiply its learning rate by parameters.rateFactor in its step and set takesRateFactor: true, or ' +
      'leave the schedule out',
  );
}

/**
 * The epochs that schedules are for: those asked for, or those before this training and its own.
 * @throws CtreError `E_ARGUMENT` for fewer than there will be.
 */
export function countEpochs(core: ModelCore, { epochs, totalEpochs }: CheckedTraining): number {
  const before = core.model.epochs - (core.resumed?.epochs.length ?? 0);
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
 * @throws CtreError for samples or targets that do not fit the network or each other.
 */
export function checkDataSet(
  core: ModelCore,
  x: unknown,
  y: unknown,
  loss: Loss | undefined,
): DataSet & { readonly loss: Loss } {
  const { dims, outputs } = core.network;
  const samples = checkSamples(x, dims[0]);
  if (samples.rows === 0) throw new CtreError('E_SHAPE', 'x has no rows; expected at least one');
  return { x: samples, ...checkTargets(y, samples, outputs, loss) };
}

function checkOtherSet(
  core: ModelCore,
  name: string,
  set: unknown,
  loss: Loss,
  units: TargetUnits | undefined,
): DataSet {
  const { x, targets } = checkDataSet(core, readField(name, set, 'x'), readField(name, set, 'y'), loss);
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
