import { writeSync } from 'node:fs';
import { deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CtreError } from '../../src/base/errors.ts';
import { loadDataset, readDataset } from '../../src/data/index.ts';
import { effort } from '../support/effort.ts';
import { errorOf } from '../unit/data/cases.ts';
import { bytesMatrix, cellMatrix, idx, matFileOf, npy, packedMatFile, text, zip } from './fuzz/datasets.ts';
import { peakBytes } from './fuzz/memory.ts';
import { joined } from './fuzz/mutate.ts';
import {
  oneRun,
  type ParquetPart,
  parquetFile,
  plainDoubles,
  plainTexts,
  snappyZeros,
} from './fuzz/parquet.ts';
import { tryAll } from './fuzz/watch.ts';

const MIB = 1 << 20;
/**
 * Garbage that waits for the engine to collect it, and what the engine takes for itself. V8 lets 64 MiB of
 * arrays wait, and inflating leaves many.
 */
const slack = (name: string): number => (/gzip|bomb/.test(name) ? 64 * MIB : 24 * MIB);

type Files = Readonly<Record<string, Uint8Array>>;

const sizeOf = (files: Files): number => Object.values(files).reduce((sum, { length }) => sum + length, 0);

/** How many times larger everything is in a full run. */
const scale = effort(1, 4);
const zeros = new Uint8Array(effort(80, 300) * MIB);
const bytes = (length: number): Uint8Array => zeros.subarray(0, length);
const images = (rows: number): Uint8Array => idx(8, [rows, 1 << 10], bytes(rows << 10));
const labels = (rows: number): Uint8Array => idx(8, [rows], bytes(rows));
const set = (x: Uint8Array, y: Uint8Array): Files => ({
  'train-images-idx3-ubyte': x,
  'train-labels-idx1-ubyte': y,
});
const numpy = (descr: string, cols: number, rows = scale << 19): Files => ({
  'X.npy': npy(descr, [rows, cols], bytes(rows * cols * Number(descr[2]))),
  'y.npy': npy('|u1', [rows], bytes(rows)),
});
/** A matrix with 2^10 entries a row, or a column. */
function sparse(layout: string, step: number): Files {
  const majors = scale << 10;
  const indices = Int32Array.from({ length: majors << 10 }, (_, p) =>
    step > 0 ? p & 1023 : 1023 - (p & 1023),
  );
  const indptr = Int32Array.from({ length: majors + 1 }, (_, major) => major << 10);
  const shape = layout === 'csr' ? [majors, 1024] : [1024, majors];
  const vector = (descr: string, content: ArrayBufferView): Uint8Array =>
    npy(
      descr,
      [content.byteLength / Number(descr[2])],
      new Uint8Array(content.buffer, content.byteOffset, content.byteLength),
    );
  const files = {
    'format.npy': npy('|S3', [], text(layout)),
    'shape.npy': vector('<i4', Int32Array.from(shape)),
    'data.npy': vector('<f4', bytes(majors << 12)),
    'indices.npy': vector('<i4', indices),
    'indptr.npy': vector('<i4', indptr),
    'y.npy': vector('|u1', bytes(shape[0])),
  };
  return { 'a.npz': zip(files, { level: 0 }) };
}
const vectorOf = (array: Int32Array | Float32Array | Uint8Array): Uint8Array =>
  npy(
    array instanceof Float32Array ? '<f4' : array instanceof Int32Array ? '<i4' : '|u1',
    [array.length],
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  );
const scipyFile = (layout: string, shape: readonly number[], arrays: Files): Files => ({
  'a.npz': zip(
    {
      'format.npy': npy('|S3', [], text(layout)),
      'shape.npy': vectorOf(Int32Array.from(shape)),
      'y.npy': vectorOf(new Uint8Array(shape[0])),
      ...arrays,
    },
    { level: 0 },
  ),
});
/** A matrix of `scipy.sparse` with eight entries a row, in no order. */
function byCoordinates(entries: number): Files {
  const order = Array.from({ length: entries }, (_, p) => (p * 40_503) % entries);
  return scipyFile('coo', [entries >> 3, 8], {
    'row.npy': vectorOf(Int32Array.from(order, (p) => p >> 3)),
    'col.npy': vectorOf(Int32Array.from(order, (p) => p & 7)),
    'data.npy': vectorOf(new Float32Array(entries).fill(1)),
  });
}
function byDiagonals(rows: number): Files {
  const count = 16;
  const data = new Float32Array(count * rows).fill(1);
  return scipyFile('dia', [rows, rows], {
    'offsets.npy': vectorOf(Int32Array.from({ length: count }, (_, d) => d - 8)),
    'data.npy': npy('<f4', [count, rows], new Uint8Array(data.buffer)),
  });
}
/** Two blocks of 4 × 8 in each row of blocks. */
function byBlocks(majors: number): Files {
  const data = new Float32Array(majors * 64).fill(1);
  return scipyFile('bsr', [4 * majors, 32], {
    'indptr.npy': vectorOf(Int32Array.from({ length: majors + 1 }, (_, major) => 2 * major)),
    'indices.npy': vectorOf(Int32Array.from({ length: 2 * majors }, (_, p) => p & 3)),
    'data.npy': npy('<f4', [2 * majors, 4, 8], new Uint8Array(data.buffer)),
  });
}
/** A MAT-file of rows of two bytes, with these labels. */
const matLabels = (labelsOf: Uint8Array, rows: number): Files => ({
  'a.mat': matFileOf([bytesMatrix('X', [rows, 2], new Uint8Array(2 * rows).fill(1)), labelsOf]),
});
const cellsOf = (rows: number): Uint8Array =>
  cellMatrix(
    'Y',
    Array.from({ length: rows }, (_, row) => `c${row % 2}`),
  );

