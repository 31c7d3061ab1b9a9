// Files of before there were losses and schedules: they load, predict and go on as they did.
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { optimizer, SparseMLP } from '../../../src/index.ts';

const { rows, cols, data, y, model, checkpoint, predicted } = JSON.parse(
  readFileSync(new URL('../../fixtures/files.json', import.meta.url), 'utf8'),
);
const bytes = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(text, 'base64'));
const x = { rows, cols, data: Float32Array.from(data) };

it('a model file of before loads with its loss, predicts the same bits, and is written as it was', async () => {
  using loaded = await SparseMLP.load(bytes(model));
  expect(loaded.loss).toEqual({ name: 'cross-entropy', options: {} });
  expect(loaded.metadata).toEqual({ note: 'kept' });
  expect(Array.from(loaded.predict(x))).toEqual(Array.from(new Float32Array(bytes(predicted).buffer)));
  expect(loaded.save()).toEqual(bytes(model));
});

it('a checkpoint of before goes on to the same bits', async () => {
  using resumed = await SparseMLP.resume(bytes(checkpoint));
  const sgd = optimizer.sgd({ learningRate: 0.1 });
  const options = { epochs: 6, batchSize: 16, optimizer: sgd, validationSplit: 0.25, restoreBest: true };
  const { epochs } = await resumed.fit(x, y, options);
  expect(epochs).toHaveLength(6);
  expect(resumed.save()).toEqual(bytes(model));
});
