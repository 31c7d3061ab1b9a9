import { CtreError, megabytes } from './errors.ts';

/** Bytes that reading may take for each byte of the input. */
const PER_BYTE = 4;
/** Bytes that reading may take whatever the input. */
const AT_LEAST = 64 << 20;
/** Compressed bytes count as their content, up to so many times their number. Real data compress less. */
const MOST_CONTENT = 8;

/** Bytes of memory that reading one input may take at a time, besides the input. Readers claim them first. */
export class Budget {
  #limit: number;
  #taken = 0;
  /** Bytes of the input that may still turn out to be compressed. */
  #packed: number;

  /** @param maxBytes the limit; by default 4 × `input` bytes + 64 MiB. */
  constructor(input: number, maxBytes?: number) {
    this.#limit = maxBytes ?? PER_BYTE * input + AT_LEAST;
    this.#packed = maxBytes === undefined ? input : 0;
  }

  get left(): number {
    return this.#limit - this.#taken;
  }

  /** @throws CtreError `E_MEMORY` when more is claimed than is left. */
  claim(bytes: number, what: string): void {
    if (!(bytes <= this.left)) {
      throw new CtreError(
        'E_MEMORY',
        `${what} would take ${megabytes(bytes)}; expected at most ${megabytes(this.left)}, what is left ` +
          `of the ${megabytes(this.#limit)} that reading may take; set maxBytes higher if you trust the file`,
      );
    }
    this.#taken += bytes;
  }

  /** Gives bytes back when nothing refers to them any more. */
  release(bytes: number): void {
    this.#taken -= bytes;
  }

  /** Counts content as input, once it is known that `packed` compressed bytes really hold it. */
  countContent(content: number, packed: number): void {
    const counted = Math.min(packed, this.#packed);
    this.#packed -= counted;
    this.#limit += PER_BYTE * Math.max(0, Math.min(content, MOST_CONTENT * counted) - counted);
  }
}
