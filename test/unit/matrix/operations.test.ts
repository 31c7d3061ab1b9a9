import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { spgemm } from '../../../src/kernels/spgemm.ts';
import { add } from '../../../src/matrix/add.ts';
import { fromCsc, toCsc } from '../../../src/matrix/csc.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import { randomPattern } from '../../../src/matrix/sampling.ts';
import { scale } from '../../../src/matrix/scale.ts';
import { sliceRows } from '../../../src/matrix/sliceRows.ts';
import { columnNorms, columnSums, diagonal, rowNorms, rowSums } from '../../../src/matrix/sums.ts';
import { takeRows } from '../../../src/matrix/takeRows.ts';
import { tfidf } from '../../../src/matrix/tfidf.ts';

const random = randomStream(1, 'operations');

/** Of small integers: sums in any order are exact. */
function draw(rows: number, cols: number, nnz: number): CsrMatrix {
  const pattern = randomPattern(rows, cols, nnz, random);
  return CsrMatrix.fromParts({ ...pattern, values: pattern.indices.map(() => random.below(17) - 8) });
}

const thrown = (code: string, message: RegExp = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe.each([
  [0, 0, 0],
  [0, 3, 0],
  [3, 0, 0],
  [1, 1, 1],
  [7, 5, 0],
  [7, 5, 35],
  [40, 17, 100],
  [17, 40, 300],
])('laws of matrices, %i × %i with %i entries:', (rows, cols, nnz) => {
  const matrix = draw(rows, cols, nnz);

  it('transposed twice it is the same, and compressed columns are its transpose', () => {
    expect(matrix.transpose().transpose()).toEqual(matrix);
    expect(fromCsc(toCsc(matrix))).toEqual(matrix);
    const { indptr, indices, values } = toCsc(matrix);
    expect(CsrMatrix.fromParts({ rows: cols, cols: rows, indptr, indices, values })).toEqual(
      matrix.transpose(),
    );
  });

  it('its slices are all of it', () => {
    const [third, half] = [Math.floor(rows / 3), Math.floor(rows / 2)];
    const pieces = [sliceRows(matrix, 0, third), sliceRows(matrix, third, half), sliceRows(matrix, half)];
    expect(pieces.flatMap(({ indices }) => [...indices])).toEqual([...matrix.indices]);
    expect(pieces.flatMap(({ values }) => [...values])).toEqual([...matrix.values]);
    expect(pieces.reduce((sum, piece) => sum + piece.rows, 0)).toBe(rows);
    expect(pieces.flatMap((piece) => [...rowSums(piece)])).toEqual([...rowSums(matrix)]);
    const backwards = Array.from({ length: 2 * rows }, (_, r) => (2 * rows - 1 - r) % Math.max(1, rows));
    const turned = takeRows(matrix, Int32Array.from(backwards));
    const { data } = matrix.toDense();
    expect([...turned.toDense().data]).toEqual(
      backwards.flatMap((r) => [...data.subarray(r * cols, (r + 1) * cols)]),
    );
    expect(sliceRows(matrix, third, half)).toEqual(
      takeRows(
        matrix,
        Array.from({ length: half - third }, (_, r) => third + r),
      ),
    );
  });

  it('sums, norms and diagonal are those of the transpose the other way round', () => {
    const transposed = matrix.transpose();
    expect(columnSums(matrix)).toEqual(rowSums(transposed));
    expect(columnNorms(matrix)).toEqual(rowNorms(transposed));
    expect(diagonal(matrix)).toEqual(diagonal(transposed));
    const total = (sums: Float64Array) => sums.reduce((sum, value) => sum + value, 0);
    expect(total(rowSums(matrix))).toBe(total(columnSums(matrix)));
  });

  it('twice it is it and itself; minus itself, it keeps its entries', () => {
    expect(add(matrix, matrix)).toEqual(scale(matrix, { all: 2 }));
    const none = add(matrix, scale(matrix, { all: -1 }));
    expect(none.indices).toEqual(matrix.indices);
    expect(none.values.every((value) => value === 0)).toBe(true);
  });

  it('a product with a diagonal matrix is a scaling, and (A·B)ᵀ is Bᵀ·Aᵀ', () => {
    const factors = Float32Array.from({ length: cols }, (_, c) => 2 ** (c % 5));
    const ptr = Int32Array.from({ length: cols + 1 }, (_, c) => c);
    const scaling = { rows: cols, cols, indptr: ptr, indices: ptr.subarray(0, cols), values: factors };
    expect(spgemm(matrix, CsrMatrix.fromParts(scaling))).toEqual(scale(matrix, { columns: factors }));
    const right = draw(cols, 9, Math.floor(cols * 3));
    expect(spgemm(matrix, right).transpose()).toEqual(spgemm(right.transpose(), matrix.transpose()));
  });
});

describe('a sparse product', () => {
  it.each([
    [30, 20, 30, 200],
    // Rows of the result that are long, that are nearly full, and a square.
    [5, 300, 4000, 400],
    [5, 300, 4000, 1400],
    [60, 60, 60, 900],
  ])('has an entry where entries meet: %i × %i by × %i', (rows, inner, cols, nnz) => {
    const a = draw(rows, inner, nnz);
    const b = draw(inner, cols, nnz);
    const [left, right] = [a.toDense().data, b.toDense().data];
    const stored = (matrix: CsrMatrix) => {
      const ones = { ...matrix, values: matrix.values.map(() => 1) };
      return CsrMatrix.fromParts(ones).toDense().data;
    };
    const [leftStored, rightStored] = [stored(a), stored(b)];
    const values: number[] = [];
    const indices: number[] = [];
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < cols; j++) {
        let [sum, meets] = [0, 0];
        for (let k = 0; k < inner; k++) {
          sum += left[i * inner + k] * right[k * cols + j];
          meets += leftStored[i * inner + k] * rightStored[k * cols + j];
        }
        if (meets > 0) {
          indices.push(j);
          values.push(sum);
        }
      }
    }
    const product = spgemm(a, b);
    expect([...product.indices]).toEqual(indices);
    expect([...product.values]).toEqual(values);
    expect([product.rows, product.cols]).toEqual([rows, cols]);
    // Cancelled sums are among them, or nothing was tried.
    expect(values).toContain(0);
  });

  it('is refused where the shapes do not fit', () => {
    const message = /^x has 4 rows; expected 5, as many as w has columns$/;
    expect(() => spgemm(draw(3, 5, 4), draw(4, 5, 4))).toThrow(thrown('E_SHAPE', message));
  });
});

