// Files as pages have them: as bytes, buffers, Blobs, Files and text. What is read is what the bytes hold.
import { afterEach, describe, expect, it } from 'vitest';
import {
  type AwaitedFiles,
  type DataFiles,
  loadDataset,
  loadTable,
  readDataset,
  readMatrixMarket,
  readTable,
} from '../../../src/data/index.ts';
import { type ModelFile, SparseMLP, WorkerModel } from '../../../src/index.ts';
import { quadrants } from '../../support/problems.ts';

const text = 'a,b,label\n1,2.5,x\n3,4,ÿ\n5,6,x\n';
const bytes = new TextEncoder().encode(text);
const file = new File([text], 'some.csv');
const mtx = '%%MatrixMarket matrix coordinate real general\n2 3 2\n2 1 5\n1 3 -1\n';
const coded = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const buffer = (from: Uint8Array): ArrayBuffer => Uint8Array.from(from).buffer;
/** A Blob whose file has gone. */
const gone = () =>
  Object.assign(new Blob(['1']), { arrayBuffer: () => Promise.reject(new Error('the file was not found')) });

const models: { dispose(): void }[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});

describe('data sets', () => {
  const expected = readDataset({ name: 'some.csv', bytes });

  it.each<[string, DataFiles]>([
    ['a buffer', { name: 'some.csv', bytes: buffer(bytes) }],
    ['text', { name: 'some.csv', bytes: text }],
    ['text by name', { 'some.csv': text }],
  ])('are read at once from %s', async (_, files) => {
    expect(readDataset(files)).toEqual(expected);
    expect(await loadDataset(files)).toEqual(expected);
    expect(readTable(files)?.columns.map(({ name }) => name)).toEqual(['a', 'b', 'label']);
  });

  it.each<[string, AwaitedFiles]>([
    ['a Blob', { name: 'some.csv', bytes: new Blob([text]) }],
    ['a File', { name: 'some.csv', bytes: file }],
    ['a File alone', file],
    ['a File by name', { 'some.csv': file }],
  ])('are awaited from %s', async (_, files) => {
    expect(await loadDataset(files)).toEqual(expected);
    expect((await loadTable(files))?.columns.map((column) => column.text(1))).toEqual(['3', '4', 'ÿ']);
    const error = coded('E_ARGUMENT', /some\.csv" holds a Blob, .* await loadDataset or loadTable/);
    expect(() => readDataset(files as DataFiles)).toThrow(error);
    expect(() => readTable(files as DataFiles)).toThrow(error);
  });

  it('have their test rows as a File, too', async () => {
    const test = { name: 'test.csv', bytes };
    expect(await loadDataset(file, { test: new File([bytes], 'test.csv') })).toEqual(
      readDataset({ name: 'some.csv', bytes }, { test }),
    );
  });

  it('are packed files all the same', async () => {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
    const packed = await new Response(stream).blob();
    expect(await loadDataset({ 'some.csv.gz': packed })).toEqual(expected);
  });

  it.each([
    ['some.npy', '\x93NUMPY'],
    ['some.mat', 'MATLAB 5.0'],
    ['train-images-idx3-ubyte', '\0\0\x08\x03'],
    ['some.zip', 'PK\x03\x04 and so on'],
  ])('of %s are no text', (name, content) => {
    expect(() => readDataset({ [name]: content })).toThrow(
      coded('E_ARGUMENT', /was given as text, and is no file of text; expected its bytes/),
    );
  });

  it.each<[string, unknown, string, RegExp]>([
    ['a Blob without a name', new Blob([text]), 'E_ARGUMENT', /expected \{ name, bytes \}/],
    [
      'a file that is gone',
      { 'a.csv': gone() },
      'E_FORMAT',
      /"a\.csv" cannot be read: the file was not found/,
    ],
    ['no bytes', { 'a.csv': { [Symbol.toStringTag]: 'Blob', arrayBuffer: () => 3 } }, 'E_FORMAT', /no bytes/],
    ['a number', { 'a.csv': 3 }, 'E_ARGUMENT', /"a\.csv" holds 3; expected its bytes/],
    ['an empty text', { 'a.csv': '' }, 'E_FORMAT', /empty/],
  ])('are not read from %s', async (_, files, code, message) => {
    await expect(loadDataset(files as AwaitedFiles)).rejects.toEqual(coded(code, message));
  });

  it('are not read from a buffer that was taken away', () => {
    const taken = buffer(bytes);
    structuredClone(taken, { transfer: [taken] });
    expect(() => readDataset({ 'a.csv': taken })).toThrow(coded('E_FORMAT', /empty/));
  });

  it('in Matrix Market are a buffer or text', () => {
    const matrix = readMatrixMarket(new TextEncoder().encode(mtx));
    expect(readMatrixMarket(mtx)).toEqual(matrix);
    expect(readMatrixMarket(buffer(new TextEncoder().encode(mtx)))).toEqual(matrix);
    expect(() => readMatrixMarket(new Blob([mtx]) as never)).toThrow(coded('E_ARGUMENT', /ArrayBuffer/));
  });
});

describe('models', () => {
  const { x, y } = quadrants(60, 6);

  it.each<[string, (from: Uint8Array<ArrayBuffer>) => ModelFile]>([
    ['a buffer', buffer],
    ['a Blob', (from) => new Blob([from])],
    ['a File', (from) => new File([from], 'model.safetensors')],
  ])('are loaded and resumed from %s', async (_, as) => {
    const model = await SparseMLP.create({ layers: [6, 20, 4], epsilon: 3, seed: 1 });
    models.push(model);
    await model.fit(x, y, { epochs: 1 });
    const [saved, kept] = [model.save(), model.checkpoint()];
    for (const Model of [SparseMLP, WorkerModel]) {
      const loaded = await Model.load(as(saved));
      models.push(loaded);
      expect(await loaded.save()).toEqual(saved);
      const resumed = await Model.resume(as(kept));
      models.push(resumed);
      expect(await resumed.checkpoint()).toEqual(kept);
    }
  });

  it('leave the buffers to their owner', async () => {
    const model = await SparseMLP.create({ layers: [6, 20, 4], epsilon: 3, seed: 1 });
    models.push(model);
    const saved = buffer(model.save());
    models.push(await WorkerModel.load(saved));
    expect(saved.byteLength).toBeGreaterThan(0);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['a file that is gone', gone(), 'E_FORMAT', /bytes cannot be read: the file was not found/],
    ['text', 'model', 'E_ARGUMENT', /bytes is "model"; expected a Uint8Array, an ArrayBuffer or a Blob/],
    ['an empty buffer', new ArrayBuffer(0), 'E_FORMAT', /./],
  ])('are not loaded from %s', async (_, given, code, message) => {
    for (const Model of [SparseMLP, WorkerModel]) {
      await expect(Model.load(given as ModelFile)).rejects.toEqual(coded(code, message));
      await expect(Model.resume(given as ModelFile)).rejects.toEqual(coded(code, message));
    }
  });
});
