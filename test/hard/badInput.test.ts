import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  applyScaler,
  fitScaler,
  parseRowRange,
  readDataset,
  relabel,
  remainingRows,
  syntheticDataset,
  takeRows,
} from '../../src/data/index.ts';
import { getEngine } from '../../src/engine/engine.ts';
import {
  type CreateOptions,
  CsrMatrix,
  initializer,
  optimizer,
  SparseMLP,
  topology,
} from '../../src/index.ts';
import { cosineSimilarity, spmm } from '../../src/kernels/index.ts';
import { quadrants } from '../support/problems.ts';

// Callers without types can hand over anything: here everything is handed over as unknown, then as what it
// should be.
const { x, y } = quadrants(40);
const good = { layers: [12, 20, 4], epsilon: 2, seed: 1 };
let model: SparseMLP;
let before: Float32Array;

beforeAll(async () => {
  model = await SparseMLP.create(good);
  before = model.predict(x);
});

afterAll(() => {
  model.dispose();
});

/** The error's code; it is one sentence of ours, the model and the memory are as they were. */
async function codeOf(call: () => unknown): Promise<string> {
  const { blocks } = getEngine().arena.usage();
  try {
    await call();
  } catch (error) {
    expect(error).toMatchObject({ name: 'CtreError', message: expect.stringMatching(/^.{10,400}$/) });
    expect(getEngine().arena.usage().blocks).toBe(blocks);
    expect(model.predict(x)).toEqual(before);
    return (error as { code: string }).code;
  }
  return 'no error';
}

describe('SparseMLP.create refuses', () => {
  const pattern = { rows: 20, cols: 12, indptr: new Int32Array(21).fill(1, 1), indices: Int32Array.of(3) };
  const last = { rows: 4, cols: 20, indptr: Int32Array.of(0, 1, 1, 1, 1), indices: Int32Array.of(0) };
  it.each<[string, unknown, string]>([
    ['no options', undefined, 'E_ARGUMENT'],
    ['no layers', {}, 'E_ARGUMENT'],
    ['one layer', { layers: [3] }, 'E_ARGUMENT'],
    ['a layer of 0 neurons', { layers: [3, 0, 2] }, 'E_ARGUMENT'],
    ['a layer of 2.5 neurons', { layers: [3, 2.5, 2] }, 'E_ARGUMENT'],
    ['a layer of NaN neurons', { layers: [3, Number.NaN, 2] }, 'E_ARGUMENT'],
    ['a layer of 2³²+64 neurons', { layers: [3, 2 ** 32 + 64, 2] }, 'E_ARGUMENT'],
    ['an unknown option', { ...good, epsilom: 1 }, 'E_ARGUMENT'],
    [
      'a pattern without a connection',
      {
        layers: [12, 20, 4],
        pattern: [{ ...pattern, indptr: new Int32Array(21), indices: new Int32Array(0) }, last],
      },
      'E_ARGUMENT',
    ],
    ['ε that leaves a layer empty', { ...good, epsilon: 1e-9 }, 'E_ARGUMENT'],
    ['a negative ε', { ...good, epsilon: -1 }, 'E_ARGUMENT'],
    ['a density beside ε', { ...good, density: 0.5 }, 'E_ARGUMENT'],
    ['densities for other layers', { layers: [12, 20, 4], density: [0.5] }, 'E_SHAPE'],
    ['an unknown distribution', { layers: [12, 20, 4], density: 0.5, distribution: 'even' }, 'E_ARGUMENT'],
    ['a topology by name', { ...good, topology: 'set' }, 'E_ARGUMENT'],
    ['an initializer by name', { ...good, initializer: 'glorot' }, 'E_ARGUMENT'],
    ['a seed that is none', { ...good, seed: {} }, 'E_ARGUMENT'],
    ['a pattern of other layers', { layers: [12, 20, 4], pattern: [pattern] }, 'E_SHAPE'],
    ['a pattern of another shape', { layers: [12, 20, 4], pattern: [last, last] }, 'E_SHAPE'],
    [
      'a pattern that is unsorted',
      {
        layers: [12, 20, 4],
        pattern: [pattern, { ...last, indptr: Int32Array.of(0, 2, 2, 2, 2), indices: Int32Array.of(3, 1) }],
      },
      'E_CSR',
    ],
    [
      'a pattern out of range',
      { layers: [12, 20, 4], pattern: [pattern, { ...last, indices: Int32Array.of(20) }] },
      'E_CSR',
    ],
    ['a pattern beside ε', { ...good, pattern: [pattern, last] }, 'E_ARGUMENT'],
    [
      'a pattern beside snip',
      { layers: [12, 20, 4], pattern: [pattern, last], topology: topology.snip() },
      'E_ARGUMENT',
    ],
    [
      'a network beyond 4 GiB',
      { layers: [1000, 2 ** 24, 2 ** 24, 2], epsilon: 20, topology: topology.fixed() },
      'E_MEMORY',
    ],
  ])('%s', async (_, options, code) => {
    expect(await codeOf(() => SparseMLP.create(options as CreateOptions))).toBe(code);
  });
});

