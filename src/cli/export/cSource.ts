// A model as one file of C99 that needs nothing but the standard headers.
import { CtreError, show } from '../../base/errors.ts';
import type { CsrMatrix } from '../../matrix/csrMatrix.ts';
import {
  answerName,
  type ExportedActivation,
  type ExportedLayer,
  type ExportedModel,
  slopeOf,
  writtenActivation,
} from './exportedModel.ts';

/** An activation of n sums at y, in place: its function, and what its call has besides. */
interface CActivation {
  readonly source: readonly string[];
  readonly call: (activation: ExportedActivation) => string;
}

/** C's functions for the activations; none for sums that stay as they are. */
const ACTIVATIONS: Readonly<Record<string, CActivation | undefined>> = {
  linear: undefined,
  relu: {
    source: [
      'static void NAME_relu(float *y, uint32_t n)',
      '{',
      '    uint32_t i;',
      '    for (i = 0; i < n; i++) if (y[i] < 0.0f) y[i] = 0.0f;',
      '}',
    ],
    call: () => '',
  },
  leakyRelu: {
    source: [
      'static void NAME_leakyRelu(float *y, uint32_t n, float slope)',
      '{',
      '    uint32_t i;',
      '    for (i = 0; i < n; i++) if (y[i] < 0.0f) y[i] *= slope;',
      '}',
    ],
    call: (activation) => `, ${floatText(Math.fround(slopeOf(activation)))}`,
  },
  sigmoid: {
    source: [
      'static void NAME_sigmoid(float *y, uint32_t n)',
      '{',
      '    uint32_t i;',
      '    for (i = 0; i < n; i++) y[i] = (float)(1.0 / (1.0 + exp(-(double)y[i])));',
      '}',
    ],
    call: () => '',
  },
  softmax: {
    source: [
      'static void NAME_softmax(float *y, uint32_t n)',
      '{',
      '    double largest = y[0], sum = 0.0;',
      '    uint32_t i;',
      '    for (i = 1; i < n; i++) if (y[i] > largest) largest = y[i];',
      '    for (i = 0; i < n; i++) sum += exp(y[i] - largest);',
      '    for (i = 0; i < n; i++) y[i] = (float)(exp(y[i] - largest) / sum);',
      '}',
    ],
    call: () => '',
  },
};

/** Characters that a connection takes: a weight and its index. */
const C_CONNECTION_BYTES = 24;
/** Of a neuron: its bias and its offset. */
const C_NEURON_BYTES = 24;
/** The characters of a string that every compiler of C99 takes. */
const LONGEST_TEXT = 4095;
/** Columns of a line of numbers. */
const LINE_WIDTH = 100;

/** Bytes of a model's source, about. */
export function cBytes({ layers, scaling }: ExportedModel): number {
  const columns = typeof scaling === 'string' ? 0 : scaling.offset.length;
  return layers.reduce(
    (sum, { weights: { rows, nnz } }) => sum + C_NEURON_BYTES * rows + C_CONNECTION_BYTES * nnz,
    8192 + 2 * C_NEURON_BYTES * columns,
  );
}

/** The model as C99, piece by piece. @throws CtreError `E_UNSUPPORTED` for what it cannot be written with. */
export function* cSource(model: ExportedModel): Generator<string> {
  const { name, layers, scaling, labelNames, featureNames } = model;
  const last = layers[layers.length - 1];
  const hasLogits = last.activation.name !== 'linear';
  const answer = answerName(last);
  yield `${head(model).join('\n')}\n\n`;
  yield '#include <math.h>\n#include <stdint.h>\n\n';
  if (hasLogits) yield `void ${name}_logits(const float *x, float *logits);\n`;
  yield `void ${name}_predict(const float *x, float *${answer});\n\n`;
  yield texts(`${name}_labels`, labelNames);
  if (featureNames !== undefined) yield texts(`${name}_features`, featureNames);
  if (typeof scaling !== 'string') {
    yield* array('double', `${name}_offset`, scaling.offset, doubleText);
    yield* array('double', `${name}_scale`, scaling.scale, doubleText);
  }
  const index = layers.some(({ weights: { cols } }) => cols > 2 ** 16) ? 'uint32_t' : 'uint16_t';
  for (const [l, { weights, bias }] of layers.entries()) {
    if (!hasAll(weights)) {
      yield* array('uint32_t', `${name}_indptr${l}`, weights.indptr, String);
      yield* array(index, `${name}_indices${l}`, weights.indices, String);
    }
    yield* array('float', `${name}_values${l}`, weights.values, floatText);
    yield* array('float', `${name}_bias${l}`, bias, floatText);
  }
  yield* functions(model, index);
  if (!hasLogits) {
    yield body(`void ${name}_predict(const float *x, float *${answer})`, steps(model, answer, true));
    return;
  }
  yield body(`void ${name}_logits(const float *x, float *logits)`, steps(model, 'logits', false));
  yield body(`void ${name}_predict(const float *x, float *${answer})`, [
    `${name}_logits(x, ${answer});`,
    activate(name, last, answer),
  ]);
}

