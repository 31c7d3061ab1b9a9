import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { type ReadOptions, readDataset } from '../../../src/data/index.ts';
import { alignTargets } from '../../../src/data/targets.ts';

const read = (name: string, text: string, options: ReadOptions = {}) =>
  readDataset({ name, bytes: new TextEncoder().encode(text) }, options);

const CSV = 'a,price,b,tax\n1,2.5,3,0\n4,-1e2,6,1\n';

/** An .npy file, version 1.0. */
function npy(descr: string, shape: readonly number[], bytes: Uint8Array): Uint8Array {
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const head = `${dict.padEnd(128 - 10 - 1)}\n`;
  return Uint8Array.from([
    0x93,
    ...Buffer.from(`NUMPY\x01\x00`),
    head.length,
    0,
    ...Buffer.from(head),
    ...bytes,
  ]);
}

describe('numbers to predict', () => {
  it('are one column of a CSV file, with its name', () => {
    const { x, labels, labelNames, targets, featureNames } = read('a.csv', CSV, {
      label: 'price',
      targets: 'numbers',
    });
    expect(targets).toEqual({ rows: 2, cols: 1, data: Float32Array.of(2.5, -100) });
    expect(labelNames).toEqual(['price']);
    expect(labels).toEqual(new Int32Array(0));
    expect(x).toEqual({ rows: 2, cols: 3, data: Float32Array.of(1, 3, 0, 4, 6, 1) });
    expect(featureNames).toEqual(['a', 'b', 'tax']);
  });

  it('are several columns, in the order of the table, by name or index', () => {
    const { x, labelNames, targets } = read('a.csv', CSV, { label: ['tax', 1], targets: 'numbers' });
    expect(targets).toEqual({ rows: 2, cols: 2, data: Float32Array.of(2.5, 0, -100, 1) });
    expect(labelNames).toEqual(['price', 'tax']);
    expect(x).toEqual({ rows: 2, cols: 2, data: Float32Array.of(1, 3, 4, 6) });
  });

  it('stand at the beginning of LIBSVM lines, one or more', () => {
    const one = read('a.libsvm', '0.5 1:2\n-3 2:1\n', { targets: 'numbers' });
    expect(one.targets).toEqual({ rows: 2, cols: 1, data: Float32Array.of(0.5, -3) });
    const two = read('a.libsvm', '0.5,7 1:2\n-3,8.25 2:1\n', { targets: 'numbers' });
    expect(two.targets).toEqual({ rows: 2, cols: 2, data: Float32Array.of(0.5, 7, -3, 8.25) });
    expect(two.labelNames).toEqual([0, 1]);
    expect(() => read('a.libsvm', '0.5,7 1:2\n-3 2:1\n', { targets: 'numbers' })).toThrow(
      /row 2 has 1 number to predict; expected 2/,
    );
  });

  it('are a vector or a matrix of an .npz file', () => {
    const x = npy('|u1', [2, 2], Uint8Array.of(1, 2, 3, 4));
    const numbers = Float32Array.of(0.5, 1.5, 2.5, 3.5);
    const y = npy('<f4', [2, 2], new Uint8Array(numbers.buffer));
    const bytes = zipSync({ 'x.npy': x, 'y.npy': y });
    const { targets, labelNames } = readDataset({ name: 'a.npz', bytes }, { targets: 'numbers' });
    expect(targets).toEqual({ rows: 2, cols: 2, data: numbers });
    expect(labelNames).toEqual([0, 1]);
    const single = zipSync({ 'x.npy': x, 'y.npy': npy('<f4', [2], new Uint8Array(numbers.buffer, 0, 8)) });
    const vector = readDataset({ name: 'a.npz', bytes: single }, { targets: 'numbers' });
    expect(vector.targets).toEqual({ rows: 2, cols: 1, data: numbers.subarray(0, 2) });
    expect(() => readDataset({ name: 'a.npz', bytes })).toThrow(
      /"y" is 2 × 2, and row 1 of it is not one-hot/,
    );
  });

  it('are numbers: names, gaps and infinities are refused with their place', () => {
    const options: ReadOptions = { label: 'y', targets: 'numbers' };
    expect(() => read('a.csv', 'x,y\n1,2\n3,red\n', options)).toThrow(/line 3, column 2 "y" holds "red"/);
    expect(read('a.csv', 'x,y\n1,2\n3,\n', options).warnings?.join()).toMatch(
      /1 row has no label, and is left out/,
    );
    expect(() => read('a.csv', 'x,y\n1,2\n3,1e39\n', options)).toThrow(/line 3, column 2 "y" holds "1e39"/);
    expect(() => read('a.libsvm', 'red 1:2\n', { targets: 'numbers' })).toThrow(/line 1 starts with "red"/);
  });
});

