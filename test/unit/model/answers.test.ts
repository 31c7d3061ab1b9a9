// Answers with names, and metrics of a model: of given weights, so that what it answers is known.
import { describe, expect, it } from 'vitest';
import {
  CsrMatrix,
  type Label,
  loss,
  type ModelMetrics,
  SparseMLP,
  WorkerModel,
} from '../../../src/index.ts';
import type { Targets } from '../../../src/model/targets.ts';
import fixture from '../../fixtures/metrics.json' with { type: 'json' };

/** A network that answers its own inputs, before what the loss makes of them. */
function identity(cols: number) {
  const eye = Float32Array.from({ length: cols * cols }, (_, p) => Number(p % (cols + 1) === 0));
  return [{ weights: CsrMatrix.fromDense({ rows: cols, cols, data: eye }), bias: new Float32Array(cols) }];
}

const matrix = (cols: number, data: readonly number[]) => ({
  rows: data.length / cols,
  cols,
  data: Float32Array.from(data),
});

const animals = ['cat', 'dog', 'ant'];
const rows = matrix(3, [1, 2, 0, 5, 5, 1, -1, -2, 9]);

const codeOf = (call: () => unknown): Promise<unknown> =>
  Promise.resolve()
    .then(call)
    .then(
      () => undefined,
      (error: unknown) => Reflect.get(Object(error), 'code'),
    );

describe('labels', () => {
  it('are the names of the likeliest classes, of equal ones the first', async () => {
    using model = await SparseMLP.fromWeights(identity(3), { labelNames: animals });
    expect(model.predictLabels(rows)).toEqual(['dog', 'cat', 'ant']);
    expect(model.metadata).toEqual({ labelNames: animals });
    using again = await SparseMLP.load(model.save());
    expect(again.predictLabels(CsrMatrix.fromDense(rows))).toEqual(['dog', 'cat', 'ant']);
  });

  it('are numbers where there are no names', async () => {
    using model = await SparseMLP.fromWeights(identity(3));
    expect(model.predictLabels(rows)).toEqual([1, 0, 2]);
    expect(model.predictTop(rows, 1).map(([{ label }]) => label)).toEqual([1, 0, 2]);
    expect(model.predictLabels([])).toEqual([]);
  });

  it('are all of a probability above a half, with a binary cross-entropy', async () => {
    const options = { loss: loss.binaryCrossEntropy(), labelNames: animals };
    using model = await SparseMLP.fromWeights(identity(3), options);
    expect(model.predictLabels(matrix(3, [1, -1, 2, 0, -1, 0]))).toEqual([['cat', 'ant'], []]);
    const [[top]] = model.predictTop(rows, 2);
    expect(top).toEqual({ label: 'dog', probability: model.predict(rows)[1] });
  });

  it('are refused of a regression', async () => {
    using model = await SparseMLP.fromWeights(identity(3), { loss: loss.meanSquared() });
    expect(() => model.predictLabels(rows)).toThrow(/mean-squared, and it answers numbers, not labels/);
    expect(() => model.predictTop(rows, 1)).toThrow(/answers numbers/);
  });
});

describe('the likeliest', () => {
  it('come in order, with what predict answers for them', async () => {
    using model = await SparseMLP.fromWeights(identity(3), { labelNames: animals });
    const probabilities = model.predict(rows);
    const at = (row: number, c: number) => ({ label: animals[c], probability: probabilities[3 * row + c] });
    expect(model.predictTop(rows, 2)).toEqual([
      [at(0, 1), at(0, 0)],
      [at(1, 0), at(1, 1)],
      [at(2, 2), at(2, 0)],
    ]);
    expect(model.predictTop(rows, 3)[0][2]).toEqual(at(0, 2));
  });

  it.each([0, 4, 1.5, '2', Number.NaN, undefined])('are no %s', async (k) => {
    using model = await SparseMLP.fromWeights(identity(3));
    expect(await codeOf(() => model.predictTop(rows, k as number))).toBe('E_ARGUMENT');
  });
});

describe('names', () => {
  it.each<[unknown, string]>([
    [['a', 'b'], 'E_SHAPE'],
    [['a', 'b', 'a'], 'E_ARGUMENT'],
    [['a', 'b', null], 'E_ARGUMENT'],
    [['a', 'b', Number.NaN], 'E_ARGUMENT'],
    ['abc', 'E_ARGUMENT'],
    [{ length: 3 }, 'E_ARGUMENT'],
  ])('are not %j', async (labelNames, code) => {
    const options = { labelNames: labelNames as Label[] };
    expect(await codeOf(() => SparseMLP.fromWeights(identity(3), options))).toBe(code);
    expect(await codeOf(() => SparseMLP.create({ layers: [3, 3], ...options }))).toBe(code);
    // Metadata are the caller's own: they are looked at when they are needed.
    using model = await SparseMLP.fromWeights(identity(3), { metadata: { labelNames } });
    expect(await codeOf(() => model.predictLabels(rows))).toBe(code);
    expect(await codeOf(() => model.metrics(rows, [0, 1, 2]))).toBe(code);
  });

  it('are given once', async () => {
    const options = { labelNames: animals, metadata: { labelNames: animals } };
    expect(await codeOf(() => SparseMLP.fromWeights(identity(3), options))).toBe('E_ARGUMENT');
  });

  it('are kept beside other metadata', async () => {
    using model = await SparseMLP.create({
      layers: [3, 3],
      labelNames: [7, 'b', 9],
      metadata: { unit: 'mm' },
    });
    expect(model.metadata).toEqual({ unit: 'mm', labelNames: [7, 'b', 9] });
  });
});

