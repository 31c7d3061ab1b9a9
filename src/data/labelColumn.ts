import { CtreError, show } from '../base/errors.ts';
import { columnTitle, isMissingValue, type RawColumn, type RawTable } from './rawTable.ts';

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
  const candidates = columns.flatMap(({ number }, place) => (isLeftOut.has(number) ? [] : [place]));
  if (candidates.length < 2) {
    throw new CtreError(
      'E_FORMAT',
      'the lines have one field; expected features and a label; set the option delimiter if it was wrong',
    );
  }
  return (
    chooseByName(columns, candidates) ??
    chooseByPlace(table, candidates[0], candidates[candidates.length - 1])
  );
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
  const names = columns.map(({ name }) => comparedName(name ?? ''));
  const [usual] = inOrder(LABEL_NAMES, names, candidates);
  if (usual !== undefined) return { column: usual, warnings: [] };
  const last = candidates[candidates.length - 1];
  const about = `${columnTitle(columns[last])}, the last one of numbers, is what is predicted; ${OTHERWISE_LABEL}`;
  const isSure = last === columns.length - 1 && names[last] === '';
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
      `columns ${numbers} are both named ${show(label)}; give the label column by its index from 0`,
    );
  }
  if (named.length === 1) return named[0];
  const index = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (index < columns.length) return index;
  const names = columns.flatMap(({ name }) => (name === undefined || name === '' ? [] : [show(name)]));
  const existing =
    names.length > 0 ? `one of ${names.slice(0, 12).join(', ')}${names.length > 12 ? ', …' : ''}, or ` : '';
  throw new CtreError(
    'E_ARGUMENT',
    `there is no label column ${show(label)}; expected ${existing}an index from 0 to ${columns.length - 1}`,
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
  // Beside an x, y is a coordinate.
  const isCoordinate = (place: number): boolean =>
    names[place] === 'y' && names.includes('x') && place !== last;
  const usual = inOrder(LABEL_NAMES, names, candidates).filter((place) => !isCoordinate(place));
  if (usual.length > 0) return { column: usual[0], warnings: otherLabelNames(columns, usual) };
  const likely = inOrder(LIKELY_NAMES, names, candidates).filter((place) => canBeClasses(columns[place]));
  if (likely.length === 0) return undefined;
  const about = `${columnTitle(columns[likely[0]])} is taken for the label by its name; ${OTHERWISE_LABEL}`;
  return { column: likely[0], warnings: likely[0] === last ? [] : [about] };
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

function chooseByPlace({ columns, names }: RawTable, first: number, last: number): LabelChoice {
  const [start, end] = [columns[first], columns[last]];
  const hasNames = names !== undefined;
  const about =
    `no column has a usual label's name, so the last one, ${columnTitle(end)}, is taken for ` +
    `the label; ${OTHERWISE_LABEL}`;
  if (end.length < FEW_ROWS || canBeClasses(end)) return { column: last, warnings: hasNames ? [about] : [] };
  const values = `the last column, ${columnTitle(end)}, holds ${countValues(end)} in ${end.length} rows`;
  if (!canBeClasses(start)) return { column: last, warnings: [`${values}; ${OTHERWISE_LABEL}`] };
  if (!hasNames) {
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
  const seen = new Set<string>();
  for (let row = 0; row < column.length && seen.size <= COUNTED; row++) seen.add(column.text(row));
  return seen.size > COUNTED ? `more than ${COUNTED} values` : `${seen.size} values`;
}
