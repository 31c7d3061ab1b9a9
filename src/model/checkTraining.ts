import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkOptions,
  checkSignal,
  readField,
} from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import type { Loss } from '../nn/loss.ts';
import type { DataSet } from '../nn/rows.ts';
import type { TrainingJob } from '../train/trainingJob.ts';
import type { ModelCore } from './core.ts';
import { holdOut } from './holdOut.ts';
import { checkSamples } from './inputs.ts';
import {
  PIECE_TRAIN_OPTIONS,
  type PieceSchedule,
  type PieceTrainOptions,
  TRAIN_OPTIONS,
  type TrainOptions,
} from './options.ts';
import { checkOptimizer } from './parts.ts';
import { presets } from './presets.ts';
import { sampleWeights } from './sampleWeights.ts';
import { checkNothingMissing } from './savedParts.ts';
import { checkTargets } from './targets.ts';

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
  const { validation, test } = wanted;
  const rows = holdOut(given.x.rows, wanted, core.model.seed);
  const validationSet =
    validation === undefined ? rows.validationRows : checkOtherSet(core, 'validation', validation, loss);
  const checked: CheckedTraining = {
    data: {
      ...given,
      weights: sampleWeights(wanted, given.targets, given.x.rows, core.network.outputs, rows.trainRows),
    },
    loss,
    monitor: checkChoice('monitor', wanted.monitor ?? loss.monitor, loss.monitors),
    trainRows: rows.trainRows,
    validation: validationSet,
    test: test === undefined ? undefined : checkOtherSet(core, 'test', test, loss),
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
  'totalEpochs' | 'batchSize' | 'optimizer' | 'patience' | 'restoreBest' | 'edits' | 'signal'
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
  return {
    totalEpochs:
      totalEpochs === undefined ? undefined : checkInteger('totalEpochs', totalEpochs, { least: 1 }),
    batchSize: checkInteger('batchSize', wanted.batchSize ?? 100, { least: 1 }),
    optimizer:
      optimizer === undefined
        ? (core.resumed?.optimizer ?? presets[core.preset].optimizer())
        : checkOptimizer(optimizer),
    patience:
      patience === undefined ? Number.POSITIVE_INFINITY : checkInteger('patience', patience, { least: 1 }),
    restoreBest,
    edits: checkBoolean('edits', wanted.edits ?? false),
    signal: signal === undefined ? undefined : checkSignal(signal),
  };
}

/** A training on pieces, of which the first one decides the loss. */
export interface CheckedPieces {
  readonly signal: TrainingJob['signal'];
  /** The weights of classes, as they were given. */
  readonly classWeight: unknown;
  /** The whole training, once the loss is known. @throws CtreError for sets that do not fit it. */
  finish(loss: Loss): CheckedTraining;
}

/** @throws CtreError as `SparseMLP.train`. */
export function checkPieces(core: ModelCore, options: PieceTrainOptions): CheckedPieces {
  const wanted = checkOptions('train on pieces', options, PIECE_TRAIN_OPTIONS);
  const { validation, test, sample, monitor, classWeight, ...given } = wanted;
  const stepsPerEpoch = checkSteps(wanted);
  const settings = checkTrainingSettings(core, given, validation !== undefined);
  // Without a number of epochs a pass over the pieces is all: one epoch, or as many as its steps make.
  const usual = stepsPerEpoch === undefined ? 1 : Number.POSITIVE_INFINITY;
  const epochs = given.epochs === undefined ? usual : checkInteger('epochs', given.epochs, { least: 1 });
  checkPieceClassWeight(classWeight);
  checkHasEnd(core, stepsPerEpoch, settings.totalEpochs ?? epochs);
  checkNothingMissing(core.missing);
  return {
    signal: settings.signal,
    classWeight,
    finish(loss) {
      const checked: CheckedTraining = {
        ...settings,
        data: undefined,
        trainRows: new Int32Array(0),
        shuffle: false,
        loss,
        monitor: checkChoice('monitor', monitor ?? loss.monitor, loss.monitors),
        validation:
          validation === undefined ? undefined : checkOtherSet(core, 'validation', validation, loss),
        test: test === undefined ? undefined : checkOtherSet(core, 'test', test, loss),
        sample: sample === undefined ? undefined : checkOtherSet(core, 'sample', sample, loss),
        epochs,
        stepsPerEpoch,
      };
      countEpochs(core, checked);
      return checked;
    },
  };
}

/** @throws CtreError `E_ARGUMENT`. */
export function checkSteps({ stepsPerEpoch }: PieceSchedule): number | undefined {
  return stepsPerEpoch === undefined ? undefined : checkInteger('stepsPerEpoch', stepsPerEpoch, { least: 1 });
}

/** @throws CtreError `E_ARGUMENT` for weights that only all rows together could tell. */
export function checkPieceClassWeight(classWeight: unknown): void {
  if (classWeight !== 'balanced') return;
  throw new CtreError(
    'E_ARGUMENT',
    "classWeight is 'balanced', and the rows of a piece do not tell how often classes are; expected a number " +
      'for each class',
  );
}

/** @throws CtreError `E_ARGUMENT` where a method would stay dense, since its schedule has no end. */
export function checkHasEnd(core: ModelCore, stepsPerEpoch: number | undefined, epochs: number): void {
  const { topology, network } = core.alive;
  const isDense = topology.startsFull === true && network.layers.some(({ structure }) => !structure);
  if (!isDense || topology.evolve === undefined) return;
  if (stepsPerEpoch !== undefined && Number.isFinite(epochs)) return;
  throw new CtreError(
    'E_ARGUMENT',
    `the topology method ${topology.name} removes connections up to the end of the training, which is not ` +
      'known; give stepsPerEpoch and totalEpochs',
  );
}

/**
 * A piece, whose rows may all have the weight 0.
 * @throws CtreError as `checkDataSet`.
 */
export function checkPiece(
  core: ModelCore,
  { x, y, sampleWeight }: { readonly x: unknown; readonly y: unknown; readonly sampleWeight?: unknown },
  classWeight: unknown,
  loss: Loss | undefined,
): DataSet & { readonly loss: Loss } {
  const set = checkDataSet(core, x, y, loss);
  const given = { sampleWeight, classWeight } as Pick<TrainOptions, 'sampleWeight' | 'classWeight'>;
  const weights = sampleWeights(given, set.targets, set.x.rows, core.network.outputs, NO_ROWS);
  return weights === undefined ? set : { ...set, weights };
}

const NO_ROWS = new Int32Array(0);

/**
 * The epochs that the method's schedule is for: those asked for, or those before this training and its own.
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

export function checkOtherSet(core: ModelCore, name: string, set: unknown, loss: Loss): DataSet {
  const { x, targets } = checkDataSet(core, readField(name, set, 'x'), readField(name, set, 'y'), loss);
  return { x, targets };
}
