import { goodness, type MonitorName, type Score } from '../nn/loss.ts';
import type { EditCounts, LayerEdit } from '../topology/edit.ts';
import type { ScoreKind } from '../topology/topology.ts';

/** What growth has taken. */
export interface GrowthEffort {
  readonly seconds: number;
  /** Pairs of neurons that were scored. */
  readonly pairs: number;
  /** Multiplications by weights and between activations, each with its addition. */
  readonly multiplyAdds: number;
}

/** The updates of an epoch. */
export interface Evolution extends GrowthEffort {
  readonly updates: number;
  /** Of all updates together, layer by layer; null where a layer did not change. */
  readonly layers: readonly (EditCounts | null)[];
  /** What the candidates to grow were found by at last; null where none were searched for. */
  readonly candidates: ScoreKind | null;
}

/** What came of an epoch. */
export interface Epoch {
  /** From 1 in every call of `train`. */
  readonly epoch: number;
  /** Mean loss of the training samples, each before the step its batch made, weighed as in training. */
  readonly loss: number;
  /** Share of training samples classified correctly, likewise; NaN for a regression. */
  readonly accuracy: number;
  /**
   * What else the loss scores by: `macroF1`, or `rmse`, `mae` and `r2`; absent where there is nothing else.
   */
  readonly metrics?: Metrics;
  readonly valLoss?: number;
  /** Absent for a regression, and so `testAccuracy`. */
  readonly valAccuracy?: number;
  readonly valMetrics?: Metrics;
  /**
   * Whether what epochs are compared by (validation accuracy, say; without validation that of training) is
   * better than in all earlier epochs of this training with as few connections, or as good with a lower loss.
   */
  readonly best: boolean;
  /** Only at best epochs and at the last one, when there are test rows; and so `testMetrics`. */
  readonly testAccuracy?: number;
  readonly testLoss?: number;
  readonly testMetrics?: Metrics;
  /** Of the whole epoch: its updates, steps and scores. */
  readonly seconds: number;
  /** Of the steps alone. */
  readonly trainSeconds: number;
  /** What the topology method did before the first step of all; only in the first epoch of a model. */
  readonly start?: GrowthEffort;
  /** The updates of the topology in this epoch, where there were any. */
  readonly evolution?: Evolution;
  /**
   * With the option `edits`: what every layer has lost and gained from the start of this epoch to its end,
   * also by the choice of a first pattern. The history does not keep it.
   */
  readonly edits?: readonly LayerEdit[];
}

/** What a score holds besides loss and accuracy. */
export type Metrics = Omit<Score, 'loss' | 'accuracy'>;

/** How an epoch compares with others. */
export interface Standing {
  /** The higher the better. */
  readonly reached: number;
  /** Of two that have reached the same the lower one is better. */
  readonly loss: number;
}

/** By the validation rows, or by training where nothing was validated. */
export function standingOf(
  epoch: Pick<Epoch, 'loss' | 'accuracy' | 'metrics' | 'valLoss' | 'valAccuracy' | 'valMetrics'>,
  monitor: MonitorName,
): Standing {
  const { loss, accuracy, metrics, valLoss, valAccuracy = Number.NaN, valMetrics } = epoch;
  const score =
    valLoss === undefined
      ? { loss, accuracy, ...metrics }
      : { loss: valLoss, accuracy: valAccuracy, ...valMetrics };
  return { reached: goodness(score, monitor), loss: score.loss };
}

/** Whether the first is better. */
export function isBetter(one: Standing, other: Standing): boolean {
  return one.reached > other.reached || (one.reached === other.reached && one.loss < other.loss);
}

/** What no epoch is worse than. */
export const WORST: Standing = Object.freeze({
  reached: Number.NEGATIVE_INFINITY,
  loss: Number.POSITIVE_INFINITY,
});

/** Metrics as an epoch holds them: nothing where there are none. */
export function metricsOf({ loss: _loss, accuracy: _accuracy, ...metrics }: Score): Metrics | undefined {
  return Object.keys(metrics).length === 0 ? undefined : Object.freeze(metrics);
}

/** An epoch as JSON keeps it, which has no NaN. */
export function epochToJson({ accuracy, ...epoch }: Epoch): Readonly<Record<string, unknown>> {
  return Number.isNaN(accuracy) ? epoch : { ...epoch, accuracy };
}

/** The epoch that `epochToJson` was given. */
export function epochFromJson(kept: object): Epoch {
  return freezeEpoch({ accuracy: Number.NaN, ...kept } as Epoch);
}

/** An epoch of the history, which nobody who hears of it can change. */
export function freezeEpoch(epoch: Epoch): Epoch {
  Object.freeze(epoch.start);
  Object.freeze(epoch.evolution?.layers);
  Object.freeze(epoch.evolution);
  return Object.freeze(epoch);
}
