import { Budget } from '../base/budget.ts';
import { isCount } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { isRecord, parseJson } from '../base/json.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import { decodeSafetensors, encodeSafetensors, type SafetensorsFile, type Tensor } from './safetensors.ts';

/** The version of a model's file. */
const MODEL_VERSION = 1;

/** Bytes of a connection while its network is made: a copy, CSR and CSC, and one copy of each on the way. */
const CONNECTION_BYTES = 32;
/** Bytes of a neuron on either side of a layer meanwhile: bias, and offsets three times. */
const NEURON_BYTES = 16;

/** A part by its name and options: enough to make it again. */
export interface Recipe {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a regression has learnt numbers in: target = center, by output, + scale · what was learnt. */
interface SavedUnits {
  readonly center: readonly number[];
  readonly scale: number;
}

/** The loss of a trained model whose file names none. */
const CLASSIFIER: Recipe = { name: 'cross-entropy', options: {} };

/** The activation of a model whose file names none. */
const USUAL_ACTIVATION: Recipe = { name: 'relu', options: {} };

/** A model as its file holds it. */
export interface SavedModel {
  readonly layers: readonly { readonly weights: CsrMatrix; readonly bias: Float32Array }[];
  readonly settings: {
    readonly preset: string;
    /** Undefined where no targets have decided it. */
    readonly loss: Recipe | undefined;
    /** What it has learnt numbers in; undefined where none have decided. */
    readonly units: SavedUnits | undefined;
    readonly activation: Recipe;
    readonly topology: Recipe;
    readonly initializer: Recipe;
    readonly growInitializer: Recipe;
    readonly seed: number | string;
    /** Epochs trained. */
    readonly epochs: number;
  };
  /** What the caller keeps with the model, as JSON: label names, scaler, … */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/**
 * A safetensors file. Layer l has the tensors `layers.l.indptr`, `.indices` (I32), `.values` and `.bias`
 * (F32). The file's metadata have the shapes and settings as JSON under `ctre`, and the caller's own under
 * `metadata`.
 */
export function encodeModel(model: SavedModel): Uint8Array<ArrayBuffer> {
  return encodeSafetensors(modelTensors(model.layers), modelMetadata(model));
}

export function modelTensors(layers: SavedModel['layers']): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  layers.forEach(({ weights, bias }, l) => {
    const put = (name: string, dtype: Tensor['dtype'], data: Tensor['data']): void => {
      tensors.set(`layers.${l}.${name}`, { dtype, shape: [data.length], data });
    };
    put('indptr', 'I32', weights.indptr);
    put('indices', 'I32', weights.indices);
    put('values', 'F32', weights.values);
    put('bias', 'F32', bias);
  });
  return tensors;
}

export function modelMetadata({ layers, settings, metadata }: SavedModel): Record<string, string> {
  const shapes = layers.map(({ weights }) => [weights.rows, weights.cols]);
  // A trained model is a classifier where its file does not say more: so it was before there were losses.
  const isUsual = settings.loss?.name === CLASSIFIER.name && settings.epochs > 0;
  const { loss, activation } = settings;
  const said = {
    ...settings,
    loss: isUsual ? undefined : loss,
    activation: activation.name === USUAL_ACTIVATION.name ? undefined : activation,
  };
  return {
    ctre: JSON.stringify({ version: MODEL_VERSION, shapes, ...said }),
    metadata: JSON.stringify(metadata),
  };
}

/**
 * The model of a file.
 * @param maxBytes what reading it and making its network may take besides the file; by default 4 × its size +
 *   64 MiB.
 * @throws CtreError `E_FORMAT` for a file that is no whole model, `E_UNSUPPORTED` for one of another version,
 *   `E_CSR` and `E_SHAPE` for weights that are no matrix, `E_MEMORY` for a model that would take more than it
 *   may.
 */
export function decodeModel(bytes: Uint8Array, maxBytes?: number): SavedModel {
  const budget = new Budget(bytes.length, maxBytes);
  return readSavedModel(decodeSafetensors(bytes, budget), budget);
}

/** The model among a file's tensors and strings. @throws CtreError as `decodeModel`. */
export function readSavedModel({ tensors, metadata }: SafetensorsFile, budget: Budget): SavedModel {
  const header = parseRecord('ctre', metadata.get('ctre'), budget);
  if (header.version !== MODEL_VERSION) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `the model's file has version ${show(header.version)}; expected ${MODEL_VERSION}`,
    );
  }
  const { shapes, seed, epochs, preset = 'default' } = header;
  if (!Array.isArray(shapes) || shapes.length === 0) throw notAModel('shapes');
  if (typeof seed !== 'string' && !(typeof seed === 'number' && Number.isFinite(seed)))
    throw notAModel('seed');
  if (typeof preset !== 'string') throw notAModel('preset');
  if (!isCount(epochs)) throw notAModel('epochs');
  const layers = readLayers(tensors, '', shapes, budget);
  return {
    layers,
    settings: {
      preset,
      loss: readLoss(header, epochs),
      units: readUnits(header, shapes),
      activation: Object.hasOwn(header, 'activation') ? readRecipe(header, 'activation') : USUAL_ACTIVATION,
      topology: readRecipe(header, 'topology'),
      initializer: readRecipe(header, 'initializer'),
      growInitializer: readRecipe(header, 'growInitializer'),
      seed,
      epochs: Math.abs(epochs), // −0 is 0
    },
    metadata: parseRecord('metadata', metadata.get('metadata') ?? '{}', budget),
  };
}

