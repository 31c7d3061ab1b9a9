import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getEngine } from '../../../src/engine/engine.ts';
import {
  CsrMatrix,
  cosineSimilarity,
  cosineTopK,
  cosineTopKAsync,
  type DenseMatrix,
  type NeighbourOptions,
  type Neighbours,
} from '../../../src/kernels/index.ts';
import { gamma } from '../../support/rounding.ts';
import { numbers, stream } from './inputs.ts';

let before: number;
beforeEach(() => {
  before = getEngine().arena.usage().blocks;
});
afterEach(() => {
  expect(getEngine().arena.usage().blocks, 'blocks left behind').toBe(before);
});

/** Rows of text: few entries each, some rows empty, some twice, every seventh column without an entry. */
function text(name: string, rows: number, cols: number, perRow = 4): CsrMatrix {
  const random = stream(name);
  const all: Map<number, number>[] = [];
  for (let r = 0; r < rows; r++) {
    const row = new Map<number, number>();
    for (let e = 0; e < perRow && r % 11 !== 5; e++) {
      const col = random.below(cols);
      if (col % 7 !== 3) row.set(col, random.next() + (random.next() < 0.3 ? -1 : 0));
    }
    all.push(r % 13 === 8 ? new Map(all[r - 6]) : row);
  }
  const entries = all.flatMap((row, r) => [...row].map(([col, value]) => ({ r, col, value })));
  return CsrMatrix.fromCoo({
    rows,
    cols,
    row: entries.map(({ r }) => r),
    col: entries.map(({ col }) => col),
    values: entries.map(({ value }) => value),
  });
}

/** All cosines in float64. */
function exactCosines(a: DenseMatrix, b: DenseMatrix): Float64Array[] {
  const lengthOf = ({ data, cols }: DenseMatrix, r: number): number =>
    Math.sqrt(data.subarray(r * cols, (r + 1) * cols).reduce((sum, value) => sum + value * value, 0));
  return Array.from({ length: a.rows }, (_, i) =>
    Float64Array.from({ length: b.rows }, (_, j) => {
      let dot = 0;
      for (let c = 0; c < a.cols; c++) dot += a.data[i * a.cols + c] * b.data[j * b.cols + c];
      const lengths = lengthOf(a, i) * lengthOf(b, j);
      return lengths > 0 ? dot / lengths : 0;
    }),
  );
}

/**
 * Compares with all cosines in float64. Each neighbour has its own cosine within the error bound; they fall,
 * and of equal ones the lower index comes first; what is left out is no better than the last, and where
 * places are empty, not above the threshold.
 */
function expectNearest(
  got: Neighbours,
  a: CsrMatrix,
  b: CsrMatrix,
  exact: readonly Float64Array[],
  { absolute = false, threshold = -2 }: NeighbourOptions,
): void {
  const { k } = got;
  // As cosineTruths in public.test.ts: an inner product of at most so many products.
  const error = gamma(a.cols + 4) + a.cols * 2 ** -147;
  const rank = (value: number): number => (absolute ? Math.abs(value) : value);
  for (let r = 0; r < a.rows; r++) {
    const indices = got.indices.subarray(r * k, (r + 1) * k);
    const cosines = got.similarities.subarray(r * k, (r + 1) * k);
    const count = indices.indexOf(-1) < 0 ? k : indices.indexOf(-1);
    const chosen = new Set(indices.subarray(0, count));
    const isRight = (e: number): boolean => {
      if (e >= count) return indices[e] === -1 && cosines[e] === 0;
      const isClose = Math.abs(cosines[e] - exact[r][indices[e]]) <= error;
      const [last, present] = [e === 0 ? 2 : rank(cosines[e - 1]), rank(cosines[e])];
      const follows = last > present || (last === present && indices[e - 1] < indices[e]);
      return isClose && present > threshold && follows && !(a === b && indices[e] === r);
    };
    const wrong = indices.findIndex((_, e) => !isRight(e));
    if (wrong >= 0 || chosen.size !== count) {
      expect.fail(`row ${r}: neighbour ${wrong} is ${indices[wrong]} at ${cosines[wrong]}`);
    }
    const least = count === k && k > 0 ? rank(cosines[k - 1]) : threshold;
    const missing = exact[r].findIndex(
      (value, j) => k > 0 && !chosen.has(j) && !(a === b && j === r) && rank(value) > least + 2 * error,
    );
    if (missing >= 0) expect.fail(`row ${r} lacks ${missing} at ${exact[r][missing]}`);
  }
}

