import { CtreError } from '../base/errors.ts';
import type { Epoch } from '../train/epoch.ts';
import { train } from '../train/loop.ts';
import { checkConditions, resumeConditions } from '../train/resumeConditions.ts';
import { TrainingRun } from '../train/trainingRun.ts';
import { type CheckedTraining, countEpochs } from './checkTraining.ts';
import type { ModelCore } from './core.ts';

/** Trains a model, an epoch at a time. @throws CtreError as `SparseMLP.train`. */
export async function* runTraining(
  core: ModelCore,
  checked: CheckedTraining,
): AsyncGenerator<Epoch, void, void> {
  const model = core.alive;
  if (core.run !== undefined) throw alreadyTraining();
  const job = { ...checked, totalEpochs: countEpochs(core, checked) };
  const conditions = resumeConditions(job);
  if (core.resumed !== undefined) checkConditions(conditions, core.lastTraining?.conditions ?? {});
  const earlier = core.resumed ?? { epochs: [], best: undefined, isRestored: false };
  const run = new TrainingRun(model.network.engine.arena);
  core.run = run;
  try {
    yield* train(model, job, earlier, run, () => {
      core.resumed = undefined;
      core.lastTraining = { conditions, optimizer: job.optimizer };
    });
  } finally {
    core.run = undefined;
    run.region.free();
    model.network.discardOptimizer();
  }
}

export function alreadyTraining(): CtreError {
  return new CtreError(
    'E_BUSY',
    'the model is training already; wait for its end, or end it: abort its signal, leave its loop, call return() of its iterator, or dispose() of the model',
  );
}
