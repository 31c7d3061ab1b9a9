import { describe, expect, it } from 'vitest';
import { type Dataset, type ReadOptions, readDataset } from '../../../src/data/index.ts';
import { looksLikeNames, looksLikeNumbers } from '../../../src/data/numberLabels.ts';
import { errorOf, rowsOf, text } from './cases.ts';

// Files as UCI, Kaggle and Excel have them: what each kind is taken for, by the rules of docs/data.md.

const ROWS = Array.from({ length: 40 }, (_, row) => row);
const lines = (line: (row: number) => string, head = ''): string => `${head}${ROWS.map(line).join('\n')}\n`;
const fraction = (row: number): string => `${(row * 7) % 40}.${row % 10}`;
const word = (row: number): string => ['ash', 'elm', 'oak'][row % 3];

const read = (content: string, options: ReadOptions = {}, name = 'a.csv'): Dataset =>
  readDataset({ [name]: text(content) }, options);
const messageOf = (content: string, options: ReadOptions = {}, name = 'a.csv'): string =>
  errorOf(() => read(content, options, name)).message;
const warned = ({ warnings = [] }: Dataset): string => warnings.join('\n');
const labelsOf = ({ labels, labelNames }: Dataset) => Array.from(labels, (label) => labelNames[label]);

describe('lines above the table', () => {
  it('of one field are titles, also where delimiters follow', () => {
    for (const title of ['My table\n\n', 'Table 1: trees,,\n', '|1x3 Cross validator\n']) {
      const dataset = read(lines((row) => `${row % 5},${row % 7},${word(row)}`, `${title}a,b,class\n`));
      expect(dataset.featureNames).toEqual(['a', 'b']);
      expect(warned(dataset)).toContain('line 1 is taken for a title');
    }
  });

  it('are no titles where they are numbers, or the option header says that there are no names', () => {
    expect(messageOf('7\n1,2,a\n3,4,b\n')).toContain('line 2 has 3 fields');
    expect(messageOf('x\n1,2,a\n3,4,b\n', { header: false })).toContain('line 2 has 3 fields');
  });
});

describe('text that is no UTF-8', () => {
  it('is read as windows-1252, and that is said', () => {
    const bytes = Uint8Array.from(Buffer.from('a,class\n1,caf\xe9\n2,na\xefve\n', 'latin1'));
    const dataset = readDataset({ 'a.csv': bytes });
    expect(dataset.labelNames).toEqual(['café', 'naïve']);
    expect(warned(dataset)).toContain('windows-1252');
    const arff = '@relation r\n@attribute a real\n@attribute class {caf\xe9,b}\n@data\n1,caf\xe9\n2,b\n';
    const other = readDataset({ 'a.arff': Uint8Array.from(Buffer.from(arff, 'latin1')) });
    expect(other.labelNames).toEqual(['b', 'café']);
    expect(warned(other)).toContain('windows-1252');
  });

  it('is refused where it holds control characters', () => {
    const bytes = Uint8Array.from(Buffer.from('a,class\n1,caf\xe9\n2,\x01\n', 'latin1'));
    expect(errorOf(() => readDataset({ 'a.csv': bytes })).message).toContain('no utf-8 text');
  });
});

describe('numbers as people write them', () => {
  const firstColumn = (fields: readonly string[], delimiter: string): number[] => {
    const table = lines(
      (row) => `${fields[row % fields.length]}${delimiter}${word(row)}`,
      `x${delimiter}class\n`,
    );
    return rowsOf(read(table).x)
      .slice(0, fields.length)
      .map(([value]) => value);
  };

  it.each([
    [['1,5', '-2,25', '3', '1.234,5'], ';', [1.5, -2.25, 3, 1234.5]],
    [['0,125', '2,500'], ';', [0.125, 2.5]],
    [['"1,234"', '"1,234,567"', '12'], ',', [1234, 1234567, 12]],
    [['"1,234.5"', '7.25'], ',', [1234.5, 7.25]],
    [['12.5%', '7 %'], ',', [12.5, 7]],
    [['"$1,200.00"', '$-3', '-$4'], ',', [1200, -3, -4]],
    [['5 €', '1 234,50 €'], ';', [5, 1234.5]],
  ])('are read: %j', (fields, delimiter, values) => {
    expect(firstColumn(fields, delimiter)).toEqual(values);
  });

  it('are told of where commas may be either', () => {
    const dataset = read(lines((row) => `"1,${100 + row}",${word(row)}`, 'x,class\n'));
    expect(warned(dataset)).toContain('taken for groups of digits');
    const clear = read(lines((row) => `"1,${100 + row}.5",${word(row)}`, 'x,class\n'));
    expect(warned(clear)).not.toContain('groups');
  });
});

