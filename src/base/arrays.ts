import { readField } from './checks.ts';
import { CtreError, show } from './errors.ts';

// What callers hand over as arrays, taken so that nothing they do afterwards can change what was checked.

/** The types of typed arrays that callers hand over. */
interface ArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/** What one array may take: the 4 GiB that kernels address. */
const MAX_BYTES = 2 ** 32;

/** What all types of typed arrays extend. */
const TypedArray: { new (): object; readonly prototype: object } = Object.getPrototypeOf(Int32Array);

/** A property of a typed array itself, whatever its owner put over it. */
function own(array: ArrayBufferView, name: 'buffer' | 'byteOffset' | 'length'): unknown {
  return Reflect.get(TypedArray.prototype, name, array);
}

/**
 * A plain view of a typed array's elements, empty where its buffer was detached; a copy where others can write to the buffer or take it
 * away meanwhile. Undefined for anything but a typed array of that type, proxies among it.
 */
export function viewOf<T>(value: unknown, type: ArrayType<T>): T | undefined {
  if (!(ArrayBuffer.isView(value) && value instanceof type)) return undefined;
  const length = Number(own(value, 'length'));
  if (length === 0) return new type(0);
  const buffer = own(value, 'buffer') as ArrayBufferLike;
  const isPlain = buffer instanceof ArrayBuffer && !Reflect.get(buffer, 'resizable');
  if (!isPlain) return Reflect.construct(type, [value]);
  return new type(buffer, Number(own(value, 'byteOffset')), length);
}

/**
 * Zeros.
 * @param what they are, as the error's sentence begins.
 * @throws CtreError `E_MEMORY` for more than kernels can address, or the engine has room for.
 */
export function newArray<T>(length: number, type: ArrayType<T>, what: string): T {
  try {
    if (length * type.BYTES_PER_ELEMENT <= MAX_BYTES) return new type(length);
  } catch {
    // The engine's own limit is lower; the same sentence says so.
  }
  throw new CtreError('E_MEMORY', `${what}: ${length} elements do not fit in one typed array`);
}

/**
 * The length of a list: of an array, a typed array, or anything with a length.
 * @throws CtreError `E_ARGUMENT` for anything else.
 */
export function checkLength(name: string, value: unknown): number {
  if (typeof value === 'object' && value !== null) {
    // What only looks like a typed array, a proxy of one, throws when it is asked for its length.
    const isFalse = value instanceof TypedArray && !ArrayBuffer.isView(value);
    const length: unknown = isFalse ? undefined : Reflect.get(value, 'length');
    if (typeof length === 'number' && Number.isSafeInteger(length) && length >= 0) return length;
  }
  throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected a list`);
}

/**
 * A copy of a list of numbers (a typed array, an array, or anything with a length), every one of them read once.
 * @param length how many there have to be.
 * @throws CtreError `E_ARGUMENT` for anything but numbers, `E_SHAPE` for another length, `E_MEMORY` for too many.
 */
export function copyNumbers(
  name: string,
  value: unknown,
  length?: number,
): Int32Array | Float32Array | Float64Array {
  const view = viewOf(value, Int32Array) ?? viewOf(value, Float32Array);
  const came = view?.length ?? checkLength(name, value);
  if (length !== undefined && came !== length) {
    throw new CtreError('E_SHAPE', `${name} has ${came} elements; expected ${length}`);
  }
  if (view !== undefined) {
    const isInt = view instanceof Int32Array;
    const copy = isInt ? newArray(came, Int32Array, name) : newArray(came, Float32Array, name);
    copy.set(view);
    return copy;
  }
  const copy = newArray(came, Float64Array, name);
  for (let p = 0; p < came; p++) {
    const element = readField(name, value, String(p));
    if (typeof element !== 'number') {
      throw new CtreError('E_ARGUMENT', `${name}[${p}] is ${show(element)}; expected a number`);
    }
    copy[p] = element;
  }
  return copy;
}
