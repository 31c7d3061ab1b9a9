import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getEngine } from '../../../src/engine/engine.ts';
import {
  CsrMatrix,
  CtreError,
  cosineTopK,
  type DenseMatrix,
  type DenseOrVector,
  type PreparedMatrix,
  prepare,
  sddmm,
  spmm,
  spmmTransposed,
} from '../../../src/kernels/index.ts';
import { effort } from '../../support/effort.ts';
import { trialArena } from '../../support/trialArena.ts';
import { numbers, type Structure, sparse, stream, type Values } from './inputs.ts';
import { runMatrix } from './matrix.ts';

let before: { blocks: number; bytes: number };
const usage = () => {
  const { blocks, bytes } = getEngine().arena.usage();
  return { blocks, bytes };
};
beforeEach(() => {
  before = usage();
});
afterEach(() => {
  expect(usage(), 'memory left behind').toEqual(before);
});

function csr(rows: number, cols: number, structure: Structure = 'density 0.5', values: Values = 'signed') {
  const name = `prepared ${rows} ${cols} ${structure} ${values}`;
  return CsrMatrix.fromParts(sparse(stream(name), rows, cols, structure, values));
}

function dense(rows: number, cols: number, values: Values = 'signed'): DenseMatrix {
  const data = numbers(stream(`operand ${rows} ${cols} ${values}`), rows * cols, values, 'second');
  return { rows, cols, data };
}

const dataOf = (value: DenseOrVector): Float32Array => (value instanceof Float32Array ? value : value.data);

/** Equal to the last bit; a NaN is a NaN. */
function expectBits(got: DenseOrVector, want: DenseOrVector): void {
  const [g, w] = [dataOf(got), dataOf(want)];
  expect(g.length).toBe(w.length);
  const at = g.findIndex((value, i) => !Object.is(value, w[i]));
  if (at >= 0) expect.fail(`element ${at} is ${g[at]}; ${w[at]} is right`);
}

function errorOf(call: () => unknown): CtreError | undefined {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(CtreError);
    return error as CtreError;
  }
  return undefined;
}

const refuses = (code: string, call: () => unknown) => expect(errorOf(call)?.code).toBe(code);

