import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { prepareTraining } from '../../../src/cli/split.ts';
import { readDataset } from '../../../src/data/index.ts';
import { settingsForShape } from '../../../src/model/autoSettings.ts';
import { ctre, jsonLines, temporaryFolder } from './harness.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

/** So many rows of each class, whose first feature counts them all. */
function table(counts: Readonly<Record<string, number>>, name = 'kind'): string {
  const labels = Object.entries(counts).flatMap(([label, count]) =>
    Array.from({ length: count }, () => label),
  );
  const lines = labels.map((label, row) => `${row + 0.5},${(row * 7) % 13},${label}`);
  return `${[`place,size,${name}`, ...lines].join('\n')}\n`;
}

const dataset = (counts: Readonly<Record<string, number>>) =>
  readDataset({ name: 'some.csv', bytes: new TextEncoder().encode(table(counts)) });

/** How many of the labels there are of each class. */
function tally(labels: Iterable<number>, classes: number): number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of labels) counts[label]++;
  return counts;
}

const COUNTS = { a: 100, b: 40, c: 20, d: 10 };

describe('rows that are drawn', () => {
  it.each([0, 1, 2, 3, 4])('have every class in its share (seed %i)', async (seed) => {
    const { train, test, validation } = await prepareTraining(
      dataset(COUNTS),
      {},
      { seed, auto: settingsForShape },
    );
    if (!(test.y instanceof Int32Array && train.y instanceof Int32Array)) throw new Error('classes');
    expect(tally(test.y, 4)).toEqual([20, 8, 4, 2]);
    expect(tally(train.y, 4)).toEqual([80, 32, 16, 8]);
    const { y } = train;
    const held = Array.from(validation.validationRows ?? [], (row) => Number(y[row]));
    // A tenth of 80, 32, 16 and 8, and 14 in all.
    expect(tally(held, 4)).toEqual([8, 3, 2, 1]);
  });

  it('are others for another seed, and the same for the same one', async () => {
    const places = async (seed: number) => {
      const { test, validation } = await prepareTraining(
        dataset(COUNTS),
        { scale: 'none' },
        { seed, auto: settingsForShape },
      );
      const { x } = test;
      return ['data' in x ? Array.from(x.data) : [], Array.from(validation.validationRows ?? [])];
    };
    const [first, again, other] = await Promise.all([places(1), places(1), places(2)]);
    expect(again).toEqual(first);
    expect(other[0]).not.toEqual(first[0]);
    expect(other[1]).not.toEqual(first[1]);
  });

  it('leave a class of one row in training, and a warning tells', async () => {
    const { train, test, warnings } = await prepareTraining(
      dataset({ ...COUNTS, rare: 1, rarer: 1, two: 2 }),
      {},
      { seed: 0, auto: settingsForShape },
    );
    if (!(test.y instanceof Int32Array && train.y instanceof Int32Array)) throw new Error('classes');
    expect(tally(train.y, 7).slice(4, 6)).toEqual([1, 1]);
    expect(tally(test.y, 7).slice(4, 6)).toEqual([0, 0]);
    expect(warnings).toContain(
      'each of the classes "rare", "rarer" has one row, which stays in training, so no test row has it',
    );
  });

  it('tell of classes that only the test rows have', async () => {
    const { warnings } = await prepareTraining(
      dataset({ a: 10, b: 10, c: 4 }),
      { testRows: '20-23' },
      { seed: 0, auto: settingsForShape },
    );
    expect(warnings).toContain('the class "c" has no training row, so it is not learnt');
  });

  it('are at random where numbers are predicted', async () => {
    const path = folder.path('numbers.csv');
    writeFileSync(path, table({ 1.5: 30, 2.5: 30 }, 'price'));
    const argv = ['--loss', 'mean-squared', '--label', 'price', '--hidden', '4', '--epochs', '1', '--json'];
    const { code, stdout } = await ctre(['train', path, ...argv]);
    expect(code).toBe(0);
    expect(jsonLines(stdout)[0]).toMatchObject({ trainRows: 48, testRows: 12, validation: 0.1 });
  });

  it('are told of on the first lines', async () => {
    const path = folder.path('rare.csv');
    writeFileSync(path, table({ ...COUNTS, rare: 1 }));
    const { stdout } = await ctre(['train', path, '--hidden', '4', '--epochs', '1']);
    expect(stdout).toMatch(/^ {2}test +34 rows \(20 % of the rows, drawn from each class with seed 0\)$/m);
    expect(stdout).toMatch(/^ {2}warning +the class "rare" has one row, which stays in training/m);
  });
});
