import { describe, expect, it } from 'vitest';
import {
  kFold,
  parseRowRange,
  parseSplit,
  remainingRows,
  splitRows,
  takeRows,
} from '../../../src/data/index.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import { errorOf, rowsOf } from './cases.ts';

const seeded = { seed: 1 };

describe('splitRows', () => {
  it('divides all rows once, by the fraction', () => {
    const { fit, val } = splitRows(100, 0.1, seeded);
    expect(val.length).toBe(10);
    expect([...fit, ...val].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, row) => row));
    expect(Array.from(val)).not.toEqual(Array.from({ length: 10 }, (_, row) => row));
    expect(Array.from(fit)).toEqual(Array.from(fit).sort((a, b) => a - b));
  });

  it('divides a list and leaves it alone', () => {
    const rows = Int32Array.of(7, 3, 9, 5);
    const { fit, val } = splitRows(rows, 0.5, seeded);
    expect([...fit, ...val].sort()).toEqual([3, 5, 7, 9]);
    expect(Array.from(rows)).toEqual([7, 3, 9, 5]);
  });

  it('never takes none and never all', () => {
    expect(splitRows(3, 0.001, seeded).val.length).toBe(1);
    expect(splitRows(3, 0.999, seeded).fit.length).toBe(1);
  });

  it('is the same for the same stream', () => {
    expect(splitRows(50, 0.3, seeded)).toEqual(splitRows(50, 0.3, seeded));
  });

  it.each([0, 1, -0.5, Number.NaN, Infinity])('refuses the fraction %s', (fraction) => {
    expect(errorOf(() => splitRows(10, fraction, seeded)).code).toBe('E_ARGUMENT');
  });

  it('refuses too few rows', () => {
    expect(errorOf(() => splitRows(1, 0.5, seeded)).code).toBe('E_ARGUMENT');
  });

  it.each([-1, 2.5, 2 ** 40, Number.NaN])('refuses %s rows', (rows) => {
    expect(errorOf(() => splitRows(rows, 0.5, seeded)).code).toBe('E_ARGUMENT');
  });
});

/** How many of the rows have each label. */
function countOf(rows: Int32Array, labels: readonly (number | string)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const row of rows) counts[labels[row]] = (counts[labels[row]] ?? 0) + 1;
  return counts;
}

describe('seeds', () => {
  it('of numbers, of texts and none divide in their own ways, each the same again', () => {
    const ways = [{ seed: 1 }, { seed: '1' }, { seed: 2 }, {}].map((options) => [
      splitRows(60, 0.3, options).val.join(),
      kFold(60, 3, options)[0].test.join(),
    ]);
    expect(new Set(ways.flat()).size).toBe(8);
    expect(splitRows(60, 0.3).val.join()).toBe(ways[3][0]);
    expect(splitRows(60, 0.3, { seed: 0 }).val.join()).toBe(ways[3][0]);
  });

  it('draw what the command line has drawn before', () => {
    expect(Array.from(splitRows(10, 0.3, seeded).val)).toEqual([3, 4, 9]);
  });

  it.each([null, Number.NaN, {}, true])('are no %j', (seed) => {
    expect(errorOf(() => Reflect.apply(splitRows, undefined, [10, 0.5, { seed }])).code).toBe('E_ARGUMENT');
    expect(errorOf(() => Reflect.apply(kFold, undefined, [10, 2, { seed }])).code).toBe('E_ARGUMENT');
  });
});

