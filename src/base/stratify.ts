import { newArray } from './arrays.ts';

// Rows that are held out so that each class keeps its share.

/** The rows of the list that each class has, in the list's order. @param labels the class of every row. */
export function groupByClass(list: Int32Array, labels: Int32Array, classes: number): Int32Array[] {
  const counts = new Int32Array(classes + 1);
  for (const row of list) counts[labels[row] + 1]++;
  for (let label = 0; label < classes; label++) counts[label + 1] += counts[label];
  const sorted = newArray(list.length, Int32Array, 'the rows of the classes');
  const next = counts.slice();
  for (const row of list) sorted[next[labels[row]]++] = row;
  return Array.from({ length: classes }, (_, label) => sorted.slice(counts[label], counts[label + 1]));
}

/** How many rows of each class are held out: `wanted` in all, where no class has to give its last row. */
export function classShares(classes: readonly Int32Array[], fraction: number, wanted: number): number[] {
  const limits = classes.map(({ length }) => Math.max(0, length - 1));
  const shares = classes.map(({ length }, label) => Math.min(Math.floor(fraction * length), limits[label]));
  const byRest = [...classes.keys()].sort(
    (a, b) => rest(classes[b].length) - rest(classes[a].length) || a - b,
  );
  function rest(length: number): number {
    return fraction * length - Math.floor(fraction * length);
  }
  // Rounding leaves less than a row for each class. Classes of one row may leave more.
  let left = wanted - sumOfShares(shares);
  while (left > 0) {
    const able = byRest.filter((label) => shares[label] < limits[label]).slice(0, left);
    if (able.length === 0) break;
    for (const label of able) shares[label]++;
    left -= able.length;
  }
  // Where each class has one row, some class has to be left out.
  if (sumOfShares(shares) === 0) shares[0] = 1;
  return shares;
}

function sumOfShares(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
