import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getEngine } from '../../../src/engine/engine.ts';
import {
  CsrMatrix,
  CtreError,
  cosineSimilarity,
  cosineTopK,
  type DenseMatrix,
  type ErrorCode,
  init,
  type Neighbours,
  type PreparedMatrix,
  prepare,
  sddmm,
  spmm,
  spmmTransposed,
} from '../../../src/kernels/index.ts';
import { gamma, Sum, type Truth } from '../../support/rounding.ts';
import { numbers, type Structure, sparse, stream, type Values } from './inputs.ts';
import { type Cell, cellsOf, missingValues, runMatrix } from './matrix.ts';

let before: number;
beforeEach(() => {
  before = getEngine().arena.usage().blocks;
});
afterEach(() => {
  expect(getEngine().arena.usage().blocks, 'blocks left behind').toBe(before);
});

function csr(
  rows: number,
  cols: number,
  structure: Structure = 'all',
  name = 'csr',
  values: Values = 'signed',
): CsrMatrix {
  return CsrMatrix.fromParts(sparse(stream(`${name} ${rows} ${cols}`), rows, cols, structure, values));
}

function dense(rows: number, cols: number, name = 'dense', values: Values = 'signed'): DenseMatrix {
  const data = numbers(stream(`${name} ${rows} ${cols}`), rows * cols, values, 'second');
  return { rows, cols, data };
}

/** The position of every stored entry. */
function entriesOf({ rows, indptr, indices }: CsrMatrix): { row: number; col: number }[] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from(indices.subarray(indptr[row], indptr[row + 1]), (col) => ({ row, col })),
  ).flat();
}

