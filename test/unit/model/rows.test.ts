// One row, and matrices of any list of numbers: the same bits as the same numbers in a matrix of the usual kind.
import { afterEach, describe, expect, it } from 'vitest';
import { applyScaler, fitScaler, scalerToJson, takeRows } from '../../../src/data/index.ts';
import { loss, type Row, SparseMLP, WorkerModel } from '../../../src/index.ts';
import { Parcel } from '../../../src/remote/parcel.ts';

const INPUTS = 7;
const numbers = Float32Array.from({ length: 3 * INPUTS }, (_, p) => Math.sin(1.3 * p) / 3);
const x = { rows: 3, cols: INPUTS, data: numbers };
const row = numbers.subarray(INPUTS, 2 * INPUTS);
const pixels = Uint8Array.from({ length: INPUTS }, (_, p) => (97 * p) % 256);
/** The same pixels as numbers. */
const pixelNumbers = { rows: 1, cols: INPUTS, data: Float32Array.from(pixels) };

const models: { dispose(): void }[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});

const options = { layers: [INPUTS, 20, INPUTS], epsilon: 3, seed: 4, loss: loss.binaryCrossEntropy() };

async function bothModels(asked = options.loss) {
  const here = await SparseMLP.create({ ...options, loss: asked });
  models.push(here);
  const there = await WorkerModel.create({ ...options, loss: asked });
  models.push(there);
  return { here, there };
}

/** Each answers for one row. */
async function answers(model: SparseMLP | WorkerModel, given: Row | typeof x) {
  return {
    probabilities: await model.predict(given),
    labels: await model.predictLabels(given),
    likeliest: await model.predictTop(given, 3),
    errors: await model.reconstructionError(given),
  };
}

describe('one row', () => {
  it.each<[string, Row]>([
    ['an array', [...row]],
    ['a Float32Array, a part of a buffer', row],
    ['a Float64Array', Float64Array.from(row)],
    ['a Float64Array of numbers between those of float32', Float64Array.from(row, (v) => v * (1 + 1e-9))],
  ])('may be %s', async (_, given) => {
    const { here, there } = await bothModels();
    const expected = await answers(here, { rows: 1, cols: INPUTS, data: row });
    expect(expected.probabilities).toHaveLength(INPUTS);
    expect(await answers(here, given)).toEqual(expected);
    expect(await answers(there, given)).toEqual(expected);
    expect(here.predict(x).subarray(INPUTS, 2 * INPUTS)).toEqual(expected.probabilities);
  });

  it.each<[string, Row]>([
    ['a Uint8Array', pixels],
    ['a Uint8ClampedArray', Uint8ClampedArray.from(pixels)],
    ['a Buffer', Buffer.from(pixels)],
    ['an array', [...pixels]],
  ])('of bytes may be %s', async (_, given) => {
    const { here, there } = await bothModels();
    const expected = await answers(here, pixelNumbers);
    expect(await answers(here, given)).toEqual(expected);
    expect(await answers(there, given)).toEqual(expected);
  });

  it('is handed over to a worker, or only its own part is copied', async () => {
    const parcel = new Parcel(false);
    parcel.matrix(new Float64Array(new ArrayBuffer(800), 80, INPUTS));
    expect(parcel.buffers.map(({ byteLength }) => byteLength)).toEqual([8 * INPUTS]);
    const { here, there } = await bothModels();
    const given = Float64Array.from(row);
    expect(await there.predict(given, { transfer: true })).toEqual(here.predict(row));
    expect(given).toHaveLength(0);
  });

  it.each<[string, unknown, string, string]>(
    [
      ['too short', [1, 2], 'E_SHAPE', 'x has 2 numbers; expected 7, the inputs of one row'],
      ['several rows', numbers, 'E_SHAPE', 'x has 21 numbers; expected 7, the inputs of one row'],
      ['empty', new Float64Array(0), 'E_SHAPE', 'x has 0 numbers; expected 7, the inputs of one row'],
      ['of texts', [1, '2', 3, 4, 5, 6, 7], 'E_ARGUMENT', 'x.data[1] is "2"; expected a number'],
      ['of big integers', new BigInt64Array(7), 'E_ARGUMENT', 'x.data[0] is 0n; expected a number'],
      ['not finite', [1, Number.NaN, 3, 4, 5, 6, 7], 'E_NOT_FINITE', /NaN in row 0/],
      ['beyond float32', Float64Array.of(1, 2, 3, 4, 5, 6, 1e300), 'E_NOT_FINITE', /x\.data\[6\] is 1e\+300/],
    ].map(([what, given, code, message]) => [what, given, code, message] as never),
  )('is refused where it is %s', async (_, given, code, message) => {
    const { here, there } = await bothModels();
    const error = expect.objectContaining({
      code,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
    expect(() => here.predict(given as Row)).toThrow(error);
    await expect(there.predict(given as Row)).rejects.toEqual(error);
  });

  it('is one that the pipeline scales; without it a model that scales refuses it', async () => {
    const scaler = fitScaler('standard', x);
    const { here } = await bothModels();
    const bytes = here.save({ scaler: scalerToJson(scaler) });
    const loaded = await SparseMLP.load(bytes);
    models.push(loaded);
    const there = await WorkerModel.load(bytes);
    models.push(there);
    const scaled = applyScaler(scaler, x).data.subarray(INPUTS, 2 * INPUTS);
    expect(loaded.pipeline?.predict([...row])).toEqual(here.predictLabels(scaled));
    expect(await there.pipeline?.predict(row)).toEqual(here.predictLabels(scaled));
    expect(() => loaded.predict([...row])).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
    const { x: prepared } = loaded.pipeline?.transform(row) ?? {};
    expect(loaded.reconstructionError(prepared as typeof x)).toEqual(here.reconstructionError(scaled));
  });

  it('is none for training, whose targets are for rows', async () => {
    const { here } = await bothModels();
    const given = [...row] as never;
    expect(() => here.train(given, 'x')).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
    expect(() => here.evaluate(given, 'x')).toThrow(expect.objectContaining({ code: 'E_ARGUMENT' }));
  });
});

describe('a matrix of another list of numbers', () => {
  const lists = { array: { ...x, data: [...numbers] }, doubles: { ...x, data: Float64Array.from(numbers) } };

  it.each(Object.entries(lists))('trains and answers as one of float32: %s', async (_, given) => {
    const { here, there } = await bothModels(loss.meanSquared());
    const training = { epochs: 2, validation: { x: given, y: 'x' } } as const;
    await here.fit(x, x, { ...training, validation: { x, y: 'x' } });
    await there.fit(given, given, training);
    expect(await there.save()).toEqual(here.save());
    expect(here.predict(given)).toEqual(here.predict(x));
    expect(here.evaluate(given, given)).toEqual(here.evaluate(x, x));
  });

  it.each(Object.entries(lists))('is scaled and taken from as one of float32: %s', (_, given) => {
    const scaler = fitScaler('standard', given);
    expect(scaler).toEqual(fitScaler('standard', x));
    expect(applyScaler(scaler, given)).toEqual(applyScaler(scaler, x));
    expect(takeRows(given, [2, 0])).toEqual(takeRows(x, [2, 0]));
  });

  it('has as many numbers as its sizes say', () => {
    expect(() => takeRows({ rows: 2, cols: 2, data: [1, 2, 3] }, [0])).toThrow(
      expect.objectContaining({ code: 'E_SHAPE', message: 'x.data has 3 elements; expected 4' }),
    );
  });
});