/** Text of so many MiB. */
const lines = (line: string, size: number): Uint8Array => text(line.repeat((size * MIB) / line.length));
const joinedFields = (count: number, separator: string, field: (index: number) => string): Uint8Array =>
  text(Array.from({ length: count }, (_, index) => field(index)).join(separator));
const bomb = gzipSync(zeros);

/** Three columns of doubles and one of labels. */
function parquetNumbers(rows: number): Uint8Array {
  const numbers = (name: string, of: (row: number) => number): ParquetPart => ({
    name,
    type: 5,
    values: plainDoubles(Float64Array.from({ length: rows }, (_, row) => of(row))),
  });
  return parquetFile(rows, [
    ...['a', 'b', 'c'].map((name) => numbers(name, (row) => row % 1000)),
    numbers('label', (row) => row % 2),
  ]);
}
const bytesOfTexts = (rows: number): Uint8Array => {
  const bytes = new Uint8Array(6 * rows);
  for (let row = 0; row < rows; row++) bytes.set([2, 0, 0, 0, 97, 97 + (row % 2)], 6 * row);
  return bytes;
};
/** So many rows of the same text, in a few bytes. */
const parquetRun = (rows: number): Uint8Array =>
  parquetFile(
    rows,
    ['a', 'label'].map((name) => ({
      ...{ name, type: 6, converted: 0, encoding: 8 },
      dictionary: { values: plainTexts(['x']), count: 1 },
      values: joined(Uint8Array.of(1), oneRun(rows, 0)),
    })),
  );
const parquetZeros = (codec: number, compress: NonNullable<ParquetPart['compress']>): Uint8Array =>
  parquetFile(
    zeros.length >> 3,
    ['a', 'label'].map((name) => ({ name, type: 5, codec, compress, values: zeros })),
  );

