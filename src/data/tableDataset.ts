import type { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import { buildDataset, type Dataset, type RawRows } from './dataset.ts';
import { chooseLabelColumn, chooseNumberColumn, holdsWords, labelColumnNamed } from './labelColumn.ts';
import { columnsAt, LabelledTable, learnColumns } from './labelledTable.ts';
import { FractionError } from './labels.ts';
import { checkElements, notFiniteAt } from './ndarray.ts';
import { columnTitle, isMissingValue, type RawColumn, type RawTable, rowPlace } from './rawTable.ts';
import type { ReadOptions } from './readOptions.ts';
import { allRows } from './rowLists.ts';
import { encodingKind } from './table/encodings.ts';
import type { ColumnOptions } from './table/fitPipeline.ts';
import type { Pipeline } from './table/pipeline.ts';
import { encodedBytes } from './table/tableEncoder.ts';
import type { NamedTargets, TargetReading } from './targets.ts';
import { NumberList, parseNumber } from './text.ts';

/**
 * A table's numbers as a dataset: its labels, and all other columns but those left out as features.
 * @throws CtreError `E_FORMAT` for features that are no numbers, `E_NOT_FINITE`, `E_LABEL`, `E_ARGUMENT` for
 *   a label column that does not exist, `E_MEMORY`.
 */
export function tableDataset(table: RawTable, options: ReadOptions, budget: Budget): Dataset {
  const { format, columns, delimiter, names, commentLines, leftOut } = table;
  const { targets: reading = 'classes', unlabelled = false } = options;
  const { places, isLabelled, isByPlace, warnings: aboutLabels } = chooseLabels(table, reading, options);
  const notFeatures = new Set([...leftOut.map(({ number }) => number - 1), ...places]);
  const features = columns.flatMap((_, place) => (notFeatures.has(place) ? [] : [place]));
  if (features.length === 0) {
    const came = columns.length === 1 ? 'one field' : `${columns.length} fields, none of them a feature`;
    throw new CtreError(
      'E_FORMAT',
      `the lines have ${came}; expected features and a label; set the option delimiter if it was wrong`,
    );
  }
  const labelled = isLabelled ? places : [];
  // The last column of numbers alone is something to predict more often than not.
  const areNumbers = isByPlace && features.every((place) => !holdsWords(columns[place]));
  const areLabels = !isByPlace ? 'named' : areNumbers ? 'likely' : 'open';
  const parts = [table, ...(table.test ? [table.test] : [])].map((part) => ({
    table: part,
    rows: rowsWithLabel(part, labelled),
  }));
  const missing = parts.flatMap((part) => aboutMissingLabels(part.table, labelled));
  const about = [...table.warnings, ...aboutLabels, ...missing];
  const prepared = prepareFeatures(parts, features, places, about, options, budget);
  const [train, test] = parts.map(
    (part, p): RawRows<DenseMatrix | CsrMatrix> => ({
      x: prepared.x[p],
      ...(isLabelled &&
        reading === 'classes' && {
          labels: textLabels(part, part.table.columns[places[0]], budget, areLabels),
        }),
      ...(isLabelled && reading !== 'classes' && { targets: targetColumns(part, places, budget) }),
    }),
  );
  const [first] = places;
  const dataset = buildDataset(
    budget,
    {
      taken: {
        format,
        ...(first !== undefined && { label: placeOf(columns[first]) }),
        ...(delimiter !== undefined && { delimiter }),
        ...(names && { names }),
        commentLines,
        leftOut,
      },
      warnings: [...prepared.table.warnings, ...prepared.warnings],
      featureNames: prepared.featureNames ?? (names && features.map((place) => columns[place].name ?? '')),
      reading: unlabelled ? 'classes' : reading,
      isTestChosen: options.test !== undefined,
    },
    train,
    test,
  );
  return { ...dataset, table: prepared.table };
}

/** The columns that are no features, since they are labels. */
interface LabelColumns {
  readonly places: readonly number[];
  /** Whether their values are wanted. */
  readonly isLabelled: boolean;
  /** Whether nothing but its place says that a column is the label. */
  readonly isByPlace?: boolean;
  readonly warnings: readonly string[];
}

function chooseLabels(
  table: RawTable,
  reading: TargetReading,
  { label, unlabelled = false }: ReadOptions,
): LabelColumns {
  const isLabelled = !unlabelled;
  if (typeof label === 'object') {
    if (label.length > 1 && reading === 'classes' && isLabelled) {
      throw new CtreError(
        'E_ARGUMENT',
        `there are ${label.length} label columns; a class is one: set the option targets to flags or numbers`,
      );
    }
    const places = new Set(label.map((one) => labelColumnNamed(table, one)));
    return { places: [...places].sort((a, b) => a - b), isLabelled, warnings: [] };
  }
  // What is named as the label is none of the features, also where its values do not matter.
  if (unlabelled) {
    const place = label === undefined ? table.label : labelColumnNamed(table, label);
    return { places: place === undefined ? [] : [place], isLabelled, warnings: [] };
  }
  const isNumbers = reading === 'numbers' && label === undefined;
  const { column, ...about } = isNumbers ? chooseNumberColumn(table) : chooseLabelColumn(table, label);
  return { places: [column], isLabelled, ...about };
}

/** Rows of a table that a dataset has. */
interface TablePart {
  readonly table: RawTable;
  readonly rows: Int32Array;
}

function sumOf(parts: readonly TablePart[], count: (part: TablePart) => number): number {
  return parts.reduce((sum, part) => sum + count(part), 0);
}

/** The rows that have a label; all of them where there is no label column. */
export function rowsWithLabel({ columns, rows }: RawTable, labels: readonly number[]): Int32Array {
  const isKnown = (row: number): boolean =>
    labels.every((place) => !isMissingValue(columns[place].text(row)));
  return allRows(rows).filter(isKnown);
}

/** Rows without a label, in a sentence: how many, and what their labels say. */
export function aboutMissingLabels({ columns, rows }: RawTable, labels: readonly number[]): string[] {
  const texts = new Map<string, number>();
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const place = labels.find((at) => isMissingValue(columns[at].text(row)));
    if (place === undefined) continue;
    count++;
    const text = columns[place].text(row);
    // Words may be classes: North America is NA.
    if (/^[a-z]/i.test(text) && !/^nan$/i.test(text)) texts.set(text, (texts.get(text) ?? 0) + 1);
  }
  if (count === 0) return [];
  const said = [...texts].map(([text, times]) => `${show(text)} in ${times}`).join(', ');
  const which = said === '' ? '' : ` (${said}; if that is a class, give it another name in the file)`;
  return [
    count === 1
      ? `1 row has no label${which}, and is left out`
      : `${count} rows have no label${which}, and are left out`,
  ];
}

