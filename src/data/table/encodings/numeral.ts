import type { EncodingKind, FitContext } from '../encoding.ts';
import { type DecimalMark, numeralOf, numeralStyle } from '../numerals.ts';
import { type FittedNumbers, fitNumbers, readFitted, unreadable, writeNumber } from './number.ts';

/** A column of numbers with decimal commas, groups of digits, or signs of money or percent. */
export interface NumeralEncoding extends FittedNumbers {
  readonly kind: 'numeral';
  /** What separates decimals. */
  readonly mark: DecimalMark;
}

export const numeralEncoding: EncodingKind<NumeralEncoding> = {
  kind: 'numeral',
  fit(column, { rows, scale }: FitContext) {
    const mark = numeralStyle(column)?.mark ?? '.';
    const values: number[] = [];
    for (let at = 0; at < rows.length; at++) {
      const value = numeralOf(column.value(rows[at]), mark);
      if (value !== undefined) values.push(value);
    }
    const fitted = fitNumbers(Float64Array.from(values), rows.length - values.length, scale);
    return { kind: 'numeral', mark, ...fitted };
  },
  width: ({ indicator }) => (indicator ? 2 : 1),
  names: ({ indicator }, name) => (indicator ? [name, `${name} is missing`] : [name]),
  write(encoding, value, write, tally) {
    const number = numeralOf(value, encoding.mark);
    if (number === undefined && value !== undefined) unreadable(tally);
    writeNumber(encoding, number, write, tally);
  },
  words: ({ mark, indicator, fill }) =>
    `number, ${mark === ',' ? 'with decimal commas' : 'without its commas and signs'}` +
    (indicator ? `, missing filled with ${fill}` : ''),
  scaling: ({ offset, scale }) => ({ offset, scale }),
  filled: ({ indicator, fill }) =>
    indicator ? `their median ${fill} stands for them, and an input tells where` : undefined,
  read(data) {
    const numbers = readFitted(data);
    const { mark } = data;
    return numbers && (mark === '.' || mark === ',') ? { kind: 'numeral', mark, ...numbers } : undefined;
  },
};
