import { CtreError, megabytes } from './errors.ts';

/** What reading may take for every byte that came, and besides. */
const PER_BYTE = 4;
const BESIDES = 64 << 20;
/** Compressed bytes count as the content they prove to hold, up to so many times their number: real data compress less. */
const MOST_CONTENT = 8;

/** What reading one input may take from memory at a time, beyond the bytes that came: claimed before it is taken. */
export class Budget {
  #limit: number;
  #taken = 0;
  /** Bytes of the input that may still turn out to hold more than themselves. */
  #packed: number;

  /** @param maxBytes the limit; by default 4 × `input` bytes + 64 MiB. */
  constructor(input: number, maxBytes?: number) {
    this.#limit = maxBytes ?? PER_BYTE * input + BESIDES;
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
        `${what} would take ${megabytes(bytes)}, and ${megabytes(this.left)} are left of the ${megabytes(this.#limit)} that reading may take; set maxBytes higher if you trust the file`,
      );
    }
    this.#taken += bytes;
  }

  /** Gives back what nothing refers to any more. */
  release(bytes: number): void {
    this.#taken -= bytes;
  }

  /** Counts content as input, once it is known that so many compressed bytes really hold it. */
  countContent(content: number, packed: number): void {
    const counted = Math.min(packed, this.#packed);
    this.#packed -= counted;
    this.#limit += PER_BYTE * Math.max(0, Math.min(content, MOST_CONTENT * counted) - counted);
  }
}
