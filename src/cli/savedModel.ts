import { basename } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
import { type ReadOptions, type Scaler, scalerFromJson, scalerToJson } from '../data/index.ts';
import { type Pipeline, readPipeline } from '../data/table/pipeline.ts';
import { SparseMLP } from '../model/sparseMlp.ts';
import { inOptions, readingLimit, readingOf } from './dataset.ts';
import { readBytes, writeWhole } from './files.ts';

/** What a model's file tells besides the network. */
export interface ModelNotes {
  /** The name of every class. */
  readonly labelNames: readonly (number | string)[];
  /** How its features were scaled. */
  readonly scaler: Scaler;
  readonly featureNames?: readonly string[];
  /** What became of a table's columns. */
  readonly pipeline?: Pipeline;
  /** What the indices of a LIBSVM file counted from. */
  readonly indexBase?: 0 | 1;
  /** The name of the dataset that it was trained on. */
  readonly dataset?: string;
  /** The name of the file of its test rows, where that was one of its own. */
  readonly test?: string;
}

/** A model and what its file tells. */
export interface OpenedModel extends ModelNotes {
  readonly model: SparseMLP;
  /** Features that the network takes. */
  readonly inputs: number;
}

/** Writes model and notes to one file, in one step. */
export async function saveModel(path: string, model: SparseMLP, notes: ModelNotes): Promise<void> {
  await writeWhole(path, model.save(notesAsMetadata(notes)));
}

/** Notes as a model keeps them. */
export function notesAsMetadata(notes: ModelNotes): Record<string, unknown> {
  const { pipeline, ...others } = notes;
  return { ...others, ...(pipeline && { pipeline: pipeline.toJSON() }), scaler: scalerToJson(notes.scaler) };
}

/**
 * The model of a file. A model that a program saved without notes has numbered classes, and takes features
 * as they are.
 * @throws CtreError naming the file, for one that is missing, damaged or no model.
 */
export async function openModelFile(path: string, values: { readonly maxMb?: number }): Promise<OpenedModel> {
  const bytes = await readBytes(path);
  try {
    const model = await SparseMLP.load(bytes, { maxBytes: readingLimit(values), prepared: true });
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

/** How a dataset is read for a model: its columns, and its labels as those that the model was trained on. */
export function outputColumns({
  model,
  inputs,
  labelNames,
  indexBase,
}: OpenedModel): Pick<ReadOptions, 'columns' | 'targets' | 'label' | 'indexBase'> {
  const targets = readingOf(model.loss);
  // A table has the columns again; where they have no names, nobody knows which they are.
  const isNamed = labelNames.every((name) => typeof name === 'string');
  const base = indexBase === undefined ? {} : { indexBase };
  return {
    columns: inputs,
    ...base,
    targets,
    ...(targets !== 'classes' && isNamed && { label: labelNames }),
  };
}

function readNotes(metadata: Readonly<Record<string, unknown>>, classes: number): ModelNotes {
  const { labelNames = Array.from({ length: classes }, (_, label) => label), scaler, dataset } = metadata;
  if (!isList(labelNames, isLabel) || labelNames.length !== classes) {
    throw new CtreError(
      'E_FORMAT',
      `labelNames is ${show(labelNames)}; expected the names of ${classes} classes`,
    );
  }
  const { featureNames, indexBase } = metadata;
  const pipeline = metadata.pipeline === undefined ? undefined : readPipeline(metadata.pipeline);
  return {
    labelNames,
    scaler: scalerFromJson(typeof scaler === 'string' ? scaler : '{"kind":"none","offset":[],"scale":[]}'),
    ...(isList(featureNames, isText) && { featureNames }),
    ...(pipeline && { pipeline, featureNames: pipeline.inputNames }),
    ...((indexBase === 0 || indexBase === 1) && { indexBase }),
    ...(isText(dataset) && { dataset }),
  };
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isLabel = (value: unknown): value is string | number => isText(value) || typeof value === 'number';

function isList<T>(value: unknown, isEntry: (entry: unknown) => entry is T): value is readonly T[] {
  return Array.isArray(value) && value.every(isEntry);
}