/** What the options say of a table's columns. */
export function columnOptions({ features, rowNumbers, ...others }: ReadOptions): ColumnOptions {
  const { drop, categorical, missing } = others;
  const taken = typeof features === 'string' ? [features] : features;
  return { features: taken, drop, categorical, missing, rowNumbers };
}

interface PreparedFeatures {
  /** Of each part. */
  readonly x: readonly (DenseMatrix | CsrMatrix)[];
  readonly table: LabelledTable;
  readonly warnings: readonly string[];
  /** Where columns are encoded: the name of every input. */
  readonly featureNames?: readonly string[];
}

/**
 * The features of all parts: as they are if all are numbers, else encoded as the rows of the first part say.
 */
function prepareFeatures(
  parts: readonly TablePart[],
  features: readonly number[],
  labels: readonly number[],
  about: readonly string[],
  options: ReadOptions,
  budget: Budget,
): PreparedFeatures {
  const [own, other] = parts.map((part) => columnsAt(part.table, features, part.rows, options.missing));
  const where = labels.map((place) => placeOf(parts[0].table.columns[place]));
  const table = new LabelledTable(own, where, about, columnOptions(options), other);
  const isTold = Object.values(table.told).some((option) => option !== undefined);
  if (!isTold && parts.every((part) => areNumbers(part, features))) {
    return { x: parts.map((part) => numbersOf(part, features, budget)), table, warnings: [] };
  }
  const { pipeline, warnings } = learnColumns(table, { scale: 'none' });
  const bytes = encodedBytes(
    pipeline.columns,
    sumOf(parts, ({ rows }) => rows.length),
  );
  budget.claim(bytes, 'the encoded columns');
  const encoded = parts.map(({ rows }, p) => pipeline.transformColumns([own, other][p] ?? [], rows.length));
  return {
    x: encoded.map(({ x }) => x),
    table,
    warnings: [...warnings, ...filledColumns(pipeline), ...encoded.flatMap((part) => part.warnings)],
    featureNames: pipeline.inputNames,
  };
}

function placeOf({ name, number }: RawColumn): { name?: string; number: number } {
  return { ...(name !== undefined && name !== '' && { name }), number };
}

