import Papa from 'papaparse';
import type { Budget } from '../../base/budget.ts';
import { CtreError, show } from '../../base/errors.ts';
import { latin1 } from '../bytes.ts';
import { buildDataset, type Dataset } from '../dataset.ts';
import { extensionOf, type Format } from '../format.ts';
import { checkElements, finite } from '../ndarray.ts';
import type { ReadOptions } from '../readOptions.ts';
import type { NamedTargets, TargetReading } from '../targets.ts';
import { eachPiece, firstLine, NumberList, parseNumber } from '../text.ts';

/**
 * Text with values that commas, tabs, semicolons, bars or blanks separate: one sample a line, all numbers
 * but the label.
 * @throws CtreError `E_FORMAT` naming line and column, `E_NOT_FINITE`, `E_LABEL`, `E_ARGUMENT` for a label
 *   column that does not exist.
 */
export const csvFormat: Format = {
  fileNames: '.csv, .tsv, .txt',
  extensions: ['csv', 'tsv'],
  isContent: (bytes, extension) =>
    firstLine(bytes) !== undefined &&
    (extension === 'txt' || /[,;\t| ]/.test(latin1(bytes.subarray(0, 128)))),
  read([{ name, bytes }], options, budget) {
    const usual = extensionOf(name) === 'tsv' ? '\t' : undefined;
    return readCsv(bytes, { ...options, delimiter: options.delimiter ?? usual }, budget);
  },
};

/** A row and the line it starts on, from 1. */
interface Row {
  readonly line: number;
  readonly fields: readonly string[];
}

interface Layout {
  readonly width: number;
  /** None where every column is a feature. */
  readonly labelColumns: readonly number[];
  readonly names?: readonly string[];
}

/** Column names that mean the label, in order. */
export const LABEL_NAMES: readonly string[] = ['label', 'class', 'target', 'y'];

function readCsv(bytes: Uint8Array, options: ReadOptions, budget: Budget): Dataset {
  const pending: Row[] = [];
  let table: Table | undefined;
  eachRow(bytes, options.delimiter, budget, (row) => {
    if (table) return table.add(row);
    // It takes two rows to tell whether the first one is a header.
    pending.push(row);
    if (pending.length === 2) table = startTable(pending, options, budget);
  });
  table ??= startTable(pending, options, budget);
  return table.finish();
}

function startTable(rows: readonly Row[], options: ReadOptions, budget: Budget): Table {
  if (rows.length === 0) throw new CtreError('E_FORMAT', 'the file holds no rows, only blank lines');
  const hasHeader = options.header ?? looksLikeHeader(rows[0].fields, rows[1]?.fields);
  const layout = planColumns(rows[0].fields, hasHeader, options);
  const table = new Table(layout, options.targets ?? 'classes', budget);
  for (const row of hasHeader ? rows.slice(1) : rows) table.add(row);
  return table;
}

/** The bytes that engines take for a label's text and its place in a map, besides its characters. */
const LABEL_BYTES = 128;

/** The rows read so far, as numbers and label texts. */
class Table {
  readonly #layout: Layout;
  readonly #reading: TargetReading;
  readonly #budget: Budget;
  readonly #features: NumberList<Float32Array>;
  /** The label of every row, as its position among the texts. */
  readonly #labels: NumberList<Int32Array>;
  readonly #texts = new Map<string, number>();
  /** Numbers or flags in the place of labels, row by row. */
  readonly #targets: NumberList<Float32Array>;
  #rows = 0;

  constructor(layout: Layout, reading: TargetReading, budget: Budget) {
    this.#layout = layout;
    this.#reading = reading;
    this.#budget = budget;
    this.#features = new NumberList(Float32Array, budget);
    this.#labels = new NumberList(Int32Array, budget);
    this.#targets = new NumberList(Float32Array, budget);
  }

