import type { FieldValue } from '../column.ts';
import type { EncodingKind, FitContext } from '../encoding.ts';
import { type FittedNumbers, fitNumbers, readFitted, unreadable, writeNumber } from './number.ts';

/** A column of true and false: 1 and 0, scaled as numbers are. */
export interface TruthEncoding extends FittedNumbers {
  readonly kind: 'truth';
}

const TRUE = ['true', 'yes', 't', 'y'];
const FALSE = ['false', 'no', 'f', 'n'];

export const truthEncoding: EncodingKind<TruthEncoding> = {
  kind: 'truth',
  fit(column, { rows, scale }: FitContext) {
    const values: number[] = [];
    for (let at = 0; at < rows.length; at++) {
      const truth = truthOf(column.value(rows[at]));
      if (truth !== undefined) values.push(Number(truth));
    }
    return { kind: 'truth', ...fitNumbers(Float64Array.from(values), rows.length - values.length, scale) };
  },
  width: ({ indicator }) => (indicator ? 2 : 1),
  names: ({ indicator }, name) => (indicator ? [name, `${name} is missing`] : [name]),
  write(encoding, value, write, tally) {
    const truth = truthOf(value);
    if (truth === undefined && value !== undefined) unreadable(tally);
    writeNumber(encoding, truth, write, tally);
  },
  words: () => 'true or false',
  scaling: ({ offset, scale }) => ({ offset, scale }),
  filled: ({ indicator }) =>
    indicator ? 'the more frequent value stands for them, and an input tells where' : undefined,
  read(data) {
    const numbers = readFitted(data);
    return numbers && { kind: 'truth', ...numbers };
  },
};

/** What a field says, if it says true or false; 1 and 0 do where the others of the column are such words. */
export function truthOf(value: FieldValue): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (value === 1 || value === 0) return value === 1;
  if (typeof value !== 'string') return undefined;
  const text = value.toLowerCase();
  if (TRUE.includes(text)) return true;
  return FALSE.includes(text) ? false : undefined;
}
