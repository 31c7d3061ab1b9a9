// Files of bytes that stay bytes, and what is done with them before they are learnt.
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { applyScaler, fitScaler, readDataset, relabel, takeRows } from '../../../src/data/index.ts';
import { isByteMatrix, toNumbers } from '../../../src/matrix/byteMatrix.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import type { SampleMatrix } from '../../../src/matrix/samples.ts';
import { cases, errorOf, rowsOf } from './cases.ts';

const numbersOf = (x: SampleMatrix): number[][] => rowsOf(isByteMatrix(x) ? toNumbers(x) : x);

/** An IDX file of bytes. */
function idx(shape: readonly number[], content: Uint8Array): Uint8Array {
  const head = [
    0,
    0,
    8,
    shape.length,
    ...shape.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]),
  ];
  const file = new Uint8Array(head.length + content.length);
  file.set(head);
  file.set(content, head.length);
  return file;
}

describe('the option bytes', () => {
  it.each(cases.map((one) => [one.name, one] as const))('changes no value: %s', (_, { files, x, test }) => {
    const dataset = readDataset(files, { bytes: true });
    expect(numbersOf(dataset.x)).toEqual(x);
    expect(dataset.test && numbersOf(dataset.test.x)).toEqual(test?.x);
    const plain = readDataset(files);
    expect({ ...dataset, x: 0, test: dataset.test?.labels }).toEqual({
      ...plain,
      x: 0,
      test: plain.test?.labels,
    });
    expect(isByteMatrix(plain.x)).toBe(false);
  });

  it('keeps the bytes of each format that has some', () => {
    const kept = cases.filter(({ files }) => isByteMatrix(readDataset(files, { bytes: true }).x));
    const names = kept.map(({ name }) => name).join(', ');
    for (const format of ['idx', 'npy u1 C', 'npy u1 F', 'mat uint8']) expect(names).toContain(format);
  });

  it('makes a view of the file, so that nothing is there twice', () => {
    const images = idx([2, 2, 2], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 255));
    const { x } = readDataset({ 'train-images-idx3-ubyte': images }, { unlabelled: true, bytes: true });
    expect(x).toMatchObject({ rows: 2, cols: 4 });
    expect(isByteMatrix(x) && x.data.buffer).toBe(images.buffer);
  });

  it('reads packed bytes whose numbers the default limit has no room for', () => {
    // 22 500 pictures of the size of CIFAR-10's. All 60 000 are 184 MB packed, and 921 MB with their numbers.
    const rows = 22_500;
    const images = idx([rows, 3072], new Uint8Array(rows * 3072).fill(7));
    // Stored, not deflated: data that do not compress.
    const files = { 'train-images-idx3-ubyte.gz': new Uint8Array(gzipSync(images, { level: 0 })) };
    expect(errorOf(() => readDataset(files, { unlabelled: true })).code).toBe('E_MEMORY');
    const { x } = readDataset(files, { unlabelled: true, bytes: true });
    expect(x).toMatchObject({ rows, cols: 3072 });
    expect(isByteMatrix(x) && x.data.byteLength).toBe(rows * 3072);
  });

  it('is true or false', () => {
    const files = { 'a.csv': new TextEncoder().encode('1,2\n3,4\n') };
    expect(errorOf(() => readDataset(files, { bytes: 1 as never })).message).toContain(
      'the option bytes is 1; expected true or false',
    );
    expect(readDataset(files, { bytes: true }).x).toEqual(readDataset(files).x);
  });
});

const data = Uint8Array.of(0, 255, 7, 10, 255, 9, 20, 255, 200, 250, 255, 31);
const bytes = { rows: 4, cols: 3, data };
const numbers = { rows: 4, cols: 3, data: Float32Array.from(data) };

describe('scalers of bytes', () => {
  it.each(['minmax', 'standard', 'none'] as const)(
    'are those of the numbers, and scale alike: %s',
    (kind) => {
      for (const rows of [undefined, [0, 2, 3]]) {
        const scaler = fitScaler(kind, bytes, rows);
        expect(scaler).toEqual(fitScaler(kind, numbers, rows));
        const scaled = applyScaler(scaler, bytes);
        expect(isByteMatrix(scaled) && scaled.data.buffer).toBe(data.buffer);
        expect(numbersOf(scaled)).toEqual(rowsOf(applyScaler(scaler, numbers)));
      }
    },
  );

  it('leave bytes that are scaled already as float32 numbers', () => {
    const once = { ...bytes, offset: 3, scale: [255, 7, 1] };
    const asNumbers = toNumbers(once);
    const scaler = fitScaler('standard', once);
    expect(scaler).toEqual(fitScaler('standard', asNumbers));
    const twice = applyScaler(scaler, once);
    expect(isByteMatrix(twice)).toBe(false);
    expect(numbersOf(twice)).toEqual(rowsOf(applyScaler(scaler, asNumbers)));
    const same = applyScaler(fitScaler('none', once), once);
    expect(isByteMatrix(same)).toBe(true);
    expect(numbersOf(same)).toEqual(rowsOf(asNumbers));
  });

  it('have as many columns as the bytes', () => {
    expect(errorOf(() => applyScaler(fitScaler('minmax', [[1, 2]]), bytes)).message).toContain(
      'x has 3 columns; expected 2',
    );
  });
});

describe('bytes', () => {
  it('are taken by rows with their scale', () => {
    const taken = takeRows({ ...bytes, offset: [1, 2, 3], scale: 2 }, [3, 0, 3]);
    expect(numbersOf(taken)).toEqual([
      [124.5, 126.5, 14],
      [-0.5, 126.5, 2],
      [124.5, 126.5, 14],
    ]);
    expect(isByteMatrix(taken) && taken.data.buffer).not.toBe(data.buffer);
  });

  it('stay bytes where labels are coded anew', () => {
    const dataset = { x: bytes, labels: Int32Array.of(0, 1, 0, 1), labelNames: ['a', 'b'] };
    expect(relabel(dataset, ['b', 'a']).x).toBe(bytes);
  });

  it('are told from numbers and sparse matrices', () => {
    const clamped = { ...bytes, data: Uint8ClampedArray.from(data) };
    expect([bytes, clamped, numbers, CsrMatrix.fromDense(numbers)].map(isByteMatrix)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
