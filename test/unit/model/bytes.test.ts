// Samples of bytes: whatever is done with them has the bits of float32 samples of the same values.
import { afterEach, describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { applyScaler, fitScaler, takeRows } from '../../../src/data/index.ts';
import { getEngine } from '../../../src/engine/engine.ts';
import {
  type CreateOptions,
  type Epoch,
  loss,
  optimizer,
  type Samples,
  SparseMLP,
  topology,
} from '../../../src/index.ts';

const ROWS = 130;
const COLS = 13;
const random = randomStream(3, 'bytes');
const data = Uint8Array.from({ length: ROWS * COLS }, () => random.below(256));
const y = Int32Array.from({ length: ROWS }, (_, r) => Math.floor(data[r * COLS] / 64));
const offset = Array.from({ length: COLS }, (_, col) => [0, 127.3, -5][col % 3]);
const scale = Array.from({ length: COLS }, (_, col) => [255, 71.7, 1 / 3][col % 3]);

/** Bytes, and what they stand for: made here by a loop of double precision, rounded once. */
const kinds: Readonly<Record<string, { bytes: Samples; numbers: Samples }>> = Object.fromEntries(
  [
    ['as they are', { rows: ROWS, cols: COLS, data }, () => 0, () => 1],
    ['from 0 to 1', { rows: ROWS, cols: COLS, data, scale: 255 }, () => 0, () => 255],
    [
      'column by column',
      { rows: ROWS, cols: COLS, data, offset, scale: Float64Array.from(scale) },
      (col: number) => offset[col],
      (col: number) => scale[col],
    ],
    [
      'of a canvas',
      { rows: ROWS, cols: COLS, data: Uint8ClampedArray.from(data), offset: 100, scale: 50 },
      () => 100,
      () => 50,
    ],
  ].map(([name, bytes, offsetOf, scaleOf]) => {
    const [o, s] = [offsetOf, scaleOf] as ((col: number) => number)[];
    const values = Float32Array.from(data, (byte, at) => (byte - o(at % COLS)) / s(at % COLS));
    return [name, { bytes, numbers: { rows: ROWS, cols: COLS, data: values } }];
  }),
);
const each = Object.entries(kinds).map(([name, kind]) => ({ name, ...kind }));
const [, unit] = each;

const models: SparseMLP[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});

async function create(options: Partial<CreateOptions> = {}): Promise<SparseMLP> {
  const model = await SparseMLP.create({
    layers: [COLS, 30, 4],
    epsilon: 3,
    seed: 2,
    ...options,
  } as CreateOptions);
  models.push(model);
  return model;
}

/** Does the same with bytes and with numbers. */
async function both<T>({ bytes, numbers }: (typeof each)[number], use: (x: Samples) => Promise<T>) {
  return [await use(bytes), await use(numbers)];
}

const figures = (epochs: readonly Epoch[]): unknown[] =>
  epochs.map(({ loss, accuracy, valLoss, testAccuracy, best }) => [
    loss,
    accuracy,
    valLoss,
    testAccuracy,
    best,
  ]);

