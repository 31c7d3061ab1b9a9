import { describe, expect, it } from 'vitest';
import {
  applyScaler,
  fitScaler,
  type ScalerKind,
  scalerFromJson,
  scalerToJson,
} from '../../../src/data/index.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import type { DenseMatrix } from '../../../src/matrix/denseMatrix.ts';
import { errorOf, rowsOf } from './cases.ts';

const dense = (...rows: number[][]): DenseMatrix => ({
  rows: rows.length,
  cols: rows[0].length,
  data: Float32Array.from(rows.flat()),
});
const x = dense([1, 5, -2], [2, 5, 0], [4, 5, 6]);

describe('dense scaling', () => {
  it('minmax maps to [0, 1] and a constant column to 0', () => {
    const scaler = fitScaler('minmax', x);
    expect(scaler).toEqual({ kind: 'minmax', offset: [1, 5, -2], scale: [3, 1, 8] });
    expect(rowsOf(applyScaler(scaler, x))).toEqual([
      [0, 0, 0],
      [Math.fround(1 / 3), 0, 0.25],
      [1, 0, 1],
    ]);
  });

  it('standard has mean 0 and population deviation 1', () => {
    // By hand: column 0 has mean 7/3 and variance 14/9; column 2 mean 4/3 and variance 104/9.
    const { offset, scale } = fitScaler('standard', x);
    expect(offset[0]).toBeCloseTo(7 / 3, 14);
    expect(scale[0]).toBeCloseTo(Math.sqrt(14) / 3, 14);
    expect(offset[2]).toBeCloseTo(4 / 3, 14);
    expect(scale[2]).toBeCloseTo(Math.sqrt(104) / 3, 14);
    expect([offset[1], scale[1]]).toEqual([5, 1]);
  });

  it('a constant column becomes exactly 0, though its mean rounds', () => {
    const constant: DenseMatrix = { rows: 1000, cols: 1, data: new Float32Array(1000).fill(0.1) };
    const scaled = applyScaler(fitScaler('standard', constant), constant);
    expect(scaled.data.every((value) => value === 0)).toBe(true);
  });

  it('keeps precision where the mean dwarfs the deviation', () => {
    const far: DenseMatrix = { rows: 4, cols: 1, data: Float32Array.of(1e7, 1e7 + 1, 1e7 + 2, 1e7 + 3) };
    expect(fitScaler('standard', far).scale[0]).toBe(Math.sqrt(1.25));
  });

  it('fits on the given rows only, and does not clip others', () => {
    const scaler = fitScaler('minmax', x, Int32Array.of(0, 1));
    expect(rowsOf(applyScaler(scaler, x))[2]).toEqual([3, 0, 4]);
  });

  it('leaves its argument alone, and none copies', () => {
    const before = x.data.slice();
    const copy = applyScaler(fitScaler('none', x), x);
    applyScaler(fitScaler('standard', x), x);
    expect(x.data).toEqual(before);
    expect(copy).toEqual(x);
    expect(copy.data).not.toBe(x.data);
  });

  it('is frozen', () => {
    const scaler = fitScaler('minmax', x);
    expect([scaler, scaler.offset, scaler.scale].every(Object.isFrozen)).toBe(true);
  });
});

describe('sparse scaling', () => {
  const sparse = CsrMatrix.fromDense(dense([0, 4, 0], [2, 0, 0], [0, 1, 0]));

  it('minmax divides and keeps the structure', () => {
    const scaled = applyScaler(fitScaler('minmax', sparse), sparse);
    expect(scaled).toBeInstanceOf(CsrMatrix);
    expect(scaled.nnz).toBe(3);
    expect(rowsOf(scaled)).toEqual([
      [0, 1, 0],
      [1, 0, 0],
      [0, 0.25, 0],
    ]);
    expect(fitScaler('minmax', sparse)).toEqual(fitScaler('minmax', sparse.toDense()));
  });

  it('counts implicit zeros of the given rows only', () => {
    expect(fitScaler('minmax', sparse, Int32Array.of(1, 2)).scale).toEqual([2, 1, 1]);
    // Rows 0 and 2 both store column 1, so no zero is left in it.
    expect(errorOf(() => fitScaler('minmax', sparse, Int32Array.of(0, 2))).message).toContain(
      'column 2, whose minimum is 1',
    );
  });

  it.each([
    ['standard scaling', 'standard', sparse],
    ['a negative minimum', 'minmax', CsrMatrix.fromDense(dense([-1, 0], [0, 0]))],
    ['a positive minimum', 'minmax', CsrMatrix.fromDense(dense([1, 0], [2, 0]))],
  ] as const)('refuses %s', (_, kind, matrix) => {
    const error = errorOf(() => fitScaler(kind, matrix));
    expect(error.code).toBe('E_ARGUMENT');
    expect(error.message).toContain('"none"');
  });

  it('refuses a scaler that would move zeros', () => {
    const scaler = fitScaler('minmax', x);
    expect(errorOf(() => applyScaler(scaler, sparse)).code).toBe('E_ARGUMENT');
    expect(rowsOf(applyScaler(fitScaler('none', sparse), sparse))).toEqual(rowsOf(sparse));
  });
});

