import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  CsrMatrix,
  CtreError,
  cosineSimilarity,
  cosineTopK,
  type DenseMatrix,
  type ErrorCode,
  init,
  sddmm,
  spmm,
  spmmTransposed,
} from '../../src/kernels/index.ts';
import { getEngine } from '../../src/memory/module.ts';
import { gamma, numbers, Sum, sparse, stream, sums } from './inputs.ts';

let before: number;
beforeEach(() => {
  before = getEngine().arena.usage().blocks;
});
afterEach(() => {
  expect(getEngine().arena.usage().blocks, 'blocks left behind').toBe(before);
});

const WIDTHS = [0, 1, 2, 31, 32, 33, 64, 65, 100];
const SHAPES = [
  [1, 1, 1],
  [3, 17, 0.3],
  [17, 3, 0.3],
  [40, 70, 0.05],
  [5, 6, 0],
  [5, 6, 1],
  [0, 4, 1],
  [4, 0, 1],
  [0, 0, 1],
] as const;

function csr(rows: number, cols: number, density: number, name = 'csr'): CsrMatrix {
  return CsrMatrix.fromParts(sparse(stream(`${name} ${rows} ${cols}`), rows, cols, () => density));
}

function dense(rows: number, cols: number, name = 'dense'): DenseMatrix {
  return { rows, cols, data: numbers(stream(`${name} ${rows} ${cols}`), rows * cols) };
}

/** The position of every stored entry. */
function entriesOf({ rows, indptr, indices }: CsrMatrix): { row: number; col: number }[] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from(indices.subarray(indptr[row], indptr[row + 1]), (col) => ({ row, col })),
  ).flat();
}

function expectClose(got: ArrayLike<number>, want: ArrayLike<number>, bound: (at: number) => number): void {
  expect(got.length).toBe(want.length);
  for (let at = 0; at < want.length; at++) {
    if (!(Math.abs(got[at] - want[at]) <= bound(at))) {
      expect.fail(`element ${at} is ${got[at]}; the truth is ${want[at]} ± ${bound(at)}`);
    }
  }
}

function expectCode(code: ErrorCode, call: () => unknown): void {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(CtreError);
    expect(error).toMatchObject({ code });
    expect((error as CtreError).message).toMatch(/^\S.*[^.]$/);
    return;
  }
  expect.fail(`nothing was thrown; ${code} was expected`);
}

/** W or Wᵀ times a dense matrix, entry by entry. */
function productSums(w: CsrMatrix, x: DenseMatrix, transposed: boolean): ReturnType<typeof sums> {
  const k = x.cols;
  const elements = Array.from({ length: (transposed ? w.cols : w.rows) * k }, () => new Sum());
  entriesOf(w).forEach(({ row, col }, p) => {
    const [to, from] = transposed ? [col, row] : [row, col];
    for (let c = 0; c < k; c++) elements[to * k + c].add(w.values[p] * x.data[from * k + c]);
  });
  return sums(elements.length, (at) => elements[at]);
}

describe.each(SHAPES)('a sparse matrix of %i × %i, density %f', (rows, cols, density) => {
  const w = csr(rows, cols, density);

  it.each(WIDTHS)('times %i columns is the float64 product', (k) => {
    const x = dense(cols, k);
    const { want, bound } = productSums(w, x, false);
    const y = spmm(w, x);
    expect([y.rows, y.cols]).toEqual([rows, k]);
    expectClose(y.data, want, bound);
  });

  it.each(WIDTHS)('transposed times %i columns is the float64 product', (k) => {
    const y = dense(rows, k);
    const { want, bound } = productSums(w, y, true);
    const x = spmmTransposed(w, y);
    expect([x.rows, x.cols]).toEqual([cols, k]);
    expectClose(x.data, want, bound);
  });

  it.each(WIDTHS)('samples inner products of %i elements', (k) => {
    const [a, b] = [dense(rows, k, 'a'), dense(cols, k, 'b')];
    const positions = entriesOf(w);
    const { want, bound } = sums(w.nnz, (p) => {
      const sum = new Sum();
      for (let c = 0; c < k; c++) {
        sum.add(a.data[positions[p].row * k + c] * b.data[positions[p].col * k + c]);
      }
      return sum;
    });
    const got = sddmm(w, a, b);
    expect(entriesOf(got)).toEqual(positions);
    expectClose(got.values, want, bound);
  });
});

