import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/base/budget.ts';
import { FieldStore } from '../../../src/data/fieldStore.ts';
import { type RawTable, type ReadOptions, readDataset, readTable } from '../../../src/data/index.ts';
import { chooseLabelColumn } from '../../../src/data/labelColumn.ts';
import { errorOf, rowsOf, text } from './cases.ts';

function tableOf(content: string, options?: ReadOptions, name = 'a.csv'): RawTable {
  const table = readTable({ name, bytes: text(content) }, options);
  if (table === undefined) throw new Error('no table');
  return table;
}

const fieldsOf = ({ columns, rows }: RawTable): string[][] =>
  Array.from({ length: rows }, (_, row) => columns.map((column) => column.text(row)));
const namesOf = ({ columns }: RawTable) => columns.map(({ name }) => name);
const labelOf = (table: RawTable): number => chooseLabelColumn(table).column;
/** Rows of the fields, with the row's index in place of `#`. */
const repeated = (count: number, row: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => row(index)).join('\n');

describe('readTable', () => {
  it('keeps the text of fields, trimmed, with their lines', () => {
    const table = tableOf('a,b,class\n 007 ,"x, ""y""\nz",1.50\n\n?,,no\n');
    expect(namesOf(table)).toEqual(['a', 'b', 'class']);
    expect(fieldsOf(table)).toEqual([
      ['007', 'x, "y"\nz', '1.50'],
      ['?', '', 'no'],
    ]);
    expect([table.line(0), table.line(1)]).toEqual([2, 5]);
    expect(table.columns[0].value(0)).toBe(7);
    expect(table.columns[0].value(1)).toBeUndefined();
    expect(table).toMatchObject({ format: 'CSV', delimiter: ',', names: 'first line', warnings: [] });
  });

  it('has no other rows', () => {
    const [column] = tableOf('a,class\n1,x\n2,y\n').columns;
    for (const row of [-1, 2, 0.5, Number.NaN]) {
      expect(errorOf(() => column.text(row)).code).toBe('E_ARGUMENT');
      expect(errorOf(() => column.value(row)).code).toBe('E_ARGUMENT');
    }
  });

  it('is undefined for files of numbers', () => {
    expect(readTable({ name: 'a.svm', bytes: text('1 1:2\n') })).toBeUndefined();
  });

  it('keeps many rows of any characters', () => {
    const rows = Array.from({ length: 3000 }, (_, row) => [
      `${row}`,
      `é${row}`,
      `漢${'字'.repeat(row % 90)}`,
    ]);
    const table = tableOf(rows.map((fields) => fields.join(';')).join('\n'), { rowNumbers: 'keep' });
    expect(fieldsOf(table)).toEqual(rows);
    expect(table.columns[1].text(2999)).toBe('é2999');
    expect(table.columns[1].text(0)).toBe('é0');
  });

  it('keeps fields longer than engines take arguments', () => {
    const long = 'ab'.repeat(150_000);
    expect(tableOf(`1,${long}\n2,x\n`).columns[1].text(0)).toBe(long);
  });

  it('reads numbers as the engine does, to the bit', () => {
    const store = new FieldStore(1, new Budget(0));
    const texts = [
      ...['0', '-0', '.5', '5.', '-12.25', '0.1', '123456789012.34', '99999999999999', '0.00000000000001'],
      ...['1e5', '12345678901234567', '+3', 'nan', '-inf', '4.35', '0.30000000000000004', '9007199254740993'],
    ];
    for (const [row, field] of texts.entries()) store.add([field], row);
    store.seal();
    const numbers = texts.map((_, row) => store.number(row, 0));
    expect(numbers).toEqual(
      texts.map((field) => (field === '-inf' ? -Infinity : Number(field.replace('nan', 'NaN')))),
    );
    const words = ['', '.', '-', '1.2.3', '--1', '0x1', '1,5', 'a', '1 2'];
    for (const [row, field] of words.entries()) store.add([field], row);
    store.seal();
    expect(words.map((_, at) => store.number(texts.length + at, 0))).toEqual(words.map(() => undefined));
  });
});

