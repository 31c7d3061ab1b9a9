import { checkLength, copyNumbers, newArray, viewOf } from './arrays.ts';
import { checkInteger, readField } from './checks.ts';
import { CtreError, show } from './errors.ts';

/** A dense matrix, row-major: element (r, c) is `data[r * cols + c]`. */
export interface DenseMatrix {
  readonly rows: number;
  readonly cols: number;
  readonly data: Float32Array;
}

/** The three arrays of a CSR matrix and its shape, as SciPy names them. */
export interface CsrParts {
  readonly rows: number;
  readonly cols: number;
  /** rows + 1 offsets: row r owns the entries indptr[r] … indptr[r + 1] − 1. */
  readonly indptr: ArrayLike<number>;
  /** The column of every entry, ascending and unique within a row. */
  readonly indices: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** Sizes and indices are 32-bit signed in every kernel and on disk (as in SciPy). */
export const MAX_INDEX = 0x7fffffff;

/**
 * A sparse matrix in compressed sparse row form, always canonical: within a row the column indices ascend and
 * none comes twice. Entries of value 0 are kept: they are connections.
 *
 * ```ts
 * const w = CsrMatrix.fromParts({ rows: 2, cols: 3, indptr: [0, 1, 3], indices: [2, 0, 1], values: [1, 2, 3] });
 * ```
 */
export class CsrMatrix {
  readonly rows: number;
  readonly cols: number;
  /** rows + 1 offsets into `indices` and `values`. */
  readonly indptr: Int32Array;
  /** Column of every entry. */
  readonly indices: Int32Array;
  /** Value of every entry. */
  readonly values: Float32Array;

  private constructor(
    rows: number,
    cols: number,
    indptr: Int32Array,
    indices: Int32Array,
    values: Float32Array,
  ) {
    this.rows = rows;
    this.cols = cols;
    this.indptr = indptr;
    this.indices = indices;
    this.values = values;
  }

  /**
   * A matrix from its three arrays, which are checked and copied.
   * @throws CtreError `E_ARGUMENT` for a size that is none, `E_SHAPE` for lengths that do not fit each other,
   *   `E_CSR` for offsets that fall or indices that are unsorted, duplicate or out of range.
   */
  static fromParts(parts: CsrParts): CsrMatrix {
    const { rows, cols, indptr, indices, values } = checkParts('parts', parts);
    return new CsrMatrix(rows, cols, indptr, indices, values);
  }

  /**
   * The entries of a dense matrix that are not zero.
   * @throws CtreError `E_ARGUMENT` for what is no such matrix, `E_SHAPE` when `data` does not hold rows × cols numbers.
   */
  static fromDense(matrix: DenseMatrix): CsrMatrix {
    const { rows, cols, data } = checkDense('the matrix', matrix);
    const elements = data.slice();
    let nnz = 0;
    for (let p = 0; p < elements.length; p++) if (elements[p] !== 0) nnz++;
    const indptr = newArray(rows + 1, Int32Array, 'indptr');
    const indices = new Int32Array(nnz);
    const values = new Float32Array(nnz);
    let p = 0;
    for (let r = 0; nnz > 0 && r < rows; r++) {
      for (let c = 0; c < cols; c++) {
        const value = elements[r * cols + c];
        if (value === 0) continue;
        indices[p] = c;
        values[p++] = value;
      }
      indptr[r + 1] = p;
    }
    return new CsrMatrix(rows, cols, indptr, indices, values);
  }

  /**
   * A matrix from coordinates in any order.
   * @throws CtreError `E_ARGUMENT` for lists that are none, `E_SHAPE` for lists of unequal length, `E_CSR` for a coordinate
   *   out of range or given twice.
   */
  static fromCoo(coo: {
    readonly rows: number;
    readonly cols: number;
    readonly row: ArrayLike<number>;
    readonly col: ArrayLike<number>;
    readonly values: ArrayLike<number>;
  }): CsrMatrix {
    const rows = checkSize('rows', readField('coo', coo, 'rows'));
    const cols = checkSize('cols', readField('coo', coo, 'cols'));
    const values = copyNumbers('values', coo.values);
    const nnz = values.length;
    const row = copyNumbers('row', coo.row, nnz);
    const col = copyNumbers('col', coo.col, nnz);
    for (let p = 0; p < nnz; p++) {
      checkIndex('row', row[p], rows, p);
      checkIndex('col', col[p], cols, p);
    }
    const order = Int32Array.from({ length: nnz }, (_, p) => p);
    order.sort((p, q) => row[p] - row[q] || col[p] - col[q]);
    const indptr = newArray(rows + 1, Int32Array, 'indptr');
    for (let p = 0; p < nnz; p++) indptr[row[p] + 1]++;
    for (let r = 0; nnz > 0 && r < rows; r++) indptr[r + 1] += indptr[r];
    return CsrMatrix.fromParts({
      rows,
      cols,
      indptr,
      indices: Int32Array.from(order, (p) => col[p]),
      values: Float32Array.from(order, (p) => values[p]),
    });
  }