const [names, others] = [text('names', 150, 60), text('others', 90, 60)];
const [exactNames, exactPairs] = [names, others].map((b) => exactCosines(names.toDense(), b.toDense()));

describe('the nearest rows of sparse matrices', () => {
  const wishes: NeighbourOptions[] = [
    {},
    { absolute: true },
    { threshold: 0 },
    { threshold: 0.4 },
    { threshold: -0.1 },
    { threshold: -1 },
    { threshold: 1 },
    { threshold: 0.3, absolute: true },
  ];

  it.each(wishes)('are those of all cosines in float64: %o', (options) => {
    for (const k of [0, 1, 10, 89, 90]) {
      expectNearest(cosineTopK(names, k, others, options), names, others, exactPairs, options);
      expectNearest(cosineTopK(names, k, names, options), names, names, exactNames, options);
    }
    expectNearest(cosineTopK(names, 149, names, options), names, names, exactNames, options);
  });

  it.each(wishes)('have the bits of the search that multiplies dense rows: %o', (options) => {
    for (const k of [1, 10, 89]) {
      const want = cosineTopK(names, k, others.toDense(), options);
      expect(cosineTopK(names, k, others, options)).toEqual(want);
      const own = names.toDense();
      expect(cosineTopK(names, k, names, options)).toEqual(cosineTopK(own, k, own, options));
    }
  });

  it('have the bits of cosineSimilarity', () => {
    const all = cosineSimilarity(names, others).data;
    const { indices, similarities } = cosineTopK(names, 90, others);
    indices.forEach((j, at) => {
      expect(similarities[at]).toBe(all[Math.floor(at / 90) * 90 + j]);
    });
  });

  it('of an empty row are the first rows, and none above a threshold of 0', () => {
    const empty = CsrMatrix.fromCoo({ rows: 1, cols: 60, row: [], col: [], values: [] });
    expect([...cosineTopK(empty, 3, names).indices]).toEqual([0, 1, 2]);
    const above = cosineTopK(empty, 3, names, { threshold: 0 });
    expect([...above.indices]).toEqual([-1, -1, -1]);
    expect([...above.similarities]).toEqual([0, 0, 0]);
  });

  it('are found where no row, no column or no entry is', () => {
    const none = (rows: number, cols: number): CsrMatrix =>
      CsrMatrix.fromCoo({ rows, cols, row: [], col: [], values: [] });
    expect(cosineTopK(none(0, 5), 0).indices.length).toBe(0);
    expect([...cosineTopK(none(3, 0), 2).indices]).toEqual([1, 2, 0, 2, 0, 1]);
    expect(cosineTopK(none(3, 60), 0, none(0, 60)).indices.length).toBe(0);
    expect(cosineTopK(none(0, 60), 3, names).indices.length).toBe(0);
  });

  it('of rows that are not finite are those of rows without length', () => {
    const rows = CsrMatrix.fromParts({
      rows: 4,
      cols: 9,
      indptr: [0, 2, 4, 5, 6],
      indices: [0, 1, 0, 1, 0, 0],
      values: [Number.NaN, 1, Number.POSITIVE_INFINITY, 1, 3, 2],
    });
    expect([...cosineTopK(rows, 1).indices]).toEqual([1, 0, 3, 2]);
    expect([...cosineTopK(rows, 2, rows, { threshold: 0 }).indices]).toEqual([-1, -1, -1, -1, 3, -1, 2, -1]);
  });

  it.each([null, '0.5', Number.NaN, 1.01, -1.01, Number.POSITIVE_INFINITY])(
    'threshold is not %s',
    (threshold) => {
      const call = () => cosineTopK(names, 1, names, { threshold: threshold as number });
      expect(call).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
    },
  );

  it('a signal is not for the search that cannot be aborted', () => {
    const options = { signal: AbortSignal.abort() } as NeighbourOptions;
    expect(() => cosineTopK(names, 1, names, options)).toThrow(
      'cosineTopK has no option "signal"; expected any of absolute, threshold',
    );
  });
});