/** Which columns have missing values, and what stands for them. */
function filledColumns({ columns }: Pipeline): string[] {
  return columns.flatMap(({ encoding, ...column }) => {
    const about = encodingKind(encoding).filled(encoding);
    return about === undefined ? [] : [`${columnTitle(column)} has missing values; ${about}`];
  });
}

/** Whether every feature is a number that float32 holds, in every row. */
function areNumbers({ table, rows }: TablePart, features: readonly number[]): boolean {
  return features.every((place) => {
    const column = table.columns[place];
    return rows.every((row) => {
      const value = column.value(row);
      // Of numbers that are too large, numbersOf tells.
      return value !== undefined && !Number.isNaN(value);
    });
  });
}

function numbersOf({ table, rows }: TablePart, features: readonly number[], budget: Budget): DenseMatrix {
  const cols = features.length;
  checkElements(rows.length, cols);
  budget.claim(4 * rows.length * cols, `a matrix of ${rows.length} × ${cols}`);
  const data = new Float32Array(rows.length * cols);
  const chosen = features.map((place) => table.columns[place]);
  for (let at = 0; at < rows.length; at++) {
    for (let col = 0; col < cols; col++) {
      const value = Number(chosen[col].value(rows[at]));
      if (!Number.isFinite(Math.fround(value))) {
        const where = `${rowPlace(table, rows[at])}, ${columnTitle(chosen[col])}`;
        const { code, message } = notFiniteAt(value, where);
        throw new CtreError(code, `${message}, or name it as a missing value (the option missing)`);
      }
      data[at * cols + col] = value;
    }
  }
  return { rows: rows.length, cols, data };
}

/** The bytes that engines take for a label's text and its place in a map, besides its characters. */
const LABEL_BYTES = 128;

/**
 * The labels that a column holds in some rows, as numbers where all of them are.
 * @param areLabels what is known of the column, should it hold fractions.
 * @throws CtreError `E_LABEL` for a row without a label, or with a fraction, `E_MEMORY`.
 */
export function textLabels(
  { table, rows }: TablePart,
  column: RawColumn,
  budget: Budget,
  areLabels: FractionError['areLabels'] = 'named',
): (number | string)[] {
  const positions = new NumberList(Int32Array, budget);
  const texts = new Map<string, number>();
  for (const row of rows) {
    const text = column.text(row);
    let position = texts.get(text);
    if (position === undefined) {
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
    throw new FractionError(
      `${rowPlace(table, row)}, ${columnTitle(column)} is ${labels[fraction]}; a number with a fraction is ` +
        'no class, expected integers or names; name their column with the option label',
      areLabels,
      labelOption(table, column),
    );
  }
  budget.claim(8 * rows.length, `${rows.length} labels`);
  return Array.from(positions.toArray(), (position) => labels[position]);
}

/** Numbers or flags of several columns. @throws CtreError `E_LABEL` for a field that is no number. */
export function targetColumns(
  { table, rows }: TablePart,
  places: readonly number[],
  budget: Budget,
): NamedTargets {
  const cols = places.length;
  budget.claim(4 * rows.length * cols, `${rows.length} × ${cols} targets`);
  const data = new Float32Array(rows.length * cols);
  rows.forEach((row, at) => {
    places.forEach((place, col) => {
      const column = table.columns[place];
      const value = Math.fround(column.value(row) ?? Number.NaN);
      if (!Number.isFinite(value)) {
        throw new CtreError(
          'E_LABEL',
          `${rowPlace(table, row)}, ${columnTitle(column)} holds ${show(column.text(row))}; expected a ` +
            'number to predict, or 0 and 1 for a label',
        );
      }
      data[at * cols + col] = value;
    });
  });
  const names = places.map((place, col) => table.columns[place].name ?? col);
  return { matrix: { rows: rows.length, cols, data }, names };
}

/** What the option `label` is for a column: its name, where only one has it and it has one, or its index. */
function labelOption({ columns }: RawTable, { name, number }: RawColumn): string {
  const isName = name !== undefined && columns.filter((other) => other.name === name).length === 1;
  return isName ? name : String(number - 1);
}

/** Labels become numbers if all of them are: then "1" and "1.0" are one class, and 10 comes after 9. */
function toLabels(texts: readonly string[]): readonly (string | number)[] {
  const numbers = texts.map(parseNumber);
  return numbers.every((number) => number !== undefined) ? numbers : texts;
}
