import { CtreError, show } from '../base/errors.ts';
import { columnChoices, columnTitle, isMissingValue, type RawColumn, type RawTable } from './rawTable.ts';

/** Column names that mean the label, in order. */
const LABEL_NAMES = ['label', 'class', 'target', 'y', 'labels', 'classes', 'targets', 'class_label'];
/** Names that are a label's in many tables, and a feature's in some. */
const LIKELY_NAMES = [
  'species',
  'diagnosis',
  'outcome',
  'survived',
  'category',
  'response',
  'result',
  'variety',
  'quality',
  'type',
];

/** Rows of which a table needs as many before what its columns hold tells a label. */
const FEW_ROWS = 10;
/** Rows that a class has on average, at least. */
const CLASS_ROWS = 5;
/** Classes that a first column has at most to be the label though the last one is the usual place. */
const FEW_CLASSES = 50;

/** The column of the labels, as its place among a table's columns, and what to tell about the choice. */
export interface LabelChoice {
  readonly column: number;
  readonly warnings: readonly string[];
  /** Whether nothing but its place says that it is the label. */
  readonly isByPlace?: boolean;
}

/** Whether a column of this name is the label. */
export function isUsualLabelName(name: string): boolean {
  return LABEL_NAMES.includes(comparedName(name));
}

/**
 * The column of the labels: the one that the option names; else the one that the files say; else the one with
 * a usual name; else the last, or the first where only that one can be classes. docs/data.md has the rules.
 * O(rows of the columns that are looked at).
 * @throws CtreError `E_ARGUMENT` for a label that is no column, `E_LABEL` where the rules do not tell.
 */
export function chooseLabelColumn(table: RawTable, label?: string | number): LabelChoice {
  if (label !== undefined) return { column: labelColumnNamed(table, label), warnings: [] };
  if (table.label !== undefined) return { column: table.label, warnings: [] };
  const { columns, leftOut } = table;
  const isLeftOut = new Set(leftOut.map(({ number }) => number));
  const candidates = columns.flatMap((column, place) =>
    isLeftOut.has(column.number) || holdsNothing(column) ? [] : [place],
  );
  if (candidates.length < 2) {
    throw new CtreError(
      'E_FORMAT',
      'the lines have one field; expected features and a label; set the option delimiter if it was wrong',
    );
  }
  return chooseByName(columns, candidates) ?? { ...chooseByPlace(table, candidates), isByPlace: true };
}

/**
 * The column of the numbers to predict: the one that the files say; else the one with a usual name; else the
 * last one of numbers, with a warning. O(rows).
 * @throws CtreError `E_LABEL` where no column holds numbers.
 */
export function chooseNumberColumn({ columns, leftOut, label }: RawTable): LabelChoice {
  if (label !== undefined) return { column: label, warnings: [] };
  const isLeftOut = new Set(leftOut.map(({ number }) => number));
  const candidates = columns.flatMap((column, place) =>
    isLeftOut.has(column.number) || !hasOnlyNumbers(column) ? [] : [place],
  );
  if (candidates.length === 0) {
    throw new CtreError('E_LABEL', 'no column holds numbers to predict; name it with the option label');
  }
  const [usual] = usualNames(columns, candidates);
  if (usual !== undefined) return { column: usual, warnings: [] };
  const last = candidates[candidates.length - 1];
  const title = columnTitle(columns[last]);
  const about = `${title}, the last one of numbers, is what is predicted; ${OTHERWISE_LABEL}`;
  const isSure = last === columns.length - 1 && (columns[last].name ?? '') === '';
  return { column: last, warnings: isSure ? [] : [about] };
}

function hasOnlyNumbers(column: RawColumn): boolean {
  let numbers = 0;
  for (let row = 0; row < column.length; row++) {
    if (Number.isFinite(column.value(row) ?? Number.NaN)) numbers++;
    else if (!isMissingValue(column.text(row))) return false;
  }
  return numbers > 0;
}

/**
 * The place of the column that a label option names.
 * @throws CtreError `E_ARGUMENT` where there is none, or where two have the name.
 */
export function labelColumnNamed({ columns }: RawTable, label: string | number): number {
  const text = String(label);
  const named = columns.flatMap(({ name }, place) => (name === text ? [place] : []));
  if (named.length > 1) {
    const numbers = named.map((place) => columns[place].number).join(' and ');
    throw new CtreError(
      'E_ARGUMENT',
      `columns ${numbers} are both named ${show(label)}; give the label column by its index from 0: ` +
        `${named.join(' or ')}`,
    );
  }
  if (named.length === 1) return named[0];
  const index = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (index < columns.length) return index;
  throw new CtreError(
    'E_ARGUMENT',
    `there is no label column ${show(label)}; expected ${columnChoices(columns)}`,
  );
}

