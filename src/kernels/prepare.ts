// For those who compile against an older lib: the class has [Symbol.dispose].
/// <reference lib="esnext.disposable" preserve="true" />
import { copyNumbers } from '../base/arrays.ts';
import { checkOptions } from '../base/checks.ts';
import { CtreError } from '../base/errors.ts';
import { getEngine } from '../engine/engine.ts';
import { Region } from '../engine/region.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { Neighbours } from './neighbourSearch.ts';
import {
  cosineTopK,
  cosineTopKAsync,
  LONG_SEARCH_OPTIONS,
  type LongSearchOptions,
  NEIGHBOUR_OPTIONS,
  type NeighbourOptions,
} from './neighbours.ts';
import {
  checkOperand,
  type DenseOrVector,
  inRegion,
  type LoadedMatrix,
  loadSparse,
  type ProductOf,
} from './operands.ts';
import { checkFactors, sampledProduct } from './sddmm.ts';
import { product } from './spmm.ts';

/** Options of a product with a prepared matrix. */
export interface ProductOptions {
  /**
   * The array that the result is written to, instead of a new one: as many elements as the result has. It may
   * be the operand's own array.
   */
  readonly out?: Float32Array;
}

/** How many neighbours of every row are looked for. */
export interface NeighbourCount {
  /** At most the number of rows − 1. */
  readonly k: number;
}

/**
 * Checks a sparse matrix and copies it into the kernels' memory, once for many products. Results are the bits
 * of the one-call functions. The copy stays until `dispose()`, and does not follow changes of
 * `a`. O(nnz + rows).
 *
 * ```ts
 * using w = prepare(a); // or w.dispose() at the end
 * const y = new Float32Array(w.rows);
 * w.multiply(x, { out: y });
 * ```
 *
 * @throws CtreError `E_ARGUMENT` for anything but a `CsrMatrix`, `E_SHAPE` or `E_CSR` for one that was
 *   changed and is no longer canonical, `E_MEMORY` for more than the memory holds.
 */
export function prepare(a: CsrMatrix): PreparedMatrix {
  return new PreparedMatrix(a);
}

/** A sparse matrix in the kernels' memory, as `prepare` makes it. */
export class PreparedMatrix {
  readonly #region: Region;
  readonly #matrix: LoadedMatrix;
  #isDisposed = false;

  /** As `prepare`. */
  constructor(a: CsrMatrix) {
    const engine = getEngine();
    const region = new Region(engine.arena);
    try {
      this.#matrix = loadSparse(engine, region, 'the matrix', a);
    } catch (error) {
      region.free();
      throw error;
    }
    this.#region = region;
  }

  get rows(): number {
    return this.#matrix.rows;
  }

  get cols(): number {
    return this.#matrix.cols;
  }

  /** The number of stored entries. */
  get nnz(): number {
    return this.#matrix.nnz;
  }

