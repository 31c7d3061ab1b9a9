import { TILE } from '../engine/abi.ts';
import { zerosF32 } from '../engine/copyIn.ts';
import { lanesFor } from '../engine/lanes.ts';
import { checkSparse } from '../matrix/check.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { checkFits, inRegion, loadPattern, newElements, tilesOf } from './operands.ts';
import { checkPair, loadPair, type RowPair, similarityBlocks } from './rowPairs.ts';

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
  const pair = checkPair(a, b);
  const { left, right } = pair;
  if (pattern === undefined) return allSimilarities(pair);
  const listed = checkSparse('pattern', pattern);
  checkFits('the pattern', listed, 'rows', left.rows, 'as a has');
  checkFits('the pattern', listed, 'columns', right.rows, 'as many as b has rows');
  return listedSimilarities(pair, listed);
}

function allSimilarities(pair: RowPair): DenseMatrix {
  const rows = pair.left.rows;
  const cols = pair.right.rows;
  const data = newElements(rows, cols, Float32Array);
  inRegion((engine, region) => {
    for (const { begin, count, block } of similarityBlocks(engine, region, pair)) {
      data.set(block.view.subarray(0, count * cols), begin * cols);
    }
  });
  return { rows, cols, data };
}

function listedSimilarities(pair: RowPair, pattern: CsrMatrix): CsrMatrix {
  const { left, right } = pair;
  return inRegion((engine, region) => {
    const { kernels } = engine;
    const [a, b] = loadPair(engine, region, pair);
    const packLeft = a.columnPacker();
    const packRight = b.columnPacker();
    const { indptr, indices } = loadPattern(region, pattern);
    const leftTile = region.f32(left.rows * TILE).pointer;
    const rightTile = region.f32(right.rows * TILE).pointer;
    const values = zerosF32(region, pattern.nnz);
    for (const { begin, count } of tilesOf(pattern.nnz === 0 ? 0 : left.cols)) {
      packLeft(begin, count, leftTile);
      packRight(begin, count, rightTile);
      const lanes = lanesFor(count);
      kernels.sddmm(indptr, indices, leftTile, rightTile, values.pointer, pattern.rows, true, lanes);
    }
    kernels.cosinePairs(indptr, indices, values.pointer, a.squares, b.squares, pattern.rows);
    return CsrMatrix.fromParts({ ...pattern, values: values.view });
  });
}
