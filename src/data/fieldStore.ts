import type { Budget } from '../base/budget.ts';
import { parseNumber } from './text.ts';

/** Rows that lie together: the characters of their fields, one field after the other. */
interface FieldBlock {
  /** The first row, among all. */
  firstRow: number;
  readonly rows: number;
  readonly chars: Uint8Array | Uint16Array;
  /** Where each field ends in `chars`, row by row. */
  readonly ends: Uint16Array | Uint32Array;
  /** The line that each row starts on, from 1. */
  readonly lines: Int32Array;
}

/** Characters that are packed at a time. With fewer than 2^16, a field's end takes two bytes. */
const BLOCK_CHARS = 60_000;
/** Fields that are packed at a time. */
const BLOCK_FIELDS = 1 << 14;
/** Bytes that a block's objects take besides its arrays. */
const BLOCK_BYTES = 512;

/**
 * The text of a table's fields. Engines take some 30 bytes for a string, so a table of digits would take
 * many times its file; here a field takes its characters and two bytes more.
 */
export class FieldStore {
  readonly #width: number;
  readonly #budget: Budget;
  readonly #blocks: FieldBlock[] = [];
  #fields: string[] = [];
  #lines: number[] = [];
  #chars = 0;
  #rows = 0;
  /** The block that was read last. */
  #recent = 0;

  constructor(width: number, budget: Budget) {
    this.#width = width;
    this.#budget = budget;
  }

  get width(): number {
    return this.#width;
  }

  /** Rows that can be read: those before the last `seal`. */
  get rows(): number {
    return this.#rows;
  }

  /** Adds a row of `width` fields, which can be read after `seal`. @throws CtreError `E_MEMORY`. */
  add(fields: readonly string[], line: number): void {
    for (let col = 0; col < this.#width; col++) {
      this.#fields.push(fields[col]);
      this.#chars += fields[col].length;
    }
    this.#lines.push(line);
    if (this.#chars >= BLOCK_CHARS || this.#fields.length >= BLOCK_FIELDS) this.seal();
  }

  /** Makes the rows added so far readable. @throws CtreError `E_MEMORY`. */
  seal(): void {
    if (this.#lines.length === 0) return;
    this.#blocks.push(this.#pack(this.#fields, this.#lines));
    this.#fields = [];
    this.#lines = [];
    this.#chars = 0;
    this.#number();
  }

  /** Puts a row before all others. @throws CtreError `E_MEMORY`. */
  prepend(fields: readonly string[], line: number): void {
    this.seal();
    this.#blocks.unshift(this.#pack(fields, [line]));
    this.#number();
  }

  /** The text of a field. O(its characters), where rows are read in turn. */
  text(row: number, col: number): string {
    const block = this.#blockOf(row);
    const field = (row - block.firstRow) * this.#width + col;
    const begin = field === 0 ? 0 : block.ends[field - 1];
    return characters(block.chars, begin, block.ends[field]);
  }

  /** The number that a field holds, as `parseNumber` reads it; undefined for other text. */
  number(row: number, col: number): number | undefined {
    const block = this.#blockOf(row);
    const field = (row - block.firstRow) * this.#width + col;
    const begin = field === 0 ? 0 : block.ends[field - 1];
    const end = block.ends[field];
    return plainDecimal(block.chars, begin, end) ?? parseNumber(characters(block.chars, begin, end));
  }

  /** The line that a row starts on, from 1. */
  line(row: number): number {
    const block = this.#blockOf(row);
    return block.lines[row - block.firstRow];
  }

  #number(): void {
    let rows = 0;
    for (const block of this.#blocks) {
      block.firstRow = rows;
      rows += block.rows;
    }
    this.#rows = rows;
    this.#recent = 0;
  }

  #blockOf(row: number): FieldBlock {
    let block = this.#blocks[this.#recent];
    if (row >= block.firstRow && row < block.firstRow + block.rows) return block;
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#blocks[middle].firstRow <= row) low = middle;
      else high = middle - 1;
    }
    this.#recent = low;
    block = this.#blocks[low];
    return block;
  }

  #pack(fields: readonly string[], lines: readonly number[]): FieldBlock {
    let length = 0;
    let isWide = false;
    for (const text of fields) {
      length += text.length;
      isWide ||= hasWideCharacter(text);
    }
    const isLong = length >= 1 << 16;
    this.#budget.claim(
      length * (isWide ? 2 : 1) + fields.length * (isLong ? 4 : 2) + 4 * lines.length + BLOCK_BYTES,
      `the text of ${fields.length} fields`,
    );
    const chars = isWide ? new Uint16Array(length) : new Uint8Array(length);
    const ends = isLong ? new Uint32Array(fields.length) : new Uint16Array(fields.length);
    let at = 0;
    for (let field = 0; field < fields.length; field++) {
      const text = fields[field];
      for (let c = 0; c < text.length; c++) chars[at++] = text.charCodeAt(c);
      ends[field] = at;
    }
    return { firstRow: 0, rows: lines.length, chars, ends, lines: Int32Array.from(lines) };
  }
}

function hasWideCharacter(text: string): boolean {
  for (let c = 0; c < text.length; c++) if (text.charCodeAt(c) > 255) return true;
  return false;
}

/** Arguments of one call. */
const AT_ONCE = 4096;

function characters(chars: Uint8Array | Uint16Array, begin: number, end: number): string {
  if (end - begin <= AT_ONCE) {
    return Reflect.apply(String.fromCharCode, undefined, chars.subarray(begin, end));
  }
  let text = '';
  for (let at = begin; at < end; at += AT_ONCE) text += characters(chars, at, Math.min(end, at + AT_ONCE));
  return text;
}

/** Powers of ten that a double holds exactly. */
const POWERS = Float64Array.of(1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14);

/**
 * A decimal of at most 14 digits, without exponent; undefined for anything else. Digits and power of ten are
 * exact doubles then, so their quotient is what the engine makes of the text, to the bit.
 */
function plainDecimal(chars: Uint8Array | Uint16Array, begin: number, end: number): number | undefined {
  const isNegative = chars[begin] === 45;
  let at = isNegative ? begin + 1 : begin;
  if (end - at < 1 || end - at > 15) return undefined;
  let digits = 0;
  let point = -1;
  for (; at < end; at++) {
    const digit = chars[at] - 48;
    if (digit >= 0 && digit <= 9) digits = 10 * digits + digit;
    else if (digit === -2 && point < 0) point = at;
    else return undefined;
  }
  const decimals = point < 0 ? 0 : end - 1 - point;
  const length = end - begin - (isNegative ? 1 : 0) - (point < 0 ? 0 : 1);
  if (length < 1 || length > 14) return undefined;
  const value = digits / POWERS[decimals];
  return isNegative ? -value : value;
}
