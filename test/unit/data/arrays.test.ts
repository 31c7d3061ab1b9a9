import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { arrayRole } from '../../../src/data/arrayRoles.ts';
import { type Dataset, type ReadOptions, readDataset } from '../../../src/data/index.ts';
import { npy, zip } from '../../hard/fuzz/datasets.ts';
import { caseNamed, errorOf, rowsOf, text } from './cases.ts';

const doubles = (values: readonly number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer);
const vector = (values: readonly number[]): Uint8Array => npy('<f8', [values.length], doubles(values));
const table = (rows: number, cols: number, start = 0): Uint8Array =>
  npy('<f8', [rows, cols], doubles(Array.from({ length: rows * cols }, (_, at) => start + at)));
const read = (files: Record<string, Uint8Array>, options?: ReadOptions): Dataset =>
  readDataset(
    {
      'a.npz': zip(Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${name}.npy`, bytes]))),
    },
    options,
  );
const labelsOf = ({ labels, labelNames }: Dataset) => Array.from(labels, (label) => labelNames[label]);

describe('arrayRole', () => {
  it.each([
    ['X', 'features', undefined],
    ['X_train', 'features', 'train'],
    ['trainImages', 'features', 'train'],
    ['xtest', 'features', 'test'],
    ['te_y', 'labels', 'test'],
    ['test labels', 'labels', 'test'],
    ['train_data_labels', 'labels', 'train'],
    ['y-val', 'labels', 'validation'],
    ['Class', 'labels', undefined],
  ])('of %s is %s, %s', (name, content, part) => {
    expect(arrayRole(name)).toEqual({ content, ...(part !== undefined && { part }) });
  });

  it.each(['id', 'train', 'omega', 'constructor', 'yes', ''])('of %j is not known', (name) => {
    expect(arrayRole(name)).toBeUndefined();
  });
});

describe('labels of arrays', () => {
  const four = {
    X_train: table(4, 2),
    X_test: table(4, 2, 10),
    y_train: vector([0, 0, 1, 1]),
    y_test: vector([1, 0, 1, 0]),
  };

  it('are those of the same part', () => {
    expect(labelsOf(read(four, { features: 'X_test' }))).toEqual([1, 0, 1, 0]);
    expect(labelsOf(read(four, { features: 'X_train' }))).toEqual([0, 0, 1, 1]);
    const { test, taken } = read(four);
    expect(test && rowsOf(test.x)[0]).toEqual([10, 11]);
    expect(taken).toEqual({ format: 'NumPy', features: 'X_train', label: { name: 'y_train' } });
  });

  it('are asked for where several would do', () => {
    const error = errorOf(() => read({ X: table(4, 2), a: vector([1, 2, 1, 2]), b: vector([7, 8, 9, 7]) }));
    expect(error.code).toBe('E_FORMAT');
    expect(error.message).toContain('"a" (4), "b" (4) may each be the labels');
    expect(labelsOf(read({ X: table(4, 2), a: vector([1, 2, 1, 2]), n: vector([1]) }))).toEqual([1, 2, 1, 2]);
  });

  it('with several a row are refused', () => {
    const error = errorOf(() => read({ X: table(2, 2), y: npy('<f8', [2, 2], doubles([1, 1, 0, 1])) }));
    expect(error.code).toBe('E_LABEL');
    expect(error.message).toContain('row 1 of it is not one-hot');
    const none = errorOf(() => read({ X: table(2, 2), y: npy('<f8', [2, 2], doubles([0, 1, 0, 0])) }));
    expect(none.message).toContain('row 2 of "y" holds no 1');
  });

  it('as many as columns mean that the features are the wrong way round', () => {
    const error = errorOf(() => read({ X: table(3, 5), y: vector([1, 2, 1, 2, 1]) }));
    expect(error.code).toBe('E_SHAPE');
    expect(error.message).toContain('transpose it');
  });
});

describe('features of arrays', () => {
  it('are told of where the largest array is taken', () => {
    const { x, warnings } = read({ a: table(2, 3), b: table(2, 2), y: vector([0, 1]) });
    expect(x.cols).toBe(3);
    expect(warnings?.[0]).toContain('"a" is taken for the features, since it is the largest');
    expect(warnings?.[0]).toContain('the option features');
    expect(read({ a: table(2, 3), y: vector([0, 1]) }).warnings).toEqual([]);
  });

  it('may be one column', () => {
    expect(rowsOf(readDataset({ 'd.npy': vector([1, 2, 3]) }, { unlabelled: true }).x)).toEqual([
      [1],
      [2],
      [3],
    ]);
  });

  it('say where their samples are last', () => {
    const { warnings } = readDataset(caseNamed('mat images with samples last').files);
    expect(warnings?.[0]).toContain('its last size is the samples');
  });
});

describe('sparse matrices', () => {
  const integers = (values: readonly number[]): Uint8Array =>
    npy('<i4', [values.length], new Uint8Array(Int32Array.from(values).buffer));
  const coo = {
    format: npy('|S3', [], text('coo')),
    shape: integers([2, 3]),
    data: vector([1, 2, 4]),
    row: integers([0, 1, 0]),
    col: integers([2, 0, 2]),
  };

  it('add up what comes twice', () => {
    expect(rowsOf(read(coo, { unlabelled: true }).x)).toEqual([
      [0, 0, 5],
      [2, 0, 0],
    ]);
  });

  it.each<[string, Record<string, Uint8Array>, string]>([
    ['an index beyond its columns', { col: integers([2, 0, 3]) }, 'entry 3'],
    ['an index below 0', { row: integers([0, -1, 0]) }, 'entry 2'],
    ['fewer indices than values', { row: integers([0, 1]) }, 'as many of each'],
    ['a value that is not finite', { data: vector([1, Number.NaN, 4]) }, 'row 2, column 1'],
    ['a negative size', { shape: integers([-2, 3]) }, 'rows × columns'],
    ['three sizes', { shape: integers([2, 3, 1]) }, 'rows × columns'],
    ['another layout', { format: npy('|S3', [], text('dok')) }, '"dok"'],
    [
      'diagonals that are no matrix',
      { format: npy('|S3', [], text('dia')), offsets: vector([0]) },
      'diagonals',
    ],
    [
      'blocks that are no cube',
      { format: npy('|S3', [], text('bsr')), indptr: vector([0]), indices: vector([0]) },
      'blocks',
    ],
  ])('with %s are refused', (_, changed, sentence) => {
    expect(errorOf(() => read({ ...coo, ...changed }, { unlabelled: true })).message).toContain(sentence);
  });

  it('without a shape have the columns that occur', () => {
    const parts = { data: vector([5, 6]), indices: integers([1, 3]), indptr: integers([0, 1, 1, 2]) };
    expect(rowsOf(read(parts, { unlabelled: true }).x)).toEqual([
      [0, 5, 0, 0],
      [0, 0, 0, 0],
      [0, 0, 0, 6],
    ]);
  });
});

describe('LIBSVM indices', () => {
  const svm = (content: string, options?: ReadOptions) => readDataset({ 'a.svm': text(content) }, options);

  it('count from what the option says', () => {
    expect(rowsOf(svm('1 1:5 3:2\n', { columns: 4, indexBase: 0 }).x)).toEqual([[0, 5, 0, 2]]);
    expect(rowsOf(svm('1 1:5\n', { indexBase: 0 }).x)).toEqual([[0, 5]]);
    expect(errorOf(() => svm('1 0:5\n', { indexBase: 1 })).code).toBe('E_FORMAT');
  });

  it('are told of where either is as good', () => {
    expect(svm('1 1:5 3:2\n', { columns: 4 }).warnings?.[0]).toContain('indexBase');
    expect(svm('1 1:5 4:2\n', { columns: 4 }).warnings).toEqual([]);
    expect(svm('1 1:5 3:2\n')).toMatchObject({ warnings: [], taken: { indexBase: 1 } });
  });

  it('come after one label', () => {
    expect(errorOf(() => svm('1,3 1:0.5\n2 2:1\n')).message).toContain('several labels');
  });
});

describe('gzip with zeros behind it', () => {
  it.each([1, 2, 7, 500])('reads: %i of them', (zeros) => {
    for (const content of [
      '1,2,0\n3,4,1\n',
      `${'1,2,0\n3,4,1\n'.repeat(100)}`,
      '1,2,0\n3,4,1\n'.repeat(6000),
    ]) {
      const padded = Buffer.concat([gzipSync(content), new Uint8Array(zeros)]);
      expect(readDataset({ 'a.csv.gz': padded }).x.rows).toBe(content.length / 6);
    }
  });
});
