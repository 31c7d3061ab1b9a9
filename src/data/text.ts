import { CtreError } from '../errors.ts';

/** The longest string every engine can make, in bytes of ASCII (V8: 2^29 − 24). */
const MAX_TEXT = 0x1fffffe8;

/**
 * A text file's content, without byte order mark: UTF-8, or UTF-16 with a mark.
 * @throws CtreError `E_FORMAT` for bytes that are no text, `E_MEMORY` for more than one string holds.
 */
export function decodeText(bytes: Uint8Array): string {
  if (bytes.length > MAX_TEXT) {
    throw new CtreError(
      'E_MEMORY',
      `a text file of ${bytes.length} bytes is too long; convert it to .npz, or split it`,
    );
  }
  const mark = (bytes[0] << 8) | bytes[1];
  const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8';
  let text: string;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CtreError('E_FORMAT', `the file is no ${encoding} text; save it as UTF-8`, { cause });
  }
  if (text.includes('\0')) throw new CtreError('E_FORMAT', 'the file holds zero bytes and so is no text');
  return text;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const NOT_FINITE = /^[+-]?(nan|inf(inity)?)$/i;

/** A decimal number, also `nan` and `inf` as printed by C and Python; undefined for anything else. */
export function parseNumber(text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text);
  if (!NOT_FINITE.test(text)) return undefined;
  return /nan/i.test(text) ? Number.NaN : text.startsWith('-') ? -Infinity : Infinity;
}

/** Numbers added one by one, kept in one typed array that doubles when full. */
export class FloatList {
  length = 0;
  #data = new Float32Array(1024);

  push(value: number): void {
    if (this.length === this.#data.length) {
      const larger = new Float32Array(2 * this.length);
      larger.set(this.#data);
      this.#data = larger;
    }
    this.#data[this.length++] = value;
  }

  at(position: number): number {
    return this.#data[position];
  }

  toArray(): Float32Array {
    return this.#data.slice(0, this.length);
  }
}
