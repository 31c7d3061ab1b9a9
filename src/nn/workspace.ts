import type { F64Block } from '../engine/region.ts';

/** What one tile of samples needs on its way through the network; pointers, each a tile [neurons][32]. */
export interface Workspace {
  /** activations[l] is the input of layer l; the last one holds the logits. */
  readonly activations: readonly number[];
  /** deltas[l] is the loss's gradient at the output of layer l, before its activation. */
  readonly deltas: readonly number[];
  /** Class probabilities [classes][32]. */
  readonly probabilities: number;
  /** ln Σ e^logit of every sample, f64 [32]. */
  readonly logSums: number;
  /** [0] the tile's summed cross-entropy, [1] its correctly classified samples. */
  readonly score: F64Block;
}