describe('what callers write themselves is checked when it speaks', () => {
  const set = topology.set();
  const shape = { rows: 20, cols: 12 };
  const wild = { ...shape, indptr: new Int32Array(21).fill(1, 1), indices: Int32Array.of(2 ** 30) };
  const edit = { prune: new Int32Array(0), grow: { rows: [], cols: [] }, random: { rows: [], cols: [] } };
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  it.each<[string, object, string]>([
    [
      'a topology whose indices lie anywhere',
      { topology: { ...set, init: () => ({ pattern: wild }) } },
      'E_CSR',
    ],
    [
      'a topology of other layers',
      { topology: { ...set, init: () => ({ pattern: { ...wild, rows: 1 } }) } },
      'E_SHAPE',
    ],
    [
      'a topology whose start has no connection',
      {
        topology: {
          ...set,
          init: () => ({ pattern: { ...wild, indptr: new Int32Array(21), indices: new Int32Array(0) } }),
        },
      },
      'E_SHAPE',
    ],
    [
      'a growInitializer of a topology that is no name',
      { topology: { ...set, growInitializer: 1 } },
      'E_ARGUMENT',
    ],
    ['a topology that starts with nothing', { topology: { ...set, init: () => undefined } }, 'E_ARGUMENT'],
    ['a flag that is none', { topology: { ...set, needs: ['time'] } }, 'E_ARGUMENT'],
    ['an isDue that is no function', { topology: { ...set, isDue: true } }, 'E_ARGUMENT'],
    ['options that are no JSON', { topology: { ...set, options: cyclic } }, 'E_ARGUMENT'],
    [
      'a bound that is NaN',
      { initializer: { ...initializer.glorot(), bound: () => Number.NaN } },
      'E_ARGUMENT',
    ],
    ['metadata that refer to themselves', { metadata: cyclic }, 'E_ARGUMENT'],
    ['metadata with a typed array', { metadata: { scale: new Float32Array(2) } }, 'E_ARGUMENT'],
    ['metadata with a BigInt', { metadata: { n: 1n } }, 'E_ARGUMENT'],
    [
      'more neurons than a dense layer can have',
      { layers: [2 ** 20, 2 ** 20], topology: topology.dense() },
      'E_MEMORY',
    ],
  ])('create: %s', async (_, options, code) => {
    expect(await codeOf(() => SparseMLP.create({ layers: [12, 20, 4], epsilon: 2, ...options }))).toBe(code);
  });

  it.each<[string, object, object, string]>([
    [
      'an edit without Int32Arrays',
      { evolve: () => ({ edits: [edit, undefined], states: [null, null] }) },
      {},
      'E_ARGUMENT',
    ],
    ['an update that says nothing', { evolve: () => undefined }, {}, 'E_ARGUMENT'],
    ['an edit too few', { evolve: () => ({ edits: [undefined], states: [null, null] }) }, {}, 'E_SHAPE'],
    ['a state too few', { evolve: () => ({ edits: [undefined, undefined], states: [null] }) }, {}, 'E_SHAPE'],
    [
      'a score that is none',
      { evolve: () => ({ edits: [undefined, undefined], states: [null, null], by: 'norm' }) },
      {},
      'E_ARGUMENT',
    ],
    [
      'an optimizer of 2³² slots',
      {},
      { optimizer: { ...optimizer.sgd(), slots: 2 ** 32 + 64 } },
      'E_ARGUMENT',
    ],
    ['an optimizer without its slots', {}, { optimizer: { ...optimizer.sgd(), slots: 0 } }, 'E_ARGUMENT'],
    ['an optimizer of too many slots', {}, { optimizer: { ...optimizer.adam(), slots: 3 } }, 'E_ARGUMENT'],
    ['a signal that only looks like one', {}, { signal: Object.create(AbortSignal.prototype) }, 'E_ARGUMENT'],
    ['an onEpoch that is no function', {}, { onEpoch: 1 }, 'E_ARGUMENT'],
    ['a split as text', {}, { validationSplit: '0.5' }, 'E_ARGUMENT'],
    ['a validation that is null', {}, { validation: null }, 'E_ARGUMENT'],
  ])('fit: %s', async (_, part, options, code) => {
    const other = await SparseMLP.create({ ...good, topology: { ...set, ...part } });
    // The optimiser's state stays with its model.
    const { optimizer: own = optimizer.adam() } = options as {
      optimizer?: ReturnType<typeof optimizer.adam>;
    };
    if (own.slots < 16) await other.fit(x, y, { epochs: 1, optimizer: { ...own, step() {} } });
    expect(await codeOf(() => other.fit(x, y, { epochs: 2, ...options }))).toBe(code);
    other.dispose();
  });

  it('fit: a start with a state too few', async () => {
    const own = { ...set, start: () => [null] };
    const other = await SparseMLP.create({ ...good, topology: own });
    expect(await codeOf(() => other.fit(x, y, { epochs: 1 }))).toBe('E_SHAPE');
    other.dispose();
  });

  it('fit: options that are a number', async () => {
    expect(await codeOf(() => model.fit(x, y, JSON.parse('5')))).toBe('E_ARGUMENT');
    // The keys of so long an array would be more than an engine can hold.
    expect(await codeOf(() => topology.cte(Object(new Uint8Array(2 ** 29))))).toBe('E_ARGUMENT');
  });
});