describe('the delimiter', () => {
  it.each([
    ['semicolons in a label', 'x,label\n1.5,a;b;c;d\n2.5,e;f;g;h\n', ',', 2],
    ['commas in a label', 'x;label\n1.5;a,b\n2.5;c,d\n', ';', 2],
    ['decimal commas', '1,5;2,5;a\n3,25;4,5;b\n', ';', 3],
    ['blanks in words', 'red apple,5\ngreen pear,6\n', ',', 2],
    ['a number and a blank in each field', '3 rooms,cheap\n4 rooms,dear\n', ',', 2],
    ['tabs of any number', '15.2\t14.8\t\t1\n14.8\t14.5\t2\n13\t\t12\t3\n', ' ', 3],
    ['tabs with an empty field', '15.2\t\t1\n14.8\t14.5\t2\n13\t12\t3\n', '\t', 3],
    ['a tab too many in the first line', '15.2\t14.8\t\t1\n14.8\t14.5\t2\n13\t12\t3\n', ' ', 3],
    ['blanks and tabs', '1 \t2 3\n4\t5   6\n', ' ', 3],
    ['what Excel says', 'sep=;\n1,5;2\n3,5;4\n', ';', 2],
    ['nothing to separate', 'one\ntwo\n', ',', 1],
    ['a longer line among many', `${'1;2;3\n'.repeat(20)}1;2;3\n`, ';', 3],
  ])('is told from %s', (_, content, delimiter, width) => {
    const table = tableOf(content, { header: content.startsWith('x') });
    expect([table.delimiter, table.columns.length]).toEqual([delimiter, width]);
  });

  it('may be followed by blanks and a quote', () => {
    expect(fieldsOf(tableOf('1, "a, b", "c"\n2,\t"d ""e""" ,"f, "\n'))).toEqual([
      ['1', 'a, b', 'c'],
      ['2', 'd "e"', 'f,'],
    ]);
    expect(fieldsOf(tableOf('1, "a "", "" b", "c"\n2, "d", "e"\n'))[0]).toEqual(['1', 'a ", " b', 'c']);
    expect(fieldsOf(tableOf('5" disk, "x"\n3" disk, "y"\n'))).toEqual([
      ['5" disk', 'x'],
      ['3" disk', 'y'],
    ]);
  });

  it('ends every line, and nothing comes behind it', () => {
    for (const content of ['x,y,\n1,2,\n3,4,\n', 'x,y\n1,2,\n3,4,\n', 'x,y,\n1,2\n3,4\n']) {
      const table = tableOf(content);
      expect(namesOf(table)).toEqual(['x', 'y']);
      expect(fieldsOf(table)).toEqual([
        ['1', '2'],
        ['3', '4'],
      ]);
    }
    expect(tableOf('1;2;\n3;4;\n').columns).toHaveLength(2);
    expect(tableOf('1,2,\n3,4,5\n').columns).toHaveLength(3);
  });

  it('may be a tab between fields with quotes of their own', () => {
    const table = tableOf('ham\t"Well said\nspam\tcall "now"\nham\tok\n', {}, 'a.tsv');
    expect(fieldsOf(table)[0]).toEqual(['ham', '"Well said']);
    expect(table.warnings[0]).toContain('line 1');
    expect(errorOf(() => tableOf('ham,"Well said\nspam,now\n')).code).toBe('E_FORMAT');
  });

  it('of single quotes takes these off', () => {
    expect(fieldsOf(tableOf("1,'-1'\n2,'1'\n"))[0]).toEqual(['1', '-1']);
    expect(fieldsOf(tableOf("1,it's\n2,'s'x'\n"))[1]).toEqual(['2', "'s'x'"]);
  });

  it.each([
    ['1,2,3\n4,5\n', 'line 2 has 2 fields; expected 3, as line 1 has'],
    ['1,2,3\n4,5,6\n7,8,9,10\n', 'line 3 has 4 fields; expected 3, as line 2 has'],
  ])('leaves lines of one length: %j', (content, sentence) => {
    expect(errorOf(() => tableOf(content)).message).toContain(sentence);
  });
});

describe('comments', () => {
  it('come before the rows, or are of another length', () => {
    const table = tableOf('# made by "us\n% twice\n\n1,2,a\n# in between\n3,4,b\n');
    expect(fieldsOf(table)).toEqual([
      ['1', '2', 'a'],
      ['3', '4', 'b'],
    ]);
    expect(table.commentLines).toBe(3);
    expect(fieldsOf(tableOf('a,b\n#1,x\n#2,y\n', { header: true }))[0]).toEqual(['#1', 'x']);
  });

  it('may name the columns', () => {
    expect(tableOf('# x y label\n1 2 0\n3 4 1\n')).toMatchObject({ names: 'comment' });
    expect(namesOf(tableOf('# x y label\n1 2 0\n3 4 1\n'))).toEqual(['x', 'y', 'label']);
    expect(namesOf(tableOf('# made in 2 steps\n1 2 0\n'))).toEqual([undefined, undefined, undefined]);
  });
});

