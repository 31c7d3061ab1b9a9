import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loss, SparseMLP } from '../../../src/index.ts';
import { ctre, jsonLines, jsonRows, temporaryFolder } from './harness.ts';
import { classes, csv, featureNames, features, NAMES, ROWS, writeDatasets } from './problem.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const paths = writeDatasets(folder.path(''));
const SMALL = ['--hidden', '12,12', '--epsilon', '3', '--epochs', '25', '--lr', '0.05', '--batch-size', '10'];

describe.each([
  { format: 'csv', rows: ['--rows', '120-149'], testRows: ['--test-rows', '120-149'], labels: NAMES },
  { format: 'npz', rows: ['--rows', '120-149'], testRows: ['--test-rows', '120-149'], labels: [0, 1, 2] },
  { format: 'npy', rows: ['--rows', '120-149'], testRows: ['--test-rows', '120-149'], labels: [0, 1, 2] },
  { format: 'libsvm', rows: ['--rows', '120-149'], testRows: ['--test-rows', '120-149'], labels: [1, 2, 3] },
  { format: 'idx', rows: [], testRows: [], labels: [0, 1, 2] },
] as const)('train, evaluate and predict on $format', ({ format, rows, testRows, labels }) => {
  const model = folder.path(`${format}.safetensors`);
  const truth = classes.slice(120).map((label) => labels[label]);
  let accuracy = 0;

  beforeAll(async () => {
    const { code, stdout, stderr } = await ctre([
      ...['train', paths[format], ...testRows, ...SMALL, '--out', model, '--json'],
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    accuracy = Number(jsonLines(stdout).at(-1)?.testAccuracy);
  });

  it('learns, so that agreement means something', () => expect(accuracy).toBeGreaterThan(0.8));

  it('evaluates to the accuracy that training told', async () => {
    const { stdout } = await ctre(['evaluate', model, paths[format], ...rows, '--json']);
    const [evaluation] = jsonLines(stdout);
    expect(evaluation).toMatchObject({ event: 'evaluation', rows: 30, accuracy });
    const perClass = evaluation.classes as { label: unknown; rows: number; correct: number }[];
    expect(perClass.map(({ label }) => String(label))).toEqual([...labels].map(String).sort());
    expect(perClass.map((one) => one.rows)).toEqual([10, 10, 10]);
    expect(perClass.reduce((sum, { correct }) => sum + correct, 0)).toBe(Math.round(30 * accuracy));
  });

  it('predicts labels of that accuracy', async () => {
    const { stdout } = await ctre(['predict', model, paths[format], ...rows, '--json']);
    const lines = jsonRows(stdout);
    const correct = lines.filter(({ label }, position) => label === truth[position]);
    expect(lines).toHaveLength(30);
    expect(correct.length / 30).toBe(accuracy);
  });
});

describe('ctre predict', () => {
  const model = folder.path('csv.safetensors');

  it('writes one label a line, quoted where a CSV reader needs that', async () => {
    const { stdout } = await ctre(['predict', model, paths.csv, '--rows', '0-2']);
    const quoted = ['oak', '"ash, white"', '"the ""elm"""'];
    expect(stdout.split('\n')).toHaveLength(4);
    for (const line of stdout.trimEnd().split('\n')) expect(quoted).toContain(line);
  });

  it('needs no labels, and passes over those that the model does not know', async () => {
    const expected = (await ctre(['predict', model, paths.csv])).stdout;
    const variants = {
      'unlabelled.csv': csv({ labels: [] }),
      'unknown.csv': csv({ labels: classes.map((label) => `tree ${label}`) }),
    };
    for (const [name, text] of Object.entries(variants)) {
      writeFileSync(folder.path(name), text);
      const { stdout, stderr } = await ctre(['predict', model, folder.path(name)]);
      expect(stderr).toBe('');
      expect(stdout).toBe(expected);
    }
    expect(expected.trimEnd().split('\n')).toHaveLength(ROWS);
  });

  it('tells probabilities, as CSV with row numbers', async () => {
    const { stdout } = await ctre(['predict', model, paths.csv, '--rows', '7-9', '--probabilities']);
    const [head, ...lines] = stdout.trimEnd().split('\n');
    expect(head).toBe('row,label,"ash, white",oak,"the ""elm"""');
    expect(lines.map((line) => line.split(',')[0])).toEqual(['7', '8', '9']);
    for (const line of lines) {
      const shares = line.split(',').slice(-3).map(Number);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    }
  });

  it('writes to a file in one step, and then nothing to the screen', async () => {
    const out = folder.path('predictions.csv');
    const { stdout } = await ctre(['predict', model, paths.csv, '--rows', '0-4', '--out', out]);
    expect(stdout).toBe('');
    expect(readFileSync(out, 'utf8').split('\n').slice(0, 2)).toEqual([
      'row,label',
      expect.stringMatching(/^0,/),
    ]);
    expect(readdirSync(folder.path('')).filter((name) => name.startsWith('.ctre'))).toEqual([]);
  });
});

describe('ctre evaluate --split', () => {
  it('takes the test rows of the split', async () => {
    const split = folder.path('split.json');
    const rows = Array.from({ length: ROWS }, (_, row) => row);
    writeFileSync(split, JSON.stringify({ train: rows.slice(40), test: rows.slice(3, 40) }));
    const argv = ['evaluate', folder.path('csv.safetensors'), paths.csv, '--json'];
    const [whole] = jsonLines((await ctre([...argv, '--split', split])).stdout);
    const [same] = jsonLines((await ctre([...argv, '--rows', '3-39'])).stdout);
    expect(whole).toMatchObject({ rows: 37, accuracy: same.accuracy, loss: same.loss });
  });
});

describe('ctre evaluate', () => {
  const argv = ['evaluate', folder.path('csv.safetensors'), paths.csv, '--rows', '110-149'];

  it('tells precision, recall and F1 of every class, their means, and which class is taken for which', async () => {
    const [evaluation] = jsonLines((await ctre([...argv, '--json'])).stdout);
    const { labelNames, x, y } = await readRows(110, 150);
    const bytes = new Uint8Array(readFileSync(folder.path('csv.safetensors')));
    using model = await SparseMLP.load(bytes, { prepared: true });
    expect(evaluation).toMatchObject({ event: 'evaluation', ...model.metrics(x, y) });
    expect(evaluation.taken).toMatchObject({ format: 'CSV', label: { number: 7, name: 'tree' } });
    expect(evaluation.warnings).toEqual([]);
    const {
      classes: scores,
      confusion,
      macro,
    } = evaluation as {
      classes: { label: string; rows: number; predicted: number; precision: number }[];
      confusion: number[][];
      macro: { f1: number };
    };
    expect(scores.map(({ label }) => label)).toEqual(labelNames);
    const { stdout } = await ctre(argv);
    const [{ label, rows, predicted, precision }] = scores;
    expect(stdout).toMatch(
      new RegExp(`│ ${label} +│ +${rows} +│ +${predicted} +│ +${precision.toFixed(4)} `),
    );
    expect(stdout).toMatch(new RegExp(`│ mean +│ +│ +│.*${macro.f1.toFixed(4)} +│`));
    const counts = confusion[1].map((n) => ` +${n} `).join('│');
    expect(stdout).toMatch(new RegExp(`│ ${labelNames[1]} +│${counts}│`));
    expect(stdout).toMatch(
      /log loss +\d\.\d{4}\n {2}accuracy +\d\.\d{4}\n {2}balanced accuracy +\d\.\d{4}\n/,
    );
  });

  it('is refused where a model wants numbers, and the labels are names; predict needs no labels', async () => {
    const path = folder.path('numbers.safetensors');
    using model = await SparseMLP.create({ layers: [6, 3], loss: loss.meanSquared() });
    writeFileSync(path, model.save());
    const evaluated = await ctre(['evaluate', path, paths.csv]);
    expect([evaluated.code, evaluated.stderr]).toEqual([
      2,
      expect.stringMatching(/the dataset has 8 features; the model was trained on 6/),
    ]);
    const predicted = await ctre(['predict', path, paths.csv, '--rows', '0-1', '--json']);
    expect(jsonRows(predicted.stdout).map(({ values }) => (values as number[]).length)).toEqual([3, 3]);
  });
});

/** Rows of the problem as the model's training scaled them, with the codes of its classes. */
async function readRows(from: number, to: number) {
  using model = await SparseMLP.load(new Uint8Array(readFileSync(folder.path('csv.safetensors'))));
  const { labelNames } = model.metadata as { labelNames: string[] };
  // Min–max by hand: the model's own pipeline would prove nothing.
  const columns = model.pipeline?.columns ?? [];
  const scales = columns.map(({ encoding }) => encoding as unknown as { offset: number; scale: number });
  const data = features
    .slice(from, to)
    .flatMap((row) => row.map((value, col) => (value - scales[col].offset) / scales[col].scale));
  const x = { rows: to - from, cols: 6, data: Float32Array.from(data) };
  const y = classes.slice(from, to).map((label) => labelNames.indexOf(NAMES[label]));
  return { labelNames, x, y };
}

describe('a model that a program saved without notes', () => {
  it('has numbered classes and takes features as they are', async () => {
    const path = folder.path('plain.safetensors');
    const model = await SparseMLP.create({ layers: [6, 8, 3], epsilon: 2, seed: 1 });
    writeFileSync(path, model.save());
    const x = { rows: ROWS, cols: 6, data: Float32Array.from(features.flat()) };
    const expected = model.evaluate(x, classes);
    model.dispose();
    const { stdout } = await ctre(['evaluate', path, paths.npz, '--json']);
    expect(jsonLines(stdout)[0]).toMatchObject({ ...expected, rows: ROWS });
  });
});

describe('a saved model', () => {
  it('keeps label names, feature names, scaler and the name of its dataset', async () => {
    const model = await SparseMLP.load(new Uint8Array(readFileSync(folder.path('csv.safetensors'))));
    const { metadata } = model;
    model.dispose();
    expect(metadata).toMatchObject({ labelNames: [...NAMES].sort(), featureNames, dataset: 'trees.csv' });
    const { columns } = metadata.pipeline as { columns: { name: string; encoding: object }[] };
    expect(columns.map(({ name }) => name)).toEqual(featureNames);
    expect(columns[0].encoding).toMatchObject({ kind: 'number', indicator: false });
    expect(JSON.parse(String(metadata.scaler))).toMatchObject({ kind: 'none' });
  });

  it('replaces an older one of the same name', async () => {
    const out = folder.path('twice.safetensors');
    for (const seed of ['1', '2']) {
      await ctre(['train', paths.csv, ...SMALL, '--epochs', '1', '--seed', seed, '--out', out, '--json']);
    }
    expect(existsSync(out)).toBe(true);
    const { stdout } = await ctre(['evaluate', out, paths.csv]);
    expect(stdout).toContain('may have been trained on some of these rows');
  });
});
