import { type I32Block, Region } from '../../src/memory/arena.ts';
import { type Engine, getEngine, type Kernels } from '../../src/memory/module.ts';

/** One way a kernel can be broken: it does nothing, it writes zeros, it leaves the last element as it was. */
export type Fault = 'nothing' | 'zeros' | 'tail';

export interface Case {
  /** The condition it is about. */
  readonly name: string;
  /** The same condition at several sizes, each on a bench of its own. */
  readonly runs: readonly ((bench: Bench) => void)[];
}

/** A kernel did not do what its contract says. */
export class Mismatch extends Error {}

type Elements = Float32Array | Float64Array | Int32Array;

/** Bytes before and behind every buffer that nobody may touch. */
const GUARD = 64;
const CANARY = 0xa5;

/** A buffer in the kernels' memory between two guards. */
export class Guarded {
  readonly pointer: number;
  readonly initial: Elements;
  readonly writable: boolean;
  readonly #block: I32Block;

  constructor(region: Region, initial: Elements, writable: boolean) {
    this.initial = initial;
    this.writable = writable;
    this.#block = region.i32(Math.ceil((2 * GUARD + initial.byteLength) / 4));
    this.pointer = this.#block.pointer + GUARD;
    this.#bytes(-GUARD, GUARD).fill(CANARY);
    this.#bytes(initial.byteLength, GUARD).fill(CANARY);
    this.write(initial);
  }

  /** A copy of what is there now. */
  read(): Elements {
    const copy = this.initial.slice();
    new Uint8Array(copy.buffer).set(this.#bytes(0, copy.byteLength));
    return copy;
  }

  write(elements: Elements): void {
    const { buffer, byteOffset, byteLength } = elements;
    this.#bytes(0, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
  }

  /** Throws if a guard was written to, or the buffer though it is only for reading. */
  check(): void {
    const guards = [this.#bytes(-GUARD, GUARD), this.#bytes(this.initial.byteLength, GUARD)];
    if (guards.some((guard) => guard.some((byte) => byte !== CANARY))) {
      throw new Mismatch('wrote beyond a buffer');
    }
    if (this.writable) return;
    const now = this.read();
    const at = now.findIndex((value, i) => !Object.is(value, this.initial[i]));
    if (at >= 0) throw new Mismatch(`changed element ${at} of an input to ${now[at]}`);
  }

  #bytes(offset: number, length: number): Uint8Array {
    const { buffer } = this.#block.view;
    return new Uint8Array(buffer, this.pointer + offset, length);
  }
}

/** What one run has shown: which faults its comparisons can see. */
export interface Sight {
  readonly nothing: boolean;
  readonly zeros: boolean;
  readonly tail: boolean;
}

/** Where one kernel is called on guarded buffers and what it wrote is compared with the truth. */
export class Bench {
  readonly kernels: Kernels;
  readonly #region: Region;
  readonly #buffers: Guarded[] = [];
  #sight: Sight = { nothing: false, zeros: false, tail: false };

