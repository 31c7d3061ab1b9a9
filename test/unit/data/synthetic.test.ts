import { describe, expect, it } from 'vitest';
import { type SyntheticOptions, syntheticDataset } from '../../../src/data/index.ts';
import type { DenseMatrix } from '../../../src/matrix/denseMatrix.ts';
import { errorOf } from './cases.ts';

function column(x: DenseMatrix, col: number): number[] {
  return Array.from({ length: x.rows }, (_, row) => x.data[row * x.cols + col]);
}

/** The part of the rows whose sign pattern over the columns tells the class, by majority. */
function accuracyOfSigns(x: DenseMatrix, labels: Int32Array, columns: Int32Array): number {
  const counts = new Map<string, number[]>();
  for (let row = 0; row < x.rows; row++) {
    const key = Array.from(columns, (col) => (x.data[row * x.cols + col] > 0 ? '+' : '-')).join('');
    const count = counts.get(key) ?? [0, 0];
    count[labels[row]]++;
    counts.set(key, count);
  }
  return [...counts.values()].reduce((sum, count) => sum + Math.max(...count), 0) / x.rows;
}

function dense(dataset: ReturnType<typeof syntheticDataset>): DenseMatrix {
  if (!('data' in dataset.x)) throw new Error('not dense');
  return dataset.x;
}

describe('syntheticDataset', () => {
  const madelon = syntheticDataset();
  const x = dense(madelon);

  it('has the size of Madelon by default, and balanced classes', () => {
    expect([x.rows, x.cols]).toEqual([2600, 500]);
    expect([madelon.informativeColumns.length, madelon.redundantColumns.length]).toEqual([5, 15]);
    expect(new Set([...madelon.informativeColumns, ...madelon.redundantColumns]).size).toBe(20);
    const ones = madelon.labels.reduce((sum, label) => sum + label, 0);
    expect(Math.abs(ones - 1300)).toBeLessThan(20);
  });

  it('is told by the informative columns together, by none alone and not by noise', () => {
    expect(accuracyOfSigns(x, madelon.labels, madelon.informativeColumns)).toBeGreaterThan(0.9);
    for (const col of madelon.informativeColumns) {
      expect(accuracyOfSigns(x, madelon.labels, Int32Array.of(col))).toBeLessThan(0.55);
    }
    const meaningful = new Set([...madelon.informativeColumns, ...madelon.redundantColumns]);
    const noise = Array.from({ length: 500 }, (_, col) => col).filter((col) => !meaningful.has(col));
    expect(accuracyOfSigns(x, madelon.labels, Int32Array.from(noise.slice(0, 5)))).toBeLessThan(0.6);
  });

  it('makes redundant columns of the informative ones, exactly', () => {
    // Least squares by Gauss on the first six rows: five find the weights, the sixth confirms them.
    const basis = Array.from(madelon.informativeColumns, (col) => column(x, col));
    for (const col of madelon.redundantColumns) {
      const system = Array.from({ length: 6 }, (_, row) => [
        ...basis.map((b) => b[row]),
        column(x, col)[row],
      ]);
      for (let i = 0; i < 5; i++) {
        const pivot = system.findIndex(
          (r, at) => at >= i && Math.abs(r[i]) === Math.max(...system.slice(i).map((s) => Math.abs(s[i]))),
        );
        [system[i], system[pivot]] = [system[pivot], system[i]];
        for (let r = i + 1; r < 6; r++) {
          const factor = system[r][i] / system[i][i];
          for (let c = i; c < 6; c++) system[r][c] -= factor * system[i][c];
        }
      }
      expect(Math.abs(system[5][5])).toBeLessThan(1e-4);
    }
  });

  it('is the same for the same seed only', () => {
    const small: SyntheticOptions = { rows: 40, noise: 10 };
    expect(syntheticDataset(small)).toEqual(syntheticDataset(small));
    expect(syntheticDataset({ ...small, seed: 1 }).x).not.toEqual(syntheticDataset(small).x);
  });

  it('flips the asked part of the labels and nothing else', () => {
    const flipped = syntheticDataset({ flip: 0.1 });
    expect(Buffer.from(dense(flipped).data.buffer).equals(Buffer.from(x.data.buffer))).toBe(true);
    const changed = flipped.labels.filter((label, row) => label !== madelon.labels[row]).length;
    expect(changed / 2600).toBeGreaterThan(0.07);
    expect(changed / 2600).toBeLessThan(0.13);
    expect(syntheticDataset({ flip: 1, rows: 100 }).labels).toEqual(
      syntheticDataset({ rows: 100 }).labels.map((label) => 1 - label),
    );
  });

  it('makes more classes, and no redundant or noise columns', () => {
    const {
      labels,
      labelNames,
      x: few,
    } = syntheticDataset({ classes: 4, informative: 3, redundant: 0, noise: 0, rows: 800 });
    expect(few.cols).toBe(3);
    expect(labelNames).toEqual([0, 1, 2, 3]);
    for (const label of [0, 1, 2, 3]) expect(labels.filter((l) => l === label).length).toBe(200);
  });

  it.each<SyntheticOptions>([
    { rows: 1 },
    { rows: 2.5 },
    { informative: 1 },
    { informative: 17 },
    { classes: 1 },
    { classes: 17 },
    { noise: -1 },
    { clusterSpread: Number.NaN },
    { flip: 1.1 },
    { seed: Number.NaN },
  ])('refuses %o', (options) => {
    expect(errorOf(() => syntheticDataset(options)).code).toBe('E_ARGUMENT');
  });

  it('refuses more than one matrix holds', () => {
    expect(errorOf(() => syntheticDataset({ rows: 1e6, noise: 1e6 })).code).toBe('E_MEMORY');
  });
});