describe('what fit takes', () => {
  const arrays = [
    [1, 5, -2],
    [2, 5, 0],
    [4, 5, 6],
  ];

  it('is taken here as well: rows as arrays, and row lists as arrays', () => {
    const typed = arrays.map((row) => Float32Array.from(row));
    for (const kind of ['minmax', 'standard', 'none'] as const) {
      const scaler = fitScaler(kind, x);
      expect(fitScaler(kind, arrays)).toEqual(scaler);
      expect(fitScaler(kind, typed)).toEqual(scaler);
      expect(applyScaler(scaler, arrays)).toEqual(applyScaler(scaler, x));
      expect(applyScaler(scaler, typed)).toEqual(applyScaler(scaler, x));
    }
    expect(fitScaler('minmax', arrays, [0, 1])).toEqual(fitScaler('minmax', x, Int32Array.of(0, 1)));
    expect(arrays[0]).toEqual([1, 5, -2]);
  });

  it('is refused where rows differ in length, or hold no numbers', () => {
    expect(errorOf(() => fitScaler('minmax', [[1, 2], [3]])).message).toBe('x[1] has 1 elements; expected 2');
    const error = errorOf(() => Reflect.apply(applyScaler, undefined, [fitScaler('none', x), [[1], ['2']]]));
    expect(error.code).toBe('E_ARGUMENT');
    expect(errorOf(() => applyScaler(fitScaler('minmax', x), [[1, 2]])).code).toBe('E_SHAPE');
  });
});

describe('wrong arguments', () => {
  it('unknown kind, no rows, rows out of range, other columns', () => {
    expect(errorOf(() => Reflect.apply(fitScaler, undefined, ['robust', x])).code).toBe('E_ARGUMENT');
    expect(errorOf(() => fitScaler('minmax', x, new Int32Array())).code).toBe('E_ARGUMENT');
    expect(errorOf(() => fitScaler('minmax', x, Int32Array.of(3))).code).toBe('E_ARGUMENT');
    expect(errorOf(() => fitScaler('minmax', x, Int32Array.of(-1))).code).toBe('E_ARGUMENT');
    expect(errorOf(() => applyScaler(fitScaler('minmax', x), dense([1, 2]))).code).toBe('E_SHAPE');
  });

  it('values that are not finite, before or after', () => {
    const error = errorOf(() => fitScaler('standard', dense([1, 2], [1, Number.NaN])));
    expect(error.code).toBe('E_NOT_FINITE');
    expect(error.message).toContain('row 2, column 2');
    const tiny = fitScaler('minmax', dense([0], [1e-40]));
    expect(errorOf(() => applyScaler(tiny, dense([1]))).code).toBe('E_NOT_FINITE');
  });
});

describe('JSON', () => {
  it.each<ScalerKind>(['minmax', 'standard', 'none'])('%s survives to the last bit', (kind) => {
    const scaler = fitScaler(kind, dense([0.1, 3], [0.7, 1e-30], [-9, 1e30]));
    expect(scalerFromJson(scalerToJson(scaler))).toEqual(scaler);
  });

  it.each([
    '',
    '{',
    'null',
    '7',
    '[]',
    '{}',
    '{"kind":"minmax","offset":[1]}',
    '{"kind":"minmax","offset":[1],"scale":[1,2]}',
    '{"kind":"minmax","offset":[1],"scale":[0]}',
    '{"kind":"minmax","offset":[1],"scale":[-1]}',
    '{"kind":"minmax","offset":["1"],"scale":[1]}',
    '{"kind":"minmax","offset":[1e999],"scale":[1]}',
    '{"kind":"minmax","offset":[null],"scale":[1]}',
    '{"kind":"toString","offset":[],"scale":[]}',
    '{"kind":"none","offset":[1],"scale":[1]}',
    '{"__proto__":{"kind":"none","offset":[],"scale":[]}}',
  ])('refuses %s', (text) => {
    expect(errorOf(() => scalerFromJson(text)).code).toBe('E_FORMAT');
  });
});
