import { basename } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
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
import { zeroShare } from '../matrix/zeroShare.ts';
import type { AutoSettings, SampleShape } from '../model/autoSettings.ts';
import type { TrainOptions } from '../model/options.ts';
import type { Options, Values } from './args.ts';
import { readText } from './files.ts';
import { percent } from './format.ts';
import { AUTO, choice, given, number, text } from './options.ts';

/** Samples with their classes, or with numbers or flags [rows, outputs]. */
export interface LabelledRows {
  readonly x: SampleMatrix;
  readonly y: Int32Array | DenseMatrix;
}

/** Options that say which rows of a dataset are for what, and how they are scaled. */
export const SPLIT_OPTIONS = {
  test: text('file', 'the test rows are those of this file; all of the dataset are to train on'),
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
  scale: choice<ScalerKind | typeof AUTO>(
    'kind',
    [AUTO, 'minmax', 'standard', 'none'],
    'minmax, standard, none or auto, fitted on the training rows\n' +
      '(auto; none where a sparse dataset would become dense)',
  ),
} as const satisfies Options;

type SplitValues = Values<typeof SPLIT_OPTIONS>;

/** Options of these that exclude each other. */
export const SPLIT_EXCLUSIVE = [['test', 'test-rows', 'split', 'test-fraction']] as const;

/** A dataset made ready for training. */
export interface TrainingData {
  /** The rows to train on, those for validation among them. */
  readonly train: LabelledRows;
  readonly validation: Pick<TrainOptions, 'validationSplit' | 'validationRows'>;
  /** The share of them that is for validation, where it was drawn. */
  readonly validationShare?: number;
  readonly test: LabelledRows;
  readonly scaler: Scaler;
  /** What became of a table's columns; they are scaled by it. */
  readonly pipeline?: Pipeline;
  /** How numbers are scaled. */
  readonly scale: ScalerKind;
  /** Training rows of each class. */
  readonly classCounts: readonly number[];
  /** What the shape of the training rows decides where nothing was asked for. */
  readonly auto: AutoSettings;
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
  /** Whether nobody said which rows are the test rows. */
  readonly isDrawn?: boolean;
  readonly testWords: string;
}

/**
 * The dataset divided as the options say, and scaled by its training rows.
 * @throws CtreError for options that contradict each other or do not fit the dataset.
 */
