import { existsSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { methods } from '../../src/topology/index.ts';
import { ctre, jsonLines, temporaryFolder } from './harness.ts';
import { classes, ROWS, writeDatasets } from './problem.ts';

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
    const [start] = await trainJson(
      ...['--epochs', '1', '--density', '0.5', '--distribution', 'uniform', '--optimizer', 'adam', '--lr', '0.002'],
      ...['--initializer', 'sparse-he', '--gain', '0.5', '--grow-initializer', 'zeros', '--scale', 'standard'],
    ).catch(() => []);
    expect(start).toBeUndefined();
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