describe('the header', () => {
  it.each([
    ['names above numbers', 'a,b,c\n1,2,x\n'],
    ['names above numbers and unknown values', 'a,b\n?,x\n1,y\n2,z\n'],
    ['0, 1, label', '0,1,label\n5.1,3.5,cat\n4.9,3,dog\n'],
    ['label, 0, 1', 'label,0,1\ncat,5.1,3.5\ndog,4.9,3\n'],
    ['0, 1 and a name above classes', '0,1,kind\n5.1,3.5,cat\n4.9,3,dog\n4,3,cat\n'],
    ['years', 'name,2001,2002,2003\n1,5,6,7\n2,5,6,7\n'],
    ['0, 1, 2', '0,1,2\n5.1,3.5,1\n4.9,3,0\n'],
    ['0, 1', '0,1\n5.1,7\n4.9,8\n'],
    ['0, 1, 2, 3, also where these occur below', '0,1,2,3\n0,1,2,3\n5,6,7,8\n'],
    ['words above words', 'text,kind\ngood film,yes\nbad film,no\nlong film,no\n'],
    ['a usual label above words', 'text,label\ngood film,yes\nbad film,no\n'],
    ['sodium', 'RI,Na,Type\n1.5,13,1\n1.6,14,2\n'],
  ])('is found: %s', (_, content) => {
    expect(tableOf(content, { rowNumbers: 'keep' })).toMatchObject({
      names: 'first line',
      rows: content.trim().split('\n').length - 1,
    });
  });

  it.each([
    ['numbers', '1,2,3\n4,5,6\n'],
    ['a quantity above numbers', '12cm,6,cat\n7,8,dog\n9,1,cat\n'],
    ['a word above numbers, and a number', 'unknown,6,cat\n7,8,dog\n9,1,cat\n'],
    ['a word above numbers, and a class', 'unknown,big,cat\n7,8,dog\n9,1,cat\n'],
    ['numbers and a class', '5.1,3.5,setosa\n4.9,3,virginica\n'],
    ['1, 2 and a class', '1,2,a\n3,4,b\n5,6,b\n'],
    ['0, 1 that occur below', '0,1\n1,0\n0,1\n'],
    ['words that occur below', 'x,o,win\no,x,lose\nx,x,win\n'],
    ['an unknown value', 'NA,2,0\n3,4,1\n'],
    ['a name and numbers that do not count', 'label,7,3\n1,5,6\n2,8,9\n'],
    ['one line', 'a,b,c\n'],
  ])('is not found in %s', (_, content) => {
    const table = tableOf(content);
    expect(table.names).toBeUndefined();
    expect(table.rows).toBe(content.trim().split('\n').length);
    expect(table.columns[0].text(0)).toBe(content.split(',')[0]);
    expect(table.line(0)).toBe(1);
  });

  it('says it where it counts', () => {
    expect(tableOf('0,1,2\n5.1,3.5,1\n4.9,3,0\n').warnings[0]).toContain('counts from 0 to 2');
    expect(tableOf('0,1\n1,1\n0,0\n').warnings[0]).toContain('is taken for a sample');
    expect(tableOf('0,1,2\n5.1,3.5,1\n', { header: false })).toMatchObject({ rows: 2, warnings: [] });
  });
});

describe('row numbers', () => {
  const leftOut = (content: string, options?: ReadOptions) =>
    tableOf(content, options).leftOut.map(({ number }) => number);

  it.each([
    ['of pandas', ',a,label\n0,5,x\n1,6,y\n', [1]],
    ['of pandas, read again', 'Unnamed: 0,a,label\n0,5,x\n1,6,y\n', [1]],
    ['from any number', 'a,Id,label\n5,892,x\n6,893,y\n', [2]],
    ['in a long table without names', repeated(12, (row) => `${row + 1},${row % 5},${row % 2}`), [1]],
    [
      'with a name that may be a feature',
      `No.,b,c\n${repeated(12, (row) => `${row + 1},${row % 5},x`)}`,
      [1],
    ],
    ['in camel case', `PassengerId,b,c\n${repeated(12, (row) => `${row + 1},${row % 5},x`)}`, [1]],
    ['that do not count', ',a,label\n0,5,x\n0,6,y\n', []],
    ['in a short table without names', '1,5,0\n2,6,1\n3,7,0\n', []],
    ['with a name that may be a feature, in a short table', 'x,b,c\n1,5,u\n2,6,v\n', []],
    ['of classes', `a,class_id\n${repeated(12, (row) => `${row % 5},${row}`)}`, []],
    ['that are all there is', 'id,label\n1,x\n2,y\n', []],
  ])('%s', (_, content, expected) => {
    expect(leftOut(content)).toEqual(expected);
    expect(leftOut(content, { rowNumbers: 'keep' })).toEqual([]);
  });

  it('of R have no name', () => {
    for (const content of [
      'x1 x2 cls\n1 5.1 3.5 a\n2 4.9 3 b\n',
      '"x1" "x2" "cls"\n"r" 5.1 3.5 a\n"s" 4.9 3 b\n',
    ]) {
      const table = tableOf(content);
      expect(namesOf(table)).toEqual(['', 'x1', 'x2', 'cls']);
      expect(table.leftOut).toEqual([{ number: 1, why: 'holds row names' }]);
      expect(table.warnings).toHaveLength(1);
    }
  });

  it('are no features of the dataset, which says so', () => {
    const { x, featureNames, warnings, taken } = readDataset({
      name: 'a.csv',
      bytes: text(',a,label\n0,5,x\n1,6,y\n'),
    });
    expect(rowsOf(x)).toEqual([[5], [6]]);
    expect(featureNames).toEqual(['a']);
    expect(warnings?.[0]).toContain('rowNumbers');
    expect(taken).toMatchObject({ format: 'CSV', label: { name: 'label', number: 3 }, names: 'first line' });
  });

  it('under another name are kept, and told', () => {
    const table = tableOf(`time,b,c\n${repeated(12, (row) => `${row + 1},${row % 5},x`)}`);
    expect(table.leftOut).toEqual([]);
    expect(table.warnings[0]).toContain('column 1 "time"');
  });
});

