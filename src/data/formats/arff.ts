import type { Budget } from '../../base/budget.ts';
import { CtreError, show } from '../../base/errors.ts';
import { eachLine } from '../eachLine.ts';
import { FieldStore } from '../fieldStore.ts';
import type { TableFormat } from '../format.ts';
import { isUsualLabelName } from '../labelColumn.ts';
import { type DeclaredColumn, type RawTable, storedColumns } from '../rawTable.ts';
import type { ReadOptions } from '../readOptions.ts';
import { findRowNumbers } from '../rowNumbers.ts';
import { characterEncoding, firstLine, NO_UTF8 } from '../text.ts';

/**
 * ARFF, as Weka and OpenML write it: declared attributes, then rows, dense or sparse. The last attribute is
 * the label where it is nominal, unless another one has a usual label's name.
 * @throws CtreError `E_FORMAT` naming the line, `E_UNSUPPORTED` for relational attributes, `E_MEMORY`.
 */
export const arffFormat: TableFormat = {
  fileNames: '.arff',
  extensions: ['arff'],
  isContent: (bytes) => /^@relation\s/i.test(firstLine(bytes) ?? ''),
  readTable: ([{ bytes }], options, budget) => readArff(bytes, options, budget),
};

interface Attribute extends DeclaredColumn {
  readonly name: string;
}

/** The most attributes: as many columns as kernels take would never come as text. */
const MOST_ATTRIBUTES = 1 << 22;
/** Bytes that engines take for an attribute, besides its text. */
const ATTRIBUTE_BYTES = 256;

function readArff(bytes: Uint8Array, options: ReadOptions, budget: Budget): RawTable {
  const attributes: Attribute[] = [];
  let store: FieldStore | undefined;
  let defaults: string[] = [];
  let commentLines = 0;
  const encoding = characterEncoding(bytes);
  const onLine = (given: string, line: number): void => {
    const text = given.trim();
    if (text === '') return;
    if (text.startsWith('%')) {
      commentLines++;
      return;
    }
    if (store !== undefined) {
      store.add(readRow(text, attributes, defaults, line), line);
      return;
    }
    if (/^@attribute\s/i.test(text)) {
      if (attributes.length === MOST_ATTRIBUTES)
        throw wrong(line, text, `at most ${MOST_ATTRIBUTES} attributes`);
      budget.claim(ATTRIBUTE_BYTES + 8 * text.length, `attribute number ${attributes.length + 1}`);
      attributes.push(parseAttribute(text, line));
    } else if (/^@data\b/i.test(text)) {
      if (attributes.length === 0) throw wrong(line, text, '@attribute lines before @data');
      store = new FieldStore(attributes.length, budget);
      defaults = attributes.map(({ values }) => values?.[0] ?? '0');
    } else if (!/^@relation\b/i.test(text)) throw wrong(line, text, '@relation, @attribute or @data');
  };
  eachLine(bytes, budget, onLine, encoding);
  if (store === undefined)
    throw new CtreError('E_FORMAT', 'the ARFF file ends before @data; it is cut short');
  store.seal();
  if (store.rows === 0) throw new CtreError('E_FORMAT', 'the ARFF file holds no rows behind @data');
  const names = attributes.map(({ name }) => name);
  const columns = storedColumns(store, names, attributes.length, budget, attributes);
  const found = options.rowNumbers === 'keep' ? undefined : findRowNumbers(columns, true);
  const rows = store;
  const hasUsual = names.some(isUsualLabelName);
  const isLast = !hasUsual && attributes[attributes.length - 1].type === 'nominal';
  return {
    format: 'ARFF',
    rows: rows.rows,
    columns,
    names: 'format',
    commentLines,
    leftOut: found?.leftOut ?? [],
    ...(isLast && { label: attributes.length - 1 }),
    warnings: [...(encoding === 'windows-1252' ? [NO_UTF8] : []), ...(found?.warnings ?? [])],
    line: (row) => rows.line(row),
  };
}

const TYPES: Readonly<Record<string, DeclaredColumn['type']>> = {
  numeric: 'number',
  real: 'number',
  integer: 'number',
  string: 'text',
  date: 'date',
};

