import { checkBoolean, checkInteger, checkOptions } from '../base/checks.ts';
import { TILE, TOP_K_SCRATCH } from '../engine/abi.ts';
import { zerosF32 } from '../engine/copyIn.ts';
import type { Engine } from '../engine/engine.ts';
import type { F32Block, Region } from '../engine/region.ts';
import { checkMatrix, checkSparse } from '../matrix/check.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { checkFits, inRegion, loadPattern, newElements, tilesOf } from './operands.ts';
import { loadUnitVectors, type UnitVectors } from './unitVectors.ts';

/** The k most similar rows of every row, best first. */
export interface Neighbours {
  readonly rows: number;
  readonly k: number;
  /** [rows × k] row-major: row numbers of the other matrix. */
  readonly indices: Int32Array;
  /** [rows × k] row-major: their cosines. */
  readonly similarities: Float32Array;
}

/**
 * The cosine similarity, from −1 to 1, of every row of `a` with every row of `b` (default: `a` itself), as
 * [a.rows × b.rows]. Each matrix may be dense or sparse. With a pattern of that shape, only its entries are
 * computed; the pattern's own values do not matter.
 *
 * A row of length 0, and a row with a value that is not finite, has cosine 0 with every row. No length is too
 * large or too small. O(a.rows · entries of b): of a dense and a sparse matrix, let the sparse one be `b`.
 * With a pattern O(its entries · columns).
 *
 * ```ts
 * const rows = { rows: 2, cols: 2, data: Float32Array.of(3, 0, -1, 0) };
 * cosineSimilarity(rows).data; // [1, -1, -1, 1]
 * ```
 *
 * @throws CtreError `E_ARGUMENT` for anything but such a matrix, `E_SHAPE` for matrices that do not fit each
 *   other, `E_CSR` for a CsrMatrix that was changed and is no longer canonical, `E_MEMORY` for more than the
 *   memory holds.
 */
export function cosineSimilarity(a: CsrMatrix | DenseMatrix, b?: CsrMatrix | DenseMatrix): DenseMatrix;
export function cosineSimilarity(
  a: CsrMatrix | DenseMatrix,
  b: CsrMatrix | DenseMatrix | undefined,
  pattern: CsrMatrix,
): CsrMatrix;
export function cosineSimilarity(
  a: CsrMatrix | DenseMatrix,
  b: CsrMatrix | DenseMatrix = a,
  pattern?: CsrMatrix,
): DenseMatrix | CsrMatrix {
  const { left, right } = checkPair(a, b);
  if (pattern === undefined) return allSimilarities(left, right);
  const listed = checkSparse('pattern', pattern);
  checkFits('the pattern', listed, 'rows', left.rows, 'as a has');
  checkFits('the pattern', listed, 'columns', right.rows, 'as many as b has rows');
  return listedSimilarities(left, right, listed);
}

/**
 * For every row of `a` the k rows of `b` (default: `a` itself) of largest cosine, best first. Of equal ones
 * the lower index comes first. `absolute` ranks by magnitude instead. Where `b` is `a`, a row is not its own
 * neighbour.
 *
 * Rows are compared as by `cosineSimilarity`. Memory beyond the matrices: O(b.rows + columns), never a.rows ×
 * b.rows.
 *
 * ```ts
 * const rows = { rows: 3, cols: 2, data: Float32Array.of(1, 0, 0, 1, 2, 1) };
 * cosineTopK(rows, 1).indices; // [2, 2, 0]
 * ```
 *
 * @throws CtreError `E_ARGUMENT` for anything but such a matrix, or a `k` that is no integer or more than
 *   there are neighbours, `E_SHAPE` for matrices of different width, `E_CSR` for a CsrMatrix that was changed
 *   and is no longer canonical, `E_MEMORY` for more than the memory holds.
 */
