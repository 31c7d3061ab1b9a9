/** What stands in a field: a number, a text, a truth value, or nothing. */
export type FieldValue = number | string | boolean | undefined;

/** A column of a table as it was found. */
export interface Column {
  /** What the table calls it; undefined where it names no columns. */
  readonly name?: string;
  /** Its place in the table, from 1. */
  readonly number: number;
  /** Its rows. */
  readonly length: number;
  /** The field of a row: a number where it reads as one, a text elsewhere, undefined where it is missing. */
  value(row: number): FieldValue;
}

/** A column as sentences name it: `column 3 "width"`. */
export function columnInWords({ name, number }: Pick<Column, 'name' | 'number'>): string {
  if (name === undefined || name === '') return `column ${number}`;
  return `column ${number} "${name.length > 60 ? `${name.slice(0, 57)}…` : name}"`;
}
