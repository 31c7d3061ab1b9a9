import type { Column, FieldValue } from './column.ts';

/** Values that are told from one another at most: what has more is no list of words. */
const MOST_DISTINCT = 5000;

/** What the fields of a column have in common. */
export interface Facts {
  readonly rows: number;
  readonly missing: number;
  /** Fields that are numbers. */
  readonly numbers: number;
  /** Fields that are texts. */
  readonly texts: number;
  /** Fields that are true or false. */
  readonly truths: number;
  /** The values that are different as texts; `MOST_DISTINCT` and one more where there are as many. */
  readonly distinct: number;
  /** Whether all numbers are integers. */
  readonly integers: boolean;
  /** The largest magnitude of a number. */
  readonly largest: number;
  /** The first row that has a text; −1 where none has. */
  readonly firstText: number;
  /** Words of a text, on average. */
  readonly words: number;
}

/** Looks at every field of a column once. O(rows). */
export function factsOf(column: Column): Facts {
  const { length: rows } = column;
  const seen = new Set<FieldValue>();
  let [missing, numbers, texts, truths, words, largest] = [0, 0, 0, 0, 0, 0];
  let integers = true;
  let firstText = -1;
  for (let row = 0; row < rows; row++) {
    const value = column.value(row);
    if (value === undefined) {
      missing++;
      continue;
    }
    if (seen.size <= MOST_DISTINCT) seen.add(value);
    if (typeof value === 'number') {
      numbers++;
      integers &&= Number.isInteger(value);
      largest = Math.max(largest, Math.abs(value));
    } else if (typeof value === 'boolean') truths++;
    else {
      if (texts === 0) firstText = row;
      texts++;
      words += countWords(value);
    }
  }
  return {
    rows,
    missing,
    numbers,
    texts,
    truths,
    distinct: seen.size,
    integers: integers && numbers > 0,
    largest,
    firstText,
    words: texts === 0 ? 0 : words / texts,
  };
}

function countWords(text: string): number {
  return text.match(/[\p{L}\p{N}]+/gu)?.length ?? 0;
}
