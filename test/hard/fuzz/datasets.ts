// Small data sets in every format, written here by the formats' descriptions.
import { readFileSync } from 'node:fs';
import { crc32, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { joined, type Seed } from './mutate.ts';
import { levelsOf, oneRun, parquetFile, plainDoubles, plainTexts, snappyZeros } from './parquet.ts';

type Files = Readonly<Record<string, Uint8Array>>;
type DataSeed = Seed<Files>;

const ROWS = 5;
const COLS = 3;
const VALUES = Array.from({ length: ROWS * COLS }, (_, p) => (p * 7) % 11);
const LABELS = [0, 1, 2, 1, 0];

export const text = (content: string): Uint8Array => new TextEncoder().encode(content);

const fixture = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../fixtures/${path}`, import.meta.url)));

/** An array's bytes, for kinds of number that JavaScript has an array for. */
function elements(descr: string, values: readonly number[]): Uint8Array {
  const size = Number(descr[2]);
  const bytes = new Uint8Array(size * values.length);
  const view = new DataView(bytes.buffer);
  const isLittle = descr[0] !== '>';
  values.forEach((value, p) => {
    const at = p * size;
    if (descr.endsWith('f8')) view.setFloat64(at, value, isLittle);
    else if (descr.endsWith('f4')) view.setFloat32(at, value, isLittle);
    else if (size === 8) view.setBigInt64(at, BigInt(value), isLittle);
    else if (size === 4) view.setInt32(at, value, isLittle);
    else if (size === 2) view.setInt16(at, value, isLittle);
    else view.setInt8(at, value);
  });
  return bytes;
}

/** An .npy file: numpy.lib.format, version 1.0. */
export function npy(
  descr: string,
  shape: readonly number[],
  content: Uint8Array,
  fortran = false,
): Uint8Array {
  const sizes = shape.map((size) => `${size},`).join(' ');
  const dict = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${sizes}), }`;
  const head = text(`${dict.padEnd(128 * Math.ceil((dict.length + 11) / 128) - 11)}\n`);
  const magic = [0x93, ...text('NUMPY'), 1, 0, head.length & 255, head.length >> 8];
  return joined(Uint8Array.from(magic), head, content);
}

const array = (
  descr: string,
  shape: readonly number[],
  values: readonly number[],
  fortran = false,
): Uint8Array => npy(descr, shape, elements(descr, values), fortran);

/** An IDX file: 0, 0, type, dimensions, sizes, elements, all big-endian. */
export function idx(type: number, shape: readonly number[], content: Uint8Array): Uint8Array {
  return joined(Uint8Array.of(0, 0, type, shape.length), elements('>i4', shape), content);
}

/**
 * A ZIP file: local headers with contents, directory, end record (PKWARE APPNOTE 6.3, sections 4.3.7,
 * 4.3.12, 4.3.16).
 * @param changed what the directory tells otherwise than it is, by member.
 */