  add({ line, fields }: Row): void {
    const { width, labelColumns } = this.#layout;
    if (fields.length !== width) {
      throw new CtreError(
        'E_FORMAT',
        `line ${line} has ${fields.length} fields; expected ${width}, as the first line has`,
      );
    }
    let col = 0;
    for (let field = 0; field < width; field++) {
      const text = fields[field].trim();
      if (labelColumns.includes(field)) {
        if (text === '' || Number.isNaN(parseNumber(text))) {
          throw new CtreError(
            'E_LABEL',
            `line ${line}, column ${field + 1} holds no label; fill it or drop the line`,
          );
        }
        if (this.#reading === 'classes') this.#addLabel(text);
        else this.#addTarget(text, line, field);
        continue;
      }
      const value = parseNumber(text);
      if (value === undefined) throw notNumeric(text, line, field);
      this.#features.push(finite(value, this.#rows, col++));
    }
    this.#rows++;
  }

  #addTarget(text: string, line: number, field: number): void {
    const value = parseNumber(text);
    if (value === undefined || !Number.isFinite(Math.fround(value))) {
      const came = `line ${line}, column ${field + 1} holds ${show(text)}`;
      throw new CtreError('E_LABEL', `${came}; expected a number to predict, or 0 and 1 for a label`);
    }
    this.#targets.push(value);
  }