describe('what changes while it is read', () => {
  const w = () => CsrMatrix.fromDense({ rows: 2, cols: 3, data: Float32Array.of(1, 0, 2, 0, 3, 0) });
  const taken = (array: Float32Array) =>
    structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });

  it('indices spoiled by a later argument are the old ones', () => {
    const matrix = w();
    const spoiling = {
      cols: 1,
      data: Float32Array.of(1, 10, 100),
      get rows() {
        matrix.indices.fill(2 ** 30);
        return 3;
      },
    };
    expect([...spmm(matrix, spoiling).data]).toEqual([201, 30]);
  });

  it('data taken away by a later argument are missed', async () => {
    const a = { rows: 2, cols: 2, data: Float32Array.of(1, 2, 3, 4) };
    const b = {
      cols: 2,
      data: Float32Array.of(1, 2, 3, 4),
      get rows() {
        taken(a.data);
        return 2;
      },
    };
    expect(await codeOf(() => cosineSimilarity(a, b))).toBe('E_SHAPE');
    const samples = { ...x, data: x.data.slice() };
    const epochs = model.train(samples, y);
    taken(samples.data);
    expect(await codeOf(() => epochs.next())).toBe('E_SHAPE');
    expect(await codeOf(() => model.predict(samples))).toBe('E_SHAPE');
  });

  it('options that say one thing and then another count once', () => {
    let reads = 0;
    const options = {
      get momentum() {
        return reads++ === 0 ? 0.5 : Number.NaN;
      },
    };
    optimizer.sgd(options);
    expect(reads).toBe(1);
  });

  it('proxies of typed arrays, holes and shared memory are told apart', async () => {
    const proxy = { ...x, data: new Proxy(x.data, {}) };
    expect(await codeOf(() => model.predict(proxy))).toBe('E_ARGUMENT');
    expect(await codeOf(() => model.predict(Object.assign(new Array(2), { 1: Array(12).fill(0) })))).toBe(
      'E_ARGUMENT',
    );
    const shared = new Float32Array(new SharedArrayBuffer(4 * x.data.length));
    shared.set(x.data);
    expect(model.predict({ ...x, data: shared })).toEqual(before);
    const parts = { rows: 1, cols: 3, indptr: [0, 1], indices: new Proxy(Int32Array.of(1), {}), values: [1] };
    expect(await codeOf(() => CsrMatrix.fromParts(parts))).toBe('E_ARGUMENT');
  });

  it('a layer’s view ends with its model', async () => {
    const other = await SparseMLP.create(good);
    const [layer] = other.layers;
    other.dispose();
    expect(await codeOf(() => layer.weights)).toBe('E_DISPOSED');
    expect(await codeOf(() => layer.bias)).toBe('E_DISPOSED');
  });

  it('a matrix that was changed is written out and turned round no more', async () => {
    const matrix = w();
    matrix.indices[0] = 7;
    expect(await codeOf(() => matrix.toDense())).toBe('E_CSR');
    expect(await codeOf(() => matrix.transpose())).toBe('E_CSR');
  });
});

