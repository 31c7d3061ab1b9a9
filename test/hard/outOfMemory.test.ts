import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getEngine } from '../../src/engine/engine.ts';
import { getSharedEngine } from '../../src/engine/training.ts';
import { type CreateOptions, CsrMatrix, optimizer, SparseMLP, topology } from '../../src/index.ts';
import {
  cosineSimilarity,
  cosineTopK,
  cosineTopKAsync,
  sddmm,
  spmm,
  spmmTransposed,
} from '../../src/kernels/index.ts';
import { type MethodName, methods, topologyByName } from '../../src/topology/methods.ts';
import type { Topology } from '../../src/topology/topology.ts';
import { isFull } from '../support/effort.ts';
import { quadrants, sha256 } from '../support/problems.ts';
import { type TrialArena, trialArena } from '../support/trialArena.ts';

// Every allocation of every operation is refused once. Both engines share one trial.
const problem = quadrants(70, 12);
const { x, y } = problem;
const csr = CsrMatrix.fromDense({ ...x, data: x.data.map((value) => (value > 0.5 ? value : 0)) });
const options = { layers: [12, 30, 20, 4], epsilon: 4, seed: 3 };

let bystander: SparseMLP;
let untouched: string;
let arenas: readonly TrialArena[];

beforeAll(async () => {
  bystander = await SparseMLP.create(options);
  await bystander.fit(x, y, { epochs: 2 });
  untouched = await sha256(bystander.save());
  arenas = [getEngine(), await getSharedEngine()].map(trialArena);
});

afterAll(() => {
  bystander.dispose();
});

function failIn(n: number | undefined): void {
  trialArena(getEngine()).trials.failIn = n;
}

const blocks = (): number[] => arenas.map((arena) => arena.usage().blocks);
const bytes = (): number[] => arenas.map((arena) => arena.usage().bytes);

/**
 * Runs `operation` with its 1st, 2nd, 3rd, … allocation refused, until it makes no more; returns their
 * number.
 */
async function refuseEach(
  operation: () => unknown,
  afterFailure: (n: number) => unknown = () => {},
): Promise<number> {
  for (let n = 0; n < 10_000; n++) {
    const before = [blocks(), bytes()];
    failIn(n);
    let error: unknown;
    let result: unknown;
    try {
      result = await operation();
    } catch (reason) {
      error = reason;
    }
    const refused = trialArena(getEngine()).trials.failIn === undefined;
    failIn(undefined);
    if (result instanceof SparseMLP) result.dispose();
    if (!refused) {
      expect(error, `allocation ${n} was not refused`).toBeUndefined();
      return n;
    }
    expect(error, `allocation ${n} refused`).toMatchObject({ name: 'CtreError', code: 'E_MEMORY' });
    await afterFailure(n);
    expect([blocks(), bytes()], `after allocation ${n} was refused`).toEqual(before);
    for (const arena of arenas) arena.checkGuards();
  }
  throw new Error('the operation allocates without end');
}

const create = (method: MethodName, threads = 1, part: Partial<Topology> = {}) =>
  SparseMLP.create({ ...options, threads, topology: { ...topologyByName(method), ...part } });

