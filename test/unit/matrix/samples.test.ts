import { describe, expect, it } from 'vitest';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import { checkFiniteSamples, toMatrix } from '../../../src/matrix/samples.ts';

const thrown = (code: string, message: string) => expect.objectContaining({ code, message });

describe('samples', () => {
  const dense = { rows: 2, cols: 3, data: Float32Array.of(1, 0, 2, 0, 0, -3) };

  it.each<[string, unknown]>([
    ['a dense matrix', dense],
    [
      'arrays',
      [
        [1, 0, 2],
        [0, 0, -3],
      ],
    ],
    ['typed arrays', [Float32Array.of(1, 0, 2), Int32Array.of(0, 0, -3)]],
  ])('come as %s', (_, x) => {
    expect(toMatrix('x', x)).toEqual(dense);
    expect(toMatrix('x', x, 3)).toEqual(dense);
  });

  it('come as a sparse matrix, which is copied', () => {
    const x = CsrMatrix.fromDense(dense);
    const matrix = toMatrix('x', x);
    expect(matrix).toEqual(x);
    expect(matrix).not.toBe(x);
  });

  it('may be no rows', () => {
    expect(toMatrix('x', [])).toEqual({ rows: 0, cols: 0, data: new Float32Array(0) });
    expect(toMatrix('x', [], 3)).toEqual({ rows: 0, cols: 3, data: new Float32Array(0) });
  });

  it('are read once', () => {
    const reads: string[] = [];
    const note = (list: number[] | number[][], name: string): never =>
      new Proxy(list, {
        get(target, key, receiver): unknown {
          if (/^\d+$/.test(String(key))) reads.push(name + String(key));
          return Reflect.get(target, key, receiver);
        },
      }) as never;
    toMatrix('x', note([note([1, 2], 'a'), note([3, 4], 'b')], 'x'));
    expect(reads).toEqual(['x0', 'a0', 'a1', 'x1', 'b0', 'b1']);
  });

  it.each<[string, unknown, string, string]>([
    ['rows of unequal length', [[1, 2], [3]], 'E_SHAPE', 'x[1] has 1 elements; expected 2'],
    ['numbers for rows', [1, 2], 'E_ARGUMENT', 'x[0] is 1; expected an array of numbers'],
    ['a missing row', [[1], undefined], 'E_ARGUMENT', 'x[1] is undefined; expected an array of numbers'],
    ['text', [[1], ['2']], 'E_ARGUMENT', 'x[1][0] is "2"; expected a number'],
    ['nothing', null, 'E_ARGUMENT', 'x is null; expected { rows, cols, data } or a CsrMatrix'],
  ])('are not %s', (_, x, code, message) => {
    expect(() => toMatrix('x', x)).toThrow(thrown(code, message));
  });
});

describe('numbers that are not finite', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('are found: %s', (bad) => {
    const dense = { rows: 3, cols: 2, data: Float32Array.of(1, 2, 3, 4, 5, bad) };
    const error = thrown('E_NOT_FINITE', `x holds ${bad} in row 2; expected finite numbers`);
    expect(() => checkFiniteSamples('x', dense)).toThrow(error);
    expect(() => checkFiniteSamples('x', CsrMatrix.fromDense(dense))).toThrow(error);
  });

  it('are found after rows without entries', () => {
    const parts = { rows: 4, cols: 2, indptr: [0, 1, 1, 1, 2], indices: [0, 1], values: [1, Number.NaN] };
    expect(() => checkFiniteSamples('x', CsrMatrix.fromParts(parts))).toThrow(
      thrown('E_NOT_FINITE', 'x holds NaN in row 3; expected finite numbers'),
    );
  });
});
