import type { Epoch, Metrics } from '../train/epoch.ts';

/** What a training came to. */
export interface Outcome {
  readonly method: string;
  readonly seed: number;
  readonly nnz: number;
  readonly density: number;
  readonly epochs: number;
  /** Null without validation. */
  readonly bestValAccuracy: number | null;
  readonly bestEpoch: number;
  /** At the best epoch. */
  readonly testAccuracy: number | undefined;
  /** After the last epoch. */
  readonly finalTestAccuracy: number | undefined;
  /** What else the loss scores by, where it does: RMSE, MAE and R², or macro-F1; at the same epochs. */
  readonly bestValMetrics?: Metrics;
  readonly testMetrics?: Metrics;
  readonly finalTestMetrics?: Metrics;
  readonly seconds: number;
  readonly trainSeconds: number;
  /** Of what the method did before the first step. */
  readonly startSeconds: number;
  readonly evolveSeconds: number;
}

/** The model of a training, as far as its outcome goes. */
interface TrainedModel {
  readonly method: string;
  readonly nnz: number;
  readonly density: number;
  readonly history: readonly Epoch[];
}

/** The outcome of the training that a model has behind it. */
export function outcomeOf(model: TrainedModel, seed: number): Outcome {
  const { method, nnz, density, history } = model;
  const last = history[history.length - 1];
  const best = history.findLast((epoch) => epoch.best) ?? last;
  const sum = (secondsOf: (epoch: Epoch) => number): number =>
    history.reduce((total, epoch) => total + secondsOf(epoch), 0);
  return {
    method,
    seed,
    nnz,
    density,
    epochs: history.length,
    bestValAccuracy: best.valAccuracy ?? null,
    bestEpoch: best.epoch,
    testAccuracy: best.testAccuracy,
    finalTestAccuracy: last.testAccuracy,
    ...(best.valMetrics && { bestValMetrics: best.valMetrics }),
    ...(best.testMetrics && { testMetrics: best.testMetrics }),
    ...(last.testMetrics && { finalTestMetrics: last.testMetrics }),
    seconds: sum(({ seconds }) => seconds),
    trainSeconds: sum(({ trainSeconds }) => trainSeconds),
    startSeconds: sum(({ start }) => start?.seconds ?? 0),
    evolveSeconds: sum(({ evolution }) => evolution?.seconds ?? 0),
  };
}
