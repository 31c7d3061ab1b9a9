/** The matrix of more classes would take more memory than what it is made of. */
const MOST_CLASSES = 4096;

/**
 * How many rows of each class are taken for which: `confusion[label][predicted]`. Without rows and columns
 * where there are more than 4 096 classes. O(rows + classes²).
 */
export function countConfusion(labels: Int32Array, predicted: Int32Array, classes: number): number[][] {
  if (classes > MOST_CLASSES) return [];
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let row = 0; row < labels.length; row++) confusion[labels[row]][predicted[row]]++;
  return confusion;
}
