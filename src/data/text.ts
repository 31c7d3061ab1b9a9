import type { Budget } from '../base/budget.ts';
import { CtreError } from '../base/errors.ts';
import { latin1 } from './bytes.ts';

/** Bytes of text that are decoded at a time. */
const PIECE = 1 << 18;
/** Bytes of memory for a byte of a long line: its text, and its share of the fields that it is split into. */
const LINE_BYTES = 24;

/** How a text's characters are bytes. */
export type CharacterEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** UTF-16 where a byte-order mark says so, else UTF-8. */
function markedEncoding(bytes: Uint8Array): CharacterEncoding {
  const mark = (bytes[0] << 8) | bytes[1];
  return mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : 'utf-8';
}

/**
 * The encoding of a text that people wrote: windows-1252, as Excel and old files have it, where it is no
 * UTF-8 and holds no control characters. O(length).
 */
export function characterEncoding(bytes: Uint8Array): CharacterEncoding {
  const marked = markedEncoding(bytes);
  if (marked !== 'utf-8' || isUtf8(bytes)) return marked;
  return bytes.some(isControl) ? marked : 'windows-1252';
}

/** Whether a byte is a character that no text has. */
function isControl(byte: number): boolean {
  return byte < 9 || (byte > 13 && byte < 32);
}

/** What is said of a text that is no UTF-8. */
export const NO_UTF8 =
  'the file is no UTF-8, so it is read as windows-1252 (Latin-1); save it as UTF-8 if letters are wrong';

function isUtf8(bytes: Uint8Array): boolean {
  if (!bytes.some((byte) => byte > 127)) return true;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  try {
    for (let at = 0; at < bytes.length; at += PIECE) {
      const end = Math.min(bytes.length, at + PIECE);
      decoder.decode(bytes.subarray(at, end), { stream: end < bytes.length });
    }
    return true;
  } catch {
    return false;
  }
}

/**
 * A text file's content piece by piece: UTF-8, or UTF-16 with a byte-order mark. The pieces have line ends
 * `\n` and no mark. `onPiece` takes what it can of its text (whole lines, say) and returns how many
 * characters it took. It gets the others again, with more text behind them.
 * @throws CtreError `E_FORMAT` for bytes that are no text, `E_MEMORY` for a line that is too long.
 */
export function eachPiece(
  bytes: Uint8Array,
  budget: Budget,
  onPiece: (text: string, isLast: boolean) => number,
  encoding: CharacterEncoding = markedEncoding(bytes),
): void {
  const decoder = new TextDecoder(encoding, { fatal: true });
  let rest = '';
  let at = 0;
  do {
    // The rest is part of one line. As much again is read, so that a long line is not looked at often.
    const end = Math.min(bytes.length, at + Math.max(PIECE, rest.length));
    const isLast = end === bytes.length;
    const lineBytes = LINE_BYTES * Math.max(0, rest.length - PIECE);
    budget.claim(lineBytes, `a line of more than ${rest.length} characters`);
    let piece: string;
    try {
      piece = decoder.decode(bytes.subarray(at, end), { stream: !isLast });
    } catch (cause) {
      throw new CtreError('E_FORMAT', `the file is no ${encoding} text; save it as UTF-8`, { cause });
    }
    if (piece.includes('\0')) throw new CtreError('E_FORMAT', 'the file holds zero bytes, so it is no text');
    let text = rest + piece;
    // A carriage return at the end may be the first half of a line end.
    const held = text.endsWith('\r') && !isLast ? '\r' : '';
    if (text.includes('\r')) text = text.slice(0, text.length - held.length).replace(/\r\n?/g, '\n');
    rest = text.slice(onPiece(text, isLast)) + held;
    budget.release(lineBytes);
    at = end;
  } while (at < bytes.length);
}

/** Bytes that are looked at to tell what kind of text a file is. */
const HEAD = 1 << 16;

/**
 * The first line that holds more than blanks and a `# comment`, without these, for a look at what kind of
 * text it is; empty where there is none. Undefined for bytes that are no text. UTF-16 counts as text, though
 * its line is none.
 */
export function firstLine(bytes: Uint8Array): string | undefined {
  const head = bytes.subarray(0, HEAD);
  if (markedEncoding(head) === 'utf-8' && head.some(isControl)) return undefined;
  const lines = latin1(head).split('\n');
  return lines.map((line) => line.replace(/#.*/, '').trim()).find((line) => line !== '') ?? '';
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const NOT_FINITE = /^[+-]?(nan|inf(inity)?)$/i;

/** A decimal number, also `nan` and `inf` as C and Python print them. Undefined for anything else. */
export function parseNumber(text: string): number | undefined {
  if (NUMBER.test(text)) return Number(text);
  if (!NOT_FINITE.test(text)) return undefined;
  return /nan/i.test(text) ? Number.NaN : text.startsWith('-') ? -Infinity : Infinity;
}

type Numbers = Int32Array | Float32Array | Float64Array;

/** A list of numbers that grows. Its pieces never move, so growing copies nothing. */
export class NumberList<A extends Numbers> {
  length = 0;
  readonly #make: new (
    length: number,
  ) => A;
  readonly #budget: Budget;
  readonly #pieces: A[] = [];
  #piece: A;
  #used = 0;
  #claimed = 0;

  constructor(make: new (length: number) => A, budget: Budget) {
    this.#make = make;
    this.#budget = budget;
    this.#piece = this.#add(256);
  }

  push(value: number): void {
    if (this.#used === this.#piece.length) {
      this.#piece = this.#add(Math.min(2 * this.#piece.length, 1 << 16));
      this.#used = 0;
    }
    this.#piece[this.#used++] = value;
    this.length++;
  }

  /** All numbers. The list cannot be used afterwards. @throws CtreError `E_MEMORY`. */
  toArray(): A {
    this.#budget.claim(this.length * this.#piece.BYTES_PER_ELEMENT, `${this.length} numbers`);
    const all = new this.#make(this.length);
    let offset = 0;
    for (const piece of this.#pieces) {
      all.set(piece.subarray(0, this.length - offset), offset);
      offset += piece.length;
    }
    this.#pieces.length = 0;
    this.#budget.release(this.#claimed);
    return all;
  }

  #add(length: number): A {
    const piece = new this.#make(length);
    this.#budget.claim(piece.byteLength, `${this.length} numbers`);
    this.#claimed += piece.byteLength;
    this.#pieces.push(piece);
    return piece;
  }
}
