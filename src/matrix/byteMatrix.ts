import { copyNumbers, newArray, typedArrayName, viewOf } from '../base/arrays.ts';
import { type Bounds, checkNumber } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { checkSize } from './canonical.ts';
import type { DenseMatrix } from './denseMatrix.ts';

/**
 * Samples of bytes, row-major, such as pixels. A byte is a number from 0 to 255, and stays a byte in memory.
 * What a network sees is (byte − offset) ÷ scale, in double precision and rounded once to float32. Those are
 * the bits of a dense matrix of the same numbers that `applyScaler` has scaled.
 *
 * ```ts
 * model.predict({ rows: 1, cols: 784, data: pixels, scale: 255 }); // numbers from 0 to 1
 * ```
 */
export interface ByteMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Uint8Array | Uint8ClampedArray;
  /** For all columns, or one a column; default 0. */
  readonly offset?: number | ArrayLike<number>;
  /** Above 0; for all columns, or one a column; default 1. */
  readonly scale?: number | ArrayLike<number>;
}

/** A matrix of bytes that was checked. */
export interface CheckedBytes extends ByteMatrix {
  readonly data: Uint8Array;
  /** Finite, [cols]. */
  readonly offset: Float64Array;
  /** Finite and above 0, [cols]. */
  readonly scale: Float64Array;
}

const LARGEST_BYTE = 255;

/** Of float32. */
const LARGEST_FLOAT32 = 3.4e38;

/** The bytes that a matrix holds, as a plain view of them; undefined for a matrix of anything else. */
export function viewBytes(data: unknown): Uint8Array | undefined {
  const clamped = viewOf(data, Uint8ClampedArray);
  if (clamped === undefined) return viewOf(data, Uint8Array);
  return new Uint8Array(clamped.buffer, clamped.byteOffset, clamped.length);
}

/** Whether a matrix is one of bytes. */
export function isByteMatrix(matrix: object): matrix is ByteMatrix {
  if (!('data' in matrix)) return false;
  const { data } = matrix;
  return /^Uint8(Clamped)?Array$/.test(typedArrayName(data) ?? '');
}

/**
 * A matrix of bytes, a view of the caller's.
 * @throws CtreError `E_SHAPE` for another number of bytes, offsets or scales, `E_ARGUMENT` for numbers that
 *   are none, `E_NOT_FINITE` for columns that float32 has no room for, or a scale that is not above 0.
 */
export function checkByteMatrix(name: string, value: ByteMatrix): CheckedBytes {
  const rows = checkSize(`${name}.rows`, value.rows);
  const cols = checkSize(`${name}.cols`, value.cols);
  const bounds = { least: -LARGEST_FLOAT32, most: LARGEST_FLOAT32 };
  const offset = checkColumns(`${name}.offset`, value.offset ?? 0, cols, bounds);
  const scale = checkColumns(`${name}.scale`, value.scale ?? 1, cols, { ...bounds, above: 0 });
  // Last, since whoever is asked for the others may take the buffer away.
  const given = value.data;
  const data = viewBytes(given);
  if (data === undefined) {
    throw new CtreError('E_ARGUMENT', `${name}.data is ${show(given)}; expected a Uint8Array`);
  }
  if (data.length !== rows * cols) {
    throw new CtreError(
      'E_SHAPE',
      `${name}.data has ${data.length} bytes; expected ${rows * cols}, as ${rows} × ${cols} takes`,
    );
  }
  const bytes = { rows, cols, data, offset, scale };
  for (let col = 0; col < cols; col++) {
    const largest = Math.max(
      Math.abs(scaledByte(bytes, col, 0)),
      Math.abs(scaledByte(bytes, col, LARGEST_BYTE)),
    );
    if (scale[col] > 0 && Number.isFinite(largest)) continue;
    throw new CtreError(
      'E_NOT_FINITE',
      `column ${col} of ${name} has the offset ${offset[col]} and the scale ${scale[col]}; expected a ` +
        'scale above 0, and bytes that are finite float32 numbers after (byte − offset) ÷ scale',
    );
  }
  return bytes;
}

/** A number for each column. */
function checkColumns(name: string, value: unknown, cols: number, bounds: Bounds): Float64Array {
  if (typeof value === 'object' && value !== null) return Float64Array.from(copyNumbers(name, value, cols));
  return newArray(cols, Float64Array, name).fill(checkNumber(name, value, bounds));
}

/** What a byte of a column is to a network. */
function scaledByte({ offset, scale }: CheckedBytes, col: number, byte: number): number {
  return Math.fround((byte - offset[col]) / scale[col]);
}

/** The number at a position of the data. */
export function numberAt(bytes: CheckedBytes, position: number): number {
  return scaledByte(bytes, position % bytes.cols, bytes.data[position]);
}

/**
 * Rows as numbers, which take four times the memory; by default all of them.
 * @throws CtreError as `checkByteMatrix`.
 */
export function toNumbers(matrix: ByteMatrix, begin = 0, end = matrix.rows): DenseMatrix {
  const bytes = checkByteMatrix('x', matrix);
  const { cols } = bytes;
  const data = newArray((end - begin) * cols, Float32Array, `${end - begin} rows of numbers`);
  for (let p = 0; p < data.length; p++) data[p] = numberAt(bytes, begin * cols + p);
  return { rows: end - begin, cols, data };
}
