import { beforeAll, describe, expect, it } from 'vitest';
import { readDataset } from '../../../src/data/index.ts';
import { learnColumns } from '../../../src/data/labelledTable.ts';
import { applyScaler, fitScaler, scalerToJson } from '../../../src/data/scaler.ts';
import { loss, SparseMLP } from '../../../src/index.ts';
import type { DenseMatrix } from '../../../src/matrix/denseMatrix.ts';

const ROWS = 240;
const cities = ['Rome', 'Oslo', 'Bern'];

/** A table whose label follows from the city and the size: 'yes' in Rome, and elsewhere where it is large. */
const rows = Array.from({ length: ROWS }, (_, row) => {
  const city = cities[(row * 7) % 3];
  const size = 1000 + ((row * 37) % 101) * 10;
  return { city, size, open: city === 'Rome' || size > 1500 ? 'yes' : 'no' };
});
const csv = `city,size,open\n${rows.map(({ city, size, open }) => `${city},${size},${open}`).join('\n')}\n`;

/** A file of a model that has learnt the table, with its pipeline; and one of its numbers, with a scaler. */
let ofTable: Uint8Array;
let ofMatrix: Uint8Array;
let sizes: DenseMatrix;

beforeAll(async () => {
  const { table, labels, labelNames } = readDataset({ 'a.csv': new TextEncoder().encode(csv) });
  if (table === undefined) throw new Error('a CSV file is a table');
  const { pipeline } = learnColumns(table);
  const { x } = pipeline.transformColumns(table.columns, ROWS);
  const model = await SparseMLP.create({ layers: [x.cols, 20, 2], density: 1, labelNames });
  await model.fit(x, labels, { epochs: 60, batchSize: 16 });
  expect(model.evaluate(x, labels).accuracy).toBeGreaterThan(0.97);
  ofTable = model.save({ labelNames, pipeline });
  model.dispose();
  sizes = { rows: ROWS, cols: 1, data: Float32Array.from(rows, ({ size }) => size) };
  const scaler = fitScaler('standard', sizes);
  const large = Int32Array.from(rows, ({ size }) => (size > 1500 ? 1 : 0));
  const other = await SparseMLP.create({ layers: [1, 8, 2], density: 1 });
  await other.fit(applyScaler(scaler, sizes), large, { epochs: 60, batchSize: 16 });
  ofMatrix = other.save({ scaler: scalerToJson(scaler) });
  other.dispose();
});

describe("a model's pipeline", () => {
  it('answers with names, from rows as the file had them: objects and arrays', async () => {
    const model = await SparseMLP.load(ofTable);
    const { pipeline } = model;
    const expected = rows.map(({ open }) => open);
    const share = (answers: ArrayLike<unknown> | undefined): number =>
      expected.filter((open, row) => open === answers?.[row]).length / ROWS;
    expect(share(pipeline?.predict(rows))).toBeGreaterThan(0.97);
    const arrays = rows.map(({ city, size }) => [city, String(size)]);
    expect(pipeline?.predict(arrays)).toEqual(pipeline?.predict(rows));
    expect(pipeline?.transform([{ city: 'Paris', size: 1 }]).warnings).toEqual([
      'column 1 "city": 1 fields have words that training did not; they count as none',
    ]);
    model.dispose();
  });

  it('is the only way for rows that were not prepared: every other call refuses them', async () => {
    const model = await SparseMLP.load(ofTable);
    const x = { rows: 1, cols: 4, data: new Float32Array(4) };
    const y = Int32Array.of(0);
    const refused = /trained on rows that were scaled or encoded first; expected model.pipeline.predict/;
    expect(() => model.predict(x)).toThrow(refused);
    expect(() => model.predictLabels(x)).toThrow(refused);
    expect(() => model.predictTop(x, 1)).toThrow(refused);
    expect(() => model.evaluate(x, y)).toThrow(refused);
    expect(() => model.metrics(x, y)).toThrow(refused);
    expect(() => model.partialFit(x, y)).toThrow(refused);
    expect(() => model.inputImportance({ by: 'attribution', x })).toThrow(refused);
    await expect(model.fit(x, y)).rejects.toThrow(refused);
    const prepared = model.pipeline?.transform(rows.slice(0, 5)).x ?? x;
    expect(model.predict(prepared).length).toBe(10);
    model.dispose();
  });

  it('takes the word of those who prepare rows themselves', async () => {
    const model = await SparseMLP.load(ofTable, { prepared: true });
    const guarded = await SparseMLP.load(ofTable);
    const { x } = guarded.pipeline?.transform(rows) ?? { x: sizes };
    expect(model.predict(x)).toEqual(guarded.predict(x));
    model.dispose();
    guarded.dispose();
    await expect(SparseMLP.load(ofTable, { prepared: 1 as never })).rejects.toThrow(
      /prepared is 1; expected/,
    );
  });

  it('scales a matrix as the training did', async () => {
    const model = await SparseMLP.load(ofMatrix);
    expect(() => model.predict(sizes)).toThrow(/scaled or encoded first/);
    const answers = model.pipeline?.predict(sizes) ?? [];
    const right = rows.filter(({ size }, row) => answers[row] === (size > 1500 ? 1 : 0)).length;
    expect(right / ROWS).toBeGreaterThan(0.97);
    model.dispose();
  });

  it('is not there where the file says nothing, and such models take rows as ever', async () => {
    const model = await SparseMLP.create({ layers: [1, 4, 1], loss: loss.meanSquared() });
    const again = await SparseMLP.load(model.save());
    expect(again.pipeline).toBeUndefined();
    expect(again.predict(sizes).length).toBe(ROWS);
    model.dispose();
    again.dispose();
  });

  it('is not taken from metadata of another meaning', async () => {
    const model = await SparseMLP.create({ layers: [1, 4, 2] });
    for (const metadata of [{ scaler: 'minmax' }, { pipeline: 'a/b' }, { pipeline: { steps: [] } }]) {
      const again = await SparseMLP.load(model.save(metadata));
      expect(again.pipeline).toBeUndefined();
      expect(again.predict(sizes).length).toBe(2 * ROWS);
      again.dispose();
    }
    model.dispose();
  });

  it('must fit the network', async () => {
    const model = await SparseMLP.load(ofTable, { prepared: true });
    const { pipeline } = model.metadata as { pipeline: { columns: object[] } };
    const short = { ...pipeline, columns: pipeline.columns.slice(1) };
    await expect(SparseMLP.load(model.save({ pipeline: short }))).rejects.toThrow(
      /the model's pipeline makes 1 inputs, and its network has 4/,
    );
    model.dispose();
  });
});
