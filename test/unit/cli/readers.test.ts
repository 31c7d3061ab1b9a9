import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { npy, zip } from '../../hard/fuzz/datasets.ts';
import { ctre, PROGRAM, temporaryFolder } from './harness.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const SMALL = ['--hidden', '8', '--epsilon', '2', '--epochs', '1', '--json'];
const rows = Array.from({ length: 40 }, (_, row) => [row % 7, (row * row) % 11, row % 2]);
const features = rows.map(([a, b]) => `${a} ${b} `).join('\n');
const labels = rows.map(([, , label]) => label).join('\n');

function write(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  mkdirSync(folder.path(name));
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder.path(name), file), content);
  return folder.path(name);
}

async function started(path: string, ...argv: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await ctre(['train', path, ...SMALL, ...argv]);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout.split('\n')[0]);
}

const pair = write('pair', {
  'm_train.data': features,
  'm_train.labels': labels,
  'm_valid.data': features,
  'm_valid.labels': labels,
  'm_test.data': features,
});
const sparse = write('sparse', {
  'X.npz': zip({
    'data.npy': npy('|u1', [40], new Uint8Array(40).fill(1)),
    'indices.npy': npy(
      '|u1',
      [40],
      Uint8Array.from({ length: 40 }, (_, row) => row % 3),
    ),
    'indptr.npy': npy(
      '|u1',
      [41],
      Uint8Array.from({ length: 41 }, (_, row) => row),
    ),
    'format.npy': npy('|S3', [], new TextEncoder().encode('csr')),
    'shape.npy': npy('|u1', [2], Uint8Array.of(40, 3)),
  }),
  'y.npy': npy(
    '|u1',
    [40],
    Uint8Array.from({ length: 40 }, (_, row) => row % 2),
  ),
});

describe('a dataset of several files', () => {
  it.each([
    ['a folder of a pair', pair],
    ['one file of a pair', join(pair, 'm_train.data')],
  ])('is read from %s, with its test part', async (_, path) => {
    expect(await started(path)).toMatchObject({ features: 2, classes: 2, trainRows: 40, testRows: 40 });
  });

  it('is read from the test file alone, where this is named', async () => {
    expect(await started(join(pair, 'm_valid.data'))).toMatchObject({ trainRows: 32, testRows: 8 });
  });

  it.each([
    ['a folder of a sparse matrix and its labels', sparse],
    ['the matrix alone', join(sparse, 'X.npz')],
  ])('is read from %s', async (_, path) => {
    expect(await started(path)).toMatchObject({ features: 3, classes: 2, trainRows: 32 });
  });

  it('is asked for where half of it is missing', async () => {
    const { code, stderr } = await ctre(['train', join(pair, 'm_test.data'), ...SMALL]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('"m_test.labels", or name the column of the labels with --label');
  });
});

describe('options of readers', () => {
  const svm = folder.path('a.svm');
  writeFileSync(svm, rows.map(([a, , label]) => `${label} 1:${a} 2:1`).join('\n'));
  const numbered = folder.path('a.csv');
  writeFileSync(numbered, `id,a,b,label\n${rows.map((row, at) => [at, ...row].join()).join('\n')}`);

  it('say what indices count from', async () => {
    expect(await started(svm)).toMatchObject({ features: 2 });
    expect(await started(svm, '--index-base', '0')).toMatchObject({ features: 3 });
  });

  it('keep row numbers', async () => {
    expect(await started(numbered)).toMatchObject({ features: 2 });
    expect(await started(numbered, '--keep-row-numbers')).toMatchObject({ features: 3 });
  });
});

describe('standard input', () => {
  const fromInput = (input: string): string =>
    execFileSync(process.execPath, [PROGRAM, 'train', '-', ...SMALL], { input, stdio: 'pipe' }).toString();

  it('is a dataset by its content', () => {
    const [first] = fromInput(rows.map((row) => row.join()).join('\n')).split('\n');
    expect(JSON.parse(first)).toMatchObject({ features: 2, trainRows: 32 });
  });

  it('is refused where nothing comes', () => {
    expect(() => fromInput('')).toThrow(/standard input is empty/);
  });
});
