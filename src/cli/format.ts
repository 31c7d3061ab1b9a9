import Table from 'cli-table3';
import type { Spread } from '../compare/statistics.ts';

/** A table for people: names on the left, or a head above. */
export function formatTable(rows: readonly (readonly string[])[], head: readonly string[] = []): string {
  const width = Math.max(head.length, ...rows.map((row) => row.length));
  const grid = new Table({
    head: [...head],
    colAligns: Array.from({ length: width }, (_, column) => (column === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  grid.push(...rows.map((row) => [...row]));
  return `${grid.toString()}\n`;
}

/** Lines of name and value, the values in one column. */
export function namedLines(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}\n`).join('');
}

/** A share with as many digits as test sets of thousands of rows mean; a dash for none. */
export function share(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(4);
}

/** A number in any units, with as many digits as float32 sums mean; a dash for none. */
export function inDigits(value: number | undefined): string {
  return value === undefined ? '–' : String(Number(value.toPrecision(6)));
}

/** A share in percent. */
export function percent(value: number): string {
  return `${Number((100 * value).toPrecision(3))} %`;
}

/** From the least to the most of some integers; the number alone where all are one. */
export function rangeWords(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(least) : `${least} to ${most}`;
}

/** A duration with three digits. */
export function duration(seconds: number): string {
  return seconds < 60
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** A large number with three digits: 7.21 M. */
export function count(value: number): string {
  const units = ['', ' k', ' M', ' G', ' T'];
  const power = Math.max(0, Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3)));
  return `${Number((value / 1000 ** power).toPrecision(3))}${units[power]}`;
}

/** Mean ± standard deviation; for a single number the mean alone, for none a dash. */
export function spread(values: Spread | undefined): string {
  if (values?.deviation === undefined) return share(values?.mean);
  return `${share(values.mean)} ± ${values.deviation.toFixed(4)}`;
}