describe('columns that number the rows', () => {
  it('need not count, where they have no name or one that says so', () => {
    for (const name of ['', 'Unnamed: 0', 'id']) {
      const dataset = read(
        lines((row) => `${(row * 7) % 40},${fraction(row)},${row % 2}`, `${name},a,label\n`),
      );
      expect(dataset.featureNames).toEqual(['a']);
      expect(warned(dataset)).toContain('looks like ids: all of its 40 integers are different');
    }
  });

  it('stay where two are equal, or another name stands above them', () => {
    const twice = read(lines((row) => `${(row * 7) % 39},${fraction(row)},${row % 2}`, ',a,label\n'));
    const named = read(lines((row) => `${(row * 7) % 40},${fraction(row)},${row % 2}`, 'size,a,label\n'));
    expect([twice.x.cols, named.x.cols]).toEqual([2, 2]);
  });

  it('are ids before classes in a table without names, as of breast cancers', () => {
    const dataset = read(
      lines((row) => `${842300 + row * 37},${'BM'[row % 2]},${fraction(row)}`),
      {},
      'a.data',
    );
    expect(dataset.taken?.label).toEqual({ number: 2 });
    expect(warned(dataset)).toMatch(/column 1 looks like ids.*\n.*so column 2 with 2 values is taken/);
  });
});

describe('the label', () => {
  it('is asked for where the first column may be it as well as the last', () => {
    const letters = lines((row) => `${'TIDNG'[row % 5]},${row % 9},${row % 7},${row % 4}`);
    expect(messageOf(letters)).toMatch(/column 1 with 5 words and the last one, column 4, with 4 numbers/);
    const mushrooms = lines((row) => `${'ep'[row % 2]},${'xbs'[row % 3]},${'dgl'[(row >> 1) % 3]}`);
    expect(messageOf(mushrooms)).toContain('with 3 words may each be the label; name the label column');
    expect(read(letters, { label: 0 }).labelNames).toEqual(['D', 'G', 'I', 'N', 'T']);
  });

  it('is the last one with a warning, where all columns are words', () => {
    const cars = read(
      lines((row) => `${word(row)},${'xbs'[row % 3]},${['acc', 'good', 'no'][(row >> 1) % 3]}`),
    );
    expect(cars.taken?.label).toEqual({ number: 3 });
    expect(warned(cars)).toContain('may each be the label; the last one is taken');
    // The signs of credits come after a sex, and numbers.
    expect(warned(read(lines((row) => `${'ab'[row % 2]},${row % 9},${'+-'[row % 2]}`)))).toBe('');
  });

  it('is no column that names rows', () => {
    const cars = lines((row) => `${fraction(row)}   ${row % 9}.5\t"ford ${row}"`);
    expect(messageOf(cars, {}, 'a.data')).toContain('holds 40 values in 40 rows, so it names rows');
  });

  it('is the one column beside texts', () => {
    const mails = read(
      lines((row) => `${['ham', 'spam'][row % 2]},shall we meet again at ${row} or so,,`, 'v1,v2,,\n'),
    );
    expect(mails.taken?.label).toEqual({ name: 'v1', number: 1 });
    expect(warned(mails)).toContain('so column 1 "v1" with 2 values is taken for the label');
  });

  it('is no flag of several that are one label', () => {
    const flags = (row: number): string => [0, 1, 2].map((flag) => Number(row % 3 === flag)).join(',');
    const message = messageOf(lines((row) => `${fraction(row)},${flags(row)}`, 'a,is x,is y,is z\n'));
    expect(message).toContain('the last 3 columns (column 2 "is x", column 3 "is y", column 4 "is z")');
    // A flag that depends on no other one is a class.
    expect(read(lines((row) => `${row % 2},${(row >> 1) % 2}`, 'a,b\n')).labelNames).toEqual([0, 1]);
  });

  it('may look like a missing value, and the rows are counted with what they say', () => {
    const regions = read(lines((row) => `${row % 9},${['NA', 'EU'][row % 2]}`, 'a,class\n'));
    expect(warned(regions)).toContain('20 rows have no label ("NA" in 20; if that is a class');
    expect(warned(read('a,class\n1,x\n2,\n3,y\n'))).toContain('1 row has no label, and is left out');
  });

  it('is told of where names differ in their case alone', () => {
    const dataset = read(lines((row) => `${row % 9},${['Yes', 'yes', 'no'][row % 3]}`, 'a,class\n'));
    expect(labelsOf(dataset).slice(0, 3)).toEqual(['Yes', 'yes', 'no']);
    expect(warned(dataset)).toContain('the classes "Yes", "yes" differ only in capital and small letters');
  });
});

