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
