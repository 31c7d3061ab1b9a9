// Messages of Protocol Buffers, as their bytes in pieces: https://protobuf.dev/programming-guides/encoding/

/** The bytes of a field or a message, in pieces: large arrays are never copied into one another. */
export type EncodedParts = readonly Uint8Array[];

/** Wire types: what the number before a field says of its content. */
const VARINT = 0;
const LENGTH = 2;
const FIXED_32 = 5;

/** An integer from 0 up. */
export function integerField(field: number, value: number): EncodedParts {
  return [bytesOf([...varint(8 * field + VARINT), ...varint(value)])];
}

export function floatField(field: number, value: number): EncodedParts {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return [bytesOf(varint(8 * field + FIXED_32)), bytes];
}

export function textField(field: number, text: string): EncodedParts {
  return bytesField(field, new TextEncoder().encode(text));
}

export function bytesField(field: number, bytes: Uint8Array): EncodedParts {
  return messageField(field, [[bytes]]);
}

/** A message within a message, of the given fields. */
export function messageField(field: number, fields: readonly EncodedParts[]): EncodedParts {
  const pieces = fields.flat();
  const length = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return [bytesOf([...varint(8 * field + LENGTH), ...varint(length)]), ...pieces];
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128));
  return [...bytes, rest];
}

function bytesOf(numbers: readonly number[]): Uint8Array {
  return Uint8Array.from(numbers);
}
