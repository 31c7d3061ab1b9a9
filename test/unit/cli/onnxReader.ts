// A reader of ONNX files for tests: it decodes Protocol Buffers by the format's own description (onnx.proto)
// and evaluates the few operators that the package writes, in float64.

/** A field of a message: its number, and an integer or bytes. */
type Field = readonly [number: number, value: number | Uint8Array];

interface OnnxNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: ReadonlyMap<string, number>;
}

interface OnnxTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

/** What a file says. */
export interface OnnxFile {
  readonly irVersion: number;
  readonly opset: number;
  readonly producer: string;
  readonly graph: string;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: ReadonlyMap<string, OnnxTensor>;
  /** Names and shapes; a text is a size that is open. */
  readonly input: readonly [name: string, ...shape: (number | string)[]];
  readonly output: readonly [name: string, ...shape: (number | string)[]];
  readonly metadata: Readonly<Record<string, string>>;
}

function decode(bytes: Uint8Array): Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number => {
    for (let value = 0, factor = 1; ; factor *= 128) {
      const byte = view.getUint8(at++);
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    if (key % 8 === 0) fields.push([number, varint()]);
    else if (key % 8 === 5) {
      fields.push([number, view.getFloat32(at, true)]);
      at += 4;
    } else if (key % 8 === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new Error(`field ${number} ends after the message`);
      fields.push([number, bytes.subarray(at, at + length)]);
      at += length;
    } else throw new Error(`field ${number} has wire type ${key % 8}`);
  }
  return fields;
}

const all = (fields: readonly Field[], number: number) =>
  fields.flatMap(([of, value]) => (of === number ? [value] : []));
const messages = (fields: readonly Field[], number: number): Field[][] =>
  all(fields, number).map((value) => decode(value as Uint8Array));
const integers = (fields: readonly Field[], number: number): number[] => all(fields, number).map(Number);
const strings = (fields: readonly Field[], number: number): string[] =>
  all(fields, number).map((value) => new TextDecoder().decode(value as Uint8Array));

export function readOnnx(bytes: Uint8Array): OnnxFile {
  const model = decode(bytes);
  const [graph] = messages(model, 7);
  const tensors = messages(graph, 5).map((tensor): [string, OnnxTensor] => {
    if (integers(tensor, 2)[0] !== 1) throw new Error('a tensor is no float32');
    const [raw] = all(tensor, 9);
    const dims = integers(tensor, 1);
    const data = new Float32Array((raw as Uint8Array).slice().buffer);
    if (data.length !== dims.reduce((a, b) => a * b, 1)) throw new Error('a tensor has another size');
    return [strings(tensor, 8)[0], { dims, data }];
  });
  const shapeOf = (field: number): [string, ...(number | string)[]] => {
    const [value, ...more] = messages(graph, field);
    if (more.length > 0) throw new Error('there are several');
    const [tensor] = messages(messages(value, 2)[0], 1);
    if (integers(tensor, 1)[0] !== 1) throw new Error('a value is no float32');
    const dims = messages(messages(tensor, 2)[0], 1);
    const sizes = dims.map((dim) => integers(dim, 1)[0] ?? strings(dim, 2)[0]);
    return [strings(value, 1)[0], ...sizes];
  };
  const [opset] = messages(model, 8);
  return {
    irVersion: integers(model, 1)[0],
    opset: integers(opset, 2)[0],
    producer: strings(model, 2)[0],
    graph: strings(graph, 2)[0],
    nodes: messages(graph, 1).map((node) => ({
      inputs: strings(node, 1),
      output: strings(node, 2)[0],
      type: strings(node, 4)[0],
      attributes: new Map(
        messages(node, 5).map((attribute) => {
          const [type] = integers(attribute, 20);
          return [strings(attribute, 1)[0], integers(attribute, type === 1 ? 2 : 3)[0]];
        }),
      ),
    })),
    tensors: new Map(tensors),
    input: shapeOf(11),
    output: shapeOf(12),
    metadata: Object.fromEntries(
      messages(model, 14).map((entry) => [strings(entry, 1)[0], strings(entry, 2)[0]]),
    ),
  };
}

/** The output of one row. */
export function evaluateOnnx({ nodes, tensors, input, output }: OnnxFile, row: readonly number[]): number[] {
  const values = new Map<string, readonly number[]>([[input[0], row]]);
  const known = (name: string): readonly number[] => {
    const value = values.get(name) ?? tensors.get(name)?.data;
    if (value === undefined) throw new Error(`${name} is used before it is there`);
    return [...value];
  };
  for (const { type, inputs, output: to, attributes } of nodes) {
    const [x, ...operands] = inputs.map(known);
    const columns = tensors.get(inputs[1])?.dims[1] ?? 0;
    const attribute = (name: string): number => {
      const value = attributes.get(name);
      if (value === undefined) throw new Error(`${type} has no ${name}`);
      return value;
    };
    const results: Record<string, () => number[]> = {
      Sub: () => x.map((value, j) => value - operands[0][j]),
      Div: () => x.map((value, j) => value / operands[0][j]),
      Gemm: () => {
        if (attribute('transB') !== 1) throw new Error('the weights are not transposed');
        const [weights, bias] = operands;
        return bias.map((start, i) =>
          x.reduce((sum, value, j) => sum + value * weights[i * columns + j], start),
        );
      },
      Relu: () => x.map((value) => Math.max(0, value)),
      LeakyRelu: () => x.map((value) => (value < 0 ? value * attribute('alpha') : value)),
      Sigmoid: () => x.map((value) => 1 / (1 + Math.exp(-value))),
      Softmax: () => {
        if (attribute('axis') !== 1) throw new Error('softmax is not over the classes');
        const powers = x.map((value) => Math.exp(value - Math.max(...x)));
        const sum = powers.reduce((a, b) => a + b);
        return powers.map((power) => power / sum);
      },
    };
    values.set(to, results[type]());
  }
  return [...known(output[0])];
}