describe('every allocation refused once', () => {
  const w = CsrMatrix.fromDense({
    rows: 3,
    cols: 5,
    data: Float32Array.of(1, 0, 0, 2, 0, 3, 4, 0, 0, 0, 0, 5, 0, 6, 7),
  });
  const dense = (rows: number, cols: number) => ({
    rows,
    cols,
    data: Float32Array.from({ length: rows * cols }, (_, p) => (p % 7) - 3),
  });
  const narrow = CsrMatrix.fromDense(dense(40, 2));
  it.each<[string, () => unknown]>([
    ['spmm', () => spmm(w, dense(5, 40))],
    ['spmmTransposed', () => spmmTransposed(w, dense(3, 40))],
    ['sddmm', () => sddmm(w, dense(3, 40), dense(5, 40))],
    ['cosineSimilarity of dense matrices', () => cosineSimilarity(dense(40, 5), dense(30, 5))],
    ['cosineSimilarity of sparse ones', () => cosineSimilarity(w, w.transpose().transpose())],
    ['cosineSimilarity at a pattern', () => cosineSimilarity(dense(3, 40), dense(5, 40), w)],
    ['cosineSimilarity of sparse ones at a pattern', () => cosineSimilarity(w, csrOf(5, 5), w)],
    ['cosineTopK', () => cosineTopK(dense(40, 5), 3)],
    ['cosineTopK of sparse matrices', () => cosineTopK(narrow, 2)],
    ['cosineTopK of two sparse matrices', () => cosineTopK(narrow, 2, CsrMatrix.fromDense(dense(5, 2)))],
    ['cosineTopKAsync', () => cosineTopKAsync(narrow, 2)],
  ])('%s', async (_, call) => {
    expect(await refuseEach(call)).toBeGreaterThan(2);
  });

  it.each([1, 2])('create, fromWeights, load, evaluate, predict and save (%s threads)', async (threads) => {
    const file = bystander.save();
    const layers = bystander.layers;
    if (isFull || threads === 1) {
      expect(await refuseEach(() => SparseMLP.create({ ...options, threads }))).toBeGreaterThan(2);
      expect(await refuseEach(() => SparseMLP.load(file, { threads }))).toBeGreaterThan(2);
      expect(await refuseEach(() => SparseMLP.fromWeights(layers, { threads }))).toBeGreaterThan(2);
    }
    const model = await SparseMLP.load(file, { threads });
    expect(await refuseEach(() => model.evaluate(x, y))).toBeGreaterThan(2);
    expect(await refuseEach(() => model.predict(x))).toBeGreaterThan(2);
    expect(await refuseEach(() => model.predict(csr))).toBeGreaterThan(2);
    const bytes = { rows: 70, cols: 12, data: new Uint8Array(70 * 12), scale: 255 };
    expect(await refuseEach(() => model.predict(bytes))).toBeGreaterThan(4);
    expect(await refuseEach(() => model.save())).toBe(0);
    expect(model.save()).toEqual(file);
    model.dispose();
    expect(await sha256(bystander.save())).toBe(untouched);
  });

  const searches = [
    ...(Object.keys(methods) as MethodName[]).map((method) => [method, topologyByName(method)] as const),
    ['cte, exact', topology.cte({ search: 'exact' })] as const,
    ['cte, few pairs', topology.cte({ pairs: 0.5, rows: 32 })] as const,
  ];
  it.each(searches)('training with %s: the model is at the edge of a step and goes on', async (_, method) => {
    // Threads take a while to start, and make no other allocations.
    for (const threads of isFull ? [1, 2] : [1]) {
      const make = () => SparseMLP.create({ ...options, threads, topology: method });
      const job = { epochs: 2, batchSize: 40, validationSplit: 0.2, test: { x: csr, y } };
      const edges = await edgesOf(method, job);
      const begin = [blocks(), bytes()];
      let model: SparseMLP | undefined;
      const needed = await refuseEach(
        async () => {
          model = undefined;
          model = await make();
          await model.fit(x, y, job);
          model.dispose();
        },
        async (n) => {
          // It was refused in create: there is no model to look at.
          if (model === undefined) return;
          expect(edges.has(stateOf(model)), `allocation ${n}: half a step was made`).toBe(true);
          const { epochs } = model;
          await model.fit(x, y, { ...job, epochs: 1 });
          expect(model.epochs).toBe(epochs + 1);
          expect(model.predict(x).every(Number.isFinite)).toBe(true);
          model.dispose();
        },
      );
      expect(needed).toBeGreaterThan(20);
      expect([blocks(), bytes()]).toEqual(begin);
    }
    expect(await sha256(bystander.save())).toBe(untouched);
  });

  it('the change to another optimiser: what the one before remembers is still there', async () => {
    const model = await create('set');
    await model.fit(x, y, { epochs: 2 });
    const file = model.save();
    const other = { epochs: 1, optimizer: optimizer.adam() };
    const alike = await create('set');
    await alike.fit(x, y, { epochs: 2 });
    await alike.fit(x, y, { epochs: 1 });
    const expected = alike.save();
    alike.dispose();
    // Every allocation before the first step is refused; in the last round none is.
    let refused = 0;
    for (;;) {
      failIn(refused);
      const error: unknown = await model.fit(x, y, other).catch((reason: unknown) => reason);
      failIn(undefined);
      if (!(error instanceof Error) || model.epochs > 2) break;
      expect(error).toMatchObject({ code: 'E_MEMORY' });
      expect(model.save()).toEqual(file);
      refused++;
      const again = await create('set');
      await again.fit(x, y, { epochs: 2 });
      failIn(refused);
      await again.fit(x, y, other).catch(() => {});
      failIn(undefined);
      if (again.epochs === 2) {
        await again.fit(x, y, { epochs: 1 });
        expect(again.save(), `allocation ${refused} refused`).toEqual(expected);
      }
      again.dispose();
    }
    expect(refused).toBeGreaterThan(5);
    model.dispose();
  });
});

/** All weights, biases and structure, as text. */
function stateOf(model: SparseMLP): string {
  return model.layers
    .flatMap(({ weights: { indptr, indices, values }, bias }) => [indptr, indices, values, bias])
    .map(({ buffer }) => Buffer.from(buffer).toString('base64'))
    .join();
}

