import { checkBoolean, checkSignal } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import type { StopSignal } from '../base/hostTypes.ts';
import type { DataSet } from '../nn/rows.ts';
import { throwIfAborted } from '../run/turns.ts';
import type { Epoch } from '../train/epoch.ts';
import { train, trainOnPieces } from '../train/loop.ts';
import { PieceSource } from '../train/pieceSource.ts';
import { checkConditions, resumeConditions } from '../train/resumeConditions.ts';
import type { EarlierTraining, TrainingJob } from '../train/trainingJob.ts';
import { TrainingRun } from '../train/trainingRun.ts';
import {
  type CheckedPieces,
  type CheckedTraining,
  checkPiece,
  countEpochs,
  type Objective,
} from './checkTraining.ts';
import type { ModelCore } from './core.ts';
import { keepNames } from './labelNames.ts';
import type { Pieces, TrainOptions } from './options.ts';

/** A training that can begin. */
interface ReadyTraining {
  readonly job: TrainingJob;
  readonly earlier: EarlierTraining;
  readonly onBegin: () => void;
}

/** When a training may begin, and what it is then. */
interface TrainingTurn<T> {
  readonly wait: boolean;
  readonly signal: StopSignal | undefined;
  readonly check: () => T;
}

/** What is asked of a training is checked at once; with `wait` when its turn has come. */
function trainingTurn<T>(
  { wait = false, signal }: Pick<TrainOptions, 'wait' | 'signal'>,
  check: () => T,
): TrainingTurn<T> {
  if (checkBoolean('wait', wait))
    return { wait, signal: signal === undefined ? undefined : checkSignal(signal), check };
  const checked = check();
  return { wait, signal, check: () => checked };
}

/** Trains a model, an epoch at a time. @throws CtreError as `SparseMLP.train`. */
export function runTraining(
  core: ModelCore,
  options: TrainOptions,
  check: () => CheckedTraining,
): AsyncGenerator<Epoch, void, void> {
  return begin(core, trainingTurn(options, check), (checked, run, ready) => {
    const { job, earlier, onBegin } = ready(checked);
    return train(core.alive, job, earlier, run, onBegin);
  });
}

/** Trains a model on pieces as they come. @throws CtreError as `SparseMLP.train`. */
export function runPieceTraining(
  core: ModelCore,
  pieces: Pieces,
  options: Pick<TrainOptions, 'wait' | 'signal'>,
  check: () => CheckedPieces,
): AsyncGenerator<Epoch, void, void> {
  let objective: Objective | undefined;
  return begin(core, trainingTurn(options, check), async function* (checked, run, ready) {
    const { signal, classWeight, finish } = checked;
    const source = new PieceSource(pieces, (piece): DataSet => {
      const { set, objective: decided } = checkPiece(core, readPiece(piece), classWeight);
      objective = decided;
      return set;
    });
    let hasFailed = false;
    try {
      throwIfAborted(signal);
      const first = await run.wait(source.next(), signal);
      if (first === undefined || objective === undefined) return;
      const { job, earlier, onBegin } = ready(finish(objective));
      yield* trainOnPieces(core.alive, job, earlier, run, onBegin, source, first);
    } catch (error) {
      hasFailed = true;
      throw error;
    } finally {
      await source.close().catch((error) => {
        // What ended the training says more.
        if (!hasFailed) throw error;
      });
    }
  });
}

/** Holds the model for a training, and leaves nothing of it behind. */
async function* begin<T>(
  core: ModelCore,
  { wait, signal, check }: TrainingTurn<T>,
  makeEpochs: (
    checked: T,
    run: TrainingRun,
    ready: (checked: CheckedTraining) => ReadyTraining,
  ) => AsyncGenerator<Epoch, void, void>,
): AsyncGenerator<Epoch, void, void> {
  const model = core.alive;
  const claim = (): TrainingRun => {
    core.run = new TrainingRun(model.network.engine.arena);
    return core.run;
  };
  if (core.run !== undefined && !wait) throw alreadyTraining();
  const run = core.run === undefined ? claim() : await core.waiting.wait(claim, signal);
  let hasBegun = false;
  let hasEnded = false;
  try {
    yield* makeEpochs(check(), run, (checked) => {
      const job = { ...checked, totalEpochs: countEpochs(core, checked) };
      const conditions = resumeConditions(job);
      if (core.resumed !== undefined) checkConditions(conditions, core.lastTraining?.conditions ?? {});
      const earlier = core.resumed ?? { epochs: [], best: undefined, isRestored: false };
      hasEnded = core.endPieceEpoch();
      const onBegin = (): void => {
        hasBegun = true;
        core.resumed = undefined;
        core.piecePosition = undefined;
        core.lastTraining = { conditions, optimizer: job.optimizer };
        keepNames(core, checked.labelNames);
      };
      return { job, earlier, onBegin };
    });
  } finally {
    core.run = undefined;
    // What never began has changed nothing.
    if (hasEnded && !hasBegun) model.epochs--;
    run.free();
    model.network.discardOptimizer();
    core.waiting.next();
  }
}

/** What a piece holds, each read once. @throws CtreError `E_ARGUMENT` for what is none. */
export function readPiece(piece: unknown): { x: unknown; y: unknown; sampleWeight: unknown } {
  if (typeof piece !== 'object' || piece === null || !('x' in piece && 'y' in piece)) {
    throw new CtreError('E_ARGUMENT', `a piece is ${show(piece)}; expected { x, y }`);
  }
  return { x: piece.x, y: piece.y, sampleWeight: Reflect.get(piece, 'sampleWeight') };
}

export function alreadyTraining(): CtreError {
  return new CtreError(
    'E_BUSY',
    'the model is training already; wait for its end (train and fit do with wait: true), or end it: abort ' +
      'its signal, leave its loop, call return() of its iterator, or dispose() of the model',
  );
}
