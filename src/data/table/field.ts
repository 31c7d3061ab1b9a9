import { isMissingValue } from '../rawTable.ts';
import { parseNumber } from '../text.ts';
import type { FieldValue } from './column.ts';

/**
 * What a field holds: undefined where its value is missing, a finite number where it reads as one, else its
 * text without the blanks around it.
 * @param missing more texts that stand for missing values.
 */
export function fieldValue(value: unknown, missing?: ReadonlySet<string>): FieldValue {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') {
    return Number.isFinite(value) && missing?.has(String(value)) !== true ? value : undefined;
  }
  const text = String(value).trim();
  if (isMissingValue(text) || missing?.has(text) === true) return undefined;
  const number = parseNumber(text);
  if (number === undefined) return text;
  // An infinite one is no value to learn from; as a text it is told of.
  return Number.isFinite(number) ? number : text;
}
