import type { Random } from '../base/random.ts';
import { type Kernels, TILE } from '../engine/abi.ts';
import { loadF32 } from '../engine/copyIn.ts';
import type { I32Block, Region } from '../engine/region.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';

/** The labelled samples of one tile, as pointers: sample b is row rows[b], its label labels[rows[b]]. */
export interface TileRows {
  readonly rows: number;
  readonly labels: number;
  readonly count: number;
}

/** Samples in the kernels' memory, ready to be packed into tiles. Sparse ones stay sparse until then. */
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

/** Rows of labelled samples, in the order in which they are packed into tiles: those of the training, say. */
export class RowList {
  readonly samples: PackedSamples;
  readonly labels: I32Block;
  /** Row numbers, in that order. */
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
    const rows = this.order.at(begin);
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

/** Rows drawn at random without replacement; all of them, in their order, where there are no more. */
export function drawRows(region: Region, rows: RowList, count: number, random: Random): RowList {
  if (count >= rows.length) return rows;
  const drawn = rows.order.view.slice();
  for (let i = 0; i < count; i++) {
    const j = i + random.below(drawn.length - i);
    const row = drawn[i];
    drawn[i] = drawn[j];
    drawn[j] = row;
  }
  return new RowList(region, rows.samples, rows.labels, drawn.subarray(0, count));
}
