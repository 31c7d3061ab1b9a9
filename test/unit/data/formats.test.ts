import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { findPair, missingLabelsFile } from '../../../src/data/fileRoles.ts';
import { type Dataset, type RawTable, readDataset, readTable } from '../../../src/data/index.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import { zip } from '../../hard/fuzz/datasets.ts';
import { errorOf, rowsOf, text } from './cases.ts';

type Texts = Readonly<Record<string, string>>;
const bytesOf = (files: Texts) =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [name, text(content)]));
const read = (files: Texts, options = {}): Dataset => readDataset(bytesOf(files), options);
const labelsOf = ({ labels, labelNames }: Dataset) => Array.from(labels, (label) => labelNames[label]);
function tableOf(files: Texts): RawTable {
  const table = readTable(bytesOf(files));
  if (table === undefined) throw new Error('no table');
  return table;
}
const fieldsOf = ({ columns, rows }: RawTable): string[][] =>
  Array.from({ length: rows }, (_, row) => columns.map((column) => column.text(row)));

describe('pairs of text files', () => {
  it.each([
    [['m_train.data', 'm_train.labels'], { train: ['m_train.data', 'm_train.labels'] }],
    [
      [
        'X_train.txt',
        'y_train.txt',
        'X_test.txt',
        'y_test.txt',
        'subject_train.txt',
        'README.txt',
        'features.txt',
      ],
      { train: ['X_train.txt', 'y_train.txt'], test: ['X_test.txt', 'y_test.txt'] },
    ],
    [['X.csv', 'y.csv'], { train: ['X.csv', 'y.csv'] }],
    [['train.csv', 'trainLabels.csv', 'test.csv'], { train: ['train.csv', 'trainLabels.csv'] }],
    [
      ['g_train.data', 'g_train.labels', 'g_valid.data', 'g_valid.labels', 'g_test.data'],
      { train: ['g_train.data', 'g_train.labels'], test: ['g_valid.data', 'g_valid.labels'] },
    ],
    [['X_test.txt', 'y_test.txt'], { train: ['X_test.txt', 'y_test.txt'] }],
    [['a.csv', 'b.csv'], undefined],
    [['X.csv', 'y.csv', 'y.txt'], undefined],
    [['wine.data', 'wine.names'], undefined],
  ])('are told by their names: %j', (names, expected) => {
    const found = findPair(names);
    const listed = found && {
      train: [found.train.features, found.train.labels],
      ...(found.test && { test: [found.test.features, found.test.labels] }),
    };
    expect(listed).toEqual(expected);
  });

  it('of NIPS 2003 are one dataset', () => {
    const dataset = read({ 'm_train.data': '485 477 \n483 458 \n', 'm_train.labels': '-1\n1\n' });
    expect(rowsOf(dataset.x)).toEqual([
      [485, 477],
      [483, 458],
    ]);
    expect(labelsOf(dataset)).toEqual([-1, 1]);
    expect(dataset.taken?.label).toEqual({ name: 'label', number: 3 });
  });

  it('may be sparse: pairs, lists of columns, or Matrix Market', () => {
    const labels = '1\n-1\n1\n';
    const test = { 'd_valid.labels': '1\n-1\n', 'd_train.labels': labels };
    const lists = read({ 'd_train.data': '1 3\n2\n1 2 4\n', 'd_valid.data': '3\n1 2\n', ...test });
    expect(lists.x).toBeInstanceOf(CsrMatrix);
    expect(rowsOf(lists.x)).toEqual([
      [1, 0, 1, 0],
      [0, 1, 0, 0],
      [1, 1, 0, 1],
    ]);
    expect(lists.test && rowsOf(lists.test.x)).toEqual([
      [0, 0, 1, 0],
      [1, 1, 0, 0],
    ]);
    const pairs = read({ 'd_train.data': '1:2 3:1\n2:5\n1:1\n', 'd_valid.data': '3:1\n1:2\n', ...test });
    expect(rowsOf(pairs.x)[0]).toEqual([2, 0, 1]);
    const market = read({
      'X.mtx': '%%MatrixMarket matrix coordinate real general\n3 2 2\n1 1 5\n3 2 6\n',
      'y.txt': 'a\nb\na\n',
    });
    expect(rowsOf(market.x)).toEqual([
      [5, 0],
      [0, 0],
      [0, 6],
    ]);
    expect(labelsOf(market)).toEqual(['a', 'b', 'a']);
    expect(errorOf(() => read({ 'd_train.data': '1 3\n3 2\n5\n', 'd_train.labels': labels })).code).toBe(
      'E_FORMAT',
    );
    expect(errorOf(() => read({ 'd_train.data': '1:1\n2:1\n', 'd_train.labels': labels })).code).toBe(
      'E_SHAPE',
    );
  });

  it('have headers where the number of rows says so', () => {
    const words = { 'X.csv': '1,2\n3,4\n5,6\n', 'y.csv': 'cat\ndog\ndog\n' };
    expect(labelsOf(read(words))).toEqual(['cat', 'dog', 'dog']);
    expect(labelsOf(read({ ...words, 'y.csv': 'kind\ncat\ndog\ndog\n' }))).toEqual(['cat', 'dog', 'dog']);
    expect(labelsOf(read({ ...words, 'y.csv': ',label\n0,cat\n1,dog\n2,dog\n' }))).toEqual([
      'cat',
      'dog',
      'dog',
    ]);
    expect(labelsOf(read({ ...words, 'y.csv': 'big cat\nold dog\nold dog\n' }))).toEqual([
      'big cat',
      'old dog',
      'old dog',
    ]);
    expect(errorOf(() => read({ ...words, 'y.csv': 'cat\ndog\n' })).code).toBe('E_SHAPE');
  });

  it('may hold one-hot labels', () => {
    const dataset = read({ 'X.csv': '1,2\n3,4\n5,6\n', 'y.csv': 'cat,dog\n1,0\n0,1\n0,1\n' });
    expect(labelsOf(dataset)).toEqual(['cat', 'dog', 'dog']);
    expect(labelsOf(read({ 'X.csv': '1,2\n3,4\n', 'y.csv': '0,1\n1,0\n' }))).toEqual([1, 0]);
    const several = errorOf(() => read({ 'X.csv': '1,2\n3,4\n', 'y.csv': '1,1\n1,0\n' }));
    expect(several.message).toContain('one label a line');
  });

  it('are a table with the label as its last column', () => {
    const table = tableOf({ 'X.csv': 'a,b\n1,x\n2,y\n', 'y.csv': 'u\nv\n' });
    expect(fieldsOf(table)).toEqual([
      ['1', 'x', 'u'],
      ['2', 'y', 'v'],
    ]);
    expect(table.label).toBe(2);
  });

  it('are asked for where one of them is alone', () => {
    expect(missingLabelsFile('X_train.csv')).toBe('y_train.csv');
    expect(missingLabelsFile('x.txt')).toBe('y.txt');
    expect(missingLabelsFile('train_features.csv')).toBe('train_labels.csv');
    expect([
      missingLabelsFile('xray.csv'),
      missingLabelsFile('wine.data'),
      missingLabelsFile('train.csv'),
    ]).toEqual([undefined, undefined, undefined]);
    const alone = { 'm_train.data': '1 2 3\n4 5 6\n' };
    expect(errorOf(() => read(alone)).message).toContain('"m_train.labels"');
    expect(read(alone, { unlabelled: true }).x.cols).toBe(3);
    expect(read(alone, { label: 2 }).x.cols).toBe(2);
    expect(read({ 'poker_train.data': '1,2,3\n4,5,6\n' }).x.cols).toBe(2);
    expect(read({ 'X_train.csv': 'a,label\n4,5\n' }).x.cols).toBe(1);
  });
});

