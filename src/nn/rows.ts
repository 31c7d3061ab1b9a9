import type { Random } from '../base/random.ts';
import { type Kernels, TILE } from '../engine/abi.ts';
import { loadF32, loadF64, loadU8 } from '../engine/copyIn.ts';
import type { I32Block, Region } from '../engine/region.ts';
import { isByteMatrix } from '../matrix/byteMatrix.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { CheckedSamples } from '../matrix/samples.ts';
import type { AddNoise } from './noise.ts';

/** The samples of one tile, as pointers: sample b is row rows[b] of the data. */
export interface TileRows {
  readonly rows: number;
  readonly count: number;
  /** Its label is labels[rows[b]], i32; 0 where the targets are no labels. */
  readonly labels: number;
  /** What it counts in the loss is weights[rows[b]], f32; 0 where all samples count alike. */
  readonly weights: number;
  /** What the outputs should be, a tile [outputs][32]; 0 where the targets are labels. */
  readonly targets: number;
}

/** What a network should answer: a label for each sample, or a row of numbers, which may be the sample. */
export type CheckedTargets = Int32Array | CheckedSamples;

/** Targets in the kernels' memory. */
export interface LoadedTargets {
  /** i32 [rows], or 0. */
  readonly labels: number;
  /** f32 [rows], or 0. */
  readonly weights: number;
  /** Rows of numbers. */
  readonly rows: PackedSamples | undefined;
}

/** Those of samples that are only predicted. */
export const noTargets: LoadedTargets = Object.freeze({ labels: 0, weights: 0, rows: undefined });

/**
 * Samples in the kernels' memory, ready to be packed into tiles. Until then sparse ones stay sparse, and
 * bytes bytes.
 */
export interface PackedSamples {
  readonly rows: number;
  /** Packs the samples listed at `list` (row numbers, i32 [count]) into the tile [cols][32]. */
  pack(kernels: Kernels, list: number, count: number, tile: number): void;
}

/** Copies checked samples into the kernels' memory. */
export function loadSamples(region: Region, x: CheckedSamples): PackedSamples {
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
  if (isByteMatrix(x)) {
    const bytes = loadU8(region, x.data, rows * cols).pointer;
    const [offsets, scales] = [x.offset, x.scale].map((columns) => loadF64(region, columns).pointer);
    return {
      rows,
      pack(kernels, list, count, tile) {
        kernels.packBytes(bytes, list, count, cols, offsets, scales, tile);
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

/** Samples with their targets, as they come. */
export interface DataSet {
  readonly x: CheckedSamples;
  /** `x` itself where the network is to answer its own input. */
  readonly targets: CheckedTargets;
  /** What each sample counts in the loss [rows]; absent: all the same. */
  readonly weights?: Float32Array | undefined;
}

/** Rows of samples with targets, in the order in which they are packed into tiles: those of training, say. */
export class RowList {
  readonly samples: PackedSamples;
  readonly targets: LoadedTargets;
  /** Row numbers, in that order. */
  readonly order: I32Block;

  constructor(region: Region, samples: PackedSamples, targets: LoadedTargets, rows: Int32Array) {
    this.samples = samples;
    this.targets = targets;
    this.order = region.i32(rows.length);
    this.order.view.set(rows);
  }

  get length(): number {
    return this.order.length;
  }

  /**
   * Packs up to 32 rows from position `begin` on, below `end`, into a workspace, and names them. The inputs
   * get the noise where there is one, the targets do not.
   */
  pack(
    kernels: Kernels,
    begin: number,
    end: number,
    to: { readonly activations: readonly number[]; readonly targets: number },
    addNoise?: AddNoise,
  ): TileRows {
    const count = Math.min(TILE, end - begin);
    const rows = this.order.at(begin);
    const { labels, weights, rows: numbers } = this.targets;
    const [input] = to.activations;
    this.samples.pack(kernels, rows, count, input);
    const isOwnInput = numbers === this.samples && addNoise === undefined;
    if (numbers !== undefined && !isOwnInput) numbers.pack(kernels, rows, count, to.targets);
    addNoise?.(kernels, input, rows, count);
    return { rows, count, labels, weights, targets: isOwnInput ? input : to.targets };
  }

  /** Other rows of the same samples, all of which count alike. */
  select(region: Region, rows: Int32Array): RowList {
    return new RowList(region, this.samples, { ...this.targets, weights: 0 }, rows);
  }
}

/** All rows of a checked data set, in order. */
export function loadRows(
  region: Region,
  { x, targets, weights }: DataSet,
  rows: Int32Array = Int32Array.from({ length: x.rows }, (_, r) => r),
): RowList {
  const samples = loadSamples(region, x);
  const weightBlock = weights && loadF32(region, weights, weights.length);
  const loaded = {
    ...noTargets,
    ...(targets instanceof Int32Array
      ? { labels: loadLabels(region, targets) }
      : { rows: targets === x ? samples : loadSamples(region, targets) }),
    ...(weightBlock && { weights: weightBlock.pointer }),
  };
  return new RowList(region, samples, loaded, rows);
}

function loadLabels(region: Region, labels: Int32Array): number {
  const block = region.i32(labels.length);
  block.view.set(labels);
  return block.pointer;
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
  return new RowList(region, rows.samples, rows.targets, drawn.subarray(0, count));
}
