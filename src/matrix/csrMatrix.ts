import { checkLength, copyFloat32, newArray } from '../base/arrays.ts';
import { checkChoice, readField } from '../base/checks.ts';
import { type CsrParts, checkIndex, checkParts, checkSize } from './canonical.ts';
import { compressCoordinates } from './coordinates.ts';
import { checkDense, type DenseMatrix } from './denseMatrix.ts';
import { copyIndices, type IndexList, toInt32 } from './indexList.ts';
import { transposeEntries } from './pattern.ts';

/**
 * A sparse matrix in compressed sparse row form, always canonical: in a row the column indices ascend and
 * none comes twice. Entries of value 0 are kept, since they are connections.
 *
 * ```ts
 * const [indptr, indices, values] = [[0, 1, 3], [2, 0, 1], [1, 2, 3]];
 * const w = CsrMatrix.fromParts({ rows: 2, cols: 3, indptr, indices, values }); // [[0, 0, 1], [2, 3, 0]]
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
   *   `E_CSR` for offsets that fall or indices that are unsorted, duplicate or out of range, `E_NOT_FINITE`
   *   for a value beyond float32.
   */
  static fromParts(parts: CsrParts): CsrMatrix {
    const { rows, cols, indptr, indices, values } = checkParts('parts', parts);
    return new CsrMatrix(rows, cols, indptr, indices, values);
  }

  /**
   * The entries of a dense matrix that are not zero.
   * @throws CtreError `E_ARGUMENT` for what is no dense matrix, `E_SHAPE` unless `data` holds rows × cols
   *   numbers.
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
   * A matrix from coordinates in any order. O(entries · log(entries of a row) + rows).
   *
   * A position that comes twice is an error. With `duplicates: 'sum'` its values are added up, in the order
   * given, in float64, and the sum is rounded to float32 once.
   *
   * ```ts
   * const coo = { rows: 2, cols: 3, row: [1, 0, 1], col: [0, 2, 0], values: [1, 2, 3] };
   * CsrMatrix.fromCoo({ ...coo, duplicates: 'sum' }); // [[0, 0, 2], [4, 0, 0]]
   * ```
   * @throws CtreError `E_ARGUMENT` for what is no list, `E_SHAPE` for lists of unequal length, `E_CSR` for a
   *   coordinate out of range or given twice, `E_NOT_FINITE` for a value or sum beyond float32, `E_MEMORY`
   *   for more rows than one typed array holds.
   */
  static fromCoo(coo: {
    readonly rows: number;
    readonly cols: number;
    readonly row: IndexList;
    readonly col: IndexList;
    readonly values: ArrayLike<number>;
    /** What a position that comes twice means. Default: an error. */
    readonly duplicates?: 'error' | 'sum';
  }): CsrMatrix {
    const rows = checkSize('rows', readField('coo', coo, 'rows'));
    const cols = checkSize('cols', readField('coo', coo, 'cols'));
    const { values: given, row: rowOf, col: colOf, duplicates = 'error' } = coo;
    checkChoice('duplicates', duplicates, ['error', 'sum']);
    const nnz = checkLength('values', given);
    const values = copyFloat32('values', given, nnz);
    const row = checkIndices('row', copyIndices('row', rowOf, nnz), rows);
    const col = checkIndices('col', copyIndices('col', colOf, nnz), cols);
    const made = compressCoordinates({ rows, cols, row, col, values }, duplicates === 'sum');
    return new CsrMatrix(rows, cols, made.indptr, made.indices, made.values);
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
   * @throws CtreError `E_MEMORY` when rows × cols exceeds what one typed array holds, `E_CSR` for a matrix
   *   that somebody changed and that is no longer canonical.
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
   * The transpose, canonical again, by counting. O(nnz + rows + cols).
   * @throws CtreError `E_CSR` for a matrix that somebody changed and that is no longer canonical.
   */
  transpose(): CsrMatrix {
    const { rows, cols, indptr, indices, values } = transposeEntries(checkParts('the matrix', this));
    return new CsrMatrix(rows, cols, indptr, indices, values);
  }
}

/** Copied indices as 32-bit ones. @throws CtreError `E_CSR` for an index out of range. */
function checkIndices(name: string, indices: ReturnType<typeof copyIndices>, limit: number): Int32Array {
  for (let p = 0; p < indices.length; p++) checkIndex(name, indices[p], limit, p);
  return toInt32(indices);
}
