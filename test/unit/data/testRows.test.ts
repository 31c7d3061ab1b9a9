import { describe, expect, it } from 'vitest';
import { learnColumns, type ReadOptions, readDataset } from '../../../src/data/index.ts';
import { npy } from '../../hard/fuzz/datasets.ts';
import { errorOf, rowsOf, text } from './cases.ts';

const TRAIN = 'id,size,colour,kind\n1,3,red,a\n2,5,blue,b\n3,4,red,b\n4,,blue,a\n5,6,red,a\n6,9,blue,b\n';

/** The dataset of a table and of its test rows. */
function read(train: string, test: string, options: ReadOptions = {}) {
  const files = { name: 'train.csv', bytes: text(train) };
  return readDataset(files, { ...options, test: { name: 'test.csv', bytes: text(test) } });
}

describe('test rows of a file of their own', () => {
  it('have the columns of the training rows, found by name', () => {
    const { x, labels, test, labelNames, featureNames, warnings } = read(
      TRAIN,
      'kind,colour,more,size\nb,blue,1,4\na,green,2,7\n',
    );
    expect(featureNames).toEqual(['size', 'size is missing', 'colour=blue', 'colour=red']);
    expect(labelNames).toEqual(['a', 'b']);
    expect([x.rows, Array.from(labels)]).toEqual([6, [0, 1, 1, 0, 0, 1]]);
    expect(test && rowsOf(test.x)).toEqual([
      [4, 0, 1, 0],
      [7, 0, 0, 0],
    ]);
    expect(test && Array.from(test.labels)).toEqual([1, 0]);
    expect(warnings).toContain('column 3 "more" of "test.csv" is not in the training table, and left out');
  });

  it('are encoded as the training rows alone say', () => {
    // The training rows' median is 5, that of all rows 100.
    const { table, test } = read(TRAIN, `size,colour,kind\n${'100,red,a\n'.repeat(9)},red,b\n`);
    expect(test?.x.rows).toBe(10);
    expect(test && rowsOf(test.x)[9]).toEqual([5, 1, 0, 1]);
    if (table?.test === undefined) throw new Error('a table was expected');
    const { pipeline } = learnColumns(table, { scale: 'minmax' });
    const { x } = pipeline.transformColumns(table.test.columns, 10);
    // From 3 to 9.
    expect(rowsOf(x)[0][0]).toBeCloseTo(97 / 6, 5);
  });

  it('are found by place where one of the tables has no names', () => {
    const { test } = read('1,2,a\n3,4,b\n5,6,a\n', '7,8,b\n9,10,a\n');
    expect(test && [rowsOf(test.x), Array.from(test.labels)]).toEqual([
      [
        [7, 8],
        [9, 10],
      ],
      [1, 0],
    ]);
    const error = errorOf(() => read('1,2,a\n3,4,b\n5,6,a\n', '7,8,9,b\n'));
    expect([error.code, error.message]).toEqual([
      'E_SHAPE',
      'train.csv, test.csv: the table of test rows has 4 columns; expected 3, as the training rows have: ' +
        'columns without names are told by their places',
    ]);
  });

  it('are refused where they lack columns, all of which are named', () => {
    const error = errorOf(() => read(TRAIN, 'kind,more\na,1\n'));
    expect(error.code).toBe('E_SHAPE');
    expect(error.message).toContain('has no column 2 "size", column 3 "colour"; expected the columns');
  });

  it('are refused with labels that no training row has', () => {
    const error = errorOf(() => read(TRAIN, 'size,colour,kind\n1,red,c\n1,red,a\n2,red,d\n3,red,c\n'));
    expect([error.code, error.message]).toEqual([
      'E_LABEL',
      'train.csv, test.csv: 3 test rows have labels that no training row has: "c", "d"; expected "a", "b"; ' +
        'correct them, or leave their rows out',
    ]);
  });

  it('keep their classes where all of their labels look like numbers', () => {
    const { test, labelNames } = read('x,label\n1,1\n2,b\n3,1\n', 'x,label\n4,1\n5,1\n');
    expect([labelNames, Array.from(test?.labels ?? [])]).toEqual([
      ['1', 'b'],
      [0, 0],
    ]);
  });

  it('tell where they stand in their errors', () => {
    const error = errorOf(() =>
      read('a,b,price\n1,2,3\n2,3,4\n', 'a,b,price\n1,2,3\n1,2,much\n', {
        targets: 'numbers',
        label: 'price',
      }),
    );
    expect(error.message).toContain('line 3 of "test.csv", column 3 "price" holds "much"');
  });

  it('may be numbers to predict', () => {
    const options: ReadOptions = { targets: 'numbers', label: 'price' };
    const { test } = read('a,price\n1,2.5\n2,3.5\n', 'price,a\n7.5,9\n', options);
    expect(test && [rowsOf(test.x), Array.from(test.targets?.data ?? [])]).toEqual([[[9]], [7.5]]);
  });

  it('of LIBSVM count from where the training rows do, in as many columns', () => {
    const read = (train: string, test: string) =>
      readDataset(
        { name: 'a.libsvm', bytes: text(train) },
        { test: { name: 'b.libsvm', bytes: text(test) } },
      );
    const { test } = read('1 0:5 3:6\n2 1:7\n', '2 1:4\n1 2:3\n');
    expect(test && [rowsOf(test.x), Array.from(test.labels)]).toEqual([
      [
        [0, 4, 0, 0],
        [0, 0, 3, 0],
      ],
      [1, 0],
    ]);
    expect(errorOf(() => read('1 1:5 3:6\n2 1:7\n', '2 4:4\n')).message).toContain('expected at most 3');
    expect(errorOf(() => read('1 1:5 3:6\n2 1:7\n', '3 1:4\n')).code).toBe('E_LABEL');
  });

  it('of arrays are told by the same words', () => {
    const x = (rows: number, cols: number) =>
      npy(
        '|u1',
        [rows, cols],
        Uint8Array.from({ length: rows * cols }, (_, p) => p),
      );
    const y = (...labels: number[]) => npy('|u1', [labels.length], Uint8Array.from(labels));
    const train = { 'X_train.npy': x(3, 2), 'y_train.npy': y(0, 1, 0) };
    const { test } = readDataset(train, {
      features: 'X_train',
      test: { 'X_test.npy': x(2, 2), 'y_test.npy': y(1, 1) },
    });
    expect(test && [rowsOf(test.x), Array.from(test.labels)]).toEqual([
      [
        [0, 1],
        [2, 3],
      ],
      [1, 1],
    ]);
    const wide = { 'X_test.npy': x(2, 3), 'y_test.npy': y(1, 1) };
    expect(errorOf(() => readDataset(train, { test: wide })).message).toContain(
      'have 3 features; expected 2',
    );
  });

  it('are of the kind of the training rows', () => {
    const error = errorOf(() =>
      readDataset(
        { name: 'a.libsvm', bytes: text('1 0:5 3:6\n2 1:7\n') },
        { test: { name: 'b.csv', bytes: text('1,2\n3,4\n') } },
      ),
    );
    expect([error.code, error.message]).toEqual([
      'E_FORMAT',
      'a.libsvm, b.csv: the training rows are arrays and the test rows a table; expected one kind',
    ]);
  });

  it('take the place of those that the dataset brings along', () => {
    const pair = (part: string, value: number) => ({
      [`X_${part}.csv`]: text(`${value},1\n${value},2\n`),
      [`y_${part}.csv`]: text('0\n1\n'),
    });
    const files = { ...pair('train', 1), ...pair('test', 2) };
    expect(readDataset(files).test?.x).toMatchObject({ rows: 2, cols: 2 });
    const { test } = readDataset(files, { test: pair('test', 7) });
    expect(test && rowsOf(test.x)).toEqual([
      [7, 1],
      [7, 2],
    ]);
  });
});