describe('the label column', () => {
  it.each([
    ['a usual name', 'Class,a\n1,2\n2,3\n', 0],
    ['the likelier of two names', 'y,target,a\n1,2,3\n2,3,4\n', 1],
    ['no coordinate', 'x,y,kind\n1,2,u\n2,3,v\n', 2],
    ['y without an x', 'y,a\n1,2\n2,3\n', 0],
    ['a likely name', `Survived,age,port\n${repeated(20, (row) => `${row % 2},${row},${row % 3}`)}`, 0],
    [
      'no likely name of a feature',
      `quality,age,port\n${repeated(20, (row) => `${row / 8},${row},${row % 3}`)}`,
      2,
    ],
    ['the last column', '1,2,3\n2,3,4\n', 2],
    ['the first column', repeated(30, (row) => `${row % 3},${row / 4},${row * row}`), 0],
    ['the last column, where none can be classes', repeated(30, (row) => `${row / 3},${row / 4}`), 1],
    ['the last column of few words', repeated(30, (row) => `${row % 3},${row / 4},${'ab'[row % 2]}`), 2],
  ])('is %s', (_, content, expected) => {
    expect(labelOf(tableOf(content, { rowNumbers: 'keep' }))).toBe(expected);
  });

  it('says it where two readings are as good', () => {
    const warningsOf = (content: string) => chooseLabelColumn(tableOf(content)).warnings.join();
    expect(warningsOf('class,y,a\n1,2,3\n2,3,4\n')).toContain('column 2 "y" for a feature');
    expect(warningsOf(repeated(30, (row) => `${row % 3},${row / 4},${row * row}`))).toContain(
      'holds 30 values in 30 rows, so column 1 with 3 values',
    );
    expect(warningsOf('a,b\n1,2\n2,3\n')).toContain('"b"');
    expect(warningsOf('1,2\n2,3\n')).toBe('');
  });

  it('is asked for where a guess would be a wrong one', () => {
    const prices = `kind,size,price\n${repeated(30, (row) => `${row % 3},${row / 4},${row * row}`)}`;
    const error = errorOf(() => chooseLabelColumn(tableOf(prices)));
    expect(error.code).toBe('E_LABEL');
    expect(error.message).toContain('option label');
    expect(chooseLabelColumn(tableOf(prices), 'price').column).toBe(2);
  });
});

describe('a dataset of a table that does not hold numbers only', () => {
  const messageOf = (content: string): string =>
    errorOf(() => readDataset({ 'a.csv': text(content) })).message;

  it('has an input for each word, and tells what it filled', () => {
    const { featureNames, warnings } = readDataset({ 'a.csv': text('a,b,c,d,label\n1,x,2,,0\n2,y,?,z,1\n') });
    const inputs = ['a', 'b=x', 'b=y', 'c', 'c is missing', 'd=z', 'd is missing'];
    expect(featureNames).toEqual(inputs);
    expect(warnings?.filter((warning) => warning.includes('missing values')).length).toBe(2);
  });

  it('is told where a number is no class', () => {
    expect(messageOf('a,label\n1,0\n2,0.5\n')).toContain('line 3, column 2 "label" is 0.5');
  });

  it('leaves out the label that is named, also where labels do not matter', () => {
    const read = (options: ReadOptions) =>
      readDataset({ 'a.csv': text('x,y,label\n1,2,a\n3,4,b\n') }, options);
    expect(read({ unlabelled: true, label: 'label' })).toMatchObject({
      labelNames: [],
      featureNames: ['x', 'y'],
    });
    expect(errorOf(() => read({ unlabelled: true, label: 'no' })).code).toBe('E_ARGUMENT');
  });
});
