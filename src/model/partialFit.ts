import { checkInteger, checkOptions } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import type { Score } from '../nn/loss.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import { loadRows, type RowList } from '../nn/rows.ts';
import { runNow, type Work } from '../run/turns.ts';
import { EpochLoop } from '../train/epochLoop.ts';
import type { TrainingJob } from '../train/trainingJob.ts';
import { TrainingRun } from '../train/trainingRun.ts';
import {
  checkHasEnd,
  checkNoise,
  checkOtherSet,
  checkPiece,
  checkPieceClassWeight,
  checkStepRule,
  checkStepsPerEpoch,
  checkTakesSchedule,
  type Objective,
} from './checkTraining.ts';
import type { ModelCore, PieceTraining } from './core.ts';
import { keepNames } from './labelNames.ts';
import { PARTIAL_FIT_OPTIONS, type PartialFitOptions } from './options.ts';
import { checkOptimizer } from './parts.ts';
import { presets } from './presets.ts';
import { alreadyTraining } from './runTraining.ts';
import { checkNothingMissing } from './savedParts.ts';

/** Steps on a piece of the samples. @throws CtreError as `SparseMLP.partialFit`. */
export function partialFit(core: ModelCore, x: unknown, y: unknown, options: PartialFitOptions): Score {
  const given = checkOptions('partialFit', options, PARTIAL_FIT_OPTIONS);
  const wanted = { ...given, denoise: given.denoise && checkNoise(given.denoise) };
  const { sampleWeight, classWeight } = wanted;
  checkPieceClassWeight(classWeight);
  const { set, objective } = checkPiece(core, { x, y, sampleWeight }, classWeight);
  // Whoever was asked for the samples may have disposed of the model, or trained it.
  const model = core.alive;
  if (core.run !== undefined) throw alreadyTraining();
  const training = keptTraining(core, wanted) ?? openPieceTraining(core, wanted, objective);
  const { run, loop } = training;
  const total = new Float64Array(objective.loss.countSums(model.network.outputs));
  core.run = run;
  let isDone = false;
  try {
    run.pieceRegion.rewind();
    const rows = loadRows(run.pieceRegion, set);
    runNow(run.watch(trainPiece(loop, rows, total)));
    model.isMidEpoch = false;
    isDone = true;
    return loop.summarize(total, rows.length);
  } finally {
    core.run = undefined;
    if (core.piecePosition !== undefined) core.piecePosition = loop.position ?? NEW_EPOCH;
    if (!isDone) core.closePieces();
    core.waiting.next();
  }
}

/** Where an epoch of pieces begins. */
export const NEW_EPOCH = Object.freeze({ batch: 0, rows: 0, sums: Object.freeze([]) });

function* trainPiece(loop: EpochLoop, rows: RowList, total: Float64Array): Work<void> {
  for (let from = 0; from < rows.length; ) {
    // A call may say fewer steps than the one before.
    if (loop.isEpochFull) yield* loop.endEpoch();
    from = yield* loop.trainRows(rows, from, total);
  }
  if (loop.isEpochFull) yield* loop.endEpoch();
}

/** What the call before has left, where the same is asked for. */
function keptTraining({ pieceTraining }: ModelCore, wanted: PartialFitOptions): PieceTraining | undefined {
  if (pieceTraining === undefined) return undefined;
  const { wanted: before } = pieceTraining;
  const names = ['batchSize', 'schedule', 'clipNorm', 'stepsPerEpoch', 'totalEpochs', 'sample'] as const;
  const isSame = names.every((name) => wanted[name] === before[name]);
  const isSameNoise = (['kind', 'amount'] as const).every(
    (name) => wanted.denoise?.[name] === before.denoise?.[name],
  );
  const isSameOptimizer = wanted.optimizer === undefined || wanted.optimizer === before.optimizer;
  return isSame && isSameNoise && isSameOptimizer ? pieceTraining : undefined;
}

/** Allocates all that calls with these options need. @throws CtreError `E_MEMORY`, `E_ARGUMENT`. */
function openPieceTraining(core: ModelCore, wanted: PartialFitOptions, objective: Objective): PieceTraining {
  const { totalEpochs, sample } = wanted;
  const { loss } = objective;
  const job: TrainingJob = {
    ...objective,
    ...checkStepRule(wanted),
    data: undefined,
    trainRows: new Int32Array(0),
    shuffle: false,
    monitor: loss.monitor,
    validation: undefined,
    test: undefined,
    epochs: Number.POSITIVE_INFINITY,
    totalEpochs:
      totalEpochs === undefined
        ? Number.POSITIVE_INFINITY
        : checkInteger('totalEpochs', totalEpochs, { least: 1 }),
    stepsPerEpoch: checkStepsPerEpoch(wanted),
    sample: sample === undefined ? undefined : checkOtherSet(core, 'sample', sample, objective),
    batchSize: checkInteger('batchSize', wanted.batchSize ?? 100, { least: 1 }),
    optimizer: wanted.optimizer === undefined ? usualOptimizer(core) : checkOptimizer(wanted.optimizer),
    patience: Number.POSITIVE_INFINITY,
    restoreBest: false,
    edits: false,
    signal: undefined,
  };
  checkTakesSchedule(job);
  checkHasEnd(core, job.stepsPerEpoch, job.totalEpochs, job.schedule);
  checkNothingMissing(core.missing);
  // Whoever was asked for the sample may have disposed of the model, or trained it.
  const model = core.alive;
  if (core.run !== undefined) throw alreadyTraining();
  core.closePieces();
  const position = core.piecePosition;
  const epochs = position === undefined ? [] : model.history;
  const isWhole = position?.sums.length === loss.countSums(model.network.outputs);
  const run = new TrainingRun(model.network.engine.arena);
  try {
    const onBegin = (): void => {
      core.resumed = undefined;
      core.piecePosition = position ?? NEW_EPOCH;
      core.lastTraining = { conditions: {}, optimizer: job.optimizer };
      keepNames(core, objective.labelNames);
    };
    const earlier = { epochs, best: undefined, isRestored: false };
    const loop = new EpochLoop(model, job, earlier, run.region, onBegin, isWhole ? position : undefined);
    core.pieceTraining = { run, loop, wanted };
    return core.pieceTraining;
  } catch (error) {
    run.free();
    model.network.discardOptimizer();
    throw error;
  }
}

/** The optimiser of the call before, or of the preset. */
function usualOptimizer({ piecePosition, lastTraining, preset }: ModelCore): Optimizer {
  if (piecePosition === undefined || lastTraining === undefined) return presets[preset].optimizer();
  const { optimizer, isStandIn } = lastTraining;
  if (!isStandIn) return optimizer;
  throw new CtreError(
    'E_ARGUMENT',
    `the checkpoint's optimizer ${show(optimizer.name)} is not one of this package; give it again, to ` +
      'SparseMLP.resume or as the option optimizer',
  );
}
