import { deflateRawSync, gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { describe, expect, it, vi } from 'vitest';
import { CtreError } from '../../../src/base/errors.ts';
import { type Dataset, type ReadOptions, readDataset } from '../../../src/data/index.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import { caseNamed, cases, errorOf, rowsOf, text } from './cases.ts';

describe('files written by SciPy and NumPy', () => {
  it.each(cases.map((c) => [c.name, c] as const))('%s', (_, c) => {
    const dataset = readDataset(c.files);
    expect(rowsOf(dataset.x)).toEqual(c.x);
    expect(dataset.x instanceof CsrMatrix).toBe(c.sparse);
    expect(Array.from(dataset.labels)).toEqual(c.labels);
    expect(dataset.labelNames).toEqual(c.labelNames);
    expect(dataset.test && rowsOf(dataset.test.x)).toEqual(c.test?.x);
    expect(dataset.test && Array.from(dataset.test.labels)).toEqual(c.test?.labels);
  });

  it('keeps the entries of a sparse matrix and no more', () => {
    const { x } = readDataset(caseNamed('mat sparse compressed=true').files);
    expect(x instanceof CsrMatrix && x.nnz).toBe(23);
  });
});

describe('which arrays are features and labels', () => {
  const skips = caseNamed('mat skips what is not numeric').files;

  it('takes what the options name', () => {
    const { x, labels } = readDataset(caseNamed('npz unusual names').files, {
      features: 'alpha',
      label: 'omega',
    });
    expect([x.rows, x.cols, labels.length]).toEqual([4, 3, 4]);
  });

  it('names the variables there are when the one asked for is not', () => {
    const error = errorOf(() => readDataset(skips, { features: 'nothing' }));
    expect(error.code).toBe('E_ARGUMENT');
    expect(error.message).toContain('"measurements" (6 × 4)');
    expect(error.message).toContain('"info" (is a struct)');
  });

  it.each(['info', 'cells', 'title', 'z'])('refuses the variable %s', (features) => {
    expect(errorOf(() => readDataset(skips, { features })).code).toBe('E_UNSUPPORTED');
  });

  it('refuses labels of another length', () => {
    const error = errorOf(() => readDataset(skips, { label: 'measurements' }));
    expect(error.code).toBe('E_LABEL');
    expect(error.message).toContain('"measurements" is 6 × 4');
    const short = {
      'X.npy': caseNamed('npy <i2 C').files['X.npy'],
      'y.npy': caseNamed('npy float16 extremes').files['labels.npy'],
    };
    expect(errorOf(() => readDataset(short)).message).toContain(
      '"y" are 2; expected one label for each of 4 rows',
    );
  });

  it('refuses text and single values as features', () => {
    const { files } = caseNamed('npy text labels');
    expect(errorOf(() => readDataset(files, { features: 'y', label: 'X' })).code).toBe('E_UNSUPPORTED');
    const note = caseNamed('npz unusual names').files;
    expect(errorOf(() => readDataset(note, { features: 'note', label: 'omega' })).code).toBe('E_UNSUPPORTED');
  });

  it('reads features alone', () => {
    const { x, labels, labelNames } = readDataset(skips, { unlabelled: true });
    expect([x.rows, labels.length, labelNames.length]).toEqual([6, 0, 0]);
    const one = readDataset(
      { name: 'X.npy', bytes: caseNamed('npy version 1').files['d_x.npy'] },
      { unlabelled: true },
    );
    expect([one.x.rows, one.x.cols]).toEqual([4, 3]);
  });

  it('refuses one array where labels are needed', () => {
    const error = errorOf(() => readDataset({ 'X.npy': caseNamed('npy version 1').files['d_x.npy'] }));
    expect(error.code).toBe('E_FORMAT');
    expect(error.message).toContain('y.npy');
  });
});

describe('choosing a format', () => {
  it.each(['mat double 1e30', 'npz csr with duplicates', 'mat gzip'])(
    'goes by content where the ending is unknown: %s',
    (name) => {
      const c = caseNamed(name);
      for (const ending of ['', '.dat', '.constructor', '.1']) {
        const file = { name: `download${ending}`, bytes: Object.values(c.files)[0] };
        expect(rowsOf(readDataset(file).x)).toEqual(c.x);
      }
    },
  );

  it('tells LIBSVM text from CSV text', () => {
    expect(readDataset({ name: 'a1a', bytes: text('+1 1:1 3:2\n-1 2:1\n') }).x instanceof CsrMatrix).toBe(
      true,
    );
    expect(readDataset({ name: 'values.txt', bytes: text('# x\n+1 1:1 3:2\n-1 2:1\n') }).x.cols).toBe(3);
    expect(readDataset({ name: 'values.txt', bytes: text('1;2;0\n3;4;1\n') }).x.cols).toBe(2);
    expect(readDataset({ name: 'values', bytes: text('1 2 0\n3 4 1\n') }).x.cols).toBe(2);
    const bigEndian = Buffer.from('\ufeff1,2,0\n3,4,1\n', 'utf16le').swap16();
    expect(rowsOf(readDataset({ name: 'values', bytes: bigEndian }).x)).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it.each([
    ['binary', Uint8Array.of(1, 2, 3, 4, 5)],
    ['prose', text('lorem')],
  ])('says what is known when the content is %s', (_, bytes) => {
    const error = errorOf(() => readDataset({ name: 'thing.bin', bytes }));
    expect(error.code).toBe('E_FORMAT');
    expect(error.message).toContain('.libsvm');
  });

  it.each(['a.mat', 'a.npz', 'a.npy', 'a.csv', 'a.tsv', 'a.txt', 'a.svm', 'train-images-idx3-ubyte', 'a'])(
    'refuses an empty %s',
    (name) => {
      expect(errorOf(() => readDataset({ name, bytes: new Uint8Array() })).code).toBe('E_FORMAT');
      expect(errorOf(() => readDataset({ name: `${name}.gz`, bytes: gzipSync('') })).code).toBe('E_FORMAT');
    },
  );

  it('refuses no files, several of one kind, and wrong arguments', () => {
    const csv = text('1,2,0\n');
    expect(errorOf(() => readDataset({})).code).toBe('E_FORMAT');
    expect(errorOf(() => readDataset({ 'a.csv': csv, 'b.csv': csv })).code).toBe('E_FORMAT');
    const wrong: [unknown, unknown][] = [
      [null, {}],
      [{ 'a.csv': 5 }, {}],
      [{ name: 'a.csv' }, {}],
      [{ 'a.csv': csv }, null],
      [{ 'a.csv': csv }, { lable: 'x' }],
      [{ 'a.csv': csv }, { label: -1 }],
      [{ 'a.csv': csv }, { header: 1 }],
      [{ 'a.csv': csv }, { delimiter: '"' }],
      [{ 'a.csv': csv }, { maxBytes: 0 }],
      [{ 'a.csv': csv }, { columns: 0.5 }],
      [{ 'a.csv': csv }, { ['__proto__']: 1, constructor: 2 }],
    ];
    for (const [files, options] of wrong) {
      expect(errorOf(() => Reflect.apply(readDataset, undefined, [files, options])).code).toBe('E_ARGUMENT');
    }
  });
});

describe('versions that are not read', () => {
  const mat = caseNamed('mat float64').files['a.mat'];
  const changed = (edit: (bytes: Uint8Array) => void): Uint8Array => {
    const copy = Uint8Array.from(mat);
    edit(copy);
    return copy;
  };
  const npy = caseNamed('npy <f8 C').files['X.npy'];
  const npyOf = (descr: string): Uint8Array => {
    const head = `{'descr': ${descr}, 'fortran_order': False, 'shape': (1,), }`.padEnd(117);
    return Buffer.concat([npy.subarray(0, 8), Uint8Array.of(118, 0), text(`${head}\n`), new Uint8Array(16)]);
  };

  it.each([
    ['MATLAB 7.3', { 'a.mat': changed((bytes) => bytes.set(text('MATLAB 7.3 MAT-file'))) }],
    ['HDF5', { 'a.mat': Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10, 26, 10) }],
    ['MATLAB 4', { 'a.mat': Uint8Array.from({ length: 64 }, (_, i) => (i === 4 ? 2 : 0)) }],
    ['npy version 4', { 'X.npy': Uint8Array.from(npy, (b, i) => (i === 6 ? 4 : b)), 'y.npy': npy }],
    ['objects', { 'X.npy': npyOf("'|O'"), 'y.npy': npy }],
    ['complex', { 'X.npy': npyOf("'<c16'"), 'y.npy': npy }],
    ['structured', { 'X.npy': npyOf("[('a', '<f8')]"), 'y.npy': npy }],
    ['dates', { 'X.npy': npyOf("'<M8[ns]'"), 'y.npy': npy }],
  ])('%s', (name, files) => {
    const options = name.includes('MATLAB') || name === 'HDF5' ? {} : { features: 'X' };
    expect(errorOf(() => readDataset(files, options)).code).toBe('E_UNSUPPORTED');
  });
});

describe('numbers that are not finite', () => {
  const npy = (values: number[]): Uint8Array => {
    const head = `{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }`.padEnd(117);
    return Buffer.concat([
      Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0),
      text(`${head}\n`),
      new Uint8Array(Float64Array.from(values).buffer),
    ]);
  };
  const y = caseNamed('npy float16 extremes').files['labels.npy'];

  it.each([Number.NaN, Infinity, -Infinity, 1e39])('%s in an array is named with row and column', (value) => {
    const error = errorOf(() => readDataset({ 'X.npy': npy([1, 2, value, 4]), 'y.npy': y }));
    expect(error.code).toBe('E_NOT_FINITE');
    expect(error.message).toContain('row 2, column 1');
  });

  it.each(['nan', '-inf', '1e39'])('%s in text is named with row and column', (value) => {
    const contents = { 'a.csv': `1,2,0\n3,${value},1\n`, 'a.svm': `0 1:1\n1 2:${value}\n` };
    for (const [name, content] of Object.entries(contents)) {
      // In a table it is a missing value.
      if (value === 'nan' && name === 'a.csv') continue;
      const error = errorOf(() => readDataset({ name, bytes: text(content) }));
      expect(error.code).toBe('E_NOT_FINITE');
      expect(error.message).toMatch(/^a\.(csv: line|svm: row) 2, column 2/);
    }
  });

  it('in labels is an E_LABEL', () => {
    expect(errorOf(() => readDataset({ 'X.npy': npy([1, 2, 3, 4]), 'y.npy': npy([1, 2, 3, 4]) })).code).toBe(
      'E_LABEL',
    );
    const fractions = Buffer.from(npy([0.5, 1, 0, 0]).subarray(0, -16));
    fractions.set(text('(2,)  '), fractions.indexOf('(2, 2)'));
    expect(errorOf(() => readDataset({ 'X.npy': npy([1, 2, 3, 4]), 'y.npy': fractions })).code).toBe(
      'E_LABEL',
    );
  });
});

/** One small file of each kind, and options that make it valid. */
const samples: [string, Record<string, Uint8Array>, ReadOptions?][] = [
  ['mat compressed', caseNamed('mat float64').files],
  ['mat plain', caseNamed('mat int16').files],
  ['mat sparse', caseNamed('mat sparse compressed=false').files],
  ['mat big-endian', caseNamed('mat big-endian sparse, compressed=true').files],
  ['npz stored', caseNamed('npz savez').files],
  ['npz deflated', caseNamed('npz savez_compressed').files],
  ['npz sparse', caseNamed('npz csr with duplicates').files],
  ['npy', caseNamed('npy >f4 F').files],
  ['npy gzip', caseNamed('npy gzip').files],
  ['npy text', caseNamed('npy text labels').files],
  ['idx', caseNamed('idx set').files],
  ['idx gzip', caseNamed('idx set gzip, dots').files],
  ['csv', { 'a.csv': text('a,"b ""q""",class\r\n1,2.5,x\r\n-3e2,.5,"y\nz"\r\n4,5,x\r\n') }],
  ['csv gzip', { 'a.csv.gz': gzipSync('1,2.5,7\n-3e2,.5,8\n') }],
  ['libsvm', { 'a.svm': text('# head\n1 qid:3 1:0.5 7:1e-3\n-1 2:1 # tail\n1\n') }],
  ['unknown ending', { data: caseNamed('mat uint8').files['a.mat'] }],
];

function readsOrThrows(files: Record<string, Uint8Array>, options?: ReadOptions): CtreError | Dataset {
  try {
    const dataset = readDataset(files, options);
    expect(dataset.labels.length).toBe(dataset.x.rows);
    const values = dataset.x instanceof CsrMatrix ? dataset.x.values : dataset.x.data;
    expect(values.every(Number.isFinite)).toBe(true);
    return dataset;
  } catch (error) {
    if (error instanceof CtreError) return error;
    throw error;
  }
}

describe('damaged files', () => {
  it.each(samples)('%s, cut short anywhere', (kind, files, options) => {
    expect(readsOrThrows(files, options)).not.toBeInstanceOf(CtreError);
    const isText = kind === 'csv' || kind === 'libsvm';
    for (const [name, bytes] of Object.entries(files)) {
      if (name.endsWith('README')) continue;
      for (let length = 0; length < bytes.length; length++) {
        const result = readsOrThrows({ ...files, [name]: bytes.subarray(0, length) }, options);
        // A text or plain MAT file may end at any line or variable and still be whole.
        if (!isText && !kind.startsWith('mat')) expect(result).toBeInstanceOf(CtreError);
      }
    }
  });

  it.each(samples)('%s, with any byte changed', (_, files, options) => {
    for (const [name, bytes] of Object.entries(files)) {
      for (let at = 0; at < Math.min(bytes.length, 200); at++) {
        for (const value of [bytes[at] ^ 1, bytes[at] ^ 0x80, 0, 255]) {
          const copy = Uint8Array.from(bytes);
          copy[at] = value;
          readsOrThrows({ ...files, [name]: copy }, options);
        }
      }
    }
  });

  it('compressed content that a check sum covers is never read wrong', () => {
    for (const name of [
      'npz savez_compressed',
      'npz savez',
      'npy gzip',
      'idx set gzip, dots',
      'mat float64',
    ]) {
      const c = caseNamed(name);
      for (const [file, bytes] of Object.entries(c.files)) {
        for (let at = 10; at < bytes.length; at++) {
          const copy = Uint8Array.from(bytes);
          copy[at] ^= 4;
          const result = readsOrThrows({ ...c.files, [file]: copy });
          if (!(result instanceof CtreError)) expect(rowsOf(result.x)).toEqual(c.x);
        }
      }
    }
  });

  it('sizes that do not fit the content are refused', () => {
    const mat = Uint8Array.from(caseNamed('mat int16').files['a.mat']);
    const view = new DataView(mat.buffer);
    for (let at = 128; at < 256; at += 4) {
      if (view.getUint32(at, true) === 4 && view.getUint32(at + 4, true) === 3)
        view.setUint32(at + 4, 2, true);
    }
    const error = errorOf(() => readDataset({ 'a.mat': mat }));
    expect(error.code).toBe('E_FORMAT');
    expect(error.message).toContain('4 × 2 but holds 12');
    for (const name of ['npy <i2 C', 'idx type 11']) {
      const { files } = caseNamed(name);
      const [first, bytes] = Object.entries(files)[0];
      const longer = Buffer.concat([bytes, new Uint8Array(1)]);
      expect(errorOf(() => readDataset({ ...files, [first]: longer })).code).toBe('E_FORMAT');
    }
  });

  it('gzip followed by other bytes is refused, and several members are one file', () => {
    const part = gzipSync('1,2,0\n');
    const next = gzipSync('3,4,1\n');
    expect(rowsOf(readDataset({ 'a.csv.gz': Buffer.concat([part, next]) }).x)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    for (const tail of ['x', 'trailing bytes', `${'\0'.repeat(512)}x`]) {
      expect(errorOf(() => readDataset({ 'a.csv.gz': Buffer.concat([part, text(tail)]) })).code).toBe(
        'E_FORMAT',
      );
    }
    expect(errorOf(() => readDataset({ 'a.csv.gz': text('1,2,0\n') })).code).toBe('E_FORMAT');
  });
});

describe('files that claim or inflate to too much', () => {
  const zeros = new Uint8Array(200 << 20);
  const bomb = gzipSync(zeros, { level: 9 });

  it('stops a gzip bomb at the limit', () => {
    const error = errorOf(() => readDataset({ name: 'a.csv.gz', bytes: bomb }));
    expect(error.code).toBe('E_MEMORY');
    expect(error.message).toContain('maxBytes');
  });

  it('stops close to a small limit, and at once when a member claims more', () => {
    const before = process.memoryUsage().arrayBuffers;
    expect(errorOf(() => readDataset({ name: 'a.csv.gz', bytes: bomb }, { maxBytes: 1000 })).code).toBe(
      'E_MEMORY',
    );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
  });

  it('reads what fits a raised limit', () => {
    const big = gzipSync(Buffer.concat([text('1,2,0\n'), Buffer.alloc(1 << 20, '\n')]));
    expect(errorOf(() => readDataset({ 'a.csv.gz': big }, { maxBytes: 1 << 19 })).code).toBe('E_MEMORY');
    expect(readDataset({ 'a.csv.gz': big }, { maxBytes: 1 << 21 }).x.rows).toBe(1);
  });

  it('stops a ZIP bomb, told of its size or not', () => {
    const npy = Buffer.concat([caseNamed('npy u1 C').files['X.npy'].subarray(0, 128), zeros]);
    const zip = zipSync({ 'X.npy': npy }, { level: 9 });
    const files = { 'a.npz': zip };
    expect(errorOf(() => readDataset(files, { unlabelled: true })).code).toBe('E_MEMORY');
    const lie = Buffer.from(zip);
    lie.writeUInt32LE(1000, lie.lastIndexOf('PK\x01\x02', undefined, 'latin1') + 24);
    expect(errorOf(() => readDataset({ 'a.npz': lie }, { unlabelled: true })).code).toBe('E_MEMORY');
  });

  it('stops a MAT bomb', () => {
    const mat = caseNamed('mat float64').files['a.mat'];
    const header = Buffer.alloc(64);
    // X: a double 1 × 26214400 of which all bytes are zero, as one compressed element.
    [14, 200 << 20, 6, 8, 6, 0, 5, 8, 1, 26214400, 0x10001, 0x58, 9, (200 << 20) - 64].forEach((word, at) => {
      header.writeUInt32LE(word, 4 * at);
    });
    const body = Buffer.concat([header, zeros]);
    const raw = deflateRawSync(body, { level: 9 });
    const zlib = Buffer.concat([Uint8Array.of(0x78, 0xda), raw, Buffer.alloc(4)]);
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(15, 0);
    tag.writeUInt32LE(zlib.length, 4);
    const files = { 'a.mat': Buffer.concat([mat.subarray(0, 128), tag, zlib]) };
    expect(errorOf(() => readDataset(files, { unlabelled: true })).code).toBe('E_MEMORY');
  });

  it('a sparse matrix of 2^31 rows without entries', () => {
    const mat = Uint8Array.from(caseNamed('mat sparse without entries').files['s.mat']);
    const view = new DataView(mat.buffer);
    // The sizes of X follow its flags: 9 × 4.
    for (let at = 128; at < 256; at += 4) {
      if (view.getUint32(at, true) === 9 && view.getUint32(at + 4, true) === 4)
        view.setUint32(at, 0x7ffffffe, true);
    }
    expect(errorOf(() => readDataset({ 'a.mat': mat }, { unlabelled: true })).code).toBe('E_MEMORY');
  });

  it('an array of 2^60 elements without bytes', () => {
    const head = `{'descr': '|u1', 'fortran_order': False, 'shape': (1073741824, 1073741824), }`.padEnd(117);
    const npy = Buffer.concat([
      Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0),
      text(`${head}\n`),
    ]);
    expect(errorOf(() => readDataset({ 'X.npy': npy }, { unlabelled: true })).code).toBe('E_FORMAT');
    const idx = Uint8Array.of(0, 0, 8, 2, 255, 255, 255, 255, 255, 255, 255, 255, 1);
    expect(errorOf(() => readDataset({ 'train-images-idx2-ubyte': idx }, { unlabelled: true })).code).toBe(
      'E_FORMAT',
    );
  });

  it('a CSV of nothing but quotes ends soon', () => {
    const start = performance.now();
    for (const filling of ['"a"b', '"', '"" ', ',"']) {
      readsOrThrows({ 'a.csv': text(filling.repeat(500_000)) });
      readsOrThrows({ 'a.csv': text(`1,2,0\n${filling.repeat(500_000)}`) });
    }
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

/** An IDX file: two zeros, the type, the sizes in big-endian, the elements. */
const idx = (type: number, shape: number[], elements: number[]): Uint8Array =>
  Uint8Array.from([0, 0, type, shape.length, ...shape.flatMap((n) => [0, 0, n >> 8, n & 255]), ...elements]);

/** A `.npy` file of version 1. */
const npy = (descr: string, shape: string, elements: number[]): Uint8Array => {
  const header = text(`{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }\n`.padStart(118));
  return Uint8Array.from([0x93, ...text('NUMPY'), 1, 0, header.length, 0, ...header, ...elements]);
};

describe('an IDX set', () => {
  const images = idx(8, [2, 1, 2], [1, 2, 3, 4]);
  const labels = idx(8, [2], [7, 5]);

  it('is its images and labels, whatever else lies in the folder', () => {
    const { x, labelNames, ...rest } = readDataset({
      'README.md': text('# MNIST'),
      'notes-idx1-ubyte': labels,
      'train-images-idx3-ubyte': images,
      'train-labels-idx1-ubyte': labels,
    });
    expect(rowsOf(x)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect([Array.from(rest.labels), labelNames, rest.test]).toEqual([[1, 0], [5, 7], undefined]);
  });

  it('is its test part where there is no other, and features alone where told', () => {
    const test = { 't10k-images-idx3-ubyte': images, 't10k-labels-idx1-ubyte': labels };
    expect(Array.from(readDataset(test).labels)).toEqual([1, 0]);
    const alone = readDataset({ 'train-images-idx3-ubyte': images }, { unlabelled: true });
    expect([alone.x.rows, alone.x.cols, alone.labels.length]).toEqual([2, 2, 0]);
  });

  it.each<[string, string, Record<string, Uint8Array>]>([
    [
      'E_FORMAT',
      'two files hold the train images; the second is "train-images-idx3-ubyte"',
      { 'a/train-images-idx3-ubyte': images, 'b/train-images-idx3-ubyte': images },
    ],
    ['E_FORMAT', 'there are test labels but no test images', { 't10k-labels-idx1-ubyte': labels }],
    ['E_FORMAT', 'there are train images but no train labels', { 'train-images-idx3-ubyte': images }],
    [
      'E_FORMAT',
      'the train labels are 2 × 1; expected one dimension',
      { 'train-images-idx3-ubyte': images, 'train-labels-idx1-ubyte': idx(8, [2, 1], [7, 5]) },
    ],
    [
      'E_SHAPE',
      'the file holds 3 labels for 2 rows',
      { 'train-images-idx3-ubyte': images, 'train-labels-idx1-ubyte': idx(8, [3], [7, 5, 7]) },
    ],
    [
      'E_SHAPE',
      'the test rows have 1 columns; expected 2, as the training rows have',
      {
        'train-images-idx3-ubyte': images,
        'train-labels-idx1-ubyte': labels,
        't10k-images-idx3-ubyte': idx(8, [2, 1, 1], [1, 2]),
        't10k-labels-idx1-ubyte': labels,
      },
    ],
    [
      'E_FORMAT',
      '"download" is one file of an IDX set; name the set\'s files as MNIST does',
      { download: images },
    ],
    [
      'E_FORMAT',
      'the format of "download" is not known',
      { download: Uint8Array.of(0, 0, 8, 0, 1, 2, 3, 4) },
    ],
  ])('says %s: %s', (code, sentence, files) => {
    const error = errorOf(() => readDataset(files));
    expect(error.code).toBe(code);
    expect(error.message).toContain(sentence);
  });

  it.each([
    [new RangeError('Array buffer allocation failed'), 'E_MEMORY'],
    [new TypeError('no error of reading'), undefined],
  ])('that the engine answers with %s', (thrown, code) => {
    vi.stubGlobal(
      'Float32Array',
      class extends Float32Array {
        constructor(length: number) {
          super(length);
          throw thrown;
        }
      },
    );
    let caught: unknown;
    try {
      readDataset({ 'train-images-idx3-ubyte': images }, { unlabelled: true });
    } catch (error) {
      caught = error;
    } finally {
      vi.unstubAllGlobals();
    }
    if (code === undefined) expect(caught).toBe(thrown);
    else {
      expect(caught).toMatchObject({ code, cause: thrown });
      expect(String(caught)).toContain('train-images-idx3-ubyte: the engine has no room for this dataset');
    }
  });
});

describe('NumPy files', () => {
  const y = npy('|u1', '(2,)', [7, 5]);

  it('are known by their content', () => {
    const { x } = readDataset(
      { name: 'download', bytes: npy('|u1', '(1, 2)', [3, 4]) },
      { unlabelled: true },
    );
    expect(rowsOf(x)).toEqual([[3, 4]]);
  });

  it('of one value are no features', () => {
    const error = errorOf(() =>
      readDataset({ 'X.npy': npy('|u1', '()', [3]), 'y.npy': y }, { features: 'X', label: 'y' }),
    );
    expect(error.code).toBe('E_UNSUPPORTED');
    expect(error.message).toContain('the features are one value');
  });

  it.each([
    ['Infinity', [0, 0x7c]],
    ['-Infinity', [0, 0xfc]],
    ['NaN', [1, 0x7c]],
  ])('of float16 that hold %s are refused', (value, half) => {
    const files = { 'X.npy': npy('<f2', '(2, 1)', [0, 0x3c, ...half]), 'y.npy': y };
    const error = errorOf(() => readDataset(files));
    expect(error.code).toBe('E_NOT_FINITE');
    expect(error.message).toContain(`row 2, column 1 is ${value}`);
  });

  it.each<[string, string, Record<string, Uint8Array>]>([
    [
      'E_FORMAT',
      'the array "shape" of a sparse matrix is 1 × 2',
      { 'shape.npy': npy('|u1', '(1, 2)', [2, 2]) },
    ],
    ['E_FORMAT', 'a sparse matrix has the shape 3;', { 'shape.npy': npy('|u1', '(1,)', [3]) }],
    [
      'E_UNSUPPORTED',
      'in "dok" format (save x.tocsr() instead)',
      { 'format.npy': npy('|S3', '()', [...text('dok')]) },
    ],
  ])('of a sparse matrix say %s: %s', (code, sentence, change) => {
    const members = {
      'format.npy': npy('|S3', '()', [...text('csr')]),
      'shape.npy': npy('|u1', '(2,)', [2, 2]),
      'data.npy': npy('<f4', '(0,)', []),
      ...change,
    };
    const files = { 'X.npz': zipSync(members), 'y.npy': y };
    const error = errorOf(() => readDataset(files, { features: 'X', label: 'y' }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(sentence);
  });

  // Where a directory entry has the size, the packed size and the offset.
  it.each([[[24, 20, 42]], [[24, 20]], [[42]]])(
    'in archives with the ZIP64 fields %j, besides other extra fields, are read',
    (fields) => {
      const members = { 'X.npy': npy('|u1', '(2, 1)', [3, 4]), 'y.npy': y };
      const plain = Buffer.from(
        zipSync(members, { level: 0, extra: { 21589: Uint8Array.of(1, 0, 0, 0, 0) } }),
      );
      const begin = plain.readUInt32LE(plain.length - 6);
      const u64 = (n: number): Buffer => Buffer.from(BigUint64Array.of(BigInt(n)).buffer);
      const parts: Uint8Array[] = [plain.subarray(0, begin)];
      for (let at = begin; plain.readUInt32LE(at) === 0x02014b50; ) {
        const [nameLength, extraLength] = [plain.readUInt16LE(at + 28), plain.readUInt16LE(at + 30)];
        expect(extraLength).toBe(9);
        const end = at + 46 + nameLength + extraLength;
        const entry = Buffer.from(plain.subarray(at, end));
        const sizes = fields.map((field) => plain.readUInt32LE(at + field));
        for (const field of fields) entry.writeUInt32LE(0xffffffff, field);
        entry.writeUInt16LE(extraLength + 4 + 8 * fields.length, 30);
        parts.push(entry, Buffer.of(1, 0, 8 * fields.length, 0), ...sizes.map(u64));
        at = end;
      }
      const endAt = parts.reduce((sum, { length }) => sum + length, 0);
      const end = Buffer.from(plain.subarray(-22));
      end.writeUInt32LE(0xffffffff, 16);
      parts.push(
        Buffer.from('PK\x06\x06'),
        u64(44),
        Buffer.alloc(12),
        u64(2),
        u64(2),
        u64(endAt - begin),
        u64(begin),
      );
      parts.push(Buffer.from('PK\x06\x07'), Buffer.alloc(4), u64(endAt), Buffer.of(1, 0, 0, 0), end);
      const { x, labels } = readDataset({ name: 'both.npz', bytes: Buffer.concat(parts) });
      expect([rowsOf(x), Array.from(labels)]).toEqual([
        [[3], [4]],
        [1, 0],
      ]);
    },
  );
});
