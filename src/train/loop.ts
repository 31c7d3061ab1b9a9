import { type DataSet, loadRows } from '../nn/rows.ts';
import { Turns, throwIfAborted, type Work } from '../run/turns.ts';
import type { Epoch } from './epoch.ts';
import { EpochLoop } from './epochLoop.ts';
import type { PieceSource } from './pieceSource.ts';
import type { TrainableModel } from './trainableModel.ts';
import type { EarlierTraining, TrainingJob } from './trainingJob.ts';
import type { TrainingRun } from './trainingRun.ts';

/**
 * Trains, an epoch at a time. At each yield the network is the one that the epoch reports.
 * @param earlier what is done of the training already.
 * @param onBegin is called once, right before the model changes for the first time, or when there is nothing
 *   to do. What fails before that has changed nothing.
 */
export async function* train(
  model: TrainableModel,
  job: TrainingJob,
  earlier: EarlierTraining,
  run: TrainingRun,
  onBegin: () => void,
): AsyncGenerator<Epoch, void, void> {
  throwIfAborted(job.signal);
  const turns = new Turns(job.signal);
  const loop = new EpochLoop(model, job, earlier, run.region, onBegin);
  const { rows } = loop;
  while (rows !== undefined && !loop.isOver) {
    yield await work(run, turns, loop.trainNext(rows));
    run.checkGoing();
  }
  loop.finish();
}

/**
 * Trains on pieces as they come, an epoch at a time. Memory is taken for the largest piece.
 * @param source what pieces come from; `train` does not close it.
 * @param first the first of them.
 */
export async function* trainOnPieces(
  model: TrainableModel,
  job: TrainingJob,
  earlier: EarlierTraining,
  run: TrainingRun,
  onBegin: () => void,
  source: PieceSource<DataSet>,
  first: DataSet,
): AsyncGenerator<Epoch, void, void> {
  throwIfAborted(job.signal);
  const turns = new Turns(job.signal);
  const loop = new EpochLoop(model, job, earlier, run.region, onBegin);
  let piece: DataSet | undefined = first;
  while (!loop.isOver) {
    if (piece !== undefined) {
      run.pieceRegion.rewind();
      const rows = loadRows(run.pieceRegion, piece);
      for (let from = 0; from < rows.length && !loop.isOver; ) {
        from = await work(run, turns, loop.trainRows(rows, from));
        if (!loop.isEpochFull) continue;
        yield await work(run, turns, loop.endEpoch());
        run.checkGoing();
      }
    } else {
      // A pass is over.
      const isEnd = job.epochs === Number.POSITIVE_INFINITY;
      if (loop.position !== undefined && (isEnd || job.stepsPerEpoch === undefined)) {
        yield await work(run, turns, loop.endEpoch());
        run.checkGoing();
      }
      if (isEnd) break;
    }
    if (loop.isOver) break;
    throwIfAborted(job.signal);
    piece = await run.wait(source.next(), job.signal);
    run.checkGoing();
  }
  loop.finish();
}

/** The work, done in turns with the event loop. @throws CtreError `E_DISPOSED`, `E_ABORTED`. */
async function work<T>(run: TrainingRun, turns: Turns, task: Work<T>): Promise<T> {
  let result: T;
  try {
    result = await turns.run(run.watch(task));
  } catch (error) {
    run.checkGoing();
    throw error;
  }
  run.checkGoing();
  return result;
}
