import type { WasmMemory } from '../base/hostTypes.ts';
import { type Arena, roundUp } from './arena.ts';

/** The typed arrays a block can be seen as. */
interface Views {
  f32: Float32Array;
  f64: Float64Array;
  i32: Int32Array;
  u8: Uint8Array;
}

/** The typed array of a block. */
interface ViewType<View> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, pointer: number, length: number): View;
}

/**
 * A typed array in the kernels' memory: `pointer` for kernels, `view` for TypeScript. A view detaches
 * silently when the memory grows. So take `view` again after every allocation, and never keep it.
 */
export class Block<K extends keyof Views = keyof Views> {
  readonly pointer: number;
  /** Elements that were allocated. */
  readonly capacity: number;
  #length: number;
  readonly #memory: WasmMemory;
  readonly #type: ViewType<Views[K]>;
  #view: Views[K] | undefined;

  constructor(memory: WasmMemory, pointer: number, length: number, type: ViewType<Views[K]>) {
    this.pointer = pointer;
    this.capacity = length;
    this.#length = length;
    this.#memory = memory;
    this.#type = type;
  }

  /** Elements, not bytes. */
  get length(): number {
    return this.#length;
  }

  /** The pointer to an element. */
  at(index: number): number {
    return this.pointer + this.#type.BYTES_PER_ELEMENT * index;
  }

  /** Shows so many elements, at most as many as were allocated; the memory stays as it is. */
  resize(length: number): void {
    this.#length = Math.min(length, this.capacity);
    this.#view = undefined;
  }

  /** Whether its elements are of a type. */
  isOf<L extends keyof Views>(type: ViewType<Views[L]>): this is Block<L> {
    return Object.is(this.#type, type);
  }

  get view(): Views[K] {
    const { buffer } = this.#memory;
    if (this.#view?.buffer !== buffer) this.#view = new this.#type(buffer, this.pointer, this.#length);
    return this.#view as Views[K];
  }
}

export type F32Block = Block<'f32'>;

export type F64Block = Block<'f64'>;

export type I32Block = Block<'i32'>;

export type U8Block = Block<'u8'>;

/** Blocks that are freed together: those of a model, of a training, or of one call. */
export class Region {
  readonly #arena: Arena;
  #blocks: { pointer: number; byteLength: number }[] = [];

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Bytes in use. */
  get bytes(): number {
    return this.#blocks.reduce((sum, block) => sum + roundUp(block.byteLength), 0);
  }

  f32(length: number): F32Block {
    return this.allocate(length, Float32Array);
  }

  f64(length: number): F64Block {
    return this.allocate(length, Float64Array);
  }

  i32(length: number): I32Block {
    return this.allocate(length, Int32Array);
  }

  u8(length: number): U8Block {
    return this.allocate(length, Uint8Array);
  }

  /** Frees every block. The region can be used again. */
  free(): void {
    const blocks = this.#blocks;
    this.#blocks = [];
    for (const { pointer, byteLength } of blocks.reverse()) this.#arena.release(pointer, byteLength);
  }

  protected allocate<K extends keyof Views>(length: number, type: ViewType<Views[K]>): Block<K> {
    const { memory } = this.#arena;
    const byteLength = type.BYTES_PER_ELEMENT * length;
    const pointer = this.#arena.allocate(byteLength);
    this.#blocks.push({ pointer, byteLength });
    return new Block(memory, pointer, length, type);
  }

  /** Frees one of its blocks. */
  protected release({ pointer }: Block): void {
    const at = this.#blocks.findIndex((block) => block.pointer === pointer);
    for (const { byteLength } of this.#blocks.splice(at, 1)) this.#arena.release(pointer, byteLength);
  }
}

/**
 * Blocks that are used again. After `rewind` every allocation takes the block that the same one took before,
 * where that is large enough; else it is freed first. So what is loaded piece after piece takes as much as
 * the largest piece, and nothing is allocated for one that fits.
 */
export class ReusedRegion extends Region {
  readonly #kept: (Block | undefined)[] = [];
  #next = 0;

  /** Gives all blocks free to be used again: what they hold is lost with the allocations to come. */
  rewind(): void {
    this.#next = 0;
  }

  override free(): void {
    this.#kept.length = 0;
    this.#next = 0;
    super.free();
  }

  protected override allocate<K extends keyof Views>(length: number, type: ViewType<Views[K]>): Block<K> {
    const at = this.#next++;
    const kept = this.#kept[at];
    if (kept?.isOf(type) && kept.capacity >= length) {
      kept.resize(length);
      return kept;
    }
    this.#kept[at] = undefined;
    if (kept !== undefined) this.release(kept);
    const block = super.allocate(length, type);
    this.#kept[at] = block;
    return block;
  }
}