  #addLabel(text: string): void {
    let position = this.#texts.get(text);
    if (position === undefined) {
      position = this.#texts.size;
      this.#budget.claim(LABEL_BYTES + 2 * text.length, `label number ${position + 1}`);
      this.#texts.set(text, position);
    }
    this.#labels.push(position);
  }

  #namedTargets(): NamedTargets {
    const { labelColumns, names } = this.#layout;
    const cols = labelColumns.length;
    return {
      matrix: { rows: this.#rows, cols, data: this.#targets.toArray() },
      names: labelColumns.map((column, col) => names?.[column] ?? col),
    };
  }

  finish(): Dataset {
    const { width, labelColumns, names } = this.#layout;
    const cols = width - labelColumns.length;
    checkElements(this.#rows, cols);
    const x = { rows: this.#rows, cols, data: this.#features.toArray() };
    const featureNames = names?.filter((_, field) => !labelColumns.includes(field));
    if (labelColumns.length === 0) return buildDataset(this.#budget, { x }, undefined, featureNames);
    if (this.#reading !== 'classes') {
      const raw = { x, targets: this.#namedTargets() };
      return buildDataset(this.#budget, raw, undefined, featureNames, this.#reading);
    }
    const labels = toLabels([...this.#texts.keys()]);
    const positions = this.#labels.toArray();
    this.#budget.claim(8 * positions.length, `${positions.length} labels`);
    return buildDataset(
      this.#budget,
      { x, labels: Array.from(positions, (position) => labels[position]) },
      undefined,
      featureNames,
    );
  }
}

/** Labels become numbers if all of them are: then "1" and "1.0" are one class, and 10 comes after 9. */
function toLabels(texts: readonly string[]): readonly (string | number)[] {
  const numbers = texts.map(parseNumber);
  return numbers.every((number) => number !== undefined) ? numbers : texts;
}

function notNumeric(text: string, line: number, field: number): CtreError {
  const came = text === '' ? 'is empty' : `is ${show(text)}`;
  return new CtreError(
    'E_FORMAT',
    `line ${line}, column ${field + 1} ${came}; expected a number; if the line holds names, set the option ` +
      'header, and if the column holds labels, the option label',
  );
}

/** Calls back with every row that is not blank. @throws CtreError `E_FORMAT` for quotes that never close. */
function eachRow(
  bytes: Uint8Array,
  given: string | undefined,
  budget: Budget,
  onRow: (row: Row) => void,
): void {
  let delimiter = given;
  let line = 1;
  eachPiece(bytes, budget, (text, isLast) => {
    delimiter ??= guessDelimiter(text, isLast);
    const isBlanks = delimiter === ' ';
    const isQuoted = text.includes('"');
    const parser = new Papa.Parser({
      delimiter,
      newline: '\n',
      step({ data: [data], errors }: Papa.ParseResult<string[]>) {
        const start = line;
        line++;
        if (isQuoted) for (const field of data) line += countNewlines(field);
        if (errors.length > 0) throw badQuote(start);
        // Files that blanks separate are often aligned by more than one.
        const fields = isBlanks ? data.filter((field) => field !== '') : data;
        if (fields.some((field) => field.trim() !== '')) onRow({ line: start, fields });
      },
    } as Papa.ParseConfig);
    const { errors, meta }: Papa.ParseResult<string[]> = parser.parse(text, 0, !isLast);
    // Where the text is cut off, a sound quote may look wrong. A file of nothing but quotes has many errors.
    if (errors.length > 1) throw badQuote(line);
    return meta.cursor;
  });
}

/** What separates fields, by the whole lines at the beginning of a text; a comma if these do not tell. */
function guessDelimiter(text: string, isWhole: boolean): string {
  const end = isWhole ? text.length : text.lastIndexOf('\n');
  const { meta } = Papa.parse<string[]>(end < 0 ? text : text.slice(0, end), {
    delimitersToGuess: [',', '\t', ';', '|', ' '],
    newline: '\n',
    preview: 10,
  });
  return meta.delimiter;
}

function badQuote(line: number): CtreError {
  return new CtreError(
    'E_FORMAT',
    `line ${line} has a quote that is not closed, or text after a closed one; double the quotes in a field`,
  );
}

function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** A first line is a header if it has a name where the second has a number. "NA" and the like are no name. */
function looksLikeHeader(first: readonly string[], second: readonly string[] | undefined): boolean {
  return first.some((field, column) => {
    const text = field.trim();
    const isName =
      /\p{L}/u.test(text) && parseNumber(text) === undefined && !/^(n\/?a|none|null)$/i.test(text);
    return isName && parseNumber(second?.[column]?.trim() ?? '') !== undefined;
  });
}

function planColumns(first: readonly string[], hasHeader: boolean, options: ReadOptions): Layout {
  const width = first.length;
  const names = hasHeader ? first.map((field) => field.trim()) : undefined;
  const labelColumns = options.unlabelled ? [] : findLabelColumns(width, names, options);
  if (labelColumns.length > 0 && width <= labelColumns.length) {
    throw new CtreError(
      'E_FORMAT',
      `the lines have ${width === 1 ? 'one field' : `${width} fields, all of them labels`}; expected features and ` +
        'a label; set the option delimiter if it was wrong',
    );
  }
  return { width, labelColumns, names };
}

/** The label columns in the order of the table. */
function findLabelColumns(
  width: number,
  names: readonly string[] | undefined,
  { label, targets: reading = 'classes' }: ReadOptions,
): readonly number[] {
  if (typeof label !== 'object') return [findLabelColumn(width, names, label)];
  if (label.length > 1 && reading === 'classes') {
    throw new CtreError(
      'E_ARGUMENT',
      `there are ${label.length} label columns; a class is one: set the option targets to flags or numbers`,
    );
  }
  const columns = label.map((one) => findLabelColumn(width, names, one));
  return [...new Set(columns)].sort((a, b) => a - b);
}

function findLabelColumn(
  width: number,
  names: readonly string[] | undefined,
  label: string | number | undefined,
): number {
  if (label === undefined) {
    const lower = names?.map((name) => name.toLowerCase());
    const usual = LABEL_NAMES.map((name) => lower?.indexOf(name) ?? -1).find((column) => column >= 0);
    return usual ?? width - 1;
  }
  const byName = names?.indexOf(String(label)) ?? -1;
  if (byName >= 0 && names?.lastIndexOf(String(label)) !== byName) {
    throw new CtreError(
      'E_ARGUMENT',
      `two columns are named ${show(label)}; give the label column by its index from 0`,
    );
  }
  if (byName >= 0) return byName;
  const index = /^\d+$/.test(String(label)) ? Number(label) : Number.NaN;
  if (index < width) return index;
  const existing = names
    ? `one of ${names.slice(0, 12).map(show).join(', ')}${width > 12 ? ', …' : ''}, or `
    : '';
  throw new CtreError(
    'E_ARGUMENT',
    `there is no label column ${show(label)}; expected ${existing}an index from 0 to ${width - 1}`,
  );
}
