// What y may be, which loss it decides, and how models of other losses train, save and resume.
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { CsrMatrix, type DenseMatrix, type Epoch, loss, optimizer, SparseMLP } from '../../../src/index.ts';
import type { Targets } from '../../../src/model/targets.ts';

const ROWS = 96;
const COLS = 8;

/** Rows of numbers, and two sums of some of their columns. */
function sums(seed: number): { x: DenseMatrix; y: DenseMatrix } {
  const random = randomStream(seed, 'sums');
  const x = { rows: ROWS, cols: COLS, data: Float32Array.from({ length: ROWS * COLS }, () => random.next()) };
  const data = Float32Array.from({ length: 2 * ROWS }, (_, e) => {
    const row = Math.floor(e / 2);
    const at = (col: number): number => x.data[row * COLS + col];
    return e % 2 === 0 ? at(0) + 2 * at(3) : at(1) - at(5);
  });
  return { x, y: { rows: ROWS, cols: 2, data } };
}

const { x, y } = sums(1);
const first = y.data.filter((_, e) => e % 2 === 0);
const flags = { ...y, data: y.data.map((value, e) => Number(value > (e % 2 === 0 ? 1.5 : 0))) };
const labels = Int32Array.from(first, (value) => Number(value > 1.5));

function create(outputs: number, options = {}): Promise<SparseMLP> {
  return SparseMLP.create({ layers: [COLS, 24, outputs], density: 0.5, seed: 3, ...options });
}

/** The loss that a training with these targets decides for; the error's code where it is refused. */
async function decided(outputs: number, targets: unknown, options = {}): Promise<string | undefined> {
  try {
    using model = await create(outputs, options);
    await model.fit(x, targets as Targets, { epochs: 1 });
    return model.loss?.name;
  } catch (error) {
    return String(Reflect.get(Object(error), 'code'));
  }
}

describe('the first targets decide the loss', () => {
  it.each<[string, number, unknown, string]>([
    ['integers', 2, labels, 'cross-entropy'],
    ['an array of integers', 2, Array.from(labels), 'cross-entropy'],
    ['whole numbers of a Float32Array', 2, Float32Array.from(labels), 'cross-entropy'],
    ['numbers for one output', 1, first, 'mean-squared'],
    ['an array of numbers for one output', 1, Array.from(first), 'mean-squared'],
    ['integers for one output', 1, labels.map((label) => label + 5), 'mean-squared'],
    ['zeros and ones for one output', 1, labels, 'binary-cross-entropy'],
    ['rows × outputs numbers', 2, y.data, 'mean-squared'],
    ['a matrix', 2, y, 'mean-squared'],
    ['arrays', 2, Array.from({ length: ROWS }, (_, r) => [r, 1]), 'mean-squared'],
    ['a matrix of zeros and ones', 2, flags, 'binary-cross-entropy'],
    ['a sparse matrix of zeros and ones', 2, CsrMatrix.fromDense(flags), 'binary-cross-entropy'],
    ['a sparse matrix', 2, CsrMatrix.fromDense(y), 'mean-squared'],
    ['the samples', COLS, 'x', 'mean-squared'],
  ])('%s', async (_, outputs, targets, name) => {
    expect(await decided(outputs, targets)).toBe(name);
  });

  it('and what fits none of them is refused', async () => {
    // Not whole, for two classes: a regression is never taken for classes.
    expect(await decided(2, Array.from(first))).toBe('E_LABEL');
    expect(
      await decided(
        2,
        labels.map((label) => label + 5),
      ),
    ).toBe('E_LABEL');
    expect(await decided(3, y)).toBe('E_SHAPE');
    expect(await decided(2, 'x')).toBe('E_SHAPE');
    expect(await decided(2, { ...y, rows: ROWS - 1, data: y.data.subarray(2) })).toBe('E_SHAPE');
    expect(await decided(1, first.subarray(1))).toBe('E_SHAPE');
    expect(await decided(1, Array(ROWS).fill(1e39))).toBe('E_NOT_FINITE');
    expect(
      await decided(
        1,
        first.map((value, r) => (r === 7 ? Number.NaN : value)),
      ),
    ).toBe('E_NOT_FINITE');
    expect(await decided(1, 'y')).toBe('E_ARGUMENT');
    expect(await decided(1, null)).toBe('E_ARGUMENT');
  });

  it('but a loss that was given decides what targets may be', async () => {
    expect(await decided(2, flags, { loss: loss.meanSquared() })).toBe('mean-squared');
    expect(await decided(2, labels, { loss: loss.meanSquared() })).toBe('E_SHAPE');
    expect(await decided(2, y, { loss: loss.crossEntropy() })).toBe('E_ARGUMENT');
    expect(await decided(COLS, 'x', { loss: loss.crossEntropy() })).toBe('E_ARGUMENT');
    expect(await decided(2, y, { loss: loss.binaryCrossEntropy() })).toBe('E_LABEL');
    expect(await decided(2, y, { loss: loss.huber({ delta: 2 }) })).toBe('huber');
    expect(await decided(2, y, { loss: { name: 'mine', options: {} } })).toBe('E_ARGUMENT');
    expect(await decided(2, y, { loss: 'huber' })).toBe('E_ARGUMENT');
  });

  it('and stays: later targets have to fit it', async () => {
    const model = await create(2);
    await model.fit(x, y, { epochs: 1 });
    await expect(model.fit(x, labels, { epochs: 1 })).rejects.toThrow('y has 96 numbers for 96 rows of x');
    expect(() => model.evaluate(x, labels)).toThrow('y has 96 numbers');
    model.dispose();
  });
});

