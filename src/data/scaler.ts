import { CtreError, show } from '../base/errors.ts';
import {
  type ByteMatrix,
  type CheckedBytes,
  checkByteMatrix,
  isByteMatrix,
  toNumbers,
} from '../matrix/byteMatrix.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { checkRowIndices, type RowIndices } from '../matrix/rowIndices.ts';
import {
  type ListMatrix,
  type RowArrays,
  type SampleMatrix,
  type Samples,
  toMatrix,
} from '../matrix/samples.ts';
import { allRows } from './rowLists.ts';

export type ScalerKind = 'minmax' | 'standard' | 'none';

const SCALER_KINDS: readonly string[] = ['minmax', 'standard', 'none'] satisfies ScalerKind[];

/** For each column: scaled = (value − offset) / scale. Plain numbers, so it survives JSON. */
export interface Scaler {
  readonly kind: ScalerKind;
  /** One number a column; empty for `none`. */
  readonly offset: readonly number[];
  /** One positive number a column; empty for `none`. */
  readonly scale: readonly number[];
}

/**
 * A scaler from some rows (default: all), which should be the training rows only. It takes what `fit`
 * takes: a dense matrix, a CsrMatrix, a matrix of bytes, or an array with an array for each row.
 *
 * `minmax` maps every column to [0, 1], `standard` to mean 0 and population deviation 1. A constant column
 * becomes 0. A sparse matrix counts its implicit zeros. Only `minmax` over columns whose minimum is 0 keeps
 * it sparse.
 *
 * ```ts
 * const scaler = fitScaler('minmax', [[1, 10], [3, 10]]); // offset [1, 10], scale [2, 1]
 * ```
 * @throws CtreError `E_ARGUMENT` for an unknown kind, no rows, rows out of range, or a sparse matrix that
 *   would become dense; `E_SHAPE` for rows of unequal length; `E_NOT_FINITE`.
 */
export function fitScaler(kind: ScalerKind, x: Samples, rows?: RowIndices): Scaler {
  if (!SCALER_KINDS.includes(kind)) {
    throw new CtreError(
      'E_ARGUMENT',
      `the scaler kind is ${show(kind)}; expected ${SCALER_KINDS.join(', ')}`,
    );
  }
  const given = toMatrix('x', x);
  if (kind === 'none') return freeze({ kind, offset: [], scale: [] });
  const matrix = isByteMatrix(given) && isScaled(given) ? toNumbers(given) : given;
  const used = rows === undefined ? allRows(matrix.rows) : checkRowIndices(rows, matrix.rows);
  if (used.length === 0)
    throw new CtreError('E_ARGUMENT', 'a scaler cannot be fitted on no rows; expected at least one');
  if (matrix instanceof CsrMatrix) {
    if (kind === 'standard') throw densifies('standard scaling moves zeros');
    const { min, max } = sparseRange(matrix, used);
    const col = min.findIndex((value) => value !== 0);
    if (col >= 0)
      throw densifies(`minmax moves the zeros of column ${col + 1}, whose minimum is ${min[col]}`);
    return minmaxScaler(min, max);
  }
  const { min, max } = denseRange(matrix, used);
  return kind === 'minmax' ? minmaxScaler(min, max) : standardScaler(matrix, used, min, max);
}

/**
 * The matrix scaled, as a new one of the same kind; a dense one of rows that are arrays. Bytes stay as they
 * are, in the same memory: the matrix has the scaler's offset and scale then. Bytes that have an offset or a
 * scale already become a dense matrix, which takes four times the memory.
 * @throws CtreError `E_SHAPE` when the columns differ in number, `E_ARGUMENT` when a sparse matrix would
 *   become dense, `E_NOT_FINITE`.
 */
