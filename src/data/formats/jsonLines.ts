import type { Budget } from '../../base/budget.ts';
import { CtreError, show } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { eachLine } from '../eachLine.ts';
import { FieldStore } from '../fieldStore.ts';
import type { TableFormat } from '../format.ts';
import { type RawTable, storedColumns } from '../rawTable.ts';
import type { ReadOptions } from '../readOptions.ts';
import { findRowNumbers } from '../rowNumbers.ts';
import { firstLine } from '../text.ts';

/**
 * JSON Lines: an object or a list a line, of numbers, words, true, false and null. Keys are the columns, in
 * the order in which they first occur; a key that a line lacks is a missing value.
 * @throws CtreError `E_FORMAT` naming the line, `E_UNSUPPORTED` for values within values, `E_MEMORY`.
 */
export const jsonLinesFormat: TableFormat = {
  fileNames: '.jsonl',
  extensions: ['jsonl', 'ndjson', 'json'],
  isContent: (bytes) => /^\{\s*"/.test(firstLine(bytes) ?? ''),
  readTable: ([{ bytes }], options, budget) => readJsonLines(bytes, options, budget),
};

/** Bytes that engines take for a key in a map and a list. */
const COLUMN_KEY_BYTES = 160;
/** Bytes of memory for a character of a line that is parsed. */
const PARSED_BYTES = 16;

function readJsonLines(bytes: Uint8Array, options: ReadOptions, budget: Budget): RawTable {
  const places = new Map<string, number>();
  let width = 0;
  let hasNames: boolean | undefined;
  const eachRow = (onRow: (row: [string, unknown][], line: number) => void): void =>
    eachLine(bytes, budget, (text, line) => {
      if (text.trim() === '') return;
      const parsing = PARSED_BYTES * text.length;
      budget.claim(parsing, `line ${line}`);
      const parsed = parse(text, line);
      hasNames ??= !Array.isArray(parsed);
      const isList = Array.isArray(parsed);
      if (isList === hasNames || !(isList || isRecord(parsed))) {
        const expected = hasNames ? 'an object as in the first line' : 'a list as in the first line';
        throw new CtreError(
          'E_FORMAT',
          `line ${line} of the JSON Lines is ${show(parsed)}; expected ${expected}`,
        );
      }
      onRow(Object.entries(parsed), line);
      budget.release(parsing);
    });
  eachRow((row) => {
    for (const [key] of row) {
      if (places.has(key)) continue;
      budget.claim(COLUMN_KEY_BYTES + 2 * key.length, `column number ${width + 1}`);
      places.set(key, width++);
    }
  });
  if (width === 0) throw new CtreError('E_FORMAT', 'the file holds no JSON objects with keys, and no lists');
  const store = new FieldStore(width, budget);
  eachRow((row, line) => {
    const fields = new Array<string>(width).fill('');
    for (const [key, value] of row) fields[places.get(key) ?? 0] = fieldOf(value, key, line);
    store.add(fields, line);
  });
  store.seal();
  const columns = storedColumns(store, hasNames ? [...places.keys()] : undefined, width, budget);
  const found = options.rowNumbers === 'keep' ? undefined : findRowNumbers(columns, hasNames === true);
  return {
    format: 'JSON Lines',
    rows: store.rows,
    columns,
    ...(hasNames && { names: 'format' as const }),
    commentLines: 0,
    leftOut: found?.leftOut ?? [],
    warnings: found?.warnings ?? [],
    line: (row) => store.line(row),
  };
}

function parse(text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CtreError(
      'E_FORMAT',
      `line ${line} is no whole JSON value; expected JSON Lines, an object or a list in each line`,
      { cause },
    );
  }
}

function fieldOf(value: unknown, key: string, line: number): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const remedy = Array.isArray(value)
    ? 'write a list as a key for each of its values'
    : 'write what is in it as keys of the line itself';
  throw new CtreError(
    'E_UNSUPPORTED',
    `line ${line}, ${show(key)} holds ${show(value)}; expected a number or a word in each line: ${remedy}, ` +
      'or save the table as CSV',
  );
}
