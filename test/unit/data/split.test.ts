import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { parseRowRange, parseSplit, remainingRows, splitRows, takeRows } from '../../../src/data/index.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import { errorOf, rowsOf } from './cases.ts';

const random = () => randomStream(1, 'test');

describe('splitRows', () => {
  it('divides all rows once, by the fraction', () => {
    const { fit, val } = splitRows(100, 0.1, random());
    expect(val.length).toBe(10);
    expect([...fit, ...val].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, row) => row));
    expect(Array.from(val)).not.toEqual(Array.from({ length: 10 }, (_, row) => row));
    expect(Array.from(fit)).toEqual(Array.from(fit).sort((a, b) => a - b));
  });

  it('divides a list and leaves it alone', () => {
    const rows = Int32Array.of(7, 3, 9, 5);
    const { fit, val } = splitRows(rows, 0.5, random());
    expect([...fit, ...val].sort()).toEqual([3, 5, 7, 9]);
    expect(Array.from(rows)).toEqual([7, 3, 9, 5]);
  });

  it('never takes none and never all', () => {
    expect(splitRows(3, 0.001, random()).val.length).toBe(1);
    expect(splitRows(3, 0.999, random()).fit.length).toBe(1);
  });

  it('is the same for the same stream', () => {
    expect(splitRows(50, 0.3, random())).toEqual(splitRows(50, 0.3, random()));
  });

  it.each([0, 1, -0.5, Number.NaN, Infinity])('refuses the fraction %s', (fraction) => {
    expect(errorOf(() => splitRows(10, fraction, random())).code).toBe('E_ARGUMENT');
  });

  it('refuses too few rows', () => {
    expect(errorOf(() => splitRows(1, 0.5, random())).code).toBe('E_ARGUMENT');
  });

  it.each([-1, 2.5, 2 ** 40, Number.NaN])('refuses %s rows', (rows) => {
    expect(errorOf(() => splitRows(rows, 0.5, random())).code).toBe('E_ARGUMENT');
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
    expect(splitRows([7, 3, 9, 5], 0.5, random())).toEqual(
      splitRows(Int32Array.of(7, 3, 9, 5), 0.5, random()),
    );
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
