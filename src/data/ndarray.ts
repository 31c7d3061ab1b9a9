import { type DenseMatrix, MAX_INDEX } from '../csr.ts';
import { CtreError } from '../errors.ts';

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

/** An array as a file holds it. */
export interface NdArray {
  readonly shape: readonly number[];
  /** The first index runs fastest (MATLAB, Fortran); else the last one does. */
  readonly columnMajor: boolean;
  readonly data: NumericArray | readonly string[];
}

/** The number of elements of a shape; not a safe integer when the claim is absurd. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A shape for people: `3 × 4`. */
export function showShape(shape: readonly number[]): string {
  return shape.length === 0 ? 'one value' : shape.join(' × ');
}

/**
 * The elements that `bytes` holds, all of one type. 64-bit integers become doubles. Engines with WebAssembly SIMD
 * are little-endian, so only big-endian files are turned around.
 */
export function decodeElements(bytes: Uint8Array, type: ElementType, littleEndian: boolean): NumericArray {
  const size = ELEMENT_BYTES[type];
  const count = bytes.length / size;
  if (type === 'uint8') return bytes;
  if (type === 'int8') return new Int8Array(bytes.buffer, bytes.byteOffset, count);
  const aligned = new Uint8Array(bytes);
  if (!littleEndian)
    for (let at = 0; at < aligned.length; at += size) aligned.subarray(at, at + size).reverse();
  const buffer = aligned.buffer;
  switch (type) {
    case 'int16':
      return new Int16Array(buffer);
    case 'uint16':
      return new Uint16Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'uint32':
      return new Uint32Array(buffer);
    case 'int64':
      return Float64Array.from(new BigInt64Array(buffer), Number);
    case 'uint64':
      return Float64Array.from(new BigUint64Array(buffer), Number);
    case 'float16':
      return Float32Array.from(new Uint16Array(buffer), halfToNumber);
    case 'float32':
      return new Float32Array(buffer);
    case 'float64':
      return new Float64Array(buffer);
  }
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
 * The array as rows of features: the first index is the row, the others run in C order along it.
 * @throws CtreError `E_NOT_FINITE`, `E_MEMORY`, `E_UNSUPPORTED` for text or a single value.
 */
export function toRows({ shape, columnMajor, data }: NdArray): DenseMatrix {
  if (shape.length === 0 || !isNumeric(data)) {
    const what = isNumeric(data) ? 'one value' : 'text';
    throw new CtreError('E_UNSUPPORTED', `the features are ${what}; expected an array with one row a sample`);
  }
  const [rows, ...inner] = shape;
  const cols = elementCount(inner);
  checkElements(rows, cols);
  const offsets = columnMajor ? columnMajorOffsets(rows, inner) : undefined;
  const out = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const value = data[offsets ? row + offsets[col] : row * cols + col];
      out[row * cols + col] = finite(value, row, col);
    }
  }
  return { rows, cols, data: out };
}

/** For every column in C order, where a column-major array keeps it, counted from the row's first element. */
function columnMajorOffsets(rows: number, inner: readonly number[]): Float64Array {
  const offsets = new Float64Array(elementCount(inner));
  for (let col = 0; col < offsets.length; col++) {
    let rest = col;
    let stride = elementCount(inner) * rows;
    for (let axis = inner.length - 1; axis >= 0; axis--) {
      stride /= inner[axis];
      offsets[col] += (rest % inner[axis]) * stride;
      rest = Math.floor(rest / inner[axis]);
    }
  }
  return offsets;
}

/** @throws CtreError `E_MEMORY` when a dense matrix would have more elements than kernels can address. */
export function checkElements(rows: number, cols: number): void {
  if (!(rows * cols <= MAX_INDEX)) {
    throw new CtreError(
      'E_MEMORY',
      `${rows} × ${cols} elements are too many for one dense matrix; at most ${MAX_INDEX}`,
    );
  }
}

/** The value, where a 32-bit float can hold it. @throws CtreError `E_NOT_FINITE`. */
export function finite(value: number, row: number, col: number): number {
  if (!Number.isFinite(Math.fround(value))) {
    throw new CtreError(
      'E_NOT_FINITE',
      `row ${row}, column ${col} is ${value}; features are finite numbers below 3.4e38, so drop or fill it first`,
    );
  }
  return value;
}

export function isNumeric(data: NdArray['data']): data is NumericArray {
  return ArrayBuffer.isView(data);
}
