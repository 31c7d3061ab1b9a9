import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import type { CsrParts } from '../../../src/matrix/canonical.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import { randomPattern } from '../../../src/matrix/sampling.ts';

const random = randomStream(1, 'csr');

function randomMatrix(rows: number, cols: number, nnz: number): CsrMatrix {
  const pattern = randomPattern(rows, cols, nnz, random);
  return CsrMatrix.fromParts({
    ...pattern,
    values: Float32Array.from(pattern.indices, () => random.next() - 0.5),
  });
}

describe.each([
  [0, 0, 0],
  [1, 1, 1],
  [3, 5, 0],
  [3, 5, 15],
  [40, 17, 100],
])('CsrMatrix %i × %i with %i entries', (rows, cols, nnz) => {
  const matrix = randomMatrix(rows, cols, nnz);

  it('goes to dense and back', () => {
    const dense = matrix.toDense();
    expect(dense.data.filter((value) => value !== 0).length).toBe(nnz);
    expect(CsrMatrix.fromDense(dense)).toEqual(matrix);
  });

  it('transposes as the dense matrix does', () => {
    const [dense, transposed] = [matrix.toDense(), matrix.transpose().toDense()];
    for (let r = 0; r < rows; r++) {
      for (let c = 0; c < cols; c++) expect(transposed.data[c * rows + r]).toBe(dense.data[r * cols + c]);
    }
    expect(matrix.transpose().transpose()).toEqual(matrix);
  });

  it('is made from coordinates in any order', () => {
    const row = Array.from({ length: rows }, (_, r) =>
      Array<number>(matrix.indptr[r + 1] - matrix.indptr[r]).fill(r),
    ).flat();
    const order = Int32Array.from({ length: nnz }, (_, p) => p);
    random.shuffle(order);
    const coo = {
      rows,
      cols,
      row: Array.from(order, (p) => row[p]),
      col: Array.from(order, (p) => matrix.indices[p]),
      values: Array.from(order, (p) => matrix.values[p]),
    };
    expect(CsrMatrix.fromCoo(coo)).toEqual(matrix);
  });

  it('copies what it is made from', () => {
    const parts = {
      rows,
      cols,
      indptr: matrix.indptr.slice(),
      indices: matrix.indices.slice(),
      values: matrix.values.slice(),
    };
    const copy = CsrMatrix.fromParts(parts);
    parts.indptr.fill(99);
    parts.indices.fill(99);
    parts.values.fill(99);
    expect(copy).toEqual(matrix);
  });
});

describe('CsrMatrix refuses', () => {
  const good: CsrParts = { rows: 2, cols: 3, indptr: [0, 2, 3], indices: [0, 2, 1], values: [1, 2, 3] };
  it('nothing about a canonical matrix', () => {
    const { density, nnz } = CsrMatrix.fromParts(good);
    expect([density, nnz]).toEqual([0.5, 3]);
  });
  it.each<[string, Partial<CsrParts>, string]>([
    ['unsorted indices', { indices: [2, 0, 1] }, 'E_CSR'],
    ['duplicate indices', { indices: [0, 0, 1] }, 'E_CSR'],
    ['an index out of range', { indices: [0, 3, 1] }, 'E_CSR'],
    ['a negative index', { indices: [-1, 2, 1] }, 'E_CSR'],
    ['an index that is no integer', { indices: [0, 1.5, 1] }, 'E_CSR'],
    ['a NaN index', { indices: [0, Number.NaN, 1] }, 'E_CSR'],
    ['offsets that fall', { indptr: [0, 3, 2] }, 'E_CSR'],
    ['offsets beyond the entries', { indptr: [0, 4, 3] }, 'E_CSR'],
    ['offsets that do not start at 0', { indptr: [1, 2, 3] }, 'E_CSR'],
    ['offsets that do not end at nnz', { indptr: [0, 2, 2] }, 'E_CSR'],
    ['too few offsets', { indptr: [0, 3] }, 'E_SHAPE'],
    ['values of another length', { values: [1, 2] }, 'E_SHAPE'],
    ['rows that are no size', { rows: -1 }, 'E_ARGUMENT'],
    ['columns beyond 32 bits', { cols: 2 ** 32 + 64 }, 'E_ARGUMENT'],
    ['rows that are no number', { rows: Number.NaN }, 'E_ARGUMENT'],
    ['a value beyond float32', { values: [1, 1e39, 3] }, 'E_NOT_FINITE'],
    ['64-bit offsets beyond 32 bits', { indptr: BigInt64Array.of(0n, 2n ** 32n, 3n) }, 'E_CSR'],
    ['64-bit indices beyond 32 bits', { indices: BigInt64Array.of(0n, 2n ** 32n + 2n, 1n) }, 'E_CSR'],
    ['64-bit indices below 0', { indices: BigInt64Array.of(-1n, 2n, 1n) }, 'E_CSR'],
    ['too few 64-bit offsets', { indptr: BigInt64Array.of(0n, 3n) }, 'E_SHAPE'],
  ])('%s', (_, change, code) => {
    expect(() => CsrMatrix.fromParts({ ...good, ...change })).toThrow(expect.objectContaining({ code }));
  });
  it('a dense matrix of another size, and coordinates out of range, twice or of unequal number', () => {
    const thrown = (code: string) => expect.objectContaining({ code });
    const data = new Float32Array(5);
    expect(() => CsrMatrix.fromDense({ rows: 2, cols: 3, data })).toThrow(thrown('E_SHAPE'));
    const coo = { rows: 2, cols: 2, row: [0, 1], col: [0, 1], values: [1, 2] };
    expect(() => CsrMatrix.fromCoo({ ...coo, row: [0, 2] })).toThrow(thrown('E_CSR'));
    expect(() => CsrMatrix.fromCoo({ ...coo, row: [0, 0], col: [1, 1] })).toThrow(thrown('E_CSR'));
    expect(() => CsrMatrix.fromCoo({ ...coo, row: [0] })).toThrow(thrown('E_SHAPE'));
  });
});

