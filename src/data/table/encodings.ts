import type { Encoding, EncodingKind } from './encoding.ts';
import { dateEncoding } from './encodings/date.ts';
import { noEncoding } from './encodings/none.ts';
import { numberEncoding } from './encodings/number.ts';
import { numeralEncoding } from './encodings/numeral.ts';
import { textEncoding } from './encodings/text.ts';
import { truthEncoding } from './encodings/truth.ts';
import { wordsEncoding } from './encodings/words.ts';

/** The one table of encodings. */
export const encodings = {
  number: numberEncoding,
  numeral: numeralEncoding,
  truth: truthEncoding,
  date: dateEncoding,
  words: wordsEncoding,
  text: textEncoding,
  none: noEncoding,
} as const;

/** The name of an encoding. */
export type EncodingName = keyof typeof encodings;

/** The encoding that a column has, to work with. */
export function encodingKind({ kind }: Encoding): EncodingKind<Encoding> {
  return encodings[kind as EncodingName] as EncodingKind<Encoding>;
}
