import { TOP_K_SCRATCH } from '../engine/abi.ts';
import { zerosF32 } from '../engine/copyIn.ts';
import { type Engine, getEngine } from '../engine/engine.ts';
import { Region } from '../engine/region.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { Work } from '../run/turns.ts';
import { newElements } from './operands.ts';
import { type RowPair, similarityBlocks } from './rowPairs.ts';
import { loadColumns, loadSparseVectors } from './unitVectors.ts';

/** The k most similar rows of every row, best first. */
export interface Neighbours {
  readonly rows: number;
  readonly k: number;
  /** [rows × k] row-major: row numbers of the other matrix; −1 where a threshold leaves fewer than k. */
  readonly indices: Int32Array;
  /** [rows × k] row-major: their cosines; 0 where there is none. */
  readonly similarities: Float32Array;
}

/** A checked search: the k rows of `right` for each row of `left` whose cosines are above the threshold. */
export interface NeighbourQuestion extends RowPair {
  readonly k: number;
  /** By magnitude. */
  readonly absolute: boolean;
  /** −∞: all rows count. */
  readonly threshold: number;
}

/** Is told how many rows are done, of how many. */
type ProgressListener = (done: number, rows: number) => unknown;

/** Where a search works, and what it fills. */
interface Search extends NeighbourQuestion {
  readonly engine: Engine;
  readonly region: Region;
  readonly found: Neighbours;
}

/** Products and rows looked at between two turns of the event loop: a few milliseconds. */
const PART = 2 ** 21;

/** Finds the neighbours, and yields after every part. The kernels' memory is given back in any case. */
export function* searchNeighbours(
  question: NeighbourQuestion,
  onProgress?: ProgressListener,
): Work<Neighbours> {
  const { left, right, k } = question;
  const { rows } = left;
  const indices = newElements(rows, k, Int32Array);
  const similarities = newElements(rows, k, Float32Array);
  const found = { rows, k, indices, similarities };
  const engine = getEngine();
  const region = new Region(engine.arena);
  try {
    const search = { ...question, engine, region, found };
    const isSparse = left instanceof CsrMatrix && right instanceof CsrMatrix && fewProducts(left, right);
    for (const done of isSparse ? sparseParts(search, left, right) : tiledParts(search)) {
      onProgress?.(done, rows);
      yield;
    }
  } finally {
    region.free();
  }
  return found;
}

/**
 * Whether products of two entries in the same column take less time than products of all rows with tiles of
 * 32. Both give the same bits. The factors were measured.
 */
function fewProducts(left: CsrMatrix, right: CsrMatrix): boolean {
  const [counts, others] = [entriesByColumn(left), entriesByColumn(right)];
  const products = counts.reduce((sum, count, c) => sum + count * others[c], 0);
  return products < left.rows * (right.nnz / 8 + 2 * right.rows);
}

function entriesByColumn({ cols, indices }: CsrMatrix): Float64Array {
  const counts = new Float64Array(cols);
  for (let p = 0; p < indices.length; p++) counts[indices[p]]++;
  return counts;
}

/** The search by products of two entries; says after every part how many rows are done. */
function* sparseParts(search: Search, left: CsrMatrix, right: CsrMatrix): Iterable<number> {
  const { engine, region, found, k, absolute, threshold } = search;
  const n = right.rows;
  const a = loadSparseVectors(region, left);
  const b = left === right ? a : loadSparseVectors(region, right);
  const columns = loadColumns(region, right, b);
  const dots = zerosF32(region, n).pointer;
  const scratch = region.i32(2 * k + n).pointer;
  const most = Math.min(left.rows, Math.max(1, Math.floor(PART / Math.max(1, k))));
  const [indices, similarities] = [region.i32(most * k), region.f32(most * k)];
  const counts = entriesByColumn(right);
  for (let begin = 0; begin < left.rows; ) {
    const end = endOfPart(left, counts, begin, begin + most, n);
    const count = end - begin;
    engine.kernels.cosineNeighbours(
      a.indptr + 4 * begin,
      a.indices,
      a.values.pointer,
      columns.indptr,
      columns.indices,
      columns.values,
      a.norms + 8 * begin,
      b.norms,
      left === right ? begin : -count,
      count,
      n,
      k,
      absolute,
      threshold,
      dots,
      scratch,
      indices.pointer,
      similarities.pointer,
    );
    found.indices.set(indices.view.subarray(0, count * k), begin * k);
    found.similarities.set(similarities.view.subarray(0, count * k), begin * k);
    begin = end;
    yield end;
  }
}

/** The first row after those from `begin` on that make a part. */
function endOfPart(
  { rows, indptr, indices }: CsrMatrix,
  counts: Float64Array,
  begin: number,
  most: number,
  n: number,
): number {
  let work = 0;
  let row = begin;
  while (row < Math.min(rows, most) && work < PART) {
    work += n / 8;
    for (let p = indptr[row]; p < indptr[row + 1]; p++) work += counts[indices[p]];
    row++;
  }
  return row;
}

/** The search by products of all rows with tiles of 32; says after every tile how many rows are done. */
function* tiledParts(search: Search): Iterable<number> {
  const { engine, region, found, left, right, k, absolute, threshold } = search;
  const n = right.rows;
  const scratch = region.i32(TOP_K_SCRATCH).pointer;
  const selected = region.i32(k);
  for (const { begin, count, block } of similarityBlocks(engine, region, search)) {
    for (let r = 0; r < count; r++) {
      const row = begin + r;
      const scores = block.view.subarray(r * n, (r + 1) * n);
      if (left === right) scores[row] = Number.NaN; // the kernel ranks it last
      engine.kernels.topK(block.at(r * n), n, k, false, absolute, scratch, selected.pointer);
      const best = selected.view.slice();
      const rank = (p: number): number => (absolute ? Math.abs(scores[p]) : scores[p]);
      best.sort((p, q) => rank(q) - rank(p)); // stable, and the kernel's order is ascending: ties keep it
      best.forEach((p, e) => {
        const counts = rank(p) > threshold;
        found.indices[row * k + e] = counts ? p : -1;
        found.similarities[row * k + e] = counts ? scores[p] : 0;
      });
    }
    yield begin + count;
  }
}
