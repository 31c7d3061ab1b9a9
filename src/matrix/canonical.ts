import { checkLength, copyFloat32, viewOf } from '../base/arrays.ts';
import { checkInteger, readField } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import { copyIndices, type IndexList, toInt32 } from './indexList.ts';
import type { CsrPattern } from './pattern.ts';

// The invariant of all sparse matrices here: CSR is canonical. Offsets run from 0 to the number of entries
// and never fall. In a row, column indices ascend and none comes twice. Kernels rely on it without a check.

/** The three arrays of a CSR matrix and its shape, as SciPy names them. */
export interface CsrParts {
  readonly rows: number;
  readonly cols: number;
  /** rows + 1 offsets: row r owns the entries indptr[r] … indptr[r + 1] − 1. */
  readonly indptr: IndexList;
  /** The column of every entry, ascending and unique within a row. */
  readonly indices: IndexList;
  readonly values: ArrayLike<number>;
}

/** Sizes and indices are 32-bit signed in every kernel and on disk (as in SciPy). */
export const MAX_INDEX = 0x7fffffff;

/**
 * A copy of a canonical CSR matrix.
 * @throws CtreError as `checkPattern`, and `E_NOT_FINITE` for a value beyond float32.
 */
export function checkParts(name: string, value: unknown): CsrPattern & { readonly values: Float32Array } {
  const pattern = checkPattern(name, value);
  const values = copyFloat32(`${name}.values`, readField(name, value, 'values'), pattern.indices.length);
  return { ...pattern, values };
}

/**
 * A copy of a canonical pattern. The copy is what is checked, so nobody can change it in between.
 * @throws CtreError `E_ARGUMENT` for what is no pattern, `E_SHAPE` for lengths that do not fit each other,
 *   `E_CSR` for offsets that fall or indices that are unsorted, duplicate or out of range.
 */
export function checkPattern(name: string, value: unknown): CsrPattern {
  const rows = checkSize(`${name}.rows`, readField(name, value, 'rows'));
  const cols = checkSize(`${name}.cols`, readField(name, value, 'cols'));
  const indptr = copyIndices(`${name}.indptr`, readField(name, value, 'indptr'), rows + 1);
  const given = readField(name, value, 'indices');
  const length = viewOf(given, Int32Array)?.length ?? checkLength(`${name}.indices`, given);
  checkEnds(indptr, length);
  const indices = copyIndices(`${name}.indices`, given, length);
  checkCsr({ rows, cols, indptr, indices });
  return { rows, cols, indptr: toInt32(indptr), indices: toInt32(indices) };
}

/** A number of rows or columns. @throws CtreError `E_ARGUMENT` for what is none. */
export function checkSize(name: string, size: unknown): number {
  return checkInteger(name, size, { least: 0, most: MAX_INDEX });
}

/** Checks an index. @throws CtreError `E_CSR` for anything but an integer from 0 to below `limit`. */
export function checkIndex(name: string, index: number, limit: number, position: number): void {
  if (!(Number.isInteger(index) && index >= 0 && index < limit)) {
    throw new CtreError(
      'E_CSR',
      `${name}[${position}] is ${index}; expected an integer from 0 to ${limit - 1}`,
    );
  }
}

/** Throws unless offsets and indices, of fitting lengths, are canonical. O(nnz + rows). */
export function checkCsr({
  rows,
  cols,
  indptr,
  indices,
}: {
  readonly rows: number;
  readonly cols: number;
  readonly indptr: ArrayLike<number>;
  readonly indices: ArrayLike<number>;
}): void {
  checkEnds(indptr, indices.length);
  for (let r = 0; r < rows; r++) {
    const begin = indptr[r];
    const end = indptr[r + 1];
    if (!(Number.isInteger(end) && end >= begin && end <= indices.length)) {
      throw new CtreError(
        'E_CSR',
        `indptr[${r + 1}] is ${end}; expected an integer from ${begin} to ${indices.length}`,
      );
    }
    let last = -1;
    for (let p = begin; p < end; p++) {
      const index = indices[p];
      checkIndex('indices', index, cols, p);
      if (index <= last) {
        const what = index === last ? 'comes twice' : `comes after ${last}`;
        throw new CtreError('E_CSR', `row ${r}: column ${index} ${what}; expected ascending, unique columns`);
      }
      last = index;
    }
  }
}

/** Throws unless the offsets run from 0 to the number of entries. */
function checkEnds(indptr: ArrayLike<number>, entries: number): void {
  if (indptr[0] !== 0 || indptr[indptr.length - 1] !== entries) {
    throw new CtreError(
      'E_CSR',
      `indptr runs from ${indptr[0]} to ${indptr[indptr.length - 1]}; expected from 0 to ${entries}`,
    );
  }
}
