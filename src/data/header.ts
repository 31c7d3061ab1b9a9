import { isUsualLabelName } from './labelColumn.ts';
import { isMissingValue } from './rawTable.ts';
import { numeralOf } from './table/numerals.ts';
import { parseNumber } from './text.ts';

/** The rows below a first line, by row and column. */
export interface RowsBelow {
  readonly rows: number;
  text(row: number, col: number): string;
  number(row: number, col: number): number | undefined;
}

/** Whether a first line names the columns, and what to tell about it. */
export interface HeaderDecision {
  readonly isHeader: boolean;
  readonly warning?: string;
}

/** Rows that are looked at to tell a column of numbers. */
const SAMPLE = 1000;
/**
 * Fields of the whole table that are looked at for that, so that wide tables take no longer than long ones.
 */
const SAMPLED_FIELDS = 1 << 21;

/**
 * Whether the first line names the columns. It does if it holds a name above a column of numbers, and no
 * value that occurs below it; numbers may be among its fields only where they count up. docs/data.md has the
 * rules in words.
 */
export function decideHeader(first: readonly string[], below: RowsBelow): HeaderDecision {
  const data: HeaderDecision = { isHeader: false };
  if (below.rows === 0) return data;
  const numbers = first.map(parseNumber);
  const counted = numbers.filter((number) => number !== undefined);
  if (counted.length === first.length) return decideByCount(first, below);
  const words = first.flatMap((text, col) =>
    numbers[col] === undefined && !isMissingValue(text) ? [col] : [],
  );
  const isNumeric = new Set(words.filter((col) => holdsNumbers(below, col, first.length)));
  if (words.some((col) => !isNumeric.has(col) && occurs(below, col, first[col]))) return data;
  const isUsual = words.some((col) => isUsualLabelName(first[col]));
  const areNames = words.length > 0 && words.every((col) => isName(first[col]));
  const [start] = counted;
  if (counted.length > 0) {
    const isCount = counted.every((number, position) => number === start + position);
    const isLong = counted.length > (start === 0 || start === 1 ? 1 : 2) || (isUsual && start === 0);
    const isClear =
      isUsual || isNumeric.size > 0 || (start === 0 && words.some((col) => repeats(below, col)));
    if (!(isCount && isLong && areNames && isClear)) return data;
    return {
      isHeader: true,
      warning: `${countTitle(counted)}, so it is taken for names; ${OTHERWISE_SAMPLE}`,
    };
  }
  if (words.some((col) => isNumeric.has(col) && isName(first[col]))) return { isHeader: true };
  const isDistinct = new Set(words.map((col) => first[col])).size === words.length;
  const isWords = isUsual || (below.rows > 2 && words.some((col) => repeats(below, col)));
  if (!(areNames && isDistinct && isWords)) return data;
  return {
    isHeader: true,
    warning:
      'the words of the first line occur nowhere below, so they are taken for names; ' +
      `${OTHERWISE_SAMPLE}`,
  };
}

const OTHERWISE_SAMPLE = 'if the line is a sample, set the option header to false';

function countTitle(counted: readonly number[]): string {
  return `the first line counts from ${counted[0]} to ${counted[counted.length - 1]}`;
}

/** A first line of numbers is names where it counts 0, 1, 2 …, as pandas names columns. */
function decideByCount(first: readonly string[], below: RowsBelow): HeaderDecision {
  if (first.length < 2 || !first.every((text, col) => text === String(col))) return { isHeader: false };
  const about = countTitle(first.map(Number));
  // No sample is 0, 1, 2, 3, …; one of two or three fields may be.
  const isSample = first.length < 4 && first.every((text, col) => occurs(below, col, text));
  return isSample
    ? {
        isHeader: false,
        warning: `${about}, and is taken for a sample; if it holds names, set the option header to true`,
      }
    : { isHeader: true, warning: `${about}, so it is taken for names; ${OTHERWISE_SAMPLE}` };
}

/** Whether a field looks like a name: it has a letter, and is no quantity such as 12cm. */
function isName(text: string): boolean {
  return /\p{L}/u.test(text) && !/^[+-]?[\d.]+\s*(\p{L}{1,3}|%)$/u.test(text);
}

/** Whether most of a column's known fields are numbers. */
function holdsNumbers(below: RowsBelow, col: number, cols: number): boolean {
  const rows = Math.min(below.rows, SAMPLE, Math.max(16, Math.floor(SAMPLED_FIELDS / cols)));
  let numbers = 0;
  let known = 0;
  for (let row = 0; row < rows; row++) {
    if (below.number(row, col) !== undefined) {
      numbers++;
      known++;
      continue;
    }
    const text = below.text(row, col);
    if (isMissingValue(text)) continue;
    known++;
    if (numeralOf(text, '.') !== undefined || numeralOf(text, ',') !== undefined) numbers++;
  }
  return known > 0 && 2 * numbers > known;
}

function occurs(below: RowsBelow, col: number, text: string): boolean {
  for (let row = 0; row < below.rows; row++) if (below.text(row, col) === text) return true;
  return false;
}

/** Whether some word of a column comes twice. */
function repeats(below: RowsBelow, col: number): boolean {
  const seen = new Set<string>();
  for (let row = 0; row < Math.min(below.rows, SAMPLE); row++) {
    const text = below.text(row, col);
    if (seen.has(text)) return true;
    seen.add(text);
  }
  return false;
}
