import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { randomStream } from '../../../src/base/random.ts';

export const ROWS = 150;
export const COLUMNS = 6;
/** Names that a CSV writer has to quote, and one that it has not. */
export const NAMES = ['oak', 'ash, white', 'the "elm"'];

const random = randomStream(0, 'test/unit/cli');
/** The class of every row. */
export const classes = Array.from({ length: ROWS }, (_, row) => row % NAMES.length);
/** Whole numbers from 0 to 255, a third of them 0: every format holds them exactly. */
export const features = classes.map((label) =>
  Array.from({ length: COLUMNS }, (_, col) =>
    col % 3 === label ? 120 + random.below(136) : Math.max(0, random.below(180) - 60),
  ),
);
export const featureNames = features[0].map((_, col) => `leaf${col}`);

/** A CSV file with a head; without labels only the features. */
export function csv({ labels = classes.map((label) => NAMES[label]), names = featureNames } = {}): string {
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const lines = features.map((row, r) => [...row, ...(labels.length > 0 ? [quote(labels[r])] : [])]);
  return `${[[...names, ...(labels.length > 0 ? ['tree'] : [])], ...lines].map((line) => line.join(',')).join('\n')}\n`;
}

/** LIBSVM text; the zeros are left out. */
export function libsvm(): string {
  const pairs = (row: number[]): string[] =>
    row.flatMap((value, col) => (value === 0 ? [] : [`${col + 1}:${value}`]));
  return `${features.map((row, r) => [classes[r] + 1, ...pairs(row)].join(' ')).join('\n')}\n`;
}

/** An .npy file, version 1.0: bytes in the given shape. */
function npy(shape: readonly number[], values: readonly number[]): Uint8Array {
  const dict = `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const head = `${dict.padEnd(128 - 10 - 1)}\n`;
  return Uint8Array.from([
    0x93,
    ...Buffer.from('NUMPY'),
    1,
    0,
    head.length,
    0,
    ...Buffer.from(head),
    ...values,
  ]);
}

/** An IDX file of bytes. */
function idx(shape: readonly number[], values: readonly number[]): Uint8Array {
  const sizes = shape.flatMap((size) => [0, 0, size >> 8, size & 255]);
  return Uint8Array.from([0, 0, 8, shape.length, ...sizes, ...values]);
}

export const arrays = {
  'X.npy': npy([ROWS, COLUMNS], features.flat()),
  'y.npy': npy([ROWS], classes),
};

/** The same problem in every kind of file, in a folder: their paths. */
export function writeDatasets(folder: string): Record<'csv' | 'npz' | 'npy' | 'libsvm' | 'idx', string> {
  const path = (name: string): string => join(folder, name);
  writeFileSync(path('trees.csv'), csv());
  writeFileSync(path('trees.libsvm'), libsvm());
  writeFileSync(path('trees.npz'), zipSync(arrays));
  mkdirSync(path('arrays'));
  for (const [name, bytes] of Object.entries(arrays)) writeFileSync(join(path('arrays'), name), bytes);
  mkdirSync(path('images'));
  const testRow = 120;
  for (const [name, from, to] of [
    ['train', 0, testRow],
    ['t10k', testRow, ROWS],
  ] as const) {
    const rows = features.slice(from, to);
    writeFileSync(path(`images/${name}-images-idx3-ubyte`), idx([rows.length, 2, 3], rows.flat()));
    writeFileSync(path(`images/${name}-labels-idx1-ubyte`), idx([rows.length], classes.slice(from, to)));
  }
  return {
    csv: path('trees.csv'),
    npz: path('trees.npz'),
    npy: path('arrays/X.npy'),
    libsvm: path('trees.libsvm'),
    idx: path('images'),
  };
}
