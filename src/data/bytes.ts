import { CtreError } from '../base/errors.ts';

/** Reads binary fields one after the other, never past the end. */
export class ByteReader {
  position = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #littleEndian: boolean;

  constructor(bytes: Uint8Array, littleEndian: boolean) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#littleEndian = littleEndian;
  }

  get left(): number {
    return this.#bytes.length - this.position;
  }

  /** The next bytes, not copied. @throws CtreError `E_FORMAT` when fewer are left. */
  take(length: number, what: string): Uint8Array {
    const start = this.#advance(length, what);
    return this.#bytes.subarray(start, start + length);
  }

  u8(what: string): number {
    return this.#view.getUint8(this.#advance(1, what));
  }

  u16(what: string): number {
    return this.#view.getUint16(this.#advance(2, what), this.#littleEndian);
  }

  u32(what: string): number {
    return this.#view.getUint32(this.#advance(4, what), this.#littleEndian);
  }

  /** Exact up to 2^53. A larger value is rounded, and stays too large for every check. */
  u64(what: string): number {
    return Number(this.#view.getBigUint64(this.#advance(8, what), this.#littleEndian));
  }

  #advance(length: number, what: string): number {
    if (!(length <= this.left)) {
      throw new CtreError(
        'E_FORMAT',
        `${what} takes ${length} bytes at offset ${this.position}, where ${this.left} are left; ` +
          'the file is cut short or damaged',
      );
    }
    const start = this.position;
    this.position += length;
    return start;
  }
}

/** Bytes as text of one byte a character, for headers and names. */
export function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