function expectClose(got: ArrayLike<number>, truths: readonly Truth[]): void {
  expect(got.length).toBe(truths.length);
  truths.forEach(({ value, error }, at) => {
    if (!Object.is(got[at], value) && !(Math.abs(got[at] - value) <= error)) {
      expect.fail(`element ${at} is ${got[at]}; the truth is ${value} ± ${error}`);
    }
  });
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
function productTruths(w: CsrMatrix, x: DenseMatrix, transposed: boolean): Truth[] {
  const k = x.cols;
  const elements = Array.from({ length: (transposed ? w.cols : w.rows) * k }, () => new Sum());
  entriesOf(w).forEach(({ row, col }, p) => {
    const [to, from] = transposed ? [col, row] : [row, col];
    for (let c = 0; c < k; c++) elements[to * k + c].add(w.values[p] * x.data[from * k + c]);
  });
  return elements.map((sum) => sum.truth());
}

/** The public products, each with what shows it right on one cell; the samples are columns. */
const products: Readonly<Record<string, (cell: Cell) => void>> = {
  spmm({ samples, rows, cols, structure, values, name }) {
    const [w, x] = [csr(rows, cols, structure, name, values), dense(cols, samples, name, values)];
    const y = spmm(w, x);
    expect([y.rows, y.cols]).toEqual([rows, samples]);
    expectClose(y.data, productTruths(w, x, false));
  },
  spmmTransposed({ samples, rows, cols, structure, values, name }) {
    const [w, y] = [csr(rows, cols, structure, name, values), dense(rows, samples, name, values)];
    const x = spmmTransposed(w, y);
    expect([x.rows, x.cols]).toEqual([cols, samples]);
    expectClose(x.data, productTruths(w, y, true));
  },
  sddmm({ samples, rows, cols, structure, values, name }) {
    const pattern = csr(rows, cols, structure, name, values);
    const [a, b] = [dense(rows, samples, `${name} a`, values), dense(cols, samples, `${name} b`, values)];
    const positions = entriesOf(pattern);
    const got = sddmm(pattern, a, b);
    expect(entriesOf(got)).toEqual(positions);
    const truths = positions.map(({ row, col }) => {
      const sum = new Sum();
      for (let c = 0; c < samples; c++) sum.add(a.data[row * samples + c] * b.data[col * samples + c]);
      return sum.truth();
    });
    expectClose(got.values, truths);
  },
  cosineSimilarity({ samples, rows, cols, structure, values, name }) {
    const a = csr(rows, samples, structure, `${name} a`, values);
    const b = csr(cols, samples, structure, `${name} b`, values);
    const pattern = csr(rows, cols, structure, `${name} pattern`);
    const positions = entriesOf(pattern);
    const truths = cosineTruths(a.toDense(), b.toDense());
    for (const [left, right] of [
      [a, b],
      [a.toDense(), b],
      [a, b.toDense()],
      [a.toDense(), b.toDense()],
    ] as const) {
      expectClose(cosineSimilarity(left, right).data, truths);
      const listed = cosineSimilarity(left, right, pattern);
      expect(entriesOf(listed)).toEqual(positions);
      expectClose(
        listed.values,
        positions.map(({ row, col }) => truths[row * cols + col]),
      );
    }
  },
  cosineTopK({ samples, rows, cols, structure, values, name }) {
    const a = csr(rows, samples, structure, `${name} a`, values);
    const b = csr(cols, samples, structure, `${name} b`, values).toDense();
    const [all, own] = [cosineSimilarity(a, b).data, cosineSimilarity(a).data];
    for (const absolute of [false, true]) {
      const [others, within] = [
        ranking(all, rows, cols, absolute, false),
        ranking(own, rows, rows, absolute, true),
      ];
      for (const k of new Set([0, Math.min(1, cols), cols >> 1, cols])) {
        expectBest(cosineTopK(a, k, b, { absolute }), k, others, all);
      }
      for (const k of new Set([0, Math.max(0, rows - 1) >> 1, Math.max(0, rows - 1)])) {
        expectBest(cosineTopK(a, k, undefined, { absolute }), k, within, own);
        expectBest(cosineTopK(a, k, a, { absolute }), k, within, own);
      }
    }
  },
};

describe('the matrix', () => {
  const axes = ['samples', 'rows', 'cols', 'structure', 'values'] as const;

  it.each(Object.entries(products))('%s is right in every cell', (_, run) => {
    runMatrix(axes, run);
  });

  it('meets every value of every axis', () => {
    const cells = [...cellsOf(axes)];
    for (const axis of axes) expect(missingValues(cells, axis), axis).toEqual([]);
  });
});

/**
 * All cosines in float64; 0 where a row has no length, or a value that is not finite. Rows are rounded to
 * length 1 (two roundings an element), their inner product is summed in float32, where by Cauchy and Schwarz
 * Σ|a||b| ≤ 1, and the quotient is rounded to float32; the lengths' own roundings are float64's. What
 * underflows is lost to every term.
 */
function cosineTruths(a: DenseMatrix, b: DenseMatrix): Truth[] {
  const cols = a.cols;
  const [left, right] = [unitRows(a), unitRows(b)];
  const error = gamma(cols + 4) + cols * 2 ** -147;
  return Array.from({ length: a.rows * b.rows }, (_, at) => {
    const [i, j] = [Math.floor(at / b.rows), at % b.rows];
    let value = 0;
    for (let c = 0; c < cols; c++) value += left[i * cols + c] * right[j * cols + c];
    return { value, error };
  });
}

function unitRows({ rows, cols, data }: DenseMatrix): Float64Array {
  const unit = new Float64Array(rows * cols);
  for (let r = 0; r < rows; r++) {
    const row = data.subarray(r * cols, (r + 1) * cols);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0 && length < Number.POSITIVE_INFINITY) {
      row.forEach((value, c) => {
        unit[r * cols + c] = value / length;
      });
    }
  }
  return unit;
}

it('cosines are the same bits from dense and from sparse rows', () => {
  const [a, b] = [csr(33, 65, 'some lines empty', 'cosine a'), csr(40, 65, 'some lines empty', 'cosine b')];
  const want = cosineSimilarity(a, b).data;
  for (const data of [
    cosineSimilarity(a.toDense(), b).data,
    cosineSimilarity(a, b.toDense()).data,
    cosineSimilarity(a.toDense(), b.toDense()).data,
  ]) {
    expect(data).toEqual(want);
  }
});

