import { type ClassScore, type Label, meanScore, type PrecisionRecall, scoreCounts } from './classScore.ts';
import { countConfusion } from './confusion.ts';
import { likeliestClasses } from './likeliest.ts';
import { rocAuc } from './rocAuc.ts';

/** How a model tells classes apart. The class of the largest probability is the one that a row is given. */
export interface ClassificationMetrics {
  readonly kind: 'classification';
  readonly rows: number;
  /** The log loss: the mean of −ln p(label). */
  readonly loss: number;
  /** Share of rows that are given their class. */
  readonly accuracy: number;
  /** The mean recall of the classes that occur. */
  readonly balancedAccuracy: number;
  /** Of two classes that both occur: the area under the ROC curve of the second one's probability. */
  readonly rocAuc?: number;
  readonly classes: readonly ClassScore[];
  /** Means over the classes that occur or are predicted. */
  readonly macro: PrecisionRecall;
  /** The same means, every class weighed by its rows. */
  readonly weighted: PrecisionRecall;
  /**
   * Rows by class and by the class that they are given: `confusion[label][predicted]`; empty where there are
   * more than 4 096 classes.
   */
  readonly confusion: readonly (readonly number[])[];
}

/** @param probabilities rows × classes. O(rows · classes + classes²). */
export function measureClasses(
  labels: Int32Array,
  probabilities: Float32Array,
  names: readonly Label[],
  loss: number,
): ClassificationMetrics {
  const predicted = likeliestClasses(probabilities, names.length);
  const counts = names.map(() => ({ rows: 0, predicted: 0, correct: 0 }));
  let right = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row];
    counts[label].rows++;
    counts[predicted[row]].predicted++;
    if (predicted[row] !== label) continue;
    counts[label].correct++;
    right++;
  }
  const classes = counts.map((count, c) => ({
    label: names[c],
    ...count,
    ...scoreCounts(count.rows, count.predicted, count.correct),
  }));
  const area = names.length === 2 ? rocAuc(probabilities, 2, 1, (row) => labels[row] === 1) : undefined;
  return {
    kind: 'classification',
    rows: labels.length,
    loss,
    accuracy: right / labels.length,
    balancedAccuracy: meanScore(classes, ({ rows }) => Number(rows > 0)).recall,
    ...(area !== undefined && { rocAuc: area }),
    classes,
    macro: meanScore(classes, (one) => Number(one.rows + one.predicted > 0)),
    weighted: meanScore(classes, ({ rows }) => rows),
    confusion: countConfusion(labels, predicted, names.length),
  };
}