/** The states between all steps and updates of a training in which nothing fails. */
async function edgesOf(method: Topology, job: object): Promise<ReadonlySet<string>> {
  const edges = new Set<string>();
  let model: SparseMLP | undefined;
  const note = (): void => {
    if (model !== undefined) edges.add(stateOf(model));
  };
  const { evolve } = method;
  model = await SparseMLP.create({
    ...options,
    topology: {
      ...method,
      ...(evolve && {
        evolve: (...args: Parameters<typeof evolve>) => {
          note();
          return evolve(...args);
        },
      }),
    },
  });
  note();
  const inner = optimizer.adam();
  const step: typeof inner.step = (...args) => {
    note();
    inner.step(...args);
  };
  let time = 0;
  const watched: typeof inner.step = (kernels, parameters, now, decay) => {
    if (now !== time) step(kernels, parameters, now, decay);
    else inner.step(kernels, parameters, now, decay);
    time = now;
  };
  await model.fit(x, y, { ...job, optimizer: { ...inner, step: watched }, onEpoch: note });
  note();
  model.dispose();
  return edges;
}

function csrOf(rows: number, cols: number): CsrMatrix {
  const data = Float32Array.from({ length: rows * cols }, (_, p) => (p % 3 === 0 ? p : 0));
  return CsrMatrix.fromDense({ rows, cols, data });
}

describe('sizes beyond what there is are refused before any harm', () => {
  const huge = [2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 64, 2 ** 53, 2 ** 63, Number.MAX_VALUE];
  const codes = /^E_(MEMORY|ARGUMENT|SHAPE)$/;
  const refused = async (call: () => unknown) => {
    const before = [blocks(), bytes()];
    const error: unknown = await (async () => call())().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'CtreError', code: expect.stringMatching(codes) });
    expect([blocks(), bytes()]).toEqual(before);
  };
  const none = new Float32Array(0);

  it.each(huge)('%s neurons, rows or columns', async (n) => {
    for (const layers of [
      [n, 2],
      [2, n],
      [2, n, 2],
      [n, n],
    ]) {
      for (const density of [{ epsilon: 1 }, { density: 1 }, { density: 1e-6 }]) {
        await refused(() => SparseMLP.create({ layers, ...density }));
      }
      await refused(() => SparseMLP.create({ layers, topology: topology.dense() }));
    }
    await refused(() => bystander.predict({ rows: n, cols: 12, data: none }));
    await refused(() => bystander.predict({ rows: 1, cols: n, data: none }));
    await refused(() => bystander.fit({ rows: n, cols: 12, data: none }, y));
    await refused(() => bystander.evaluate({ rows: n, cols: n, data: none }, y));
    await refused(() => CsrMatrix.fromDense({ rows: n, cols: 0, data: none }));
    await refused(() => CsrMatrix.fromCoo({ rows: n, cols: 1, row: [], col: [], values: [] }));
    await refused(() => CsrMatrix.fromParts({ rows: n, cols: 1, indptr: [0], indices: [], values: [] }));
    await refused(() => spmm(csr, { rows: 12, cols: n, data: none }));
    await refused(() => spmm(csr, { rows: n, cols: 1, data: none }));
    await refused(() => cosineTopK({ rows: 2, cols: 1, data: Float32Array.of(1, 2) }, n));
    await refused(() => cosineSimilarity({ rows: 1, cols: n, data: none }));
  });

  it('products that wrap 2³² or 2⁵³ come to no small size', async () => {
    // 65536 · 65536 = 2³², and 2²⁷ · 2²⁷ = 2⁵⁴, are 0 in 32 bits.
    for (const [rows, cols] of [
      [65_536, 65_536],
      [2 ** 27, 2 ** 27],
      [2 ** 16 + 1, 2 ** 16 - 1],
      [2 ** 30, 4],
    ]) {
      await refused(() => CsrMatrix.fromDense({ rows, cols, data: none }));
      await refused(() => cosineSimilarity({ rows, cols, data: none }));
    }
    const tall = CsrMatrix.fromCoo({ rows: 65_536, cols: 1, row: [0], col: [0], values: [1] });
    await refused(() => spmm(tall, { rows: 1, cols: 65_536, data: new Float32Array(65_536) }));
    await refused(() => cosineSimilarity(tall));
    await refused(() => tall.transpose().transpose() && cosineTopK(tall, 65_535));
    const wide = CsrMatrix.fromCoo({ rows: 2 ** 20, cols: 2 ** 20, row: [0], col: [0], values: [1] });
    await refused(() => wide.toDense());
  });

  it('networks beyond 4 GiB', async () => {
    const cases: CreateOptions[] = [
      { layers: [1000, 2 ** 24, 2 ** 24, 2], epsilon: 20, topology: topology.fixed() },
      { layers: [65_536, 65_536], density: 1 },
      { layers: [2 ** 25, 2 ** 25], density: 1 },
      { layers: [2 ** 25, 2 ** 25, 2 ** 25], epsilon: 1 },
    ];
    for (const wanted of cases) await refused(() => SparseMLP.create(wanted));
  });
});
