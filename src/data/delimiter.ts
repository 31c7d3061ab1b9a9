import Papa from 'papaparse';
import { quotesAtFieldStarts } from './quotes.ts';
import { isMissingValue } from './rawTable.ts';
import { parseNumber } from './text.ts';

/** What may separate fields, the likeliest first. A blank stands for any run of blanks and tabs. */
const CANDIDATES = [',', '\t', ';', '|', ' '] as const;
/** Lines that are looked at. */
const LINES_LOOKED_AT = 64;
/** Characters that are looked at. */
const HEAD_CHARACTERS = 1 << 16;

/**
 * What separates the fields of a text, by its first whole lines: of those that make lines of one length the
 * one that makes the most numbers; blanks only where nothing else does; a comma where nothing tells.
 */
export function guessDelimiter(text: string, isWhole: boolean): string {
  const start = text.slice(0, HEAD_CHARACTERS);
  const end = isWhole && start.length === text.length ? start.length : start.lastIndexOf('\n');
  const head = end < 0 ? start : start.slice(0, end);
  const looks = CANDIDATES.map((delimiter) => look(head, delimiter));
  const even = looks.filter(({ evenness }) => evenness === 1);
  const [first] = even.length > 0 ? even : looks.filter(({ evenness }) => evenness > 0.5);
  let best = first ?? looks[0];
  for (const candidate of even) {
    // Blanks also part words. So they win only over tabs, and only where nothing but numbers is between them,
    // or mostly numbers where tabs make none.
    const isNumbers = candidate.numbers === 1 || (best.numbers === 0 && candidate.numbers > 0.5);
    const mayWin = candidate.delimiter !== ' ' || (best.delimiter === '\t' && isNumbers);
    // Commas between semicolons separate decimals.
    const isTie = candidate.delimiter === ';' && best.delimiter === ',' && candidate.numbers === best.numbers;
    if (mayWin && (candidate.numbers > best.numbers || isTie)) best = candidate;
  }
  if (even.length === 0) {
    for (const candidate of looks) if (candidate.evenness > best.evenness) best = candidate;
  }
  return best.delimiter;
}

interface DelimiterLook {
  readonly delimiter: string;
  /** The share of lines, the first one left out, that have as many fields as most; 0 for one field. */
  readonly evenness: number;
  /** The share of their fields that are numbers. */
  readonly numbers: number;
}

function look(text: string, delimiter: string): DelimiterLook {
  const even = delimiter === ' ' ? text.replaceAll('\t', ' ') : text;
  const { data } = Papa.parse<string[]>(quotesAtFieldStarts(even, delimiter), {
    delimiter,
    newline: '\n',
    preview: LINES_LOOKED_AT,
  });
  const filled = data
    .map((fields) => (delimiter === ' ' ? fields.filter((field) => field !== '') : fields))
    .filter((fields) => fields.some((field) => field.trim() !== ''));
  const plain = filled.filter(([field]) => !/^\s*[#%]/.test(field));
  const lines = plain.length > 0 ? plain : filled;
  if (lines.length === 0) return { delimiter, evenness: 0, numbers: 0 };
  // The first line may be names, and one of them may be left away.
  const rows = lines.length > 1 ? lines.slice(1) : lines;
  const counts = new Map<number, number>();
  for (const { length } of rows) counts.set(length, (counts.get(length) ?? 0) + 1);
  let width = 0;
  let most = 0;
  for (const [length, count] of counts) {
    if (count > most) [width, most] = [length, count];
  }
  if (width < 2) return { delimiter, evenness: 0, numbers: 0 };
  const [first] = lines;
  const mayBeNames = first.every((field) => parseNumber(field.trim()) === undefined);
  const fits = first.length === width || (mayBeNames && Math.abs(first.length - width) === 1);
  const fields = rows.flat().map((field) => field.trim());
  const known = fields.filter((field) => !isMissingValue(field));
  const numbers = known.filter((field) => isDecimal(field, delimiter)).length;
  return {
    delimiter,
    evenness: most / (rows.length + (fits ? 0 : 1)),
    numbers: numbers / Math.max(1, known.length),
  };
}

/** Also `1,5`, which is a number where commas separate no fields. */
function isDecimal(field: string, delimiter: string): boolean {
  return parseNumber(field) !== undefined || (delimiter !== ',' && /^[+-]?\d+,\d+$/.test(field));
}
