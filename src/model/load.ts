import { viewOf } from '../base/arrays.ts';
import { checkInteger } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { decodeCheckpoint, type SavedCheckpoint } from '../files/checkpointFile.ts';
import { decodeModel, type Recipe, type SavedModel } from '../files/modelFile.ts';
import { checkLayers } from './architecture.ts';
import type { ModelOptions } from './options.ts';

/** How to load a model. */
export interface LoadOptions extends Pick<ModelOptions, 'threads'> {
  /** Bytes that loading may take besides those of the file. Default 4 × these + 64 MiB. */
  readonly maxBytes?: number;
}

export const LOAD_OPTIONS = ['threads', 'maxBytes'] as const;

/** A part by its name and options: enough to make it again. */
export function recipe({ name, options }: Recipe): Recipe {
  return { name, options };
}

/** The model of a file, its layers checked; what is copied on the way is left behind here. */
export function readModel(bytes: unknown, maxBytes: number | undefined): SavedModel {
  const saved = decodeModel(...checkFile(bytes, maxBytes));
  return { ...saved, layers: checkLayers(saved.layers) };
}

/** As `readModel`, of a checkpoint. */
export function readCheckpoint(bytes: unknown, maxBytes: number | undefined): SavedCheckpoint {
  const { model, training } = decodeCheckpoint(...checkFile(bytes, maxBytes));
  return { model: { ...model, layers: checkLayers(model.layers) }, training };
}

function checkFile(bytes: unknown, maxBytes: number | undefined): [Uint8Array, number | undefined] {
  const file = viewOf(bytes, Uint8Array);
  if (file === undefined) {
    throw new CtreError('E_ARGUMENT', `bytes is ${show(bytes)}; expected a Uint8Array`);
  }
  return [file, maxBytes === undefined ? undefined : checkInteger('maxBytes', maxBytes, { least: 1 })];
}
