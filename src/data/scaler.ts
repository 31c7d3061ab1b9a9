import { CsrMatrix, type DenseMatrix } from '../csr.ts';
import { CtreError, show } from '../errors.ts';
import { checkRowIndices } from './split.ts';

export type ScalerKind = 'minmax' | 'standard' | 'none';

const KINDS: readonly string[] = ['minmax', 'standard', 'none'] satisfies ScalerKind[];

/** Column by column: scaled = (value − offset) / scale. Plain numbers, so it survives JSON. */
export interface Scaler {
  readonly kind: ScalerKind;
  /** One number a column; empty for `none`. */
  readonly offset: readonly number[];
  /** One positive number a column; empty for `none`. */
  readonly scale: readonly number[];
}

/**
 * A scaler from some rows (default: all), which should be the training rows only.
 * `minmax` maps every column to [0, 1]; `standard` to mean 0 and population deviation 1; a constant column becomes 0.
 * A sparse matrix counts its implicit zeros, and only `minmax` over columns whose minimum is 0 keeps it sparse.
 * @throws CtreError `E_ARGUMENT` for an unknown kind, no rows, rows out of range, or a sparse matrix that would
 *   become dense; `E_NOT_FINITE`.
 */
export function fitScaler(kind: ScalerKind, x: DenseMatrix | CsrMatrix, rows?: Int32Array): Scaler {
  if (!KINDS.includes(kind)) {
    throw new CtreError('E_ARGUMENT', `the scaler kind is ${show(kind)}; expected ${KINDS.join(', ')}`);
  }
  if (kind === 'none') return freeze({ kind, offset: [], scale: [] });
  const used = rows ?? Int32Array.from({ length: x.rows }, (_, row) => row);
  checkRowIndices(used, x.rows);
  if (used.length === 0)
    throw new CtreError('E_ARGUMENT', 'a scaler was to be fitted on no rows; expected at least one');
  if (x instanceof CsrMatrix) {
    if (kind === 'standard') throw densifies('standard scaling moves zeros');
    const { min, max } = sparseRange(x, used);
    const col = min.findIndex((value) => value !== 0);
    if (col >= 0)
      throw densifies(`the minimum of column ${col} is ${min[col]}, not 0, so minmax moves its zeros`);
    return minmaxScaler(min, max);
  }
  const { min, max } = denseRange(x, used);
  return kind === 'minmax' ? minmaxScaler(min, max) : standardScaler(x, used, min, max);
}

/**
 * The matrix scaled, as a new one of the same kind.
 * @throws CtreError `E_SHAPE` when the columns differ in number, `E_ARGUMENT` when a sparse matrix would become
 *   dense, `E_NOT_FINITE`.
 */
export function applyScaler<M extends DenseMatrix | CsrMatrix>(scaler: Scaler, x: M): M;
export function applyScaler(scaler: Scaler, x: DenseMatrix | CsrMatrix): DenseMatrix | CsrMatrix {
  const { kind, offset, scale } = scaler;
  if (kind !== 'none' && offset.length !== x.cols) {
    throw new CtreError(
      'E_SHAPE',
      `the data has ${x.cols} columns; the scaler was fitted on ${offset.length}`,
    );
  }
  if (!(x instanceof CsrMatrix)) {
    const data = x.data.slice();
    if (kind !== 'none') {
      for (let row = 0, p = 0; row < x.rows; row++) {
        for (let col = 0; col < x.cols; col++, p++) {
          data[p] = (data[p] - offset[col]) / scale[col];
          if (!Number.isFinite(data[p])) throw notFinite(row, col);
        }
      }
    }
    return { rows: x.rows, cols: x.cols, data };
  }
  const moved = offset.findIndex((value) => value !== 0);
  if (moved >= 0) throw densifies(`the scaler moves column ${moved} by ${-offset[moved]}`);
  const values = x.values.slice();
  if (kind !== 'none') {
    for (let row = 0; row < x.rows; row++) {
      for (let p = x.indptr[row]; p < x.indptr[row + 1]; p++) {
        values[p] /= scale[x.indices[p]];
        if (!Number.isFinite(values[p])) throw notFinite(row, x.indices[p]);
      }
    }
  }
  return CsrMatrix.fromParts({ rows: x.rows, cols: x.cols, indptr: x.indptr, indices: x.indices, values });
}

/** The scaler as JSON text. */
export function scalerToJson({ kind, offset, scale }: Scaler): string {
  return JSON.stringify({ kind, offset, scale });
}

/** @throws CtreError `E_FORMAT` for text that no scaler was written to. */
export function scalerFromJson(text: string): Scaler {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new CtreError('E_FORMAT', 'the scaler is no JSON text', { cause });
  }
  const field = (name: string): unknown =>
    typeof parsed === 'object' && parsed !== null
      ? Object.getOwnPropertyDescriptor(parsed, name)?.value
      : undefined;
  const kind = field('kind');
  const offset = numbers('offset', field('offset'));
  const scale = numbers('scale', field('scale'));
  if (!isKind(kind))
    throw new CtreError('E_FORMAT', `the scaler's kind is ${show(kind)}; expected ${KINDS.join(', ')}`);
  if (
    offset.length !== scale.length ||
    (kind === 'none' && offset.length > 0) ||
    scale.some((value) => value <= 0)
  ) {
    throw new CtreError(
      'E_FORMAT',
      `the scaler has ${offset.length} offsets and ${scale.length} scales; expected as many of each, scales above 0, none for "none"`,
    );
  }
  return freeze({ kind, offset, scale });
}

function isKind(value: unknown): value is ScalerKind {
  return typeof value === 'string' && KINDS.includes(value);
}

function numbers(name: string, value: unknown): number[] {
  if (!Array.isArray(value))
    throw new CtreError('E_FORMAT', `the scaler's ${name} is ${show(value)}; expected an array`);
  return value.map((item: unknown) => {
    if (typeof item !== 'number' || !Number.isFinite(item)) {
      throw new CtreError('E_FORMAT', `the scaler's ${name} holds ${show(item)}; expected finite numbers`);
    }
    return item;
  });
}

function freeze({ kind, offset, scale }: Scaler): Scaler {
  return Object.freeze({ kind, offset: Object.freeze(offset), scale: Object.freeze(scale) });
}

interface Range {
  readonly min: Float64Array;
  readonly max: Float64Array;
}

function denseRange({ cols, data }: DenseMatrix, rows: Int32Array): Range {
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

function sparseRange({ cols, indptr, indices, values }: CsrMatrix, rows: Int32Array): Range {
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

/** Two passes in double precision, rows in the given order: the mean, then the squares around it. */
function standardScaler(
  { cols, data }: DenseMatrix,
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
  // A constant column's mean can miss its value by a rounding error, which dividing by would blow up.
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
    `${reason}, which would make a sparse matrix dense; scale it with "none", or make it dense first`,
  );
}

function notFinite(row: number, col: number): CtreError {
  return new CtreError(
    'E_NOT_FINITE',
    `row ${row}, column ${col} is not finite, before or after scaling; drop or fill it`,
  );
}
