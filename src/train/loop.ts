import { Turns, throwIfAborted } from '../run/turns.ts';
import type { Epoch } from './epoch.ts';
import { EpochLoop } from './epochLoop.ts';
import type { TrainableModel } from './trainableModel.ts';
import type { EarlierTraining, TrainingJob } from './trainingJob.ts';
import type { TrainingRun } from './trainingRun.ts';

/**
 * Trains, an epoch at a time. At each yield the network is the one that the epoch reports.
 * @param earlier what is done of the training already.
 * @param onBegin is called once, right before the model changes for the first time, or when there is nothing to do.
 *   What fails before that has changed nothing.
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
  while (!loop.isOver) {
    let epoch: Epoch;
    try {
      epoch = await turns.run(run.watch(loop.trainNext()));
    } catch (error) {
      run.checkGoing();
      throw error;
    }
    run.checkGoing();
    yield epoch;
    run.checkGoing();
  }
  loop.finish();
}
