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
  pickPositions,
  positionsInside,
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
    const inside = new Set([...asked].filter((at) => set.has(at)));
    expect(positionsInside(pattern, listOf(asked, cols))).toEqual(listOf(inside, cols));
  });

  it('has positions that can be picked, in any order', () => {
    const positions = positionsOf(pattern);
    const places = Int32Array.from(positions.cols.keys())
      .filter((at) => at % 3 !== 1)
      .reverse();
    const { rows: pickedRows, cols: pickedCols } = pickPositions(positions, places);
    expect(Array.from(pickedRows, (row, q) => row * cols + pickedCols[q])).toEqual(
      Array.from(places, (at) => [...set].sort((a, b) => a - b)[at]),
    );
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

describe('a list that does not fit a pattern is refused', () => {
  // Connections: (0, 1), (0, 3), (2, 0).
  const pattern = patternOf(new Set([1, 3, 8]), 3, 4);
  const at = (...pairs: [number, number][]): Positions => ({
    rows: Int32Array.from(pairs, ([row]) => row),
    cols: Int32Array.from(pairs, ([, col]) => col),
  });
  const refused = (sentence: RegExp): unknown =>
    expect.objectContaining({ code: 'E_ARGUMENT', message: expect.stringMatching(sentence) });

  const lists: [string, Positions][] = [
    ['a column too far', at([0, 4])],
    ['a column before the first', at([1, -1])],
    ['a row too far', at([3, 0])],
    ['a row before the first', at([-1, 0])],
    ['columns in another order', at([0, 2], [0, 0])],
    ['rows in another order', at([1, 2], [0, 0])],
    ['a position twice', at([1, 2], [1, 2])],
  ];
  it.each(lists)('%s', (_, positions) => {
    const sentence = /^a list of \d positions does not fit a pattern of 3 × 4; expected positions within it/;
    expect(() => addPositions(pattern, positions)).toThrow(refused(sentence));
    expect(() => positionsOutside(pattern, positions)).toThrow(refused(sentence));
    expect(() => positionsInside(pattern, positions)).toThrow(refused(sentence));
  });

  it('to add: a connection that is there', () => {
    expect(() => addPositions(pattern, at([0, 0], [0, 3]))).toThrow(refused(/none that is connected$/));
  });

  it.each([[[3]], [[-1]], [[1, 0]], [[1, 1]], [[0, 1, 2, 3]]])('to remove: %j of 3', (removed) => {
    expect(() => removeConnections(pattern, Int32Array.from(removed))).toThrow(
      refused(/connections are to be removed from 3; expected their CSR positions, ascending, each once$/),
    );
  });
});