function comparedName(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s.-]+/g, '_');
}

function chooseByName(columns: readonly RawColumn[], candidates: readonly number[]): LabelChoice | undefined {
  const names = columns.map(({ name }) => comparedName(name ?? ''));
  const last = candidates[candidates.length - 1];
  const usual = usualNames(columns, candidates);
  if (usual.length > 0) return { column: usual[0], warnings: otherLabelNames(columns, usual) };
  const likely = inOrder(LIKELY_NAMES, names, candidates).filter((place) => canBeClasses(columns[place]));
  if (likely.length === 0) return undefined;
  const about = `${columnTitle(columns[likely[0]])} is taken for the label by its name; ${OTHERWISE_LABEL}`;
  return { column: likely[0], warnings: likely[0] === last ? [] : [about] };
}

/** The candidates that have a usual label's name, the most usual one first. */
function usualNames(columns: readonly RawColumn[], candidates: readonly number[]): number[] {
  const names = columns.map(({ name }) => comparedName(name ?? ''));
  const last = candidates[candidates.length - 1];
  // Beside an x, y is a coordinate.
  const isCoordinate = (place: number): boolean =>
    names[place] === 'y' && names.includes('x') && place !== last;
  return inOrder(LABEL_NAMES, names, candidates).filter((place) => !isCoordinate(place));
}

const OTHERWISE_LABEL = 'the option label names another one';

function inOrder(
  wanted: readonly string[],
  names: readonly string[],
  candidates: readonly number[],
): number[] {
  return wanted.flatMap((name) => candidates.filter((place) => names[place] === name));
}

function otherLabelNames(columns: readonly RawColumn[], [chosen, ...others]: readonly number[]): string[] {
  if (others.length === 0) return [];
  const also = others.map((place) => columnTitle(columns[place])).join(', ');
  return [
    `${columnTitle(columns[chosen])} is taken for the label, and ${also} for a feature; ${OTHERWISE_LABEL}`,
  ];
}

function chooseByPlace({ columns, names }: RawTable, candidates: readonly number[]): LabelChoice {
  const [first, last] = [candidates[0], candidates[candidates.length - 1]];
  const [start, end] = [columns[first], columns[last]];
  const hasNames = names !== undefined;
  const about =
    `no column has a usual label's name, so the last one, ${columnTitle(end)}, is taken for ` +
    `the label; ${OTHERWISE_LABEL}`;
  if (end.length < FEW_ROWS || canBeClasses(end)) {
    checkOneHot(columns, candidates);
    if (hasNames) return { column: last, warnings: [about] };
    return { column: last, warnings: end.length < FEW_ROWS ? [] : firstOrLast(columns, candidates) };
  }
  const values = `the last column, ${columnTitle(end)}, holds ${countValues(end)} in ${end.length} rows`;
  if (canBeClasses(start)) {
    const others = candidates.slice(1).map((place) => columns[place]);
    if (!hasNames || others.every(namesRows)) {
      const sentence =
        `${values}, so ${columnTitle(start)} with ${countValues(start)} is taken for the ` +
        `label; ${OTHERWISE_LABEL}`;
      return { column: first, warnings: [sentence] };
    }
    throw new CtreError(
      'E_LABEL',
      `${values}, and no column has a usual label's name; name the label column with the option label`,
    );
  }
  // A name in each row is no class.
  if (namesRows(end)) {
    throw new CtreError(
      'E_LABEL',
      `${values}, so it names rows and no classes; name the label column with the option label`,
    );
  }
  return { column: last, warnings: [`${values}; ${OTHERWISE_LABEL}`] };
}

/**
 * What is said where a table without names may have its label first as well as last.
 * @throws CtreError `E_LABEL` where the first column is as likely as the last.
 */