/** All cosines in float64; 0 where a row has no length. */
function cosines(a: DenseMatrix, b: DenseMatrix): Float64Array {
  const cols = a.cols;
  const dot = (x: DenseMatrix, i: number, y: DenseMatrix, j: number): number => {
    let sum = 0;
    for (let c = 0; c < cols; c++) sum += x.data[i * cols + c] * y.data[j * cols + c];
    return sum;
  };
  return Float64Array.from({ length: a.rows * b.rows }, (_, at) => {
    const [i, j] = [Math.floor(at / b.rows), at % b.rows];
    const lengths = Math.sqrt(dot(a, i, a, i) * dot(b, j, b, j));
    return lengths === 0 ? 0 : dot(a, i, b, j) / lengths;
  });
}

/**
 * Rows are rounded to length 1 (two roundings an element), their inner product is summed in float32, where by Cauchy and
 * Schwarz Σ|a||b| ≤ 1, and the quotient is rounded to float32; the lengths' own roundings are float64's.
 */
function cosineBound(cols: number): () => number {
  return () => gamma(cols + 4);
}

const PAIRS = [
  [1, 1, 1],
  [7, 5, 3],
  [33, 40, 65],
  [64, 31, 33],
  [0, 3, 4],
  [3, 0, 4],
  [3, 4, 0],
] as const;

describe.each(PAIRS)('cosines of %i and %i rows of %i elements', (rows, others, cols) => {
  // Some rows are empty: their cosine is 0.
  const sparseA = CsrMatrix.fromParts(sparse(stream('cosine a'), rows, cols, (r) => (r % 5 === 2 ? 0 : 0.4)));
  const sparseB = CsrMatrix.fromParts(
    sparse(stream('cosine b'), others, cols, (r) => (r % 7 === 3 ? 0 : 0.3)),
  );
  const [a, b] = [sparseA.toDense(), sparseB.toDense()];
  const want = cosines(a, b);
  const kinds = [
    ['dense, dense', a, b],
    ['dense, sparse', a, sparseB],
    ['sparse, dense', sparseA, b],
    ['sparse, sparse', sparseA, sparseB],
  ] as const;

  it.each(kinds)('%s: all of them', (_, left, right) => {
    const got = cosineSimilarity(left, right);
    expect([got.rows, got.cols]).toEqual([rows, others]);
    expectClose(got.data, want, cosineBound(cols));
  });

  it.each(kinds)('%s: those of a pattern', (_, left, right) => {
    const pattern = csr(rows, others, 0.2, 'pattern');
    const positions = entriesOf(pattern);
    const got = cosineSimilarity(left, right, pattern);
    expect(entriesOf(got)).toEqual(positions);
    expectClose(
      got.values,
      positions.map(({ row, col }) => want[row * others + col]),
      cosineBound(cols),
    );
  });

  it('are the same bits from dense and from sparse rows', () => {
    const all = kinds.map(([, left, right]) => cosineSimilarity(left, right).data);
    for (const data of all) expect(data).toEqual(all[0]);
  });

  it.each([false, true])('the best k of them, absolute: %s', (absolute) => {
    for (const [, left, right] of kinds) {
      const all = cosineSimilarity(left, right).data;
      for (const k of new Set([0, Math.min(1, others), others >> 1, others])) {
        expect(cosineTopK(left, k, right, { absolute })).toEqual(best(all, rows, others, k, absolute, false));
      }
    }
  });

  it.each([false, true])('the best k within one matrix, absolute: %s', (absolute) => {
    for (const matrix of [a, sparseA]) {
      const all = cosineSimilarity(matrix).data;
      for (const k of new Set([0, Math.max(0, rows - 1) >> 1, Math.max(0, rows - 1)])) {
        const expected = best(all, rows, rows, k, absolute, true);
        expect(cosineTopK(matrix, k, undefined, { absolute })).toEqual(expected);
        expect(cosineTopK(matrix, k, matrix, { absolute })).toEqual(expected);
      }
    }
  });
});

