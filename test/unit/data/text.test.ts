import { describe, expect, it } from 'vitest';
import { type Dataset, type ReadOptions, readDataset } from '../../../src/data/index.ts';
import { CsrMatrix } from '../../../src/matrix/csrMatrix.ts';
import { errorOf, rowsOf, text } from './cases.ts';

const csv = (content: string, options?: ReadOptions): Dataset =>
  readDataset({ 'a.csv': text(content) }, options);
const svm = (content: string, options?: ReadOptions): Dataset =>
  readDataset({ 'a.libsvm': text(content) }, options);

describe('CSV', () => {
  it('takes the last column as label, and no header where there is none', () => {
    const { x, labels, labelNames, featureNames } = csv('1,2,10\n3,4,9\n5,6,10\n');
    expect(rowsOf(x)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(Array.from(labels)).toEqual([1, 0, 1]);
    expect(labelNames).toEqual([9, 10]);
    expect(featureNames).toBeUndefined();
  });

  it('finds a header and the label column in it', () => {
    const { x, labelNames, featureNames } = csv('a,Class,b\n1,dog,2\n3,cat,4\n');
    expect(rowsOf(x)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(labelNames).toEqual(['cat', 'dog']);
    expect(featureNames).toEqual(['a', 'b']);
  });

  it('does not take a first row with a text label for a header', () => {
    expect(csv('5.1,3.5,setosa\n4.9,3,virginica\n').x.rows).toBe(2);
  });

  it('believes the header option', () => {
    expect(csv('0,1,2\n5,6,7\n', { header: true }).featureNames).toEqual(['0', '1']);
    expect(csv('a,b,c\n5,6,7\n', { header: false }).labelNames).toEqual(['7', 'c']);
  });

  it('takes the label by name and by index', () => {
    expect(csv('a,b,c\n1,2,3\n', { label: 'a' }).labelNames).toEqual([1]);
    expect(csv('a,b,c\n1,2,3\n', { label: 1 }).labelNames).toEqual([2]);
    expect(csv('1,2,3\n', { label: '0' }).labelNames).toEqual([1]);
    expect(errorOf(() => csv('a,b,c\n1,2,3\n', { label: 'd' })).message).toContain(
      '0 for column 1 "a", 1 for',
    );
    expect(errorOf(() => csv('1,2,3\n', { label: 3 })).code).toBe('E_ARGUMENT');
    expect(errorOf(() => csv('a,a,c\n1,2,3\n', { label: 'a' })).code).toBe('E_ARGUMENT');
  });

  it.each([
    ['tab', '1\t2\t0\n3\t4\t1\n'],
    ['semicolon', '1;2;0\n3;4;1\n'],
    ['bar', '1|2|0\n3|4|1\n'],
    ['blanks, aligned', ' 1   2 0\n 3   4 1\n'],
    ['comma and blanks', '1, 2, 0\n3, 4, 1\n'],
    ['CRLF', '1,2,0\r\n3,4,1\r\n'],
    ['CR', '1,2,0\r3,4,1\r'],
    ['no last line end', '1,2,0\n3,4,1'],
    ['byte order mark', '\ufeff1,2,0\n3,4,1\n'],
    ['blank lines', '\n1,2,0\n\n  \n3,4,1\n\n'],
    ['quotes', '"1","2",0\n3,"4",1\n'],
    ['signs and exponents', '+1.0,.2e1,0\n3.,4E0,1\n'],
  ])('reads %s', (_, content) => {
    const { x, labels } = csv(content);
    expect(rowsOf(x)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(Array.from(labels)).toEqual([0, 1]);
  });

  it('reads another delimiter, and UTF-16', () => {
    expect(rowsOf(csv('1:2:0\n3:4:1\n', { delimiter: ':' }).x)).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const utf16 = Buffer.from('\ufeff1,2,ü\n', 'utf16le');
    expect(readDataset({ 'a.csv': utf16 }).labelNames).toEqual(['ü']);
  });

  it('takes labels as text when one of them is', () => {
    expect(csv('1,10\n1,9\n1,a\n').labelNames).toEqual(['10', '9', 'a']);
    expect(csv('1,1.0\n1,1\n').labelNames).toEqual([1]);
  });

  it.each([
    ['a word in a short table', '12cm,1,0\n7,2,1\n9,3,0\n', 'E_FORMAT', 'line 1, column 1 is "12cm"'],
    ['a row too short', '1,2,0\n3,1\n', 'E_FORMAT', 'line 2'],
    ['a row too long after a field of two lines', '1,2,"a\nb"\n1,2,3,4\n', 'E_FORMAT', 'line 3'],
    ['a quote left open', '1,2,0\n3,"4,1\n', 'E_FORMAT', 'line 2'],
    ['a label with a fraction', '1,2,0\n3,4,0.5\n', 'E_LABEL', '0.5'],
    ['one column', '1\n2\n', 'E_FORMAT', 'one field'],
    ['a header only', 'a,b,class\n', 'E_FORMAT', ''],
    ['blank lines only', '\n \n', 'E_FORMAT', 'no rows'],
    ['zero bytes', '1,2,\0\n', 'E_FORMAT', 'no text'],
  ])('refuses %s', (_, content, code, part) => {
    const error = errorOf(() => csv(content));
    expect(error.code).toBe(code);
    expect(error.message).toContain(part);
  });

  it('refuses a word among many numbers: every guess might ruin the result', () => {
    const rows = Array.from({ length: 40 }, (_, row) => `${row},${row === 17 ? '12cm' : row / 2},${row % 2}`);
    const content = `a,width,y\n${rows.join('\n')}\n`;
    const error = errorOf(() => csv(content));
    expect(error.code).toBe('E_FORMAT');
    expect(error.message).toContain('line 19, column 2 "width" is "12cm", while 39 others are numbers');
    const { x, featureNames, warnings } = csv(content, { missing: ['12cm'] });
    expect(featureNames).toEqual(['a', 'width', 'width is missing']);
    expect(rowsOf(x)[17]).toEqual([17, 10, 1]);
    expect(warnings?.join()).toContain('"width" has missing values; their median 10 stands for them');
    expect(csv(content, { drop: ['width'] }).featureNames).toEqual(['a']);
    expect(csv(content, { categorical: [1] }).x.cols).toBe(41);
  });

  it('fills what is missing, and says so', () => {
    const { x, featureNames, warnings } = csv('1,NA,0\n3,4,1\n5,,1\n2,8,0\n');
    expect(rowsOf(x).map((row) => row.slice(1))).toEqual([
      [6, 1],
      [4, 0],
      [6, 1],
      [8, 0],
    ]);
    expect(featureNames).toEqual(['column 1', 'column 2', 'column 2 is missing']);
    expect(warnings?.join()).toContain('column 2 has missing values; their median 6 stands for them');
  });

  it('leaves out rows without a label, and counts them', () => {
    const { x, labels, labelNames, warnings } = csv('1,2,0\n3,4,\n5,6,?\n7,8,nan\n9,1,1\n');
    expect(rowsOf(x)).toEqual([
      [1, 2],
      [9, 1],
    ]);
    expect([...labels]).toEqual([0, 1]);
    expect(labelNames).toEqual([0, 1]);
    expect(warnings?.join()).toContain('3 rows have no label, and are left out');
  });

  it('refuses bytes that are no text in UTF-8', () => {
    expect(errorOf(() => readDataset({ 'a.csv': Uint8Array.of(0x31, 0x2c, 0xff, 0x01) })).code).toBe(
      'E_FORMAT',
    );
  });

  it('reads features alone', () => {
    const { x, labels } = csv('1,2,3\n4,5,6\n', { unlabelled: true });
    expect([x.cols, labels.length]).toEqual([3, 0]);
  });

  it('reads many rows', () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `${i / 4},${i / 2},${i % 3}`);
    const { x, labels } = csv(rows.join('\n'));
    expect(rowsOf(x)[4999]).toEqual([1249.75, 2499.5]);
    expect(labels[4999]).toBe(1);
  });
});

describe('LIBSVM', () => {
  it('reads labels, pairs, comments and qid, indices from 1', () => {
    const { x, labels, labelNames } = svm('# head\n+1 qid:7 1:0.5 3:-2e1 # tail\r\n\n-1\t2:7\n1\n');
    expect(x instanceof CsrMatrix && Array.from(x.indptr)).toEqual([0, 2, 3, 3]);
    expect(rowsOf(x)).toEqual([
      [0.5, 0, -20],
      [0, 7, 0],
      [0, 0, 0],
    ]);
    expect(Array.from(labels)).toEqual([1, 0, 1]);
    expect(labelNames).toEqual([-1, 1]);
  });

  it('counts from 0 where an index 0 occurs', () => {
    expect(rowsOf(svm('1 1:5\n2 0:3 2:4\n').x)).toEqual([
      [0, 5, 0],
      [3, 0, 4],
    ]);
  });

  it('takes the number of columns', () => {
    expect(svm('1 2:1\n', { columns: 5 }).x.cols).toBe(5);
    expect(svm('1 5:1\n', { columns: 5 }).x.cols).toBe(5);
    expect(errorOf(() => svm('1 2:1\n1 6:1\n', { columns: 5 })).message).toContain('line 2');
    expect(errorOf(() => svm('1 0:1\n1 5:1\n', { columns: 5 })).code).toBe('E_SHAPE');
  });

  it('reads lines without labels when told', () => {
    expect(rowsOf(svm('1:2\n2:3\n', { unlabelled: true }).x)).toEqual([
      [2, 0],
      [0, 3],
    ]);
    expect(errorOf(() => svm('1:2\n')).code).toBe('E_LABEL');
  });

  it.each([
    ['an index twice', '1 1:1\n1 2:1 2:1\n', 'E_FORMAT', 'line 2'],
    ['indices out of order', '1 3:1 2:1\n', 'E_FORMAT', 'line 1'],
    ['no value', '1 3:\n', 'E_FORMAT', 'line 1'],
    ['no index', '1 :3\n', 'E_FORMAT', 'line 1'],
    ['a negative index', '1 -3:1\n', 'E_FORMAT', 'line 1'],
    ['an index beyond 31 bits', '1 99999999999:1\n', 'E_FORMAT', 'line 1'],
    ['a word', '1 1:2 foo\n', 'E_FORMAT', 'line 1'],
    ['a label with a fraction', '1.5 1:2\n', 'E_LABEL', 'line 1'],
    ['a named label', 'cat 1:2\n', 'E_LABEL', 'line 1'],
    ['comments only', '# nothing\n', 'E_FORMAT', ''],
    ['labels only', '1\n2\n', 'E_FORMAT', ''],
  ])('refuses %s', (_, content, code, part) => {
    const error = errorOf(() => svm(content));
    expect(error.code).toBe(code);
    expect(error.message).toContain(part);
  });
});