describe.each(each)('bytes $name', (kind) => {
  it('are answered and measured like numbers', async () => {
    const model = await create();
    await model.fit(unit.numbers, y, { epochs: 2 });
    const [got, want] = await both(kind, async (x) => ({
      predict: model.predict(x),
      evaluate: model.evaluate(x, y),
      labels: model.predictLabels(x),
      top: model.predictTop(x, 2),
      metrics: model.metrics(x, y),
      importance: model.inputImportance({ by: 'attribution', x, y }),
      likeliest: model.inputImportance({ by: 'attribution', x }),
    }));
    expect(got).toEqual(want);
    expect(got.predict).toHaveLength(ROWS * 4);
  });

  it.each([1, 2])('are learnt like numbers, on %i threads', async (threads) => {
    const [got, want] = await both(kind, async (x) => {
      const model = await create({ threads, topology: topology.cteGse() });
      const { epochs } = await model.fit(x, y, {
        epochs: 4,
        batchSize: 40,
        validation: { x, y },
        test: { x, y },
        denoise: { kind: 'mask', amount: 0.2 },
        optimizer: optimizer.sgd({ learningRate: 1e-4 }),
      });
      return { bytes: model.save(), epochs: figures(epochs) };
    });
    expect(got).toEqual(want);
  });

  it.each(['gaussian', 'mask'] as const)('are reconstructed like numbers, with noise: %s', async (noise) => {
    const [got, want] = await both(kind, async (x) => {
      const model = await create({ layers: [COLS, 40, COLS], topology: topology.set() });
      const denoise = { kind: noise, amount: 0.2 };
      await model.fit(x, 'x', { epochs: 3, batchSize: 25, denoise, validationSplit: 0.2 });
      return {
        bytes: model.save(),
        errors: model.reconstructionError(x),
        score: model.evaluate(x, 'x'),
        metrics: model.metrics(x, 'x'),
      };
    });
    expect(got).toEqual(want);
  });

  it('come in pieces, and are looked at by methods, like numbers', async () => {
    const [got, want] = await both(kind, async (x) => {
      const model = await create({ topology: topology.rigl({ every: 2 }) });
      const part = (begin: number) => {
        const rows = Int32Array.from({ length: 65 }, (_, r) => begin + r);
        return { x: takeRows(x, rows), y: y.slice(begin, begin + 65) };
      };
      const given = { batchSize: 20, sample: { x, y }, optimizer: optimizer.sgd({ learningRate: 1e-4 }) };
      const scores = [0, 65].map((begin) => model.partialFit(part(begin).x, part(begin).y, given));
      await model.fit([part(65), part(0)], given);
      return { scores, bytes: model.save() };
    });
    expect(got).toEqual(want);
  });

  it('go on from a checkpoint of numbers, and the other way round', async () => {
    const options = { epochs: 4, patience: 3, validationSplit: 0.2, batchSize: 30 };
    const go = async (first: Samples, second: Samples) => {
      const model = await create();
      for await (const epoch of model.train(first, y, options)) if (epoch.epoch === 2) break;
      const again = await SparseMLP.resume(model.checkpoint());
      models.push(again);
      await again.fit(second, y, options);
      return again.save();
    };
    const { bytes, numbers } = kind;
    const want = await go(numbers, numbers);
    expect(await go(bytes, numbers)).toEqual(want);
    expect(await go(numbers, bytes)).toEqual(want);
  });
});

