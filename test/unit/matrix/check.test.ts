import { describe, expect, it } from 'vitest';
import { checkMatrix, checkSparse } from '../../../src/matrix/check.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';

const dense = { rows: 2, cols: 2, data: Float32Array.of(1, 0, 0, 2) };
const sparse = () => CsrMatrix.fromDense(dense);

describe('the door for matrices', () => {
  it('copies a sparse matrix, and views a dense one', () => {
    const matrix = sparse();
    expect(checkSparse('it', matrix)).toEqual(matrix);
    expect(checkSparse('it', matrix).values).not.toBe(matrix.values);
    expect(checkMatrix('it', matrix)).toBeInstanceOf(CsrMatrix);
    expect(checkMatrix('it', dense)).toEqual(dense);
  });

  it('takes what postMessage and structuredClone leave of a sparse matrix', () => {
    const sent: unknown = structuredClone(sparse());
    expect(sent).not.toBeInstanceOf(CsrMatrix);
    expect(checkSparse('it', sent)).toEqual(sparse());
    expect(checkMatrix('it', sent)).toBeInstanceOf(CsrMatrix);
    const wrong = { ...sparse(), indices: Int32Array.of(0, 2) };
    expect(() => checkMatrix('it', wrong)).toThrow(expect.objectContaining({ code: 'E_CSR' }));
  });

  it('says how a matrix is made of other lists', () => {
    const lists = { ...sparse(), indptr: new BigInt64Array([0n, 1n, 2n]) };
    expect(() => checkSparse('it', lists)).toThrow(/CsrMatrix\.fromParts makes/);
    expect(CsrMatrix.fromParts(lists)).toEqual(sparse());
  });

  it('sees what was written to the arrays of a sparse matrix', () => {
    const matrix = sparse();
    matrix.indices[1] = 7;
    expect(() => checkMatrix('it', matrix)).toThrow(expect.objectContaining({ code: 'E_CSR' }));
  });

  it.each<[string, unknown]>([
    ['a dense one', dense],
    ['an object like one without values', { ...sparse(), values: undefined }],
    ['an object of plain lists', { ...sparse(), indptr: [0, 1, 2] }],
    ['one without arrays', Object.assign(Object.create(CsrMatrix.prototype), { rows: 1, cols: 1 })],
    [
      'one of other arrays',
      Object.assign(Object.create(CsrMatrix.prototype), { ...sparse(), values: [1, 2] }),
    ],
    [
      'a proxy',
      new Proxy(sparse(), { get: (target, key) => (key === 'rows' ? -1 : Reflect.get(target, key)) }),
    ],
  ])('lets no other thing in as a sparse matrix: %s', (_, value) => {
    expect(() => checkSparse('it', value)).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
  });
});