describe('ARFF', () => {
  const head =
    "% by hand\n@RELATION 'a b'\n\n@attribute 'the width' REAL\n@Attribute kind {x, 'y z'}\n@attribute c " +
    '{no,yes}\n';

  it('is a table with names and declared values', () => {
    const table = tableOf({ 'a.arff': `${head}@DATA\n1.5, x ,yes\n% in between\n?,'y z',no\n` });
    expect(table).toMatchObject({ format: 'ARFF', rows: 2, names: 'format', commentLines: 2, label: 2 });
    expect(table.columns.map(({ name, declared }) => [name, declared?.type, declared?.values])).toEqual([
      ['the width', 'number', undefined],
      ['kind', 'nominal', ['x', 'y z']],
      ['c', 'nominal', ['no', 'yes']],
    ]);
    expect(fieldsOf(table)).toEqual([
      ['1.5', 'x', 'yes'],
      ['?', 'y z', 'no'],
    ]);
    expect([table.line(0), table.line(1)]).toEqual([8, 10]);
  });

  it('may be sparse: 0, or the first value, where nothing is written', () => {
    expect(fieldsOf(tableOf({ 'a.arff': `${head}@data\n{0 2.5, 2 yes}\n{}\n{1 'y z'}, {5}\n` }))).toEqual([
      ['2.5', 'x', 'yes'],
      ['0', 'x', 'no'],
      ['0', 'y z', 'no'],
    ]);
  });

  it('is a dataset where its features are numbers', () => {
    const numbers = '@relation r\n@attribute class {a,b}\n@attribute w numeric\n@data\nb,1\na,2\n';
    const dataset = read({ 'a.arff': numbers });
    expect(rowsOf(dataset.x)).toEqual([[1], [2]]);
    expect(labelsOf(dataset)).toEqual(['b', 'a']);
    expect(labelsOf(read({ unknown: numbers }))).toEqual(['b', 'a']);
  });

  it('keeps quotes, backslashes and commas within words', () => {
    const row = String.raw`'it\'s, so',"a ""b",don't`;
    const table = tableOf({
      'a.arff': `@relation r\n@attribute s string\n@attribute t string\n@attribute u string\n@data\n${row}\n`,
    });
    expect(fieldsOf(table)[0][0]).toBe("it's, so");
    expect(fieldsOf(table)[0][2]).toBe("don't");
  });

  it.each([
    ['1.5,x\n', 'line 8 has 2 fields; expected 3'],
    ["1.5,'x,yes\n", "expected a closing '"],
    ['{0 1, 0 2}\n', 'expected an ascending index'],
    ['{3 1}\n', 'from 0 to 2'],
    ['{0 1\n', 'a } at the end'],
    ['', 'no rows'],
  ])('is refused with %j', (rows, sentence) => {
    const error = errorOf(() => tableOf({ 'a.arff': `${head}@data\n${rows}` }));
    expect(error.code).toBe('E_FORMAT');
    expect(error.message).toContain(sentence);
  });

  it.each([
    ['@relation r\n@attribute a\n@data\n1\n', 'a type'],
    ['@relation r\n@attribute a {x\n@data\n1\n', 'a }'],
    ['@relation r\n@attribute a relational\n', 'relational'],
    ['@relation r\n@data\n1\n', '@attribute lines'],
    ['@relation r\n@attribute a real\n', 'cut short'],
    ['@relation r\nhello\n', '"hello"'],
  ])('is refused with the head %j', (content, sentence) => {
    expect(errorOf(() => tableOf({ 'a.arff': content })).message).toContain(sentence);
  });
});