  constructor(engine: Engine, region: Region, broken?: { readonly kernel: string; readonly fault: Fault }) {
    this.#region = region;
    this.kernels =
      broken === undefined
        ? engine.kernels
        : { ...engine.kernels, [broken.kernel]: this.#breakKernel(engine, broken.kernel, broken.fault) };
  }

  get sight(): Sight {
    return this.#sight;
  }

  /** An input: must not change. */
  input(elements: Elements): Guarded {
    return this.#add(elements, false);
  }

  /** A buffer that the kernel changes in place. */
  inout(elements: Elements): Guarded {
    return this.#add(elements, true);
  }

  /** An output of n elements that holds rubbish. */
  f32(n: number): Guarded {
    return this.#add(new Float32Array(n).fill(Number.NaN), true);
  }

  f64(n: number): Guarded {
    return this.#add(new Float64Array(n).fill(Number.NaN), true);
  }

  i32(n: number): Guarded {
    return this.#add(new Int32Array(n).fill(-7), true);
  }

  /** Every element of the buffer is within its bound of the wanted; a wanted NaN is a NaN. */
  expectClose(buffer: Guarded, want: ArrayLike<number>, bound: (at: number) => number): void {
    this.#checkBuffers();
    const got = buffer.read();
    if (got.length !== want.length) throw new Mismatch(`${got.length} elements; ${want.length} wanted`);
    let nothing = false;
    let zeros = false;
    let tail = false;
    for (let i = 0; i < want.length; i++) {
      const most = bound(i);
      if (!isClose(got[i], want[i], most)) {
        throw new Mismatch(`element ${i} is ${got[i]}; the truth is ${want[i]} ± ${most}`);
      }
      tail = !isClose(buffer.initial[i], want[i], most);
      nothing ||= tail;
      zeros ||= !isClose(0, want[i], most);
    }
    this.#see({ nothing, zeros, tail });
  }

  /** Every element of the buffer is the wanted one; 0 and −0 are the same. */
  expectExact(buffer: Guarded, want: ArrayLike<number>): void {
    this.expectClose(buffer, want, () => 0);
  }

  /**
   * As `expectExact`, where the wanted is the kernel's own doing, in another place or undone again: of a broken kernel
   * that says nothing.
   */
  expectSame(buffer: Guarded, want: ArrayLike<number>): void {
    const sight = this.#sight;
    this.expectExact(buffer, want);
    this.#sight = sight;
  }

  /** What the kernel returned is within the bound of the wanted. */
  expectReturned(got: number, want: number, bound: number): void {
    this.#checkBuffers();
    if (!isClose(got, want, bound)) throw new Mismatch(`returned ${got}; the truth is ${want} ± ${bound}`);
    const seen = !isClose(0, want, bound);
    this.#see({ nothing: seen, zeros: seen, tail: false });
  }

  #add(elements: Elements, writable: boolean): Guarded {
    const buffer = new Guarded(this.#region, elements, writable);
    this.#buffers.push(buffer);
    return buffer;
  }

  #checkBuffers(): void {
    for (const buffer of this.#buffers) buffer.check();
  }

  #see(more: Sight): void {
    const { nothing, zeros, tail } = this.#sight;
    this.#sight = { nothing: nothing || more.nothing, zeros: zeros || more.zeros, tail: tail || more.tail };
  }

  #breakKernel(engine: Engine, name: string, fault: Fault): (...parameters: never[]) => number {
    const writable = (): Guarded[] => this.#buffers.filter((buffer) => buffer.writable);
    if (fault === 'nothing') return () => 0;
    if (fault === 'zeros') {
      return () => {
        for (const buffer of writable()) buffer.write(buffer.initial.slice().fill(0));
        return 0;
      };
    }
    const real = Object.entries(engine.kernels).find(([kernel]) => kernel === name)?.[1];
    return (...parameters) => {
      const result = Reflect.apply(real ?? (() => 0), undefined, parameters);
      for (const buffer of writable()) {
        const now = buffer.read();
        now.set(buffer.initial.slice(-1), Math.max(0, now.length - 1));
        buffer.write(now);
      }
      return Number(result ?? 0);
    };
  }
}

/** Runs one run of a case on a fresh bench and says what it could see. */
export function runOn(
  run: (bench: Bench) => void,
  broken?: { readonly kernel: string; readonly fault: Fault },
): Sight {
  const engine = getEngine();
  const region = new Region(engine.arena);
  try {
    const bench = new Bench(engine, region, broken);
    run(bench);
    return bench.sight;
  } finally {
    region.free();
  }
}

function isClose(got: number, want: number, bound: number): boolean {
  if (got === want || (Number.isNaN(got) && Number.isNaN(want))) return true;
  return Math.abs(got - want) <= bound;
}
