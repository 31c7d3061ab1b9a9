import { checkBoolean, checkInteger, checkNumber, checkOptions, checkSignal } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import type { StopSignal } from '../base/hostTypes.ts';
import { init } from '../engine/engine.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { runNow, Turns } from '../run/turns.ts';
import { type NeighbourQuestion, type Neighbours, searchNeighbours } from './neighbourSearch.ts';
import { checkPair } from './rowPairs.ts';

/** What counts as a neighbour, and which comes first. */
export interface NeighbourOptions {
  /** Ranks by magnitude; by default, −1 is the last. */
  readonly absolute?: boolean;
  /**
   * Only cosines above it count, from −1 to 1; with `absolute` only magnitudes above it. Places that stay
   * empty then have index −1 and similarity 0. By default all rows count.
   */
  readonly threshold?: number;
}

/** How a long search is watched and ended. */
export interface LongSearchOptions extends NeighbourOptions {
  /** Ends the search with `E_ABORTED`. */
  readonly signal?: StopSignal;
  /** Is told, after every part, how many rows have their neighbours, and how many there are. */
  readonly onProgress?: (done: number, rows: number) => unknown;
}

/** The names of those options. */
export const NEIGHBOUR_OPTIONS = ['absolute', 'threshold'] as const;

export const LONG_SEARCH_OPTIONS = [...NEIGHBOUR_OPTIONS, 'signal', 'onProgress'] as const;

/**
 * For every row of `a` the k rows of `b` (default: `a` itself) of largest cosine, best first. Of equal ones
 * the lower index comes first. Where `b` is `a`, a row is not its own neighbour.
 *
 * Rows are compared as by `cosineSimilarity`. For sparse matrices O(products of an entry of `a` and one of
 * `b` in the same column), for others O(a.rows · entries of b). Memory beyond the matrices: O(b.rows +
 * columns), never a.rows × b.rows.
 *
 * ```ts
 * const rows = { rows: 3, cols: 2, data: Float32Array.of(1, 0, 0, 1, 2, 1) };
 * cosineTopK(rows, 1).indices; // [2, 2, 0]
 * cosineTopK(rows, 1, rows, { threshold: 0.5 }).indices; // [2, -1, 0]: the second has 0.45 at most
 * ```
 *
 * @throws CtreError `E_ARGUMENT` for anything but such a matrix, a `k` that is no integer or more than there
 *   are neighbours, or options that are none, `E_SHAPE` for matrices of different width, `E_CSR` for a
 *   CsrMatrix that was changed and is no longer canonical, `E_MEMORY` for more than the memory holds.
 */
export function cosineTopK(
  a: CsrMatrix | DenseMatrix,
  k: number,
  b: CsrMatrix | DenseMatrix = a,
  options: NeighbourOptions = {},
): Neighbours {
  const given = checkOptions('cosineTopK', options, NEIGHBOUR_OPTIONS);
  return runNow(searchNeighbours(checkQuestion(a, k, b, given)));
}

/**
 * As `cosineTopK`, in turns with the event loop: a page stays awake, `signal` ends it and `onProgress`
 * watches. The result has the same bits. A turn takes some 12 ms; of large dense matrices as long as 32 rows
 * take.
 *
 * ```ts
 * const signal = AbortSignal.timeout(10_000);
 * await cosineTopKAsync(rows, 10, rows, { signal, onProgress: (done, all) => console.log(done / all) });
 * ```
 *
 * @throws CtreError as `cosineTopK`; `E_ABORTED` when the signal is aborted; `E_ENGINE` as `init`.
 */
export async function cosineTopKAsync(
  a: CsrMatrix | DenseMatrix,
  k: number,
  b: CsrMatrix | DenseMatrix = a,
  options: LongSearchOptions = {},
): Promise<Neighbours> {
  const given = checkOptions('cosineTopKAsync', options, LONG_SEARCH_OPTIONS);
  const signal = given.signal === undefined ? undefined : checkSignal(given.signal);
  const { onProgress } = given;
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw new CtreError('E_ARGUMENT', `onProgress is ${show(onProgress)}; expected a function`);
  }
  const question = checkQuestion(a, k, b, given);
  // The caller can write to dense data while the kernels start.
  const left = copyDense(question.left);
  const right = question.right === question.left ? left : copyDense(question.right);
  await init();
  return new Turns(signal, 'the search').run(searchNeighbours({ ...question, left, right }, onProgress));
}

function checkQuestion(a: unknown, k: unknown, b: unknown, options: NeighbourOptions): NeighbourQuestion {
  const { left, right } = checkPair(a, b);
  const { absolute = false, threshold } = options;
  const n = right.rows;
  return {
    left,
    right,
    k: checkInteger('k', k, { least: 0, most: left === right ? Math.max(0, n - 1) : n }),
    absolute: checkBoolean('absolute', absolute),
    threshold:
      threshold === undefined
        ? Number.NEGATIVE_INFINITY
        : checkNumber('threshold', threshold, { least: -1, most: 1 }),
  };
}

/** A checked CsrMatrix is a copy already. */
function copyDense(matrix: CsrMatrix | DenseMatrix): CsrMatrix | DenseMatrix {
  return matrix instanceof CsrMatrix ? matrix : { ...matrix, data: matrix.data.slice() };
}