describe('bytes', () => {
  it('take a quarter of the memory of numbers, and give it back', async () => {
    const { arena } = await getEngine();
    const model = await create();
    await model.fit(unit.numbers, y, { epochs: 1 });
    const before = arena.usage();
    const peak = async (x: Samples) => {
      let most = 0;
      const training = model.train(x, new Int32Array(2000), { epochs: 1, batchSize: 32 });
      for await (const _ of training) most = arena.usage().bytes;
      return most - before.bytes;
    };
    const bytes = { rows: 2000, cols: COLS, data: new Uint8Array(2000 * COLS) };
    const numbers = { ...bytes, data: new Float32Array(2000 * COLS) };
    const saved = (await peak(numbers)) - (await peak(bytes));
    // Besides, columns have an offset and a scale in double precision.
    expect(saved).toBeGreaterThan(3 * 2000 * COLS - 1000);
    expect(arena.usage()).toMatchObject({ blocks: before.blocks, bytes: before.bytes });
  });

  it('are taken as a part of a buffer, and from Node', async () => {
    const model = await create();
    const room = new Uint8Array(data.length + 7);
    room.set(data, 5);
    const want = model.predict({ rows: ROWS, cols: COLS, data });
    const parts = [room.subarray(5, 5 + data.length), Buffer.from(data)];
    for (const part of parts) expect(model.predict({ rows: ROWS, cols: COLS, data: part })).toEqual(want);
  });

  it('are targets, too: numbers, or labels of which a row may have several', async () => {
    const flags = Uint8Array.from({ length: ROWS * 3 }, (_, at) => data[at] % 2);
    const answers = { rows: ROWS, cols: 3, data: data.slice(0, ROWS * 3), scale: 10 };
    const asNumbers = { rows: ROWS, cols: 3, data: Float32Array.from(answers.data, (byte) => byte / 10) };
    for (const [bytes, numbers, name] of [
      [
        { rows: ROWS, cols: 3, data: flags },
        { rows: ROWS, cols: 3, data: Float32Array.from(flags) },
        'binary',
      ],
      [answers, asNumbers, 'squared'],
    ] as const) {
      const saved = [];
      for (const targets of [bytes, numbers]) {
        const model = await create({ layers: [COLS, 20, 3] });
        await model.fit(unit.bytes, targets, { epochs: 2 });
        expect(model.loss?.name).toContain(name);
        saved.push(model.save());
      }
      expect(saved[0]).toEqual(saved[1]);
    }
  });

  it('of 0 and 1 can be reconstructed as labels, and no others', async () => {
    const flags = { rows: ROWS, cols: COLS, data: data.map((byte) => 7 * (byte % 2)), scale: 7 };
    const options = { layers: [COLS, 20, COLS], loss: loss.binaryCrossEntropy() };
    const [ofBytes, ofNumbers] = [await create(options), await create(options)];
    await ofBytes.fit(flags, 'x', { epochs: 2 });
    await ofNumbers.fit({ ...flags, data: Float32Array.from(data, (byte) => byte % 2) }, 'x', { epochs: 2 });
    expect(ofBytes.save()).toEqual(ofNumbers.save());
    await expect(async () => ofBytes.fit({ ...flags, scale: 14 }, 'x')).rejects.toMatchObject({
      code: 'E_LABEL',
      message: expect.stringContaining('y holds 0.5'),
    });
  });

  it('keep the units of a regression that was trained on numbers before', async () => {
    const [got, want] = await both(unit, async (x) => {
      const model = await create({ layers: [COLS, 20, COLS] });
      const far = Float32Array.from({ length: ROWS * COLS }, (_, at) => 100 + (at % 7));
      await model.fit(unit.numbers, { rows: ROWS, cols: COLS, data: far }, { epochs: 1 });
      await model.fit(x, 'x', { epochs: 2 });
      return model.save();
    });
    expect(got).toEqual(want);
  });

  const bytes = { rows: 2, cols: 3, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  it.each<[string, object, string, RegExp]>([
    ['too few', { rows: 3 }, 'E_SHAPE', /x\.data has 6 bytes; expected 9, as 3 × 3 takes/],
    ['no size', { cols: -1 }, 'E_ARGUMENT', /x\.cols is -1/],
    ['too few scales', { scale: [1, 2] }, 'E_SHAPE', /x\.scale has 2 elements; expected 3/],
    ['a scale of 0', { scale: 0 }, 'E_ARGUMENT', /x\.scale is 0; expected a number above 0/],
    [
      'a negative scale',
      { scale: [1, -1, 1] },
      'E_NOT_FINITE',
      /column 1 of x has the offset 0 and the scale -1/,
    ],
    ['an offset that is none', { offset: '3' }, 'E_ARGUMENT', /x\.offset is "3"/],
    ['an offset in a list', { offset: [1, '3', 1] }, 'E_ARGUMENT', /x\.offset\[1\] is "3"/],
    ['NaN', { offset: [Number.NaN, 0, 0] }, 'E_NOT_FINITE', /column 0 of x has the offset NaN/],
    ['beyond float32', { scale: [1, 1, 1e-37] }, 'E_NOT_FINITE', /column 2 of x/],
    ['beyond float32 below 0', { offset: 300, scale: 1e-37 }, 'E_NOT_FINITE', /column 0 of x/],
  ])('are refused: %s', async (_, wrong, code, message) => {
    const model = await create({ layers: [3, 4, 2] });
    const caught = expect.objectContaining({ code, message: expect.stringMatching(message) });
    const given = { ...bytes, ...wrong } as Samples;
    expect(() => model.predict(given)).toThrow(caught);
    expect(() => takeRows(given, [0])).toThrow(caught);
    expect(() => fitScaler('minmax', given)).toThrow(caught);
    expect(() => applyScaler(fitScaler('none', bytes), given)).toThrow(caught);
    model.predict(bytes);
  });
});
