import { checkLength, viewOf } from '../base/arrays.ts';
import type { Budget } from '../base/budget.ts';
import { readField } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';

/** Rows with their classes. Sparse sources stay sparse; nothing is scaled. */
export interface Dataset {
  /** One sample a row; every value finite. */
  readonly x: DenseMatrix | CsrMatrix;
  /** The class of every row, 0 … c − 1; empty for a file read as `unlabelled`. */
  readonly labels: Int32Array;
  /** What the file called the classes: integers ascending, or strings by code unit. */
  readonly labelNames: readonly (number | string)[];
  /** The name of every column, where the file has a header. */
  readonly featureNames?: readonly string[];
  /** Test rows, where the source ships its own. */
  readonly test?: { readonly x: DenseMatrix | CsrMatrix; readonly labels: Int32Array };
}

/** How to read a file; every field has a default. */
export interface ReadOptions {
  /** The label column (CSV: name, or index from 0), or the variable (`.mat`) or key (`.npz`) of the labels. */
  readonly label?: string | number;
  /** The variable (`.mat`) or key (`.npz`) of the features. */
  readonly features?: string;
  /** The file holds features only, or its labels do not matter: `labels` and `labelNames` come back empty. */
  readonly unlabelled?: boolean;
  /** CSV: whether the first line names the columns. Default: detected. */
  readonly header?: boolean;
  /** CSV: what separates fields. Default: detected. */
  readonly delimiter?: string;
  /** LIBSVM: the number of columns. Default: the largest index that occurs. */
  readonly columns?: number;
  /**
   * Bytes that reading may take at a time, for the dataset and on the way to it, besides the bytes that are given.
   * Default 4 × these + 64 MiB; compressed content counts as given once it is unpacked, up to 8 times its size.
   */
  readonly maxBytes?: number;
}

/** Labels as files hold them: integers or strings. */
export type LabelValues = ArrayLike<number | string>;

/**
 * Codes labels as 0 … c − 1. Without `names` the classes are those that occur: integers in numeric order, strings
 * by code unit. With `names` (a saved model's classes) a label's code is its position there.
 * @throws CtreError `E_LABEL` for a label that is missing, no integer, or not among `names`.
 */
export function encodeLabels(
  values: LabelValues,
  names?: readonly (number | string)[],
): { labels: Int32Array; labelNames: readonly (number | string)[] } {
  const given = copyLabels('the labels', values);
  const known = names === undefined ? undefined : copyLabels('names', names);
  const { labels, labelNames } = encodeParts([given], known);
  return { labels: labels[0], labelNames };
}

/** As `encodeLabels`, for several lists of labels with the same classes. */
function encodeParts(
  parts: readonly LabelValues[],
  names?: readonly (number | string)[],
  budget?: Budget,
): { labels: Int32Array[]; labelNames: readonly (number | string)[] } {
  parts.forEach(checkLabels);
  const labelNames = names ?? distinctLabels(parts, budget);
  // Keyed by text, since a file with the classes 1, 2 and "a" names them "1", "2", "a", and a part of it 1 and 2.
  const codes = new Map(labelNames.map((name, code) => [String(name), code]));
  const labels = parts.map((values) => {
    budget?.claim(4 * values.length, `${values.length} labels`);
    const coded = new Int32Array(values.length);
    for (let row = 0; row < values.length; row++) {
      const code = codes.get(String(values[row]));
      if (code === undefined) {
        const known = labelNames.slice(0, 10).map(show).join(', ') + (labelNames.length > 10 ? ', …' : '');
        throw new CtreError(
          'E_LABEL',
          `row ${row} has the label ${show(values[row])}; the known classes are ${known}`,
        );
      }
      coded[row] = code;
    }
    return coded;
  });
  return { labels, labelNames };
}

/**
 * The dataset with its labels coded against the given class names, as a saved model needs them.
 * @throws CtreError `E_LABEL` for a class of the dataset that is not among `names`.
 */
export function relabel(dataset: Dataset, names: readonly (number | string)[]): Dataset {
  const own = checkFields('dataset', dataset);
  const ownNames = copyLabels('dataset.labelNames', own.labelNames);
  const test = own.test === undefined ? undefined : checkFields('dataset.test', own.test);
  const labels = checkCodes('dataset.labels', own.labels, ownNames.length);
  const testLabels = test && checkCodes('dataset.test.labels', test.labels, ownNames.length);
  const used = new Set(labels);
  for (const label of testLabels ?? []) used.add(label);
  const occurring = [...used].sort((a, b) => a - b);
  const coded = encodeLabels(
    occurring.map((label) => ownNames[label]),
    names,
  );
  const codeOf = new Int32Array(ownNames.length);
  for (const [position, label] of occurring.entries()) codeOf[label] = coded.labels[position];
  const recode = (codes: Int32Array): Int32Array => codes.map((label) => codeOf[label]);
  return {
    ...own,
    labels: recode(labels),
    labelNames: coded.labelNames,
    ...(test && testLabels && { test: { x: test.x, labels: recode(testLabels) } }),
  };
}