/** `@attribute name type`: the name maybe in quotes, the type a word or `{a, b}`. */
function parseAttribute(text: string, line: number): Attribute {
  const match = /^@attribute\s+(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\s{]+))\s*(.*)$/i.exec(text);
  const [, single, double, plain, rest = ''] = match ?? [];
  const name = single ?? double ?? plain;
  if (name === undefined) throw wrong(line, text, 'a name and a type');
  if (rest.startsWith('{')) {
    const end = rest.lastIndexOf('}');
    if (end < 0) throw wrong(line, text, 'a } behind the values');
    return { name: unescaped(name), type: 'nominal', values: splitFields(rest.slice(1, end), line) };
  }
  const word = /^\w+/.exec(rest)?.[0].toLowerCase() ?? '';
  if (word === 'relational') {
    throw new CtreError(
      'E_UNSUPPORTED',
      `line ${line} declares the relational attribute ${show(name)}; expected a table of single values`,
    );
  }
  if (!Object.hasOwn(TYPES, word)) throw wrong(line, text, 'a type: numeric, string, date or {values}');
  return { name: unescaped(name), type: TYPES[word] };
}

function readRow(
  text: string,
  attributes: readonly Attribute[],
  defaults: readonly string[],
  line: number,
): readonly string[] {
  const row = text.replace(/,\s*\{\s*[\d.]+\s*\}$/, '');
  if (row.startsWith('{')) return readSparseRow(row, attributes, defaults, line);
  const fields = splitFields(row, line);
  if (fields.length !== attributes.length) {
    throw new CtreError(
      'E_FORMAT',
      `line ${line} has ${fields.length} fields; expected ${attributes.length}, as there are attributes`,
    );
  }
  return fields;
}

/** `{1 5, 3 "a b"}`: attributes from 0 with their values. The others are 0, or the first of their values. */
function readSparseRow(
  text: string,
  attributes: readonly Attribute[],
  defaults: readonly string[],
  line: number,
): readonly string[] {
  if (!text.endsWith('}')) throw wrong(line, text, 'a } at the end of a sparse row');
  const fields = [...defaults];
  let last = -1;
  const inside = text.slice(1, -1).trim();
  for (const pair of inside === '' ? [] : splitFields(inside, line, true)) {
    const match = /^(\d{1,9})\s+(.+)$/s.exec(pair);
    const index = match === null ? -1 : Number(match[1]);
    if (match === null || index <= last || index >= attributes.length) {
      throw wrong(line, pair, `an ascending index from 0 to ${attributes.length - 1} and a value`);
    }
    [fields[index]] = splitFields(match[2], line);
    last = index;
  }
  return fields;
}

/**
 * The fields between commas, without blanks and quotes around them; with `raw`, quotes stay. Backslashes
 * escape within quotes.
 */
function splitFields(text: string, line: number, raw = false): string[] {
  if (!/['"]/.test(text))
    return text.split(text.includes(',') || !text.includes('\t') ? ',' : '\t').map(trimmed);
  const fields: string[] = [];
  let start = 0;
  let at = 0;
  while (at <= text.length) {
    const character = text[at];
    if (at === text.length || character === ',') {
      const field = text.slice(start, at).trim();
      fields.push(raw ? field : unquoted(field));
      start = at + 1;
    } else if ((character === "'" || character === '"') && isFieldStart(text, start, at)) {
      at++;
      while (at < text.length && text[at] !== character) at += text[at] === '\\' ? 2 : 1;
      if (at >= text.length) throw wrong(line, text, `a closing ${character}`);
    }
    at++;
  }
  return fields;
}

/** Whether a quote opens a field: only blanks, or the index of a sparse value, come before it. */
function isFieldStart(text: string, start: number, at: number): boolean {
  return /^\s*(\d+\s+)?$/.test(text.slice(start, Math.min(at, start + 32)));
}

function trimmed(text: string): string {
  return text.trim();
}

function unquoted(field: string): string {
  const quote = field[0];
  if ((quote !== "'" && quote !== '"') || field.length < 2 || field[field.length - 1] !== quote) return field;
  return unescaped(field.slice(1, -1)).trim();
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/gs, '$1') : text;
}

function wrong(line: number, text: string, expected: string): CtreError {
  return new CtreError('E_FORMAT', `line ${line} of the ARFF file holds ${show(text)}; expected ${expected}`);
}