/** The best k of every row by sorting all of them. */
function best(all: Float32Array, rows: number, n: number, k: number, absolute: boolean, notSelf: boolean) {
  const merit = (value: number): number => (absolute ? Math.abs(value) : value);
  const order = Array.from({ length: rows }, (_, r) =>
    Array.from({ length: n }, (_, j) => j)
      .filter((j) => !(notSelf && j === r))
      .sort((i, j) => merit(all[r * n + j]) - merit(all[r * n + i]) || i - j)
      .slice(0, k)
      .map((j) => r * n + j),
  ).flat();
  return {
    rows,
    k,
    indices: Int32Array.from(order, (at) => at % n),
    similarities: Float32Array.from(order, (at) => all[at]),
  };
}

describe('cosines', () => {
  const rowsOf = (...rows: number[][]): DenseMatrix => ({
    rows: rows.length,
    cols: rows[0].length,
    data: Float32Array.from(rows.flat()),
  });

  it('are signed and never beyond 1', () => {
    const random = dense(40, 333);
    const both = {
      rows: 80,
      cols: 333,
      data: Float32Array.of(...random.data, ...random.data.map((v) => -3 * v)),
    };
    const { data } = cosineSimilarity(both);
    expect(data.every((value) => Math.abs(value) <= 1)).toBe(true);
    for (let r = 0; r < 40; r++) expect(data[r * 80 + 40 + r]).toBeCloseTo(-1, 5);
  });

  it('do not overflow or vanish with the size of the values', () => {
    const rows = rowsOf([3e38, 3e38], [1e-44, 0], [-2e-30, 2e-30], [1, 1]);
    const h = Math.SQRT1_2;
    expectClose(
      cosineSimilarity(rows).data,
      [1, h, 0, 1, h, 1, -h, h, 0, -h, 1, 0, 1, h, 0, 1],
      cosineBound(2),
    );
  });

  it('are 0 for rows with values that are not finite, and for no other', () => {
    const rows = rowsOf([1, 0], [Number.NaN, 1], [Number.POSITIVE_INFINITY, 1], [2, 0]);
    const want = [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1];
    expect([...cosineSimilarity(rows).data]).toEqual(want);
    expect([...cosineSimilarity(rows, rows, csr(4, 4, 1)).values]).toEqual(want);
    expect([...cosineTopK(rows, 1).indices]).toEqual([3, 0, 0, 0]);
  });

  it('of equal rows are equal, so that ties go to the lower index', () => {
    const one = numbers(stream('one row'), 50);
    const rows = {
      rows: 35,
      cols: 50,
      data: Float32Array.from({ length: 35 * 50 }, (_, at) => one[at % 50]),
    };
    const { indices } = cosineTopK(rows, 2);
    expect([...indices.subarray(0, 6)]).toEqual([1, 2, 0, 2, 0, 1]);
    expect([...indices.subarray(-2)]).toEqual([0, 1]);
  });

  it('leave what they are given as it was', () => {
    const [x, w] = [dense(5, 8), csr(6, 8, 0.5)];
    const copies = [x.data.slice(), w.values.slice(), w.indices.slice(), w.indptr.slice()];
    cosineTopK(x, 2, w);
    cosineSimilarity(x, w, csr(5, 6, 0.5));
    expect([x.data, w.values, w.indices, w.indptr]).toEqual(copies);
  });
});

