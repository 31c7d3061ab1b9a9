import { Budget } from '../base/budget.ts';
import { isCount } from '../base/checks.ts';
import { crc32 } from '../base/crc32.ts';
import { CtreError, show } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import {
  modelMetadata,
  modelTensors,
  parseRecord,
  type Recipe,
  readLayers,
  readRecipe,
  readSavedModel,
  type SavedModel,
} from './modelFile.ts';
import { decodeSafetensors, encodeSafetensors, type SafetensorsFile, type Tensor } from './safetensors.ts';

/**
 * The version of the training's part. In version 1 the update after the last epoch was made already. Until
 * version 2 updates drew other numbers.
 */
const TRAINING_VERSION = 3;

/** Arrays of an optimiser for each layer, as many as a model takes. */
const MAX_SAVED_SLOTS = 16;

/** A training as its checkpoint holds it, besides the network. */
export interface SavedTraining {
  /** What has to be the same to go on. */
  readonly conditions: Readonly<Record<string, unknown>>;
  /** What every epoch so far came to. */
  readonly epochs: readonly Readonly<Record<string, unknown>>[];
  /** What the topology method remembers, by layer. */
  readonly states: readonly unknown[];
  /** The update that the next epoch begins with. */
  readonly due: { readonly accuracy: number } | undefined;
  /** Whether the training has ended and the network is its best one. */
  readonly restored: boolean;
  readonly optimizer: Recipe;
  /** Steps of the optimiser so far. */
  readonly steps: number;
  /** The optimiser's arrays, by layer. */
  readonly slots: readonly SavedSlots[];
  /** The best network so far, where the training ends with it and it is another one. */
  readonly best: SavedBest | undefined;
  /** Where training in pieces stands in its epoch; absent where the training had all its samples. */
  readonly pieces?: { readonly batch: number; readonly rows: number; readonly sums: readonly number[] };
}

/** A network that training may come back to. */
export interface SavedBest extends Pick<SavedTraining, 'states' | 'steps' | 'slots'> {
  readonly layers: SavedModel['layers'];
}

/** A checkpoint's content. */
export interface SavedCheckpoint {
  readonly model: SavedModel;
  readonly training: SavedTraining;
}

/** The optimiser's arrays of a layer: each as long as the weights, or the biases. */
export interface SavedSlots {
  readonly weights: readonly Float32Array[];
  readonly bias: readonly Float32Array[];
}

const CHECKSUM_OFF = '00000000';
/** Every checkpoint begins so, after its first eight bytes: the check sum has a known place. */
const BEGIN = '{"__metadata__":{"checksum":"';
const CHECKSUM_AT = 8 + BEGIN.length;

/**
 * A model's file with more in it: the tensors `layers.l.optimizer.s` and `layers.l.optimizer.s.bias` (F32),
 * the training as JSON under `training`, and under `checksum` a CRC-32 of the whole file, with zeros in place
 * of its own digits. The best network so far has the same tensors, with names that begin with `best.`.
 */
export function encodeCheckpoint(model: SavedModel, training: SavedTraining): Uint8Array<ArrayBuffer> {
  const { slots, best, due, ...rest } = training;
  const tensors = modelTensors(model.layers);
  putSlots(tensors, '', slots);
  for (const [name, tensor] of modelTensors(best?.layers ?? [])) tensors.set(`best.${name}`, tensor);
  putSlots(tensors, 'best.', best?.slots ?? []);
  const header = {
    version: TRAINING_VERSION,
    ...rest,
    due: due ?? null,
    slots: slots[0].weights.length,
    best: best === undefined ? null : { states: best.states, steps: best.steps },
  };
  const bytes = encodeSafetensors(tensors, {
    checksum: CHECKSUM_OFF,
    ...modelMetadata(model),
    training: JSON.stringify(header),
  });
  bytes.set(new TextEncoder().encode(crc32(bytes).toString(16).padStart(8, '0')), CHECKSUM_AT);
  return bytes;
}

function putSlots(tensors: Map<string, Tensor>, prefix: string, slots: readonly SavedSlots[]): void {
  slots.forEach(({ weights, bias }, l) => {
    const put = (name: string, data: Float32Array): void => {
      tensors.set(`${prefix}layers.${l}.optimizer.${name}`, { dtype: 'F32', shape: [data.length], data });
    };
    weights.forEach((data, s) => {
      put(`${s}`, data);
    });
    bias.forEach((data, s) => {
      put(`${s}.bias`, data);
    });
  });
}

/**
 * The model and the training of a checkpoint.
 * @param maxBytes as for `decodeModel`.
 * @throws CtreError `E_FORMAT` for bytes that are no checkpoint, or were cut or changed; `E_UNSUPPORTED` for
 *   another version; and as `decodeModel`.
 */