/** Files that take much memory, and the error of those that would take too much. */
const greedy: [name: string, make: () => Files, code?: string][] = [
  ['bytes that become floats', () => set(images(scale << 12), labels(scale << 12))],
  ['rows of one byte', () => set(idx(8, [scale << 21, 1], bytes(scale << 21)), labels(scale << 21))],
  ['doubles', () => numpy('<f8', 4)],
  ['long integers', () => numpy('<i8', 4)],
  ['big-endian halves', () => numpy('>f2', 8)],
  ['CSV of digits', () => ({ 'a.csv': lines('1,2,3,4,5,6,7,8,9,0\n', 6 * scale) })],
  ['CSV with carriage returns', () => ({ 'a.csv': lines('0.12345,0.6789,1\r\n', 6 * scale) })],
  ['CSV of one line', () => ({ 'a.csv': joinedFields(4 * MIB, ',', () => '12') }), 'E_MEMORY'],
  [
    'a class for every row',
    () => ({ 'a.csv': text(`x,label\n${Array.from({ length: MIB }, (_, row) => `1,${row}a`).join('\n')}`) }),
    'E_MEMORY',
  ],
  ['CSV of words', () => ({ 'a.csv': lines('ab,cd,ef,gh,ij,x\n', 3 * scale) }), 'E_FORMAT'],
  ['CSV of decimal commas', () => ({ 'a.csv': lines('1,5;2,25;x\n3;1.234,5;y\n', 3 * scale) })],
  ['CSV with a title', () => ({ 'a.csv': text(`My table\n${'1,2,3,0\n'.repeat((3 * scale * MIB) / 8)}`) })],
  ['CSV of titles', () => ({ 'a.csv': lines('My table\n', 3 * scale) }), 'E_FORMAT'],
  ['CSV of two columns', () => ({ 'a.csv': lines('1,0\n2,1\n', 6 * scale) })],
  [
    'ARFF',
    () => ({
      'a.arff': text(
        `@relation r\n@attribute a real\n@attribute b real\n@attribute c ` +
          `{0,1}\n@data\n${'1,2,0\n'.repeat((3 * scale * MIB) / 6)}`,
      ),
    }),
  ],
  [
    'sparse ARFF of many attributes',
    () => ({
      'a.arff': text(
        `@relation r\n${'@attribute a real\n'.repeat(1 << 16)}@attribute c ` +
          `{0,1}\n@data\n${'{}\n'.repeat(1 << 18)}`,
      ),
    }),
    'E_MEMORY',
  ],
  ['ARFF of attributes', () => ({ 'a.arff': lines('@attribute a real\n', 12 * scale) }), 'E_MEMORY'],
  ['JSON Lines', () => ({ 'a.jsonl': lines('{"a":1,"b":2,"c":0}\n', 6 * scale) })],
  ['JSON Lines of one line', () => ({ 'a.jsonl': text(`[${'1,'.repeat(6 * MIB)}1]`) }), 'E_MEMORY'],
  [
    'JSON Lines of many keys',
    () => ({ 'a.jsonl': joinedFields(1 << 20, '\n', (row) => `{"k${row}":1}`) }),
    'E_MEMORY',
  ],
  [
    'a pair of text files',
    () => ({
      'X.csv': lines('1,2,3,4\n', 6 * scale),
      'y.csv': text('0\n1\n'.repeat((6 * scale * MIB) / 16)),
    }),
  ],
  [
    'lists of columns',
    () => ({
      'd_train.data': text('1 2 3 4 5\n1\n'.repeat((4 * scale * MIB) / 12)),
      'd_train.labels': text('0\n1\n'.repeat((4 * scale * MIB) / 12)),
    }),
  ],
  ['Parquet of numbers', () => ({ 'a.parquet': parquetNumbers(scale << 18) })],
  [
    'Parquet of texts',
    () => ({
      'a.parquet': parquetFile(scale << 17, [
        { name: 'w', type: 5, values: plainDoubles(new Float64Array(scale << 17)) },
        { name: 'label', type: 6, converted: 0, values: bytesOfTexts(scale << 17) },
      ]),
    }),
  ],
  ['Parquet of one run', () => ({ 'a.parquet': parquetRun(2 ** 28) }), 'E_MEMORY'],
  ['a Parquet bomb in gzip', () => ({ 'a.parquet': parquetZeros(2, gzipSync) }), 'E_MEMORY'],
  [
    'a Parquet bomb in Snappy',
    () => ({ 'a.parquet': parquetZeros(1, ({ length }) => snappyZeros(length)) }),
    'E_MEMORY',
  ],
  ['a ZIP of a CSV bomb', () => ({ 'a.zip': zip({ 'a.csv': zeros }) }), 'E_MEMORY'],
  ['LIBSVM', () => ({ 'a.svm': lines('1 1:1 2:2 3:3 4:4 5:5\n', 5 * scale) })],
  ['LIBSVM of labels', () => ({ 'a.svm': lines('1 1:1\n', 3 * scale) })],
  [
    'LIBSVM of one line',
    () => ({ 'a.svm': joinedFields(2 * MIB, ' ', (index) => `${index}:1`) }),
    'E_MEMORY',
  ],
  ['a sparse matrix by rows', () => sparse('csr', 1)],
  ['a sparse matrix by rows, out of order', () => sparse('csr', -1)],
  ['a sparse matrix by columns', () => sparse('csc', 1)],
  ['a sparse matrix by coordinates', () => byCoordinates(scale << 18)],
  ['a sparse matrix by diagonals', () => byDiagonals(scale << 16)],
  ['a sparse matrix by blocks', () => byBlocks(scale << 14)],
  [
    'a Matrix Market file that tells a large size',
    () => ({
      'X.mtx': text('%%MatrixMarket matrix coordinate real general\n2147483646 5 1\n1 1 1\n'),
      'y.txt': text('0\n1\n'),
    }),
    'E_MEMORY',
  ],
  ['labels of MATLAB in cells', () => matLabels(cellsOf(scale << 15), scale << 15)],
  ['a gzip bomb', () => ({ 'a.csv.gz': bomb }), 'E_MEMORY'],
  ['a gzip bomb that tells a small size', () => ({ 'a.csv.gz': withSize(bomb, 100) }), 'E_MEMORY'],
  [
    'a gzip bomb that tells a large size',
    () => ({ 'a.csv.gz': withSize(gzipSync(''), 2 ** 32 - 1) }),
    'E_FORMAT',
  ],
  [
    'gzip of what takes much when unpacked',
    () => set(gzipSync(images(50 << 10)), labels(50 << 10)),
    'E_MEMORY',
  ],
  ['gzip in gzip', () => ({ 'a.csv.gz': gzipSync(gzipSync(bomb)) }), 'E_FORMAT'],
  ['a ZIP bomb', () => ({ 'a.npz': zip(numpy('|u1', zeros.length >> 7, 128)) }), 'E_MEMORY'],
  [
    'a ZIP bomb that tells a small size',
    () => ({ 'a.npz': zip(numpy('|u1', zeros.length >> 7, 128), { changed: () => ({ size: 1000 }) }) }),
    'E_MEMORY',
  ],
  [
    'a MAT bomb',
    () => ({
      'a.mat': packedMatFile([
        deflateSync(bytesMatrix('X', [128, zeros.length >> 7], zeros)),
        deflateSync(bytesMatrix('Y', [128, 1], bytes(128))),
      ]),
    }),
    'E_MEMORY',
  ],
];

