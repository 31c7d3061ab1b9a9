import { basename } from 'node:path';
import { CtreError } from '../base/errors.ts';
import {
  applyScaler,
  type Dataset,
  fitScaler,
  type LabelledTable,
  learnColumns,
  parseRowRange,
  parseSplit,
  remainingRows,
  type Scaler,
  type ScalerKind,
  type Split,
  splitRows,
  takeRows,
} from '../data/index.ts';
import type { Pipeline } from '../data/table/pipeline.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import type { TrainOptions } from '../model/options.ts';
import type { Options, Values } from './args.ts';
import { readText } from './files.ts';
import { percent } from './format.ts';
import { choice, number, text } from './options.ts';

/** Samples with their classes, or with numbers or flags [rows, outputs]. */
export interface LabelledRows {
  readonly x: SampleMatrix;
  readonly y: Int32Array | DenseMatrix;
}

/** Options that say which rows of a dataset are for what, and how they are scaled. */
export const SPLIT_OPTIONS = {
  'test-rows': text('a-b', 'rows a to b are the test rows, both included'),
  split: text('file.json', '{"train": […], "test": […], "val"?: […], "fit"?: […]}, lists of rows'),
  'test-fraction': number(
    'f',
    { least: 0, below: 1 },
    'share of rows drawn as test rows (0.2, unless the dataset has its own)',
  ),
  validation: number(
    'f',
    { least: 0, below: 1 },
    'share of training rows held out for validation (0.1); 0: none',
  ),
  scale: choice<ScalerKind>(
    'kind',
    ['minmax', 'standard', 'none'],
    'minmax, standard or none, fitted on the training rows\n' +
      '(minmax; none where a sparse dataset would become dense)',
  ),
} as const satisfies Options;

type SplitValues = Values<typeof SPLIT_OPTIONS>;

/** Options of these that exclude each other. */
export const SPLIT_EXCLUSIVE = [['test-rows', 'split', 'test-fraction']] as const;

/** A dataset made ready for training. */
export interface TrainingData {
  /** The rows to train on, those for validation among them. */
  readonly train: LabelledRows;
  readonly validation: Pick<TrainOptions, 'validationSplit' | 'validationRows'>;
  readonly test: LabelledRows;
  readonly scaler: Scaler;
  /** What became of a table's columns; they are scaled by it. */
  readonly pipeline?: Pipeline;
  /** How numbers are scaled. */
  readonly scale: ScalerKind;
  /** Training rows of each class. */
  readonly classCounts: readonly number[];
  /** What was guessed of the columns, in sentences. */
  readonly warnings: readonly string[];
  /** The dataset as it is trained on: its columns encoded, where it is a table. */
  readonly dataset: Dataset<SampleMatrix>;
  /** Which rows the test rows are, in words. */
  readonly testWords: string;
  /** Rows of the dataset that a split leaves out. */
  readonly unused: number;
}

/**
 * The row lists of a split. Where there is no `train`, it is every row; where there is no `test`, it is the
 * dataset's own.
 */
interface RowChoice extends Partial<Split> {
  readonly testWords: string;
}

/**
 * The dataset divided as the options say, and scaled by its training rows.
 * @throws CtreError for options that contradict each other or do not fit the dataset.
 */
export async function prepareTraining(
  found: Dataset<SampleMatrix>,
  values: SplitValues,
  defaults: { readonly seed: number; readonly scale?: ScalerKind },
): Promise<TrainingData> {
  const rows = await chooseTrainingRows(found, values, defaults.seed);
  const kind = values.scale ?? defaults.scale;
  const table = found.table && encodeTable(found, found.table, rows.train, kind ?? 'minmax');
  const dataset = table?.dataset ?? found;
  const scaler = fitTrainingScaler(table === undefined ? kind : 'none', dataset.x, rows.train);
  const { used, validation } = chooseValidation(rows, values.validation);
  const test =
    rows.test === undefined && dataset.test !== undefined
      ? { x: dataset.test.x, y: dataset.test.targets ?? dataset.test.labels }
      : pickRows(dataset, rows.test);
  const train = pickRows(dataset, used);
  return {
    train: scaled(scaler, train),
    validation,
    test: scaled(scaler, test),
    scaler,
    pipeline: table?.pipeline,
    scale: table === undefined ? scaler.kind : (kind ?? 'minmax'),
    classCounts: countClasses(train.y, dataset.labelNames.length),
    warnings: table?.warnings ?? [],
    dataset,
    testWords: rows.testWords,
    unused: dataset.x.rows - train.x.rows - (rows.test?.length ?? 0),
  };
}