it('values that are not finite go through products as arithmetic has it', () => {
  const w = CsrMatrix.fromParts({
    rows: 2,
    cols: 2,
    indptr: [0, 1, 2],
    indices: [0, 1],
    values: [Number.NaN, 2],
  });
  const x = { rows: 2, cols: 1, data: Float32Array.of(1, Number.POSITIVE_INFINITY) };
  expect([...spmm(w, x).data]).toEqual([Number.NaN, Number.POSITIVE_INFINITY]);
});

it('starts asynchronously too, and again', async () => {
  await init();
  await init();
});

/** Every argument of every function that has to be a matrix: the call with it, and its right shape. */
const matrixArguments: [name: string, kind: 'sparse' | 'dense' | 'either', call: (m: never) => unknown][] = [
  ['w of spmm', 'sparse', (m) => spmm(m, dense(3, 2))],
  ['x of spmm', 'dense', (m) => spmm(csr(2, 4, 1), m)],
  ['w of spmmTransposed', 'sparse', (m) => spmmTransposed(m, dense(4, 2))],
  ['y of spmmTransposed', 'dense', (m) => spmmTransposed(csr(4, 2, 1), m)],
  ['pattern of sddmm', 'sparse', (m) => sddmm(m, dense(4, 2), dense(3, 2))],
  ['a of sddmm', 'dense', (m) => sddmm(csr(4, 3, 1), m, dense(3, 3))],
  ['b of sddmm', 'dense', (m) => sddmm(csr(3, 4, 1), dense(3, 3), m)],
  ['a of cosineSimilarity', 'either', (m) => cosineSimilarity(m, dense(2, 3))],
  ['b of cosineSimilarity', 'either', (m) => cosineSimilarity(dense(2, 3), m)],
  ['pattern of cosineSimilarity', 'sparse', (m) => cosineSimilarity(dense(4, 2), dense(3, 2), m)],
  ['a of cosineTopK', 'either', (m) => cosineTopK(m, 1, dense(2, 3))],
  ['b of cosineTopK', 'either', (m) => cosineTopK(dense(2, 3), 1, m)],
];

/** What is no matrix of 4 × 3, or no longer; made anew each time. */
const neither: [name: string, code: ErrorCode, make: () => unknown][] = [
  ['null', 'E_ARGUMENT', () => null],
  ['a number', 'E_ARGUMENT', () => 3],
  ['text', 'E_ARGUMENT', () => 'w'],
  ['an empty object', 'E_ARGUMENT', () => ({})],
  ['an array', 'E_ARGUMENT', () => [[1, 2, 3]]],
];
const badDense: typeof neither = [
  ...neither,
  ['an array as data', 'E_ARGUMENT', () => ({ rows: 4, cols: 3, data: Array(12).fill(1) })],
  ['float64 data', 'E_ARGUMENT', () => ({ rows: 4, cols: 3, data: new Float64Array(12) })],
  ['a fraction of rows', 'E_ARGUMENT', () => ({ rows: 1.5, cols: 2, data: new Float32Array(3) })],
  ['negative sizes', 'E_ARGUMENT', () => ({ rows: -4, cols: -3, data: new Float32Array(12) })],
  ['NaN rows', 'E_ARGUMENT', () => ({ rows: Number.NaN, cols: 3, data: new Float32Array(12) })],
  ['too little data', 'E_SHAPE', () => ({ rows: 4, cols: 3, data: new Float32Array(11) })],
  ['another shape', 'E_SHAPE', () => dense(5, 5)],
  ['detached data', 'E_SHAPE', () => detached({ ...dense(4, 3) }, 'data')],
];
const badSparse: typeof neither = [
  ...neither,
  ['the parts of a matrix', 'E_ARGUMENT', () => ({ ...csr(4, 3, 1) })],
  ['another shape', 'E_SHAPE', () => csr(5, 5, 1)],
  ['an index out of range', 'E_CSR', () => changed((w) => w.indices.set([3], 2))],
  ['a negative index', 'E_CSR', () => changed((w) => w.indices.set([-1]))],
  ['an index twice', 'E_CSR', () => changed((w) => w.indices.set([1]))],
  ['offsets that fall', 'E_CSR', () => changed((w) => w.indptr.set([9, 3], 1))],
  ['offsets beyond the end', 'E_CSR', () => changed((w) => w.indptr.set([13], 4))],
  ['offsets that begin late', 'E_CSR', () => changed((w) => w.indptr.set([1]))],
  ['detached values', 'E_SHAPE', () => detached(csr(4, 3, 1), 'values')],
  ['detached offsets', 'E_SHAPE', () => detached(csr(4, 3, 1), 'indptr')],
  ['other rows', 'E_SHAPE', () => Object.assign(csr(4, 3, 1), { rows: 7 })],
  ['NaN columns', 'E_ARGUMENT', () => Object.assign(csr(4, 3, 1), { cols: Number.NaN })],
  ['plain arrays', 'E_ARGUMENT', () => Object.assign(csr(4, 3, 1), { indices: Array(12).fill(0) })],
  ['no values', 'E_ARGUMENT', () => Object.assign(csr(4, 3, 1), { values: undefined })],
];

