import type { Column } from '../column.ts';
import type { Encoding, EncodingKind, FitContext, NumberScale } from '../encoding.ts';

/** A column of numbers: (value − offset) / scale, and an input that says where a value was missing. */
export interface NumberEncoding extends Encoding {
  readonly kind: 'number';
  /** The median of the training rows, for missing values. */
  readonly fill: number;
  readonly offset: number;
  readonly scale: number;
  /** Whether training rows had missing values: then an input tells which. */
  readonly indicator: boolean;
}

export const numberEncoding: EncodingKind<NumberEncoding> = {
  kind: 'number',
  fit(column, context) {
    const { values, missing } = knownNumbers(column, context);
    return { kind: 'number', ...fitNumbers(values, missing, context.scale) };
  },
  width: ({ indicator }) => (indicator ? 2 : 1),
  names: ({ indicator }, name) => (indicator ? [name, `${name} is missing`] : [name]),
  write(encoding, value, write, tally) {
    writeNumber(encoding, typeof value === 'string' ? unreadable(tally) : value, write, tally);
  },
  words: ({ fill, indicator }) => (indicator ? `number, missing filled with ${fill}` : 'number'),
  scaling: ({ offset, scale }) => ({ offset, scale }),
  filled: ({ indicator, fill }) =>
    indicator ? `their median ${fill} stands for them, and an input tells where` : undefined,
  read(data) {
    const numbers = readFitted(data);
    return numbers && { kind: 'number', ...numbers };
  },
};

/** What all encodings of numbers learn. */
export type FittedNumbers = Omit<NumberEncoding, 'kind'>;

/** The numbers of the rows that have one, and how many have none. */
function knownNumbers(column: Column, { rows }: FitContext): { values: Float64Array; missing: number } {
  const values: number[] = [];
  for (let at = 0; at < rows.length; at++) {
    const value = column.value(rows[at]);
    if (typeof value === 'number') values.push(value);
  }
  return { values: Float64Array.from(values), missing: rows.length - values.length };
}

/** Median, offset and scale of numbers, in float64 and in a fixed order. */
export function fitNumbers(values: Float64Array, missing: number, scale: NumberScale): FittedNumbers {
  const sorted = values.slice().sort();
  const { length } = sorted;
  const middle = length >> 1;
  const median = length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  const fill = length === 0 ? 0 : median;
  const [least, most] = length === 0 ? [0, 0] : [sorted[0], sorted[length - 1]];
  const indicator = missing > 0;
  if (scale === 'none') return { fill, offset: 0, scale: 1, indicator };
  if (least === most) return { fill, offset: least, scale: 1, indicator };
  if (scale === 'minmax') return { fill, offset: least, scale: most - least, indicator };
  const rows = length + missing; // filled rows count
  let sum = fill * missing;
  for (const value of values) sum += value;
  const mean = sum / rows;
  let squares = missing * (fill - mean) * (fill - mean);
  for (const value of values) squares += (value - mean) * (value - mean);
  return { fill, offset: mean, scale: Math.sqrt(squares / rows), indicator };
}

/** The inputs of a number, or of one that is missing. */
export function writeNumber(
  { fill, offset, scale, indicator }: FittedNumbers,
  value: number | boolean | undefined,
  write: (offset: number, value: number) => void,
  tally: { filled: number },
): void {
  const isMissing = value === undefined;
  if (isMissing) tally.filled++;
  write(0, ((isMissing ? fill : Number(value)) - offset) / scale);
  if (indicator && isMissing) write(1, 1);
}

/** Counts a text that is no number; it is as good as missing. */
export function unreadable(tally: { unreadable: number }): undefined {
  tally.unreadable++;
  return undefined;
}

/** The numbers of plain data; undefined where they are none. */
export function readFitted(data: Readonly<Record<string, unknown>>): FittedNumbers | undefined {
  const { fill, offset, scale, indicator } = data;
  const isSound =
    isFiniteNumber(fill) &&
    isFiniteNumber(offset) &&
    isFiniteNumber(scale) &&
    scale > 0 &&
    typeof indicator === 'boolean';
  return isSound ? { fill, offset, scale, indicator } : undefined;
}

function isFiniteNumber(value: unknown): value is number {
  return Number.isFinite(value);
}
