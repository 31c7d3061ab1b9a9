import { isCount } from './checks.ts';
import { CtreError, show } from './errors.ts';

// Arrays that callers hand over. What is checked is what is used, whatever callers do afterwards.

/** The constructor of a type of typed arrays. */
interface ArrayType<T> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): T;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/** The most bytes of one array: the 4 GiB that kernels address. */
const MAX_BYTES = 2 ** 32;

/** What all types of typed arrays extend. */
const TypedArray: { new (): object; readonly prototype: object } = Object.getPrototypeOf(Int32Array);

/** A typed array's own property, even where its owner has defined another one of that name. */
function own(array: ArrayBufferView, name: 'buffer' | 'byteOffset' | 'length'): unknown {
  return Reflect.get(TypedArray.prototype, name, array);
}

/**
 * The name of a typed array's type, also of one of another realm (a frame, jsdom), whose constructors are not
 * those of here. Undefined for anything else.
 */
export function typedArrayName(value: unknown): string | undefined {
  return Reflect.get(TypedArray.prototype, Symbol.toStringTag, value);
}

/** Whether a value is a buffer that is not shared, of any realm. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  try {
    return Reflect.get(ArrayBuffer.prototype, 'byteLength', value) >= 0;
  } catch {
    return false;
  }
}

/**
 * A plain view of a typed array's elements. It is empty where the buffer was detached. It is a copy where
 * others can write to the buffer, or take it away, meanwhile. Undefined for anything but a typed array of
 * that type; proxies of one count as something else.
 */
export function viewOf<T>(value: unknown, type: ArrayType<T>): T | undefined {
  if (!ArrayBuffer.isView(value) || typedArrayName(value) !== type.name) return undefined;
  const length = Number(own(value, 'length'));
  if (length === 0) return new type(0);
  const buffer = own(value, 'buffer') as ArrayBufferLike;
  const isPlain = isArrayBuffer(buffer) && !Reflect.get(buffer, 'resizable');
  if (!isPlain) return Reflect.construct(type, [value]);
  return new type(buffer, Number(own(value, 'byteOffset')), length);
}

/** A plain view of the bytes of a Uint8Array or an ArrayBuffer; undefined for anything else. */
export function bytesIn(value: unknown): Uint8Array | undefined {
  if (!isArrayBuffer(value)) return viewOf(value, Uint8Array);
  // Of a detached one there is no view.
  return value.byteLength === 0 ? new Uint8Array(0) : viewOf(new Uint8Array(value), Uint8Array);
}

/**
 * A typed array of zeros.
 * @param what what it holds; the error's sentence begins with it.
 * @throws CtreError `E_MEMORY` for more than kernels can address, or than the engine has room for.
 */
export function newArray<T>(length: number, type: ArrayType<T>, what: string): T {
  try {
    if (length * type.BYTES_PER_ELEMENT <= MAX_BYTES) return new type(length);
  } catch {
    // The engine's own limit is lower; the sentence is the same.
  }
  throw new CtreError('E_MEMORY', `${what}: ${length} elements do not fit in one typed array`);
}

/**
 * The length of a list: of an array, a typed array, or anything with a length.
 * @throws CtreError `E_ARGUMENT` for anything else.
 */
export function checkLength(name: string, value: unknown): number {
  if (typeof value === 'object' && value !== null) {
    // A proxy of a typed array throws when it is asked for its length.
    const isFalse = value instanceof TypedArray && !ArrayBuffer.isView(value);
    const length: unknown = isFalse ? undefined : Reflect.get(value, 'length');
    if (isCount(length)) return length;
  }
  throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected a list`);
}

/**
 * A copy of a list of numbers: a typed array, an array, or anything with a length. Each element is read once.
 * @param length how many there have to be.
 * @throws CtreError `E_ARGUMENT` for anything but numbers, `E_SHAPE` for another length, `E_MEMORY` for too
 *   many.
 */
export function copyNumbers(
  name: string,
  value: unknown,
  length?: number,
): Int32Array | Float32Array | Float64Array {
  const view = numbersView(value);
  const came = view?.length ?? checkLength(name, value);
  if (length !== undefined) checkCount(name, came, length);
  if (view !== undefined) {
    const isInt = view instanceof Int32Array;
    const copy = isInt ? newArray(came, Int32Array, name) : newArray(came, Float32Array, name);
    copy.set(view);
    return copy;
  }
  const copy = newArray(came, Float64Array, name);
  copyElements(name, value, came, copy, 0);
  return copy;
}

/**
 * A copy of a list of numbers as float32.
 * @throws CtreError as `copyNumbers`, and `E_NOT_FINITE` for a finite number that float32 has no room for.
 */
export function copyFloat32(name: string, value: unknown, length: number): Float32Array {
  const view = numbersView(value);
  checkCount(name, view?.length ?? checkLength(name, value), length);
  const copy = newArray(length, Float32Array, name);
  if (view !== undefined) copy.set(view);
  else copyElements(name, value, length, copy, 0);
  return copy;
}

/**
 * Copies a list of exactly `length` numbers into `target`, from position `at` on. Nobody else may have
 * `target`. Every element is read once.
 * @throws CtreError as `copyFloat32`.
 */
export function copyNumbersInto(
  name: string,
  value: unknown,
  length: number,
  target: Float32Array,
  at: number,
): void {
  const view = numbersView(value);
  checkCount(name, view?.length ?? checkLength(name, value), length);
  if (view !== undefined) target.set(view, at);
  else copyElements(name, value, length, target, at);
}

function numbersView(value: unknown): Int32Array | Float32Array | undefined {
  // Most lists are arrays, which are none of these.
  return Array.isArray(value) ? undefined : (viewOf(value, Float32Array) ?? viewOf(value, Int32Array));
}

function checkCount(name: string, came: number, expected: number): void {
  if (came !== expected) throw new CtreError('E_SHAPE', `${name} has ${came} elements; expected ${expected}`);
}

/** One plain read of each element: fast for arrays, and safe where reading runs code of the caller's. */
function copyElements(
  name: string,
  value: unknown,
  length: number,
  target: Float32Array | Float64Array,
  at: number,
): void {
  const list = value as ArrayLike<unknown>;
  for (let p = 0; p < length; p++) {
    const element = list[p];
    if (typeof element !== 'number') {
      throw new CtreError('E_ARGUMENT', `${name}[${p}] is ${show(element)}; expected a number`);
    }
    target[at + p] = element;
    if (!Number.isFinite(target[at + p]) && Number.isFinite(element))
      throw beyondFloat32(`${name}[${p}]`, element);
  }
}

/** The error for a finite number that would become infinite. */
export function beyondFloat32(name: string, value: number): CtreError {
  return new CtreError(
    'E_NOT_FINITE',
    `${name} is ${value}; expected numbers that fit in float32, at most 3.4e38 in magnitude`,
  );
}

/** The position of the first NaN or infinity; −1 where all numbers are finite. */
export function findNotFinite(numbers: Float32Array): number {
  // A plain loop: with a callback, findIndex takes eight times as long.
  for (let p = 0; p < numbers.length; p++) if (!Number.isFinite(numbers[p])) return p;
  return -1;
}
