import type { Budget } from '../../base/budget.ts';
import { CtreError } from '../../base/errors.ts';

// Apache Thrift's compact protocol, as far as Parquet's footers and page headers need it. The library that
// reads Parquet trusts what stands there, so it is read here first: a few bytes may ask for very much.

/** A field of a structure: a number, a structure, or anything else, of which only the end matters. */
export type ThriftValue = number | ThriftStruct | undefined;

/** The fields of a structure by their numbers. */
export type ThriftStruct = ReadonlyMap<number, ThriftValue>;

/** Structures within structures. */
const MOST_DEPTH = 24;
/** Bytes of an integer of 64 bits. */
const MOST_VARINT_BYTES = 10;
/** Bytes that engines take for a field or an element of a list, once a library has made objects of them. */
const FIELD_BYTES = 200;

const BOOLEANS: readonly number[] = [1, 2];
const BYTE = 3;
const INTEGERS: readonly number[] = [4, 5, 6];
const DOUBLE = 7;
const BINARY = 8;
const LIST_TYPE = 9;
const STRUCT = 12;

/** Reads structures from bytes, one after the other. */
export class ThriftReader {
  /** Where the next structure begins. */
  at: number;
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #budget: Budget;

  /** @param end where the bytes end that may be read. */
  constructor(bytes: Uint8Array, at: number, end: number, budget: Budget) {
    this.#bytes = bytes;
    this.at = at;
    this.#end = Math.min(end, bytes.length);
    this.#budget = budget;
  }

  /** @throws CtreError `E_FORMAT` for what is none, `E_MEMORY`. */
  struct(depth = 0): ThriftStruct {
    if (depth > MOST_DEPTH) throw damagedParquet('it has structures within structures without end');
    const fields = new Map<number, ThriftValue>();
    for (let field = 0; ; ) {
      const head = this.#byte();
      const type = head & 15;
      if (type === 0) return fields;
      field = head >> 4 === 0 ? zigzag(this.#varint()) : field + (head >> 4);
      this.#budget.claim(FIELD_BYTES, 'what the Parquet file tells of itself');
      fields.set(field, BOOLEANS.includes(type) ? 2 - type : this.#value(type, depth));
    }
  }

  #value(type: number, depth: number): ThriftValue {
    if (type === STRUCT) return this.struct(depth + 1);
    if (INTEGERS.includes(type)) return zigzag(this.#varint());
    if (type === BYTE) return (this.#byte() << 24) >> 24;
    if (type === LIST_TYPE) return this.#list(depth + 1);
    if (type !== DOUBLE && type !== BINARY) throw damagedParquet(`it has a field of the type ${type}`);
    const length = type === DOUBLE ? 8 : this.#varint();
    if (length > this.#end - this.at) throw damagedParquet('it is cut short');
    this.at += length;
    return undefined;
  }

  #list(depth: number): undefined {
    if (depth > MOST_DEPTH) throw damagedParquet('it has lists within lists without end');
    const head = this.#byte();
    const size = head >> 4 === 15 ? this.#varint() : head >> 4;
    const type = head & 15;
    // Every element takes a byte at least.
    if (size > this.#end - this.at) throw damagedParquet('it is cut short');
    this.#budget.claim(FIELD_BYTES * size, 'what the Parquet file tells of itself');
    for (let element = 0; element < size; element++) {
      this.#value(BOOLEANS.includes(type) ? BYTE : type, depth);
    }
    return undefined;
  }

  /** An integer of 7 bits a byte, exact up to 2^53. */
  #varint(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < MOST_VARINT_BYTES; count++) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
    throw damagedParquet('it has an integer that does not end');
  }

  #byte(): number {
    if (this.at >= this.#end) throw damagedParquet('it is cut short');
    return this.#bytes[this.at++];
  }
}

/** 0, −1, 1, −2 … of 0, 1, 2, 3 … */
function zigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}

/** The error of a file that is not as it has to be. */
export function damagedParquet(why: string, cause?: unknown): CtreError {
  return new CtreError('E_FORMAT', `the Parquet file is damaged: ${why}`, { cause });
}
