import type { F64Block } from '../engine/region.ts';
import type { Loss, LossTiles } from './loss.ts';

/** What one tile of samples needs on its way through the network; pointers, each a tile [neurons][32]. */
export interface Workspace extends LossTiles {
  /** What the outputs are compared by. */
  readonly loss: Loss;
  /** activations[l] is the input of layer l; the last one holds the logits. */
  readonly activations: readonly number[];
  /** deltas[l] is the loss's gradient at the output of layer l, before its activation. */
  readonly deltas: readonly number[];
  /** f64, as many as the loss counts. */
  readonly sums: F64Block;
  /** What the outputs should be, where these are numbers; else 0. */
  readonly targets: number;
}
