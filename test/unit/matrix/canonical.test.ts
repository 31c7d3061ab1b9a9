import { describe, expect, it } from 'vitest';
import { type CsrParts, checkCsr, checkParts, checkPattern } from '../../../src/matrix/canonical.ts';

const good: CsrParts = { rows: 2, cols: 3, indptr: [0, 2, 3], indices: [0, 2, 1], values: [1, 2, 3] };

const thrown = (code: string, message: string) => expect.objectContaining({ code, message });

describe('a canonical matrix', () => {
  it('is copied, whatever lists it is made of', () => {
    const copy = {
      rows: 2,
      cols: 3,
      indptr: Int32Array.of(0, 2, 3),
      indices: Int32Array.of(0, 2, 1),
      values: Float32Array.of(1, 2, 3),
    };
    expect(checkParts('it', good)).toEqual(copy);
    expect(
      checkParts('it', { ...good, indptr: Float32Array.of(0, 2, 3), values: Int32Array.of(1, 2, 3) }),
    ).toEqual(copy);
    const typed = checkParts('it', copy);
    expect([typed.indptr, typed.indices, typed.values]).not.toContain(copy.indptr);
    copy.indptr.fill(9);
    copy.indices.fill(9);
    expect(typed.indptr).toEqual(Int32Array.of(0, 2, 3));
    expect(typed.indices).toEqual(Int32Array.of(0, 2, 1));
  });

  it('may have no rows or no columns', () => {
    const none = { indices: [], values: [] };
    expect(checkPattern('it', { rows: 0, cols: 5, indptr: [0], ...none }).indices).toHaveLength(0);
    expect(checkPattern('it', { rows: 2, cols: 0, indptr: [0, 0, 0], ...none }).indices).toHaveLength(0);
  });

  it('is what the definition says, tried on every pattern of a small size', () => {
    // All offsets from 0 to 3 and all columns from 0 to 2: by plain loops over the definition.
    const isCanonical = (indptr: number[], indices: number[]) =>
      indptr[0] === 0 &&
      indptr[2] === indices.length &&
      indptr[0] <= indptr[1] &&
      indptr[1] <= indptr[2] &&
      [0, 1].every((row) => {
        const columns = indices.slice(indptr[row], indptr[row + 1]);
        return columns.every((col, at) => col < 2 && (at === 0 || columns[at - 1] < col));
      });
    let canonical = 0;
    for (let code = 0; code < 4 ** 3 * 3 ** 3; code++) {
      const indptr = [code % 4, (code >> 2) % 4, (code >> 4) % 4];
      const rest = code >> 6;
      const indices = [rest % 3, Math.floor(rest / 3) % 3, Math.floor(rest / 9)].slice(0, indptr[2]);
      const check = () => checkCsr({ rows: 2, cols: 2, indptr, indices });
      if (isCanonical(indptr, indices)) {
        canonical++;
        check();
      } else expect(check, `${indptr}; ${indices}`).toThrow(expect.objectContaining({ code: 'E_CSR' }));
    }
    expect(canonical).toBeGreaterThan(20);
  });

  it.each<[string, unknown, string, string]>([
    ['null', null, 'E_ARGUMENT', 'it is null; expected an object'],
    [
      'without indices',
      { ...good, indices: undefined },
      'E_ARGUMENT',
      'it.indices is undefined; expected a list',
    ],
    ['of few offsets', { ...good, indptr: [0, 3] }, 'E_SHAPE', 'it.indptr has 2 elements; expected 3'],
    ['of few values', { ...good, values: [1] }, 'E_SHAPE', 'it.values has 1 elements; expected 3'],
    [
      'of negative size',
      { ...good, rows: -1 },
      'E_ARGUMENT',
      'it.rows is -1; expected an integer from 0 to 2147483647',
    ],
    ['cut short', { ...good, indptr: [0, 2, 2] }, 'E_CSR', 'indptr runs from 0 to 2; expected from 0 to 3'],
    [
      'that falls',
      { ...good, indptr: [0, 9, 3] },
      'E_CSR',
      'indptr[1] is 9; expected an integer from 0 to 3',
    ],
    [
      'too wide',
      { ...good, indices: [0, 3, 1] },
      'E_CSR',
      'indices[1] is 3; expected an integer from 0 to 2',
    ],
    [
      'with a column twice',
      { ...good, indices: [2, 2, 1] },
      'E_CSR',
      'row 0: column 2 comes twice; expected ascending, unique columns',
    ],
    [
      'out of order',
      { ...good, indices: [2, 0, 1] },
      'E_CSR',
      'row 0: column 0 comes after 2; expected ascending, unique columns',
    ],
  ])('is not one %s', (_, value, code, message) => {
    expect(() => checkParts('it', value)).toThrow(thrown(code, message));
  });
});
