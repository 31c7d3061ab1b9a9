import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { applyScaler, fitScaler, readDataset, syntheticDataset, takeRows } from '../../../src/data/index.ts';
import { CsrMatrix, optimizer, SparseMLP, topology } from '../../../src/index.ts';
import type { DenseMatrix } from '../../../src/matrix/denseMatrix.ts';
import { effort, runRandom, runSeed } from '../../support/effort.ts';
import { ctre, jsonLines, jsonRows, temporaryFolder } from './harness.ts';
import { COLUMNS, csv, featureNames } from './problem.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

/** The positions of the largest numbers, largest first. */
const largest = (numbers: Float64Array, count: number): number[] =>
  [...numbers.keys()].sort((a, b) => numbers[b] - numbers[a]).slice(0, count);

describe('inputImportance', () => {
  it.each([
    ['sparse', [3, 0, -4, 0, 0, 0, -1, 0, 2], [4, 0, 6]],
    ['with every connection', [3, 1, -4, -2, 5, 1, -1, 6, 2], [6, 12, 7]],
  ])('adds the magnitudes of an input’s weights: %s', async (_, values, expected) => {
    const weights = CsrMatrix.fromDense({ rows: 3, cols: 3, data: Float32Array.from(values) });
    const last = CsrMatrix.fromDense({ rows: 2, cols: 3, data: Float32Array.of(9, 9, 9, 9, 9, 9) });
    const model = await SparseMLP.fromWeights([
      { weights, bias: [7, 7, 7] },
      { weights: last, bias: [0, 0] },
    ]);
    expect([...model.inputImportance()]).toEqual(expected);
    model.dispose();
    expect(() => model.inputImportance()).toThrow(/disposed/);
  });

  const base = Math.floor(1e6 * runRandom('features').next());
  it.each(Array.from({ length: effort(3, 20) }, (_, index) => base + index))(
    `finds the features that matter among the noise: problem and network of seed %i (CTRE_SEED=${runSeed})`,
    async (seed) => {
      const problem = syntheticDataset({ rows: 1000, redundant: 5, noise: 80, seed });
      const { informativeColumns, redundantColumns } = problem;
      const x = applyScaler(fitScaler('standard', problem.x), problem.x);
      const layers = [x.cols, 100, 100, 2];
      const model = await SparseMLP.create({ layers, epsilon: 5, topology: topology.ctreSim(), seed });
      const options = { epochs: effort(25, 40), batchSize: 50 };
      const before = model.inputImportance();
      await model.fit(x, problem.labels, options);
      const chosen = largest(model.inputImportance(), 10);
      const meaningful = new Set([...informativeColumns, ...redundantColumns]);
      const found = chosen.filter((column) => meaningful.has(column)).length;
      expect(found, `informative or redundant among the first ten: ${chosen}`).toBeGreaterThanOrEqual(9);
      const coordinates = [...informativeColumns].filter((column) => chosen.includes(column)).length;
      expect(coordinates, `of ${informativeColumns} among ${chosen}`).toBeGreaterThanOrEqual(4);
      const early = largest(before, 10).filter((column) => meaningful.has(column)).length;
      expect(early, 'before training it knows nothing').toBeLessThan(9);
      model.dispose();
    },
  );
});

