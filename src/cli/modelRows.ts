import { basename } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
import { type Dataset, parseRowRange, relabel, type TargetReading } from '../data/index.ts';
import { alignTargets } from '../data/targets.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import type { Options, Values } from './args.ts';
import { readingOf } from './dataset.ts';
import { text } from './options.ts';
import type { OpenedModel } from './savedModel.ts';
import { type LabelledRows, pickRows, readSplit, scaled } from './split.ts';

/** Options that choose among the rows of a dataset. */
export const ROW_OPTIONS = {
  rows: text('a-b', "rows a to b, both included, from 0 (the dataset's own test rows, or all)"),
  split: text('file.json', 'the test rows of this split'),
} as const satisfies Options;

/** Options of these that exclude each other. */
export const ROW_EXCLUSIVE = [['rows', 'split']] as const;

/** Rows of a dataset as a model takes them. */
export interface ModelRows extends LabelledRows {
  /** Their indices. */
  readonly indices: Int32Array;
  /** Which rows they are, in words. */
  readonly words: string;
}

/**
 * The rows that the options choose, scaled as the model's training rows were and with the model's classes. A
 * dataset that was read as `unlabelled` stays so.
 * @param part the rows of a split that are meant.
 * @throws CtreError for a dataset that does not fit the model.
 */
export async function prepareRows(
  dataset: Dataset<SampleMatrix>,
  { inputs, scaler, featureNames, pipeline, labelNames, model }: OpenedModel,
  values: Values<typeof ROW_OPTIONS>,
  part: 'train' | 'test' = 'test',
): Promise<ModelRows> {
  if (dataset.x.cols !== inputs) {
    throw new CtreError(
      'E_SHAPE',
      `the dataset has ${dataset.x.cols} features; the model was trained on ${inputs}`,
    );
  }
  const others = dataset.featureNames ?? featureNames;
  const isOther = (name: string, col: number): boolean => name !== others?.[col];
  // A pipeline has found its columns.
  const different = pipeline === undefined ? (featureNames?.findIndex(isOther) ?? -1) : -1;
  if (different >= 0) {
    throw new CtreError(
      'E_SHAPE',
      `feature ${different + 1} is ${show(others?.[different])}; the model was trained with ` +
        `${show(featureNames?.[different])} in its place`,
    );
  }
  const known = withOutputsOf(dataset, labelNames, readingOf(model.loss));
  const { indices, words } = await chooseModelRows(known, values, part);
  const own = indices === undefined ? known.test : undefined;
  const rows = own ? { x: own.x, y: own.targets ?? own.labels } : pickRows(known, indices);
  return {
    ...scaled(scaler, rows),
    indices: indices ?? Int32Array.from({ length: rows.x.rows }, (_, row) => row),
    words,
  };
}

/** The dataset with the model's classes, or the columns of its outputs. */
function withOutputsOf(
  dataset: Dataset<SampleMatrix>,
  outputs: OpenedModel['labelNames'],
  reading: TargetReading,
): Dataset<SampleMatrix> {
  const { targets, test, labelNames, labels } = dataset;
  if (targets === undefined) return labels.length > 0 ? relabel(dataset, outputs) : dataset;
  const align = (matrix: DenseMatrix): DenseMatrix =>
    alignTargets({ matrix, names: labelNames }, outputs, reading);
  return {
    ...dataset,
    targets: align(targets),
    labelNames: outputs,
    ...(test?.targets && { test: { ...test, targets: align(test.targets) } }),
  };
}

/** The indices of the rows that the options choose; none for the dataset's own test rows, or all. */
export async function chooseModelRows(
  { x, test }: Dataset<SampleMatrix>,
  { rows: range, split }: Values<typeof ROW_OPTIONS>,
  part: 'train' | 'test',
): Promise<{ indices?: Int32Array; words: string }> {
  if (range !== undefined) return { indices: parseRowRange(range, x.rows), words: `rows ${range}` };
  if (split !== undefined) {
    const { train, test: tested } = await readSplit(split, x.rows);
    const indices = part === 'train' ? train : tested;
    return { indices, words: `the ${part === 'train' ? 'training' : 'test'} rows of ${basename(split)}` };
  }
  return { words: test === undefined ? 'all rows' : "the dataset's own test rows" };
}