export function decodeCheckpoint(bytes: Uint8Array, maxBytes?: number): SavedCheckpoint {
  checkSum(bytes);
  const budget = new Budget(bytes.length, maxBytes);
  const file = decodeSafetensors(bytes, budget);
  const { tensors, metadata } = file;
  const header = parseRecord('training', metadata.get('training'), budget);
  if (header.version !== TRAINING_VERSION) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `the checkpoint's training has version ${show(header.version ?? 1)}; expected ${TRAINING_VERSION}. ` +
        'SparseMLP.load reads its weights',
    );
  }
  const model = readSavedModel(file, budget);
  const { conditions, epochs, states, due, restored, steps, slots, best, pieces } = header;
  if (!isRecord(conditions)) throw notWhole('conditions', conditions);
  const { settings, layers } = model;
  if (!Array.isArray(epochs) || epochs.length > settings.epochs || !epochs.every(isEpoch)) {
    throw notWhole('epochs', epochs);
  }
  if (!Array.isArray(states) || states.length !== layers.length) throw notWhole('states', states);
  if (due !== null && !isDue(due)) throw notWhole('due', due);
  if (typeof restored !== 'boolean') throw notWhole('restored', restored);
  if (!isCount(steps)) throw notWhole('steps', steps);
  if (!isCount(slots) || slots > MAX_SAVED_SLOTS) throw notWhole('slots', slots);
  if (pieces !== undefined && !isPosition(pieces)) throw notWhole('pieces', pieces);
  const hasBest = epochs.some((epoch) => epoch.best === true);
  if (best !== null && !(hasBest && isRecord(best))) throw notWhole('best', best);
  return {
    model,
    training: {
      conditions,
      epochs,
      states,
      due: due ?? undefined,
      restored,
      optimizer: readRecipe(header, 'optimizer'),
      steps,
      slots: takeSlots(tensors, '', layers, slots, budget),
      best: best === null ? undefined : readBest(best, tensors, layers, slots, budget),
      ...(pieces && { pieces }),
    },
  };
}

function readBest(
  { states, steps }: Record<string, unknown>,
  tensors: SafetensorsFile['tensors'],
  present: SavedModel['layers'],
  slots: number,
  budget: Budget,
): SavedBest {
  const shapes = present.map(({ weights: { rows, cols } }) => [rows, cols]);
  const layers = readLayers(tensors, 'best.', shapes, budget);
  // Methods may have moved connections between layers since.
  const total = connectionsOf(layers);
  if (total !== connectionsOf(present)) throw notWhole('the number of connections in best', total);
  const other = layers.findIndex(({ weights }, l) => isFull(weights) !== isFull(present[l].weights));
  if (other >= 0)
    throw notWhole(`the number of connections of layer ${other} in best`, layers[other].weights.nnz);
  if (!Array.isArray(states) || states.length !== layers.length) throw notWhole('best.states', states);
  if (!isCount(steps)) throw notWhole('best.steps', steps);
  return { layers, states, steps, slots: takeSlots(tensors, 'best.', layers, slots, budget) };
}

function connectionsOf(layers: SavedModel['layers']): number {
  return layers.reduce((sum, { weights }) => sum + weights.nnz, 0);
}

function isFull({ rows, cols, nnz }: SavedModel['layers'][number]['weights']): boolean {
  return nnz === rows * cols;
}

function checkSum(bytes: Uint8Array): void {
  const begin = new TextDecoder().decode(bytes.subarray(8, CHECKSUM_AT));
  if (begin !== BEGIN)
    throw new CtreError('E_FORMAT', 'this file is no checkpoint of a training; SparseMLP.load reads a model');
  const said = new TextDecoder().decode(bytes.subarray(CHECKSUM_AT, CHECKSUM_AT + 8));
  const before = crc32(new TextEncoder().encode(CHECKSUM_OFF), crc32(bytes.subarray(0, CHECKSUM_AT)));
  const sum = crc32(bytes.subarray(CHECKSUM_AT + 8), before);
  if (sum.toString(16).padStart(8, '0') !== said) {
    throw new CtreError('E_FORMAT', 'this checkpoint is cut short or damaged: its check sum does not fit');
  }
}

/** Copies, because the caller may change the bytes that tensors are views of while the model starts. */
function takeSlots(
  tensors: SafetensorsFile['tensors'],
  prefix: string,
  layers: SavedModel['layers'],
  count: number,
  budget: Budget,
): SavedSlots[] {
  const take = (name: string, length: number): Float32Array => {
    const data = tensors.get(name)?.data;
    if (!(data instanceof Float32Array) || data.length !== length || !data.every(Number.isFinite)) {
      throw notWhole(`tensor ${name}`, data);
    }
    budget.claim(data.byteLength, `tensor ${name}`);
    return data.slice();
  };
  const numbers = Array.from({ length: count }, (_, s) => s);
  return layers.map(({ weights, bias }, l) => {
    const name = `${prefix}layers.${l}.optimizer`;
    return {
      weights: numbers.map((s) => take(`${name}.${s}`, weights.nnz)),
      bias: numbers.map((s) => take(`${name}.${s}.bias`, bias.length)),
    };
  });
}

/** Epochs are numbered from 1 and have the figures that later epochs are compared to. */
function isEpoch(value: unknown, index: number): value is Record<string, unknown> {
  if (!isRecord(value) || value.epoch !== index + 1) return false;
  const { accuracy, valAccuracy = 0, loss, best } = value;
  // A regression has no accuracy.
  const compared = accuracy ?? loss;
  return Number.isFinite(compared) && Number.isFinite(valAccuracy) && typeof best === 'boolean';
}

function isPosition(value: unknown): value is NonNullable<SavedTraining['pieces']> {
  if (!isRecord(value)) return false;
  const { batch, rows, sums } = value;
  // A step has at least one row. Nothing is summed up before the first.
  const isCounted = isCount(batch) && isCount(rows) && rows >= batch && rows > 0 === batch > 0;
  return isCounted && Array.isArray(sums) && sums.every(Number.isFinite) && sums.length > 0 === batch > 0;
}

const isDue = (value: unknown): value is { readonly accuracy: number } =>
  isRecord(value) && Number.isFinite(value.accuracy);

function notWhole(what: string, value: unknown): CtreError {
  return new CtreError('E_FORMAT', `this checkpoint is not whole: ${what} is ${show(value)}`);
}