export function zip(
  files: Files | readonly (readonly [name: string, content: Uint8Array])[],
  { level = 6, changed = () => ({}) }: { level?: number; changed?: (name: string) => ZipLies } = {},
): Uint8Array {
  const members: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  const entries = Array.isArray(files) ? files : Object.entries(files);
  for (const [name, content] of entries) {
    const packed = level === 0 ? content : deflateRawSync(content, { level });
    const lies: ZipLies = changed(name);
    const nameBytes = text(name);
    const about = (sizes: ZipLies): Uint8Array => {
      const fields = Buffer.alloc(22);
      fields.writeUInt16LE(level === 0 ? 0 : 8, 2);
      fields.writeUInt32LE(crc32(content), 8);
      fields.writeUInt32LE(sizes.packedSize ?? packed.length, 12);
      fields.writeUInt32LE(sizes.size ?? content.length, 16);
      fields.writeUInt16LE(nameBytes.length, 20);
      return fields;
    };
    const local = joined(text('PK\x03\x04\x14\0'), about({}), new Uint8Array(2), nameBytes, packed);
    const tail = Buffer.alloc(16);
    tail.writeUInt32LE(lies.offset ?? offset, 12);
    directory.push(joined(text('PK\x01\x02\x14\0\x14\0'), about(lies), tail.subarray(0, 16), nameBytes));
    members.push(local);
    offset += local.length;
  }
  const entriesBytes = joined(...directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(entriesBytes.length, 12);
  end.writeUInt32LE(offset, 16);
  return joined(...members, entriesBytes, end);
}

interface ZipLies {
  readonly size?: number;
  readonly packedSize?: number;
  readonly offset?: number;
}

/** A data element of a level 5 MAT-file: type, size, content, padded to eight bytes. */
function element(type: number, content: Uint8Array): Uint8Array {
  const size = type === 15 ? content.length : 8 * Math.ceil(content.length / 8);
  const padded = new Uint8Array(size);
  padded.set(content);
  return joined(elements('<i4', [type, content.length]), padded);
}

const MAT_HEADER = joined(text('MATLAB 5.0 MAT-file'.padEnd(124)), Uint8Array.of(0, 1, 0x49, 0x4d));

/** A matrix of doubles, or a sparse one (class 5) of row indices, column offsets and values. */
function matrix(
  name: string,
  kind: 1 | 4 | 5 | 6,
  shape: readonly number[],
  parts: readonly Uint8Array[],
  flags = 0,
): Uint8Array {
  const head = [
    element(6, elements('<i4', [kind | flags, 0])),
    element(5, elements('<i4', shape)),
    element(1, text(name)),
  ];
  return element(14, joined(...head, ...parts));
}

/** A matrix of bytes, column by column, as an element of a MAT-file. */
export const bytesMatrix = (name: string, shape: readonly number[], values: Uint8Array): Uint8Array =>
  matrix(name, 6, shape, [element(2, values)]);
const dense = (name: string, shape: readonly number[], values: readonly number[]): Uint8Array =>
  bytesMatrix(name, shape, Uint8Array.from(values));

const sparseX = matrix(
  'X',
  5,
  [ROWS, COLS],
  [
    element(5, elements('<i4', [0, 2, 4, 1, 3])),
    element(5, elements('<i4', [0, 3, 4, 5])),
    element(9, elements('<f8', [1, 2, 3, 4.5, -6])),
  ],
);

const matY = dense('Y', [ROWS, 1], LABELS);
/** A MAT-file of zlib streams. */
export const packedMatFile = (streams: readonly Uint8Array[]): Uint8Array =>
  joined(MAT_HEADER, ...streams.map((stream) => element(15, stream)));
/** A MAT-file of matrices as they are. */
export const matFileOf = (matrices: readonly Uint8Array[]): Uint8Array => joined(MAT_HEADER, ...matrices);
const matFile = (files: Files): Files => ({ 'a.mat': matFileOf(Object.values(files)) });
const packedMat = (files: Files): Files => ({
  'a.mat': packedMatFile(Object.values(files).map((bytes) => deflateSync(bytes))),
});

const asTheyAre = (files: Files): Files => files;
/** The files gzipped. */
const gzipped = (files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)]));
const zipped =
  (level: 0 | 6) =>
  (files: Files): Files => ({ 'a.npz': zip(files, { level }) });

function plainAndPacked(name: string, inside: Files, pack: DataSeed['pack'] = asTheyAre): DataSeed[] {
  return [
    { name, inside, pack },
    { name: `${name} in gzip`, inside, pack: (files) => gzipped(pack(files)) },
  ];
}

const idxFiles = (part: string, type: number, descr: string): Files => ({
  [`${part}-images-idx3-ubyte`]: idx(type, [ROWS, COLS, 1], elements(descr, VALUES)),
  [`${part}-labels-idx1-ubyte`]: idx(8, [ROWS], Uint8Array.from(LABELS)),
});
const numpy: Files = {
  'X.npy': array('<f4', [ROWS, COLS], VALUES),
  'y.npy': array('<i8', [ROWS], LABELS),
};
const scipy: Files = {
  'y.npy': array('|i1', [ROWS], LABELS),
  'format.npy': npy('|S3', [], text('csr')),
  'shape.npy': array('<i8', [2], [ROWS, COLS]),
  'data.npy': array('<f8', [4], [1, 2, 3, 4]),
  'indices.npy': array('<i4', [4], [2, 0, 1, 1]),
  'indptr.npy': array('<i4', [ROWS + 1], [0, 2, 2, 3, 4, 4]),
};
const names = npy(
  '<U3',
  [ROWS],
  elements(
    '<i4',
    LABELS.flatMap((label) => [97 + label, 98, 0]),
  ),
);

