import { CtreError, show } from '../base/errors.ts';
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
import type { Pieces } from './options.ts';

/** A training that can begin. */
interface ReadyTraining {
  readonly job: TrainingJob;
  readonly earlier: EarlierTraining;
  readonly onBegin: () => void;
}

/** Trains a model, an epoch at a time. @throws CtreError as `SparseMLP.train`. */
export async function* runTraining(
  core: ModelCore,
  checked: CheckedTraining,
): AsyncGenerator<Epoch, void, void> {
  yield* begin(core, (run, ready) => {
    const { job, earlier, onBegin } = ready(checked);
    return train(core.alive, job, earlier, run, onBegin);
  });
}

/** Trains a model on pieces as they come. @throws CtreError as `SparseMLP.train`. */
export async function* runPieceTraining(
  core: ModelCore,
  pieces: Pieces,
  { signal, classWeight, finish }: CheckedPieces,
): AsyncGenerator<Epoch, void, void> {
  let objective: Objective | undefined;
  const source = new PieceSource(pieces, (piece): DataSet => {
    const checked = checkPiece(core, readPiece(piece), classWeight);
    objective = checked.objective;
    return checked.set;
  });
  yield* begin(core, async function* (run, ready) {
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
async function* begin(
  core: ModelCore,
  makeEpochs: (
    run: TrainingRun,
    ready: (checked: CheckedTraining) => ReadyTraining,
  ) => AsyncGenerator<Epoch, void, void>,
): AsyncGenerator<Epoch, void, void> {
  const model = core.alive;
  if (core.run !== undefined) throw alreadyTraining();
  const run = new TrainingRun(model.network.engine.arena);
  core.run = run;
  let hasBegun = false;
  let hasEnded = false;
  try {
    yield* makeEpochs(run, (checked) => {
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
    'the model is training already; wait for its end, or end it: abort its signal, leave its loop, ' +
      'call return() of its iterator, or dispose() of the model',
  );
}