export function cosineTopK(
  a: CsrMatrix | DenseMatrix,
  k: number,
  b: CsrMatrix | DenseMatrix = a,
  options: { readonly absolute?: boolean } = {},
): Neighbours {
  const { left, right } = checkPair(a, b);
  const { absolute = false } = checkOptions('cosineTopK', options, ['absolute']);
  checkBoolean('absolute', absolute);
  const n = right.rows;
  checkInteger('k', k, { least: 0, most: left === right ? Math.max(0, n - 1) : n });
  const { rows } = left;
  const indices = newElements(rows, k, Int32Array);
  const similarities = newElements(rows, k, Float32Array);
  inRegion((engine, region) => {
    const scratch = region.i32(TOP_K_SCRATCH).pointer;
    const selected = region.i32(k);
    for (const { begin, count, block } of similarityBlocks(engine, region, left, right)) {
      for (let r = 0; r < count; r++) {
        const row = begin + r;
        const scores = block.view.subarray(r * n, (r + 1) * n);
        if (left === right) scores[row] = Number.NaN; // the kernel ranks it last
        engine.kernels.topK(block.at(r * n), n, k, false, absolute, scratch, selected.pointer);
        const best = selected.view.slice();
        const rank = (p: number): number => (absolute ? Math.abs(scores[p]) : scores[p]);
        best.sort((p, q) => rank(q) - rank(p)); // stable, and the kernel's order is ascending: ties keep it
        indices.set(best, row * k);
        similarities.set(
          Float32Array.from(best, (p) => scores[p]),
          row * k,
        );
      }
    }
  });
  return { rows, k, indices, similarities };
}

/** Both matrices, checked; one and the same object if `b` is `a`. */
function checkPair(
  a: unknown,
  b: unknown,
): { readonly left: CsrMatrix | DenseMatrix; readonly right: CsrMatrix | DenseMatrix } {
  const left = checkMatrix('a', a);
  const right = b === a ? left : checkMatrix('b', b);
  checkFits('b', right, 'columns', left.cols, 'as a has');
  return { left, right };
}

function allSimilarities(left: CsrMatrix | DenseMatrix, right: CsrMatrix | DenseMatrix): DenseMatrix {
  const rows = left.rows;
  const cols = right.rows;
  const data = newElements(rows, cols, Float32Array);
  inRegion((engine, region) => {
    for (const { begin, count, block } of similarityBlocks(engine, region, left, right)) {
      data.set(block.view.subarray(0, count * cols), begin * cols);
    }
  });
  return { rows, cols, data };
}

/** The cosines of 32 rows of `left` at a time with all rows of `right`: `block` is [count × right.rows]. */
function* similarityBlocks(
  engine: Engine,
  region: Region,
  left: CsrMatrix | DenseMatrix,
  right: CsrMatrix | DenseMatrix,
): Iterable<{ readonly begin: number; readonly count: number; readonly block: F32Block }> {
  const { kernels } = engine;
  const n = right.rows;
  const [a, b] = loadPair(engine, region, left, right);
  const vectors = region.f32(left.cols * TILE).pointer;
  const dots = region.f32(n * TILE).pointer;
  const block = region.f32(n * TILE);
  for (const { begin, count } of tilesOf(left.rows)) {
    a.packVectors(begin, count, vectors);
    b.multiply(vectors, dots);
    kernels.unpackRows(dots, n, count, block.pointer);
    kernels.cosineBlock(block.pointer, a.squares + 8 * begin, b.squares, count, n);
    yield { begin, count, block };
  }
}

function listedSimilarities(
  left: CsrMatrix | DenseMatrix,
  right: CsrMatrix | DenseMatrix,
  pattern: CsrMatrix,
): CsrMatrix {
  return inRegion((engine, region) => {
    const { kernels } = engine;
    const [a, b] = loadPair(engine, region, left, right);
    const packLeft = a.columnPacker();
    const packRight = b.columnPacker();
    const { indptr, indices } = loadPattern(region, pattern);
    const leftTile = region.f32(left.rows * TILE).pointer;
    const rightTile = region.f32(right.rows * TILE).pointer;
    const values = zerosF32(region, pattern.nnz);
    for (const { begin, count } of tilesOf(pattern.nnz === 0 ? 0 : left.cols)) {
      packLeft(begin, count, leftTile);
      packRight(begin, count, rightTile);
      kernels.sddmm(indptr, indices, leftTile, rightTile, values.pointer, pattern.rows, true, TILE);
    }
    kernels.cosinePairs(indptr, indices, values.pointer, a.squares, b.squares, pattern.rows);
    return CsrMatrix.fromParts({ ...pattern, values: values.view });
  });
}

function loadPair(
  engine: Engine,
  region: Region,
  left: CsrMatrix | DenseMatrix,
  right: CsrMatrix | DenseMatrix,
): [left: UnitVectors, right: UnitVectors] {
  const vectors = loadUnitVectors(engine, region, left);
  return [vectors, left === right ? vectors : loadUnitVectors(engine, region, right)];
}
