import type { Random } from '../../../src/base/random.ts';
import type { Kernels } from '../../../src/engine/abi.ts';
import { type I32Block, Region } from '../../../src/engine/region.ts';
import { getTrainingEngine, type TrainingEngine } from '../../../src/engine/training.ts';
import type { Truth } from '../../support/rounding.ts';
import type { Axis, Cell } from './matrix.ts';
import type { Operand } from './operands.ts';

/** One way a kernel can be broken: it does nothing, it writes zeros, it leaves the last element as it was. */
export type Fault = 'nothing' | 'zeros' | 'tail';

/** What the tests of one kernel need. */
export interface Subject {
  /** The axes of the matrix that it runs over. */
  readonly axes: readonly Axis[];
  /** Arguments of one small call, to run the plain loop of the contract beside the kernel. */
  readonly example: (random: Random) => readonly Operand[];
  /** Compares it with the truth on one cell of the matrix. */
  readonly run: (bench: Bench, cell: Cell) => void;
  /** What no cell covers. */
  readonly cases: readonly Case[];
}

export interface Case {
  /** What it tests. */
  readonly name: string;
  /** The same test at several sizes, each on a bench of its own. */
  readonly runs: readonly ((bench: Bench) => void)[];
}

/** A kernel did not do what its contract says. */
export class Mismatch extends Error {}

type Elements = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Bytes before and behind every buffer that no kernel may touch. */
const GUARD = 64;

/**
 * The two words that a guard repeats. Each is a signalling NaN of float32, both together are one of float64,
 * and as indices they are out of bounds. A kernel that reads them gets wrong results. A kernel that
 * calculates with them and writes the result changes them, to a quiet NaN. Every buffer has guards of its
 * own, so that a guard copied to another buffer is noticed.
 */
const CANARIES = [0x7fa00000, 0x7ff00000];

/** A buffer in the kernels' memory between two guards. */
export class Guarded {
  readonly pointer: number;
  readonly initial: Elements;
  readonly writable: boolean;
  readonly #block: I32Block;
  readonly #id: number;