export function applyScaler<M extends DenseMatrix | CsrMatrix>(scaler: Scaler, x: M): M;
export function applyScaler(scaler: Scaler, x: RowArrays | ListMatrix): DenseMatrix;
export function applyScaler(scaler: Scaler, x: ByteMatrix): ByteMatrix | DenseMatrix;
export function applyScaler(scaler: Scaler, x: Samples): SampleMatrix;
export function applyScaler(scaler: Scaler, x: Samples): SampleMatrix {
  const { kind, offset, scale } = checkScaler('E_ARGUMENT', scaler);
  const given = toMatrix('x', x);
  const { rows, cols } = given;
  if (kind !== 'none' && offset.length !== cols) {
    throw new CtreError(
      'E_SHAPE',
      `x has ${cols} columns; expected ${offset.length}, as the scaler was fitted on`,
    );
  }
  if (isByteMatrix(given) && (kind === 'none' || !isScaled(given))) {
    return checkByteMatrix('x', kind === 'none' ? given : { ...given, offset, scale });
  }
  const matrix = isByteMatrix(given) ? toNumbers(given) : given;
  if (!(matrix instanceof CsrMatrix)) {
    const data = matrix.data.slice();
    if (kind !== 'none') {
      for (let row = 0, p = 0; p < data.length; row++) {
        for (let col = 0; col < cols; col++, p++) {
          data[p] = (data[p] - offset[col]) / scale[col];
          if (!Number.isFinite(data[p])) throw notFinite(row, col);
        }
      }
    }
    return { rows, cols, data };
  }
  const moved = offset.findIndex((value) => value !== 0);
  if (moved >= 0) throw densifies(`the scaler moves column ${moved + 1} by ${-offset[moved]}`);
  const { indptr, indices, values } = matrix;
  if (kind !== 'none') {
    for (let row = 0; row < rows; row++) {
      for (let p = indptr[row]; p < indptr[row + 1]; p++) {
        values[p] /= scale[indices[p]];
        if (!Number.isFinite(values[p])) throw notFinite(row, indices[p]);
      }
    }
  }
  return matrix;
}

/** The scaler as JSON text. @throws CtreError `E_ARGUMENT` for what is no scaler. */
export function scalerToJson(scaler: Scaler): string {
  const { kind, offset, scale } = checkScaler('E_ARGUMENT', scaler);
  return JSON.stringify({ kind, offset, scale });
}

/** The scaler that `scalerToJson` wrote. @throws CtreError `E_FORMAT` for other text. */
export function scalerFromJson(text: string): Scaler {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new CtreError('E_FORMAT', 'the scaler is no JSON text; expected what scalerToJson gives', {
      cause,
    });
  }
  return checkScaler('E_FORMAT', parsed);
}

/** A copy of the value, if it is a scaler. */
function checkScaler(code: 'E_ARGUMENT' | 'E_FORMAT', value: unknown): Scaler {
  const field = (name: string): unknown =>
    typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
  const kind = field('kind');
  const offset = numbers(code, 'offset', field('offset'));
  const scale = numbers(code, 'scale', field('scale'));
  if (!isKind(kind))
    throw new CtreError(code, `the scaler's kind is ${show(kind)}; expected ${SCALER_KINDS.join(', ')}`);
  if (
    offset.length !== scale.length ||
    (kind === 'none' && offset.length > 0) ||
    scale.some((number) => number <= 0)
  ) {
    throw new CtreError(
      code,
      `the scaler has ${offset.length} offsets and ${scale.length} scales; ` +
        'expected as many of each, scales above 0, and none for "none"',
    );
  }
  return freeze({ kind, offset, scale });
}

function isKind(value: unknown): value is ScalerKind {
  return typeof value === 'string' && SCALER_KINDS.includes(value);
}

function numbers(code: 'E_ARGUMENT' | 'E_FORMAT', name: string, value: unknown): number[] {
  if (!Array.isArray(value))
    throw new CtreError(code, `the scaler's ${name} is ${show(value)}; expected an array`);
  const list: number[] = [];
  const { length } = value;
  for (let at = 0; at < length; at++) {
    const item: unknown = value[at];
    if (typeof item !== 'number' || !Number.isFinite(item)) {
      throw new CtreError(code, `the scaler's ${name} holds ${show(item)}; expected finite numbers`);
    }
    list.push(item);
  }
  return list;
}