function changed(change: (matrix: CsrMatrix) => void): CsrMatrix {
  const matrix = csr(4, 3, 1);
  change(matrix);
  return matrix;
}

/** The array of that name has been given away to a worker. */
function detached<T extends object>(matrix: T, name: keyof T): T {
  const array = matrix[name];
  if (ArrayBuffer.isView(array)) structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
  return matrix;
}

describe.each(matrixArguments)('%s', (_, kind, call) => {
  if (kind !== 'sparse') {
    it.each(badDense)('is not %s: %s', (_, code, make) => {
      expectCode(code, () => call(make() as never));
    });
  }
  if (kind !== 'dense') {
    it.each(kind === 'either' ? badSparse.slice(neither.length + 1) : badSparse)(
      'is not %s: %s',
      (_, code, make) => {
        expectCode(code, () => call(make() as never));
      },
    );
  }
});

describe('the other arguments', () => {
  const rows = dense(4, 3);

  it.each([-1, 0.5, Number.NaN, '2', undefined, null, 4, 2 ** 32 + 1])('k of cosineTopK is not %s', (k) => {
    expectCode('E_ARGUMENT', () => cosineTopK(rows, k as number));
  });

  it('k of cosineTopK can be all rows of another matrix and no more', () => {
    expect(cosineTopK(rows, 4, dense(4, 3)).indices.length).toBe(16);
    expectCode('E_ARGUMENT', () => cosineTopK(rows, 5, dense(4, 3)));
    expectCode('E_ARGUMENT', () => cosineTopK(dense(0, 3), 1));
  });

  it.each([null, 3, 'absolute', { absolut: true }, { absolute: 1 }])('options are not %o', (options) => {
    expectCode('E_ARGUMENT', () => cosineTopK(rows, 1, rows, options as never));
  });

  it('a result larger than an array is refused', () => {
    const wide = { rows: 100_000, cols: 0, data: new Float32Array(0) };
    expectCode('E_MEMORY', () => cosineSimilarity(wide));
    expectCode('E_MEMORY', () =>
      spmm(csr(100_000, 0, 0), { rows: 0, cols: 100_000, data: new Float32Array(0) }),
    );
  });

  it('what the kernels’ memory cannot hold is refused, and nothing is left behind', () => {
    const tall = { rows: 0, cols: 2 ** 26, data: new Float32Array(0) };
    expectCode('E_MEMORY', () => cosineSimilarity(tall, tall));
  });
});