describe('stratified', () => {
  const labels = Array.from({ length: 100 }, (_, row) =>
    row < 70 ? 'a' : row < 95 ? 'b' : row < 99 ? 'c' : 'd',
  );

  it('splits have each class in its share, and the last row of none', () => {
    for (const seed of [1, 2, 3]) {
      const { fit, val } = splitRows(100, 0.2, { seed, labels });
      expect(countOf(val, labels)).toEqual({ a: 14, b: 5, c: 1 });
      expect([...fit, ...val].sort((a, b) => a - b)).toEqual(labels.map((_, row) => row));
      expect(Array.from(fit)).toEqual(Array.from(fit).sort((a, b) => a - b));
    }
  });

  it('splits of a list have the classes of its rows', () => {
    const rows = [0, 1, 2, 3, 70, 71, 72, 73];
    expect(countOf(splitRows(rows, 0.5, { labels }).val, labels)).toEqual({ a: 2, b: 2 });
  });

  it('splits hold out as many as there are, though classes round', () => {
    const five = Array.from({ length: 50 }, (_, row) => row % 5);
    for (const fraction of [0.01, 0.05, 0.33, 0.5, 0.77, 0.95, 0.999]) {
      const { val } = splitRows(50, fraction, { labels: five });
      const wanted = Math.min(Math.max(1, Math.round(fraction * 50)), 45);
      expect(val.length).toBe(wanted);
      const counts = Object.values(countOf(val, five));
      expect(Math.max(...counts) - (counts.length < 5 ? 0 : Math.min(...counts))).toBeLessThanOrEqual(1);
    }
    expect(splitRows(3, 0.5, { labels: [1, 2, 3] }).val.length).toBe(1);
  });

  it('folds have each class in its share', () => {
    for (const { train, test } of kFold(100, 5, { labels })) {
      expect(countOf(test, labels)).toMatchObject({ a: 14, b: 5 });
      expect(test.length + train.length).toBe(100);
      expect(test.length).toBe(20);
    }
  });

  it('needs a class for every row', () => {
    expect(errorOf(() => splitRows(3, 0.5, { labels: [1, 2] })).code).toBe('E_SHAPE');
    expect(errorOf(() => splitRows([0, 7], 0.5, { labels: [1, 2] })).code).toBe('E_SHAPE');
    expect(errorOf(() => kFold(2, 2, { labels: [1, 0.5] })).code).toBe('E_LABEL');
  });
});

describe('kFold', () => {
  it('tests every row once, and trains on the others', () => {
    const folds = kFold(11, 4, { seed: 3 });
    expect(folds.map(({ test }) => test.length)).toEqual([3, 3, 3, 2]);
    expect(folds.flatMap(({ test }) => [...test]).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 11 }, (_, row) => row),
    );
    for (const { train, test } of folds) {
      expect([...train, ...test].sort((a, b) => a - b)).toEqual(Array.from({ length: 11 }, (_, row) => row));
      expect(Array.from(train)).toEqual(Array.from(train).sort((a, b) => a - b));
    }
    expect(kFold([5, 9, 2], 3).map(({ test }) => test.length)).toEqual([1, 1, 1]);
  });

  it.each([1, 0, 2.5, 12, '3', undefined])('refuses %j folds of 11 rows', (folds) => {
    expect(errorOf(() => Reflect.apply(kFold, undefined, [11, folds])).code).toBe('E_ARGUMENT');
  });

  it('refuses more indices than there may be', () => {
    expect(errorOf(() => kFold(1 << 20, 1 << 20)).code).toBe('E_MEMORY');
  });
});

describe('takeRows', () => {
  const dense = { rows: 3, cols: 2, data: Float32Array.of(1, 0, 0, 0, 5, 6) };

  it.each([
    ['dense', dense],
    ['sparse', CsrMatrix.fromDense(dense)],
  ] as const)('%s, in the given order, also twice or none', (_, x) => {
    expect(rowsOf(takeRows(x, Int32Array.of(2, 0, 1, 2)))).toEqual([
      [5, 6],
      [1, 0],
      [0, 0],
      [5, 6],
    ]);
    expect(takeRows(x, new Int32Array()).rows).toBe(0);
    expect(errorOf(() => takeRows(x, Int32Array.of(3))).code).toBe('E_ARGUMENT');
    expect(errorOf(() => takeRows(x, Int32Array.of(-1))).code).toBe('E_ARGUMENT');
  });
});