/** The fields of an object, each read once. */
function checkFields<T>(name: string, value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) return { ...value };
  throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected an object`);
}

/** Labels that are codes of so many names. */
function checkCodes(what: string, value: unknown, names: number): Int32Array {
  const codes = viewOf(value, Int32Array)?.slice();
  if (codes === undefined) {
    throw new CtreError('E_ARGUMENT', `${what} is ${show(value)}; expected an Int32Array`);
  }
  const stray = codes.find((code) => code < 0 || code >= names);
  if (stray === undefined) return codes;
  throw new CtreError('E_LABEL', `${what} holds ${stray}; expected integers from 0 to below ${names}`);
}

/** More labels than an engine's lists take, or kernels rows. */
const MAX_LABELS = 2 ** 26;

/** A list of integers and names, each read once; anything but numbers and strings is no label. */
function copyLabels(what: string, values: unknown): (number | string)[] {
  const count = checkLength(what, values);
  if (count > MAX_LABELS) {
    throw new CtreError('E_MEMORY', `${what} are ${count}; expected at most ${MAX_LABELS}`);
  }
  const labels: (number | string)[] = [];
  for (let at = 0; at < count; at++) {
    const label = readField(what, values, String(at));
    if (typeof label !== 'number' && typeof label !== 'string') {
      throw new CtreError('E_LABEL', `${what} hold ${show(label)} at ${at}; labels are integers or names`);
    }
    labels.push(label);
  }
  return labels;
}

/** Features with the labels a file holds for them; no labels where it was read as `unlabelled`. */
export interface RawRows {
  readonly x: DenseMatrix | CsrMatrix;
  readonly labels?: LabelValues;
}

/** A dataset from what a reader found: sizes checked, the labels of both parts coded together. */
export function buildDataset(
  budget: Budget,
  train: RawRows,
  test?: RawRows,
  featureNames?: readonly string[],
): Dataset {
  checkRows(train, 'the file');
  if (test) {
    checkRows(test, 'the test part');
    if (test.x.cols !== train.x.cols) {
      throw new CtreError(
        'E_SHAPE',
        `the test rows have ${test.x.cols} columns; the training rows have ${train.x.cols}`,
      );
    }
  }
  const { labels, labelNames } = encodeParts([train.labels ?? [], test?.labels ?? []], undefined, budget);
  return {
    x: train.x,
    labels: labels[0],
    labelNames,
    ...(featureNames && { featureNames }),
    ...(test && { test: { x: test.x, labels: labels[1] } }),
  };
}

function checkRows({ x, labels }: RawRows, what: string): void {
  if (x.rows === 0 || x.cols === 0) {
    throw new CtreError(
      'E_FORMAT',
      `${what} holds ${x.rows} rows of ${x.cols} features; expected at least one of each`,
    );
  }
  if (labels && labels.length !== x.rows) {
    throw new CtreError(
      'E_SHAPE',
      `${what} holds ${labels.length} labels for ${x.rows} rows; expected one label a row`,
    );
  }
}

function checkLabels(values: LabelValues): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    const valid = typeof value === 'number' ? Number.isSafeInteger(value) : value !== '';
    if (!valid) {
      const came = value === '' ? 'no label' : `the label ${value}`;
      throw new CtreError('E_LABEL', `row ${row} has ${came}; labels are integers or names`);
    }
  }
}

/** What engines take for a class, in the sets, lists and maps that it goes through. */
const CLASS_BYTES = 256;

function distinctLabels(parts: readonly LabelValues[], budget?: Budget): readonly (number | string)[] {
  const distinct = new Set<number | string>();
  for (const values of parts) {
    for (let row = 0; row < values.length; row++) {
      const value = values[row] === 0 ? 0 : values[row];
      if (distinct.has(value)) continue;
      budget?.claim(CLASS_BYTES, `class number ${distinct.size + 1}`);
      distinct.add(value);
    }
  }
  const all = [...distinct];
  const numbers = all.filter((value) => typeof value === 'number');
  if (numbers.length === all.length) return numbers.sort((a, b) => a - b);
  return [...new Set(all.map(String))].sort();
}