const adam = optimizer.adam({ learningRate: 0.01 });

describe('a model of numbers', () => {
  it('learns a sum, scores it by RMSE, MAE and R², and keeps the epoch of the lowest loss', async () => {
    const model = await create(2);
    const { epochs, best } = await model.fit(x, y, {
      epochs: 200,
      optimizer: adam,
      validationSplit: 0.25,
      test: sums(2),
    });
    const lowest = Math.min(...epochs.map(({ valLoss = Number.NaN }) => valLoss));
    expect(best.valLoss).toBe(lowest);
    expect(best.valAccuracy).toBeUndefined();
    expect(best.accuracy).toBeNaN();
    expect(best.testMetrics?.r2).toBeGreaterThan(0.97);
    const { loss: squared, rmse = Number.NaN, r2 } = model.evaluate(x, y);
    expect(r2).toBeGreaterThan(0.98);
    expect(rmse * rmse).toBeCloseTo(squared, 10);
    const answers = model.predict(x);
    const error = answers.reduce((sum, value, e) => sum + (value - y.data[e]) ** 2, 0) / answers.length;
    expect(squared).toBeCloseTo(error, 6);
    model.dispose();
  });

  it('goes on from a checkpoint with the same bits, and from its file with the same answers', async () => {
    const model = await create(2, { loss: loss.huber({ delta: 0.5 }) });
    const options = { epochs: 8, validationSplit: 0.25, restoreBest: true, monitor: 'mae' } as const;
    const checkpoints: Uint8Array[] = [];
    for await (const _ of model.train(x, y, options)) checkpoints.push(model.checkpoint());
    for (const bytes of [checkpoints[2], checkpoints[6]]) {
      const again = await SparseMLP.resume(bytes);
      const epochs: Epoch[] = [];
      for await (const epoch of again.train(x, y, options)) epochs.push(epoch);
      expect(Array.from(again.save())).toEqual(Array.from(model.save()));
      expect(again.history.map(withoutSeconds)).toEqual(model.history.map(withoutSeconds));
      again.dispose();
    }
    const wrong = await SparseMLP.resume(checkpoints[2]);
    expect(() => wrong.train(x, y, { ...options, monitor: 'loss' })).not.toThrow();
    await expect(wrong.fit(x, y, { ...options, monitor: 'loss' })).rejects.toThrow('monitor is');
    wrong.dispose();
    const loaded = await SparseMLP.load(model.save());
    expect(loaded.loss).toEqual({ name: 'huber', options: { delta: 0.5 } });
    expect(loaded.predict(x)).toEqual(model.predict(x));
    for (const each of [loaded, model]) each.dispose();
  });

  it('has the same bits with any number of threads', async () => {
    const results = [];
    for (const threads of [1, 3]) {
      const model = await create(COLS, { threads });
      await model.fit(x, 'x', { epochs: 4, sampleWeight: first });
      results.push(Array.from(model.save()));
      model.dispose();
    }
    expect(results[0]).toEqual(results[1]);
  });
});

describe('targets far from 0 and 1', () => {
  const far = { ...y, data: y.data.map((value) => 2e5 + 1e4 * value) };

  it('are learnt as others are, and answers and scores are in their units', async () => {
    const model = await create(2);
    const near = await create(2);
    const options = { epochs: 60, optimizer: adam };
    await model.fit(x, far, options);
    await near.fit(x, y, options);
    const [score, nearScore] = [model.evaluate(x, far), near.evaluate(x, y)];
    expect(score.r2).toBeCloseTo(nearScore.r2 ?? Number.NaN, 3);
    expect(score.rmse).toBeCloseTo(1e4 * (nearScore.rmse ?? Number.NaN), -1);
    const answers = model.predict(x);
    const squares = answers.reduce((sum, value, e) => sum + (value - far.data[e]) ** 2, 0);
    expect((score.loss * answers.length) / squares).toBeCloseTo(1, 4);
    const again = await SparseMLP.load(model.save());
    expect(again.predict(x)).toEqual(answers);
    expect(again.evaluate(x, far)).toEqual(score);
    const resumed = await SparseMLP.resume(model.checkpoint());
    expect(resumed.predict(x)).toEqual(answers);
    for (const each of [model, near, again, resumed]) each.dispose();
  });

  it('have a Huber loss whose delta is in their units', async () => {
    const model = await create(2, { loss: loss.huber({ delta: 3000 }) });
    await model.fit(x, far, { epochs: 3 });
    const answers = model.predict(x);
    const losses = Array.from(answers, (value, e) => {
      const error = Math.abs(value - far.data[e]);
      return error <= 3000 ? (error * error) / 2 : 3000 * (error - 1500);
    });
    const mean = losses.reduce((sum, value) => sum + value, 0) / losses.length;
    expect(model.evaluate(x, far).loss / mean).toBeCloseTo(1, 4);
    model.dispose();
  });

  it('stay as they are where that is asked for, and in a network of given weights', async () => {
    const plain = await create(2, { scaleTargets: false });
    await plain.fit(x, far, { epochs: 5, optimizer: adam });
    expect(plain.evaluate(x, far).r2).toBeLessThan(0);
    const given = await SparseMLP.fromWeights(plain.layers);
    expect(given.evaluate(x, far)).toEqual(plain.evaluate(x, far));
    await given.fit(x, far, { epochs: 1, optimizer: optimizer.sgd({ learningRate: 0 }) });
    expect(given.evaluate(x, far)).toEqual(plain.evaluate(x, far));
    for (const each of [plain, given]) each.dispose();
  });

  it('that are all alike are answered', async () => {
    const model = await create(1);
    await model.fit(x, Array<number>(ROWS).fill(7e6), { epochs: 2, optimizer: adam });
    expect(model.predict(x)[0] / 7e6).toBeCloseTo(1, 5);
    model.dispose();
  });
});

