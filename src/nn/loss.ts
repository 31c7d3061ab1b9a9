import type { Kernels } from '../engine/abi.ts';
import type { TileRows } from './rows.ts';

/**
 * What a network's answers are scored by. The loss is a mean over the samples; the others are there where
 * the loss has them.
 */
export interface Score {
  readonly loss: number;
  /**
   * Share of samples whose label, or labels, are all right; NaN for a regression, which has no right and
   * wrong.
   */
  readonly accuracy: number;
  /**
   * Mean over the labels of F1 = 2·TP / (2·TP + FP + FN), which is 0 for a label that no sample has and none
   * is given.
   */
  readonly macroF1?: number;
  /** Root of the mean squared error, over all outputs. */
  readonly rmse?: number;
  /** Mean absolute error, over all outputs. */
  readonly mae?: number;
  /** Mean over the outputs of 1 − Σ(y − t)² / Σ(t − mean of t)². */
  readonly r2?: number;
}

/** What an epoch can be compared with others by. */
export type MonitorName = 'loss' | 'accuracy' | 'macroF1' | 'rmse' | 'mae' | 'r2';

/** Whether more is better. */
const IS_MORE_BETTER: Readonly<Record<MonitorName, boolean>> = {
  loss: false,
  accuracy: true,
  macroF1: true,
  rmse: false,
  mae: false,
  r2: true,
};

export const MONITOR_NAMES = Object.keys(IS_MORE_BETTER) as MonitorName[];

/** A score as a number that is the higher the better. */
export function goodness(score: Score, monitor: MonitorName): number {
  const value = score[monitor] ?? Number.NaN;
  return IS_MORE_BETTER[monitor] ? value : -value;
}

/** What a loss compares the outputs with: a label for each sample, a 0 or 1 for each output, or a number. */
export type TargetKind = 'labels' | 'flags' | 'numbers';

/**
 * What a loss reads and writes of a tile's samples. Pointers, each to a tile [outputs][32] unless it says
 * something else.
 */
export interface LossTiles {
  /** The last layer's sums. */
  readonly logits: number;
  /** What `predict` answers: probabilities, say. The logits themselves where the loss says so. */
  readonly outputs: number;
  /** The gradient at the logits; 0 where none is computed. */
  readonly gradient: number;
  /** ln Σ e^logit of every sample, f64 [32]. */
  readonly logSums: number;
  /** What the tile's samples are scored by; the first is the summed loss. */
  readonly sums: { readonly pointer: number };
}

/**
 * What a network learns to make small. It knows how logits become what `predict` answers, the gradient at the
 * logits, and what a sample set is scored by.
 */
export interface Loss {
  readonly name: string;
  /** What it was made with, as JSON. */
  readonly options: Readonly<Record<string, number>>;
  readonly targets: TargetKind;
  /** What epochs are compared by, where nothing else is asked for. */
  readonly monitor: MonitorName;
  /** What else they can be compared by. */
  readonly monitors: readonly MonitorName[];
  /** How many numbers score the samples of a tile: the length of `sums`. */
  countSums(outputs: number): number;
  /** From the logits to the outputs; without it the outputs are the logits. */
  activate?(kernels: Kernels, tiles: LossTiles, outputs: number): void;
  /** Writes the tile's sums, after `activate`. */
  score(kernels: Kernels, tiles: LossTiles, tile: TileRows, outputs: number): void;
  /**
   * Writes the gradient at the logits, without the samples' weights.
   * @param scale 1 / samples of the batch.
   */
  gradient(kernels: Kernels, tiles: LossTiles, tile: TileRows, outputs: number, scale: number): void;
  /** The same loss of targets that were divided by `scale`, but for a factor; absent: as it is. */
  inUnits?(scale: number): Loss;
  /** The score of so many samples, from the sums of all their tiles. */
  summarize(sums: Float64Array, rows: number, outputs: number): Score;
}
