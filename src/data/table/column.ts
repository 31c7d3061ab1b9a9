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
  /** Where a row stands, such as `line 7`; without it rows are counted from 1. */
  place?(row: number): string;
}