describe('a prepared matrix', () => {
  it('gives the bits of the one-call functions, in every cell', () => {
    const axes = ['samples', 'rows', 'cols', 'structure', 'values'] as const;
    runMatrix(axes, ({ samples: k, rows, cols, structure, values }) => {
      const w = csr(rows, cols, structure, values);
      const [x, y] = [dense(cols, k, values), dense(rows, k, values)];
      using prepared = prepare(w);
      expect([prepared.rows, prepared.cols, prepared.nnz]).toEqual([rows, cols, w.nnz]);
      for (let again = 0; again < 2; again++) {
        const product = prepared.multiply(x);
        expect([product.rows, product.cols]).toEqual([rows, k]);
        expectBits(product, spmm(w, x));
        const transposed = prepared.multiplyTransposed(y);
        expect([transposed.rows, transposed.cols]).toEqual([cols, k]);
        expectBits(transposed, spmmTransposed(w, y));
      }
      const sampled = prepared.sddmm(y, x);
      expect(sampled.indices).toEqual(w.indices);
      expectBits(sampled.values, sddmm(w, y, x).values);
    });
  });

  it('finds the neighbours that the one-call function finds, at once and in turns', async () => {
    for (const [rows, cols, structure] of [
      [40, 30, 'density 0.5'],
      [60, 500, 'density 0.1'],
      [1, 1, 'all'],
      [0, 3, 'all'],
    ] as const) {
      const w = csr(rows, cols, structure);
      const before = w.values.slice();
      using prepared = prepare(w);
      w.values.fill(1);
      const same = CsrMatrix.fromParts({ ...w, values: before });
      for (const options of [
        {},
        { absolute: true },
        { threshold: 0.1 },
        { absolute: true, threshold: 0.2 },
      ]) {
        const k = Math.min(5, Math.max(0, rows - 1));
        const want = cosineTopK(same, k, same, options);
        expect(prepared.cosineTopK({ k, ...options })).toEqual(want);
        const seen: number[] = [];
        const onProgress = (done: number) => seen.push(done);
        expect(await prepared.cosineTopKAsync({ k, ...options, onProgress })).toEqual(want);
        expect(seen.at(-1) ?? 0).toBe(rows);
      }
    }
  });

  it('refuses a search that is none', async () => {
    using prepared = prepare(csr(9, 7));
    for (const options of [
      {},
      { k: 9 },
      { k: -1 },
      { k: 1.5 },
      { k: 1, threshold: 2 },
      { k: 1, b: 2 },
      null,
    ]) {
      refuses('E_ARGUMENT', () => prepared.cosineTopK(options as never));
      await expect(prepared.cosineTopKAsync(options as never)).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    }
    refuses('E_ARGUMENT', () => prepared.cosineTopK({ k: 1, signal: undefined, onProgress: 1 } as never));
    const signal = AbortSignal.abort();
    await expect(prepared.cosineTopKAsync({ k: 1, signal })).rejects.toMatchObject({ code: 'E_ABORTED' });
  });

  it('does not follow changes of the matrix', () => {
    const [w, x] = [csr(6, 5), dense(5, 3)];
    const want = spmm(w, x);
    using prepared = prepare(w);
    w.values.fill(Number.NaN);
    w.indices.fill(-1);
    w.indptr.fill(99);
    expectBits(prepared.multiply(x), want);
  });

  it('stands beside others, and models of the memory that grow it', () => {
    const [a, b, x] = [csr(40, 30), csr(30, 30, 'all'), dense(30, 40)];
    using first = prepare(a);
    using second = prepare(b);
    const { memory } = getEngine().arena;
    memory.grow(1);
    const vector = x.data.slice(0, 30);
    expectBits(first.multiply(vector), spmm(a, vector));
    expectBits(second.multiply(x), spmm(b, x));
    expectBits(first.multiply(x), spmm(a, x));
  });

  it('takes other values, and keeps its entries', () => {
    const [w, x] = [csr(9, 7), dense(7, 4)];
    using prepared = prepare(w);
    const values = w.values.map((value) => 3 - value);
    const other = CsrMatrix.fromParts({ ...w, values });
    prepared.setValues(values);
    expectBits(prepared.multiply(x), spmm(other, x));
    expectBits(prepared.multiplyTransposed(dense(9, 1)), spmmTransposed(other, dense(9, 1)));
    prepared.setValues([...w.values]);
    expectBits(prepared.multiply(x), spmm(w, x));
  });

  it.each<[string, string, (nnz: number) => unknown]>([
    ['too few', 'E_SHAPE', (nnz) => new Float32Array(nnz - 1)],
    ['none', 'E_ARGUMENT', () => undefined],
    ['text', 'E_ARGUMENT', (nnz) => Array(nnz).fill('1')],
    ['a number among them that is none', 'E_ARGUMENT', (nnz) => [...Array(nnz - 1).fill(1), null]],
  ])('keeps its values where it is given %s', (_, code, make) => {
    const [w, x] = [csr(9, 7), dense(7, 4)];
    using prepared = prepare(w);
    refuses(code, () => prepared.setValues(make(w.nnz) as Float32Array));
    expectBits(prepared.multiply(x), spmm(w, x));
  });
});

describe('a vector', () => {
  const [w, x, y] = [csr(9, 7), numbers(stream('x'), 7), numbers(stream('y'), 9)];

  it('is an argument, and gives a vector', () => {
    using prepared = prepare(w);
    for (const got of [spmm(w, x), prepared.multiply(x)]) {
      expect(got).toBeInstanceOf(Float32Array);
      expectBits(got, spmm(w, { rows: 7, cols: 1, data: x }));
    }
    for (const got of [spmmTransposed(w, y), prepared.multiplyTransposed(y)]) {
      expect(got).toBeInstanceOf(Float32Array);
      expectBits(got, spmmTransposed(w, { rows: 9, cols: 1, data: y }));
    }
    const want = sddmm(w, { rows: 9, cols: 1, data: y }, { rows: 7, cols: 1, data: x });
    expectBits(sddmm(w, y, x).values, want.values);
    expectBits(prepared.sddmm(y, x).values, want.values);
  });

  it.each<[string, string, () => unknown]>([
    ['x has 9 elements; expected 7, as many as w has columns', 'E_SHAPE', () => spmm(w, y)],
    ['y has 7 elements; expected 9, as w has', 'E_SHAPE', () => spmmTransposed(w, x)],
    [
      'x is Float64Array(7); expected a Float32Array or { rows, cols, data }',
      'E_ARGUMENT',
      () => spmm(w, new Float64Array(7) as never),
    ],
    [
      'x is an array of 7; expected a Float32Array or { rows, cols, data }',
      'E_ARGUMENT',
      () => spmm(w, [...x] as never),
    ],
    ['b has 2 columns; expected 1, as a has', 'E_SHAPE', () => sddmm(w, y, dense(7, 2))],
  ])('that does not fit is refused: %s', (message, code, call) => {
    expect(errorOf(call)).toMatchObject({ message, code });
  });

  it('of another realm of memory is one as well', () => {
    const shared = new Float32Array(new SharedArrayBuffer(28));
    shared.set(x);
    expectBits(spmm(w, shared), spmm(w, x));
  });
});

