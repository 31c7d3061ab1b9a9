// The figure beside those of networks: k nearest neighbours, and which columns go together.
import { describe, expect, it } from 'vitest';
import { correlatedColumns, nearestNeighbours } from '../../../scripts/nearestNeighbours.mjs';
import { syntheticDataset } from '../../../src/data/index.ts';

const points = (...rows: readonly (readonly number[])[]) => ({
  rows: rows.length,
  cols: rows[0].length,
  data: Float32Array.from(rows.flat()),
});

describe('nearestNeighbours', () => {
  // On a line: class 0 at 0, 1, 2, with one stray of class 1 at 1.1; class 1 at 10, 11, 12. Column 1 is noise
  // that puts every query beside the stray.
  const train = {
    x: points([0, 50], [1, 60], [2, 70], [1.1, 0], [10, 80], [11, 90], [12, 100]),
    y: Int32Array.of(0, 0, 0, 1, 1, 1, 1),
  };
  const near = { x: points([1.2, 0], [0.1, 0], [11.2, 0]), y: Int32Array.of(0, 0, 1) };

  it('chooses the number of neighbours by validation, by hand', () => {
    // 1.2 is nearest to the stray: one neighbour is wrong, three (1.1, 1 and 2) are right.
    expect(nearestNeighbours([0], { train, validation: near, test: near })).toEqual({
      neighbours: 3,
      valAccuracy: 1,
      testAccuracy: 1,
    });
  });

  it('tests with what validation chose, and looks at no other column', () => {
    const validation = { x: points([0.1, 0]), y: Int32Array.of(0) };
    expect(nearestNeighbours([0], { train, validation, test: near })).toEqual({
      neighbours: 1,
      valAccuracy: 1,
      testAccuracy: 2 / 3,
    });
    // By both columns 11.2 is nearest to the stray, then to 0 and 1.
    expect(nearestNeighbours([0, 1], { train, validation: near, test: near })).toEqual({
      neighbours: 3,
      valAccuracy: 2 / 3,
      testAccuracy: 2 / 3,
    });
  });
});

describe('correlatedColumns', () => {
  it('finds the features that a generator made from others, without labels', () => {
    const { x, informativeColumns, redundantColumns } = syntheticDataset({
      ...{ rows: 1500, informative: 5, redundant: 15, noise: 60, seed: 3 },
    });
    if (!('data' in x)) throw new Error('the generated problem is dense');
    const { columns, least, next } = correlatedColumns(x, 20);
    expect(columns).toEqual([...informativeColumns, ...redundantColumns].sort((a, b) => a - b));
    expect(least).toBeGreaterThan(2 * next);
  });

  it('gives correlations, by hand', () => {
    // Column 1 is −2 times column 0; column 2 is independent of both; column 3 is constant.
    const x = points([1, -2, 1, 7], [-1, 2, 1, 7], [1, -2, -1, 7], [-1, 2, -1, 7]);
    const { columns, least, next } = correlatedColumns(x, 2);
    expect(columns).toEqual([0, 1]);
    expect(least).toBeCloseTo(1, 12);
    expect(next).toBe(0);
  });
});
