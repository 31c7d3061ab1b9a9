/**
 * The area under the ROC curve: of all pairs of a positive and a negative row, the share in which the
 * positive one has the higher score; equal scores count half (the Mann–Whitney statistic). NaN where a score
 * is. Undefined where one of the two kinds is missing. O(n log n).
 * @param scores rows × outputs; those of one output are compared.
 */
export function rocAuc(
  scores: Float32Array,
  outputs: number,
  output: number,
  isPositive: (row: number) => boolean,
): number | undefined {
  const rows = scores.length / outputs;
  let count = 0;
  for (let row = 0; row < rows; row++) if (isPositive(row)) count++;
  if (count === 0 || count === rows) return undefined;
  const positives = new Float32Array(count);
  const negatives = new Float32Array(rows - count);
  let p = 0;
  let n = 0;
  for (let row = 0; row < rows; row++) {
    const score = scores[row * outputs + output];
    if (isPositive(row)) positives[p++] = score;
    else negatives[n++] = score;
  }
  // NaN comes last.
  positives.sort();
  negatives.sort();
  if (Number.isNaN(positives[count - 1]) || Number.isNaN(negatives[n - 1])) return Number.NaN;
  let below = 0;
  let upTo = 0;
  let halves = 0;
  for (const score of positives) {
    while (below < n && negatives[below] < score) below++;
    while (upTo < n && negatives[upTo] <= score) upTo++;
    halves += below + upTo;
  }
  return halves / (2 * count * n);
}
