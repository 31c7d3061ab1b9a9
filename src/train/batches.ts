import { copyNumbers, newArray } from '../arrays.ts';
import { CsrMatrix, checkMatrix, type DenseMatrix } from '../csr.ts';
import { CtreError, show } from '../errors.ts';
import { loadF32 } from '../kernels/operands.ts';
import type { I32Block, Region } from '../memory/arena.ts';
import { type Kernels, TILE } from '../memory/module.ts';
import type { TileRows } from '../nn/mlp.ts';

/** Samples as people hand them over: rows of features, dense, sparse or as arrays of arrays. */
export type Samples = DenseMatrix | CsrMatrix | readonly (readonly number[])[];

/** Class labels, integers from 0. */
export type Labels = Int32Array | readonly number[];

/**
 * The samples as a matrix, every value a finite number and every row `cols` wide.
 * @throws CtreError `E_ARGUMENT`, `E_SHAPE`, `E_NOT_FINITE`, naming what is wrong and where.
 */
export function checkSamples(x: unknown, cols: number): DenseMatrix | CsrMatrix {
  const matrix = toMatrix(x, cols);
  if (matrix.cols !== cols) {
    throw new CtreError('E_SHAPE', `x has ${matrix.cols} columns; the network has ${cols} inputs`);
  }
  const values = matrix instanceof CsrMatrix ? matrix.values : matrix.data;
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const row =
      matrix instanceof CsrMatrix
        ? matrix.indptr.findLastIndex((offset) => offset <= bad)
        : Math.floor(bad / cols);
    throw new CtreError('E_NOT_FINITE', `x holds ${values[bad]} in row ${row}; expected finite numbers`);
  }
  return matrix;
}

function toMatrix(x: unknown, cols: number): DenseMatrix | CsrMatrix {
  return Array.isArray(x) ? fromArrays(x, cols) : checkMatrix('x', x);
}

function fromArrays(x: readonly unknown[], cols: number): DenseMatrix {
  const rows = x.length;
  const data = newArray(rows * cols, Float32Array, `x, ${rows} × ${cols}`);
  for (let r = 0; r < rows; r++) {
    const row = x[r];
    if (!Array.isArray(row) && !ArrayBuffer.isView(row)) {
      throw new CtreError('E_ARGUMENT', `x[${r}] is ${show(row)}; expected an array of numbers`);
    }
    data.set(copyNumbers(`x[${r}]`, row, cols), r * cols);
  }
  return { rows, cols, data };
}

/**
 * The labels of `rows` samples as integers below `classes`.
 * @throws CtreError `E_SHAPE` for another number of labels, `E_LABEL` for one that is no class.
 */
export function checkLabels(y: unknown, rows: number, classes: number): Int32Array {
  if (!Array.isArray(y) && !(ArrayBuffer.isView(y) && 'length' in y)) {
    throw new CtreError('E_ARGUMENT', `y is ${show(y)}; expected an Int32Array or an array of integers`);
  }
  const labels = y as ArrayLike<unknown>;
  const { length } = labels;
  if (length !== rows) throw new CtreError('E_SHAPE', `y has ${length} labels for ${rows} rows of x`);
  const checked = new Int32Array(rows);
  for (let r = 0; r < rows; r++) {
    const label = labels[r];
    if (!Number.isInteger(label) || Number(label) < 0 || Number(label) >= classes) {
      throw new CtreError(
        'E_LABEL',
        `y[${r}] is ${show(label)}; expected an integer from 0 to ${classes - 1}, the network's classes`,
      );
    }
    checked[r] = Number(label);
  }
  return checked;
}

/** Samples in the kernels' memory, ready to be packed into tiles; sparse ones stay sparse until then. */
export interface PackedSamples {
  readonly rows: number;
  /** Packs the samples listed at `list` (row numbers, i32 [count]) into the tile [cols][32]. */
  pack(kernels: Kernels, list: number, count: number, tile: number): void;
}

/** Copies checked samples into the kernels' memory. */
export function loadSamples(region: Region, x: DenseMatrix | CsrMatrix): PackedSamples {
  const { rows, cols } = x;
  if (x instanceof CsrMatrix) {
    const indptr = region.i32(rows + 1);
    const indices = region.i32(x.nnz);
    const values = region.f32(x.nnz);
    indptr.view.set(x.indptr);
    indices.view.set(x.indices);
    values.view.set(x.values);
    return {
      rows,
      pack(kernels, list, count, tile) {
        kernels.packCsr(indptr.pointer, indices.pointer, values.pointer, list, count, cols, tile);
      },
    };
  }
  const data = loadF32(region, x.data, rows * cols);
  return {
    rows,
    pack(kernels, list, count, tile) {
      kernels.packDense(data.pointer, list, count, cols, tile);
    },
  };
}

/** A list of rows of labelled samples that is gone through tile by tile: the training rows, the validation rows, … */
export class RowList {
  readonly samples: PackedSamples;
  readonly labels: I32Block;
  /** Row numbers, in the order they are gone through. */
  readonly order: I32Block;

  constructor(region: Region, samples: PackedSamples, labels: I32Block, rows: Int32Array) {
    this.samples = samples;
    this.labels = labels;
    this.order = region.i32(rows.length);
    this.order.view.set(rows);
  }

  get length(): number {
    return this.order.length;
  }

  /** Packs up to 32 rows from position `begin` on, below `end`, into the tile, and names them. */
  pack(kernels: Kernels, begin: number, end: number, tile: number): TileRows {
    const count = Math.min(TILE, end - begin);
    const rows = this.order.pointer + 4 * begin;
    this.samples.pack(kernels, rows, count, tile);
    return { rows, labels: this.labels.pointer, count };
  }
}

/** All rows of a checked data set, in order. */
export function loadRows(
  region: Region,
  x: DenseMatrix | CsrMatrix,
  labels: Int32Array,
  rows: Int32Array = Int32Array.from({ length: x.rows }, (_, r) => r),
): RowList {
  const block = region.i32(labels.length);
  block.view.set(labels);
  return new RowList(region, loadSamples(region, x), block, rows);
}