  /**
   * The product with a dense matrix of [cols × k], as `spmm`: [rows × k]. For a vector of cols elements it is
   * a vector of rows. O(nnz · k).
   *
   * ```ts
   * w.multiply(Float32Array.of(1, 10, 100)); // a Float32Array of w.rows elements
   * ```
   *
   * @throws CtreError `E_ARGUMENT` for anything else, `E_SHAPE` for an operand or an `out` of another size,
   *   `E_MEMORY` for more than the memory holds, `E_DISPOSED` after `dispose()`.
   */
  multiply<X extends DenseOrVector>(x: X, options: ProductOptions = {}): ProductOf<X> {
    const { cols } = this.#inUse();
    const { out } = checkOptions('multiply', options, ['out']);
    const input = checkOperand('x', x, cols, 'as many as the matrix has columns');
    return inRegion((engine, region) => product<X>(engine, region, this.#inUse(), input, false, out));
  }

  /**
   * The transpose's product with a dense matrix of [rows × k], as `spmmTransposed`: [cols × k]. For a vector
   * of rows elements it is a vector of cols. O(nnz · k).
   *
   * ```ts
   * w.multiplyTransposed(Float32Array.of(1, 10)); // a Float32Array of w.cols elements
   * ```
   *
   * @throws CtreError as `multiply`.
   */
  multiplyTransposed<X extends DenseOrVector>(y: X, options: ProductOptions = {}): ProductOf<X> {
    const { rows } = this.#inUse();
    const { out } = checkOptions('multiplyTransposed', options, ['out']);
    const input = checkOperand('y', y, rows, 'as the matrix has');
    return inRegion((engine, region) => product<X>(engine, region, this.#inUse(), input, true, out));
  }

  /**
   * The product A·Bᵀ of [rows × k] and [cols × k], sampled where this matrix has entries, as `sddmm`.
   * O(nnz · k).
   *
   * ```ts
   * w.sddmm(a, b).values; // one number an entry
   * ```
   *
   * @throws CtreError `E_ARGUMENT` for anything but such matrices, `E_SHAPE` for those that do not fit,
   *   `E_MEMORY` for more than the memory holds, `E_DISPOSED` after `dispose()`.
   */
  sddmm(a: DenseOrVector, b: DenseOrVector): CsrMatrix {
    const factors = checkFactors(this.#inUse(), a, b);
    return inRegion((engine, region) => sampledProduct(engine, region, this.#inUse(), ...factors));
  }

  /**
   * For every row its `k` most similar other rows, as `cosineTopK`. It works on a copy, as long as it takes.
   *
   * ```ts
   * w.cosineTopK({ k: 10, threshold: 0.5 }).indices;
   * ```
   *
   * @throws CtreError `E_ARGUMENT` for a `k` that is no integer or more than there are neighbours, or options
   *   that are none, `E_MEMORY` for more than the memory holds, `E_DISPOSED` after `dispose()`.
   */
  cosineTopK(options: NeighbourOptions & NeighbourCount): Neighbours {
    const { k, ...rest } = checkOptions('cosineTopK', options, [...NEIGHBOUR_OPTIONS, 'k']);
    return cosineTopK(this.#copy(), k, undefined, rest);
  }

  /**
   * As `cosineTopK`, in turns with the event loop, as `cosineTopKAsync`. A search that has begun goes on,
   * whatever becomes of the prepared matrix.
   *
   * ```ts
   * await w.cosineTopKAsync({ k: 10, signal: AbortSignal.timeout(10_000) });
   * ```
   *
   * @throws CtreError as `cosineTopK`; `E_ABORTED` when the signal is aborted.
   */
  async cosineTopKAsync(options: LongSearchOptions & NeighbourCount): Promise<Neighbours> {
    const { k, ...rest } = checkOptions('cosineTopKAsync', options, [...LONG_SEARCH_OPTIONS, 'k']);
    return cosineTopKAsync(this.#copy(), k, undefined, rest);
  }

  /**
   * Gives the entries other values, in their order; which entries there are stays. O(nnz).
   *
   * ```ts
   * w.setValues(a.values.map((value) => 2 * value));
   * ```
   *
   * @throws CtreError `E_ARGUMENT` for anything but a list of numbers, `E_SHAPE` for another number of them,
   *   `E_DISPOSED` after `dispose()`. The values stay as they were then.
   */
  setValues(values: ArrayLike<number>): void {
    const copy = copyNumbers('values', values, this.#inUse().nnz);
    this.#inUse().values.view.set(copy);
  }

  /** Gives the memory back. Nothing but the sizes can be asked of it afterwards. */
  dispose(): void {
    this.#isDisposed = true;
    this.#region.free();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #copy(): CsrMatrix {
    const { rows, cols, indptr, indices, values } = this.#inUse();
    const arrays = { indptr: indptr.view, indices: indices.view, values: values.view };
    return CsrMatrix.fromParts({ rows, cols, ...arrays });
  }

  /** Asked again after an argument was read: a getter of the caller's can dispose of the matrix. */
  #inUse(): LoadedMatrix {
    if (!this.#isDisposed) return this.#matrix;
    throw new CtreError(
      'E_DISPOSED',
      'the prepared matrix was disposed of, and its memory is free; prepare() makes another',
    );
  }
}
