import type { Budget } from '../base/budget.ts';
import { CtreError } from '../base/errors.ts';
import type { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import { encodeParts, type LabelValues } from './labels.ts';

/**
 * Rows with their classes. Sparse sources stay sparse; nothing is scaled. One that was read with `bytes: true`
 * is a `Dataset<SampleMatrix>`: sources of bytes stay bytes.
 */
export interface Dataset<X extends SampleMatrix = DenseMatrix | CsrMatrix> {
  /** One sample a row; every value finite. */
  readonly x: X;
  /** The class of every row, 0 … c − 1; empty for a file read as `unlabelled`. */
  readonly labels: Int32Array;
  /** What the file called the classes: integers ascending, or strings by code unit. */
  readonly labelNames: readonly (number | string)[];
  /** The name of every column, where the file has a header. */
  readonly featureNames?: readonly string[];
  /** Test rows, where the source ships its own. */
  readonly test?: { readonly x: X; readonly labels: Int32Array };
}

/** Features with the labels a file holds for them; no labels where it was read as `unlabelled`. */
export interface RawRows<X extends SampleMatrix = SampleMatrix> {
  readonly x: X;
  readonly labels?: LabelValues;
}

/** A dataset from what a reader found: sizes checked, the labels of both parts coded together. */
export function buildDataset<X extends SampleMatrix>(
  budget: Budget,
  train: RawRows<X>,
  test?: RawRows<X>,
  featureNames?: readonly string[],
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
  const { labels, labelNames } = encodeParts([train.labels ?? [], test?.labels ?? []], undefined, budget);
  return {
    x: train.x,
    labels: labels[0],
    labelNames,
    ...(featureNames && { featureNames }),
    ...(test && { test: { x: test.x, labels: labels[1] } }),
  };
}

function checkRawRows({ x, labels }: RawRows, what: string): void {
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
