import { Budget } from '../base/budget.ts';
import { crc32 } from '../base/crc32.ts';
import { CtreError, show } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import {
  modelMetadata,
  modelTensors,
  parseRecord,
  type Recipe,
  readRecipe,
  readSavedModel,
  type SavedModel,
} from './modelFile.ts';
import { decodeSafetensors, encodeSafetensors, type Tensor } from './safetensors.ts';

/** A training as its checkpoint holds it, besides the network. */
export interface SavedTraining {
  /** What has to be the same to go on. */
  readonly terms: Readonly<Record<string, unknown>>;
  /** What every epoch so far came to. */
  readonly epochs: readonly Readonly<Record<string, unknown>>[];
  /** What the topology method remembers, by layer. */
  readonly states: readonly unknown[];
  readonly optimizer: Recipe;
  /** Steps of the optimiser so far. */
  readonly steps: number;
  /** The optimiser's arrays, by layer. */
  readonly slots: readonly OptimizerSlots[];
}

/** A checkpoint's content. */
export interface SavedCheckpoint {
  readonly model: SavedModel;
  readonly training: SavedTraining;
}

/** The optimiser's arrays of a layer: each as long as the weights, or the biases. */
export interface OptimizerSlots {
  readonly weights: readonly Float32Array[];
  readonly bias: readonly Float32Array[];
}

const CHECKSUM_OFF = '00000000';
/** How every checkpoint begins behind its first eight bytes: the check sum has a known place. */
const BEGIN = '{"__metadata__":{"checksum":"';
const CHECKSUM_AT = 8 + BEGIN.length;

/**
 * A model's file with more in it: tensors `layers.l.optimizer.s` and `layers.l.optimizer.s.bias` (F32), the training as JSON
 * under `training`, and a CRC-32 of the whole file, its own digits taken as zeros, under `checksum`.
 */
export function encodeCheckpoint(model: SavedModel, training: SavedTraining): Uint8Array<ArrayBuffer> {
  const { slots, ...rest } = training;
  const tensors = modelTensors(model);
  slots.forEach(({ weights, bias }, l) => {
    const put = (name: string, data: Float32Array): void => {
      tensors.set(`layers.${l}.optimizer.${name}`, { dtype: 'F32', shape: [data.length], data });
    };
    weights.forEach((data, s) => {
      put(`${s}`, data);
    });
    bias.forEach((data, s) => {
      put(`${s}.bias`, data);
    });
  });
  const bytes = encodeSafetensors(tensors, {
    checksum: CHECKSUM_OFF,
    ...modelMetadata(model),
    training: JSON.stringify({ ...rest, slots: slots[0].weights.length }),
  });
  bytes.set(new TextEncoder().encode(crc32(bytes).toString(16).padStart(8, '0')), CHECKSUM_AT);
  return bytes;
}

/**
 * The model and the training of a checkpoint.
 * @param maxBytes as for `decodeModel`.
 * @throws CtreError `E_FORMAT` for bytes that are none, or not all of it, or changed; and as `decodeModel`.
 */
export function decodeCheckpoint(bytes: Uint8Array, maxBytes?: number): SavedCheckpoint {
  checkSum(bytes);
  const budget = new Budget(bytes.length, maxBytes);
  const file = decodeSafetensors(bytes, budget);
  const { tensors, metadata } = file;
  const header = parseRecord('training', metadata.get('training'), budget);
  const model = readSavedModel(file, budget);
  const { terms, epochs, states, steps, slots } = header;
  if (!isRecord(terms)) throw malformed('terms', terms);
  if (!Array.isArray(epochs) || !epochs.every(isEpoch)) throw malformed('epochs', epochs);
  if (!Array.isArray(states) || states.length !== model.layers.length) throw malformed('states', states);
  if (!isCount(steps)) throw malformed('steps', steps);
  if (!isCount(slots) || slots > 8) throw malformed('slots', slots);
  return {
    model,
    training: {
      terms,
      epochs,
      states,
      optimizer: readRecipe(header, 'optimizer'),
      steps,
      slots: model.layers.map(({ weights, bias }, l) => ({
        weights: takeSlots(tensors, `layers.${l}.optimizer`, '', slots, weights.nnz, budget),
        bias: takeSlots(tensors, `layers.${l}.optimizer`, '.bias', slots, bias.length, budget),
      })),
    },
  };
}

function checkSum(bytes: Uint8Array): void {
  const begin = new TextDecoder().decode(bytes.subarray(8, CHECKSUM_AT));
  if (begin !== BEGIN) throw new CtreError('E_FORMAT', 'this is no checkpoint of a training');
  const said = new TextDecoder().decode(bytes.subarray(CHECKSUM_AT, CHECKSUM_AT + 8));
  const before = crc32(new TextEncoder().encode(CHECKSUM_OFF), crc32(bytes.subarray(0, CHECKSUM_AT)));
  const sum = crc32(bytes.subarray(CHECKSUM_AT + 8), before);
  if (sum.toString(16).padStart(8, '0') !== said) {
    throw new CtreError('E_FORMAT', 'this checkpoint is cut short or damaged: its check sum is another');
  }
}

/** Copies: the tensors are views of bytes that are the caller's to change while the model starts. */
function takeSlots(
  tensors: ReadonlyMap<string, Tensor>,
  layer: string,
  suffix: string,
  count: number,
  length: number,
  budget: Budget,
): Float32Array[] {
  return Array.from({ length: count }, (_, s) => {
    const name = `${layer}.${s}${suffix}`;
    const data = tensors.get(name)?.data;
    if (!(data instanceof Float32Array) || data.length !== length || !data.every(Number.isFinite)) {
      throw malformed(`tensor ${name}`, data);
    }
    budget.claim(data.byteLength, `tensor ${name}`);
    return data.slice();
  });
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

/** Numbered from 1, with the figures that the next epochs are compared to. */
function isEpoch(value: unknown, index: number): value is Record<string, unknown> {
  if (!isRecord(value) || value.epoch !== index + 1) return false;
  const { accuracy, valAccuracy = 0, best } = value;
  return Number.isFinite(accuracy) && Number.isFinite(valAccuracy) && typeof best === 'boolean';
}

function malformed(what: string, value: unknown): CtreError {
  return new CtreError('E_FORMAT', `this is no whole checkpoint: ${what} is ${show(value)}`);
}