describe('metrics of a model', () => {
  it.each(fixture.classification)('with the log loss of scikit-learn (%#)', async (wanted) => {
    const { labels, probabilities, logLoss, accuracy, balancedAccuracy, confusion } = wanted;
    const classes = confusion.length;
    using model = await SparseMLP.fromWeights(identity(classes));
    const metrics = model.metrics(matrix(classes, probabilities.map(Math.log)), labels);
    expect(metrics.loss).toBeCloseTo(logLoss, 6);
    expect(metrics).toMatchObject({ kind: 'classification', rows: labels.length, accuracy, confusion });
    expect(metrics).toHaveProperty('balancedAccuracy', balancedAccuracy);
  });

  it.each<[string, Targets]>([
    ['dense', matrix(2, [1, 0, 0, 0, 1, 1])],
    ['sparse', CsrMatrix.fromDense(matrix(2, [1, 0, 0, 0, 1, 1]))],
  ])('of several labels, %s', async (_, y) => {
    const options = { loss: loss.binaryCrossEntropy(), labelNames: ['a', 'b'] };
    using model = await SparseMLP.fromWeights(identity(2), options);
    const x = matrix(2, [1, -1, -2, 1, 3, -1]);
    const metrics = model.metrics(x, y);
    expect(metrics).toMatchObject({
      ...{ kind: 'multilabel', accuracy: 1 / 3, hammingLoss: 2 / 6, loss: model.evaluate(x, y).loss },
      labels: [
        { label: 'a', rows: 2, predicted: 2, correct: 2, f1: 1, rocAuc: 1 },
        { label: 'b', rows: 1, predicted: 1, correct: 0, f1: 0, rocAuc: 0.25 },
      ],
      macro: { f1: model.evaluate(x, y).macroF1 },
      micro: { precision: 2 / 3, recall: 2 / 3, f1: 2 / 3 },
    });
  });

  it('of a regression, of its own samples, too', async () => {
    using model = await SparseMLP.fromWeights(identity(2), { loss: loss.huber() });
    const x = matrix(2, [1, -1, -2, 1, 3, 0]);
    const y = matrix(2, [2, -1, -2, 1, 3, 4]);
    const perfect = { rmse: 0, mae: 0, r2: 1, medianAbsoluteError: 0 };
    expect(model.metrics(x, 'x')).toMatchObject({ kind: 'regression', loss: 0, ...perfect });
    expect(model.metrics(CsrMatrix.fromDense(x), 'x')).toMatchObject(perfect);
    const { rmse, mae, r2, loss: ofRows } = model.evaluate(x, CsrMatrix.fromDense(y));
    const came = model.metrics(x, CsrMatrix.fromDense(y)) as Extract<ModelMetrics, { kind: 'regression' }>;
    expect(came.loss).toBe(ofRows);
    for (const [one, other] of [
      [came.rmse, rmse],
      [came.mae, mae],
      [came.r2, r2],
    ]) {
      expect(one).toBeCloseTo(Number(other), 12);
    }
    expect(came.outputs.map(({ medianAbsoluteError }) => medianAbsoluteError)).toEqual([0, 0]);
  });

  it('needs targets that fit', async () => {
    using model = await SparseMLP.fromWeights(identity(3));
    expect(await codeOf(() => model.metrics(rows, [0, 1]))).toBe('E_SHAPE');
    expect(await codeOf(() => model.metrics(rows, [0, 1, 3]))).toBe('E_LABEL');
    expect(await codeOf(() => model.metrics([], []))).toBe('E_SHAPE');
    model.dispose();
    for (const call of [
      () => model.metrics(rows, [0, 1, 2]),
      () => model.predictLabels(rows),
      () => model.predictTop(rows, 1),
    ]) {
      expect(await codeOf(call)).toBe('E_DISPOSED');
    }
  });
});

describe('a model in a worker', () => {
  it('answers the same', async () => {
    const options = { labelNames: animals };
    using model = await SparseMLP.fromWeights(identity(3), options);
    using remote = await WorkerModel.fromWeights(identity(3), options);
    expect(await remote.predictLabels(rows)).toEqual(model.predictLabels(rows));
    expect(await remote.predictTop(rows, 2)).toEqual(model.predictTop(rows, 2));
    expect(await remote.metrics(rows, [0, 1, 2])).toEqual(model.metrics(rows, [0, 1, 2]));
    expect(remote.metadata).toEqual({ labelNames: animals });
    expect(await codeOf(() => remote.predictTop(rows, 9))).toBe('E_ARGUMENT');
    const mine = matrix(3, [...rows.data]);
    expect(await remote.predictLabels(mine, { transfer: true })).toEqual(['dog', 'cat', 'ant']);
    expect(mine.data.length).toBe(0);
  });
});
