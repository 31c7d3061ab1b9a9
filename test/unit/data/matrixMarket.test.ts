import { describe, expect, it } from 'vitest';
import { readMatrixMarket, writeMatrixMarket } from '../../../src/data/index.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';

const bytes = (content: string) => new TextEncoder().encode(content);
const HEAD = '%%MatrixMarket matrix coordinate';
const thrown = (code: string, message: string) => expect.objectContaining({ code, message });

describe('a Matrix Market file', () => {
  it('may have comments, blank lines, any line ends and any case', () => {
    const text =
      '%%matrixmarket MATRIX Coordinate Real General\r\n% hello\r\n\r\n  2 3 2 \r\n%\r\n2 1 5\r\n\t1 3 -.5e1';
    expect(readMatrixMarket(bytes(text)).toDense().data).toEqual(Float32Array.of(0, 0, -5, 5, 0, 0));
  });

  it.each([
    ['symmetric', [0, 2, 2, 7]],
    ['skew-symmetric', [0, -2, 2, 0]],
  ])('has one half of what is %s', (symmetry, data) => {
    const entries = symmetry === 'symmetric' ? '2\n2 1 2\n2 2 7\n' : '1\n2 1 2\n';
    const text = `${HEAD} integer ${symmetry}\n2 2 ${entries}`;
    expect([...readMatrixMarket(bytes(text)).toDense().data]).toEqual(data);
  });

  it('of a pattern has ones', () => {
    expect([...readMatrixMarket(bytes(`${HEAD} pattern general\n1 2 1\n1 2\n`)).values]).toEqual([1]);
  });

  it('adds up what comes twice where that is wanted', () => {
    const text = `${HEAD} real general\n3 3 3\n2 1 1\n3 3 4\n\n2 1 2\n`;
    expect([...readMatrixMarket(bytes(text), { duplicates: 'sum' }).values]).toEqual([3, 4]);
    expect(() => readMatrixMarket(bytes(text))).toThrow(
      thrown(
        'E_CSR',
        "line 6: row 2, column 1 comes twice; expected every position once, or duplicates: 'sum'",
      ),
    );
    // The other half of a symmetric matrix, too.
    expect(() => readMatrixMarket(bytes(`${HEAD} real symmetric\n2 2 2\n2 1 1\n1 2 1\n`))).toThrow(
      /^line 4: row 1, column 2 comes twice/,
    );
  });

  it.each([1, 2, 3, 4, 5, 6, 7])('names the line of what comes twice, in column %i of seven', (col) => {
    const entries = Array.from({ length: 7 }, (_, c) => `1 ${c + 1} 5`).join('\n');
    // Written as some programs write it.
    const text = `${HEAD} double general\n1 7 8\n${entries}\n1 ${col} 5\n`;
    const where = new RegExp(`^line 10: row 1, column ${col} comes twice`);
    expect(() => readMatrixMarket(bytes(text))).toThrow(where);
  });

  it('is read across the pieces it is decoded in', () => {
    const entries = 60_000;
    const lines = Array.from(
      { length: entries },
      (_, p) => `${(p % 300) + 1} ${Math.floor(p / 300) + 1} ${p}`,
    );
    const matrix = readMatrixMarket(
      bytes(`${HEAD} integer general\n300 200 ${entries}\n${lines.join('\n')}\n`),
    );
    expect(matrix.nnz).toBe(entries);
    expect(matrix.values.every((value, q) => value === Math.floor(q / 200) + 300 * matrix.indices[q])).toBe(
      true,
    );
  });

  it('gives back every float32 that was written', () => {
    const values = Float32Array.of(
      0.1,
      -0,
      1 / 3,
      3.4028234663852886e38,
      1e-45,
      -1.17549435e-38,
      16777217,
      2e9,
    );
    const bits = new Float32Array(10_000);
    const random = new Uint32Array(bits.buffer);
    for (let p = 0, state = 1; p < random.length; p++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      random[p] = state;
    }
    const all = Float32Array.from([...values, ...bits.filter(Number.isFinite)]);
    const cols = all.length;
    const indices = Int32Array.from(all.keys());
    const matrix = CsrMatrix.fromParts({ rows: 2, cols, indptr: [0, 0, cols], indices, values: all });
    const again = readMatrixMarket(writeMatrixMarket(matrix));
    expect(new Uint8Array(again.values.buffer)).toEqual(new Uint8Array(all.buffer));
    expect(again.indices).toEqual(indices);
    expect(again.indptr).toEqual(matrix.indptr);
  });

  it('is not written of what it has no words for', () => {
    const matrix = CsrMatrix.fromParts({
      rows: 1,
      cols: 2,
      indptr: [0, 1],
      indices: [1],
      values: [Infinity],
    });
    const message = 'the matrix holds Infinity in row 1, column 2; expected finite numbers';
    expect(() => writeMatrixMarket(matrix)).toThrow(thrown('E_NOT_FINITE', message));
  });
});