describe('what does not fit is refused:', () => {
  const matrix = CsrMatrix.fromParts({
    rows: 2,
    cols: 3,
    indptr: [0, 2, 3],
    indices: [0, 2, 1],
    values: [1, 2, 0],
  });
  it.each<[string, () => unknown, string, RegExp]>([
    ['a slice that begins late', () => sliceRows(matrix, 3), 'E_ARGUMENT', /^begin is 3; .* from 0 to 2$/],
    ['one that ends early', () => sliceRows(matrix, 1, 0), 'E_ARGUMENT', /^end is 0; .* from 1 to 2$/],
    ['rows that are not there', () => takeRows(matrix, [0, 2]), 'E_ARGUMENT', /^there is no row 2;/],
    ['a negative row', () => sliceRows(matrix, -1), 'E_ARGUMENT', /^begin is -1/],
    ['a row that is none', () => takeRows(matrix, [0, 2]), 'E_ARGUMENT', /^there is no row 2/],
    ['few factors', () => scale(matrix, { rows: [1] }), 'E_SHAPE', /^rows has 1 elements; expected 2$/],
    ['many factors', () => scale(matrix, { columns: [1, 2, 3, 4] }), 'E_SHAPE', /^columns has 4/],
    ['an infinite factor', () => scale(matrix, { all: Infinity }), 'E_ARGUMENT', /^all is Infinity/],
    [
      'a sum of other shapes',
      () => add(matrix, matrix.transpose()),
      'E_SHAPE',
      /^b is 3 × 2; expected 2 × 3, as a is$/,
    ],
    [
      'a logarithm of 0',
      () => tfidf(matrix, { sublinearTf: true }),
      'E_ARGUMENT',
      /^row 1, column 1 is 0; expected positive counts/,
    ],
    [
      'a corpus without a term',
      () => tfidf(matrix, { smoothIdf: false, corpus: sliceRows(matrix, 1) }),
      'E_ARGUMENT',
      /^no row of the corpus has column 0, which row 0 has; expected smoothIdf: true$/,
    ],
    [
      'a corpus of other terms',
      () => tfidf(matrix, { corpus: matrix.transpose() }),
      'E_SHAPE',
      /^corpus has 2 columns; expected 3/,
    ],
    [
      'compressed columns that are unsorted',
      () => fromCsc({ rows: 3, cols: 1, indptr: [0, 2], indices: [2, 0], values: [1, 2] }),
      'E_CSR',
      /^in compressed columns \(read "column" for "row", .*\): row 0: column 0 comes after 2/,
    ],
  ])('%s', (_, call, code, message) => {
    expect(call).toThrow(thrown(code, message));
  });

  it('a matrix that was changed', () => {
    const changed = CsrMatrix.fromParts(matrix);
    changed.indices[0] = 9;
    for (const call of [toCsc, rowSums, diagonal, tfidf, columnNorms]) {
      expect(() => call(changed)).toThrow(thrown('E_CSR'));
    }
    expect(() => spgemm(matrix.transpose(), changed)).toThrow(thrown('E_CSR'));
    expect(() => add(matrix, changed)).toThrow(thrown('E_CSR'));
  });
});

it('a document of no weight stays as it is', () => {
  const counts = CsrMatrix.fromParts({ rows: 2, cols: 1, indptr: [0, 1, 1], indices: [0], values: [0] });
  expect([...tfidf(counts).values]).toEqual([0]);
});
