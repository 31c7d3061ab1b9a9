import { CtreError, megabytes } from '../base/errors.ts';
import type { WasmMemory } from '../base/hostTypes.ts';

/** Bytes by which a memory grows. */
export const PAGE = 65536;

/** Every block starts on a cache line and is a whole number of them, so that no two blocks share one. */
const ALIGNMENT = 64;

/** No block is at address 0: a pointer of 0 means "none". */
const FIRST = ALIGNMENT;

/** Bytes that a 32-bit address reaches. */
export const LIMIT = 2 ** 32;

/** Addresses from `begin` to before `end`. */
interface AddressRange {
  begin: number;
  end: number;
}

/** Memory that is not used again for now. */
interface Hold {
  readonly ranges: readonly AddressRange[];
  /** Blocks of it that were released meanwhile. */
  readonly released: { readonly pointer: number; readonly byteLength: number }[];
}

/** A memory, and the bytes that it can grow to. */
export interface GrowingMemory {
  readonly memory: WasmMemory;
  readonly limit: number;
}

/** The kernels' memory, which TypeScript owns. Nothing else allocates in it. */
export class Arena {
  readonly memory: WasmMemory;
  /** Bytes that the memory can grow to. */
  readonly limit: number;
  /** The free ranges below `#top`, ascending. No two touch each other. */
  readonly #free: AddressRange[] = [];
  readonly #holds = new Set<Hold>();
  #top: number;
  #blocks = 0;
  #bytes = 0;

  /**
   * @param limit bytes that the memory can grow to.
   * @param first where the first block is, a multiple of 64.
   */
  constructor(memory: WasmMemory, limit = LIMIT, first = FIRST) {
    this.memory = memory;
    this.limit = limit;
    this.#top = first;
  }

  /** Blocks in use, the bytes they hold, and the size of the whole memory. */
  usage(): { readonly blocks: number; readonly bytes: number; readonly memoryBytes: number } {
    return { blocks: this.#blocks, bytes: this.#bytes, memoryBytes: this.memory.buffer.byteLength };
  }

  /**
   * Refuses work that cannot fit, before it begins.
   * @param what the work, as the first words of the error's sentence.
   * @throws CtreError `E_MEMORY` when what is in use and `byteLength` more exceed what the memory can grow
   *   to.
   */
  checkRoom(byteLength: number, what: string): void {
    if (this.#bytes + byteLength <= this.limit) return;
    throw new CtreError(
      'E_MEMORY',
      `${what} needs ${megabytes(byteLength)}, and ${megabytes(this.limit - this.#bytes)} are left of the ` +
        `${megabytes(this.limit)} that its WebAssembly memory holds; use fewer neurons, a smaller epsilon, ` +
        'or dispose() of other models',
    );
  }

  /**
   * Reserves a block. Its contents are undefined.
   * @throws CtreError `E_MEMORY` when the memory cannot grow enough. Nothing has changed then.
   */
  allocate(byteLength: number): number {
    const size = roundUp(byteLength);
    // NaN would pass every comparison below, and spoil the arena.
    if (!(size <= LIMIT)) throw new CtreError('E_MEMORY', `${megabytes(size)} are more than a memory holds`);
    const pointer = this.place(size);
    this.#blocks++;
    this.#bytes += size;
    return pointer;
  }

  /**
   * Holds the memory that is in use now. Blocks of it that are released count as in use until then, since a
   * worker that is being stopped may still write to them.
   */
  hold(until: Promise<unknown>): void {
    const hold: Hold = { ranges: this.#usedRanges(), released: [] };
    this.#holds.add(hold);
    void until.then(() => {
      this.#holds.delete(hold);
      for (const { pointer, byteLength } of hold.released) this.release(pointer, byteLength);
    });
  }

  /** Gives a whole block back: the size is the one it was allocated with. */
  release(pointer: number, byteLength: number): void {
    for (const { ranges, released } of this.#holds) {
      if (!ranges.some(({ begin, end }) => begin <= pointer && pointer < end)) continue;
      released.push({ pointer, byteLength });
      return;
    }
    const size = roundUp(byteLength);
    this.giveBack(pointer, size);
    this.#blocks--;
    this.#bytes -= size;
  }

  /** Takes memory for a block. Tests override it, and the next one. */
  protected place(size: number): number {
    return this.#takeFree(size) ?? this.#extend(size);
  }

  protected giveBack(pointer: number, size: number): void {
    const end = pointer + size;
    let at = 0;
    while (at < this.#free.length && this.#free[at].begin < pointer) at++;
    this.#free.splice(at, 0, { begin: pointer, end });
    if (this.#free[at + 1]?.begin === end) this.#free[at].end = this.#free.splice(at + 1, 1)[0].end;
    if (at > 0 && this.#free[at - 1].end === pointer) {
      this.#free[at - 1].end = this.#free.splice(at, 1)[0].end;
    }
    const last = this.#free.at(-1);
    if (last?.end === this.#top) {
      this.#top = last.begin;
      this.#free.pop();
    }
  }

  /** What is not free below `#top`. */
  #usedRanges(): AddressRange[] {
    const begins = [0, ...this.#free.map(({ end }) => end)];
    const ends = [...this.#free.map(({ begin }) => begin), this.#top];
    return begins.map((begin, i) => ({ begin, end: ends[i] }));
  }

  /** First fit: low addresses are used again first, so the memory does not grow without need. */
  #takeFree(size: number): number | undefined {
    const at = this.#free.findIndex((range) => range.end - range.begin >= size);
    if (at < 0) return undefined;
    const range = this.#free[at];
    const pointer = range.begin;
    range.begin += size;
    if (range.begin === range.end) this.#free.splice(at, 1);
    return pointer;
  }

  #extend(size: number): number {
    const pointer = this.#top;
    const missing = pointer + size - this.memory.buffer.byteLength;
    if (missing > 0) {
      try {
        this.memory.grow(Math.ceil(missing / PAGE));
      } catch (cause) {
        throw new CtreError(
          'E_MEMORY',
          `${megabytes(size)} more do not fit: ${megabytes(this.#bytes)} of the ${megabytes(this.limit)} of ` +
            'its WebAssembly memory are in use; use a smaller network or data set, or dispose() of models ' +
            'no longer needed',
          { cause },
        );
      }
    }
    this.#top = pointer + size;
    return pointer;
  }
}

export function roundUp(byteLength: number): number {
  return Math.max(1, Math.ceil(byteLength / ALIGNMENT)) * ALIGNMENT;
}
