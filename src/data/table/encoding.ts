import type { Column, FieldValue } from './column.ts';
import type { Facts } from './facts.ts';

/** How numbers are scaled: to [0, 1], to mean 0 and deviation 1, or not. */
export type NumberScale = 'minmax' | 'standard' | 'none';

/** What a column became, as plain data that survives JSON. */
export interface Encoding {
  /** Which encoding it is, by its name in the table. */
  readonly kind: string;
}

/** What an encoding may know besides the column. */
export interface FitContext {
  /** The rows to learn from. */
  readonly rows: ArrayLike<number>;
  readonly scale: NumberScale;
}

/** Fields that could not be taken as they were, counted by kind. */
export interface Tally {
  /** Missing fields that were filled. */
  filled: number;
  /** Words that the training rows did not have. */
  unseen: number;
  /** Texts where numbers were expected; they count as missing. */
  unreadable: number;
}

/** Takes the value of an input, by its place among those of the column. */
export type Write = (offset: number, value: number) => void;

/**
 * A way to make inputs of a column: one file in encodings/, and one line in encodings.ts. What it learns is
 * learnt from training rows. `write` gets a row at a time and leaves out inputs that are 0.
 */
export interface EncodingKind<E extends Encoding> {
  readonly kind: E['kind'];
  /** What is learnt from the rows of a column. */
  fit(column: Column, context: FitContext, facts: Facts): E;
  /** Inputs that it makes. */
  width(encoding: E): number;
  /** Their names, after that of the column. */
  names(encoding: E, name: string): string[];
  /** The inputs of a field. */
  write(encoding: E, value: FieldValue, write: Write, tally: Tally): void;
  /** What was done, in words; for the lines at the start of a training. */
  words(encoding: E): string;
  /** How its first input is scaled: (value − offset) / scale. The others are not. */
  scaling(encoding: E): { readonly offset: number; readonly scale: number };
  /** What stands for missing values, where training rows had some. */
  filled(encoding: E): string | undefined;
  /** The encoding, if plain data of a file are one; undefined for anything else. */
  read(data: Readonly<Record<string, unknown>>): E | undefined;
}
