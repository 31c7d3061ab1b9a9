// Samples of bytes in a worker: they arrive as bytes, and the bits are those of SparseMLP on this thread.
import { afterEach, expect, it } from 'vitest';
import { optimizer, SparseMLP, topology, WorkerModel } from '../../../src/index.ts';
import { Parcel } from '../../../src/remote/parcel.ts';

const data = Uint8Array.from({ length: 90 * 7 }, (_, at) => Math.imul(at + 1, 2654435761) >>> 24);
const y = Int32Array.from({ length: 90 }, (_, r) => data[7 * r] >> 6);
const bytes = { rows: 90, cols: 7, data, offset: [1, 2, 3, 4, 5, 6, 7], scale: 31.7 };
const models: { dispose(): void }[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});

it('trains and answers on bytes as here, whether they are handed over or copied', async () => {
  const options = { layers: [7, 20, 7], epsilon: 2, seed: 4, topology: topology.set() };
  const there = await WorkerModel.create(options);
  const here = await SparseMLP.create(options);
  models.push(there, here);
  const denoise = { kind: 'gaussian', amount: 0.1 } as const;
  const training = {
    epochs: 2,
    denoise,
    validation: { x: bytes, y: 'x' },
    optimizer: optimizer.sgd(),
  } as const;
  await here.fit(bytes, 'x', training);
  await there.fit(bytes, 'x', training);
  expect(await there.save()).toEqual(here.save());
  const clamped = { ...bytes, data: Uint8ClampedArray.from(data) };
  expect(await there.predict(clamped)).toEqual(here.predict(bytes));
  expect(await there.reconstructionError(bytes)).toEqual(here.reconstructionError(bytes));
  const given = { ...bytes, data: data.slice() };
  expect(await there.evaluate(given, 'x', { transfer: true })).toEqual(here.evaluate(bytes, 'x'));
  expect(given.data).toHaveLength(0);
  expect(data).toHaveLength(90 * 7);
  await expect(there.predict({ ...bytes, scale: 0 })).rejects.toMatchObject({ code: 'E_ARGUMENT' });
});

it('takes them in pieces', async () => {
  const options = { layers: [7, 20, 4], epsilon: 2, seed: 4, topology: topology.rigl({ every: 2 }) };
  const there = await WorkerModel.create(options);
  const here = await SparseMLP.create(options);
  models.push(there, here);
  const pieces = [0, 1].map((half) => ({
    x: { ...bytes, rows: 45, data: data.slice(315 * half, 315 * half + 315) },
    y: y.slice(45 * half, 45 * half + 45),
  }));
  for (const model of [there, here]) await model.fit(pieces, { batchSize: 20, sample: { x: bytes, y } });
  expect(await there.save()).toEqual(here.save());
});

it('sends no more than the bytes: a quarter of float32 numbers', () => {
  const parcel = new Parcel(false);
  parcel.matrix({ rows: 90, cols: 7, data: new Uint8Array(new ArrayBuffer(4000), 100, 630) });
  expect(parcel.buffers.map(({ byteLength }) => byteLength)).toEqual([630]);
});
