import { parseNumber } from '../base/parseNumber.ts';
import type { FieldValue } from './column.ts';

/** Words that stand for a value that is not known. An empty field is one, too. */
const MISSING = /^(\?|n\/?a|nan|#n\/a|-nan|null|none|nil|missing|unknown value|\.)$/i;

/** Whether a field says that its value is not known. */
export function isMissing(text: string): boolean {
  return text === '' || (text.length <= 13 && MISSING.test(text));
}

/**
 * What a field holds: undefined where its value is missing, a finite number where it reads as one, else its
 * text without the blanks around it.
 * @param missing more texts that stand for missing values.
 */
export function fieldOf(value: unknown, missing?: ReadonlySet<string>): FieldValue {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    return Number.isFinite(value) && missing?.has(String(value)) !== true ? value : undefined;
  }
  const text = String(value).trim();
  if (isMissing(text) || missing?.has(text) === true) return undefined;
  const number = parseNumber(text);
  if (number === undefined) return text;
  return Number.isFinite(number) ? number : undefined;
}