/** Every row's others by sorting all of them, best first. */
function ranking(
  all: Float32Array,
  rows: number,
  n: number,
  absolute: boolean,
  notSelf: boolean,
): number[][] {
  const merit = (value: number): number => (absolute ? Math.abs(value) : value);
  return Array.from({ length: rows }, (_, r) =>
    Array.from({ length: n }, (_, j) => j)
      .filter((j) => !(notSelf && j === r))
      .sort((i, j) => merit(all[r * n + j]) - merit(all[r * n + i]) || i - j),
  );
}

/** The best k of every row, with their cosines as `all` has them. */
function expectBest(got: Neighbours, k: number, order: readonly number[][], all: Float32Array): void {
  const rows = order.length;
  expect([got.rows, got.k, got.indices.length, got.similarities.length]).toEqual([
    rows,
    k,
    rows * k,
    rows * k,
  ]);
  const n = all.length / Math.max(1, rows);
  order.forEach((best, r) => {
    for (let e = 0; e < k; e++) {
      const [index, similarity] = [got.indices[r * k + e], got.similarities[r * k + e]];
      if (index !== best[e] || similarity !== all[r * n + best[e]]) {
        expect.fail(`neighbour ${e} of row ${r} is ${index} at ${similarity}; ${best[e]} is right`);
      }
    }
  });
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
      [1, h, 0, 1, h, 1, -h, h, 0, -h, 1, 0, 1, h, 0, 1].map((value) => ({ value, error: gamma(2 + 4) })),
    );
  });

  it('are 0 for rows with values that are not finite, and for no other', () => {
    const rows = rowsOf([1, 0], [Number.NaN, 1], [Number.POSITIVE_INFINITY, 1], [2, 0]);
    const want = [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1];
    expect([...cosineSimilarity(rows).data]).toEqual(want);
    expect([...cosineSimilarity(rows, rows, csr(4, 4)).values]).toEqual(want);
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
    const [x, w] = [dense(5, 8), csr(6, 8, 'density 0.5')];
    const copies = [x.data.slice(), w.values.slice(), w.indices.slice(), w.indptr.slice()];
    cosineTopK(x, 2, w);
    cosineSimilarity(x, w, csr(5, 6, 'density 0.5'));
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

/** Calls with a prepared matrix, which gives its memory back then. */
function withPrepared(w: CsrMatrix, call: (prepared: PreparedMatrix) => unknown): unknown {
  using prepared = prepare(w);
  return call(prepared);
}

/** Every argument of every function that has to be a matrix: the call with it, and its right shape. */
const matrixArguments: [name: string, kind: 'sparse' | 'dense' | 'either', call: (m: never) => unknown][] = [
  ['w of spmm', 'sparse', (m) => spmm(m, dense(3, 2))],
  ['x of spmm', 'dense', (m) => spmm(csr(2, 4), m)],
  ['w of spmmTransposed', 'sparse', (m) => spmmTransposed(m, dense(4, 2))],
  ['y of spmmTransposed', 'dense', (m) => spmmTransposed(csr(4, 2), m)],
  ['the matrix of prepare', 'sparse', (m) => withPrepared(m, (prepared) => prepared.multiply(dense(3, 2)))],
  ['x of multiply', 'dense', (m) => withPrepared(csr(2, 4), (prepared) => prepared.multiply(m))],
  [
    'y of multiplyTransposed',
    'dense',
    (m) => withPrepared(csr(4, 2), (prepared) => prepared.multiplyTransposed(m)),
  ],
  ['a of a prepared sddmm', 'dense', (m) => withPrepared(csr(4, 3), (p) => p.sddmm(m, dense(3, 3)))],
  ['b of a prepared sddmm', 'dense', (m) => withPrepared(csr(3, 4), (p) => p.sddmm(dense(3, 3), m))],
  ['pattern of sddmm', 'sparse', (m) => sddmm(m, dense(4, 2), dense(3, 2))],
  ['a of sddmm', 'dense', (m) => sddmm(csr(4, 3), m, dense(3, 3))],
  ['b of sddmm', 'dense', (m) => sddmm(csr(3, 4), dense(3, 3), m)],
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
  ['parts that are no matrix', 'E_CSR', () => ({ ...changed((w) => w.indices.set([3], 2)) })],
  ['another shape', 'E_SHAPE', () => csr(5, 5)],
  ['an index out of range', 'E_CSR', () => changed((w) => w.indices.set([3], 2))],
  ['a negative index', 'E_CSR', () => changed((w) => w.indices.set([-1]))],
  ['an index twice', 'E_CSR', () => changed((w) => w.indices.set([1]))],
  ['offsets that fall', 'E_CSR', () => changed((w) => w.indptr.set([9, 3], 1))],
  ['offsets beyond the end', 'E_CSR', () => changed((w) => w.indptr.set([13], 4))],
  ['offsets that begin late', 'E_CSR', () => changed((w) => w.indptr.set([1]))],
  ['detached values', 'E_SHAPE', () => detached(csr(4, 3), 'values')],
  ['detached offsets', 'E_SHAPE', () => detached(csr(4, 3), 'indptr')],
  ['other rows', 'E_SHAPE', () => Object.assign(csr(4, 3), { rows: 7 })],
  ['NaN columns', 'E_ARGUMENT', () => Object.assign(csr(4, 3), { cols: Number.NaN })],
  ['plain arrays', 'E_ARGUMENT', () => Object.assign(csr(4, 3), { indices: Array(12).fill(0) })],
  ['no values', 'E_ARGUMENT', () => Object.assign(csr(4, 3), { values: undefined })],
];

function changed(change: (matrix: CsrMatrix) => void): CsrMatrix {
  const matrix = csr(4, 3);
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
      spmm(csr(100_000, 0, 'none'), { rows: 0, cols: 100_000, data: new Float32Array(0) }),
    );
  });

  it('what the kernels’ memory cannot hold is refused, and nothing is left behind', () => {
    const tall = { rows: 0, cols: 2 ** 26, data: new Float32Array(0) };
    expectCode('E_MEMORY', () => cosineSimilarity(tall, tall));
  });
});