function freeze({ kind, offset, scale }: Scaler): Scaler {
  return Object.freeze({ kind, offset: Object.freeze(offset), scale: Object.freeze(scale) });
}

/** Whether the bytes are not the numbers themselves. */
function isScaled({ offset, scale }: CheckedBytes): boolean {
  return offset.some((value) => value !== 0) || scale.some((value) => value !== 1);
}

interface ColumnRange {
  readonly min: Float64Array;
  readonly max: Float64Array;
}

function denseRange({ cols, data }: DenseMatrix | CheckedBytes, rows: Int32Array): ColumnRange {
  const min = new Float64Array(cols).fill(Infinity);
  const max = new Float64Array(cols).fill(-Infinity);
  for (const row of rows) {
    for (let col = 0; col < cols; col++) {
      const value = data[row * cols + col];
      if (!Number.isFinite(value)) throw notFinite(row, col);
      if (value < min[col]) min[col] = value;
      if (value > max[col]) max[col] = value;
    }
  }
  return { min, max };
}

function sparseRange({ cols, indptr, indices, values }: CsrMatrix, rows: Int32Array): ColumnRange {
  const min = new Float64Array(cols).fill(Infinity);
  const max = new Float64Array(cols).fill(-Infinity);
  const stored = new Int32Array(cols);
  for (const row of rows) {
    for (let p = indptr[row]; p < indptr[row + 1]; p++) {
      const col = indices[p];
      if (!Number.isFinite(values[p])) throw notFinite(row, col);
      if (values[p] < min[col]) min[col] = values[p];
      if (values[p] > max[col]) max[col] = values[p];
      stored[col]++;
    }
  }
  for (let col = 0; col < cols; col++) {
    if (stored[col] === rows.length) continue;
    min[col] = Math.min(min[col], 0);
    max[col] = Math.max(max[col], 0);
  }
  return { min, max };
}

function minmaxScaler(min: Float64Array, max: Float64Array): Scaler {
  const scale = Array.from(min, (low, col) => (max[col] > low ? max[col] - low : 1));
  return freeze({ kind: 'minmax', offset: Array.from(min), scale });
}

/** Two passes in double precision, over rows in the given order: the mean, then the squares around it. */
function standardScaler(
  { cols, data }: DenseMatrix | CheckedBytes,
  rows: Int32Array,
  min: Float64Array,
  max: Float64Array,
): Scaler {
  const mean = new Float64Array(cols);
  for (const row of rows) for (let col = 0; col < cols; col++) mean[col] += data[row * cols + col];
  for (let col = 0; col < cols; col++) mean[col] /= rows.length;
  const squares = new Float64Array(cols);
  for (const row of rows) {
    for (let col = 0; col < cols; col++) {
      const difference = data[row * cols + col] - mean[col];
      squares[col] += difference * difference;
    }
  }
  // The mean of a constant column can differ from its value by a rounding error. Division would blow that up.
  const isConstant = (col: number): boolean => min[col] === max[col];
  return freeze({
    kind: 'standard',
    offset: Array.from(mean, (value, col) => (isConstant(col) ? min[col] : value)),
    scale: Array.from(squares, (sum, col) => (isConstant(col) ? 1 : Math.sqrt(sum / rows.length))),
  });
}

function densifies(reason: string): CtreError {
  return new CtreError(
    'E_ARGUMENT',
    `${reason}, so a sparse matrix would become dense; scale it with "none", or make it dense first`,
  );
}

function notFinite(row: number, col: number): CtreError {
  return new CtreError(
    'E_NOT_FINITE',
    `row ${row + 1}, column ${col + 1} is not finite, before or after scaling; drop it or fill it`,
  );
}