describe('labels that are whole numbers', () => {
  const coded = (values: readonly number[]) => {
    const labelNames = [...new Set(values)].sort((a, b) => a - b);
    return { labels: Int32Array.from(values, (value) => labelNames.indexOf(value)), labelNames };
  };
  const spread = (values: number, rows: number, first = 0, step = 1): number[] =>
    Array.from({ length: rows }, (_, row) => first + step * (row % values));

  it.each([
    ['digits', spread(10, 300), undefined, false],
    ['letters from 1', spread(26, 2600, 1), undefined, false],
    ['faces', spread(40, 400, 1), undefined, false],
    ['arrhythmia with gaps', [...spread(10, 400, 1), 14, 15, 16, 14, 15, 16], undefined, false],
    ['quality', spread(6, 300, 3), 'quality', false],
    ['too many', spread(60, 300), undefined, true],
    ['ages', spread(18, 3000, 20), undefined, true],
    ['prices', spread(15, 3000, 100_000, 5000), undefined, true],
    ['a count', spread(8, 3000), 'cnt', true],
    ['years', spread(9, 3000, 2010), 'year', true],
    ['camel case', spread(9, 3000, 0), 'SalePrice', true],
    ['a range of prices', spread(4, 3000), 'price_range', false],
    ['rings, few of them rare', [...spread(20, 4000, 1), ...spread(9, 9, 21)], undefined, true],
  ])('are told from numbers to predict: %s', (_, values, name, expected) => {
    expect(looksLikeNumbers(coded(values), name)).toBe(expected);
  });

  it('are classes where one is a word; nearly as many as rows are names', () => {
    expect(looksLikeNumbers({ labels: new Int32Array(100), labelNames: ['a', ...spread(50, 50)] })).toBe(
      false,
    );
    const names = ROWS.map((row) => `n${row}`);
    expect(looksLikeNames({ labels: Int32Array.from(ROWS), labelNames: names })).toBe(true);
    expect(looksLikeNames({ labels: Int32Array.from(ROWS), labelNames: names.slice(0, 20) })).toBe(false);
  });
});

describe('columns of numbers with texts', () => {
  it('are all told of at once', () => {
    const table = lines(
      (row) => (row === 3 ? 'x,7,?2,1' : `${row},${fraction(row)},5${row},${row % 2}`),
      'a,b,c,class\n',
    );
    const message = messageOf(table);
    expect(message).toContain('line 5, column 1 "a" is "x", while 39 others are numbers');
    expect(message).toContain('it is the same in column 3 "c" ("?2" in line 5)');
  });

  it('may be a second header, or samples as columns', () => {
    const genes = `gene,${ROWS.map((row) => `s${row}`).join(',')}\nclass,${ROWS.map(word).join(',')}\n`;
    const rest = ROWS.map((gene) => `g${gene},${ROWS.map((row) => fraction(row + gene)).join(',')}`).join(
      '\n',
    );
    expect(messageOf(`${genes}${rest}\n`)).toContain('transpose the table, so that each sample is a row');
  });
});

describe('texts', () => {
  it('of many words are terms, also where they come again', () => {
    const place = (row: number): string => `the food at place ${row % 22} was good and we waited`;
    const reviews = read(lines((row) => `${place(row >> 1)},${row % 2}`, 'text,label\n'));
    expect(reviews.featureNames?.join()).toContain('food');
    expect(warned(reviews)).toBe('');
  });
});

describe('files that are refused', () => {
  it.each([
    ['a.names', '1. Title: Iris\n', 'ends in .data'],
    ['a.txt', '__label__pos good film\n__label__neg bad\n', 'a tab between label and text'],
    ['a.jsonl', '{"a":{"b":1},"label":2}\n', 'write what is in it as keys of the line itself'],
    ['a.jsonl', '{"a":[1,2],"label":2}\n', 'write a list as a key for each of its values'],
    ['a.csv', 'a,class\n1,x\ninf,y\n', 'name it as a missing value (the option missing)'],
  ])('say what to do: %s', (name, content, remedy) => {
    expect(messageOf(content, {}, name)).toContain(remedy);
  });
});

describe('a table without names', () => {
  it('may have its row numbers first: the columns after them are found', () => {
    const dataset = read(lines((row) => `${row + 1},red,${fraction(row)},${row % 2}`));
    expect(dataset.featureNames).toEqual(['column 3']);
    expect(rowsOf(dataset.x)[3]).toEqual([Math.fround(Number(fraction(3)))]);
  });
});
