import { describe, expect, it } from 'vitest';
import type { Column, FieldValue } from '../../../../src/data/table/column.ts';
import { daysOf } from '../../../../src/data/table/encodings/date.ts';
import { fieldValue } from '../../../../src/data/table/field.ts';
import { type ColumnOptions, fitPipeline } from '../../../../src/data/table/fitPipeline.ts';
import { type Pipeline, readPipeline } from '../../../../src/data/table/pipeline.ts';
import { CsrMatrix } from '../../../../src/matrix/csrMatrix.ts';

/** A column from texts as a file holds them, or from values. */
function column(number: number, name: string | undefined, fields: readonly unknown[]): Column {
  const values: FieldValue[] = fields.map((field) => fieldValue(field));
  return { ...(name !== undefined && { name }), number, length: values.length, value: (row) => values[row] };
}

/** Columns by their names, in this order, numbered from 1. */
function tableOf(columns: Readonly<Record<string, readonly unknown[]>>): Column[] {
  return Object.entries(columns).map(([name, fields], at) => column(at + 1, name, fields));
}

function fit(columns: Column[], options: ColumnOptions = {}, rows = columns[0].length) {
  return fitPipeline(
    columns,
    [],
    Array.from({ length: rows }, (_, row) => row),
    options,
  );
}

/** The inputs of a table's rows, one array a row. */
function inputs(pipeline: Pipeline, columns: Column[]): number[][] {
  const { x } = pipeline.transformColumns(columns, columns[0].length);
  const dense = x instanceof CsrMatrix ? x.toDense() : x;
  return Array.from({ length: x.rows }, (_, row) => [
    ...dense.data.subarray(row * x.cols, (row + 1) * x.cols),
  ]);
}

const CITIES = { city: ['Rome', 'Oslo', 'Rome', '?'], size: ['2', '4', '', '9'] };

