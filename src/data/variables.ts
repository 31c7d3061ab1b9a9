import type { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import { type ArrayRole, arrayRole } from './arrayRoles.ts';
import { buildDataset, type Dataset, type RawRows } from './dataset.ts';
import type { LabelValues } from './labels.ts';
import { elementCount, type NdArray, showShape, toRows } from './ndarray.ts';
import { oneHotLabels } from './oneHot.ts';
import type { CheckedReadOptions, ReadOptions } from './readOptions.ts';
import type { NamedTargets } from './targets.ts';

/** A named array in a file, of which only the header has been read. */
export interface Variable {
  readonly name: string;
  readonly shape: readonly number[];
  /** True: the first index runs fastest, as in MATLAB. */
  readonly columnMajor?: boolean;
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

/** Names that mean features or labels in this order, before others that their words tell. */
const FIRST_FEATURES = 'X x data fea features'.split(' ');
const FIRST_LABELS = 'Y y labels label gnd target targets class classes'.split(' ');

/**
 * A dataset from a file's named arrays: those that the options name, else those whose names tell, else those
 * of a fitting shape. docs/data.md has the rules.
 * @throws CtreError `E_FORMAT`, naming the variables that exist, if none fits or several fit as well.
 */
export function datasetFromVariables(
  format: string,
  variables: readonly Variable[],
  options: CheckedReadOptions,
  budget: Budget,
): Dataset<SampleMatrix> {
  const warnings: string[] = [];
  const features =
    options.features === undefined
      ? guessFeatures(variables, warnings)
      : named(variables, nameOfVariable(options.features));
  if (!features) throw noVariable('features', 'features', variables);
  if (features.isText) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `the features ${show(features.name)} are text; expected a real numeric matrix`,
    );
  }
  const labels = options.unlabelled ? undefined : findLabels(variables, features, options);
  const train = readRows(features, labels, options, warnings, budget);
  const about = {
    taken: { format, features: features.name, ...(labels && { label: { name: labels.name } }) },
    warnings,
    reading: options.targets,
  };
  if (options.features !== undefined || options.unlabelled) return buildDataset(budget, about, train);
  const others = variables.filter((v) => v !== features && v !== labels && !v.obstacle);
  const testFeatures = withRole(others, 'features', 'test').find((v) => !v.isText);
  const testLabels = withRole(others, 'labels', 'test')[0];
  const test = testFeatures && testLabels && readRows(testFeatures, testLabels, options, warnings, budget);
  return buildDataset(budget, about, train, test);
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

/** The variables that are for this by their names. */
function withRole(
  variables: readonly Variable[],
  content: ArrayRole['content'],
  part: ArrayRole['part'],
): Variable[] {
  return variables.filter(({ name }) => {
    const role = arrayRole(name);
    return role?.content === content && role.part === part;
  });
}

function firstNamed(variables: readonly Variable[], names: readonly string[]): Variable | undefined {
  return names.map((name) => variables.find((v) => v.name === name)).find((v) => v !== undefined);
}

function guessFeatures(variables: readonly Variable[], warnings: string[]): Variable | undefined {
  const able = variables.filter((v) => !v.obstacle && !v.isText && v.shape.length > 0);
  const tables = able.filter((v) => !isVector(v));
  const usual =
    firstNamed(able, FIRST_FEATURES) ??
    [...withRole(able, 'features', 'train'), ...withRole(tables, 'features', undefined)][0];
  if (usual) return usual;
  const free = tables.filter(({ name }) => arrayRole(name) === undefined);
  const flat = free.filter(({ shape }) => shape.length === 2);
  const [best, ...others] = (flat.length > 0 ? flat : free).sort(
    (a, b) => elementCount(b.shape) - elementCount(a.shape),
  );
  // A single column of features is a vector, where nothing else is there; and test rows may come alone.
  if (best === undefined) return able.length === 1 ? able[0] : withRole(tables, 'features', 'test')[0];
  if (others.length > 0) {
    warnings.push(
      `${show(best.name)} is taken for the features, since it is the largest of ${listed(free)}; ` +
        'the option features names another one',
    );
  }
  return best;
}

/** The samples that an array of features may have: its first size, or the last one of images in MATLAB. */
function sampleCounts({ shape, columnMajor }: Variable): number[] {
  return columnMajor && shape.length > 2 ? [shape[0], shape[shape.length - 1]] : [shape[0]];
}

/** @throws CtreError `E_ARGUMENT` for a list of columns: arrays have none that could be named. */
function nameOfVariable(features: string | readonly (string | number)[]): string {
  if (typeof features === 'string') return features;
  if (features.length === 1 && typeof features[0] === 'string') return features[0];
  throw new CtreError(
    'E_ARGUMENT',
    `the option features lists ${features.length} columns, and the file holds arrays; expected the name of ` +
      'one',
  );
}

function findLabels(variables: readonly Variable[], features: Variable, options: ReadOptions): Variable {
  if (options.label !== undefined) return named(variables, oneLabel(options.label));
  const others = variables.filter((v) => v !== features && !v.obstacle);
  const part = arrayRole(features.name)?.part;
  const paired = withRole(others, 'labels', part);
  // A part that is named has labels of its own. Without names, those of the training rows will do.
  const candidates = [
    ...FIRST_LABELS.flatMap((name) => paired.filter((v) => v.name === name)),
    ...paired.filter(({ name }) => !FIRST_LABELS.includes(name)),
    ...(part === undefined || part === 'train' ? withRole(others, 'labels', 'train') : []),
    ...(part === undefined ? [] : withRole(others, 'labels', undefined)),
  ];
  const fits = (v: Variable): boolean => sampleCounts(features).some((count) => labelCount(v) === count);
  // Labels of a usual name that do not fit are told of when they are read.
  const usual = candidates.find(fits) ?? candidates[0];
  if (usual) return usual;
  const vectors = others.filter((v) => isVector(v) && fits(v) && arrayRole(v.name)?.content !== 'features');
  if (vectors.length > 1) {
    throw new CtreError(
      'E_FORMAT',
      `${listed(vectors)} may each be the labels; name one with the option label`,
    );
  }
  if (vectors.length === 0) throw noVariable('labels', 'label', variables);
  return vectors[0];
}

/** The labels that an array has room for: its elements, or its rows, where these say one of several each. */
function labelCount(variable: Variable): number {
  return isVector(variable) ? elementCount(variable.shape) : variable.shape[0];
}

function readRows(
  features: Variable,
  labels: Variable | undefined,
  { targets: reading = 'classes', bytes }: CheckedReadOptions,
  warnings: string[],
  budget: Budget,
): RawRows {
  const count = labels && labelCount(labels);
  const [first, last = first] = sampleCounts(features);
  const isLast = count !== undefined && first !== count && last === count;
  if (isLast) {
    const sizes = showShape(features.shape);
    warnings.push(`${show(features.name)} is ${sizes} for ${count} labels, so its last size is the samples`);
  }
  if (labels && count !== undefined && !isLast && first !== count && features.shape[1] === count) {
    throw new CtreError(
      'E_SHAPE',
      `${show(features.name)} is ${showShape(features.shape)}, and ${show(labels.name)} has ${count} ` +
        'labels, as many as it has columns; transpose it, so that each sample is a row',
    );
  }
  const values = features.read();
  const samples = isLast ? 'last' : 'first';
  const x = values instanceof CsrMatrix ? values : toRows(values, budget, samples, bytes);
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
  const isList = isVector(variable) && elementCount(variable.shape) === rows;
  if (!isList && !(variable.shape.length === 2 && variable.shape[0] === rows)) {
    throw new CtreError(
      'E_SHAPE',
      `the labels ${show(variable.name)} are ${showShape(variable.shape)}; ` +
        `expected one label for each of ${rows} rows`,
    );
  }
  const values = variable.read();
  if (isList && !(values instanceof CsrMatrix)) return values.data;
  const matrix = values instanceof CsrMatrix ? values : toRows(values, budget);
  if (isList) {
    budget.claim(4 * rows, 'the labels');
    return matrix instanceof CsrMatrix ? matrix.toDense().data : matrix.data;
  }
  return oneHotLabels(matrix, show(variable.name), budget);
}

function isVector({ shape }: Variable): boolean {
  return shape.length > 0 && shape.filter((size) => size !== 1).length <= 1;
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
  const remedy = variables.some(({ obstacle }) => obstacle === undefined)
    ? `name one with the option ${option}`
    : 'save features and labels as arrays of their own: a matrix, and a vector with an element a row';
  return new CtreError(
    'E_FORMAT',
    `no variable looks like the ${what}; the file holds ${listed(variables)}; ${remedy}`,
  );
}

function listed(variables: readonly Variable[]): string {
  if (variables.length === 0) return 'no variables';
  const shown = variables.slice(0, 12).map((v) => `${show(v.name)} (${v.obstacle ?? showShape(v.shape)})`);
  return shown.join(', ') + (variables.length > 12 ? `, and ${variables.length - 12} more` : '');
}