/** The rows of each class. */
function countClasses(y: LabelledRows['y'], classes: number): number[] {
  const counts = Array.from({ length: classes }, () => 0);
  if (y instanceof Int32Array) for (const label of y) counts[label]++;
  return counts;
}

/** A table's dataset with its columns encoded and scaled as the training rows say. */
export function encodeTable(
  found: Dataset<SampleMatrix>,
  table: LabelledTable,
  rows: Int32Array | undefined,
  scale: ScalerKind,
): { dataset: Dataset<SampleMatrix>; pipeline: Pipeline; warnings: readonly string[] } {
  const { pipeline, warnings } = learnColumns(table, { rows, scale });
  const own = pipeline.transformColumns(table.columns, found.x.rows);
  const other = table.test && found.test;
  const test = other && { ...other, x: pipeline.transformColumns(table.test?.columns ?? [], other.x.rows).x };
  return {
    dataset: {
      ...found,
      x: own.x,
      featureNames: pipeline.inputNames,
      // Of the columns, the lines of the pipeline tell.
      warnings: table.warnings,
      ...(test && { test }),
    },
    pipeline,
    warnings: [...warnings, ...own.warnings],
  };
}

/** The rows at the indices; all of them without any. */
export function pickRows({ x, labels, targets }: Dataset<SampleMatrix>, rows?: Int32Array): LabelledRows {
  if (rows === undefined) return { x, y: targets ?? labels };
  const y = targets === undefined ? rows.map((row) => labels[row]) : takeRows(targets, rows);
  return { x: takeRows(x, rows), y: y as LabelledRows['y'] };
}

/** The rows with their features scaled. */
export function scaled(scaler: Scaler, { x, y }: LabelledRows): LabelledRows {
  return { x: applyScaler(scaler, x), y };
}

async function chooseTrainingRows(
  dataset: Dataset<SampleMatrix>,
  { testRows: range, split, testFraction: fraction }: SplitValues,
  seed: number,
): Promise<RowChoice> {
  const { rows } = dataset.x;
  if (range !== undefined) {
    const test = parseRowRange(range, rows);
    const train = remainingRows(rows, test);
    if (train.length === 0) {
      throw new CtreError('E_SHAPE', `--test-rows ${range} leaves none of ${rows} rows to train on`);
    }
    return { train, test, testWords: `rows ${range}` };
  }
  if (split !== undefined) {
    return { ...(await readSplit(split, rows)), testWords: `as in ${basename(split)}` };
  }
  if (fraction === undefined && dataset.test !== undefined) {
    return { testWords: "the dataset's own" };
  }
  const share = fraction ?? 0.2;
  if (share === 0) {
    throw new CtreError('E_ARGUMENT', '--test-fraction is 0; expected a number above 0 and below 1');
  }
  const { fit: train, val: test } = splitRows(rows, share, { seed });
  return { train, test, testWords: `${percent(share)} of the rows, drawn with seed ${seed}` };
}

/** The row lists of a split file. @throws CtreError naming the file. */
export async function readSplit(path: string, rows: number): Promise<Split> {
  const text = await readText(path);
  try {
    return parseSplit(text, rows);
  } catch (error) {
    if (!(error instanceof CtreError)) throw error;
    throw new CtreError(error.code, `${basename(path)}: ${error.message}`, { cause: error });
  }
}

/** The training rows to use, and which of them are for validation. */
function chooseValidation(
  { train, val, fit }: RowChoice,
  share: number | undefined,
): { used: Int32Array | undefined; validation: TrainingData['validation'] } {
  const isFit = new Set(fit ?? train);
  const isHeld = new Set(val ?? train?.filter((row) => !isFit.has(row)));
  if (train === undefined || isHeld.size === 0) {
    return { used: train, validation: share === 0 ? {} : { validationSplit: share ?? 0.1 } };
  }
  if (share !== undefined) {
    throw new CtreError('E_ARGUMENT', '--validation is given, but the split lists the validation rows');
  }
  const used = train.filter((row) => isFit.has(row) || isHeld.has(row));
  const validationRows = Int32Array.from(used.keys()).filter((position) => isHeld.has(used[position]));
  return { used, validation: { validationRows } };
}

/** A scaler of the kind that was asked for; else min–max where that keeps zeros, none otherwise. */
export function fitTrainingScaler(
  kind: ScalerKind | undefined,
  x: SampleMatrix,
  rows?: Int32Array | undefined,
): Scaler {
  if (kind !== undefined) return fitScaler(kind, x, rows);
  try {
    return fitScaler('minmax', x, rows);
  } catch (error) {
    if (x instanceof CsrMatrix && error instanceof CtreError && error.code === 'E_ARGUMENT') {
      return fitScaler('none', x);
    }
    throw error;
  }
}
