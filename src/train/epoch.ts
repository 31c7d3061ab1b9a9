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
  /** Mean cross-entropy of the training samples, each before the step its batch made. */
  readonly loss: number;
  /** Share of training samples classified correctly, likewise. */
  readonly accuracy: number;
  readonly valLoss?: number;
  readonly valAccuracy?: number;
  /**
   * Whether the validation accuracy (without validation: the training accuracy) is better than in all earlier
   * epochs of this training with as few connections.
   */
  readonly best: boolean;
  /** Only at best epochs and at the last one, when there are test rows. */
  readonly testAccuracy?: number;
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

/** What epochs are compared by. */
export function accuracyOf({ accuracy, valAccuracy }: Epoch): number {
  return valAccuracy ?? accuracy;
}

/** An epoch of the history, which nobody who hears of it can change. */
export function freezeEpoch(epoch: Epoch): Epoch {
  Object.freeze(epoch.start);
  Object.freeze(epoch.evolution?.layers);
  Object.freeze(epoch.evolution);
  return Object.freeze(epoch);
}
