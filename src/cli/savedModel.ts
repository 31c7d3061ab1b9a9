import { basename } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
import {
  type Dataset,
  parseRowRange,
  relabel,
  type Scaler,
  scalerFromJson,
  scalerToJson,
} from '../data/index.ts';
import { SparseMLP } from '../model/sparseMlp.ts';
import type { Arguments, OptionHelp } from './args.ts';
import { inOptions, type LabelledRows, pickRows, readingLimit, readSplit, scaled } from './dataset.ts';
import { readBytes, writeWhole } from './files.ts';

/** What a model's file tells besides the network. */
export interface ModelNotes {
  /** The name of every class. */
  readonly labelNames: readonly (number | string)[];
  /** How its features were scaled. */
  readonly scaler: Scaler;
  readonly featureNames?: readonly string[];
  /** The name of the dataset that it was trained on. */
  readonly dataset?: string;
}

/** A model and what its file tells. */
export interface SavedModel extends ModelNotes {
  readonly model: SparseMLP;
  /** Features that the network takes. */
  readonly inputs: number;
}

/** Options that choose among the rows of a dataset. */
export const ROW_OPTIONS = {
  rows: { value: 'a-b', help: "rows a to b, both included (the dataset's own test rows, else all)" },
  split: { value: 'file.json', help: 'the test rows of this split' },
} as const satisfies Record<string, OptionHelp>;

/** Writes model and notes to one file, in one step. */
export async function saveModel(path: string, model: SparseMLP, notes: ModelNotes): Promise<void> {
  await writeWhole(path, model.save(notesAsMetadata(notes)));
}

/** Notes as a model keeps them. */
export function notesAsMetadata(notes: ModelNotes): Record<string, unknown> {
  return { ...notes, scaler: scalerToJson(notes.scaler) };
}

/**
 * The model of a file; one that a program saved without notes has numbered classes and takes features as they are.
 * @throws CtreError naming the file, for one that is missing, damaged or no model.
 */
export async function openModel(path: string, args: Arguments<'max-mb'>): Promise<SavedModel> {
  const bytes = await readBytes(path);
  try {
    const model = await SparseMLP.load(bytes, { maxBytes: readingLimit(args) });
    const { layers, metadata } = model;
    try {
      return { model, inputs: layers[0].inDim, ...readNotes(metadata, layers[layers.length - 1].outDim) };
    } catch (error) {
      model.dispose();
      throw error;
    }
  } catch (error) {
    if (!(error instanceof CtreError)) throw error;
    throw inOptions(new CtreError(error.code, `${basename(path)}: ${error.message}`, { cause: error }));
  }
}

function readNotes(metadata: Readonly<Record<string, unknown>>, classes: number): ModelNotes {
  const { labelNames = Array.from({ length: classes }, (_, label) => label), scaler, dataset } = metadata;
  if (!isList(labelNames, isLabel) || labelNames.length !== classes) {
    throw new CtreError(
      'E_FORMAT',
      `labelNames is ${show(labelNames)}; expected the names of ${classes} classes`,
    );
  }
  const { featureNames } = metadata;
  return {
    labelNames,
    scaler: scalerFromJson(typeof scaler === 'string' ? scaler : '{"kind":"none","offset":[],"scale":[]}'),
    ...(isList(featureNames, isText) && { featureNames }),
    ...(isText(dataset) && { dataset }),
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isLabel = (value: unknown): value is string | number => isText(value) || typeof value === 'number';

function isList<T>(value: unknown, isEntry: (entry: unknown) => entry is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isEntry);
}

/** Rows of a dataset as a model takes them. */
export interface ModelRows extends LabelledRows {
  /** Their indices. */
  readonly indices: Int32Array;
  /** Which rows they are, in words. */
  readonly words: string;
}

/**
 * The rows that the options choose, scaled as the model's training rows were and with the model's classes. A dataset
 * that was read as `unlabelled` stays so.
 * @throws CtreError for a dataset that does not fit the model.
 */
export async function prepareRows(
  dataset: Dataset,
  { inputs, scaler, featureNames, labelNames }: SavedModel,
  args: Arguments<keyof typeof ROW_OPTIONS>,
): Promise<ModelRows> {
  if (dataset.x.cols !== inputs) {
    throw new CtreError(
      'E_SHAPE',
      `the dataset has ${dataset.x.cols} features; the model was trained on ${inputs}`,
    );
  }
  const others = dataset.featureNames ?? featureNames;
  const different = featureNames?.findIndex((name, col) => name !== others?.[col]) ?? -1;
  if (different >= 0) {
    throw new CtreError(
      'E_SHAPE',
      `feature ${different} is ${show(others?.[different])}; the model was trained with ${show(featureNames?.[different])} in its place`,
    );
  }
  const known = dataset.labels.length > 0 ? relabel(dataset, labelNames) : dataset;
  const { indices, words } = await chooseRows(known, args);
  const own = indices === undefined ? known.test : undefined;
  const rows = own ? { x: own.x, y: own.labels } : pickRows(known, indices);
  return {
    ...scaled(scaler, rows),
    indices: indices ?? Int32Array.from({ length: rows.x.rows }, (_, row) => row),
    words,
  };
}

/** The indices of the rows that the options choose; none for the dataset's own test rows, or all. */
async function chooseRows(
  { x, test }: Dataset,
  args: Arguments<keyof typeof ROW_OPTIONS>,
): Promise<{ indices?: Int32Array; words: string }> {
  args.exclude('rows', 'split');
  const range = args.text('rows');
  if (range !== undefined) return { indices: parseRowRange(range, x.rows), words: `rows ${range}` };
  const split = args.text('split');
  if (split !== undefined) {
    return { indices: (await readSplit(split, x.rows)).test, words: `the test rows of ${basename(split)}` };
  }
  return { words: test === undefined ? 'all rows' : "the dataset's own test rows" };
}

/** The class of the largest probability of every row; of equals the first, as in the model's accuracy. */
export function likeliestClasses(probabilities: Float32Array, classes: number): Int32Array {
  return Int32Array.from({ length: probabilities.length / classes }, (_, row) => {
    const own = probabilities.subarray(row * classes, (row + 1) * classes);
    return own.indexOf(own.reduce((most, value) => Math.max(most, value)));
  });
}
