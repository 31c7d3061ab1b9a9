// What SciPy and scikit-learn make of the same matrices: fixtures/make_fixtures.py writes it.
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readMatrixMarket, takeRows, writeMatrixMarket } from '../../../src/data/index.ts';
import {
  add,
  type CscParts,
  type CsrParts,
  columnNorms,
  columnSums,
  diagonal,
  type Factors,
  fromCsc,
  rowNorms,
  rowSums,
  scale,
  sliceRows,
  type TfidfOptions,
  tfidf,
  toCsc,
} from '../../../src/kernels/index.ts';
import { spmm } from '../../../src/kernels/spmm.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';

interface Case {
  readonly matrix: CsrParts;
  readonly twice: Parameters<typeof CsrMatrix.fromCoo>[0];
  readonly summed: CsrParts;
  readonly transpose: CsrParts;
  readonly csc: CscParts;
  readonly slice: { readonly begin: number; readonly end: number; readonly result: CsrParts };
  readonly take: { readonly rows: number[]; readonly result: CsrParts };
  readonly rowSums: number[];
  readonly columnSums: number[];
  readonly rowNorms: number[];
  readonly columnNorms: number[];
  readonly diagonal: number[];
  readonly scale: { readonly factors: Factors; readonly result: CsrParts };
  readonly add: { readonly other: CsrParts; readonly result: CsrParts };
  readonly product: { readonly right: CsrParts; readonly result: CsrParts };
}

interface Fixtures {
  readonly cases: readonly Case[];
  readonly counts: CsrParts;
  readonly corpus: CsrParts;
  readonly tfidf: readonly {
    readonly options: TfidfOptions;
    readonly withCorpus: boolean;
    readonly result: CsrParts;
  }[];
  readonly files: readonly { readonly text: string; readonly result: CsrParts }[];
}

const fixtures: Fixtures = JSON.parse(
  gunzipSync(readFileSync(new URL('fixtures/cases.json.gz', import.meta.url))).toString(),
);

/** Entries are float32 numbers; both sides compute in float64 and round once. */
const FLOAT32 = 2 ** -23;
const FLOAT64 = 2 ** -48;

function expectNear(got: ArrayLike<number>, wanted: ArrayLike<number>, relative: number): void {
  expect(got.length).toBe(wanted.length);
  const most = Math.max(0, ...Array.from(wanted, Math.abs));
  for (let p = 0; p < wanted.length; p++) {
    // A sum may cancel: then the error is relative to what was added.
    const room = relative * (Math.abs(wanted[p]) + (relative === FLOAT64 ? most : 2 ** -30 * most));
    expect(Math.abs(got[p] - wanted[p]), `${p}: ${got[p]}, SciPy ${wanted[p]}`).toBeLessThanOrEqual(room);
  }
}

function expectMatrix(got: CsrMatrix, { rows, cols, indptr, indices, values }: CsrParts): void {
  expect([got.rows, got.cols]).toEqual([rows, cols]);
  expect([...got.indptr]).toEqual(indptr);
  expect([...got.indices]).toEqual(indices);
  expectNear(got.values, values, FLOAT32);
}

describe.each(fixtures.cases.map((one) => [one.matrix.rows, one.matrix.cols, one] as const))(
  'as SciPy has it, %i × %i:',
  (_rows, _cols, one) => {
    const matrix = CsrMatrix.fromParts(one.matrix);

    it('coordinates that come twice are added up', () => {
      expectMatrix(CsrMatrix.fromCoo({ ...one.twice, duplicates: 'sum' }), one.summed);
    });
    it('the transpose', () => expectMatrix(matrix.transpose(), one.transpose));
    it('compressed columns, out and in', () => {
      const { indptr, indices, ...rest } = toCsc(matrix);
      const values = { ...rest, indptr: [...indptr], indices: [...indices], values: [...rest.values] };
      expect(values).toEqual(one.csc);
      expectMatrix(fromCsc(one.csc), one.matrix);
    });
    it('slices of rows, and rows by their numbers', () => {
      const { begin, end, result } = one.slice;
      expectMatrix(sliceRows(matrix, begin, end), result);
      expectMatrix(takeRows(matrix, one.take.rows), one.take.result);
    });
    it('sums and norms', () => {
      expectNear(rowSums(matrix), one.rowSums, FLOAT64);
      expectNear(columnSums(matrix), one.columnSums, FLOAT64);
      expectNear(rowNorms(matrix), one.rowNorms, FLOAT64);
      expectNear(columnNorms(matrix), one.columnNorms, FLOAT64);
    });
    it('the diagonal', () => expect([...diagonal(matrix)]).toEqual(one.diagonal));
    it('factors of rows and columns', () => {
      expectMatrix(scale(matrix, one.scale.factors), one.scale.result);
    });
    it('the sum of two', () => {
      expectMatrix(add(matrix, CsrMatrix.fromParts(one.add.other)), one.add.result);
    });
    it('the product of two', () => {
      expectMatrix(spmm(matrix, CsrMatrix.fromParts(one.product.right)), one.product.result);
    });
  },
);

describe('tfidf is what scikit-learn computes', () => {
  const counts = CsrMatrix.fromParts(fixtures.counts);
  const corpus = CsrMatrix.fromParts(fixtures.corpus);
  it.each(fixtures.tfidf.map((one) => [JSON.stringify(one.options), one] as const))('with %s', (_, one) => {
    const options = one.withCorpus ? { ...one.options, corpus } : one.options;
    expectMatrix(tfidf(counts, options), one.result);
  });
});

describe('Matrix Market files that SciPy wrote', () => {
  it.each(fixtures.files.map((file) => [file.text.split('\n', 1)[0], file] as const))('%s', (_, file) => {
    const matrix = readMatrixMarket(new TextEncoder().encode(file.text));
    expectMatrix(matrix, file.result);
    expect(readMatrixMarket(writeMatrixMarket(matrix))).toEqual(matrix);
  });
});
