import type { Column, FieldValue } from './column.ts';

/** What separates a number's decimals, where its digits may have groups and a sign of money or percent. */
export type DecimalMark = '.' | ',';

const SIGN = String.raw`[+-]?\s*(?:[$€£¥₹]\s*)?[+-]?`;
const UNIT = String.raw`\s*[%$€£¥₹]?`;
const GROUPS: Readonly<Record<DecimalMark, string>> = {
  '.': String.raw`[,' \u00a0\u202f]`,
  ',': String.raw`[.' \u00a0\u202f]`,
};

function numeralPattern(mark: DecimalMark): RegExp {
  const decimals = String.raw`(?:[${mark}]\d+)?`;
  const digits = String.raw`\d{1,3}(?:${GROUPS[mark]}\d{3})+${decimals}|\d+${decimals}|[${mark}]\d+`;
  return new RegExp(`^(${SIGN})(${digits})${UNIT}$`);
}

const PATTERNS: Readonly<Record<DecimalMark, RegExp>> = {
  '.': numeralPattern('.'),
  ',': numeralPattern(','),
};

/** The longest text that is looked at. */
const LONGEST_NUMERAL = 64;

/** The number of `1.234,5`, `1,234.5`, `$12` or `7 %` (7); undefined for other texts. */
export function numeralOf(value: FieldValue, mark: DecimalMark): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.length > LONGEST_NUMERAL) return undefined;
  const [, sign, digits] = PATTERNS[mark].exec(value) ?? [];
  if (digits === undefined) return undefined;
  const plain =
    mark === '.' ? digits.replace(/[^\d.]/g, '') : digits.replace(/[^\d,]/g, '').replace(',', '.');
  return sign.includes('-') ? -Number(plain) : Number(plain);
}

/** What separates the decimals of a column's numbers, and whether both marks would do. */
export interface NumeralStyle {
  readonly mark: DecimalMark;
  readonly isOpen: boolean;
}

/**
 * How a column writes numbers, where not all are plain ones; undefined where some field is none. Where both
 * marks would do, as for `1,234`, commas group digits. O(rows).
 */
export function numeralStyle(column: Column): NumeralStyle | undefined {
  const may = { '.': true, ',': true };
  let hasPoints = false;
  let hasComma = false;
  for (let row = 0; row < column.length && (may['.'] || may[',']); row++) {
    const value = column.value(row);
    if (value === undefined) continue;
    if (typeof value === 'number') {
      hasPoints ||= !Number.isInteger(value);
      continue;
    }
    for (const mark of ['.', ','] as const) may[mark] &&= numeralOf(value, mark) !== undefined;
    // No group begins with 0.
    if (/^\D*0,\d/.test(String(value))) may['.'] = false;
    hasComma ||= String(value).includes(',');
  }
  // A point in a plain number separates decimals, so a comma does not.
  if (hasPoints) may[','] = false;
  if (may['.']) return { mark: '.', isOpen: may[','] && hasComma };
  return may[','] ? { mark: ',', isOpen: false } : undefined;
}