function firstOrLast(columns: readonly RawColumn[], candidates: readonly number[]): string[] {
  const [start, end] = [columns[candidates[0]], columns[candidates[candidates.length - 1]]];
  if (!holdsWords(start) || !canBeClasses(start)) return [];
  const [ofStart, ofEnd] = [countDistinct(start), countDistinct(end)];
  const others = candidates.slice(1, -1).map((place) => columns[place]);
  // Letters before sixteen numbers, or e and p before 22 words.
  const isLetter = !holdsWords(end) && ofEnd > 2 && !others.some(holdsWords);
  const isMushroom = holdsWords(end) && ofStart === 2 && ofEnd > 2;
  const both =
    `${columnTitle(start)} with ${ofStart} words and the last one, ${columnTitle(end)}, with ${ofEnd} ` +
    `${holdsWords(end) ? 'words' : 'numbers'} may each be the label`;
  if (isLetter || isMushroom) {
    throw new CtreError('E_LABEL', `${both}; name the label column with the option label`);
  }
  const isAllWords = holdsWords(end) && others.every(holdsWords);
  return isAllWords ? [`${both}; the last one is taken, ${OTHERWISE_LABEL}`] : [];
}

/**
 * @throws CtreError `E_LABEL` where the last columns are one label, as flags of which each row has one: with
 *   the others as features, a network would only learn to find the one that is left.
 */
function checkOneHot(columns: readonly RawColumn[], candidates: readonly number[]): void {
  const { length } = columns[0];
  const sums = new Uint8Array(length);
  for (let count = 1; count < candidates.length && count <= MOST_FLAGS; count++) {
    const column = columns[candidates[candidates.length - count]];
    let rest = 0;
    for (let row = 0; row < length; row++) {
      const value = column.value(row);
      if (value !== 0 && value !== 1) return;
      sums[row] += value;
      if (sums[row] > 1) return;
      rest += 1 - sums[row];
    }
    if (count < 2 || rest > 0 || length < FEW_ROWS) continue;
    const flags = candidates.slice(-count).map((place) => columns[place]);
    const list = flags.slice(0, MOST_FLAGS_LISTED).map(columnTitle).join(', ');
    throw new CtreError(
      'E_LABEL',
      `the last ${count} columns (${list}${count > MOST_FLAGS_LISTED ? ', …' : ''}) hold 0 and 1, and each ` +
        'row has a single 1 there: they are one label (one-hot); make one column of them that names the ' +
        'class, or name the label column with the option label, and leave the others out with the option ' +
        'drop',
    );
  }
}

/** Flags of one label that are looked for. */
const MOST_FLAGS = 100;
/** Columns that an error lists. */
const MOST_FLAGS_LISTED = 8;

function holdsNothing(column: RawColumn): boolean {
  for (let row = 0; row < column.length; row++) if (!isMissingValue(column.text(row))) return false;
  return true;
}

/** Whether a column holds texts, and another one in most rows. */
function namesRows(column: RawColumn): boolean {
  let known = 0;
  for (let row = 0; row < column.length; row++) {
    if (isMissingValue(column.text(row))) continue;
    known++;
    if (column.value(row) !== undefined) return false;
  }
  const distinct = countDistinct(column);
  return distinct > COUNTED || 2 * distinct > known;
}

/** Whether a column holds words and not numbers. */
export function holdsWords(column: RawColumn): boolean {
  for (let row = 0; row < column.length; row++) {
    if (isMissingValue(column.text(row))) continue;
    if (column.value(row) === undefined) return true;
  }
  return false;
}

/** Whether a column can be classes by what it holds: integers or words, each in several rows. */
function canBeClasses(column: RawColumn): boolean {
  const most = Math.max(2, Math.min(column.length / CLASS_ROWS, FEW_CLASSES * CLASS_ROWS));
  const seen = new Set<string>();
  for (let row = 0; row < column.length; row++) {
    const value = column.value(row);
    if (value !== undefined && !Number.isNaN(value) && !Number.isSafeInteger(value)) return false;
    const text = column.text(row);
    if (!isMissingValue(text)) seen.add(text);
    if (seen.size > most) return false;
  }
  return seen.size > 1;
}

/** Values that are counted. */
const COUNTED = 1000;

function countValues(column: RawColumn): string {
  const count = countDistinct(column);
  if (count > COUNTED) return `more than ${COUNTED} values`;
  return count === 1 ? 'one value' : `${count} values`;
}

/** The different texts of a column; `COUNTED` and one more where there are more. */
function countDistinct(column: RawColumn): number {
  const seen = new Set<string>();
  for (let row = 0; row < column.length && seen.size <= COUNTED; row++) {
    const text = column.text(row);
    if (!isMissingValue(text)) seen.add(text);
  }
  return seen.size;
}
