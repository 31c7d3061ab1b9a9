import { TILE } from '../engine/abi.ts';
import { loadF32, loadI32, zerosF32 } from '../engine/copyIn.ts';
import type { Engine } from '../engine/engine.ts';
import type { F32Block, Region } from '../engine/region.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { transposePattern } from '../matrix/pattern.ts';
import { loadPattern } from './operands.ts';

/** A matrix's rows as vectors of length 1 in the kernels' memory. A row that has no direction is 0. */
export interface UnitVectors {
  /** Pointer to the squared lengths, f64 [rows]. Each is 0, or 1 but for the rounding of the elements. */
  readonly squares: number;
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
  const squares = normalise(region, rows, data, (r) => r * cols);
  const bias = zerosF32(region, rows).pointer;
  const list = loadRange(region, rows);
  return {
    squares,
    packVectors: (begin, count, tile) => kernels.packDense(data.pointer, list + 4 * begin, count, cols, tile),
    multiply: (x, y) => kernels.gemm(data.pointer, bias, x, y, rows, cols, false),
    columnPacker: () => (begin, count, tile) =>
      kernels.packColumns(data.pointer, cols, begin, rows, count, tile),
  };
}

function sparseVectors({ kernels }: Engine, region: Region, matrix: CsrMatrix): UnitVectors {
  const { rows, cols } = matrix;
  const { indptr, indices } = loadPattern(region, matrix);
  const values = loadF32(region, matrix.values, matrix.nnz);
  const squares = normalise(region, rows, values, (r) => matrix.indptr[r]);
  const bias = zerosF32(region, rows).pointer;
  const list = loadRange(region, rows);
  return {
    squares,
    packVectors: (begin, count, tile) =>
      kernels.packCsr(indptr, indices, values.pointer, list + 4 * begin, count, cols, tile),
    multiply: (x, y) => kernels.spmm(indptr, indices, values.pointer, bias, x, y, rows, false, TILE),
    columnPacker() {
      const transposed = transposePattern(matrix);
      const structure = loadPattern(region, { rows: cols, cols: rows, ...transposed });
      const source = values.view;
      const columns = loadF32(
        region,
        Float32Array.from(transposed.source, (p) => source[p]),
        matrix.nnz,
      ).pointer;
      const columnList = loadRange(region, cols);
      return (begin, count, tile) =>
        kernels.packCsr(
          structure.indptr,
          structure.indices,
          columns,
          columnList + 4 * begin,
          count,
          rows,
          tile,
        );
    },
  };
}

/**
 * Scales every row to length 1 before anything is multiplied, so that no inner product overflows float32 or
 * vanishes in it. Returns the pointer to the squared lengths that the rounded rows have then. Row r begins at
 * `offset(r)`.
 */
function normalise(
  region: Region,
  rows: number,
  elements: F32Block,
  offset: (row: number) => number,
): number {
  const squares = region.f64(rows);
  const [values, sums] = [elements.view, squares.view];
  for (let r = 0; r < rows; r++) {
    const [begin, end] = [offset(r), offset(r + 1)];
    const length = Math.sqrt(sumOfSquares(values, begin, end));
    const hasDirection = length > 0 && length < Number.POSITIVE_INFINITY;
    for (let p = begin; p < end; p++) values[p] = hasDirection ? values[p] / length : 0;
    sums[r] = sumOfSquares(values, begin, end);
  }
  return squares.pointer;
}

/** In float64, where the squares of float32 numbers are exact. */
function sumOfSquares(values: Float32Array, begin: number, end: number): number {
  let sum = 0;
  for (let p = begin; p < end; p++) sum += values[p] * values[p];
  return sum;
}

function loadRange(region: Region, n: number): number {
  return loadI32(
    region,
    Int32Array.from({ length: n }, (_, i) => i),
  ).pointer;
}