describe('matrices that do not fit each other', () => {
  it.each<[string, () => unknown]>([
    ['x has 4 rows; expected 3, as many as w has columns', () => spmm(csr(4, 3), dense(4, 3))],
    ['y has 3 rows; expected 4, as w has', () => spmmTransposed(csr(4, 3), dense(3, 4))],
    ['a has 3 rows; expected 4, as the pattern has', () => sddmm(csr(4, 3), dense(3, 2), dense(3, 2))],
    [
      'b has 1 row; expected 3, as many as the pattern has columns',
      () => sddmm(csr(4, 3), dense(4, 2), dense(1, 2)),
    ],
    ['b has 1 column; expected 2, as a has', () => sddmm(csr(4, 3), dense(4, 2), dense(3, 1))],
    ['b has 3 columns; expected 4, as a has', () => cosineSimilarity(dense(2, 4), csr(4, 3))],
    ['b has 3 columns; expected 4, as a has', () => cosineTopK(dense(2, 4), 1, dense(5, 3))],
    [
      'the pattern has 4 rows; expected 2, as a has',
      () => cosineSimilarity(dense(2, 4), dense(3, 4), csr(4, 3)),
    ],
    [
      'the pattern has 3 columns; expected 2, as many as b has rows',
      () => cosineSimilarity(dense(4, 4), dense(2, 4), csr(4, 3)),
    ],
  ])('%s', (message, call) => {
    expect(call).toThrow(expect.objectContaining({ name: 'CtreError', code: 'E_SHAPE', message }));
  });
});
