import type { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import { buildDataset, type Dataset, type RawRows } from './dataset.ts';
import type { LabelValues } from './labels.ts';
import { elementCount, type NdArray, showShape, toRows } from './ndarray.ts';
import type { CheckedReadOptions, ReadOptions } from './readOptions.ts';
import type { NamedTargets } from './targets.ts';

/** A named array in a file, of which only the header has been read. */
export interface Variable {
  readonly name: string;
  readonly shape: readonly number[];
  /** Text can be labels only. */
  readonly isText?: boolean;
  /** Why it can be neither features nor labels, as the end of a sentence: "is a cell array". */
  readonly obstacle?: string;
  /** @throws CtreError when the content is damaged. */
  read(): NdArray | CsrMatrix;
}

/** The most arrays in one file. More are no dataset, and looking at each would take long. */
const MAX_VARIABLES = 4096;

/** @throws CtreError `E_UNSUPPORTED` once a file turns out to hold too many arrays. */
export function checkVariableCount(count: number): void {
  if (count > MAX_VARIABLES) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `the file holds more than ${MAX_VARIABLES} arrays; keep only features and labels`,
    );
  }
}

const TRAIN_FEATURES =
  'X x data fea features X_train x_train train_X train_x train_images train_data Xtrain xtrain'.split(' ');
const TRAIN_LABELS =
  'Y y labels label gnd target targets Y_train y_train train_Y train_y train_labels Ytrain ytrain'.split(' ');
const TEST_FEATURES = 'X_test x_test test_X test_x test_images test_data Xtest xtest'.split(' ');
const TEST_LABELS = 'Y_test y_test test_Y test_y test_labels Ytest ytest'.split(' ');

/**
 * A dataset from a file's named arrays: those that the options name, else those with usual names, else
 * those of a fitting shape.
 * @throws CtreError `E_FORMAT`, naming the variables that exist, if none fits.
 */
export function datasetFromVariables(
  variables: readonly Variable[],
  options: CheckedReadOptions,
  budget: Budget,
): Dataset<SampleMatrix> {
  const features =
    options.features === undefined ? guessFeatures(variables) : named(variables, options.features);
  if (!features) throw noVariable('features', 'features', variables);
  const labels = options.unlabelled ? undefined : findLabels(variables, features, options);
  const train = readRows(features, labels, options, budget);
  const { targets: reading } = options;
  if (options.features !== undefined || options.unlabelled) {
    return buildDataset(budget, train, undefined, undefined, reading);
  }
  const testFeatures = firstNamed(variables, TEST_FEATURES, (v) => !v.isText && v !== features);
  const testLabels = firstNamed(variables, TEST_LABELS, (v) => v !== labels);
  return buildDataset(
    budget,
    train,
    testFeatures && testLabels && readRows(testFeatures, testLabels, options, budget),
    undefined,
    reading,
  );
}

/** @throws CtreError `E_ARGUMENT` for several. */
function oneLabel(label: NonNullable<ReadOptions['label']>): string {
  if (typeof label !== 'object') return String(label);
  if (label.length === 1) return String(label[0]);
  throw new CtreError(
    'E_ARGUMENT',
    `the option label is a list of ${label.length}; expected one variable, whose columns are the targets`,
  );
}

function guessFeatures(variables: readonly Variable[]): Variable | undefined {
  const usual = firstNamed(variables, TRAIN_FEATURES, (v) => !v.isText && v.shape.length > 0);
  if (usual) return usual;
  const labelNames = new Set([...TRAIN_LABELS, ...TEST_LABELS]);
  return variables
    .filter((v) => !v.obstacle && !v.isText && v.shape.length === 2 && !labelNames.has(v.name))
    .reduce<Variable | undefined>(
      (best, v) => (best && elementCount(best.shape) >= elementCount(v.shape) ? best : v),
      undefined,
    );
}

function findLabels(variables: readonly Variable[], features: Variable, options: ReadOptions): Variable {
  const others = variables.filter((v) => v !== features);
  const labels =
    options.label === undefined
      ? (firstNamed(others, TRAIN_LABELS) ??
        others.find((v) => !v.obstacle && isVector(v) && elementCount(v.shape) === features.shape[0]))
      : named(variables, oneLabel(options.label));
  if (!labels) throw noVariable('labels', 'label', variables);
  return labels;
}

function readRows(
  features: Variable,
  labels: Variable | undefined,
  { targets: reading = 'classes', bytes }: CheckedReadOptions,
  budget: Budget,
): RawRows {
  const values = features.read();
  const x = values instanceof CsrMatrix ? values : toRows(values, budget, bytes);
  if (labels !== undefined && reading !== 'classes' && !isVector(labels)) {
    return { x, targets: readTargetMatrix(labels, budget) };
  }
  return { x, labels: labels && readLabels(labels, x.rows, budget) };
}

/** Several numbers a row; their columns have no names. */
function readTargetMatrix(variable: Variable, budget: Budget): NamedTargets {
  const values = variable.read();
  const isSparse = values instanceof CsrMatrix;
  if (isSparse) budget.claim(4 * values.rows * values.cols, 'the targets');
  const matrix = isSparse ? values.toDense() : toRows(values, budget);
  return { matrix, names: Array.from({ length: matrix.cols }, (_, col) => col) };
}

function readLabels(variable: Variable, rows: number, budget: Budget): LabelValues {
  if (!isVector(variable) || elementCount(variable.shape) !== rows) {
    throw new CtreError(
      'E_SHAPE',
      `the labels ${show(variable.name)} are ${showShape(variable.shape)}; ` +
        `expected one label for each of ${rows} rows`,
    );
  }
  const values = variable.read();
  if (!(values instanceof CsrMatrix)) return values.data;
  budget.claim(4 * rows, 'the labels');
  return values.toDense().data;
}

function isVector({ shape }: Variable): boolean {
  return shape.length > 0 && shape.filter((size) => size !== 1).length <= 1;
}

function firstNamed(
  variables: readonly Variable[],
  names: readonly string[],
  suits: (variable: Variable) => boolean = () => true,
): Variable | undefined {
  for (const name of names) {
    const found = variables.find((v) => v.name === name && !v.obstacle && suits(v));
    if (found) return found;
  }
  return undefined;
}

function named(variables: readonly Variable[], name: string): Variable {
  const found = variables.find((v) => v.name === name);
  if (!found) {
    throw new CtreError(
      'E_ARGUMENT',
      `there is no variable ${show(name)}; the file holds ${listed(variables)}`,
    );
  }
  if (found.obstacle) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `the variable ${show(name)} ${found.obstacle}; expected a real numeric matrix`,
    );
  }
  return found;
}

function noVariable(what: string, option: string, variables: readonly Variable[]): CtreError {
  return new CtreError(
    'E_FORMAT',
    `no variable looks like the ${what}; the file holds ${listed(variables)}; ` +
      `name one with the option ${option}`,
  );
}

function listed(variables: readonly Variable[]): string {
  if (variables.length === 0) return 'no variables';
  const shown = variables.slice(0, 12).map((v) => `${show(v.name)} (${v.obstacle ?? showShape(v.shape)})`);
  return shown.join(', ') + (variables.length > 12 ? `, and ${variables.length - 12} more` : '');
}