/** The comment that the file begins with. */
function head({ name, version, layers, scaling, featureNames }: ExportedModel): string[] {
  const last = layers[layers.length - 1];
  const answer = answerName(last);
  const [inputs, outputs] = [layers[0].weights.cols, last.weights.rows];
  const hasLogits = last.activation.name !== 'linear';
  const order = featureNames === undefined ? '' : `, in the order of ${name}_features`;
  return [
    `/* A sparse neural network, written by ctre ${version}. C99, no memory from the heap.`,
    ' *',
    ` *     void ${name}_predict(const float *x, float *${answer});`,
    ...(hasLogits ? [` *     void ${name}_logits(const float *x, float *logits);`] : []),
    ` *     extern const char *const ${name}_labels[${outputs}];`,
    ...(featureNames === undefined ? [] : [` *     extern const char *const ${name}_features[${inputs}];`]),
    ' *',
    ` * x: one row of ${inputs} features${order}.`,
    ` * ${answer}: ${outputs} numbers, in the order of ${name}_labels.`,
    ...(hasLogits ? [` * logits: the same numbers before ${last.activation.name}.`] : []),
    ' *',
    ...SCALING_WORDS[typeof scaling === 'string' ? scaling : 'scaled'],
    ' *',
    ' * Layers:',
    ...layers.map(({ weights: { rows, cols, nnz }, activation }) => {
      return ` *     ${cols} -> ${rows}, ${activation.name}, ${nnz} of ${rows * cols} connections`;
    }),
    ' *',
    ' * The functions share buffers: only one thread at a time may call them. */',
  ];
}

const SCALING_WORDS = {
  scaled: [
    ' * Scaling: x is a row as the dataset has it. The functions scale it as the training rows were scaled.',
  ],
  unscaled: [
    ' * Scaling: none. The network was trained on rows as the dataset has them, and x is such a row.',
  ],
  unknown: [
    ' * Scaling: NOT KNOWN, because the model was saved without a scaler. Where the training rows were ' +
      'scaled,',
    ' * x has to be scaled in the same way first. The functions take it as it is.',
  ],
} as const;

/** The functions that the network's layers need. */
function* functions({ name, layers, scaling }: ExportedModel, index: string): Generator<string> {
  const sizes = [0, 1].map((parity) =>
    layers
      .map(({ weights: { cols } }, l) =>
        l % 2 === parity && (l > 0 || typeof scaling !== 'string') ? cols : 0,
      )
      .reduce((most, size) => Math.max(most, size), 0),
  );
  for (const [b, size] of sizes.entries()) if (size > 0) yield `static float ${name}_buffer${b}[${size}];\n`;
  yield '\n';
  if (layers.some(({ weights }) => !hasAll(weights))) {
    yield `/* y = W x + bias over the connections that W has. */
static void ${name}_sparse(const uint32_t *indptr, const ${index} *indices, const float *values,
                           const float *bias, const float *x, float *y, uint32_t outputs)
{
    uint32_t i, p;
    for (i = 0; i < outputs; i++) {
        float sum = bias[i];
        for (p = indptr[i]; p < indptr[i + 1]; p++) sum += values[p] * x[indices[p]];
        y[i] = sum;
    }
}

`;
  }
  if (layers.some(({ weights }) => hasAll(weights))) {
    yield `/* y = W x + bias with every connection. */
static void ${name}_dense(const float *values, const float *bias, const float *x, float *y,
                          uint32_t inputs, uint32_t outputs)
{
    uint32_t i, j;
    for (i = 0; i < outputs; i++) {
        float sum = bias[i];
        for (j = 0; j < inputs; j++) sum += values[j] * x[j];
        values += inputs;
        y[i] = sum;
    }
}

`;
  }
  const used = new Set(layers.map(({ activation }) => writtenActivation('c', ACTIVATIONS, activation)));
  for (const activation of used) {
    if (activation !== undefined) yield `${activation.source.join('\n').replaceAll('NAME', name)}\n\n`;
  }
}

