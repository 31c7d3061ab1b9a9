import { damagedParquet } from './thrift.ts';

/** Bytes of the length of a long literal, at most. */
const LENGTH_BYTES = 4;
/** A literal's tag says its length up to here; what is larger says how many bytes say it. */
const SHORT_LITERAL = 60;

/**
 * Walks over the elements of a page that snappy has compressed (its format description). The library takes
 * lengths as signed numbers, and a damaged one would lead it back for ever.
 * @param length of the page once it is unpacked.
 * @throws CtreError `E_FORMAT` for lengths that do not fit the page.
 */
export function checkSnappy(input: Uint8Array, length: number): void {
  let at = 0;
  while (at < input.length && input[at++] >= 128);
  let made = 0;
  while (at < input.length) {
    const tag = input[at++];
    const kind = tag & 3;
    if (kind === 0) {
      const short = (tag >>> 2) + 1;
      const bytes = Math.max(0, short - SHORT_LITERAL);
      const size = bytes === 0 ? short : littleEndian(input, at, bytes) + 1;
      at += bytes + size;
      made += size;
    } else {
      const bytes = kind === 3 ? LENGTH_BYTES : kind;
      const offset = littleEndian(input, at, bytes) + (kind === 1 ? (tag >>> 5) * 256 : 0);
      at += bytes;
      if (offset === 0 || offset > made) throw damagedParquet('a compressed page refers to bytes before it');
      made += kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    }
    if (at > input.length || made > length) {
      throw damagedParquet('the lengths of a compressed page do not fit it');
    }
  }
}

/** An unsigned number; bytes beyond the end are 0. */
function littleEndian(input: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let byte = bytes - 1; byte >= 0; byte--) value = value * 256 + (input[at + byte] ?? 0);
  return value;
}