const integers = (values: readonly number[]): Uint8Array => array('<i4', [values.length], values);
/** Other layouts of SciPy, each in an archive with its labels. */
const coordinates: Files = {
  'y.npy': array('|i1', [ROWS], LABELS),
  'format.npy': npy('|S3', [], text('coo')),
  'shape.npy': array('<i8', [2], [ROWS, COLS]),
  'data.npy': array('<f8', [4], [1, 2, 3, 4]),
  'row.npy': integers([0, 4, 2, 0]),
  'col.npy': integers([2, 0, 1, 2]),
};
const diagonals: Files = {
  'y.npy': array('|i1', [ROWS], LABELS),
  'format.npy': npy('|S3', [], text('dia')),
  'shape.npy': array('<i8', [2], [ROWS, COLS]),
  'data.npy': array('<f8', [2, COLS], [1, 2, 3, 4, 5, 6]),
  'offsets.npy': integers([0, -2]),
};
const blocks: Files = {
  'y.npy': array('|i1', [4], [0, 1, 1, 0]),
  'format.npy': npy('|S3', [], text('bsr')),
  'shape.npy': array('<i8', [2], [4, 4]),
  'data.npy': array('<f8', [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
  'indices.npy': integers([1, 0]),
  'indptr.npy': integers([0, 1, 2]),
};
const prefixed: Files = {
  'train_data.npy': scipy['data.npy'],
  'train_indices.npy': scipy['indices.npy'],
  'train_indptr.npy': scipy['indptr.npy'],
  'train_labels.npy': scipy['y.npy'],
};
/** A matrix of characters (class 4), and a cell array (class 1) of such. */
const characterMatrix = (name: string, shape: readonly number[], content: string): Uint8Array =>
  matrix(name, 4, shape, [element(16, text(content))]);
export const cellMatrix = (name: string, texts: readonly string[]): Uint8Array =>
  matrix(
    name,
    1,
    [texts.length, 1],
    texts.map((content) => characterMatrix('', [1, content.length], content)),
  );
const cells = cellMatrix(
  'Y',
  LABELS.map((label) => `c${label}`),
);
const logicalX = matrix(
  'X',
  5,
  [ROWS, COLS],
  [
    element(5, elements('<i4', [0, 2, 4])),
    element(5, elements('<i4', [0, 2, 2, 3])),
    element(9, Uint8Array.of(1, 1, 1)),
  ],
  0x200,
);
const oneHot = dense('Y', [ROWS, COLS], [1, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0]);

/** A table with numbers, missing values, numerals, dates, truth values, words and texts. */
export const EVERY_COLUMN = [
  'id,size,price,day,open,city,note,class',
  '7,1.5,"$1,200",2020-01-31,yes,Rome,"a long way from here to the old town hall",x',
  '9,,$30,2021-02-28T10:20,no,Oslo,"the old town hall is not a long way away",y',
  '4,-3e2,$4.5,,yes,Rome,"nobody knows the way to the new town hall yet",x',
  '2,NA,$0,1999-12-31,no,?,"a long note that has more than eight words, really",y',
  '',
].join('\n');

/** Data sets that can be read, by the reader that has to. */
export const dataSeeds: Readonly<Record<string, readonly DataSeed[]>> = {
  idx: [
    ...plainAndPacked('bytes', idxFiles('train', 8, '|i1')),
    ...plainAndPacked('shorts and a test part', {
      ...idxFiles('train', 11, '>i2'),
      ...idxFiles('t10k', 13, '>f4'),
    }),
  ],
  npy: [
    ...plainAndPacked('floats', numpy),
    ...plainAndPacked('big-endian columns first, named classes', {
      'X.npy': array('>f8', [ROWS, COLS, 1], VALUES, true),
      'y.npy': names,
    }),
  ],
  npz: [
    ...plainAndPacked('stored', numpy, zipped(0)),
    ...plainAndPacked('deflated', { ...numpy, 'X_test.npy': numpy['X.npy'], 'y_test.npy': names }, zipped(6)),
    ...plainAndPacked('SciPy', scipy, zipped(6)),
    { name: 'SciPy by coordinates', inside: coordinates, pack: zipped(0) },
    { name: 'SciPy by diagonals', inside: diagonals, pack: zipped(0) },
    { name: 'SciPy by blocks', inside: blocks, pack: zipped(0) },
    { name: 'SciPy with prefixes', inside: prefixed, pack: zipped(6) },
  ],
  mat: [
    ...plainAndPacked('plain', { X: dense('X', [ROWS, COLS], VALUES), Y: matY }, matFile),
    ...plainAndPacked('sparse', { X: sparseX, Y: matY }, matFile),
    ...plainAndPacked('packed', { X: dense('fea', [ROWS, COLS], VALUES), Y: matY }, packedMat),
    ...plainAndPacked('sparse, packed', { X: sparseX, Y: matY }, packedMat),
    { name: 'logical, labels in cells', inside: { X: logicalX, Y: cells }, pack: matFile },
    {
      name: 'labels of characters, a cube',
      inside: { X: dense('X', [ROWS, COLS, 1], VALUES), Y: characterMatrix('Y', [ROWS, 1], 'abcba') },
      pack: packedMat,
    },
    { name: 'one-hot', inside: { X: dense('X', [ROWS, COLS], VALUES), Y: oneHot }, pack: packedMat },
  ],
  csv: [
    ...plainAndPacked('with a head', {
      'a.csv': text('width,"the ""height""",class\r\n1,2.5,x\r\n-3e2,.5,"y\nz"\r\n4,5,x\r\n'),
    }),
    ...plainAndPacked('of numbers', { 'a.csv': text('1;2;0\n3;4;1\n5;6;0\n') }),
    ...plainAndPacked('by tabs', { 'a.tsv': text('1\t2\t0\n3\t4\t1\n') }),
    ...plainAndPacked('in UTF-16', {
      'a.txt': Uint8Array.from(Buffer.from('\ufeff1 2 é\n3 4 ü\n', 'utf16le')),
    }),
  ],
  tables: [
    {
      name: 'row names of R',
      inside: { 'a.txt': text('"x1" "x2" "cls"\n"r" 5.1 3.5 a\n"s" 4.9 3 b\n') },
      pack: asTheyAre,
    },
    {
      name: 'comments, an index',
      inside: { 'a.csv': text('# by hand\n,a,label\n0, 5,"x, y"\n# so\n1, 6, "z"\n') },
      pack: asTheyAre,
    },
    { name: 'empty ends', inside: { 'a.csv': text('sep=;\nx;y;label;\n1;2;a;\n3;4;b;\n') }, pack: asTheyAre },
    { name: 'loose quotes', inside: { 'a.tsv': text('1\t2\ta "b"\n3\t4\t"c\n') }, pack: asTheyAre },
    {
      name: 'a title, money and shares',
      inside: {
        'a.csv': text('Report\n\nname,price,share,class\nx,"$1,200.00",5%,a\ny,"$7.50",12.5%,b\n'),
      },
      pack: asTheyAre,
    },
    {
      name: 'decimal commas',
      inside: { 'a.csv': text('a;b;class\n1,5;2,25;x\n3;1.234,5;y\n') },
      pack: asTheyAre,
    },
    {
      name: 'letters of windows-1252',
      inside: { 'a.csv': Uint8Array.from(Buffer.from('a,class\n1,caf\xe9\n2,na\xefve\n', 'latin1')) },
      pack: asTheyAre,
    },
    { name: 'of every kind of column', inside: { 'a.csv': text(EVERY_COLUMN) }, pack: asTheyAre },
    {
      name: 'in a ZIP archive',
      inside: { 'a.csv': text('a,b,class\n1,2,x\n3,4,y\n') },
      pack: (files) => ({ 'a.zip': zip(files) }),
    },
  ],
  pairs: [
    {
      name: 'of NIPS',
      inside: { 'm_train.data': text('485 477 \n483 458 \n1 2 \n'), 'm_train.labels': text('-1\n1\n1\n') },
      pack: asTheyAre,
    },
    {
      name: 'with a test part',
      inside: {
        'X_train.txt': text('1,2\n3,4\n5,6\n'),
        'y_train.txt': text('a\nb\na\n'),
        'X_test.txt': text('7,8\n'),
        'y_test.txt': text('b\n'),
      },
      pack: asTheyAre,
    },
    {
      name: 'of lists',
      inside: { 'd_train.data': text('1 3\n2\n1 2 4\n'), 'd_train.labels': text('1\n-1\n1\n') },
      pack: asTheyAre,
    },
    {
      name: 'of pairs',
      inside: { 'd_train.data': text('1:2 3:1\n2:5\n'), 'd_train.labels': text('1\n-1\n') },
      pack: asTheyAre,
    },
    {
      name: 'of a matrix',
      inside: {
        'X.mtx': text('%%MatrixMarket matrix coordinate real general\n3 2 2\n1 1 5\n3 2 6\n'),
        'y.csv': text('a,b\n1,0\n0,1\n0,1\n'),
      },
      pack: asTheyAre,
    },
  ],
  arff: [
    ...plainAndPacked('dense', {
      'a.arff': text(
        "% x\n@relation r\n@attribute 'the w' real\n@attribute v numeric\n@attribute class {a,'b " +
          "c'}\n@data\n1,2.5,a\n3,-4e1,'b c'\n5,6,a, {2}\n",
      ),
    }),
    {
      name: 'sparse',
      inside: {
        'a.arff': text(
          '@relation r\n@attribute w real\n@attribute v real\n@attribute c {a,b}\n@data\n{0 1.5, 2 ' +
            'b}\n{}\n{1 2}\n',
        ),
      },
      pack: asTheyAre,
    },
  ],
  jsonLines: [
    ...plainAndPacked('objects', {
      'a.jsonl': text('{"w":1.5,"v":2,"label":"x"}\n{"v":-3e1,"label":"y","w":0}\n'),
    }),
    { name: 'lists', inside: { 'a.json': text('[1,2,true]\n[3,4,false]\n\n[5,6,true]\n') }, pack: asTheyAre },
  ],
  parquet: [
    {
      name: 'numbers and a dictionary',
      inside: {
        'a.parquet': parquetFile(4, [
          { name: 'w', type: 5, values: plainDoubles(Float64Array.of(1, -2.5, 3e4, 0)) },
          {
            name: 'v',
            type: 5,
            values: plainDoubles(Float64Array.of(4, 5, 6, 7)),
            levels: levelsOf(oneRun(4, 1)),
          },
          {
            ...{ name: 'label', type: 6, converted: 0, encoding: 8 },
            dictionary: { values: plainTexts(['x', 'y']), count: 2 },
            values: joined(Uint8Array.of(1), oneRun(2, 0), oneRun(2, 1)),
          },
        ]),
      },
      pack: asTheyAre,
    },
    {
      name: 'in gzip and Snappy',
      inside: {
        'a.parquet': parquetFile(4, [
          {
            name: 'w',
            type: 5,
            codec: 2,
            compress: gzipSync,
            values: plainDoubles(Float64Array.of(1, 2, 3, 4)),
          },
          {
            name: 'v',
            type: 1,
            codec: 1,
            compress: ({ length }) => snappyZeros(length),
            values: new Uint8Array(16),
          },
          { name: 'label', type: 6, converted: 0, values: plainTexts(['a', 'b', 'a', 'b']) },
        ]),
      },
      pack: asTheyAre,
    },
    ...['snappy', 'delta'].map((name) => ({
      name: `${name} of a writer`,
      inside: { 'a.parquet': fixture(`parquet/${name}.parquet`) },
      pack: asTheyAre,
    })),
  ],
  libsvm: [
    ...plainAndPacked('one-based', { 'a.svm': text('# head\n1 qid:3 1:0.5 7:1e-3\n-1 2:1 # tail\n1\n') }),
    ...plainAndPacked('zero-based', { 'a.libsvm': text('0 0:1 2:-2.5\n1 1:3\r\n') }),
  ],
};