const real = (rest: string) => `${HEAD} real general\n${rest}`;
describe('no Matrix Market file', () => {
  it.each<[string, string, string, string]>([
    [
      'another file',
      'a,b\n1,2\n',
      'E_FORMAT',
      'line 1 holds "a,b"; expected %%MatrixMarket matrix coordinate, a field and a symmetry',
    ],
    [
      'a dense one',
      '%%MatrixMarket matrix array real general\n1 1\n1\n',
      'E_UNSUPPORTED',
      'line 1 names the format "array"; only coordinate can be read',
    ],
    [
      'a complex one',
      `${HEAD} complex general\n`,
      'E_UNSUPPORTED',
      'line 1 names the field "complex"; only real, integer, pattern can be read',
    ],
    [
      'a Hermitian one',
      `${HEAD} real hermitian\n`,
      'E_UNSUPPORTED',
      'line 1 names the symmetry "hermitian"; only general, symmetric, skew-symmetric can be read',
    ],
    [
      'one without size',
      real('% no size\n'),
      'E_FORMAT',
      'the file ends before its size; expected rows, columns and entries',
    ],
    [
      'a size of two numbers',
      real('3 3\n'),
      'E_FORMAT',
      'line 2 holds "3 3"; expected rows, columns and entries as three numbers',
    ],
    [
      'a size beyond 32 bits',
      real('3 4294967296 1\n'),
      'E_FORMAT',
      'line 2 holds "3 4294967296 1"; expected rows, columns and entries as three numbers',
    ],
    [
      'a symmetric one that is not square',
      `${HEAD} real symmetric\n3 4 1\n`,
      'E_FORMAT',
      'line 2 holds "3 4 1"; expected as many rows as columns, since the matrix is symmetric',
    ],
    [
      'a row 0',
      real('%\n2 2 1\n0 1 5\n'),
      'E_FORMAT',
      'line 4 holds "0 1 5"; expected a row from 1 to 2 and a column from 1 to 2',
    ],
    [
      'a column beyond',
      real('2 2 1\n1 3 5\n'),
      'E_FORMAT',
      'line 3 holds "1 3 5"; expected a row from 1 to 2 and a column from 1 to 2',
    ],
    [
      'a missing value',
      real('2 2 1\n1 1\n'),
      'E_FORMAT',
      'line 3 holds "1 1"; expected a row, a column and a value',
    ],
    [
      'a value too many',
      `${HEAD} pattern general\n2 2 1\n1 1 1\n`,
      'E_FORMAT',
      'line 3 holds "1 1 1"; expected a row and a column',
    ],
    ['text', real('2 2 1\n1 1 x\n'), 'E_FORMAT', 'line 3 holds "1 1 x"; expected a number as the value'],
    [
      'a fraction among integers',
      `${HEAD} integer general\n1 1 1\n1 1 1.5\n`,
      'E_FORMAT',
      'line 3 holds "1 1 1.5"; expected an integer as the value',
    ],
    ['infinity', real('1 1 1\n1 1 inf\n'), 'E_NOT_FINITE', 'line 3 holds Infinity; expected finite numbers'],
    [
      'a value beyond float32',
      real('1 1 1\n1 1 -1e39\n'),
      'E_NOT_FINITE',
      'the value of line 3 is -1e+39; expected numbers that fit in float32, at most 3.4e38 in magnitude',
    ],
    [
      'a skew one with a diagonal',
      `${HEAD} real skew-symmetric\n1 1 1\n1 1 1\n`,
      'E_FORMAT',
      'line 3 holds "1 1 1"; expected no entry on the diagonal, since the matrix is skew-symmetric',
    ],
    [
      'one cut short',
      real('2 2 2\n1 1 1\n'),
      'E_FORMAT',
      'the file ends after 1 entries; expected 2; it is cut short',
    ],
    [
      'one with more entries',
      real('2 2 1\n1 1 1\n2 2 2\n'),
      'E_FORMAT',
      'line 4 holds "2 2 2"; expected no more than 1 entries, as the size says',
    ],
  ])('is %s', (_, text, code, message) => {
    expect(() => readMatrixMarket(bytes(text))).toThrow(thrown(code, message));
  });

  it('asks for more memory than it may', () => {
    const huge = bytes(real('2147483647 1 0\n'));
    expect(() => readMatrixMarket(huge)).toThrow(expect.objectContaining({ code: 'E_MEMORY' }));
    expect(() => readMatrixMarket(bytes(real('100 1 0\n')), { maxBytes: 400 })).toThrow(
      expect.objectContaining({ code: 'E_MEMORY' }),
    );
    expect(readMatrixMarket(bytes(real('1 2147483647 0\n'))).cols).toBe(2 ** 31 - 1);
  });
});