  /** The number of stored entries. */
  get nnz(): number {
    return this.values.length;
  }

  /** Stored entries as a fraction of rows × cols; 0 for an empty matrix. */
  get density(): number {
    return this.rows * this.cols === 0 ? 0 : this.nnz / (this.rows * this.cols);
  }

  /**
   * The matrix written out in full.
   * @throws CtreError `E_MEMORY` when rows × cols exceeds what one typed array holds, `E_CSR` for a matrix that was changed
   *   and is no longer canonical.
   */
  toDense(): DenseMatrix {
    const { rows, cols, indptr, indices, values } = checkParts('the matrix', this);
    const data = newArray(rows * cols, Float32Array, `a dense matrix of ${rows} × ${cols}`);
    for (let r = 0; indices.length > 0 && r < rows; r++) {
      for (let p = indptr[r]; p < indptr[r + 1]; p++) data[r * cols + indices[p]] = values[p];
    }
    return { rows, cols, data };
  }

  /**
   * The transpose, canonical again, by counting: O(nnz + rows + cols).
   * @throws CtreError `E_CSR` for a matrix that was changed and is no longer canonical.
   */
  transpose(): CsrMatrix {
    const { rows, cols, indptr, indices, values } = checkParts('the matrix', this);
    const transposed = transposePattern({ rows, cols, indptr, indices });
    return new CsrMatrix(
      cols,
      rows,
      transposed.indptr,
      transposed.indices,
      Float32Array.from(transposed.source, (p) => values[p]),
    );
  }
}

/** A CSR structure without its values. */
export interface CsrPattern {
  readonly rows: number;
  readonly cols: number;
  readonly indptr: Int32Array;
  readonly indices: Int32Array;
}

/** The pattern of a matrix that has every entry. */
export function fullPattern(rows: number, cols: number): CsrPattern {
  const indices = newArray(rows * cols, Int32Array, `a pattern of all ${rows} × ${cols} connections`);
  for (let p = 0; p < indices.length; p++) indices[p] = p % cols;
  return { rows, cols, indptr: Int32Array.from({ length: rows + 1 }, (_, r) => r * cols), indices };
}

/**
 * The pattern's transpose: offsets by column, the row of every entry (ascending within a column) and `source`,
 * the position each entry had before. O(nnz + rows + cols).
 */
export function transposePattern(pattern: CsrPattern): {
  indptr: Int32Array;
  indices: Int32Array;
  source: Int32Array;
} {
  const { rows, cols, indptr, indices } = pattern;
  const offsets = newArray(cols + 1, Int32Array, 'the offsets of a transpose');
  for (let p = 0; p < indices.length; p++) offsets[indices[p] + 1]++;
  for (let c = 0; c < cols; c++) offsets[c + 1] += offsets[c];
  const next = offsets.slice(0, cols);
  const rowOf = new Int32Array(indices.length);
  const source = new Int32Array(indices.length);
  for (let r = 0; r < rows; r++) {
    for (let p = indptr[r]; p < indptr[r + 1]; p++) {
      const q = next[indices[p]]++;
      rowOf[q] = r;
      source[q] = p;
    }
  }
  return { indptr: offsets, indices: rowOf, source };
}

/** Throws unless the offsets run from 0 to the number of entries. */
function checkEnds(indptr: ArrayLike<number>, entries: number): void {
  if (indptr[0] !== 0 || indptr[indptr.length - 1] !== entries) {
    throw new CtreError(
      'E_CSR',
      `indptr runs from ${indptr[0]} to ${indptr[indptr.length - 1]}; it has to run from 0 to ${entries}`,
    );
  }
}

/** Throws unless the parts, of fitting lengths, are a canonical CSR matrix. O(nnz + rows). */
export function checkCsr({ rows, cols, indptr, indices }: Omit<CsrParts, 'values'>): void {
  checkEnds(indptr, indices.length);
  for (let r = 0; r < rows; r++) {
    const begin = indptr[r];
    const end = indptr[r + 1];
    if (!(Number.isInteger(end) && end >= begin && end <= indices.length)) {
      throw new CtreError('E_CSR', `indptr[${r + 1}] is ${end}; offsets are integers that never fall`);
    }
    let last = -1;
    for (let p = begin; p < end; p++) {
      const index = indices[p];
      checkIndex('indices', index, cols, p);
      if (index <= last) {
        const what = index === last ? 'comes twice' : `comes after ${last}`;
        throw new CtreError(
          'E_CSR',
          `row ${r}: column ${index} ${what}; indices ascend and are unique in a row`,
        );
      }
      last = index;
    }
  }
}

/**
 * A copy of a pattern that is canonical: copied first, then checked, so that nobody changes it between.
 * @throws CtreError `E_ARGUMENT` for what is none, `E_SHAPE` for lengths that do not fit each other, `E_CSR` for offsets that fall or
 *   indices that are unsorted, duplicate or out of range.
 */
export function checkPattern(name: string, value: unknown): CsrPattern {
  const rows = checkSize(`${name}.rows`, readField(name, value, 'rows'));
  const cols = checkSize(`${name}.cols`, readField(name, value, 'cols'));
  const indptr = copyNumbers(`${name}.indptr`, readField(name, value, 'indptr'), rows + 1);
  const given = readField(name, value, 'indices');
  const length = viewOf(given, Int32Array)?.length ?? checkLength(`${name}.indices`, given);
  checkEnds(indptr, length);
  const indices = copyNumbers(`${name}.indices`, given, length);
  checkCsr({ rows, cols, indptr, indices });
  return { rows, cols, indptr: toInt32(indptr), indices: toInt32(indices) };
}

function checkParts(name: string, value: unknown): CsrPattern & { readonly values: Float32Array } {
  const pattern = checkPattern(name, value);
  const values = copyNumbers(`${name}.values`, readField(name, value, 'values'), pattern.indices.length);
  return { ...pattern, values: values instanceof Float32Array ? values : Float32Array.from(values) };
}

function toInt32(numbers: ReturnType<typeof copyNumbers>): Int32Array {
  return numbers instanceof Int32Array ? numbers : Int32Array.from(numbers);
}

/**
 * A copy of the value, if it is a CsrMatrix; its arrays are open to everyone, so they are checked again.
 * @throws CtreError `E_ARGUMENT` for anything else, `E_SHAPE` or `E_CSR` for one that is no longer canonical.
 */
export function checkSparse(name: string, value: unknown): CsrMatrix {
  if (!(value instanceof CsrMatrix)) {
    throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected a CsrMatrix`);
  }
  const { rows, cols, ...arrays } = value;
  const indptr = viewOf(arrays.indptr, Int32Array);
  const indices = viewOf(arrays.indices, Int32Array);
  const values = viewOf(arrays.values, Float32Array);
  if (indptr === undefined || indices === undefined || values === undefined) {
    const came = [arrays.indptr, arrays.indices, arrays.values].map(show).join(', ');
    throw new CtreError(
      'E_ARGUMENT',
      `${name} holds ${came}; expected indptr and indices as Int32Array and values as Float32Array`,
    );
  }
  return CsrMatrix.fromParts({ rows, cols, indptr, indices, values });
}

/**
 * The value, if it is `{ rows, cols, data }` with as many numbers as that takes; a view of the caller's data, not a copy.
 * @throws CtreError `E_ARGUMENT` for anything else, `E_SHAPE` for another number of elements.
 */
export function checkDense(name: string, value: unknown): DenseMatrix {
  const isMatrix =
    typeof value === 'object' && value !== null && 'rows' in value && 'cols' in value && 'data' in value;
  if (!isMatrix) {
    throw new CtreError(
      'E_ARGUMENT',
      `${name} is ${show(value)}; expected { rows, cols, data } or a CsrMatrix`,
    );
  }
  const rows = checkSize(`${name}.rows`, value.rows);
  const cols = checkSize(`${name}.cols`, value.cols);
  const given = value.data;
  const data = viewOf(given, Float32Array);
  if (data === undefined) {
    throw new CtreError('E_ARGUMENT', `${name}.data is ${show(given)}; expected a Float32Array`);
  }
  if (data.length !== rows * cols) {
    throw new CtreError(
      'E_SHAPE',
      `${name}.data has ${data.length} elements; ${rows} × ${cols} need ${rows * cols}`,
    );
  }
  return { rows, cols, data };
}

/** The value as either kind of matrix; throws as `checkSparse` and `checkDense` do. */
export function checkMatrix(name: string, value: unknown): CsrMatrix | DenseMatrix {
  return value instanceof CsrMatrix ? checkSparse(name, value) : checkDense(name, value);
}

function checkSize(name: string, size: unknown): number {
  return checkInteger(name, size, { least: 0, most: MAX_INDEX });
}

function checkIndex(name: string, index: number, limit: number, position: number): void {
  if (!(Number.isInteger(index) && index >= 0 && index < limit)) {
    throw new CtreError(
      'E_CSR',
      `${name}[${position}] is ${index}; expected an integer from 0 to ${limit - 1}`,
    );
  }
}
