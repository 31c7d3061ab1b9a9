import type { Score } from './loss.ts';

/**
 * What numbers are measured in while a network learns them: target = center + scale · what is learnt. One
 * scale for all outputs, so that the loss is the same but for a factor, and only learning gets easier: a
 * network that begins around 0 and makes small steps would take long to reach house prices. JSON.
 */
export interface TargetUnits {
  /** By output. */
  readonly center: readonly number[];
  readonly scale: number;
}

/** A score of what was learnt as one of the targets. A loss in squares, like Huber's, has scale². */
export function scoreInUnits(score: Score, units: TargetUnits | undefined): Score {
  if (units === undefined || score.rmse === undefined || score.mae === undefined) return score;
  const { scale } = units;
  return {
    ...score,
    loss: score.loss * scale * scale,
    rmse: score.rmse * scale,
    mae: score.mae * scale,
  };
}

/** What a network has learnt as numbers [rows, outputs], changed in place to those of the targets. */
export function answersInUnits(answers: Float32Array, units: TargetUnits | undefined): Float32Array {
  if (units === undefined) return answers;
  const { center, scale } = units;
  for (let at = 0; at < answers.length; at++) {
    answers[at] = answers[at] * scale + center[at % center.length];
  }
  return answers;
}