/** A gzip file whose trailer tells another size. */
function withSize(gzip: Uint8Array, size: number): Uint8Array {
  const copy = Buffer.from(gzip);
  copy.writeUInt32LE(size, copy.length - 4);
  return copy;
}

describe('reading takes at most 4 × the input + 64 MiB', () => {
  it.each(greedy)('%s', async (name, make, code) => {
    const files = make();
    const input = sizeOf(files);
    let came: string | undefined;
    const peak = await peakBytes(async () => {
      try {
        if ('a.parquet' in files) await loadDataset(files);
        else readDataset(files);
      } catch (error) {
        if (!(error instanceof CtreError)) throw error;
        came = error.code;
      }
    });
    if (process.env.CTRE_TALLY !== undefined)
      writeSync(2, `${name}: ${(input / MIB).toFixed(1)} MiB, peak ${(peak / MIB).toFixed(1)} MiB\n`);
    expect(came).toBe(code);
    expect(peak).toBeLessThan(4 * input + 64 * MIB + slack(name));
  });
});

describe('archives', () => {
  const x = npy('|u1', [4, 2], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  const y = npy('|u1', [4], Uint8Array.of(0, 1, 0, 1));
  const codeOf = (archive: Uint8Array): string => errorOf(() => readDataset({ 'a.npz': archive })).code;

  it('are read', () => {
    expect(readDataset({ 'a.npz': zip({ 'X.npy': x, 'y.npy': y }) }).x.rows).toBe(4);
  });

  it('whose members share their bytes are refused', () => {
    expect(codeOf(zip({ 'X.npy': x, 'y.npy': y, 'z.npy': y }, { changed: () => ({ offset: 0 }) }))).toBe(
      'E_FORMAT',
    );
    const inside = (name: string) => (name === 'y.npy' ? { offset: 40 } : {});
    expect(codeOf(zip({ 'X.npy': x, 'y.npy': y }, { changed: inside }))).toBe('E_FORMAT');
  });

  it('of thousands of members that share one end soon', async () => {
    const names = Array.from({ length: 4000 }, (_, member) => [`${member}.npy`, y] as const);
    const noise = Uint8Array.from({ length: 1 << 16 }, (_, at) => (at * at * 31) >> 3);
    const content = npy('|u1', [1 << 16], noise);
    const shared = zip([...names, ['X.npy', content]], {
      changed: () => ({ offset: 0, packedSize: 60_000 }),
    });
    await tryAll([{ title: 'shared members', input: { 'a.npz': shared } }], readDataset);
  });

  it('with a name twice are refused', () => {
    expect(
      codeOf(
        zip([
          ['X.npy', x],
          ['y.npy', y],
          ['y.npy', x],
        ]),
      ),
    ).toBe('E_FORMAT');
  });

  it.each([
    ['a size too small', { size: 3 }],
    ['a size too large', { size: 1e6 }],
    ['a size of 2^32 − 2', { size: 2 ** 32 - 2 }],
    ['a packed size too small', { packedSize: 3 }],
    ['a packed size of 2^32 − 2', { packedSize: 2 ** 32 - 2 }],
    ['an offset beyond the end', { offset: 2 ** 31 }],
    ['an offset to something else', { offset: 7 }],
  ])('that tell %s are refused', (_, lies) => {
    const changed = (name: string) => (name === 'X.npy' ? lies : {});
    expect(['E_FORMAT', 'E_MEMORY']).toContain(codeOf(zip({ 'X.npy': x, 'y.npy': y }, { changed })));
  });

  it.each(['../X', '/etc/X', 'C:\\X', '..\\X', 'X\0', '__proto__', 'constructor', 'toString', ''])(
    'name their arrays as they like, which names nothing else: %j',
    (name) => {
      const archive = zip({ [`${name}.npy`]: x, 'y.npy': y });
      expect(readDataset({ 'a.npz': archive }, { features: name }).x.rows).toBe(4);
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
  );
});

describe('sizes that hold nothing', () => {
  const y = npy('|u1', [4], Uint8Array.of(0, 1, 0, 1));
  it.each([
    [[2 ** 53, 0]],
    [[2 ** 32, 0, 5]],
    [[0, 2 ** 53]],
    [[0, 2 ** 40, 2 ** 13]],
    [[2 ** 53, 2 ** 53, 0]],
  ])('%j end soon', async (shape) => {
    for (const fortran of [false, true]) {
      const input = { 'X.npy': npy('|u1', shape, new Uint8Array(0), fortran), 'y.npy': y };
      const tally = await tryAll([{ title: `shape ${shape}`, input }], readDataset);
      expect(tally.valid).toBe(0);
    }
  });

  it('in IDX files end soon', async () => {
    const input = set(idx(8, [-1, 0], new Uint8Array(0)), labels(4));
    expect((await tryAll([{ title: 'images', input }], readDataset)).valid).toBe(0);
  });
});