describe('ctre features', () => {
  const model = folder.path('trees.safetensors');
  const train = async (...argv: string[]): Promise<void> => {
    const { code, stderr } = await ctre([
      ...['train', ...argv, '--hidden', '8', '--epsilon', '2', '--epochs', '3', '--out', model, '--json'],
    ]);
    expect([code, stderr]).toEqual([0, '']);
  };

  it('ranks them with the names that the file has', async () => {
    writeFileSync(folder.path('trees.csv'), csv());
    await train(folder.path('trees.csv'));
    const { code, stdout } = await ctre(['features', model, '--json']);
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    const network = await SparseMLP.load(new Uint8Array(readFileSync(model)), { prepared: true });
    const { weights } = network.layers[0];
    const dense = weights.toDense();
    const sum = (input: number, of: (weight: number) => number): number =>
      Array.from({ length: dense.rows }, (_, i) => of(dense.data[i * dense.cols + input])).reduce(
        (a, b) => a + b,
      );
    expect(lines.map(({ rank }) => rank)).toEqual(Array.from({ length: COLUMNS }, (_, place) => place + 1));
    for (const [place, { feature, name, importance, connections }] of lines.entries()) {
      expect(name).toBe(featureNames[Number(feature)]);
      expect(importance).toBeCloseTo(sum(Number(feature), Math.abs), 12);
      expect(connections).toBe(sum(Number(feature), (weight) => (weight === 0 ? 0 : 1)));
      if (place > 0) expect(importance).toBeLessThanOrEqual(Number(lines[place - 1].importance));
    }
    network.dispose();
    const text = await ctre(['features', model, '--top', '2']);
    expect(text.stdout).toContain(String(lines[0].name));
    expect(text.stdout).toContain(String(lines[1].name));
    expect(text.stdout).not.toContain(String(lines[2].name));
    expect(text.stdout).toContain(`2 of ${COLUMNS} features`);
  });

  it('ranks by attribution over the rows of a dataset, of a split those to train on', async () => {
    writeFileSync(folder.path('trees.csv'), csv());
    await train(folder.path('trees.csv'));
    const lists = { train: [0, 2, 5, 9], test: [1, 3] };
    writeFileSync(folder.path('split.json'), JSON.stringify(lists));
    const dataset = readDataset({ 'trees.csv': new Uint8Array(readFileSync(folder.path('trees.csv'))) });
    const network = await SparseMLP.load(new Uint8Array(readFileSync(model)), { prepared: true });
    const rowsOf = (x: DenseMatrix, rows: readonly number[]) =>
      takeRows(x, Int32Array.from(rows)) as DenseMatrix;
    for (const [argv, rows] of [
      [[], [...dataset.labels.keys()]],
      [
        ['--by', 'attribution', '--rows', '2-4'],
        [2, 3, 4],
      ],
      [['--split', folder.path('split.json')], lists.train],
    ] as const) {
      const { code, stdout } = await ctre(['features', model, folder.path('trees.csv'), '--json', ...argv]);
      expect(code).toBe(0);
      const { cols, data } = rowsOf(dataset.x as DenseMatrix, rows);
      const arrays = rows.map((_, row) => Array.from(data.subarray(row * cols, (row + 1) * cols)));
      const x = network.pipeline?.transform(arrays).x ?? dataset.x;
      const y = rows.map((row) => dataset.labels[row]);
      const sums = network.inputImportance({ by: 'attribution', x, y });
      const lines = jsonRows(stdout);
      expect(lines).toHaveLength(COLUMNS);
      for (const { feature, importance } of lines) {
        expect(importance).toBeCloseTo(sums[Number(feature)] / rows.length, 12);
      }
    }
    network.dispose();
    const text = await ctre(['features', model, folder.path('trees.csv'), '--rows', '2-4']);
    expect(text.stdout).toContain('mean |∂logit/∂input|');
    expect(text.stdout).toContain('over 3 rows: rows 2-4');
  });

  it('ranks by number where there are no names', async () => {
    await train('--epsilon', '1');
    const { stdout } = await ctre(['features', model]);
    expect(stdout).toContain('20 of 500 features');
    expect(stdout).not.toContain('name');
  });

  it.each([
    ['no model', ['features'], /expected ctre features <model.safetensors>/],
    ['a missing one', ['features', 'nowhere.safetensors'], /there is no "nowhere.safetensors"/],
    ['something else', ['features', folder.path('trees.csv')], /trees\.csv/],
    ['no rows', ['features', model, '--by', 'attribution'], /--by attribution is over rows; name a dataset/],
    ['rows for strength', ['features', model, 'x.csv', '--by', 'strength'], /needs the model only/],
    ['rows of nothing', ['features', model, '--rows', '0-1'], /--rows is for a dataset, and none is named/],
    ['none wanted', ['features', model, '--top', '0'], /--top is 0; expected an integer from 1 up/],
  ])('takes mistakes for what they are: %s', async (_, argv, sentence) => {
    const { code, stdout, stderr } = await ctre(argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('ctre features --unsupervised', () => {
  const random = runRandom('unsupervised');
  const ROWS = 300;
  // Three columns are one thing that is measured three times.
  const table = Array.from({ length: ROWS }, () => {
    const hidden = random.next();
    const near = () => hidden + 0.05 * random.next();
    return [random.next(), near(), random.next(), near(), near(), random.next(), random.next() > 0.5 ? 1 : 0];
  });
  const names = ['n1', 'a', 'n2', 'b', 'c', 'n3', 'label'];
  const path = folder.path('table.csv');
  writeFileSync(path, [names, ...table].map((row) => `${row.join(',')}\n`).join(''));
  const few = ['--hidden', '20', '--epochs', '30', '--batch-size', '20', '--lr', '0.3'];

  /** The same by the API, from the rows as numbers: the importance of every column. */
  async function importanceOf(rows: readonly (readonly number[])[]): Promise<number[]> {
    const cols = rows[0].length;
    const low = rows[0].map((_, col) => Math.min(...rows.map((row) => row[col])));
    const high = rows[0].map((_, col) => Math.max(...rows.map((row) => row[col])));
    const scaled = rows.map((row) => row.map((value, col) => (value - low[col]) / (high[col] - low[col])));
    const model = await SparseMLP.create({
      layers: [cols, 20, cols],
      epsilon: 13,
      topology: topology.set({ pruneFraction: 0.2 }),
      seed: 0,
    });
    await model.fit(scaled, 'x', {
      epochs: 30,
      batchSize: 20,
      denoise: { kind: 'gaussian', amount: 0.2 },
      optimizer: optimizer.sgd({ learningRate: 0.3, weightDecay: 0 }),
    });
    const importance = [...model.inputImportance()];
    model.dispose();
    return importance;
  }

  it('ranks the columns of a table by the strength that they have in an autoencoder', async () => {
    const out = folder.path('autoencoder.safetensors');
    const argv = ['features', '--unsupervised', path, '--label', 'label', ...few];
    const { code, stdout, stderr } = await ctre([...argv, '--json', '--out', out]);
    expect([code, stderr]).toEqual([0, '']);
    const lines = jsonRows(stdout);
    const expected = await importanceOf(table.map((row) => row.slice(0, 6)));
    for (const { feature, name, importance } of lines) {
      expect(importance).toBe(expected[Number(feature)]);
      expect(name).toBe(names[Number(feature)]);
    }
    const order = [...expected.keys()].sort((a, b) => expected[b] - expected[a]);
    expect(lines.map(({ feature }) => feature)).toEqual(order);
    // What it has saved is a model like any other, with the same ranking.
    const again = await ctre(['features', out, '--json']);
    expect(jsonLines(again.stdout)).toEqual(lines);
    const text = await ctre([...argv, '--top', '3']);
    expect(text.stdout).toMatch(/epoch 30\/30 {2}loss 0\.\d+/);
    expect(text.stdout).toContain('3 of 6 features; 0 have no connection. Trained on all rows, 300 of them');
  });

  it('takes every column where no label is named, and says so of one that looks like labels', async () => {
    const rows = ['--rows', '10-59'];
    const { code, stdout, stderr } = await ctre([
      'features',
      '--unsupervised',
      path,
      ...few,
      ...rows,
      '--json',
    ]);
    expect([code, stderr]).toEqual([0, '']);
    expect(jsonLines(stdout)[0].warnings).toEqual([
      'column 7 "label" is taken as a feature; --label label leaves it out',
    ]);
    const expected = await importanceOf(table.slice(10, 60));
    const lines = jsonRows(stdout);
    expect(lines).toHaveLength(7);
    for (const { feature, importance } of lines) expect(importance).toBe(expected[Number(feature)]);
  });

  it('reads bytes, needs no label file, and leaves the test rows of the dataset alone', async () => {
    const picture = (seed: number) => Array.from({ length: 16 }, (_, pixel) => (seed * (pixel + 3)) % 256);
    const images = (rows: number, first: number) => {
      const pixels = Array.from({ length: rows }, (_, row) => picture(first + row)).flat();
      return Uint8Array.from([0, 0, 8, 3, ...[rows, 4, 4].flatMap((n) => [0, 0, 0, n]), ...pixels]);
    };
    const set = folder.path('pictures');
    mkdirSync(set);
    writeFileSync(`${set}/train-images-idx3-ubyte`, images(60, 1));
    writeFileSync(`${set}/t10k-images-idx3-ubyte`, images(20, 900));
    const { code, stdout, stderr } = await ctre(['features', '--unsupervised', set, ...few, '--json']);
    expect([code, stderr]).toEqual([0, '']);
    const text = await ctre(['features', '--unsupervised', set, ...few]);
    expect(text.stdout).toContain('Trained on all rows, 60 of them, without labels.');
    const expected = await importanceOf(Array.from({ length: 60 }, (_, row) => picture(1 + row)));
    for (const { feature, importance } of jsonRows(stdout)) {
      expect(importance).toBe(expected[Number(feature)]);
    }
  });

  it('stops by Ctrl-C, and leaves nothing', async () => {
    const out = folder.path('never.safetensors');
    const argv = ['features', '--unsupervised', path, ...few, '--epochs', '100000', '--out', out];
    const { code, stderr } = await ctre(argv, { interruptAt: /epoch +1\// });
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/stopped in epoch \d+; nothing was saved/);
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    ['no dataset', ['--unsupervised'], /expected ctre features/],
    ['a model and a dataset', ['--unsupervised', 'a.safetensors', path], /takes a dataset and no model/],
    [
      'attribution',
      ['--unsupervised', path, '--by', 'attribution'],
      /is of classes, and --unsupervised looks/,
    ],
    ['a setting without a training', ['a.safetensors', '--noise', '0.1'], /--noise is for --unsupervised/],
    ['the dataset as --out', ['--unsupervised', path, '--out', path], /table\.csv/],
    ['no neurons', ['--unsupervised', path, '--hidden', '0'], /--hidden is 0; expected an integer from 1 up/],
  ])('takes mistakes for what they are: %s', async (_, argv, sentence) => {
    const { code, stdout, stderr } = await ctre(['features', ...argv]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
