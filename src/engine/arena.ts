import { CtreError, megabytes } from '../base/errors.ts';
import type { WasmMemory } from '../base/hostTypes.ts';

const PAGE = 65536;

/** Every block starts on a cache line and is a whole number of them, so that no two blocks share one. */
const ALIGNMENT = 64;

/** No block is at address 0: a pointer of 0 means "none". */
const FIRST = ALIGNMENT;

/** Bytes that a 32-bit address reaches. */
const LIMIT = 2 ** 32;

/** What tests make harder for an arena. Outside tests there are none, and they cost nothing. */
export interface Trials {
  /** Bytes on both sides of every block hold a pattern. checkGuards() finds out when it was changed. */
  readonly guards?: boolean;
  /** Every allocation moves the memory, as growing does: older views detach. */
  readonly moving?: boolean;
  /** Where the first block is, a multiple of 64: beyond 2 GiB, say. */
  readonly first?: number;
  /** Allocations until one fails; undefined for none. Counts down. */
  failIn?: number | undefined;
}

/** Bytes of a guard, on either side of a block. */
const GUARD = ALIGNMENT;

const GUARD_PATTERN = 0x5aa5c33c;

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

/** The kernels' memory, which TypeScript owns. Nothing else allocates in it. */
export class Arena {
  readonly memory: WasmMemory;
  readonly trials: Trials | undefined;
  /** The blocks under guard: pointer → bytes between the guards. */
  readonly #guarded = new Map<number, number>();
  /** The free ranges below `#top`, ascending. No two touch each other. */
  readonly #free: AddressRange[] = [];
  readonly #holds = new Set<Hold>();
  #top = FIRST;
  #blocks = 0;
  #bytes = 0;

  constructor(memory: WasmMemory, trials?: Trials) {
    this.memory = memory;
    this.trials = trials;
    this.#top = trials?.first ?? FIRST;
  }

  /** Blocks in use, the bytes they hold, and the size of the whole memory. */
  usage(): { readonly blocks: number; readonly bytes: number; readonly memoryBytes: number } {
    return { blocks: this.#blocks, bytes: this.#bytes, memoryBytes: this.memory.buffer.byteLength };
  }

  /**
   * Refuses work that cannot fit, before it begins.
   * @param what the work, as the first words of the error's sentence.
   * @throws CtreError `E_MEMORY` when what is in use and `byteLength` more exceed 4 GiB.
   */
  checkRoom(byteLength: number, what: string): void {
    if (this.#bytes + byteLength <= LIMIT) return;
    throw new CtreError(
      'E_MEMORY',
      `${what} needs ${megabytes(byteLength)}, and ${megabytes(LIMIT - this.#bytes)} are left of the ` +
        '4096 MiB that a WebAssembly memory holds; use fewer neurons, a smaller epsilon, ' +
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
    const pointer = this.trials === undefined ? this.#place(size) : this.#placeOnTrial(size, this.trials);
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
    if (this.#guarded.has(pointer)) {
      this.checkGuards();
      this.#guarded.delete(pointer);
      this.#giveBack(pointer - GUARD, size + 2 * GUARD);
    } else this.#giveBack(pointer, size);
    this.#blocks--;
    this.#bytes -= size;
  }

  /** @throws Error when something was written beside a block. */
  checkGuards(): void {
    const words = new Int32Array(this.memory.buffer);
    for (const [pointer, size] of this.#guarded) {
      for (const guard of [pointer - GUARD, pointer + size]) {
        for (let w = guard / 4; w < (guard + GUARD) / 4; w++) {
          if (words[w] !== GUARD_PATTERN) {
            throw new Error(`byte ${4 * w - pointer} of a block of ${size} was written to`);
          }
        }
      }
    }
  }

  #place(size: number): number {
    return this.#takeFree(size) ?? this.#extend(size);
  }

  #placeOnTrial(size: number, trials: Trials): number {
    if (trials.failIn !== undefined && trials.failIn-- === 0) {
      trials.failIn = undefined;
      throw new CtreError('E_MEMORY', `${megabytes(size)} are refused, on trial`);
    }
    if (trials.moving) this.memory.grow(0);
    if (!trials.guards) return this.#place(size);
    const pointer = this.#place(size + 2 * GUARD) + GUARD;
    this.#guarded.set(pointer, size);
    const words = new Int32Array(this.memory.buffer);
    words.fill(GUARD_PATTERN, (pointer - GUARD) / 4, pointer / 4);
    words.fill(GUARD_PATTERN, (pointer + size) / 4, (pointer + size + GUARD) / 4);
    return pointer;
  }

  /** What is not free below `#top`. */
  #usedRanges(): AddressRange[] {
    const begins = [0, ...this.#free.map(({ end }) => end)];
    const ends = [...this.#free.map(({ begin }) => begin), this.#top];
    return begins.map((begin, i) => ({ begin, end: ends[i] }));
  }

  #giveBack(pointer: number, size: number): void {
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
          `${megabytes(size)} more do not fit: ${megabytes(this.#bytes)} of the 4096 MiB of a WebAssembly ` +
            'memory are in use; use a smaller network or data set, or dispose() of models no longer needed',
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
