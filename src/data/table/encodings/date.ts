import type { FieldValue } from '../column.ts';
import type { EncodingKind, FitContext } from '../encoding.ts';
import { type FittedNumbers, fitNumbers, readFitted, unreadable, writeNumber } from './number.ts';

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
    const numbers = readFitted(data);
    return numbers && { kind: 'date', ...numbers };
  },
};

const ISO = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?(Z|[+-]\d\d:?\d\d)?)?$/;

/** Days of a year before each of its months, without 29 February. */
const DAYS_BEFORE = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

/** Days from 0000-01-01 to 1970-01-01. */
const DAYS_TO_1970 = 719_528;

/** Days since 1970-01-01 in UTC; undefined for what is no date. A time without a zone is taken as UTC. */
export function daysOf(value: FieldValue): number | undefined {
  if (typeof value !== 'string') return undefined;
  const found = ISO.exec(value);
  if (found === null) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((text) => Number(text ?? 0));
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const length = DAYS_BEFORE[month] - DAYS_BEFORE[month - 1] + (isLeap && month === 2 ? 1 : 0);
  const isTime = hour < 24 && minute < 60 && second < 61;
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= length && isTime)) return undefined;
  const leapYears = Math.ceil(year / 4) - Math.ceil(year / 100) + Math.ceil(year / 400);
  const beforeMonth = DAYS_BEFORE[month - 1] + (isLeap && month > 2 ? 1 : 0);
  const days = 365 * year + leapYears + beforeMonth + day - 1 - DAYS_TO_1970;
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)$/.exec(found[7] ?? '') ?? [];
  const ahead = (sign === '-' ? -1 : 1) * (Number(hours) / 24 + Number(minutes) / 1440);
  return days + hour / 24 + minute / 1440 + second / 86_400 - ahead;
}
