import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { checkCsr } from '../../../src/matrix/canonical.ts';
import {
  addPositions,
  type CsrPattern,
  emptyPattern,
  fullPattern,
  mergePositions,
  type Positions,
  positionsOf,
  positionsOutside,
  removeConnections,
  transposePattern,
} from '../../../src/matrix/pattern.ts';

const random = randomStream(1, 'pattern');

/** Some of all positions, each with the given probability, as a set of row × cols + col. */
function randomSet(rows: number, cols: number, share: number): Set<number> {
  return new Set(Array.from({ length: rows * cols }, (_, at) => at).filter(() => random.next() < share));
}

const listOf = (set: ReadonlySet<number>, cols: number): Positions => {
  const ascending = Int32Array.from(set).sort();
  return { rows: ascending.map((at) => Math.floor(at / cols)), cols: ascending.map((at) => at % cols) };
};

/** By pushing row after row. */
function patternOf(set: ReadonlySet<number>, rows: number, cols: number): CsrPattern {
  const indices: number[] = [];
  const indptr = [0];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) if (set.has(row * cols + col)) indices.push(col);
    indptr.push(indices.length);
  }
  return { rows, cols, indptr: Int32Array.from(indptr), indices: Int32Array.from(indices) };
}

describe.each([
  [0, 0, 0],
  [3, 0, 0],
  [1, 1, 1],
  [4, 7, 0.3],
  [9, 3, 0.6],
  [6, 6, 1],
])('a pattern of %i × %i, each position with probability %f', (rows, cols, share) => {
  const set = randomSet(rows, cols, share);
  const pattern = patternOf(set, rows, cols);

  it('is the set of its positions', () => {
    checkCsr(pattern);
    expect(positionsOf(pattern)).toEqual(listOf(set, cols));
    expect(addPositions(emptyPattern(rows, cols), listOf(set, cols))).toEqual(pattern);
  });

  it('loses and gains positions as a set does', () => {
    const gone = new Set([...set].filter(() => random.next() < 0.4));
    const connections = [...set].sort((a, b) => a - b);
    const positions = Int32Array.from(gone, (at) => connections.indexOf(at)).sort();
    const kept = removeConnections(pattern, positions);
    expect(kept).toEqual(patternOf(minus(set, gone), rows, cols));
    expect(addPositions(kept, listOf(gone, cols))).toEqual(pattern);
  });

  it('tells which positions lie outside', () => {
    const asked = randomSet(rows, cols, 0.5);
    expect(positionsOutside(pattern, listOf(asked, cols))).toEqual(listOf(minus(asked, set), cols));
  });

  it('merges disjoint positions in order', () => {
    const others = minus(randomSet(rows, cols, 0.5), set);
    const all = listOf(new Set([...set, ...others]), cols);
    expect(mergePositions(listOf(set, cols), listOf(others, cols))).toEqual(all);
    expect(mergePositions(listOf(others, cols), listOf(set, cols))).toEqual(all);
  });

  it('is turned around, and knows where its entries were', () => {
    const turned = new Set([...set].map((at) => (at % cols) * rows + Math.floor(at / cols)));
    const { indptr, indices, source } = transposePattern(pattern);
    expect({ rows: cols, cols: rows, indptr, indices }).toEqual(patternOf(turned, cols, rows));
    const { rows: rowOf, cols: colOf } = positionsOf(pattern);
    const turnedPositions = positionsOf({ rows: cols, cols: rows, indptr, indices });
    expect(source.map((p) => rowOf[p])).toEqual(turnedPositions.cols);
    expect(source.map((p) => colOf[p])).toEqual(turnedPositions.rows);
  });

  it('may be full', () => {
    expect(fullPattern(rows, cols)).toEqual(patternOf(randomSet(rows, cols, 2), rows, cols));
  });
});

function minus(a: ReadonlySet<number>, b: ReadonlySet<number>): Set<number> {
  return new Set([...a].filter((at) => !b.has(at)));
}
