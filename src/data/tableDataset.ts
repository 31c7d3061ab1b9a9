import type { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import { buildDataset, type Dataset, type RawRows } from './dataset.ts';
import { chooseLabelColumn, labelColumnNamed } from './labelColumn.ts';
import { checkElements, notFiniteAt } from './ndarray.ts';
import { columnTitle, isMissingValue, type RawColumn, type RawTable } from './rawTable.ts';
import type { ReadOptions } from './readOptions.ts';
import { NumberList, parseNumber } from './text.ts';

/**
 * A table's numbers as a dataset: its labels, and all other columns but those left out as features.
 * @throws CtreError `E_FORMAT` for features that are no numbers, `E_NOT_FINITE`, `E_LABEL`, `E_ARGUMENT` for
 *   a label column that does not exist, `E_MEMORY`.
 */
export function tableDataset(table: RawTable, options: ReadOptions, budget: Budget): Dataset {
  const { format, columns, delimiter, names, commentLines, leftOut } = table;
  const choice = options.unlabelled ? undefined : chooseLabelColumn(table, options.label);
  // What is named as the label is none of the features, also where its values do not matter.
  const label =
    choice?.column ?? (options.label === undefined ? table.label : labelColumnNamed(table, options.label));
  const isLeftOut = new Set(leftOut.map(({ number }) => number));
  const features = columns.flatMap(({ number }, place) =>
    place === label || isLeftOut.has(number) ? [] : [place],
  );
  if (features.length === 0) {
    throw new CtreError(
      'E_FORMAT',
      'the lines have one field; expected features and a label; set the option delimiter if it was wrong',
    );
  }
  const rowsOf = (part: RawTable): RawRows => ({
    x: numbersOf(part, features, budget),
    ...(choice && { labels: textLabels(part, part.columns[choice.column], budget) }),
  });
  const featureNames = names && features.map((place) => columns[place].name ?? '');
  return buildDataset(
    budget,
    {
      taken: {
        format,
        ...(label !== undefined && { label: placeOf(columns[label]) }),
        ...(delimiter !== undefined && { delimiter }),
        ...(names && { names }),
        commentLines,
        leftOut,
      },
      warnings: [...table.warnings, ...(choice?.warnings ?? [])],
      featureNames,
    },
    rowsOf(table),
    table.test && rowsOf(table.test),
  );
}

function placeOf({ name, number }: RawColumn): { name?: string; number: number } {
  return { ...(name !== undefined && name !== '' && { name }), number };
}

function numbersOf(table: RawTable, features: readonly number[], budget: Budget) {
  const { rows } = table;
  const cols = features.length;
  checkElements(rows, cols);
  budget.claim(4 * rows * cols, `a matrix of ${rows} × ${cols}`);
  const data = new Float32Array(rows * cols);
  const chosen = features.map((place) => table.columns[place]);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const value = chosen[col].value(row);
      if (value === undefined || !Number.isFinite(Math.fround(value)))
        throw noNumbers(table, chosen, row, col);
      data[row * cols + col] = value;
    }
  }
  return { rows, cols, data };
}

/** Columns that an error names. */
const SHOWN = 12;
/** Rows that are looked at for other columns that hold no numbers. */
const SEARCHED = 10_000;

/** The error for the first field that is no number, with every other column that has some. */
function noNumbers(table: RawTable, chosen: readonly RawColumn[], row: number, col: number): CtreError {
  const column = chosen[col];
  const where = `line ${table.line(row)}, ${columnTitle(column)}`;
  const value = column.value(row);
  const words: RawColumn[] = [];
  const missing: RawColumn[] = [];
  for (const other of chosen.slice(0, SEARCHED)) {
    if (other === column) continue;
    const found = firstNoNumber(other, Math.min(table.rows, Math.ceil((SEARCHED * 100) / chosen.length)));
    if (found === 'a word') words.push(other);
    if (found === 'nothing') missing.push(other);
  }
  const more = [
    ...(words.length > 0 ? [`${listedTitles(words)} hold${words.length > 1 ? '' : 's'} words, too`] : []),
    ...(missing.length > 0 ? [`${listedTitles(missing)} lack${missing.length > 1 ? '' : 's'} values`] : []),
  ];
  const others = more.length === 0 ? '' : `; ${more.join('; ')}`;
  if (value !== undefined) {
    const { code, message } = notFiniteAt(value, where);
    return new CtreError(code, message + others);
  }
  const text = column.text(row);
  const came = text === '' ? 'is empty' : `is ${show(text)}`;
  const advice = /^[+-]?\d+,\d+$/.test(text)
    ? 'write decimals with a point'
    : isMissingValue(text)
      ? 'fill it or drop the line'
      : 'if the line holds names, set the option header, and if the column holds labels, the option label';
  return new CtreError('E_FORMAT', `${where} ${came}; expected a number; ${advice}${others}`);
}

/** Columns as sentences name them: `columns 2 "a", 3 and 12 more`. */
function listedTitles(columns: readonly RawColumn[]): string {
  if (columns.length === 1) return columnTitle(columns[0]);
  const titles = columns.slice(0, SHOWN).map((column) => columnTitle(column).slice('column '.length));
  const more = columns.length - titles.length;
  return `columns ${titles.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function firstNoNumber(column: RawColumn, rows: number): 'a word' | 'nothing' | undefined {
  let found: 'nothing' | undefined;
  for (let row = 0; row < rows; row++) {
    if (Number.isFinite(column.value(row) ?? Number.NaN)) continue;
    if (!isMissingValue(column.text(row))) return 'a word';
    found = 'nothing';
  }
  return found;
}

/** The bytes that engines take for a label's text and its place in a map, besides its characters. */
const LABEL_BYTES = 128;

/**
 * The labels that a column holds, as numbers where all of them are.
 * @throws CtreError `E_LABEL` for a row without a label, or with a fraction, `E_MEMORY`.
 */
export function textLabels(table: RawTable, column: RawColumn, budget: Budget): (number | string)[] {
  const positions = new NumberList(Int32Array, budget);
  const texts = new Map<string, number>();
  for (let row = 0; row < table.rows; row++) {
    const text = column.text(row);
    let position = texts.get(text);
    if (position === undefined) {
      if (isMissingValue(text)) {
        throw new CtreError(
          'E_LABEL',
          `line ${table.line(row)}, ${columnTitle(column)} holds no label; fill it or drop the line`,
        );
      }
      position = texts.size;
      budget.claim(LABEL_BYTES + 2 * text.length, `label number ${position + 1}`);
      texts.set(text, position);
    }
    positions.push(position);
  }
  const labels = toLabels([...texts.keys()]);
  const fraction = labels.findIndex((label) => typeof label === 'number' && !Number.isSafeInteger(label));
  if (fraction >= 0) {
    let row = 0;
    while (column.value(row) !== labels[fraction]) row++;
    throw new CtreError(
      'E_LABEL',
      `line ${table.line(row)}, ${columnTitle(column)} is ${labels[fraction]}; a number with a fraction ` +
        'is no class, expected integers or names; name the column of the classes with the option label',
    );
  }
  budget.claim(8 * table.rows, `${table.rows} labels`);
  return Array.from(positions.toArray(), (position) => labels[position]);
}

/** Labels become numbers if all of them are: then "1" and "1.0" are one class, and 10 comes after 9. */
function toLabels(texts: readonly string[]): readonly (string | number)[] {
  const numbers = texts.map(parseNumber);
  return numbers.every((number) => number !== undefined) ? numbers : texts;
}