describe('out', () => {
  const w = csr(6, 6);
  const x = numbers(stream('out'), 6);

  it('is what comes back, for a vector and in a matrix', () => {
    using prepared = prepare(w);
    const out = new Float32Array(6).fill(Number.NaN);
    expect(prepared.multiply(x, { out })).toBe(out);
    expectBits(out, spmm(w, x));
    expect(prepared.multiplyTransposed(x, { out })).toBe(out);
    expectBits(out, spmmTransposed(w, x));
    const wide = new Float32Array(18);
    const product = prepared.multiply(dense(6, 3), { out: wide });
    expect(product.data).toBe(wide);
    expectBits(product, spmm(w, dense(6, 3)));
  });

  it('can be the operand itself, or overlap it', () => {
    using prepared = prepare(w);
    const both = Float32Array.from({ length: 9 }, (_, at) => x[at] ?? 0);
    prepared.multiply(both.subarray(0, 6), { out: both.subarray(3, 9) });
    expectBits(both.subarray(3, 9), spmm(w, x));
    const same = x.slice();
    prepared.multiply(same, { out: same });
    expectBits(same, spmm(w, x));
  });

  it('can be shared or resizable memory', () => {
    using prepared = prepare(w);
    const resizable: ArrayBuffer = Reflect.construct(ArrayBuffer, [24, { maxByteLength: 64 }]);
    for (const buffer of [new SharedArrayBuffer(24), resizable]) {
      const out = new Float32Array(buffer);
      expect(prepared.multiply(x, { out })).toBe(out);
      expectBits(out, spmm(w, x));
    }
  });

  it('is written to by its elements, whatever its own methods are', () => {
    using prepared = prepare(w);
    const out = Object.assign(new Float32Array(6), { set: () => {} });
    Object.defineProperty(out, 'length', { value: 6000 });
    prepared.multiply(x, { out });
    expect([...Array(6).keys()].map((at) => out[at])).toEqual([...spmm(w, x)]);
  });

  it.each<[string, string, unknown]>([
    ['out has 5 elements; expected 6, as the result has', 'E_SHAPE', new Float32Array(5)],
    ['out has 7 elements; expected 6, as the result has', 'E_SHAPE', new Float32Array(7)],
    ['out is Float64Array(6); expected a Float32Array', 'E_ARGUMENT', new Float64Array(6)],
    ['out is an array of 6; expected a Float32Array', 'E_ARGUMENT', Array(6).fill(0)],
    ['out is an object; expected a Float32Array', 'E_ARGUMENT', { rows: 6, cols: 1, data: x.slice() }],
    ['out is null; expected a Float32Array', 'E_ARGUMENT', null],
  ])('of another kind is refused: %s', (message, code, out) => {
    using prepared = prepare(w);
    for (const call of [
      () => prepared.multiply(x, { out: out as Float32Array }),
      () => prepared.multiplyTransposed(x, { out: out as Float32Array }),
    ]) {
      expect(errorOf(call)).toMatchObject({ message, code });
    }
  });

  it('stays as it is where something else is wrong', () => {
    using prepared = prepare(w);
    const out = new Float32Array(6).fill(7);
    refuses('E_SHAPE', () => prepared.multiply(new Float32Array(5), { out }));
    refuses('E_ARGUMENT', () => prepared.multiply(x, { out, into: out } as never));
    trialArena(getEngine()).trials.failIn = 1;
    refuses('E_MEMORY', () => prepared.multiply(x, { out }));
    expect([...out]).toEqual(Array(6).fill(7));
  });

  it('that a getter takes away is refused', () => {
    using prepared = prepare(w);
    const out = new Float32Array(6);
    const operand = {
      rows: 6,
      cols: 1,
      get data() {
        structuredClone(out.buffer, { transfer: [out.buffer] });
        return x;
      },
    };
    refuses('E_SHAPE', () => prepared.multiply(operand, { out }));
  });
});

