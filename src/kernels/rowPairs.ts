import { TILE } from '../engine/abi.ts';
import type { Engine } from '../engine/engine.ts';
import type { F32Block, Region } from '../engine/region.ts';
import { checkMatrix } from '../matrix/check.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { checkFits, tilesOf } from './operands.ts';
import { loadUnitVectors, type UnitVectors } from './unitVectors.ts';

/** Two checked matrices whose rows are compared; one and the same object if the second is the first. */
export interface RowPair {
  readonly left: CsrMatrix | DenseMatrix;
  readonly right: CsrMatrix | DenseMatrix;
}

/**
 * Checks two matrices whose rows are to be compared.
 * @throws CtreError as `checkMatrix`, and `E_SHAPE` unless they have as many columns.
 */
export function checkPair(a: unknown, b: unknown): RowPair {
  const left = checkMatrix('a', a);
  const right = b === a ? left : checkMatrix('b', b);
  checkFits('b', right, 'columns', left.cols, 'as a has');
  return { left, right };
}

/** Both matrices' rows in the kernels' memory, scaled to length 1. */
export function loadPair(
  engine: Engine,
  region: Region,
  { left, right }: RowPair,
): [left: UnitVectors, right: UnitVectors] {
  const vectors = loadUnitVectors(engine, region, left);
  return [vectors, left === right ? vectors : loadUnitVectors(engine, region, right)];
}

/** The cosines of 32 rows of `left` at a time with all rows of `right`: `block` is [count × right.rows]. */
export function* similarityBlocks(
  engine: Engine,
  region: Region,
  pair: RowPair,
): Iterable<{ readonly begin: number; readonly count: number; readonly block: F32Block }> {
  const { kernels } = engine;
  const { left } = pair;
  const n = pair.right.rows;
  const [a, b] = loadPair(engine, region, pair);
  const vectors = region.f32(left.cols * TILE).pointer;
  const dots = region.f32(n * TILE).pointer;
  const block = region.f32(n * TILE);
  for (const { begin, count } of tilesOf(left.rows)) {
    a.packVectors(begin, count, vectors);
    b.multiply(vectors, dots);
    kernels.unpackRows(dots, n, count, block.pointer);
    kernels.cosineBlock(block.pointer, a.norms + 8 * begin, b.norms, count, n);
    yield { begin, count, block };
  }
}
