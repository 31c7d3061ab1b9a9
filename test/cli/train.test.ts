import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { methods } from '../../src/topology/index.ts';
import { ctre, jsonLines, temporaryFolder } from './harness.ts';
import { ROWS, writeDatasets } from './problem.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const paths = writeDatasets(folder.path(''));
const SMALL = ['--hidden', '10,10', '--epsilon', '2', '--batch-size', '20'];

async function trainJson(...options: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await ctre(['train', paths.csv, ...SMALL, ...options, '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return jsonLines(stdout);
}

describe('ctre train --json', () => {
  it('prints the start, every epoch and the result', async () => {
    const lines = await trainJson('--epochs', '4', '--seed', '3');
    expect(lines.map(({ event }) => event)).toEqual(['start', 'epoch', 'epoch', 'epoch', 'epoch', 'result']);
    expect(lines[0]).toMatchObject({
      dataset: 'trees.csv',
      layers: [6, 10, 10, 3],
      trainRows: 120,
      testRows: 30,
      validation: 0.1,
      scale: 'minmax',
      seed: 3,
    });
    expect(lines[2]).toMatchObject({ epoch: 2, loss: expect.any(Number), valAccuracy: expect.any(Number) });
    expect(Object.keys(lines[5])).toEqual(
      expect.arrayContaining(
        'event method seed nnz density bestValAccuracy bestEpoch testAccuracy finalTestAccuracy seconds trainSeconds evolveSeconds'.split(
          ' ',
        ),
      ),
    );
    for (const [name, value] of Object.entries(lines[5])) {
      if (name !== 'event' && name !== 'method') expect(value, name).toEqual(expect.any(Number));
    }
  });

  it('tells the test accuracy of the best epoch', async () => {
    const lines = await trainJson('--epochs', '8');
    const epochs = lines.filter(({ event }) => event === 'epoch');
    const best = epochs.findLast((epoch) => epoch.best);
    expect(lines.at(-1)).toMatchObject({
      bestEpoch: best?.epoch,
      bestValAccuracy: best?.valAccuracy,
      testAccuracy: best?.testAccuracy,
      finalTestAccuracy: epochs.at(-1)?.testAccuracy,
    });
  });

  it('does the same for the same seed', async () => {
    const losses = async (seed: string): Promise<unknown[]> =>
      (await trainJson('--epochs', '3', '--seed', seed)).map(({ loss }) => loss);
    const first = await losses('5');
    expect(await losses('5')).toEqual(first);
    expect(await losses('6')).not.toEqual(first);
  });

  it.each(Object.keys(methods))('takes one command line for all methods: %s', async (method) => {
    const lines = await trainJson(
      ...['--method', method, '--epochs', '2', '--prune-fraction', '0.3', '--annealing', 'cosine'],
      ...['--seq-patience', '1'],
    );
    expect(lines.at(-1)).toMatchObject({ event: 'result', method });
  });

  it('passes the options on', async () => {
    const { stdout } = await ctre([
      ...['train', paths.csv, '--json', '--epochs', '1', '--hidden', '20,10', '--density', '0.5'],
      ...['--distribution', 'uniform', '--optimizer', 'adam', '--lr', '0.002', '--initializer', 'sparse-he'],
      ...['--gain', '0.5', '--grow-initializer', 'zeros', '--scale', 'standard', '--batch-size', '7'],
    ]);
    expect(jsonLines(stdout)[0]).toMatchObject({
      layers: [6, 20, 10, 3],
      nnzByLayer: [60, 100, 15],
      scale: 'standard',
      initializer: { name: 'sparse-he', gain: 0.5 },
      growInitializer: { name: 'zeros' },
      optimizer: { name: 'adam', learningRate: 0.002 },
      batchSize: 7,
    });
  });

  it('stops early with --patience', async () => {
    const lines = await trainJson('--epochs', '60', '--patience', '2', '--lr', '0');
    expect(lines.at(-1)).toMatchObject({ event: 'result', epochs: 3, bestEpoch: 1 });
  });

  it('can do without validation', async () => {
    const lines = await trainJson('--epochs', '2', '--validation', '0');
    expect(lines[1]).not.toHaveProperty('valAccuracy');
    expect(lines.at(-1)).toMatchObject({ bestValAccuracy: null, testAccuracy: expect.any(Number) });
  });
});

describe('the rows of ctre train', () => {
  const count = Array.from({ length: ROWS }, (_, row) => row);
  const writeSplit = (name: string, split: object): string => {
    writeFileSync(folder.path(name), JSON.stringify(split));
    return folder.path(name);
  };

  it('are as in --split, validation rows included', async () => {
    const path = writeSplit('split.json', {
      train: count.slice(20, 140),
      test: count.slice(0, 20),
      val: count.slice(30, 47),
    });
    const [start] = await trainJson('--epochs', '1', '--split', path);
    expect(start).toMatchObject({ trainRows: 120, validation: { rows: 17 }, testRows: 20, unusedRows: 10 });
  });

  it('leave out what is in train, but neither fit nor validated', async () => {
    const path = writeSplit('parts.json', {
      train: count.slice(20),
      test: count.slice(0, 20),
      val: count.slice(20, 30),
      fit: count.slice(50),
    });
    const [start] = await trainJson('--epochs', '1', '--split', path);
    expect(start).toMatchObject({ trainRows: 110, validation: { rows: 10 }, unusedRows: 20 });
  });

  it('are validated on what fit leaves out', async () => {
    const path = writeSplit('fit.json', {
      train: count.slice(20),
      test: count.slice(0, 20),
      fit: count.slice(25),
    });
    const [start] = await trainJson('--epochs', '1', '--split', path);
    expect(start).toMatchObject({ trainRows: 130, validation: { rows: 5 } });
  });

  it('are tested on the share that --test-fraction says', async () => {
    const [start] = await trainJson('--epochs', '1', '--test-fraction', '0.4');
    expect(start).toMatchObject({ trainRows: 90, testRows: 60 });
  });

  it('are tested on its own test rows where a dataset ships them, unless told otherwise', async () => {
    const shipped = await ctre(['train', paths.idx, ...SMALL, '--epochs', '1', '--json']);
    expect(jsonLines(shipped.stdout)[0]).toMatchObject({ trainRows: 120, testRows: 30, unusedRows: 0 });
    const told = await ctre(['train', paths.idx, ...SMALL, '--epochs', '1', '--json', '--test-rows', '0-9']);
    expect(jsonLines(told.stdout)[0]).toMatchObject({ trainRows: 110, testRows: 10 });
  });
});

describe('ctre train for people', () => {
  it('prints some twenty lines and a table', async () => {
    const { stdout, stderr, code } = await ctre(['train', paths.csv, ...SMALL, '--epochs', '90']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const epochs = stdout.split('\n').filter((line) => line.startsWith('epoch '));
    expect(epochs.length).toBeGreaterThan(15);
    expect(epochs.length).toBeLessThan(25);
    expect(epochs[0]).toMatch(
      /^epoch {2}1\/90 {2}loss \d\.\d{4} {2}val \d\.\d{4} {2}best \d\.\d{4} {2}.+ left$/,
    );
    expect(stdout).toContain('20 % of the rows, drawn with seed 0');
    expect(stdout).toMatch(/│ test accuracy at best epoch +│ +\d\.\d{4} │/);
    // Colours and the bar are for terminals.
    expect(stdout).not.toMatch(/\p{Cc}(?<!\n)/u);
  });

  it('shows a bar on a terminal and leaves the cursor below it', async () => {
    const { stdout } = await ctre(['train', paths.csv, ...SMALL, '--epochs', '3'], { isTTY: true });
    expect(stdout).toMatch(/█+ 3\/3 {2}loss/);
    expect(stdout).toMatch(/left[^\n]*\n\n┌/);
    expect(stdout).not.toMatch(/^epoch/m);
  });

  it('generates a problem when no dataset is named', async () => {
    const { stdout, code } = await ctre(['train', '--epochs', '1', '--method', 'static']);
    expect(code).toBe(0);
    expect(stdout).toContain('generated problem: 2600 rows × 500 features, 2 classes');
  });
});

describe('Ctrl-C', () => {
  it.each([[true], [false]])(
    'ends training with code 130 and saves nothing (terminal: %s)',
    async (isTTY) => {
      const out = folder.path('interrupted.safetensors');
      const { code, stdout, stderr } = await ctre(
        ['train', paths.csv, ...SMALL, '--epochs', '100000', '--out', out],
        { isTTY, interruptAt: /[1-9]\d*\/100000/ },
      );
      expect(code).toBe(130);
      expect(stderr).toMatch(/^ctre: stopped in epoch \d+; nothing was saved\n$/);
      expect(stdout.endsWith('\n')).toBe(true);
      expect(existsSync(out)).toBe(false);
    },
  );
});
