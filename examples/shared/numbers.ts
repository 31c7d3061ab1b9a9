// Numbers as text, also in workers.

export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const whole = new Intl.NumberFormat('en');

/** A large number in few characters: 12.3M. */
export const brief = (value: number): string => compact.format(value);

/** A number with its thousands apart: 12,345. */
export const grouped = (value: number): string => whole.format(value);

/** A time of any size: 1.2 s, 34 ms. */
export const duration = (seconds: number): string =>
  seconds >= 1 ? `${seconds.toPrecision(3)} s` : `${Number((1000 * seconds).toPrecision(2))} ms`;