describe('CsrMatrix takes', () => {
  it("SciPy's 64-bit offsets and indices", () => {
    const parts = { rows: 2, cols: 3, indptr: [0, 2, 3], indices: [0, 2, 1], values: [1, 2, 3] };
    const wide = (list: number[]) => BigInt64Array.from(list, BigInt);
    const matrix = CsrMatrix.fromParts(parts);
    const { indptr, indices } = parts;
    expect(CsrMatrix.fromParts({ ...parts, indptr: wide(indptr), indices: wide(indices) })).toEqual(matrix);
    const coo = { ...parts, row: wide([1, 0, 0]), col: wide([1, 2, 0]), values: [3, 2, 1] };
    expect(CsrMatrix.fromCoo(coo)).toEqual(matrix);
  });

  it('infinity and the largest float32, but nothing that would become infinite', () => {
    const coo = (...values: number[]) =>
      CsrMatrix.fromCoo({ rows: 1, cols: 2, row: [0, 0], col: [0, 1], values });
    const most = 3.4028234663852886e38;
    expect(Array.from(coo(Infinity, -most).values)).toEqual([Infinity, -most]);
    const message =
      'values[1] is -3.5e+38; expected numbers that fit in float32, at most 3.4e38 in magnitude';
    expect(() => coo(0, -3.5e38)).toThrow(expect.objectContaining({ code: 'E_NOT_FINITE', message }));
  });
});

describe('coordinates that come twice', () => {
  /** In float64, in the order given, rounded once: by a map of positions. */
  it.each([
    [1, 1, 40],
    [3, 4, 7],
    [30, 50, 2000],
    [2, 1000, 3000],
    [2000, 2, 3000],
    [1, 2 ** 31 - 1, 500],
  ])('are added up in their order: %i × %i, %i entries', (rows, cols, nnz) => {
    const draw = (limit: number) => Math.min(random.below(limit), random.below(limit), random.below(limit));
    const row = Array.from({ length: nnz }, () => draw(rows));
    const col = Array.from({ length: nnz }, () => draw(Math.min(cols, 3000)) * (cols > 3000 ? 715_827 : 1));
    // Large ones swallow small ones, and cancel each other: another order gives another sum.
    const values = row.map(() => [1, 3, 2 ** 70, -(2 ** 70)][random.below(4)]);
    const sums = new Map<number, number>();
    row.forEach((r, p) => {
      const at = r * cols + col[p];
      sums.set(at, (sums.get(at) ?? 0) + values[p]);
    });
    const positions = [...sums.keys()].sort((a, b) => a - b);
    const matrix = CsrMatrix.fromCoo({ rows, cols, row, col, values, duplicates: 'sum' });
    expect(Array.from(matrix.values)).toEqual(positions.map((at) => Math.fround(Number(sums.get(at)))));
    expect(Array.from(matrix.indices)).toEqual(positions.map((at) => at % cols));
    expect(CsrMatrix.fromParts(matrix)).toEqual(matrix);
    expect(positions.length).toBeLessThan(nnz);
    const unsummed = { rows, cols, row, col, values };
    expect(() => CsrMatrix.fromCoo(unsummed)).toThrow(expect.objectContaining({ code: 'E_CSR' }));
  });

  it('are named', () => {
    const coo = { rows: 2, cols: 2, row: [1, 0, 1], col: [0, 1, 0], values: [1, 2, 3] };
    const message =
      'row 1: column 0 comes twice, in the entries 0 and 2; expected every position once, or ' +
      "duplicates: 'sum'";
    expect(() => CsrMatrix.fromCoo(coo)).toThrow(expect.objectContaining({ code: 'E_CSR', message }));
    expect(() => CsrMatrix.fromCoo({ ...coo, values: [3e38, 1, 3e38], duplicates: 'sum' })).toThrow(
      expect.objectContaining({ code: 'E_NOT_FINITE' }),
    );
    const odd = { ...coo };
    Reflect.set(odd, 'duplicates', 'add');
    expect(() => CsrMatrix.fromCoo(odd)).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
  });
});
