import type { Budget } from '../base/budget.ts';
import { CtreError, show } from '../base/errors.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import type { LabelledTable } from './labelledTable.ts';
import { checkKnownLabels, encodeParts, type LabelValues } from './labels.ts';
import type { LeftOutColumn } from './rawTable.ts';

/** What a reader took for what, for people and for logs. Numbers of columns are from 1. */
export interface Taken {
  /** What the format is called. */
  readonly format: string;
  /** The labels: a column by number and name, or an array by name. */
  readonly label?: { readonly name?: string; readonly number?: number };
  /** The array of the features, where the file has several. */
  readonly features?: string;
  /**
   * What separates fields, where the format leaves it open. A blank stands for any run of blanks and tabs.
   */
  readonly delimiter?: string;
  /** Where the columns' names come from. */
  readonly names?: 'first line' | 'comment' | 'format';
  /** Lines that are comments. */
  readonly commentLines?: number;
  /** Columns that are no feature and no label. */
  readonly leftOut?: readonly LeftOutColumn[];
  /** LIBSVM: what the indices count from. */
  readonly indexBase?: 0 | 1;
}

import { checkFlagTargets, type NamedTargets, type TargetReading, targetsOfLabels } from './targets.ts';

/**
 * Rows with their classes. Sparse sources stay sparse; nothing is scaled. One that was read with `bytes:
 * true` is a `Dataset<SampleMatrix>`: sources of bytes stay bytes.
 */
export interface Dataset<X extends SampleMatrix = DenseMatrix | CsrMatrix> {
  /** One sample a row; every value finite. */
  readonly x: X;
  /** The class of every row, 0 … c − 1; empty for a file read as `unlabelled`. */
  readonly labels: Int32Array;
  /**
   * What the file called the classes: integers ascending, or strings by code unit; with `targets` what it
   * called their columns.
   */
  readonly labelNames: readonly (number | string)[];
  /** The name of every column, where the file has a header. */
  readonly featureNames?: readonly string[];
  /** Test rows, where the source ships its own. */
  readonly test?: {
    readonly x: X;
    readonly labels: Int32Array;
    readonly targets?: DenseMatrix;
  };
  /** What was guessed and might be wrong, in sentences that name the option to decide otherwise. */
  readonly warnings?: readonly string[];
  /** What was taken for what. */
  readonly taken?: Taken;
  /** The columns as they were found, where the files are a table: what becomes of them can be learnt anew. */
  readonly table?: LabelledTable;
  /** Numbers to predict or flags [rows, outputs], where the option `targets` asked for them. */
  readonly targets?: DenseMatrix;
}

/** Features with the labels a file holds for them; no labels where it was read as `unlabelled`. */
export interface RawRows<X extends SampleMatrix = SampleMatrix> {
  readonly x: X;
  readonly labels?: LabelValues;
  /** Numbers or flags in the place of labels. */
  readonly targets?: NamedTargets;
}

/** What a dataset tells besides its rows. */
export interface AboutDataset {
  readonly taken: Taken;
  readonly warnings?: readonly string[];
  readonly featureNames?: readonly string[];
  /** What the labels are read as. Default: classes. */
  readonly reading?: TargetReading;
  /** Whether the test rows are of files that somebody chose: these must have no class of their own. */
  readonly isTestChosen?: boolean;
}

/** A dataset from what a reader found: sizes checked, the labels of both parts coded together. */
export function buildDataset<X extends SampleMatrix>(
  budget: Budget,
  { taken, warnings = [], featureNames, reading = 'classes', isTestChosen = false }: AboutDataset,
  train: RawRows<X>,
  test?: RawRows<X>,
): Dataset<X> {
  checkRawRows(train, 'the file');
  if (test) {
    checkRawRows(test, 'the test part');
    if (test.x.cols !== train.x.cols) {
      throw new CtreError(
        'E_SHAPE',
        `the test rows have ${test.x.cols} columns; expected ${train.x.cols}, as the training rows have`,
      );
    }
  }
  if (reading !== 'classes' && (train.targets ?? train.labels) !== undefined) {
    const own = targetsOf(train, reading, budget);
    const tested = test && targetsOf(test, reading, budget);
    if (tested !== undefined && tested.matrix.cols !== own.matrix.cols) {
      throw new CtreError(
        'E_SHAPE',
        `the test rows have ${tested.matrix.cols} targets each; expected ${own.matrix.cols}`,
      );
    }
    return {
      x: train.x,
      labels: new Int32Array(0),
      labelNames: own.names,
      targets: own.matrix,
      ...(featureNames && { featureNames }),
      ...(test && tested && { test: { x: test.x, labels: new Int32Array(0), targets: tested.matrix } }),
      warnings,
      taken,
    };
  }
  const given = [train.labels ?? [], test?.labels ?? []];
  if (isTestChosen) checkKnownLabels(given[1], given[0]);
  const { labels, labelNames } = encodeParts(given, undefined, budget);
  return {
    x: train.x,
    labels: labels[0],
    labelNames,
    ...(featureNames && { featureNames }),
    ...(test && { test: { x: test.x, labels: labels[1] } }),
    warnings: [...warnings, ...aboutCase(labelNames)],
    taken,
  };
}

/** Classes that are told from one another by their case alone, in a sentence. */
function aboutCase(names: readonly (number | string)[]): string[] {
  const byCase = new Map<string, string[]>();
  for (const name of names) {
    if (typeof name === 'string')
      byCase.set(name.toLowerCase(), [...(byCase.get(name.toLowerCase()) ?? []), name]);
  }
  const alike = [...byCase.values()].filter(({ length }) => length > 1).flat();
  if (alike.length === 0) return [];
  const shown = alike.slice(0, 8).map(show).join(', ') + (alike.length > 8 ? ', …' : '');
  return [
    `the classes ${shown} differ only in capital and small letters, and are classes of their own; write ` +
      'them alike in the file if they are the same',
  ];
}

function targetsOf({ labels = [], targets }: RawRows, reading: TargetReading, budget: Budget): NamedTargets {
  const named = targets ?? targetsOfLabels(labels, budget);
  if (reading === 'flags') checkFlagTargets(named);
  return named;
}

function checkRawRows({ x, labels, targets }: RawRows, what: string): void {
  if (x.rows === 0 || x.cols === 0) {
    throw new CtreError(
      'E_FORMAT',
      `${what} holds ${x.rows} rows of ${x.cols} features; expected at least one of each`,
    );
  }
  const count = targets?.matrix.rows ?? labels?.length;
  if (count !== undefined && count !== x.rows) {
    throw new CtreError(
      'E_SHAPE',
      `${what} holds ${count} labels for ${x.rows} rows; expected one label a row`,
    );
  }
}
