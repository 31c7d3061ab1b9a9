import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ctre, jsonLines } from '../unit/cli/harness.ts';

const folder = process.env.CTRE_DATA_DIR ?? '';
const SMALL = ['--hidden', '50,50', '--epochs', '1', '--json'];

describe.skipIf(folder === '')('ctre train on real data (skipped unless CTRE_DATA_DIR is set)', () => {
  it.each([
    {
      argv: ['madelon.mat', '--test-rows', '2000-2599', '--scale', 'standard'],
      start: { layers: [500, 50, 50, 2], trainRows: 2000, validation: 0.1, testRows: 600, scale: 'standard' },
    },
    {
      argv: ['PCMAC.mat', '--split', join(folder, 'splits/PCMAC.json')],
      start: {
        layers: [3289, 50, 50, 2],
        trainRows: 1555,
        validation: { rows: 156 },
        testRows: 388,
        unusedRows: 0,
      },
    },
    {
      argv: ['mnist'],
      start: {
        layers: [784, 50, 50, 10],
        trainRows: 60000,
        validation: 0.1,
        testRows: 10000,
        scale: 'minmax',
      },
    },
  ])('$argv.0', async ({ argv: [name, ...options], start }) => {
    const { code, stdout, stderr } = await ctre(['train', join(folder, name), ...options, ...SMALL]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = jsonLines(stdout);
    expect(lines[0]).toMatchObject(start);
    expect(lines.at(-1)).toMatchObject({ event: 'result', finalTestAccuracy: expect.any(Number) });
  });
});
