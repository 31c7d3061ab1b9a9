import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import {
  type ClassScore,
  type Label,
  meanScore,
  type PrecisionRecall,
  ratio,
  scoreCounts,
} from './classScore.ts';
import { rocAuc } from './rocAuc.ts';

/** From this probability up, not included, a row is given a label. */
export const LABEL_THRESHOLD = 0.5;

/** How a model does on one label of several. */
export interface LabelScore extends ClassScore {
  /** The area under the ROC curve of its probability; absent where all rows have the label, or none. */
  readonly rocAuc?: number;
}

/** How a model gives rows their labels: those of a probability above ½. */
export interface MultilabelMetrics {
  readonly kind: 'multilabel';
  readonly rows: number;
  /** The mean binary cross-entropy over rows and labels. */
  readonly loss: number;
  /** Subset accuracy: share of rows of which every label is right. */
  readonly accuracy: number;
  /** Share of rows × labels that are wrong. */
  readonly hammingLoss: number;
  readonly labels: readonly LabelScore[];
  /** Means over the labels. */
  readonly macro: PrecisionRecall;
  /** Of all rows × labels together. */
  readonly micro: PrecisionRecall;
}

/**
 * @param flags 0 or 1, rows × labels. @param probabilities of the same shape. O(rows · labels · log rows).
 */
export function measureLabels(
  { rows, cols, data: flags }: DenseMatrix,
  probabilities: Float32Array,
  names: readonly Label[],
  loss: number,
): MultilabelMetrics {
  const counts = names.map(() => ({ rows: 0, predicted: 0, correct: 0 }));
  let whole = 0;
  let wrong = 0;
  for (let row = 0; row < rows; row++) {
    const wrongBefore = wrong;
    for (let i = 0; i < cols; i++) {
      const isLabel = flags[row * cols + i] === 1;
      const isPredicted = probabilities[row * cols + i] > LABEL_THRESHOLD;
      if (isLabel) counts[i].rows++;
      if (isPredicted) counts[i].predicted++;
      if (isLabel && isPredicted) counts[i].correct++;
      if (isLabel !== isPredicted) wrong++;
    }
    if (wrong === wrongBefore) whole++;
  }
  const labels = counts.map((count, i) => {
    const area = rocAuc(probabilities, cols, i, (row) => flags[row * cols + i] === 1);
    return {
      label: names[i],
      ...count,
      ...scoreCounts(count.rows, count.predicted, count.correct),
      ...(area !== undefined && { rocAuc: area }),
    };
  });
  const total = (name: 'rows' | 'predicted' | 'correct'): number =>
    counts.reduce((sum, count) => sum + count[name], 0);
  return {
    kind: 'multilabel',
    rows,
    loss,
    accuracy: ratio(whole, rows),
    hammingLoss: ratio(wrong, rows * cols),
    labels,
    macro: meanScore(labels, () => 1),
    micro: scoreCounts(total('rows'), total('predicted'), total('correct')),
  };
}