describe('JSON Lines', () => {
  it('are a table of the keys in the order in which they occur', () => {
    const table = tableOf({ 'a.jsonl': '{"b":1.5,"a":" x "}\n\n{"a":null,"c":true,"b":-2}\n' });
    expect(table.columns.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
    expect(fieldsOf(table)).toEqual([
      ['1.5', 'x', ''],
      ['-2', '', 'true'],
    ]);
    expect(table.line(1)).toBe(3);
  });

  it('may be lists, and be called otherwise', () => {
    expect(rowsOf(read({ 'a.json': '[1,2,"u"]\n[3,4,"v"]\n' }).x)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(labelsOf(read({ a: '{"x":1,"label":"u"}\n{"x":2,"label":"v"}\n' }))).toEqual(['u', 'v']);
    expect(fieldsOf(tableOf({ 'a.jsonl': '{"__proto__":1,"constructor":"x"}\n' }))).toEqual([['1', 'x']]);
  });

  it.each([
    ['{"a":1}\n[2]\n', 'line 2 of the JSON Lines', 'E_FORMAT'],
    ['{"a":1}\n2\n', 'line 2', 'E_FORMAT'],
    ['[1]\n{"a":1}\n', 'line 2 of the JSON Lines', 'E_FORMAT'],
    ['{"a":1}\n{"a":\n', 'line 2 is no whole JSON value', 'E_FORMAT'],
    ['{\n"a":1}\n', 'JSON Lines', 'E_FORMAT'],
    ['{"a":[1,2]}\n', 'line 1, "a" holds an array', 'E_UNSUPPORTED'],
    ['{"a":{"b":1}}\n', 'line 1, "a" holds an object', 'E_UNSUPPORTED'],
    ['{}\n', 'no JSON objects', 'E_FORMAT'],
    ['[{"a":1}]', 'JSON of one value', 'E_UNSUPPORTED'],
  ])('are refused with %j', (content, sentence, code) => {
    const error = errorOf(() => read({ 'a.json': content }));
    expect(error.message).toContain(sentence);
    expect(error.code).toBe(code);
  });
});

describe('Matrix Market', () => {
  const mtx = '%%MatrixMarket matrix coordinate real general\n2 3 2\n1 1 0.5\n2 3 1\n';
  it('is features alone', () => {
    expect(rowsOf(read({ 'a.mtx': mtx }, { unlabelled: true }).x)).toEqual([
      [0.5, 0, 0],
      [0, 0, 1],
    ]);
    expect(errorOf(() => read({ a: mtx })).message).toContain('a Matrix Market file holds features');
  });
});

describe('ZIP archives', () => {
  const csv = text('1,2,a\n3,4,b\n');
  const zipped = (files: Record<string, Uint8Array>) => ({ 'd.zip': zip(files) });

  it('of one file are that file', () => {
    expect(
      readDataset(zipped({ 'folder/d.csv': csv, 'README.md': csv, '__MACOSX/._d.csv': csv })).x.rows,
    ).toBe(2);
    expect(readDataset({ download: zip({ 'd.csv': csv }) }).x.rows).toBe(2);
  });

  it('of files that belong together are these', () => {
    expect(
      readDataset(zipped({ 'a/X.csv': text('1,2\n3,4\n'), 'a/y.csv': text('u\nv\n') })).labelNames,
    ).toEqual(['u', 'v']);
  });

  it.each<[Record<string, Uint8Array>, string, string]>([
    [{ 'a.csv': csv, 'b.csv': csv }, 'E_FORMAT', '2 files'],
    [{ README: csv }, 'E_UNSUPPORTED', 'unpack it'],
    [{ 'a.csv.gz': gzipSync(csv) }, 'E_UNSUPPORTED', 'unpack it first'],
    [{ '[Content_Types].xml': csv, 'xl/workbook.xml': csv }, 'E_UNSUPPORTED', 'Excel'],
    [
      Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`${at}.csv`, csv])),
      'E_UNSUPPORTED',
      'unpack it',
    ],
  ])('of others are refused: %j', (files, code, sentence) => {
    const error = errorOf(() => readDataset(zipped(files)));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(sentence)]);
  });
});

describe('files that are not read', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['a.h5', '', 'HDF5'],
    ['a.csv', Uint8Array.of(0x89, 0x48, 0x44, 0x46, 13, 10), 'HDF5'],
    ['a.xlsx', '', 'Excel'],
    ['a.pkl', '', 'pickle'],
    ['a', Uint8Array.of(0x80, 4, 0x95, 1), 'pickle'],
    ['a.png', '', 'image'],
    ['a9a.bz2', 'BZh91AY', 'unpack it first'],
    ['a.csv.xz', '', 'unpack it first'],
    ['a.csv.zst', '', 'unpack it first'],
    ['a.tar', '', 'unpack it first'],
    ['a.rds', '', 'write.csv'],
    ['a.csv', '<!DOCTYPE html><html>', 'web page'],
    ['a.csv', 'version https://git-lfs.github.com/spec/v1\n', 'git lfs pull'],
  ])('say what they are: %s', (name, content, sentence) => {
    const bytes = typeof content === 'string' ? text(content === '' ? 'x' : content) : content;
    const error = errorOf(() => readDataset({ name, bytes }));
    expect(error.code).toBe('E_UNSUPPORTED');
    expect(error.message).toContain(sentence);
  });
});
