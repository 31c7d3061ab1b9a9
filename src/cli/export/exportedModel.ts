import { CtreError } from '../../base/errors.ts';
import { CsrMatrix } from '../../matrix/csrMatrix.ts';
import { activationByName } from '../../nn/activation.ts';
import type { TargetKind } from '../../nn/loss.ts';
import { lossByName } from '../../nn/losses.ts';
import type { TargetUnits } from '../../nn/targetUnits.ts';
import type { OpenedModel } from '../savedModel.ts';

/** What a layer does to its sums: the formats write those that they know by name. */
export interface ExportedActivation {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A layer as formats write it: activation(W·x + b). */
export interface ExportedLayer {
  /** `[outDim, inDim]`. */
  readonly weights: CsrMatrix;
  readonly bias: Float32Array;
  readonly activation: ExportedActivation;
}

/** How rows are scaled before the first layer: (x − offset) / scale, column by column. */
export interface ExportedScaling {
  readonly offset: readonly number[];
  readonly scale: readonly number[];
}

/** A model as formats write it. */
export interface ExportedModel {
  /** What its functions or its graph are called: letters, digits and underscores. */
  readonly name: string;
  /** The version of the package that writes it. */
  readonly version: string;
  /** From the inputs on; the last one's activation makes the answer. */
  readonly layers: readonly ExportedLayer[];
  /** The model scales rows itself, takes them `unscaled`, or nobody knows (`unknown`). */
  readonly scaling: ExportedScaling | 'unscaled' | 'unknown';
  readonly labelNames: readonly string[];
  readonly featureNames: readonly string[] | undefined;
}

/** An opened model as formats write it. @throws CtreError `E_FORMAT` for a scaler that does not fit it. */
export function describeExport(opened: OpenedModel, name: string, version: string): ExportedModel {
  const { model, labelNames, featureNames } = opened;
  const { targets: kind } = lossByName(model.loss?.name ?? 'cross-entropy');
  const units = model.targetUnits;
  const last = model.layers.length - 1;
  const { name: activation, options } = model.activation;
  const { slope } = activationByName(activation, options);
  return {
    name,
    version,
    layers: model.layers.map((layer, l) => ({
      ...(l === last && units !== undefined ? withUnits(layer, units) : layer),
      activation: l === last ? { name: ANSWERS[kind], options: {} } : hiddenActivation(slope(l + 1)),
    })),
    scaling: scalingOf(opened),
    labelNames: labelNames.map(String),
    featureNames,
  };
}

/** What the last layer does to its sums, for each kind of targets. */
const ANSWERS: Readonly<Record<TargetKind, string>> = {
  labels: 'softmax',
  flags: 'sigmoid',
  numbers: 'linear',
};

/**
 * A last layer that answers in the units of the targets: they are linear, and so is it.
 * @throws CtreError `E_UNSUPPORTED` where float32 does not hold such weights.
 */
function withUnits(
  { weights, bias }: Pick<ExportedLayer, 'weights' | 'bias'>,
  { center, scale }: TargetUnits,
): Pick<ExportedLayer, 'weights' | 'bias'> {
  const { rows, cols, indptr, indices } = weights;
  const values = weights.values.map((value) => value * scale);
  const moved = bias.map((value, output) => value * scale + center[output]);
  if (![values, moved].every((numbers) => numbers.every(Number.isFinite))) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `the targets are in units of ${scale}, and float32 does not hold the last layer's weights in them; ` +
        'train on targets in other units',
    );
  }
  return { weights: CsrMatrix.fromParts({ rows, cols, indptr, indices, values }), bias: moved };
}

/** In the formats' words: each layer has a slope of its own, below 0 for some. */
function hiddenActivation(slope: number): ExportedActivation {
  // The kernels have it as a number of 32 bits.
  const rounded = Math.fround(slope);
  if (rounded === 0) return { name: 'relu', options: {} };
  if (rounded === 1) return { name: 'linear', options: {} };
  return { name: 'leakyRelu', options: { slope: rounded } };
}

function scalingOf({ model, scaler, pipeline, inputs }: OpenedModel): ExportedModel['scaling'] {
  if (pipeline !== undefined) return pipeline.scaling;
  // A program that saves a model may keep no scaler, and yet have scaled its rows.
  if (model.metadata.scaler === undefined) return 'unknown';
  const { kind, offset, scale } = scaler;
  if (kind === 'none') return 'unscaled';
  if (offset.length === inputs) return { offset, scale };
  throw new CtreError(
    'E_FORMAT',
    `the model's scaler is for ${offset.length} features; expected ${inputs}, the network's inputs`,
  );
}

/** @throws CtreError `E_UNSUPPORTED` for an activation that a format has no words for. */
export function writtenActivation<T>(
  format: string,
  table: Readonly<Record<string, T>>,
  { name }: ExportedActivation,
): T {
  if (Object.hasOwn(table, name)) return table[name];
  throw new CtreError(
    'E_UNSUPPORTED',
    `--to ${format} cannot write the activation ${name}; it knows ${Object.keys(table).join(', ')}`,
  );
}

/** The slope below 0 of a leaky ReLU. */
export function slopeOf({ options: { slope } }: ExportedActivation): number {
  if (typeof slope === 'number' && Number.isFinite(slope)) return slope;
  throw new CtreError('E_FORMAT', 'the model has a leakyRelu without a slope; expected a finite number');
}

/** What the numbers are that come out of the last layer. */
export function answerName({ activation }: ExportedLayer): 'probabilities' | 'outputs' {
  return activation.name === 'softmax' || activation.name === 'sigmoid' ? 'probabilities' : 'outputs';
}
