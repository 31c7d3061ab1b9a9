// An ONNX model: https://onnx.ai/onnx/repo-docs/IR.html, the numbers of fields from onnx.proto.
import { CtreError } from '../../base/errors.ts';
import {
  answerName,
  type ExportedActivation,
  type ExportedLayer,
  type ExportedModel,
  slopeOf,
  writtenActivation,
} from './exportedModel.ts';
import {
  bytesField,
  type EncodedParts,
  floatField,
  integerField,
  messageField,
  textField,
} from './protobuf.ts';

/** The first operator set in which Softmax is over one axis; every runtime since 2021 reads it. */
export const OPSET = 13;
/** The version of the format that came with it. */
const IR_VERSION = 7;
const FLOAT = 1;

/** Readers of Protocol Buffers take messages of less than 2 GiB. */
const LARGEST = 2 ** 31 - 1;

interface Operator {
  readonly type: string;
  readonly attributes: readonly EncodedParts[];
}

/** What makes an activation of sums; undefined where they stay as they are. */
const OPERATORS: Readonly<Record<string, (activation: ExportedActivation) => Operator | undefined>> = {
  linear: () => undefined,
  relu: () => ({ type: 'Relu', attributes: [] }),
  leakyRelu: (activation) => ({
    type: 'LeakyRelu',
    attributes: [floatAttribute('alpha', slopeOf(activation))],
  }),
  sigmoid: () => ({ type: 'Sigmoid', attributes: [] }),
  softmax: () => ({ type: 'Softmax', attributes: [integerAttribute('axis', 1)] }),
};

/** Bytes of a model's file, to within its names. */
export function onnxBytes({ layers }: ExportedModel): number {
  return layers.reduce((sum, { weights: { rows, cols } }) => sum + 4 * rows * (cols + 1), 1024);
}

/** The model as an ONNX file, in pieces: Gemm over dense weights, each with its activation. */
export function onnxModel(model: ExportedModel): EncodedParts {
  const bytes = onnxBytes(model);
  if (bytes > LARGEST) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `ONNX would store every weight, ${bytes} bytes; expected fewer than 2 GiB, which is the most that a ` +
        'file may have; --to c keeps the network sparse',
    );
  }
  const { version, labelNames, featureNames } = model;
  return [
    integerField(1, IR_VERSION),
    textField(2, 'ctre'),
    textField(3, version),
    messageField(7, graph(model)),
    messageField(8, [textField(1, ''), integerField(2, OPSET)]),
    metadata('labels', labelNames),
    ...(featureNames === undefined ? [] : [metadata('features', featureNames)]),
  ].flat();
}

function metadata(key: string, names: readonly string[]): EncodedParts {
  return messageField(14, [textField(1, key), textField(2, JSON.stringify(names))]);
}

/** A graph from `x` to the answer, named as its last activation makes it. */
function graph({ name, layers, scaling }: ExportedModel): EncodedParts[] {
  const nodes: EncodedParts[] = [];
  const tensors: EncodedParts[] = [];
  const apply = (
    type: string,
    inputs: readonly string[],
    output: string,
    attributes: readonly EncodedParts[],
  ) => {
    nodes.push(
      messageField(1, [
        ...inputs.map((input) => textField(1, input)),
        textField(2, output),
        textField(3, output),
        textField(4, type),
        ...attributes,
      ]),
    );
    return output;
  };
  const constant = (key: string, dims: readonly number[], bytes: Uint8Array): string => {
    tensors.push(
      messageField(5, [
        ...dims.map((dim) => integerField(1, dim)),
        integerField(2, FLOAT),
        textField(8, key),
        bytesField(9, bytes),
      ]),
    );
    return key;
  };

  let now = 'x';
  if (typeof scaling !== 'string') {
    const { offset, scale } = scaling;
    const inputs = [offset.length];
    if (offset.some((value) => value !== 0)) {
      now = apply('Sub', [now, constant('offset', inputs, floats(offset))], 'centred', []);
    }
    if (scale.some((value) => value !== 1)) {
      now = apply('Div', [now, constant('scale', inputs, floats(scale))], 'scaled', []);
    }
  }
  const last = layers.length - 1;
  const answer = answerName(layers[last]);
  layers.forEach(({ weights, bias, activation }, l) => {
    const operator = writtenActivation('onnx', OPERATORS, activation)(activation);
    const output = l === last ? answer : `activations.${l}`;
    const operands = [
      now,
      constant(`layers.${l}.weights`, [weights.rows, weights.cols], denseBytes(weights)),
      constant(`layers.${l}.bias`, [weights.rows], floats(bias)),
    ];
    const transposed = integerAttribute('transB', 1);
    now = apply('Gemm', operands, operator === undefined ? output : `sums.${l}`, [transposed]);
    if (operator !== undefined) now = apply(operator.type, [now], output, operator.attributes);
  });
  return [
    ...nodes,
    textField(2, name),
    ...tensors,
    value(11, 'x', layers[0].weights.cols),
    value(12, answer, layers[last].weights.rows),
  ];
}

/** An input or output of any number of rows. */
function value(field: number, name: string, columns: number): EncodedParts {
  const shape = [messageField(1, [textField(2, 'rows')]), messageField(1, [integerField(1, columns)])];
  const tensor = messageField(1, [integerField(1, FLOAT), messageField(2, shape)]);
  return messageField(field, [textField(1, name), messageField(2, [tensor])]);
}

function integerAttribute(name: string, of: number): EncodedParts {
  return messageField(5, [textField(1, name), integerField(3, of), integerField(20, 2)]);
}

function floatAttribute(name: string, of: number): EncodedParts {
  return messageField(5, [textField(1, name), floatField(2, of), integerField(20, 1)]);
}

/** Numbers of 32 bits, the lowest byte first. */
function floats(numbers: ArrayLike<number>): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * numbers.length));
  for (let p = 0; p < numbers.length; p++) view.setFloat32(4 * p, numbers[p], true);
  return new Uint8Array(view.buffer);
}

/** Every weight, row by row; 0 where there is no connection. */
function denseBytes({ rows, cols, indptr, indices, values }: ExportedLayer['weights']): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * rows * cols));
  for (let row = 0; row < rows; row++) {
    for (let p = indptr[row]; p < indptr[row + 1]; p++) {
      view.setFloat32(4 * (row * cols + indices[p]), values[p], true);
    }
  }
  return new Uint8Array(view.buffer);
}