describe('several labels a row', () => {
  it('are columns of 0 and 1', () => {
    const { targets, labelNames } = read('a.csv', 'x,cat,dog\n1,0,1\n2,1,1\n', {
      label: ['cat', 'dog'],
      targets: 'flags',
    });
    expect(targets).toEqual({ rows: 2, cols: 2, data: Float32Array.of(0, 1, 1, 1) });
    expect(labelNames).toEqual(['cat', 'dog']);
    expect(() =>
      read('a.csv', 'x,cat,dog\n1,0,1\n2,1,7\n', { label: ['cat', 'dog'], targets: 'flags' }),
    ).toThrow(/row 2 has 7 for the label "dog"; expected 0 or 1/);
  });

  it('are lists of LIBSVM lines; a row may have none', () => {
    const { targets, labelNames, x } = read('a.libsvm', '3,1 1:2\n 2:1\n10 1:1\n', { targets: 'flags' });
    expect(labelNames).toEqual([1, 3, 10]);
    expect(targets).toEqual({ rows: 3, cols: 3, data: Float32Array.of(1, 1, 0, 0, 0, 0, 0, 0, 1) });
    expect(x.rows).toBe(3);
  });

  it('take the columns of a model', () => {
    const matrix = { rows: 2, cols: 2, data: Float32Array.of(1, 0, 0, 1) };
    expect(alignTargets({ matrix, names: [7, 3] }, [3, 5, 7], 'flags')).toEqual({
      rows: 2,
      cols: 3,
      data: Float32Array.of(0, 0, 1, 1, 0, 0),
    });
    expect(() => alignTargets({ matrix, names: [7, 4] }, [3, 5, 7], 'flags')).toThrow(
      /the model has no output 4; its outputs are 3, 5, 7/,
    );
    expect(() => alignTargets({ matrix, names: ['a', 'b'] }, ['a', 'b', 'c'], 'numbers')).toThrow(
      /has 2 targets; the model has 3/,
    );
    // Columns without names go by their order.
    expect(alignTargets({ matrix, names: [0, 1] }, ['a', 'b'], 'numbers')).toBe(matrix);
  });
});

describe('classes', () => {
  it('are no fractions, and one column', () => {
    expect(() => read('a.csv', 'x,y\n1,2.5\n3,4\n')).toThrow(/set targets to 'numbers'/);
    expect(() => read('a.libsvm', '2.5 1:1\n')).toThrow(/set targets to 'numbers'/);
    expect(() => read('a.libsvm', '1,2 1:1\n')).toThrow(/'flags' for several labels/);
    expect(() => read('a.csv', CSV, { label: ['price', 'tax'] })).toThrow(/set the option targets/);
  });

  it('are what is read where nothing is asked for', () => {
    const plain = read('a.csv', 'x,y\n1,2\n3,4\n');
    expect(read('a.csv', 'x,y\n1,2\n3,4\n', { targets: 'classes' })).toEqual(plain);
    expect('targets' in plain).toBe(false);
    const free = read('a.csv', 'x,y\n1,2\n3,4\n', { targets: 'numbers', unlabelled: true });
    expect('targets' in free).toBe(false);
    expect(free.x.cols).toBe(2);
  });
});
