import type { EditCounts, LayerEdit } from '../topology/edit.ts';
import type { CandidateNeed } from '../topology/topology.ts';

/** What an epoch of training came to. */
export interface Epoch {
  /** From 1 in every call of `train`. */
  readonly epoch: number;
  /** Mean cross-entropy of the training samples, each before the step its batch made. */
  readonly loss: number;
  /** Share of training samples classified correctly, likewise. */
  readonly accuracy: number;
  readonly valLoss?: number;
  readonly valAccuracy?: number;
  /** Whether no earlier epoch had as good a validation accuracy (without validation: training accuracy). */
  readonly best: boolean;
  /** Only at best epochs and at the last one, when there are test rows. */
  readonly testAccuracy?: number;
  /** All of the epoch, evaluation and evolution included. */
  readonly seconds: number;
  /** Steps of the optimiser alone. */
  readonly trainSeconds: number;
  /**
   * The update of the topology that the epoch began with, where there was one; layer by layer, null where a layer did
   * not change.
   */
  readonly evolution?: {
    readonly seconds: number;
    readonly layers: readonly (EditCounts | null)[];
    /** What the candidates to grow were found by; null where none were searched for. */
    readonly candidates: CandidateNeed | null;
  };
  /**
   * With the option `edits`, for every layer what it has lost and gained in this epoch, a first pattern that was chosen by gradient among
   * it. Not in the history, whose epochs are kept.
   */
  readonly edits?: readonly LayerEdit[];
}

/** What epochs are compared by. */
export function accuracyOf({ accuracy, valAccuracy }: Epoch): number {
  return valAccuracy ?? accuracy;
}
