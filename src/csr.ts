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
    checkCsr(parts);
    return new CsrMatrix(
      parts.rows,
      parts.cols,
      Int32Array.from(parts.indptr),
      Int32Array.from(parts.indices),
      Float32Array.from(parts.values),
    );
  }

  /**
   * The entries of a dense matrix that are not zero.
   * @throws CtreError `E_SHAPE` when `data` does not hold rows × cols numbers.
   */
  static fromDense({ rows, cols, data }: DenseMatrix): CsrMatrix {
    checkSize('rows', rows);
    checkSize('cols', cols);
    if (data.length !== rows * cols) {
      throw new CtreError(
        'E_SHAPE',
        `data has ${data.length} elements; ${rows} × ${cols} need ${rows * cols}`,
      );
    }
    let nnz = 0;
    for (let p = 0; p < data.length; p++) if (data[p] !== 0) nnz++;
    const indptr = new Int32Array(rows + 1);
    const indices = new Int32Array(nnz);
    const values = new Float32Array(nnz);
    let p = 0;
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) {
        const value = data[r * cols + c];
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
   * @throws CtreError `E_SHAPE` for lists of unequal length, `E_CSR` for a coordinate out of range or given twice.
   */
  static fromCoo(coo: {
    readonly rows: number;
    readonly cols: number;
    readonly row: ArrayLike<number>;
    readonly col: ArrayLike<number>;
    readonly values: ArrayLike<number>;
  }): CsrMatrix {
    const { rows, cols, row, col, values } = coo;
    checkSize('rows', rows);
    checkSize('cols', cols);
    const nnz = values.length;
    if (row.length !== nnz || col.length !== nnz) {
      throw new CtreError(
        'E_SHAPE',
        `row, col and values have ${row.length}, ${col.length} and ${nnz} elements`,
      );
    }
    for (let p = 0; p < nnz; p++) {
      checkIndex('row', row[p], rows, p);
      checkIndex('col', col[p], cols, p);
    }
    const order = Int32Array.from({ length: nnz }, (_, p) => p);
    order.sort((p, q) => row[p] - row[q] || col[p] - col[q]);
    const indptr = new Int32Array(rows + 1);
    for (let p = 0; p < nnz; p++) indptr[row[p] + 1]++;
    for (let r = 0; r < rows; r++) indptr[r + 1] += indptr[r];
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
   * @throws CtreError `E_MEMORY` when rows × cols exceeds what one typed array holds.
   */
  toDense(): DenseMatrix {
    if (this.rows * this.cols > MAX_INDEX) {
      throw new CtreError(
        'E_MEMORY',
        `${this.rows} × ${this.cols} elements are too many for one dense matrix`,
      );
    }
    const data = new Float32Array(this.rows * this.cols);
    for (let r = 0; r < this.rows; r++) {
      for (let p = this.indptr[r]; p < this.indptr[r + 1]; p++) {
        data[r * this.cols + this.indices[p]] = this.values[p];
      }
    }
    return { rows: this.rows, cols: this.cols, data };
  }

  /** The transpose, canonical again, by counting: O(nnz + rows + cols). */
  transpose(): CsrMatrix {
    const { indptr, source, indices } = transposePattern(this);
    return new CsrMatrix(
      this.cols,
      this.rows,
      indptr,
      indices,
      Float32Array.from(source, (p) => this.values[p]),
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
  const indices = new Int32Array(rows * cols);
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
  const offsets = new Int32Array(cols + 1);
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

/** Throws unless the parts are a canonical CSR matrix. O(nnz + rows). */
export function checkCsr(parts: CsrParts): void {
  const { rows, cols, indptr, indices, values } = parts;
  checkSize('rows', rows);
  checkSize('cols', cols);
  if (indptr.length !== rows + 1) {
    throw new CtreError('E_SHAPE', `indptr has ${indptr.length} offsets; ${rows} rows need ${rows + 1}`);
  }
  if (indices.length !== values.length) {
    throw new CtreError('E_SHAPE', `indices has ${indices.length} elements and values ${values.length}`);
  }
  if (indptr[0] !== 0 || indptr[rows] !== indices.length) {
    throw new CtreError(
      'E_CSR',
      `indptr runs from ${indptr[0]} to ${indptr[rows]}; it has to run from 0 to ${indices.length}`,
    );
  }
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

function checkSize(name: string, size: unknown): void {
  if (!Number.isInteger(size) || Number(size) < 0 || Number(size) > MAX_INDEX) {
    throw new CtreError('E_ARGUMENT', `${name} is ${show(size)}; expected an integer from 0 to ${MAX_INDEX}`);
  }
}

function checkIndex(name: string, index: number, limit: number, position: number): void {
  if (!(Number.isInteger(index) && index >= 0 && index < limit)) {
    throw new CtreError(
      'E_CSR',
      `${name}[${position}] is ${index}; expected an integer from 0 to ${limit - 1}`,
    );
  }
}