describe('a pipeline', () => {
  it('makes an input of each word, fills what is missing, and says which fields were', () => {
    const table = tableOf(CITIES);
    const { pipeline } = fit(table, { scale: 'none' });
    expect(pipeline.inputNames).toEqual([
      ...['city=Oslo', 'city=Rome', 'city is missing'],
      ...['size', 'size is missing'],
    ]);
    // Rome is the most frequent city, 4 the median.
    expect(inputs(pipeline, table)).toEqual([
      [0, 1, 0, 2, 0],
      [1, 0, 0, 4, 0],
      [0, 1, 0, 4, 1],
      [0, 1, 1, 9, 0],
    ]);
  });

  it('scales as the definitions of mean, deviation and range say, by the training rows alone', () => {
    const a = [3, 5, 10, 2, 7, 1000];
    const table = tableOf({ a });
    const train = a.slice(0, 5);
    const mean = train.reduce((sum, value) => sum + value, 0) / 5;
    const deviation = Math.sqrt(train.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 5);
    const standard = inputs(fit(table, { scale: 'standard' }, 5).pipeline, table);
    a.forEach((value, row) => {
      expect(standard[row][0]).toBe(Math.fround((value - mean) / deviation));
    });
    const minmax = inputs(fit(table, { scale: 'minmax' }, 5).pipeline, table);
    a.forEach((value, row) => {
      expect(minmax[row][0]).toBe(Math.fround((value - 2) / 8));
    });
  });

  it('scales before it rounds: near timestamps stay apart', () => {
    const stamp = Array.from({ length: 30 }, (_, row) => 1_700_000_000 + ((row * 7) % 30));
    const { pipeline, warnings } = fit(tableOf({ stamp }));
    const values = inputs(pipeline, tableOf({ stamp })).map(([value]) => value);
    expect(new Set(values).size).toBe(30);
    expect(warnings.join()).toMatch(/column 1 "stamp" holds integers up to 1700000029/);
  });

  it('weighs the terms of texts as scikit-learn 1.2 does (TfidfVectorizer, min_df=2)', () => {
    const message = [
      'Free entry, win a prize now now',
      'ok see you at the prize',
      'win win now',
      'see the free text',
    ];
    const pipeline = readPipeline({
      columns: [
        {
          name: 'message',
          number: 1,
          // ln((1 + 4) / (1 + 2)) + 1 for each: two of four texts have it.
          encoding: {
            kind: 'text',
            terms: ['free', 'now', 'prize', 'see', 'the', 'win'],
            weights: Array.from({ length: 6 }, () => Math.log(5 / 3) + 1),
          },
        },
      ],
      labels: [],
      missing: [],
    });
    const long = message.map((text) => `${text} ${'q '.repeat(9)}`);
    const learnt = fit(tableOf({ message: long })).pipeline;
    expect(JSON.parse(JSON.stringify(learnt))).toMatchObject({
      columns: [{ encoding: { kind: 'text', terms: ['free', 'now', 'prize', 'see', 'the', 'win'] } }],
    });
    const expected = [
      [0.3779645, 0.7559289, 0.3779645, 0, 0, 0.3779645],
      [0, 0, 0.5773503, 0.5773503, 0.5773503, 0],
      [0, 0.4472136, 0, 0, 0, 0.8944272],
      [0.5773503, 0, 0, 0.5773503, 0.5773503, 0],
      [0, 0.8944272, 0.4472136, 0, 0, 0],
      [0, 0, 0, 0, 0, 0],
    ];
    for (const one of [pipeline, learnt]) {
      const found = inputs(one, tableOf({ message: [...message, 'now unseen now prize', ''] }));
      found.forEach((row, r) => {
        row.forEach((value, c) => {
          expect(value).toBeCloseTo(expected[r][c], 6);
        });
      });
    }
  });

  it('counts days of ISO dates, with times and zones', () => {
    const day = ['1970-01-02', '2000-02-29T12:00Z', '2000-03-01 00:00:00+06:00', '1969-12-31'];
    const { pipeline } = fit(tableOf({ day }), { scale: 'none' });
    expect(inputs(pipeline, tableOf({ day })).map(([days]) => days)).toEqual([1, 11016.5, 11016.75, -1]);
    // 30 February is no date, so the column is one of words.
    const bad = fit(tableOf({ day: [...day, '2001-02-30'] })).pipeline;
    expect(bad.columns[0].encoding.kind).toBe('words');
  });

  it('counts days as the calendar of Date does', () => {
    for (let day = -800_000; day < 900_000; day += 977) {
      const date = new Date(day * 86_400_000);
      if (date.getUTCFullYear() < 0) continue;
      const iso = date.toISOString();
      expect(daysOf(iso.slice(0, 10)), iso).toBe(day);
      expect(daysOf(`${iso.slice(0, 10)}T06:00:00-06:00`), iso).toBe(day + 0.5);
    }
    for (const none of ['2021-02-29', '2020-13-01', '2020-00-10', '1900-02-29', '2020-01-32', '20-01-01']) {
      expect(daysOf(none), none).toBeUndefined();
    }
  });

  it('reads yes and no, true and false as 1 and 0', () => {
    const table = tableOf({ a: ['yes', 'No', 'yes', 'no'], b: [true, false, false, true] });
    const { pipeline } = fit(table, { scale: 'none' });
    expect(inputs(pipeline, table)).toEqual([
      [1, 1],
      [0, 0],
      [1, 0],
      [0, 1],
    ]);
  });

  it('leaves out what numbers or names the rows, and says so with the option that decides', () => {
    const rows = 200;
    const each = (make: (row: number) => unknown): unknown[] =>
      Array.from({ length: rows }, (_, r) => make(r));
    const table = tableOf({
      id: each((r) => 7 * r + 1),
      customer_id: each((r) => 40_000 + ((r * 7919) % 10_007)),
      name: each((r) => `Person ${(r * 7) % rows}`),
      empty: each(() => ''),
      same: each(() => 'x'),
      age: each((r) => r % 60),
    });
    const { pipeline, warnings } = fit(table);
    expect(pipeline.inputNames).toEqual(['age']);
    expect(warnings).toEqual([
      expect.stringMatching(/^column 1 "id" is left out: it looks like ids/),
      expect.stringMatching(/^column 2 "customer_id" is left out: it looks like ids \(200 different/),
      expect.stringMatching(/^column 3 "name" is left out: it has 200 different texts in 200 rows;/),
    ]);
    const taken = fit(table, { features: ['id', 1], categorical: ['age'] }).pipeline;
    expect(taken.columns.map(({ encoding }) => encoding.kind)).toEqual([
      ...['number', 'number', 'none', 'none', 'none', 'words'],
    ]);
    expect(() => fit(table, { drop: ['nobody'] })).toThrow(
      /the option drop names "nobody", and there is no such feature; expected a name, or an index from 0: 0 for/,
    );
    expect(() => fit(table, { drop: ['age'], features: ['age'] })).toThrow(
      /column 6 "age" is to be left out/,
    );
  });

  it('gives unseen words no input, and counts them', () => {
    const { pipeline } = fit(tableOf({ city: ['Rome', 'Oslo', 'Rome', 'Oslo'] }));
    const { x, warnings } = pipeline.transform([{ city: 'Paris' }, { city: 'Oslo' }, { city: undefined }]);
    expect([...(x as { data: Float32Array }).data]).toEqual([0, 0, 1, 0, 1, 0]);
    expect(warnings).toEqual([
      'column 1 "city": 1 fields are missing, as none was in training; they were filled',
      'column 1 "city": 1 fields have words that training did not; they count as none',
    ]);
  });

  it('takes rows as objects and as arrays, with the label in its place or without it', () => {
    const all = tableOf({ kind: ['a', 'b', 'a'], width: [1, 2, 3.5], height: [3, 1, 2] });
    const { pipeline } = fitPipeline([all[1], all[2]], [{ name: 'kind', number: 1 }], [0, 1, 2], {
      scale: 'none',
    });
    const expected = [1.5, 7];
    for (const row of [{ height: 7, width: '1.5' }, [1.5, 7], ['a', 1.5, 7]]) {
      expect([...(pipeline.transform([row]).x as { data: Float32Array }).data]).toEqual(expected);
    }
    expect(() => pipeline.transform([[1]])).toThrow(/row 1 is an array of 1; expected an array of 2, or 3/);
    expect(() => pipeline.transform([{ width: 1 }])).toThrow(/row 1 has no "height"; a value that is not/);
  });

  it('is sparse where most inputs are 0, with the same inputs', () => {
    const rows = 900;
    const place = Array.from({ length: rows }, (_, r) => `p${(r * 7) % 179}`);
    const other = Array.from({ length: rows }, (_, r) => `q${(r * 5) % 97}`);
    const size = Array.from({ length: rows }, (_, r) => (r * 31) % 50);
    const table = tableOf({ place, other, size });
    const { pipeline } = fit(table);
    const { x } = pipeline.transformColumns(table, rows);
    expect(x).toBeInstanceOf(CsrMatrix);
    const names = pipeline.inputNames;
    inputs(pipeline, table).forEach((row, r) => {
      expect(row[names.indexOf(`place=${place[r]}`)]).toBe(1);
      expect(row[names.indexOf(`other=${other[r]}`)]).toBe(1);
      expect(row.filter((value) => value !== 0).length).toBeLessThanOrEqual(3);
    });
  });

  it('survives JSON, with the same inputs; what is damaged is refused', () => {
    const table = tableOf({ ...CITIES, day: ['2020-01-01', '2020-01-05', '', '2021-01-01'] });
    const { pipeline } = fit(table);
    const text = JSON.stringify(pipeline);
    const again = readPipeline(JSON.parse(text));
    expect(inputs(again, table)).toEqual(inputs(pipeline, table));
    expect(JSON.stringify(again)).toBe(text);
    for (const [from, to] of [
      ['"words"', '"word"'],
      ['"values":["Oslo","Rome"]', '"values":["Rome","Oslo"]'],
      ['"fill":1', '"fill":9'],
      ['"columns":[', '"columns":[7,'],
    ]) {
      expect(text).toContain(from);
      expect(() => readPipeline(JSON.parse(text.replace(from, to)))).toThrow(/pipeline is damaged/);
    }
  });
});
