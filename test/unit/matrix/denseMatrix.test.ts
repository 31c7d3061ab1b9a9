import { describe, expect, it } from 'vitest';
import { checkDense } from '../../../src/matrix/denseMatrix.ts';

describe('a dense matrix', () => {
  it('is a view of what the caller has', () => {
    const matrix = { rows: 2, cols: 3, data: new Float32Array(6) };
    const checked = checkDense('it', matrix);
    matrix.data[4] = 1;
    expect(checked).toEqual(matrix);
    expect(checkDense('it', { rows: 0, cols: 3, data: new Float32Array(0) }).rows).toBe(0);
  });

  it.each<[string, unknown, string, string]>([
    ['nothing', undefined, 'E_ARGUMENT', 'it is undefined; expected { rows, cols, data } or a CsrMatrix'],
    [
      'without data',
      { rows: 1, cols: 1 },
      'E_ARGUMENT',
      'it is an object; expected { rows, cols, data } or a CsrMatrix',
    ],
    [
      'of doubles',
      { rows: 1, cols: 1, data: new Float64Array(1) },
      'E_ARGUMENT',
      'it.data is Float64Array(1); expected a Float32Array',
    ],
    [
      'of half a row',
      { rows: 0.5, cols: 2, data: new Float32Array(1) },
      'E_ARGUMENT',
      'it.rows is 0.5; expected an integer from 0 to 2147483647',
    ],
    [
      'too small',
      { rows: 2, cols: 3, data: new Float32Array(5) },
      'E_SHAPE',
      'it.data has 5 elements; expected 6, as 2 × 3 takes',
    ],
  ])('is not one %s', (_, value, code, message) => {
    expect(() => checkDense('it', value)).toThrow(expect.objectContaining({ code, message }));
  });
});
