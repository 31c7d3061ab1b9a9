import { TILE } from '../engine/abi.ts';
import { loadF32, zerosF32 } from '../engine/copyIn.ts';
import type { Engine } from '../engine/engine.ts';
import type { F32Block, Region } from '../engine/region.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { transposePattern } from '../matrix/pattern.ts';
import { type LoadedPattern, loadPattern } from './operands.ts';

/** A matrix's rows as vectors of length 1 in the kernels' memory. A row that has no direction is 0. */
export interface UnitVectors extends Lengths {
  /** tile[c][v] = element c of vector begin + v. */
  packVectors(begin: number, count: number, tile: number): void;
  /** y[r][:] = Σ_c vector r's element c · x[c][:]. */
  multiply(x: number, y: number): void;
  /** Makes the function for tile[r][c] = element begin + c of vector r. */
  columnPacker(): (begin: number, count: number, tile: number) => void;
}

/**
 * Copies a checked matrix's rows into the kernels' memory and scales each to length 1. A sparse one stays
 * sparse.
 */
export function loadUnitVectors(
  engine: Engine,
  region: Region,
  matrix: CsrMatrix | DenseMatrix,
): UnitVectors {
  return matrix instanceof CsrMatrix
    ? sparseVectors(engine, region, matrix)
    : denseVectors(engine, region, matrix);
}

function denseVectors({ kernels }: Engine, region: Region, matrix: DenseMatrix): UnitVectors {
  const { rows, cols } = matrix;
  const data = loadF32(region, matrix.data, rows * cols);
  const lengths = normalise(region, rows, data, (r) => r * cols);
  const bias = zerosF32(region, rows).pointer;
  const list = loadRange(region, rows);
  return {
    ...lengths,
    packVectors: (begin, count, tile) => kernels.packDense(data.pointer, list + 4 * begin, count, cols, tile),
    multiply: (x, y) => kernels.gemm(data.pointer, bias, x, y, 0, rows, cols, 1),
    columnPacker: () => (begin, count, tile) =>
      kernels.packColumns(data.pointer, cols, begin, rows, count, tile),
  };
}

function sparseVectors({ kernels }: Engine, region: Region, matrix: CsrMatrix): UnitVectors {
  const { rows, cols } = matrix;
  const vectors = loadSparseVectors(region, matrix);
  const { indptr, indices } = vectors;
  const values = vectors.values.pointer;
  const bias = zerosF32(region, rows).pointer;
  const list = loadRange(region, rows);
  return {
    squares: vectors.squares,
    norms: vectors.norms,
    packVectors: (begin, count, tile) =>
      kernels.packCsr(indptr, indices, values, list + 4 * begin, count, cols, tile),
    multiply: (x, y) => kernels.spmm(indptr, indices, values, bias, x, y, 0, rows, 1, TILE),
    columnPacker() {
      const columns = loadColumns(region, matrix, vectors);
      const columnList = loadRange(region, cols);
      return (begin, count, tile) =>
        kernels.packCsr(
          columns.indptr,
          columns.indices,
          columns.values,
          columnList + 4 * begin,
          count,
          rows,
          tile,
        );
    },
  };
}

/** A sparse matrix's rows as vectors of length 1, in CSR. */
export interface SparseUnitVectors extends LoadedPattern, Lengths {
  readonly values: F32Block;
}

/**
 * Pointers to the squared lengths of rows, and to their square roots, f64 [rows]. Each is 0, or 1 but for the
 * rounding of the elements.
 */
interface Lengths {
  readonly squares: number;
  readonly norms: number;
}

/** Copies a checked matrix into the kernels' memory and scales its rows to length 1. */
export function loadSparseVectors(region: Region, matrix: CsrMatrix): SparseUnitVectors {
  const pattern = loadPattern(region, matrix);
  const values = loadF32(region, matrix.values, matrix.nnz);
  return { ...pattern, values, ...normalise(region, matrix.rows, values, (r) => matrix.indptr[r]) };
}

/** The same vectors column by column. */
export function loadColumns(
  region: Region,
  matrix: CsrMatrix,
  { values }: SparseUnitVectors,
): LoadedPattern & { readonly values: number } {
  const { rows, cols } = matrix;
  const { source, ...structure } = transposePattern(matrix);
  const pattern = loadPattern(region, { rows: cols, cols: rows, ...structure });
  const columns = region.f32(matrix.nnz);
  const [from, to] = [values.view, columns.view];
  for (let q = 0; q < source.length; q++) to[q] = from[source[q]];
  return { ...pattern, values: columns.pointer };
}

/**
 * Scales every row to length 1 before anything is multiplied, so that no inner product overflows float32 or
 * vanishes in it. Returns the lengths that the rounded rows have then. Row r begins at `offset(r)`.
 */
function normalise(
  region: Region,
  rows: number,
  elements: F32Block,
  offset: (row: number) => number,
): Lengths {
  const squares = region.f64(rows);
  const norms = region.f64(rows);
  const [values, sums, roots] = [elements.view, squares.view, norms.view];
  for (let r = 0; r < rows; r++) {
    const [begin, end] = [offset(r), offset(r + 1)];
    const length = Math.sqrt(sumOfSquares(values, begin, end));
    const hasDirection = length > 0 && length < Number.POSITIVE_INFINITY;
    for (let p = begin; p < end; p++) values[p] = hasDirection ? values[p] / length : 0;
    sums[r] = sumOfSquares(values, begin, end);
    roots[r] = Math.sqrt(sums[r]);
  }
  return { squares: squares.pointer, norms: norms.pointer };
}

/** In float64, where the squares of float32 numbers are exact. */
function sumOfSquares(values: Float32Array, begin: number, end: number): number {
  let sum = 0;
  for (let p = begin; p < end; p++) sum += values[p] * values[p];
  return sum;
}

function loadRange(region: Region, n: number): number {
  const range = region.i32(n);
  const { view } = range;
  for (let i = 0; i < n; i++) view[i] = i;
  return range.pointer;
}