describe('the data functions refuse', () => {
  const dense = { rows: 2, cols: 2, data: Float32Array.of(1, 2, 3, 4) };
  const set = { x: dense, labels: Int32Array.of(0, 5), labelNames: ['a', 'b'] };
  it.each<[string, () => unknown, string]>([
    ['a matrix that is null', () => fitScaler('minmax', JSON.parse('null')), 'E_ARGUMENT'],
    ['rows that are none', () => takeRows(dense, [0, 0.5]), 'E_ARGUMENT'],
    ['rows as text', () => takeRows(dense, JSON.parse('"0"')), 'E_ARGUMENT'],
    ['a matrix of unequal rows', () => takeRows([[1, 2], [3]], [0]), 'E_SHAPE'],
    ['a scaler that is none', () => applyScaler(JSON.parse('{"kind":"minmax"}'), dense), 'E_ARGUMENT'],
    ['a range of NaN rows', () => parseRowRange('0-4000000000', Number.NaN), 'E_ARGUMENT'],
    ['labels beyond their names', () => relabel(set, ['a', 'b']), 'E_LABEL'],
    ['bytes without a name', () => readDataset(Object(new Uint8Array(4))), 'E_ARGUMENT'],
    ['2³¹ − 1 rows', () => remainingRows(2 ** 31 - 1, new Int32Array(0)), 'E_MEMORY'],
    ['an unknown option', () => syntheticDataset(JSON.parse('{"row":5}')), 'E_ARGUMENT'],
  ])('%s', async (_, call, code) => {
    expect(await codeOf(call)).toBe(code);
  });
});

describe('factories refuse', () => {
  it.each<[string, () => unknown]>([
    ['a learning rate below 0', () => optimizer.sgd({ learningRate: -1 })],
    ['a momentum of 1', () => optimizer.sgd({ momentum: 1 })],
    ['an infinite learning rate', () => optimizer.adam({ learningRate: Number.POSITIVE_INFINITY })],
    ['an unknown option', () => optimizer.sgd({ rate: 1 } as object)],
    ['a pruneFraction above 1', () => topology.ctreSim({ pruneFraction: 1.2 })],
    ['an unknown annealing', () => topology.set({ annealing: 'linear' } as object)],
    ['an option static does not have', () => topology.fixed(JSON.parse('{"pruneFraction":0.1}'))],
    ['a patience of 0', () => topology.ctreSeq({ patience: 0 })],
    ['a gain that is NaN', () => initializer.sparseHe({ gain: Number.NaN })],
  ])('%s', async (_, make) => {
    expect(await codeOf(make)).toBe('E_ARGUMENT');
  });
});

describe.each<[string, (x: unknown, y: unknown) => unknown]>([
  ['fit', (a, b) => model.fit(a as typeof x, b as typeof y)],
  ['evaluate', (a, b) => model.evaluate(a as typeof x, b as typeof y)],
])('%s refuses', (_, call) => {
  const nan = { ...x, data: x.data.map((value, i) => (i === 77 ? Number.NaN : value)) };
  const csr = CsrMatrix.fromDense(x);
  const broken = CsrMatrix.fromDense(x);
  broken.indices[3] = 4000;
  it.each<[string, unknown, unknown, string]>([
    ['no samples', undefined, y, 'E_ARGUMENT'],
    ['samples of another width', { rows: 40, cols: 3, data: new Float32Array(120) }, y, 'E_SHAPE'],
    ['samples shorter than they claim', { rows: 41, cols: 12, data: x.data }, y, 'E_SHAPE'],
    ['samples as long integers', { ...x, data: BigInt64Array.from(x.data, () => 1n) }, y, 'E_ARGUMENT'],
    ['rows that are none', { ...x, rows: -40 }, y, 'E_ARGUMENT'],
    ['no rows at all', { rows: 0, cols: 12, data: new Float32Array(0) }, [], 'E_SHAPE'],
    ['ragged rows', [Array(12).fill(0), Array(11).fill(0)], [0, 1], 'E_SHAPE'],
    ['rows of text', [Array(12).fill('a')], [0], 'E_ARGUMENT'],
    ['NaN among the samples', nan, y, 'E_NOT_FINITE'],
    ['infinity among array samples', [Array(12).fill(Number.POSITIVE_INFINITY)], [0], 'E_NOT_FINITE'],
    ['a CSR that was broken after it was made', broken, y, 'E_CSR'],
    ['fewer labels than rows', x, y.slice(1), 'E_SHAPE'],
    ['no labels', x, undefined, 'E_ARGUMENT'],
    ['a label beyond the classes', x, y.map((label, r) => (r === 5 ? 4 : label)), 'E_LABEL'],
    ['a negative label', csr, y.map((label, r) => (r === 5 ? -1 : label)), 'E_LABEL'],
    ['a label that is no integer', x, Array.from(y, (label, r) => (r === 5 ? 0.5 : label)), 'E_LABEL'],
    ['a label that is text', x, Array.from(y, (label, r) => (r === 5 ? '1' : label)), 'E_LABEL'],
  ])('%s', async (_name, samples, labels, code) => {
    expect(await codeOf(() => call(samples, labels))).toBe(code);
  });
});