/** The statements from `x` to the last layer's sums in `answer`, and beyond if `activated`. */
function steps({ name, layers, scaling }: ExportedModel, answer: string, activated: boolean): string[] {
  const buffer = (l: number): string => `${name}_buffer${l % 2}`;
  const lines: string[] = [];
  if (typeof scaling !== 'string') {
    lines.push(
      'uint32_t j;',
      `for (j = 0; j < ${scaling.offset.length}; j++) {`,
      `    ${buffer(0)}[j] = (float)((x[j] - ${name}_offset[j]) / ${name}_scale[j]);`,
      '}',
    );
  }
  layers.forEach((layer, l) => {
    const { weights, bias } = layer;
    const isLast = l === layers.length - 1;
    const x = l > 0 || typeof scaling !== 'string' ? buffer(l) : 'x';
    const y = isLast ? answer : buffer(l + 1);
    const [values, biases] = [`${name}_values${l}`, `${name}_bias${l}`];
    lines.push(
      hasAll(weights)
        ? `${name}_dense(${values}, ${biases}, ${x}, ${y}, ${weights.cols}, ${bias.length});`
        : `${name}_sparse(${name}_indptr${l}, ${name}_indices${l}, ${values}, ${biases}, ${x}, ${y}, ` +
            `${bias.length});`,
    );
    if (!isLast || activated) lines.push(activate(name, layer, y));
  });
  return lines.filter((line) => line !== '');
}

/** The call of a layer's activation; empty where sums stay as they are. */
function activate(name: string, { activation, bias }: ExportedLayer, y: string): string {
  const written = writtenActivation('c', ACTIVATIONS, activation);
  if (written === undefined) return '';
  return `${name}_${activation.name}(${y}, ${bias.length}${written.call(activation)});`;
}

function body(signature: string, lines: readonly string[]): string {
  return `${signature}\n{\n${lines.map((line) => `    ${line}\n`).join('')}}\n\n`;
}

/** A constant array, in lines of about the same width. None is empty: every layer has a connection. */
function* array(
  type: string,
  name: string,
  numbers: ArrayLike<number>,
  format: (value: number) => string,
): Generator<string> {
  yield `static const ${type} ${name}[${numbers.length}] = {`;
  let line = '';
  for (let p = 0; p < numbers.length; p++) {
    const text = `${format(numbers[p])},`;
    if (line.length + 1 + text.length > LINE_WIDTH) {
      yield `\n   ${line}`;
      line = '';
    }
    line += ` ${text}`;
  }
  yield `\n   ${line}\n};\n`;
}

function texts(name: string, names: readonly string[]): string {
  return (
    `const char *const ${name}[${names.length}] = ` +
    `{\n${names.map((text) => `    ${stringText(text)},\n`).join('')}};\n`
  );
}

/** A string of C: UTF-8, whatever the compiler takes the source for. A ? could begin a trigraph. */
function stringText(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > LONGEST_TEXT) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `the name ${show(text)} has ${bytes.length} bytes; expected at most ${LONGEST_TEXT} in C`,
    );
  }
  const characters = Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return /[ -~]/.test(character) && !/["\\?]/.test(character)
      ? character
      : `\\${byte.toString(8).padStart(3, '0')}`;
  });
  return `"${characters.join('')}"`;
}

/** Nine digits tell any two numbers of 32 bits apart. */
function floatText(value: number): string {
  return `${doubleText(value === 0 ? value : Number(value.toPrecision(9)))}f`;
}

/** A number so that a compiler reads the same bits. */
function doubleText(value: number): string {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Whether a layer has every connection: then its values are the dense matrix. */
function hasAll({ rows, cols, nnz }: CsrMatrix): boolean {
  return nnz === rows * cols;
}
