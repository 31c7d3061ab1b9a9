import type { EditCounts, LayerEdit } from '../topology/edit.ts';
import type { CandidateNeed } from '../topology/topology.ts';

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
  /** Of the whole epoch, its update and scores among it. */
  readonly seconds: number;
  /** Of the steps alone. */
  readonly trainSeconds: number;
  /**
   * The update of the topology that the epoch began with, where there was one; layer by layer, null where a
   * layer did not change.
   */
  readonly evolution?: {
    readonly seconds: number;
    readonly layers: readonly (EditCounts | null)[];
    /** What the candidates to grow were found by; null where none were searched for. */
    readonly candidates: CandidateNeed | null;
  };
  /**
   * With the option `edits`: what every layer has lost and gained in this epoch, also by the choice of a
   * first pattern. The history does not keep it.
   */
  readonly edits?: readonly LayerEdit[];
}

/** What epochs are compared by. */
export function accuracyOf({ accuracy, valAccuracy }: Epoch): number {
  return valAccuracy ?? accuracy;
}

/** An epoch of the history, which nobody who hears of it can change. */
export function freezeEpoch(epoch: Epoch): Epoch {
  Object.freeze(epoch.evolution?.layers);
  Object.freeze(epoch.evolution);
  return Object.freeze(epoch);
}