function withoutSeconds({
  seconds: _,
  trainSeconds: __,
  evolution: ___,
  start: ____,
  ...epoch
}: Epoch): object {
  return epoch;
}

describe('a model of several labels', () => {
  it('learns them, and scores them by subset accuracy and macro-F1', async () => {
    const model = await create(2);
    const { best } = await model.fit(x, flags, { epochs: 150, optimizer: adam, validationSplit: 0.25 });
    expect(best.valMetrics?.macroF1).toBeGreaterThan(0.85);
    const { accuracy, macroF1 } = model.evaluate(x, flags);
    expect(accuracy).toBeGreaterThan(0.85);
    expect(macroF1).toBeGreaterThan(0.9);
    const answers = model.predict(x);
    expect(Math.min(...answers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...answers)).toBeLessThanOrEqual(1);
    // Probabilities of labels do not sum up to one.
    expect(Math.abs(answers[0] + answers[1] - 1)).toBeGreaterThan(1e-3);
    model.dispose();
  });
});

describe('weights', () => {
  const rare = Int32Array.from({ length: ROWS }, (_, r) => Number(r % 12 === 0));

  it('of a row count as that many rows', async () => {
    // Twice the row, or the weight 2: the same gradient of the batch, but for what the mean divides by.
    const twice = Float32Array.from([...x.data, ...x.data.subarray(0, COLS)]);
    const one = await create(2);
    const other = await create(2);
    const rate = 0.1;
    const sgd = (learningRate: number) =>
      optimizer.sgd({ learningRate, momentum: 0, nesterov: false, weightDecay: 0 });
    const weights = new Float32Array(ROWS).fill(1);
    weights[0] = 2;
    await one.fit(x, labels, { epochs: 1, batchSize: 200, sampleWeight: weights, optimizer: sgd(rate) });
    const more = { rows: ROWS + 1, cols: COLS, data: twice };
    await other.fit(more, [...labels, labels[0]], {
      epochs: 1,
      batchSize: 200,
      optimizer: sgd((rate * (ROWS + 1)) / ROWS),
    });
    one.layers.forEach(({ bias }, l) => {
      bias.forEach((value, i) => {
        expect(value).toBeCloseTo(other.layers[l].bias[i], 6);
      });
    });
    for (const each of [one, other]) each.dispose();
  });

  it('of classes are balanced over the rows of training, and all ones change no bit', async () => {
    const train = async (classWeight: 'balanced' | number[] | undefined) => {
      const model = await create(2);
      await model.fit(x, rare, { epochs: 3, ...(classWeight && { classWeight }) });
      const bytes = Array.from(model.save());
      model.dispose();
      return bytes;
    };
    const plain = await train(undefined);
    expect(await train([1, 1])).toEqual(plain);
    const balanced = await train('balanced');
    expect(balanced).not.toEqual(plain);
    expect(await train([ROWS / (2 * 88), ROWS / (2 * 8)])).toEqual(balanced);
  });

  it('that make no sense are refused', async () => {
    const model = await create(2);
    const other = await create(2);
    const refused = (options: object, sentence: string, targets: Targets = labels, of = model) =>
      expect(of.fit(x, targets, { epochs: 1, ...options })).rejects.toThrow(sentence);
    await refused({ sampleWeight: [1, 2] }, 'sampleWeight has 2 elements; expected 96');
    await refused({ sampleWeight: Array(ROWS).fill(-1) }, 'sampleWeight[0] is -1');
    await refused({ sampleWeight: Array(ROWS).fill(0) }, 'every row for training has the weight 0');
    await refused({ classWeight: [1] }, 'classWeight has 1 elements; expected 2');
    await refused({ classWeight: 'fair' }, 'classWeight');
    await refused({ classWeight: 'balanced' }, 'y holds no class labels', y, other);
    await refused({ monitor: 'rmse' }, 'monitor is "rmse"; expected one of accuracy, loss');
    for (const each of [model, other]) each.dispose();
  });
});
