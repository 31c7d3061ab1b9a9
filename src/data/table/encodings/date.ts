import type { FieldValue } from '../column.ts';
import type { EncodingKind, FitContext } from '../encoding.ts';
import { type FittedNumbers, fitNumbers, readNumbers, unreadable, writeNumber } from './number.ts';

/** A column of dates as ISO 8601 writes them: days since 1970, scaled as numbers are. */
export interface DateEncoding extends FittedNumbers {
  readonly kind: 'date';
}

export const dateEncoding: EncodingKind<DateEncoding> = {
  kind: 'date',
  fit(column, { rows, scale }: FitContext) {
    const days: number[] = [];
    for (let at = 0; at < rows.length; at++) {
      const day = daysOf(column.value(rows[at]));
      if (day !== undefined) days.push(day);
    }
    return { kind: 'date', ...fitNumbers(Float64Array.from(days), rows.length - days.length, scale) };
  },
  width: ({ indicator }) => (indicator ? 2 : 1),
  names: ({ indicator }, name) =>
    indicator ? [`${name} in days`, `${name} is missing`] : [`${name} in days`],
  write(encoding, value, write, tally) {
    const days = daysOf(value);
    if (days === undefined && value !== undefined) unreadable(tally);
    writeNumber(encoding, days, write, tally);
  },
  words: () => 'date, as days since 1970',
  scaling: ({ offset, scale }) => ({ offset, scale }),
  filled: ({ indicator }) => (indicator ? 'the median stands for them, and an input tells where' : undefined),
  read(data) {
    const numbers = readNumbers(data);
    return numbers && { kind: 'date', ...numbers };
  },
};

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?(Z|[+-]\d\d:?\d\d)?)?$/;

const DAY = 86_400_000;

/** Days since 1970-01-01 in UTC; undefined for what is no date. A time without a zone is taken as UTC. */
export function daysOf(value: FieldValue): number | undefined {
  if (typeof value !== 'string') return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', zone = 'Z'] = ISO.exec(value) ?? [];
  if (year === undefined) return undefined;
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // Of 31 February, Date makes a day in March.
  if (new Date(midnight).getUTCDate() !== Number(day) || Number(month) > 12) return undefined;
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  const ahead = (sign === '-' ? -1 : 1) * (Number(hours) / 24 + Number(minutes) / 1440);
  const time = Number(hour) / 24 + Number(minute) / 1440 + Number(second) / 86_400;
  return midnight / DAY + time - ahead;
}
