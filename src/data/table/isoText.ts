// Days and seconds since 1970 as ISO 8601 writes them, in UTC. What engines make of dates is not asked: they
// differ where years are far away.

/** Days of 400 years of the calendar. */
const DAYS_OF_ERA = 146_097;
/** Days from 0000-03-01, where years begin that end in February, to 1970-01-01. */
const DAYS_FROM_MARCH = 719_468;
const SECONDS_OF_DAY = 86_400;

/** `2024-02-29`. Years outside 0 … 9999 have as many digits as they need. */
export function isoDate(days: number): string {
  const whole = Math.floor(days) + DAYS_FROM_MARCH;
  const era = Math.floor(whole / DAYS_OF_ERA);
  const day = whole - era * DAYS_OF_ERA;
  // Leap days are left out: one in 4 years, none in the 100th, one in the 400th.
  const year = Math.floor(
    (day - Math.floor(day / 1460) + Math.floor(day / 36_524) - Math.floor(day / 146_096)) / 365,
  );
  const dayOfYear = day - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const month = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * month + 2) / 5) + 1;
  const isNextYear = month >= 10;
  const monthOfYear = isNextYear ? month - 9 : month + 3;
  return [
    paddedNumber(era * 400 + year + (isNextYear ? 1 : 0), 4),
    paddedNumber(monthOfYear, 2),
    paddedNumber(dayOfMonth, 2),
  ].join('-');
}

/** `2024-02-29T12:30:05.25`; a day alone where its time is 0. */
export function isoTime(seconds: number): string {
  const days = Math.floor(seconds / SECONDS_OF_DAY);
  // Microseconds: float64 holds no more of a time since 1970.
  const micros = Math.round((seconds - days * SECONDS_OF_DAY) * 1e6);
  if (micros >= SECONDS_OF_DAY * 1e6) return isoDate(days + 1);
  if (micros === 0) return isoDate(days);
  const second = Math.floor(micros / 1e6);
  const fraction = micros - second * 1e6;
  const time = [Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60];
  const tail = fraction === 0 ? '' : `.${paddedNumber(fraction, 6).replace(/0+$/, '')}`;
  return `${isoDate(days)}T${time.map((part) => paddedNumber(part, 2)).join(':')}${tail}`;
}

function paddedNumber(value: number, count: number): string {
  return `${value < 0 ? '-' : ''}${String(Math.abs(value)).padStart(count, '0')}`;
}