describe('fit refuses', () => {
  it.each<[string, object, string]>([
    ['0 epochs', { epochs: 0 }, 'E_ARGUMENT'],
    ['half an epoch', { epochs: 0.5 }, 'E_ARGUMENT'],
    ['a batch of NaN', { batchSize: Number.NaN }, 'E_ARGUMENT'],
    ['an unknown option', { epoch: 3 }, 'E_ARGUMENT'],
    ['an optimizer by name', { optimizer: 'sgd' }, 'E_ARGUMENT'],
    ['a split of 1', { validationSplit: 1 }, 'E_ARGUMENT'],
    ['two validations', { validationSplit: 0.5, validationRows: [1] }, 'E_ARGUMENT'],
    ['a validation row out of range', { validationRows: [40] }, 'E_ARGUMENT'],
    ['every row as validation', { validationRows: Array.from({ length: 40 }, (_, r) => r) }, 'E_SHAPE'],
    ['validation data of another width', { validation: { x: [[1]], y: [0] } }, 'E_SHAPE'],
    ['test data with a strange label', { test: { x, y: y.map(() => 9) } }, 'E_LABEL'],
    ['a signal that is none', { signal: {} }, 'E_ARGUMENT'],
    ['a patience of −1', { patience: -1 }, 'E_ARGUMENT'],
  ])('%s', async (_, options, code) => {
    expect(await codeOf(() => model.fit(x, y, options))).toBe(code);
  });
});

describe('fromWeights and load refuse', () => {
  const weights = CsrMatrix.fromParts({
    rows: 2,
    cols: 3,
    indptr: [0, 2, 3],
    indices: [0, 2, 1],
    values: [1, 2, 3],
  });
  const bias = [0, 0];
  const nan = CsrMatrix.fromParts({ ...weights, values: [1, Number.NaN, 3] });
  const none = CsrMatrix.fromParts({ rows: 2, cols: 3, indptr: [0, 0, 0], indices: [], values: [] });
  const broken = CsrMatrix.fromParts(weights);
  broken.indices.set([2, 0], 0);
  it.each<[string, unknown, string]>([
    ['no layers', [], 'E_ARGUMENT'],
    ['weights that are no CsrMatrix', [{ weights: { ...weights, values: [1, 2, 3] }, bias }], 'E_ARGUMENT'],
    ['a bias too short', [{ weights, bias: [0] }], 'E_SHAPE'],
    [
      'layers that do not fit',
      [
        { weights, bias },
        { weights, bias },
      ],
      'E_SHAPE',
    ],
    ['a NaN weight', [{ weights: nan, bias }], 'E_NOT_FINITE'],
    ['weights without a connection', [{ weights: none, bias }], 'E_ARGUMENT'],
    ['an infinite bias', [{ weights, bias: [0, Number.POSITIVE_INFINITY] }], 'E_NOT_FINITE'],
    ['a broken CSR', [{ weights: broken, bias }], 'E_CSR'],
  ])('%s', async (_, layers, code) => {
    expect(
      await codeOf(() => SparseMLP.fromWeights(layers as Parameters<typeof SparseMLP.fromWeights>[0])),
    ).toBe(code);
  });
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'E_ARGUMENT'],
    ['text', 'model', 'E_ARGUMENT'],
    ['no bytes', new Uint8Array(0), 'E_FORMAT'],
    ['zeros', new Uint8Array(100), 'E_FORMAT'],
    ['a header of 2⁶⁴ bytes', new Uint8Array(100).fill(255), 'E_FORMAT'],
  ])('%s', async (_, bytes, code) => {
    expect(await codeOf(() => SparseMLP.load(bytes as Uint8Array))).toBe(code);
  });
});
