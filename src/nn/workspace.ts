import type { F64Block } from '../engine/region.ts';
import type { Loss, LossTiles } from './loss.ts';

/** What the neurons of a layer come to for a tile of samples; pointers. */
export interface NeuronTile {
  /** [neurons][32]. */
  readonly values: number;
  /** Which sums were above 0, i32 [neurons], a bit for each sample; 0 where the activation keeps none. */
  readonly fires: number;
}

/** What one tile of samples needs on its way through the network; pointers, each a tile [neurons][32]. */
export interface Workspace extends LossTiles {
  /** What the outputs are compared by. */
  readonly loss: Loss;
  /** activations[l] is the input of layer l; the last one holds the logits. */
  readonly activations: readonly number[];
  /** The same, with what else the activations leave for the way down. */
  readonly neurons: readonly NeuronTile[];
  /** deltas[l] is the loss's gradient at the output of layer l, before its activation. */
  readonly deltas: readonly number[];
  /** f64, as many as the loss counts. */
  readonly sums: F64Block;
  /** What the outputs should be, where these are numbers; else 0. */
  readonly targets: number;
}
