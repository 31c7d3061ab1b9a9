import { newArray } from '../base/arrays.ts';
import { type ByteMatrix, checkByteMatrix, isByteMatrix } from './byteMatrix.ts';
import type { DenseMatrix } from './denseMatrix.ts';
import type { RowArrays } from './rowArrays.ts';
import { checkIndexList, checkRowIndices, type RowIndices } from './rowIndices.ts';
import { type ListMatrix, roundList, type SampleMatrix, type Samples } from './samples.ts';
import { copyRows, takeMatrixRows } from './takeMatrixRows.ts';

/** As `takeMatrixRows`, also of samples that are bytes: those stay bytes. */
export function takeRows<M extends SampleMatrix>(x: M, rows: RowIndices): M;
export function takeRows(x: RowArrays | ListMatrix, rows: RowIndices): DenseMatrix;
export function takeRows(x: Samples, rows: RowIndices): SampleMatrix;
export function takeRows(x: Samples, rows: RowIndices): SampleMatrix {
  if (!isBytes(x)) return takeMatrixRows(roundList('x', x) as Exclude<typeof x, ListMatrix>, rows);
  // First, since whoever is asked for them may take the samples' buffer away.
  const wanted = checkIndexList(rows);
  const matrix = checkByteMatrix('x', x);
  const { cols } = matrix;
  const taken = checkRowIndices(wanted, matrix.rows);
  const data = newArray(taken.length * cols, Uint8Array, `${taken.length} rows`);
  copyRows(matrix.data, taken, cols, data);
  return { ...matrix, rows: taken.length, data };
}

function isBytes(x: unknown): x is ByteMatrix {
  return typeof x === 'object' && x !== null && !Array.isArray(x) && isByteMatrix(x);
}