export async function prepareTraining(
  found: Dataset<SampleMatrix>,
  values: SplitValues,
  defaults: { readonly seed: number; readonly auto: (shape: SampleShape) => AutoSettings },
): Promise<TrainingData> {
  const rows = await chooseTrainingRows(found, values, defaults.seed);
  const kind = given(values.scale);
  const autoOf = ({ x }: Dataset<SampleMatrix>): AutoSettings =>
    defaults.auto({
      rows: rows.train?.length ?? x.rows,
      cols: x.cols,
      zeros: () => zeroShare(x, rows.train),
    });
  const encode = (scale: ScalerKind): EncodedTable | undefined =>
    found.table && encodeTable(found, found.table, rows.train, scale);
  const usual = autoOf(found).scale;
  let table = encode(kind ?? usual);
  const auto = autoOf(table?.dataset ?? found);
  // The training rows alone may have made so much fewer inputs that the rule says something else.
  if (kind === undefined && auto.scale !== usual) table = encode(auto.scale);
  const dataset = table?.dataset ?? found;
  const scaler = fitTrainingScaler(table === undefined ? kind : 'none', dataset.x, rows.train, auto.scale);
  const { used, share, listed } = chooseValidation(rows, values.validation);
  const test =
    rows.test === undefined && dataset.test !== undefined
      ? { x: dataset.test.x, y: dataset.test.targets ?? dataset.test.labels }
      : pickRows(dataset, rows.test);
  const train = pickRows(dataset, used);
  return {
    train: scaled(scaler, train),
    validation:
      listed === undefined ? drawValidation(train.y, share, defaults.seed) : { validationRows: listed },
    ...(share !== undefined && { validationShare: share }),
    test: scaled(scaler, test),
    scaler,
    pipeline: table?.pipeline,
    scale: table === undefined ? scaler.kind : (kind ?? auto.scale),
    auto,
    classCounts: countClasses(train.y, dataset.labelNames.length),
    warnings: [...(table?.warnings ?? []), ...aboutClasses(dataset, train.y, rows, share)],
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

/** Classes of which there are too few rows for all parts, in sentences. */
function aboutClasses(
  { labels, labelNames, targets }: Dataset<SampleMatrix>,
  trained: LabelledRows['y'],
  { isDrawn = false }: RowChoice,
  validationShare: number | undefined,
): string[] {
  if (targets !== undefined) return [];
  const all = countClasses(labels, labelNames.length);
  const own = countClasses(trained, labelNames.length);
  const isTested = (label: number): boolean => !isDrawn || all[label] > 1;
  return [
    ...classesInWords(labelNames, (label) => own[label] === 0, 'no training row, so it is not learnt'),
    ...classesInWords(
      labelNames,
      (label) => own[label] === 1 && !isTested(label),
      'one row, which stays in training, so no test row has it',
    ),
    ...classesInWords(
      labelNames,
      (label) => own[label] === 1 && isTested(label) && validationShare !== undefined,
      'one training row, which stays in training, so no validation row has it',
    ),
  ];
}

/** Classes that a sentence names. */
const MOST_CLASSES_NAMED = 8;

function classesInWords(
  names: Dataset['labelNames'],
  isMeant: (label: number) => boolean,
  what: string,
): string[] {
  const meant = names.filter((_, label) => isMeant(label));
  if (meant.length === 0) return [];
  const more = meant.length > MOST_CLASSES_NAMED ? ` and ${meant.length - MOST_CLASSES_NAMED} more` : '';
  const shown = meant.slice(0, MOST_CLASSES_NAMED).map((name) => show(name));
  return [
    `${meant.length === 1 ? 'the class' : 'each of the classes'} ${shown.join(', ')}${more} has ${what}`,
  ];
}

/** A table's dataset with its columns encoded and scaled as the training rows say. */
interface EncodedTable {
  readonly dataset: Dataset<SampleMatrix>;
  readonly pipeline: Pipeline;
  readonly warnings: readonly string[];
}

export function encodeTable(
  found: Dataset<SampleMatrix>,
  table: LabelledTable,
  rows: Int32Array | undefined,
  scale: ScalerKind,
): EncodedTable {
  const { pipeline, warnings } = learnColumns(table, { rows, scale });
  const own = pipeline.transformColumns(table.columns, found.x.rows);
  const other = table.test && found.test;
  const tested = other && pipeline.transformColumns(table.test?.columns ?? [], other.x.rows);
  const aboutTest = tested?.warnings.map((warning) => `test rows: ${warning}`) ?? [];
  return {
    dataset: {
      ...found,
      x: own.x,
      featureNames: pipeline.inputNames,
      // Of the columns, the lines of the pipeline tell.
      warnings: table.warnings,
      ...(other && tested && { test: { ...other, x: tested.x } }),
    },
    pipeline,
    warnings: [...warnings, ...own.warnings, ...aboutTest],
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
  { test: testPath, testRows: range, split, testFraction: fraction }: SplitValues,
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
    return { testWords: testPath === undefined ? "the dataset's own" : `those of ${basename(testPath)}` };
  }
  const share = fraction ?? 0.2;
  if (share === 0) {
    throw new CtreError('E_ARGUMENT', '--test-fraction is 0; expected a number above 0 and below 1');
  }
  const labels = dataset.targets === undefined ? dataset.labels : undefined;
  const { fit: train, val: test } = splitRows(rows, share, { seed, labels });
  const drawn = labels === undefined ? 'drawn' : 'drawn from each class';
  return {
    train,
    test,
    isDrawn: true,
    testWords: `${percent(share)} of the rows, ${drawn} with seed ${seed}`,
  };
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

/** The training rows to use; and the positions of those for validation, or the share of them to draw. */
function chooseValidation(
  { train, val, fit }: RowChoice,
  share: number | undefined,
): { used: Int32Array | undefined; share?: number; listed?: Int32Array } {
  const isFit = new Set(fit ?? train);
  const isHeld = new Set(val ?? train?.filter((row) => !isFit.has(row)));
  if (train === undefined || isHeld.size === 0) {
    return { used: train, ...(share !== 0 && { share: share ?? 0.1 }) };
  }
  if (share !== undefined) {
    throw new CtreError('E_ARGUMENT', '--validation is given, but the split lists the validation rows');
  }
  const used = train.filter((row) => isFit.has(row) || isHeld.has(row));
  const listed = Int32Array.from(used.keys()).filter((position) => isHeld.has(used[position]));
  return { used, listed };
}

/** Which of the training rows are for validation. Of classes, each has its share of them. */
function drawValidation(
  y: LabelledRows['y'],
  share: number | undefined,
  seed: number,
): TrainingData['validation'] {
  if (share === undefined) return {};
  if (!(y instanceof Int32Array) || y.length < 2) return { validationSplit: share };
  // Not the stream of the test rows.
  const { val } = splitRows(y.length, share, { seed: `validation/${seed}`, labels: y });
  return { validationRows: val };
}

/**
 * A scaler of the kind that was asked for, else of the usual one. Sparse rows are scaled by min–max where
 * that keeps zeros, and not at all otherwise.
 */
export function fitTrainingScaler(
  kind: ScalerKind | undefined,
  x: SampleMatrix,
  rows?: Int32Array,
  usual: ScalerKind = 'minmax',
): Scaler {
  if (kind !== undefined) return fitScaler(kind, x, rows);
  try {
    return fitScaler(x instanceof CsrMatrix ? 'minmax' : usual, x, rows);
  } catch (error) {
    if (x instanceof CsrMatrix && error instanceof CtreError && error.code === 'E_ARGUMENT') {
      return fitScaler('none', x);
    }
    throw error;
  }
}
