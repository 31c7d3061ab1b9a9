import { show } from '../../../base/errors.ts';
import type { FieldValue } from '../column.ts';
import type { Encoding, EncodingKind, FitContext } from '../encoding.ts';

/** A column of words: an input for each word of the training rows, which is 1 where the row has it. */
export interface WordsEncoding extends Encoding {
  readonly kind: 'words';
  /** The words, by code unit; numbers where a column of numbers was named as one of words. */
  readonly values: readonly string[];
  /** The most frequent word, for missing ones: its place. */
  readonly fill: number;
  /** Whether training rows had missing words: then an input tells which. */
  readonly indicator: boolean;
}

export const wordsEncoding: EncodingKind<WordsEncoding> = {
  kind: 'words',
  fit(column, { rows }: FitContext) {
    const counts = new Map<string, number>();
    let missing = 0;
    for (let at = 0; at < rows.length; at++) {
      const value = column.value(rows[at]);
      if (value === undefined) missing++;
      else counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
    }
    const values = [...counts.keys()].sort(byCodeUnit);
    const most = Math.max(...counts.values());
    const fill = values.findIndex((value) => counts.get(value) === most);
    return { kind: 'words', values, fill, indicator: missing > 0 };
  },
  width: ({ values, indicator }) => values.length + (indicator ? 1 : 0),
  names: ({ values, indicator }, name) => [
    ...values.map((value) => `${name}=${value}`),
    ...(indicator ? [`${name} is missing`] : []),
  ],
  write({ values, fill, indicator }, value: FieldValue, write, tally) {
    if (value === undefined) {
      tally.filled++;
      if (fill >= 0) write(fill, 1);
      if (indicator) write(values.length, 1);
      return;
    }
    const place = placeOfWord(values, String(value));
    if (place === undefined) tally.unseen++;
    else write(place, 1);
  },
  words: ({ values }) => `${values.length} words, an input each`,
  scaling: () => ({ offset: 0, scale: 1 }),
  filled: ({ indicator, values, fill }) =>
    indicator
      ? `the most frequent one, ${show(values[fill])}, stands for them, and an input tells where`
      : undefined,
  read({ values, fill, indicator }) {
    const isSound =
      Array.isArray(values) &&
      values.every((value, at) => typeof value === 'string' && (at === 0 || values[at - 1] < value)) &&
      Number.isInteger(fill) &&
      Number(fill) >= -1 &&
      Number(fill) < values.length &&
      typeof indicator === 'boolean';
    return isSound ? { kind: 'words', values, fill: Number(fill), indicator } : undefined;
  },
};

/** The place of a word in a sorted list. O(log words). */
function placeOfWord(values: readonly string[], value: string): number | undefined {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] < value) low = middle + 1;
    else high = middle;
  }
  return values[low] === value ? low : undefined;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