/** The weights and biases of a network among a file's tensors; their names begin with `prefix`. */
export function readLayers(
  tensors: SafetensorsFile['tensors'],
  prefix: string,
  shapes: readonly unknown[],
  budget: Budget,
): SavedModel['layers'] {
  return shapes.map((shape, l) => {
    if (!Array.isArray(shape) || shape.length !== 2) throw notAModel(`shape of layer ${l}`);
    const [rows, cols]: number[] = shape;
    const take = (part: string, dtype: Tensor['dtype']): Tensor['data'] => {
      const name = `${prefix}layers.${l}.${part}`;
      const tensor = tensors.get(name);
      if (tensor?.dtype !== dtype) throw notAModel(`tensor ${name}`);
      return tensor.data;
    };
    const indptr = take('indptr', 'I32');
    const indices = take('indices', 'I32');
    budget.claim(
      CONNECTION_BYTES * indices.length +
        NEURON_BYTES * (indptr.length + (Number.isInteger(cols) ? cols : 0)),
      `layer ${l} of ${show(rows)} × ${show(cols)} with ${indices.length} connections`,
    );
    const weights = CsrMatrix.fromParts({ rows, cols, indptr, indices, values: take('values', 'F32') });
    return { weights, bias: Float32Array.from(take('bias', 'F32')) };
  });
}

function readLoss(header: Record<string, unknown>, epochs: number): Recipe | undefined {
  if (Object.hasOwn(header, 'loss')) return readRecipe(header, 'loss');
  return epochs === 0 ? undefined : CLASSIFIER;
}

/** By output a center, and one scale above 0. */
function readUnits({ units }: Record<string, unknown>, shapes: readonly unknown[]): SavedUnits | undefined {
  if (units === undefined) return undefined;
  const { center, scale }: Partial<Record<keyof SavedUnits, unknown>> = Object(units);
  const [outputs]: unknown[] = Object(shapes[shapes.length - 1]);
  const isWhole = Array.isArray(center) && center.length === outputs && center.every(Number.isFinite);
  if (isWhole && typeof scale === 'number' && scale > 0 && scale < Number.POSITIVE_INFINITY) {
    return { center, scale };
  }
  throw notAModel('units');
}

export function readRecipe(header: Record<string, unknown>, key: string): Recipe {
  const recipe = header[key];
  if (!isRecord(recipe) || typeof recipe.name !== 'string' || !isRecord(recipe.options)) throw notAModel(key);
  return { name: recipe.name, options: recipe.options };
}

export function parseRecord(key: string, text: string | undefined, budget: Budget): Record<string, unknown> {
  if (text === undefined) throw notAModel(key);
  try {
    const value = parseJson(text, budget, `the JSON of ${key}`);
    if (isRecord(value)) return value;
  } catch (error) {
    if (error instanceof CtreError) throw error;
    // The error below says so, as for JSON of another kind.
  }
  throw notAModel(key);
}

function notAModel(what: string): CtreError {
  return new CtreError('E_FORMAT', `this safetensors file is no ctre model: ${what} is missing or malformed`);
}
