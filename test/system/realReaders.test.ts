import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Dataset, fitScaler, parseRowRange, parseSplit, readDataset } from '../../src/data/index.ts';
import type { DenseMatrix } from '../../src/matrix/denseMatrix.ts';

const folder = process.env.CTRE_DATA_DIR ?? '';

function read(name: string): Dataset & { x: DenseMatrix } {
  const dataset = readDataset({ name, bytes: readFileSync(join(folder, name)) });
  if (!('data' in dataset.x)) throw new Error('not dense');
  return { ...dataset, x: dataset.x };
}

/**
 * Sums that a moved, lost or transposed value changes: all, by column number, by row number (both from 1).
 */
function sums({ rows, cols, data }: DenseMatrix): { total: number; byColumn: bigint; byRow: bigint } {
  let [total, byColumn, byRow] = [0, 0n, 0n];
  for (let row = 0; row < rows; row++) {
    let [rowTotal, rowByColumn] = [0, 0];
    for (let col = 0; col < cols; col++) {
      rowTotal += data[row * cols + col];
      rowByColumn += data[row * cols + col] * (col + 1);
    }
    total += rowTotal;
    byColumn += BigInt(rowByColumn);
    byRow += BigInt(rowTotal) * BigInt(row + 1);
  }
  return { total, byColumn, byRow };
}

// The expected numbers are SciPy's (scipy.io.loadmat) and NumPy's.
const MADELON_SUMS = { total: 634_479_344, byColumn: 158_934_083_972n, byRow: 825_111_740_274n };
const MADELON_LABELS = 1_702_876;
const PCMAC_SUMS = { total: 143_917, byColumn: 241_770_940n, byRow: 135_337_707n };
const PCMAC_LABELS = 1_405_943;
const MNIST_TRAIN_SUMS = { total: 1_567_298_545, byColumn: 637_784_654_393n, byRow: 46_843_240_943_966n };
const MNIST_TEST_SUMS = { total: 264_923_200, byColumn: 107_790_167_391n, byRow: 1_377_285_899_477n };

const reason = folder === '' ? ' (skipped: CTRE_DATA_DIR is not set)' : '';

describe.skipIf(folder === '')(`real data sets${reason}`, () => {
  it('madelon.mat', () => {
    const { x, labels, labelNames } = read('madelon.mat');
    expect([x.rows, x.cols]).toEqual([2600, 500]);
    expect(labelNames).toEqual([-1, 1]);
    expect(labels.reduce((sum, label, row) => sum + label * (row + 1), 0)).toBe(MADELON_LABELS);
    expect(sums(x)).toEqual(MADELON_SUMS);
    const { offset, scale } = fitScaler('standard', x, parseRowRange('0-1999', x.rows));
    [481.7225, 483.4525, 510.166].forEach((mean, col) => {
      expect(offset[col]).toBeCloseTo(mean, 10);
    });
    [6.420163062570919, 30.17874655697284, 38.88943872055754].forEach((deviation, col) => {
      expect(scale[col]).toBeCloseTo(deviation, 12);
    });
  });

  it('PCMAC.mat and its split', () => {
    const { x, labels, labelNames } = read('PCMAC.mat');
    expect([x.rows, x.cols]).toEqual([1943, 3289]);
    expect(labelNames).toEqual([1, 2]);
    expect(labels.reduce((sum, label, row) => sum + label * (row + 1), 0)).toBe(PCMAC_LABELS);
    expect(sums(x)).toEqual(PCMAC_SUMS);
    expect(x.data.filter((value) => value !== 0).length).toBe(93185);
    const split = parseSplit(readFileSync(join(folder, 'splits', 'PCMAC.json'), 'utf8'), x.rows);
    expect([split.train, split.test, split.val, split.fit].map((list) => list?.length)).toEqual([
      1555, 388, 156, 1399,
    ]);
  });

  it('mnist', () => {
    const names = readdirSync(join(folder, 'mnist'));
    const dataset = readDataset(
      Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, 'mnist', name))])),
    );
    const { x, labels, labelNames, test } = dataset;
    if (!test || !('data' in x) || !('data' in test.x))
      throw new Error('expected dense training and test rows');
    expect([x.rows, x.cols, test.x.rows, test.x.cols]).toEqual([60000, 784, 10000, 784]);
    expect(labelNames).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const count = (list: Int32Array): number[] =>
      labelNames.map((_, k) => list.filter((label) => label === k).length);
    expect(count(labels)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
    expect(count(test.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]);
    expect(sums(x)).toEqual(MNIST_TRAIN_SUMS);
    expect(sums(test.x)).toEqual(MNIST_TEST_SUMS);
  });
});
