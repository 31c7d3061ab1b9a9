import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadDataset, loadTable, readDataset, readTable } from '../../../src/data/index.ts';
import { errorOf } from './cases.ts';

// The files were written by hyparquet-writer, in several groups of rows; rows.json has what went into them.
const folder = new URL('../../fixtures/parquet/', import.meta.url);
const bytesOf = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));
const file = (name: string) => ({ name, bytes: bytesOf(name) });
const rows: readonly Readonly<Record<string, string | number | boolean | null>>[] = JSON.parse(
  readFileSync(new URL('rows.json', folder), 'utf8'),
);

/** What a promise is refused with. */
async function refusal(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  return promise.then(
    () => errorOf(() => undefined),
    (error) =>
      errorOf(() => {
        throw error;
      }),
  );
}

describe('Parquet', () => {
  it.each(['snappy', 'plain', 'gzip', 'delta'])('%s has the values that were written', async (name) => {
    const table = await loadTable(file(`${name}.parquet`));
    if (table === undefined) throw new Error('a table was expected');
    expect(table.columns.map((column) => column.name)).toEqual(Object.keys(rows[0]));
    for (const column of table.columns) {
      const found = rows.map((_, row) => column.text(row));
      const written = rows.map((row) => {
        const value = row[String(column.name)];
        if (value === null) return '';
        // Dates as the engine writes them, without what is zero.
        if (column.name === 'felled') return String(value).slice(0, 10);
        if (column.name === 'seen') {
          return String(value)
            .replace('T00:00:00.000Z', '')
            .replace(/Z$/, '')
            .replace(/(\.\d*?)0+$/, '$1')
            .replace(/\.$/, '');
        }
        return String(value);
      });
      expect(found, column.name).toEqual(written);
    }
  });

  it('goes the way of tables', async () => {
    const { x, labels, labelNames, featureNames, taken, table } = await loadDataset(file('snappy.parquet'), {
      label: 'species',
    });
    expect(taken).toMatchObject({
      format: 'Parquet',
      label: { name: 'species', number: 1 },
      names: 'format',
    });
    expect([x.rows, labels.length, labelNames]).toEqual([40, 40, ['ash', 'elm', 'oak']]);
    expect(featureNames).toEqual(
      expect.arrayContaining(['height', 'height is missing', 'alive', 'felled in days']),
    );
    expect(table?.columns.find(({ name }) => name === 'height')?.place?.(3)).toBe('row 4');
  });

  it('names all columns that hold values within values, and reads the others', async () => {
    const { code, message } = await refusal(loadDataset(file('nested.parquet'), { label: 'kind' }));
    expect([code, message]).toEqual([
      'E_UNSUPPORTED',
      'nested.parquet: column 2 "tags" holds values within values (a list, a map or a structure); expected ' +
        'numbers, words, dates and truth values: leave them out with the option drop, or write their ' +
        'values as columns of their own',
    ]);
    const { x, labelNames } = await loadDataset(file('nested.parquet'), {
      label: 'kind',
      drop: ['tags'],
      rowNumbers: 'keep',
    });
    expect([x.rows, x.cols, labelNames]).toEqual([3, 1, ['x', 'y']]);
  });

  it('says which package reads another compression', async () => {
    const { code, message } = await refusal(loadDataset(file('brotli.parquet')));
    expect(code).toBe('E_UNSUPPORTED');
    expect(message).toContain(
      'compressed with BROTLI, which the package hyparquet-compressors reads; install it',
    );
  });

  it('is not for the calls that answer at once', () => {
    for (const read of [readDataset, readTable]) {
      const { code, message } = errorOf(() => read(file('plain.parquet')));
      expect(code).toBe('E_UNSUPPORTED');
      expect(message).toContain('are read by loadDataset and loadTable');
    }
  });

  it('holds the limit', async () => {
    const { code } = await refusal(
      loadDataset(file('plain.parquet'), { maxBytes: 20_000, label: 'species' }),
    );
    expect(code).toBe('E_MEMORY');
  });

  it.each(['snappy', 'plain', 'gzip', 'delta'])('refuses %s wherever it is cut', async (name) => {
    const whole = bytesOf(`${name}.parquet`);
    for (let length = 4; length < whole.length; length += 97) {
      const { code } = await refusal(loadDataset({ name: 'cut.parquet', bytes: whole.slice(0, length) }));
      expect(code).toBe('E_FORMAT');
    }
  });

  it.each(['snappy', 'plain', 'gzip', 'delta'])(
    'ends with a value or an error where a byte of %s is another',
    async (name) => {
      const whole = bytesOf(`${name}.parquet`);
      const codes = new Set<string>();
      for (let at = 0; at < whole.length; at += 7) {
        for (const flip of [0x80, 0x01, 0xff]) {
          const bytes = whole.slice();
          bytes[at] ^= flip;
          await loadDataset({ name: 'bad.parquet', bytes }, { label: 0 }).then(
            () => codes.add('read'),
            (error) =>
              codes.add(
                errorOf(() => {
                  throw error;
                }).code,
              ),
          );
        }
      }
      expect(
        [...codes].filter(
          (code) =>
            ![
              'read',
              'E_FORMAT',
              'E_UNSUPPORTED',
              'E_MEMORY',
              'E_LABEL',
              'E_ARGUMENT',
              'E_NOT_FINITE',
              'E_SHAPE',
            ].includes(code),
        ),
      ).toEqual([]);
    },
  );
});