describe('the search in turns', () => {
  const dense = { rows: 100, cols: 20, data: numbers(stream('search in turns'), 2000) };
  /** Work for a second or two. */
  const large = text('large', 20_000, 300, 12);

  it('puts what its parts find in the place of their rows', async () => {
    let parts = 0;
    const { indices, similarities } = await cosineTopKAsync(large, 10, large, { onProgress: () => parts++ });
    expect(parts).toBeGreaterThan(3);
    const some = Array.from({ length: 40 }, (_, e) => Math.floor((e * (large.rows - 1)) / 39));
    // Another search, by products of whole rows: each row finds itself, too.
    const all = large.toDense();
    const data = Float32Array.from(some.flatMap((r) => [...all.data.subarray(r * 300, (r + 1) * 300)]));
    const want = cosineTopK({ rows: some.length, cols: 300, data }, 11, all);
    some.forEach((row, e) => {
      const places = [...Array(11).keys()].filter((p) => want.indices[11 * e + p] !== row).slice(0, 10);
      expect([...indices.subarray(10 * row, 10 * row + 10)]).toEqual(
        places.map((p) => want.indices[11 * e + p]),
      );
      expect([...similarities.subarray(10 * row, 10 * row + 10)]).toEqual(
        places.map((p) => want.similarities[11 * e + p]),
      );
    });
  });

  it('finds the same bits', async () => {
    for (const options of [{}, { absolute: true, threshold: 0.2 }]) {
      expect(await cosineTopKAsync(names, 5, others, options)).toEqual(cosineTopK(names, 5, others, options));
      expect(await cosineTopKAsync(dense, 5, dense, options)).toEqual(cosineTopK(dense, 5, dense, options));
    }
    expect(await cosineTopKAsync(names, 7)).toEqual(cosineTopK(names, 7));
  });

  it('tells of its progress, to the last row', async () => {
    for (const rows of [names, dense]) {
      const seen: number[][] = [];
      await cosineTopKAsync(rows, 2, rows, { onProgress: (...args) => seen.push(args) });
      expect(seen.at(-1)).toEqual([rows.rows, rows.rows]);
      seen.forEach(([done], at) => {
        expect(done).toBeGreaterThan(at === 0 ? 0 : seen[at - 1][0]);
      });
    }
    let parts = 0;
    await cosineTopKAsync(dense, 2, dense, { onProgress: () => parts++ });
    expect(parts).toBe(4);
  });

  it('ends within 100 ms of an abort, and gives its memory back', async () => {
    const controller = new AbortController();
    let turns = 0;
    const search = cosineTopKAsync(large, 10, large, {
      signal: controller.signal,
      onProgress: () => turns++,
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const begin = performance.now();
    controller.abort('enough');
    await expect(search).rejects.toMatchObject({
      code: 'E_ABORTED',
      message: 'the search was aborted by its signal',
      cause: 'enough',
    });
    expect(performance.now() - begin).toBeLessThan(100);
    expect(turns).toBeGreaterThan(0);
  });

  it('does nothing where the signal is aborted already', async () => {
    const onProgress = () => expect.fail('it began');
    const search = cosineTopKAsync(names, 1, names, { signal: AbortSignal.abort(), onProgress });
    await expect(search).rejects.toMatchObject({ code: 'E_ABORTED' });
  });

  it('gives its memory back where the listener throws, and passes the error on', async () => {
    const error = new Error('no more');
    for (const rows of [names, dense]) {
      const search = cosineTopKAsync(rows, 1, rows, {
        onProgress: () => {
          throw error;
        },
      });
      await expect(search).rejects.toBe(error);
      expect(getEngine().arena.usage().blocks).toBe(before);
    }
  });

  it('lets its listener search, and the memory grow, meanwhile', async () => {
    const want = cosineTopK(large, 3);
    let inner = 0;
    const got = await cosineTopKAsync(large, 3, large, {
      onProgress: (done) => {
        if (inner < 3) inner += Number(cosineTopK(dense, done > 0 ? 1 : 2).k);
      },
    });
    expect(inner).toBe(3);
    expect(got).toEqual(want);
  });

  it('takes the data as they are at the call', async () => {
    const copy = { ...dense, data: dense.data.slice() };
    const search = cosineTopKAsync(copy, 3);
    copy.data.fill(1);
    expect(await search).toEqual(cosineTopK(dense, 3));
  });

  it.each([
    { signal: {} },
    { signal: null },
    { onProgress: 3 },
    { threshold: 2 },
    { absolute: 'yes' },
    { unknown: 1 },
  ])('rejects options that are none: %o', async (options) => {
    await expect(cosineTopKAsync(names, 1, names, options as never)).rejects.toMatchObject({
      name: 'CtreError',
      code: 'E_ARGUMENT',
    });
  });

  it('rejects, and does not throw, what is no matrix', async () => {
    await expect(cosineTopKAsync(null as never, 1)).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    await expect(cosineTopKAsync(names, 1, dense)).rejects.toMatchObject({ code: 'E_SHAPE' });
  });
});