  constructor(region: Region, initial: Elements, writable: boolean, id: number) {
    this.initial = initial;
    this.writable = writable;
    this.#id = id;
    this.#block = region.i32(Math.ceil((2 * GUARD + initial.byteLength) / 4));
    this.pointer = this.#block.pointer + GUARD;
    for (const guard of this.#guards()) {
      for (let w = 0; w < guard.length; w++) guard[w] = this.#canary(w);
    }
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

  /** Throws if a guard was changed, or the buffer although it is an input. */
  check(): void {
    for (const guard of this.#guards()) {
      for (let w = 0; w < guard.length; w++) {
        if (guard[w] !== this.#canary(w)) throw new Mismatch('wrote beyond a buffer');
      }
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

  #canary(word: number): number {
    return CANARIES[word % 2] + this.#id;
  }

  #guards(): Int32Array[] {
    const words = this.#block.view;
    const end = words.length - GUARD / 4;
    return [words.subarray(0, GUARD / 4), words.subarray(end)];
  }
}

/** Which faults the comparisons of one run can see. */
export interface Sight {
  readonly nothing: boolean;
  readonly zeros: boolean;
  readonly tail: boolean;
}

/** Calls one kernel on guarded buffers, and compares what it wrote with the truth. */
export class Bench {
  readonly kernels: Kernels;
  readonly #region: Region;
  readonly #buffers: Guarded[] = [];
  #sight: Sight = { nothing: false, zeros: false, tail: false };

  constructor(
    engine: TrainingEngine,
    region: Region,
    broken?: { readonly kernel: string; readonly fault: Fault },
  ) {
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

  /** An output of n elements; NaN before. */
  f32(n: number): Guarded {
    return this.#add(new Float32Array(n).fill(Number.NaN), true);
  }

  f64(n: number): Guarded {
    return this.#add(new Float64Array(n).fill(Number.NaN), true);
  }

  i32(n: number): Guarded {
    return this.#add(new Int32Array(n).fill(-7), true);
  }

  /** Every element of the buffer is as close to its truth as the truth allows. */
  expectClose(buffer: Guarded, truthAt: (at: number) => Truth): void {
    this.#compare(buffer, truthAt, isClose);
  }

  /** Every element of the buffer is equal to the wanted one; 0 equals −0. */
  expectExact(buffer: Guarded, want: ArrayLike<number>): void {
    this.#checkLength(buffer, want);
    this.#compare(buffer, (at) => ({ value: want[at], error: 0 }), isClose);
  }

  /** Every element of the buffer is the wanted one; 0 is not −0. */
  expectCopied(buffer: Guarded, want: ArrayLike<number>): void {
    this.#checkLength(buffer, want);
    this.#compare(
      buffer,
      (at) => ({ value: want[at], error: 0 }),
      (got, { value }) => Object.is(got, value),
    );
  }

  /**
   * As `expectCopied`, where the kernel itself has made what is wanted, in another place or before it was
   * undone. Such a comparison cannot catch a broken kernel, so it does not count as one that can.
   */
  expectSame(buffer: Guarded, want: ArrayLike<number>): void {
    const sight = this.#sight;
    this.expectCopied(buffer, want);
    this.#sight = sight;
  }

  /** What was measured is at most that. It cannot catch a kernel that does nothing. */
  expectAtMost(measured: number, most: number): void {
    this.#checkBuffers();
    if (!(measured <= most)) throw new Mismatch(`measured ${measured}; at most ${most} is right`);
  }

  #compare(
    buffer: Guarded,
    truthAt: (at: number) => Truth,
    isRight: (got: number, truth: Truth) => boolean,
  ): void {
    this.#checkBuffers();
    const got = buffer.read();
    let nothing = false;
    let zeros = false;
    let tail = false;
    for (let i = 0; i < got.length; i++) {
      const truth = truthAt(i);
      if (!isRight(got[i], truth)) {
        throw new Mismatch(`element ${i} is ${got[i]}; the truth is ${truth.value} ± ${truth.error}`);
      }
      tail = !isRight(buffer.initial[i], truth);
      nothing ||= tail;
      zeros ||= !isRight(0, truth);
    }
    this.#see({ nothing, zeros, tail });
  }

  #checkLength({ initial }: Guarded, want: ArrayLike<number>): void {
    if (initial.length !== want.length) {
      throw new Mismatch(`${initial.length} elements; ${want.length} wanted`);
    }
  }

  #add(elements: Elements, writable: boolean): Guarded {
    const buffer = new Guarded(this.#region, elements, writable, this.#buffers.length);
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

  #breakKernel(engine: TrainingEngine, name: string, fault: Fault): (...parameters: never[]) => void {
    const writable = (): Guarded[] => this.#buffers.filter((buffer) => buffer.writable);
    if (fault === 'nothing') return () => {};
    if (fault === 'zeros') {
      return () => {
        for (const buffer of writable()) buffer.write(buffer.initial.slice().fill(0));
      };
    }
    const real = Object.entries(engine.kernels).find(([kernel]) => kernel === name)?.[1];
    return (...parameters) => {
      Reflect.apply(real ?? (() => {}), undefined, parameters);
      for (const buffer of writable()) {
        const now = buffer.read();
        now.set(buffer.initial.slice(-1), Math.max(0, now.length - 1));
        buffer.write(now);
      }
    };
  }
}

/** Runs one run of a case on a fresh bench; returns the faults that it can see. */
export function runOn(
  run: (bench: Bench) => void,
  broken?: { readonly kernel: string; readonly fault: Fault },
): Sight {
  const engine = getTrainingEngine();
  const region = new Region(engine.arena);
  try {
    const bench = new Bench(engine, region, broken);
    run(bench);
    return bench.sight;
  } finally {
    region.free();
  }
}

/** Whether a result is within its truth's error. A truth that is NaN or infinite must be met exactly. */
function isClose(got: number, { value, error }: Truth): boolean {
  if (got === value || (Number.isNaN(got) && Number.isNaN(value))) return true;
  return Math.abs(got - value) <= error;
}
