import { CtreError } from '../../src/base/errors.ts';
import { Arena } from '../../src/engine/arena.ts';

/** What makes it harder for an arena. */
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
const GUARD = 64;

const GUARD_PATTERN = 0x5aa5c33c;

/** An arena on trial. */
export class TrialArena extends Arena {
  readonly trials: Trials;
  /** The blocks under guard: pointer → bytes between the guards. */
  readonly #guarded = new Map<number, number>();

  constructor(memory: WebAssembly.Memory, trials: Trials) {
    super(memory, undefined, trials.first);
    this.trials = trials;
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

  protected override place(size: number): number {
    const { trials } = this;
    if (trials.failIn !== undefined && trials.failIn-- === 0) {
      trials.failIn = undefined;
      throw new CtreError('E_MEMORY', `${size} bytes are refused, on trial`);
    }
    if (trials.moving) this.memory.grow(0);
    if (!trials.guards) return super.place(size);
    const pointer = super.place(size + 2 * GUARD) + GUARD;
    this.#guarded.set(pointer, size);
    const words = new Int32Array(this.memory.buffer);
    words.fill(GUARD_PATTERN, (pointer - GUARD) / 4, pointer / 4);
    words.fill(GUARD_PATTERN, (pointer + size) / 4, (pointer + size + GUARD) / 4);
    return pointer;
  }

  protected override giveBack(pointer: number, size: number): void {
    if (!this.#guarded.has(pointer)) {
      super.giveBack(pointer, size);
      return;
    }
    this.checkGuards();
    this.#guarded.delete(pointer);
    super.giveBack(pointer - GUARD, size + 2 * GUARD);
  }
}

/**
 * Kernels over an arena on trial, which may be so already. With guards, each kernel is followed by a look at
 * those of all blocks.
 */
export function tryKernels<K extends object>(
  kernels: K,
  given: Arena,
  trials: Trials,
): { readonly kernels: K; readonly arena: Arena } {
  const arena = given instanceof TrialArena ? given : new TrialArena(given.memory, trials);
  if (!trials.guards) return { kernels, arena };
  const guarded = Object.entries(kernels).map(([name, kernel]) => [
    name,
    (...args: number[]): void => {
      Reflect.apply(kernel, undefined, args);
      arena.checkGuards();
    },
  ]);
  return { kernels: Object.fromEntries(guarded), arena };
}

/** The arena of an engine in a test: test/support/setup.ts puts all of them on trial. */
export function trialArena({ arena }: { readonly arena: Arena }): TrialArena {
  if (arena instanceof TrialArena) return arena;
  throw new Error('the arena is not on trial');
}
