import { checkLength } from '../base/arrays.ts';
import type { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';

/** What to do where labels are no classes. */
export const OTHER_TARGETS =
  "set targets to 'numbers' to predict numbers, or to 'flags' for several labels a row";

/** The error for labels with fractions: they are numbers to predict, if they are labels. */
export class FractionError extends CtreError {
  /** The option `label` that names their column; undefined where it needs no name. */
  readonly label: string | undefined;
  /** Whether they are the labels: they are named so, or it is likely, or not to be told. */
  readonly areLabels: 'named' | 'likely' | 'open';

  constructor(message: string, areLabels: FractionError['areLabels'] = 'named', label?: string) {
    super('E_LABEL', `${message}; ${OTHER_TARGETS}`);
    this.label = label;
    this.areLabels = areLabels;
  }
}

/** The error for fractions that another one was made of: with the name of the file, say. */
export function fractionErrorOf(error: unknown): FractionError | undefined {
  if (!(error instanceof Error)) return undefined;
  return error instanceof FractionError ? error : fractionErrorOf(error.cause);
}

/** Labels as files hold them: integers or strings. */
export type LabelValues = ArrayLike<number | string>;

/**
 * Codes labels as 0 … c − 1. Without `names` the classes are those that occur: integers in numeric order,
 * strings by code unit. With `names` (a saved model's classes) a label's code is its position there.
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
export function encodeParts(
  parts: readonly LabelValues[],
  names?: readonly (number | string)[],
  budget?: Budget,
): { labels: Int32Array[]; labelNames: readonly (number | string)[] } {
  parts.forEach(checkLabelValues);
  const labelNames = names ?? distinctLabels(parts, budget);
  // Keyed by text. A file with the classes 1 and "a" names them "1" and "a"; a part of it may name 1.
  const codes = new Map(labelNames.map((name, code) => [String(name), code]));
  const labels = parts.map((values) => {
    budget?.claim(4 * values.length, `${values.length} labels`);
    const coded = new Int32Array(values.length);
    for (let row = 0; row < values.length; row++) {
      const code = codes.get(String(values[row]));
      if (code === undefined) {
        throw new CtreError(
          'E_LABEL',
          `row ${row + 1} has the label ${show(values[row])}; expected one of the classes ` +
            `${someOf(labelNames)}`,
        );
      }
      coded[row] = code;
    }
    return coded;
  });
  return { labels, labelNames };
}

/** As many of the labels as one reads. */
function someOf(labels: readonly (number | string)[]): string {
  return labels.slice(0, 10).map(show).join(', ') + (labels.length > 10 ? ', …' : '');
}

/** @throws CtreError `E_LABEL` for labels of test rows that no training row has. */
export function checkKnownLabels(test: LabelValues, train: LabelValues): void {
  // By text, as `encodeParts`.
  const known = new Map(Array.from(train, (label) => [String(label), label]));
  const others = Array.from(test).filter((label) => !known.has(String(label)));
  if (others.length === 0) return;
  const names = someOf([...new Set(others)]);
  throw new CtreError(
    'E_LABEL',
    `${others.length === 1 ? '1 test row has a label' : `${others.length} test rows have labels`} that no ` +
      `training row has: ${names}; expected ` +
      `${someOf([...known.values()])}; correct them, or leave their rows out`,
  );
}

/** The most labels: engines' lists and kernels' rows take no more. */
const MAX_LABELS = 2 ** 26;

/** A copy of a list of numbers and strings, each read once. */
export function copyLabels(name: string, values: unknown): (number | string)[] {
  const count = checkLength(name, values);
  if (count > MAX_LABELS) {
    throw new CtreError('E_MEMORY', `${name} are ${count}; expected at most ${MAX_LABELS}`);
  }
  const list = values as ArrayLike<unknown>;
  const labels: (number | string)[] = [];
  for (let at = 0; at < count; at++) {
    const label = list[at];
    if (typeof label !== 'number' && typeof label !== 'string') {
      throw new CtreError('E_LABEL', `${name} hold ${show(label)} at ${at}; expected integers or names`);
    }
    labels.push(label);
  }
  return labels;
}

function checkLabelValues(values: LabelValues): void {
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    const valid = typeof value === 'number' ? Number.isSafeInteger(value) : value !== '';
    if (!valid) {
      const came = value === '' ? 'no label' : `the label ${value}`;
      const message = `row ${row + 1} has ${came}; expected an integer or a name`;
      if (Number.isFinite(value)) throw new FractionError(message);
      throw new CtreError('E_LABEL', message);
    }
  }
}

/** The bytes that engines take for a class, in the sets, lists and maps that it goes through. */
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