describe('dispose', () => {
  const w = csr(6, 5);
  const [x, y] = [dense(5, 2), dense(6, 2)];

  it.each<[string, (prepared: PreparedMatrix) => unknown]>([
    ['multiply', (prepared) => prepared.multiply(x)],
    ['multiplyTransposed', (prepared) => prepared.multiplyTransposed(y)],
    ['sddmm', (prepared) => prepared.sddmm(y, x)],
    ['setValues', (prepared) => prepared.setValues(w.values)],
    ['cosineTopK', (prepared) => prepared.cosineTopK({ k: 1 })],
  ])('is the end of %s', (_, call) => {
    const prepared = prepare(w);
    call(prepared);
    prepared.dispose();
    expect(errorOf(() => call(prepared))).toMatchObject({
      code: 'E_DISPOSED',
      message: 'the prepared matrix was disposed of, and its memory is free; prepare() makes another',
    });
    expect([prepared.rows, prepared.cols, prepared.nnz]).toEqual([6, 5, w.nnz]);
  });

  it('can be called again, and takes nothing from others', () => {
    const prepared = prepare(w);
    prepared.dispose();
    using other = prepare(w);
    prepared.dispose();
    prepared[Symbol.dispose]();
    expectBits(other.multiply(x), spmm(w, x));
  });

  it.each<[string, (prepared: PreparedMatrix, spoil: () => void) => unknown]>([
    ['multiply', (prepared, spoil) => prepared.multiply(withGetter(x, spoil))],
    ['multiplyTransposed', (prepared, spoil) => prepared.multiplyTransposed(withGetter(y, spoil))],
    ['sddmm', (prepared, spoil) => prepared.sddmm(y, withGetter(x, spoil))],
    [
      'setValues',
      (prepared, spoil) => {
        const list: ArrayLike<number> = Object.defineProperty([...w.values], 0, {
          get: () => {
            spoil();
            return 1;
          },
        });
        prepared.setValues(list);
      },
    ],
    [
      'cosineTopK',
      (prepared, spoil) =>
        prepared.cosineTopK({
          get k() {
            spoil();
            return 1;
          },
        }),
    ],
  ])('in the middle of %s is noticed', (_, call) => {
    const prepared = prepare(w);
    refuses('E_DISPOSED', () => call(prepared, () => prepared.dispose()));
  });

  it('while neighbours are looked for lets the search go on', async () => {
    for (const [rows, cols] of [
      [600, 30],
      [300, 4000],
    ]) {
      const large = csr(rows, cols, 'density 0.1');
      const want = cosineTopK(large, 3);
      const prepared = prepare(large);
      let parts = 0;
      const onProgress = (): void => {
        parts++;
        prepared.dispose();
        // Whoever takes the free memory writes to it.
        prepare(csr(rows, cols, 'density 0.1', 'nan')).dispose();
      };
      const search = prepared.cosineTopKAsync({ k: 3, onProgress });
      prepared.setValues(new Float32Array(large.nnz));
      expect(await search).toEqual(want);
      expect(parts).toBeGreaterThan(0);
      await expect(prepared.cosineTopKAsync({ k: 3 })).rejects.toMatchObject({ code: 'E_DISPOSED' });
    }
  });

  it('gives back every byte, a thousand times', () => {
    const arena = trialArena(getEngine());
    const cycles = effort(1000, 10_000);
    let settled = 0;
    for (let cycle = 0; cycle < cycles; cycle++) {
      const prepared = prepare(w);
      prepared.multiply(x);
      prepared.multiplyTransposed(y.data.subarray(0, 6));
      prepared.dispose();
      const { memoryBytes } = arena.usage();
      expect(usage(), `cycle ${cycle}`).toEqual(before);
      if (cycle === 0) settled = memoryBytes;
      expect(memoryBytes, `cycle ${cycle}`).toBe(settled);
    }
    arena.checkGuards();
  });

  it('is not needed where there was not enough memory', () => {
    const { trials } = trialArena(getEngine());
    for (const call of [() => prepare(w).dispose(), () => spmm(w, x), () => spmmTransposed(w, y)]) {
      let refused = 0;
      for (let failIn = 0; ; failIn++) {
        trials.failIn = failIn;
        const error = errorOf(call);
        trials.failIn = undefined;
        if (error === undefined) break;
        expect(error.code).toBe('E_MEMORY');
        expect(usage()).toEqual(before);
        refused++;
      }
      expect(refused).toBeGreaterThan(3);
    }
  });
});