describe('rows and row lists as arrays', () => {
  it('are what fit takes, so they are taken here', () => {
    const taken = takeRows(
      [
        [1, 0],
        [0, 0],
        [5, 6],
      ],
      [2, 0],
    );
    expect(taken).toEqual({ rows: 2, cols: 2, data: Float32Array.of(5, 6, 1, 0) });
    expect(takeRows([Float32Array.of(1, 2)], Int32Array.of(0)).data).toEqual(Float32Array.of(1, 2));
    expect(splitRows([7, 3, 9, 5], 0.5, seeded)).toEqual(splitRows(Int32Array.of(7, 3, 9, 5), 0.5, seeded));
    expect(remainingRows(5, [1, 4])).toEqual(Int32Array.of(0, 2, 3));
  });

  it.each([
    [[0.5]],
    [[-1]],
    [[3]],
    [['0']],
    [[2 ** 32]],
    [new Float64Array(1)],
    ['0'],
    [null],
    [{ length: 1, 0: 0 }],
  ])('are refused: %j', (rows) => {
    const dense = { rows: 3, cols: 1, data: new Float32Array(3) };
    expect(errorOf(() => Reflect.apply(takeRows, undefined, [dense, rows])).code).toBe('E_ARGUMENT');
  });
});

describe('row ranges', () => {
  it('include both ends', () => {
    expect(Array.from(parseRowRange('2-4', 5))).toEqual([2, 3, 4]);
    expect(Array.from(parseRowRange(' 0 ', 5))).toEqual([0]);
  });

  it.each([
    ['', 'E_ARGUMENT'],
    ['a-b', 'E_ARGUMENT'],
    ['-3', 'E_ARGUMENT'],
    ['1.5-3', 'E_ARGUMENT'],
    ['4-2', 'E_ARGUMENT'],
    ['3-5', 'E_SHAPE'],
    ['99999999999999999999', 'E_SHAPE'],
  ])('refuse "%s"', (range, code) => {
    expect(errorOf(() => parseRowRange(range, 5)).code).toBe(code);
  });

  it('leave the remaining rows', () => {
    expect(Array.from(remainingRows(5, Int32Array.of(1, 4)))).toEqual([0, 2, 3]);
    expect(errorOf(() => remainingRows(5, Int32Array.of(5))).code).toBe('E_ARGUMENT');
  });
});

describe('parseSplit', () => {
  it('reads the lists and passes other keys over', () => {
    const split = parseSplit('{"train":[0,1,3],"test":[2],"val":[1],"fit":[3,0],"note":"x"}', 4);
    expect(split).toEqual({
      train: Int32Array.of(0, 1, 3),
      test: Int32Array.of(2),
      val: Int32Array.of(1),
      fit: Int32Array.of(3, 0),
    });
    expect(parseSplit('{"train":[0],"test":[1]}', 2)).toEqual({
      train: Int32Array.of(0),
      test: Int32Array.of(1),
    });
  });

  it.each([
    ['nothing', '', 'E_FORMAT'],
    ['a list', '[1]', 'E_FORMAT'],
    ['no test', '{"train":[1]}', 'E_FORMAT'],
    ['an empty list', '{"train":[],"test":[1]}', 'E_FORMAT'],
    ['text', '{"train":["0"],"test":[1]}', 'E_FORMAT'],
    ['a fraction', '{"train":[0.5],"test":[1]}', 'E_FORMAT'],
    ['a negative row', '{"train":[-1],"test":[1]}', 'E_FORMAT'],
    ['a row beyond', '{"train":[0],"test":[4]}', 'E_SHAPE'],
    ['a row twice', '{"train":[0,0],"test":[1]}', 'E_ARGUMENT'],
    ['a row in both', '{"train":[0,1],"test":[1]}', 'E_ARGUMENT'],
    ['validation rows that are no training rows', '{"train":[0],"test":[1],"val":[2]}', 'E_ARGUMENT'],
    ['fit and val that overlap', '{"train":[0,2],"test":[1],"val":[2],"fit":[2]}', 'E_ARGUMENT'],
    ['a prototype', '{"__proto__":{"train":[0],"test":[1]}}', 'E_FORMAT'],
  ])('refuses %s', (_, json, code) => {
    expect(errorOf(() => parseSplit(json, 4)).code).toBe(code);
  });
});
