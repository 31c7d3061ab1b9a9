import type { Budget } from '../base/budget.ts';
import { CtreError } from '../base/errors.ts';
import type { ByteMatrix } from '../matrix/byteMatrix.ts';
import { MAX_INDEX } from '../matrix/canonical.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';

/** Element types of the binary formats, and the bytes each takes. */
export const ELEMENT_BYTES = {
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  uint32: 4,
  int64: 8,
  uint64: 8,
  float16: 2,
  float32: 4,
  float64: 8,
} as const;

export type ElementType = keyof typeof ELEMENT_BYTES;

export type NumericArray =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** An array as a file holds it: its shape, and its elements in the file's order. */
export interface NdArray {
  readonly shape: readonly number[];
  /** True: the first index runs fastest (MATLAB, Fortran). False: the last one does. */
  readonly columnMajor: boolean;
  readonly data: NumericArray | readonly string[];
}

/** The number of elements of a shape. It is no safe integer where a file claims too many. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A shape for people: `3 × 4`. */
export function showShape(shape: readonly number[]): string {
  return shape.length === 0 ? 'one value' : shape.join(' × ');
}

/** Bytes of an element in memory, for types that are not kept as they are in the file. */
const CONVERTED_BYTES: Partial<Record<ElementType, number>> = { int64: 8, uint64: 8, float16: 4 };

/**
 * The elements that `bytes` holds, all of one type: a view if possible. 64-bit integers become doubles.
 * Engines with WebAssembly SIMD are little-endian, so only big-endian files are turned around.
 * @throws CtreError `E_MEMORY`.
 */
export function decodeElements(
  bytes: Uint8Array,
  type: ElementType,
  littleEndian: boolean,
  budget: Budget,
): NumericArray {
  const size = ELEMENT_BYTES[type];
  const count = bytes.length / size;
  const isView = size === 1 || (littleEndian && bytes.byteOffset % size === 0);
  budget.claim(
    (isView ? 0 : bytes.length) + (CONVERTED_BYTES[type] ?? 0) * count,
    `an array of ${count} elements`,
  );
  const aligned = isView ? bytes : new Uint8Array(bytes);
  if (!littleEndian) reverseEach(aligned, size);
  const { buffer, byteOffset } = aligned;
  switch (type) {
    case 'uint8':
      return aligned;
    case 'int8':
      return new Int8Array(buffer, byteOffset, count);
    case 'int16':
      return new Int16Array(buffer, byteOffset, count);
    case 'uint16':
      return new Uint16Array(buffer, byteOffset, count);
    case 'int32':
      return new Int32Array(buffer, byteOffset, count);
    case 'uint32':
      return new Uint32Array(buffer, byteOffset, count);
    case 'int64':
      return joinHalves(
        new Uint32Array(buffer, byteOffset, 2 * count),
        new Int32Array(buffer, byteOffset, 2 * count),
      );
    case 'uint64':
      return joinHalves(
        new Uint32Array(buffer, byteOffset, 2 * count),
        new Uint32Array(buffer, byteOffset, 2 * count),
      );
    case 'float16':
      return halvesToFloats(new Uint16Array(buffer, byteOffset, count));
    case 'float32':
      return new Float32Array(buffer, byteOffset, count);
    case 'float64':
      return new Float64Array(buffer, byteOffset, count);
  }
}

/** Turns the bytes of every element around, in place. `size` is the bytes of one. */
function reverseEach(bytes: Uint8Array, size: number): void {
  if (size === 1) return;
  for (let at = 0; at < bytes.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      const byte = bytes[low];
      bytes[low] = bytes[high];
      bytes[high] = byte;
    }
  }
}

/** 64-bit integers, whose upper halves have the sign, as the nearest doubles. BigInts are objects. */
function joinHalves(lower: Uint32Array, upper: Uint32Array | Int32Array): Float64Array {
  const joined = new Float64Array(lower.length / 2);
  for (let p = 0; p < joined.length; p++) joined[p] = upper[2 * p + 1] * 2 ** 32 + lower[2 * p];
  return joined;
}

function halvesToFloats(halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  for (let p = 0; p < halves.length; p++) floats[p] = halfToNumber(halves[p]);
  return floats;
}

/** IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * (1 << exponent) * 2 ** -25);
}

/**
 * The array as rows of features: the first index is the row, or in a column-major array the last one where
 * `samples` says so. The others run in C order along a row.
 * @param keepBytes whether an array of bytes stays one: a view of it where the rows are in order.
 * @throws CtreError `E_NOT_FINITE`, `E_MEMORY`, `E_UNSUPPORTED` for text or a single value.
 */
export function toRows(array: NdArray, budget: Budget, samples?: 'first' | 'last'): DenseMatrix;
export function toRows(
  array: NdArray,
  budget: Budget,
  samples?: 'first' | 'last',
  keepBytes?: boolean,
): DenseMatrix | ByteMatrix;
export function toRows(
  { shape, columnMajor, data }: NdArray,
  budget: Budget,
  samples: 'first' | 'last' = 'first',
  keepBytes = false,
): DenseMatrix | ByteMatrix {
  if (shape.length === 0 || !isNumeric(data)) {
    const what = isNumeric(data) ? 'one value' : 'text';
    throw new CtreError('E_UNSUPPORTED', `the features are ${what}; expected an array with one row a sample`);
  }
  const isLast = samples === 'last' && columnMajor;
  const rows = isLast ? shape[shape.length - 1] : shape[0];
  const inner = isLast ? shape.slice(0, -1) : shape.slice(1);
  const cols = elementCount(inner);
  checkElements(rows, cols);
  // Without elements there is nothing to read, however many rows are claimed.
  if (rows * cols === 0) return { rows, cols, data: new Float32Array(0) };
  const isBytes = keepBytes && data instanceof Uint8Array;
  if (isBytes && !columnMajor) return { rows, cols, data };
  budget.claim((isBytes ? 1 : 4) * rows * cols, `a matrix of ${rows} × ${cols}`);
  const first = isLast ? 1 : rows;
  const offsets = columnMajor && inner.length > 1 ? columnMajorOffsets(first, inner, budget) : undefined;
  const [rowStep, colStep] = isLast ? [cols, 1] : columnMajor ? [1, rows] : [cols, 1];
  const fill = <A extends Float32Array | Uint8Array>(out: A): A => {
    for (let row = 0; row < rows; row++) {
      for (let col = 0; col < cols; col++) {
        const value = data[row * rowStep + (offsets ? offsets[col] : col * colStep)];
        out[row * cols + col] = finite(value, row, col);
      }
    }
    return out;
  };
  return isBytes
    ? { rows, cols, data: fill(new Uint8Array(rows * cols)) }
    : { rows, cols, data: fill(new Float32Array(rows * cols)) };
}

/**
 * For each column in C order: its offset in a column-major array, from the row's first element. `first` is
 * the product of the sizes before those of `inner`.
 */
function columnMajorOffsets(first: number, inner: readonly number[], budget: Budget): Float64Array {
  budget.claim(8 * elementCount(inner), `the order of ${showShape(inner)} columns`);
  const offsets = new Float64Array(elementCount(inner));
  for (let col = 0; col < offsets.length; col++) {
    let rest = col;
    let stride = elementCount(inner) * first;
    for (let axis = inner.length - 1; axis >= 0; axis--) {
      stride /= inner[axis];
      offsets[col] += (rest % inner[axis]) * stride;
      rest = Math.floor(rest / inner[axis]);
    }
  }
  return offsets;
}

/** @throws CtreError `E_MEMORY` if a dense matrix would have more elements than kernels can address. */
export function checkElements(rows: number, cols: number): void {
  if (!(rows * cols <= MAX_INDEX)) {
    throw new CtreError(
      'E_MEMORY',
      `${rows} × ${cols} elements are too many for a dense matrix; expected at most ${MAX_INDEX}`,
    );
  }
}

/**
 * The value at a row and a column from 0, if a 32-bit float can hold it. @throws CtreError `E_NOT_FINITE`.
 */
export function finite(value: number, row: number, col: number): number {
  if (!Number.isFinite(Math.fround(value))) throw notFiniteAt(value, `row ${row + 1}, column ${col + 1}`);
  return value;
}

/** The error for a value that a 32-bit float cannot hold. `where` counts rows and columns from 1. */
export function notFiniteAt(value: number, where: string): CtreError {
  return new CtreError(
    'E_NOT_FINITE',
    `${where} is ${value}; expected a finite number below 3.4e38; drop it or fill it`,
  );
}

export function isNumeric(data: NdArray['data']): data is NumericArray {
  return ArrayBuffer.isView(data);
}