/** The matrix with something that happens when its elements are asked for. */
function withGetter({ rows, cols, data }: DenseMatrix, happen: () => void): DenseMatrix {
  return {
    rows,
    cols,
    get data() {
      happen();
      return data;
    },
  };
}

describe('a matrix that was changed', () => {
  const nothing = { indices: new Int32Array(0), values: new Float32Array(0) };

  it('is refused with the sentence of the check in TypeScript, or by neither', () => {
    const random = stream('spoiled');
    const seen = new Set<string>();
    for (let round = 0; round < effort(2000, 20_000); round++) {
      const w = csr(random.below(7), 1 + random.below(6), 'density 0.5');
      const arrays = [w.indptr, w.indices, w.indices];
      for (let change = random.below(3); change >= 0; change--) {
        const array = arrays[random.below(3)];
        const at = random.below(Math.max(1, array.length));
        const wild = [-1, w.cols, w.nnz, w.nnz + 1, array[at - 1], array[at + 1], 2 ** 31 - 1, -(2 ** 31)];
        array[at] = wild[random.below(wild.length)];
      }
      const want = errorOf(() => CsrMatrix.fromParts(w));
      const got = [
        errorOf(() => prepare(w).dispose()),
        errorOf(() => spmm(w, new Float32Array(w.cols))),
        errorOf(() => sddmm(w, new Float32Array(w.rows), new Float32Array(w.cols))),
      ];
      for (const error of got) {
        expect([error?.code, error?.message], JSON.stringify(w)).toEqual([want?.code, want?.message]);
      }
      seen.add(want === undefined ? 'fine' : want.message.replaceAll(/-?\d+/g, '#'));
    }
    // Ends, offsets, range, twice, after; and what is fine.
    expect(seen.size).toBe(6);
  });

  it.each<[string, (w: CsrMatrix) => unknown]>([
    ['rows', (w) => Object.assign(w, { rows: 7 })],
    ['number of rows', (w) => Object.assign(w, { ...nothing, rows: -1, indptr: new Int32Array(0) })],
    ['half a row', (w) => Object.assign(w, { rows: 6.5 })],
    ['columns', (w) => Object.assign(w, { cols: Number.NaN })],
    ['too many columns', (w) => Object.assign(w, { cols: 2 ** 31 })],
    ['offsets', (w) => Object.assign(w, { indptr: w.indptr.subarray(1) })],
    ['indices', (w) => Object.assign(w, { indices: w.indices.subarray(1) })],
    ['values', (w) => Object.assign(w, { values: w.values.subarray(1) })],
    ['detached values', (w) => structuredClone(0, { transfer: [w.values.buffer as ArrayBuffer] })],
  ])('in its %s has that sentence, too', (_, change) => {
    const w = csr(6, 5);
    change(w);
    // Offsets of an empty row are where the next ones will be: what lies beyond those looks canonical.
    prepare(CsrMatrix.fromParts({ ...nothing, rows: 1, cols: 1, indptr: [0, 0] })).dispose();
    const want = errorOf(() => CsrMatrix.fromParts(w));
    const got = errorOf(() => prepare(w));
    expect([got?.code, got?.message]).toEqual([want?.code, want?.message]);
    expect(want).toBeDefined();
  });
});
