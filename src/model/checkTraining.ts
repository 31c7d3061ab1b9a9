import {
  checkBoolean,
  checkInteger,
  checkNumber,
  checkOptions,
  checkSignal,
  readField,
} from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { unchanged } from '../nn/schedule.ts';
import type { Labelled, TrainingJob } from '../train/trainingJob.ts';
import type { ModelCore } from './core.ts';
import { holdOut } from './holdOut.ts';
import { checkLabels, checkSamples } from './inputs.ts';
import { TRAIN_OPTIONS, type TrainOptions } from './options.ts';
import { checkOptimizer, checkSchedule } from './parts.ts';
import { presets } from './presets.ts';
import { checkNothingMissing } from './savedParts.ts';

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
  const data = checkLabelled(core, x, y);
  const { validation, test, optimizer, schedule, clipNorm, patience, signal, totalEpochs } = wanted;
  const rows = holdOut(data.x.rows, wanted, core.model.seed);
  const validationSet =
    validation === undefined ? rows.validationRows : checkDataSet(core, 'validation', validation);
  const byDefault = core.resumed?.restoreBest === true && validationSet !== undefined;
  const restoreBest = checkBoolean('restoreBest', wanted.restoreBest ?? byDefault);
  if (restoreBest && validationSet === undefined) {
    throw new CtreError(
      'E_ARGUMENT',
      'restoreBest is true and nothing is validated; give validationSplit, validationRows or validation',
    );
  }
  const checked: CheckedTraining = {
    data,
    trainRows: rows.trainRows,
    validation: validationSet,
    test: test === undefined ? undefined : checkDataSet(core, 'test', test),
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

/** @throws CtreError for samples or labels that do not fit the network or each other. */
export function checkLabelled(core: ModelCore, x: unknown, y: unknown): Labelled {
  const { dims, classes } = core.network;
  const samples = checkSamples(x, dims[0]);
  if (samples.rows === 0) throw new CtreError('E_SHAPE', 'x has no rows; expected at least one');
  return { x: samples, labels: checkLabels(y, samples.rows, classes) };
}

function checkDataSet(core: ModelCore, name: string, set: unknown): Labelled {
  return checkLabelled(core, readField(name, set, 'x'), readField(name, set, 'y'));
}
