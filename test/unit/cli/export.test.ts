// What `ctre export` writes, against the model in float64 with the error that float32 may make
// (rounding.ts): C is compiled and run, ONNX is decoded and evaluated.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { cSource } from '../../../src/cli/export/cSource.ts';
import type { ExportedActivation, ExportedModel } from '../../../src/cli/export/exportedModel.ts';
import { onnxModel } from '../../../src/cli/export/onnx.ts';
import { applyScaler, fitScaler, type Scaler, scalerToJson } from '../../../src/data/index.ts';
import { activation, CsrMatrix, optimizer, SparseMLP, topology } from '../../../src/index.ts';
import { lossByName } from '../../../src/nn/losses.ts';
import { type DenseLayer, drawLayers, openLayers, softmaxOf, sumsOf } from '../../support/denseNetwork.ts';
import { runRandom, runSeed, skipTest } from '../../support/effort.ts';
import { Approximate, type Truth } from '../../support/rounding.ts';
import { ctre, jsonLines, temporaryFolder } from './harness.ts';
import { evaluateOnnx, type OnnxFile, readOnnx } from './onnxReader.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const FLAGS = ['-std=c99', '-Wall', '-Wextra', '-Werror', '-pedantic', '-O2'];

function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const compiles = hasCompiler();
const NO_COMPILER = 'there is no C compiler here (cc)';

/** The lines that a program with the given body prints; it sees all of the source, static arrays, too. */
function runC(source: string, body: string, rows: readonly (readonly number[])[] = []): string[] {
  const [model, program] = [folder.path('model.c'), folder.path('program')];
  writeFileSync(model, source);
  // Alone, too: what includes it could declare what it lacks.
  execFileSync('cc', [...FLAGS, '-c', model, '-o', `${program}.o`], { stdio: 'pipe' });
  writeFileSync(
    `${program}.c`,
    `#include "model.c"\n#include <stdio.h>\nint main(void) {\n${body}\nreturn 0;\n}\n`,
  );
  execFileSync('cc', [...FLAGS, `${program}.c`, '-o', program, '-lm'], { stdio: 'pipe' });
  const input = Buffer.from(Float32Array.from(rows.flat()).buffer);
  return execFileSync(program, { input }).toString().trimEnd().split('\n');
}

/** What the C functions make of rows. */
function predictC(
  source: string,
  name: string,
  functions: readonly string[],
  inputs: number,
  outputs: number,
  rows: readonly (readonly number[])[],
): number[][] {
  const calls = functions.map(
    (of) => `${name}_${of}(x, y); for (c = 0; c < ${outputs}; c++) printf("%.9g ", (double)y[c]);`,
  );
  const body = `float x[${inputs}], y[${outputs}]; int c;
while (fread(x, sizeof x, 1, stdin) == 1) { ${calls.join('\n')} printf("\\n"); }`;
  return runC(source, body, rows).map((line) => line.trimEnd().split(' ').map(Number));
}

interface Problem {
  readonly layers: readonly DenseLayer[];
  readonly scaler: Scaler | undefined;
  readonly rows: number[][];
  /** [rows][outputs], by float64, for a scaler in double precision and for one in float32. */
  readonly truths: Readonly<Record<'double' | 'single', Truth[][]>>;
  readonly logits: Truth[][];
}

const shapes: Record<string, [dims: number[], density: number[]]> = {
  sparse: [
    [7, 9, 8, 3],
    [0.4, 0.3, 0.5],
  ],
  'with every connection': [
    [6, 5, 4],
    [1, 1],
  ],
  'sparse and full layers': [
    [5, 12, 6, 2],
    [1, 0.3, 1],
  ],
  'one layer': [[6, 4], [0.5]],
  wide: [
    [700, 300, 10],
    [0.02, 0.05],
  ],
};

function draw(
  title: string,
  shape: keyof typeof shapes,
  kind: 'minmax' | 'standard' | 'none' | undefined,
): Problem {
  const random = runRandom(`export ${title}`);
  const [dims, density] = shapes[shape];
  const layers = drawLayers(dims, density, random);
  const rows = Array.from({ length: 20 }, () =>
    Array.from({ length: dims[0] }, (_, j) => Math.fround((j % 3) * 100 + (j + 1) * (random.next() - 0.3))),
  );
  const scaler = kind === undefined ? undefined : fitScaler(kind, rows);
  const moved = scaler !== undefined && scaler.offset.length > 0;
  const exact = (moved ? applyScaler(scaler, rows).data : Float32Array.from(rows.flat())) ?? [];
  const scaledBy: Record<'double' | 'single', Approximate[][]> = {
    double: rows.map((row, r) => row.map((_, j) => new Approximate(exact[r * row.length + j]))),
    single: rows.map((row) =>
      row.map((value, j) => {
        if (!moved) return new Approximate(value);
        const centred = new Approximate(value).minus(Approximate.rounded(scaler.offset[j]));
        return centred.over(Approximate.rounded(scaler.scale[j]));
      }),
    ),
  };
  const logitsOf = (scaled: Approximate[][]) => scaled.map((row) => sumsOf(layers, row)[layers.length - 1]);
  return {
    ...{ layers, scaler, rows },
    logits: logitsOf(scaledBy.double),
    truths: {
      double: logitsOf(scaledBy.double).map(softmaxOf),
      single: logitsOf(scaledBy.single).map(softmaxOf),
    },
  };
}

function expectTruths(got: readonly number[], truths: readonly Truth[], what: string): void {
  expect(got).toHaveLength(truths.length);
  truths.forEach(({ value, error }, c) => {
    const say = `${what}, output ${c} is ${got[c]}, not ${value} ± ${error}; CTRE_SEED=${runSeed}`;
    expect(Math.abs(got[c] - value), say).toBeLessThanOrEqual(error);
    // Bounds that would let a wrong answer pass say nothing.
    expect(error, say).toBeLessThan(1e-2 * (1 + Math.abs(value)));
  });
}

/** The problem's model in a file, with notes as the command line keeps them. */
async function save(problem: Problem, name: string, notes: Record<string, unknown> = {}): Promise<string> {
  const path = folder.path(`${name}.safetensors`);
  const model = await openLayers(problem.layers);
  const { scaler } = problem;
  writeFileSync(path, model.save({ ...notes, ...(scaler && { scaler: scalerToJson(scaler) }) }));
  const scaled = scaler === undefined ? problem.rows : applyScaler(scaler, problem.rows);
  const outputs = problem.logits[0].length;
  // The model itself keeps the bounds, too.
  model.predict(scaled).forEach((value, p) => {
    const { value: truth, error } = problem.truths.double[Math.floor(p / outputs)][p % outputs];
    expect(Math.abs(value - truth)).toBeLessThanOrEqual(error);
  });
  model.dispose();
  return path;
}

const kinds = ['minmax', 'standard', 'none', undefined] as const;
const problems = Object.keys(shapes).flatMap((shape) =>
  kinds
    .filter((kind) => shape === 'sparse' || shape === 'one layer' || kind === 'standard')
    .map((kind) => ({ title: `${shape}, ${kind ?? 'no'} scaler`, shape, kind })),
);

describe('ctre export --to c', () => {
  it.each(problems)(
    '$title: compiles without a warning, and gives the probabilities',
    async ({ title, shape, kind }) => {
      const problem = draw(title, shape, kind);
      const path = await save(problem, 'net');
      const { code, stdout, stderr } = await ctre(['export', path, '--to', 'c']);
      expect(code).toBe(0);
      const scaling =
        kind === undefined ? 'NOT KNOWN' : kind === 'none' ? 'Scaling: none' : 'The functions scale it';
      expect(stdout).toContain(scaling);
      if (kind === undefined) expect(stderr).toMatch(/saved without a scaler/);
      else expect(stderr).toBe('');
      if (!compiles) return console.log(`not compiled: ${title}: ${NO_COMPILER}`);
      const { rows, logits, truths } = problem;
      const outputs = logits[0].length;
      const got = predictC(stdout, 'net', ['predict', 'logits'], rows[0].length, outputs, rows);
      expect(got).toHaveLength(rows.length);
      got.forEach((numbers, r) => {
        expectTruths(numbers.slice(0, outputs), truths.double[r], `row ${r}, probabilities`);
        expectTruths(numbers.slice(outputs), logits[r], `row ${r}, logits`);
      });
    },
  );

  it('keeps every bit of weights, biases and scaler', async (context) => {
    if (!compiles) return skipTest(context, NO_COMPILER);
    const extremes = [
      2 ** -149,
      2 ** -126,
      -(2 ** -149) * 8388607,
      3.4028234663852886e38,
      -1,
      16777217,
      0.1,
      1 / 3,
    ];
    const random = runRandom('bits');
    const values = [...extremes, ...Array.from({ length: 2000 }, () => random.next() - 0.5)].map(Math.fround);
    const doubles = Array.from(
      { length: values.length },
      () => random.next() * 10 ** (60 * random.next() - 30),
    );
    const [n] = [values.length];
    const indices = Int32Array.from({ length: n }, (_, j) => j);
    const weights = CsrMatrix.fromParts({ rows: 2, cols: n, indptr: [0, n, n], indices, values });
    const bias = Float32Array.of(-0, 1e-45);
    const source = [
      ...cSource({
        ...{ name: 'm', version: '0', labelNames: ['a', 'b'], featureNames: undefined },
        scaling: { offset: doubles, scale: doubles },
        layers: [{ weights, bias, activation: { name: 'linear', options: {} } }],
      }),
    ].join('');
    const dump = (name: string, type: string, bits: string, format: string): string =>
      `{ ${bits} b; unsigned i; for (i = 0; i < sizeof ${name} / sizeof(${type}); i++) {
        memcpy(&b, &${name}[i], sizeof b); printf("${format}\\n", b); } }`;
    const [single, double] = [
      ['float', 'uint32_t', '%x'],
      ['double', 'unsigned long', '%lx'],
    ] as const;
    const lines = runC(
      `#include <string.h>\n${source}`,
      [
        dump('m_values0', ...single),
        dump('m_bias0', ...single),
        dump('m_offset', ...double),
        dump('m_scale', ...double),
      ].join('\n'),
    );
    const bits = (array: Float32Array | Float64Array): string[] =>
      array instanceof Float32Array
        ? Array.from(new Uint32Array(array.buffer), (word) => word.toString(16))
        : Array.from(new BigUint64Array(array.buffer), (word) => word.toString(16));
    const want = [
      Float32Array.from(values),
      bias.slice(),
      Float64Array.from(doubles),
      Float64Array.from(doubles),
    ];
    expect(lines).toEqual(want.flatMap(bits));
  });

  it('keeps names whatever is in them', async (context) => {
    if (!compiles) return skipTest(context, NO_COMPILER);
    const labelNames = ['"a" \\ b', 'ü 漢 *' + '/ x', '??/ ??=', 'line\nbreak\u0000\t7', '%d'];
    const featureNames = ['height', 'ü', '', '1'];
    const problem = draw('names', 'one layer', 'minmax');
    const layers = drawLayers([4, 5], [0.5], runRandom('names'));
    const rows = problem.rows.map((row) => row.slice(0, 4));
    const model = await openLayers(layers);
    const path = folder.path('2 strange-names.safetensors');
    writeFileSync(
      path,
      model.save({ labelNames, featureNames, scaler: scalerToJson(fitScaler('minmax', rows)) }),
    );
    model.dispose();
    const { code, stdout } = await ctre(['export', path, '--to', 'c']);
    expect(code).toBe(0);
    // What a reader of files cut off at a zero byte is cut off in C, too.
    const print = (name: string, count: number): string =>
      `for (i = 0; i < ${count}; i++) { const char *c = ${name}[i]; for (; *c; c++) printf("%02x", ` +
      `(unsigned char)*c); printf("\\n"); }`;
    const lines = runC(
      stdout,
      `int i; ${print('model_2_strange_names_labels', 5)} ${print('model_2_strange_names_features', 4)}`,
    );
    const hex = (text: string): string => Buffer.from(text.split('\0')[0]).toString('hex');
    expect([...lines, ''].slice(0, 9)).toEqual([...labelNames, ...featureNames].map(hex));
  });
});

describe('ctre export --to onnx', () => {
  it.each(problems)('$title: gives the probabilities', async ({ title, shape, kind }) => {
    const problem = draw(title, shape, kind);
    const [path, out] = [await save(problem, 'net'), folder.path('net.onnx')];
    const { code, stdout } = await ctre(['export', path, '--to', 'onnx', '--out', out, '--json']);
    expect(code).toBe(0);
    const bytes = new Uint8Array(readFileSync(out));
    const file = readOnnx(bytes);
    const [inputs, outputs] = [problem.rows[0].length, problem.logits[0].length];
    expect(file).toMatchObject({ irVersion: 7, opset: 13, producer: 'ctre', graph: 'net' });
    expect([file.input, file.output]).toEqual([
      ['x', 'rows', inputs],
      ['probabilities', 'rows', outputs],
    ]);
    expect(JSON.parse(file.metadata.labels)).toEqual(Array.from({ length: outputs }, (_, c) => String(c)));
    const scaled = kind === 'minmax' || kind === 'standard';
    expect(file.nodes.map(({ type }) => type).slice(0, scaled ? 2 : 0)).toEqual(scaled ? ['Sub', 'Div'] : []);
    problem.rows.forEach((row, r) => {
      expectTruths(evaluateOnnx(file, row), problem.truths.single[r], `row ${r}`);
    });
    const weights = problem.layers.reduce((sum, { weights: w }) => sum + w.length * w[0].length, 0);
    const connections = problem.layers.reduce(
      (sum, { weights: w }) => sum + w.flat().filter(Boolean).length,
      0,
    );
    expect(jsonLines(stdout)).toEqual([
      {
        ...{ event: 'export', to: 'onnx', file: out, name: 'net', bytes: bytes.length, stored: weights },
        ...{ connections, weights },
        scaling: kind === undefined ? 'unknown' : scaled ? 'scaled' : 'unscaled',
      },
    ]);
  });
});

describe('activations', () => {
  const layers = drawLayers([5, 6, 4, 3], [0.5, 1, 0.6], runRandom('activations'));
  const rows = Array.from({ length: 10 }, () =>
    Array.from({ length: 5 }, () => Math.fround(runRandom('r').next())),
  );
  const model = (...activations: ExportedActivation[]): ExportedModel => ({
    ...{ name: 'a', version: '0', labelNames: ['a', 'b', 'c'], featureNames: undefined, scaling: 'unscaled' },
    layers: layers.map(({ weights, bias }, l) => ({
      weights: CsrMatrix.fromDense({
        ...{ rows: weights.length, cols: weights[0].length },
        data: Float32Array.from(weights.flat()),
      }),
      bias: Float32Array.from(bias),
      activation: activations[l],
    })),
  });
  const named = (name: string, options = {}): ExportedActivation => ({ name, options });
  const slope = Math.fround(0.3);
  const by: Record<string, (z: Approximate) => Approximate> = {
    linear: (z) => z,
    relu: ({ value, error }) => new Approximate(Math.max(0, value), error),
    leakyRelu: (z) => (z.value < 0 ? z.times(new Approximate(slope)) : z),
    sigmoid: (z) => new Approximate(1).over(new Approximate(1).plus(new Approximate(0).minus(z).exp())),
  };

  it.each([
    ['linear', 'linear', 'outputs'],
    ['leakyRelu', 'linear', 'outputs'],
    ['relu', 'sigmoid', 'probabilities'],
    ['sigmoid', 'leakyRelu', 'outputs'],
  ])('%s between the layers and %s at the end', async (hidden, last, answer) => {
    const exported = model(named(hidden, { slope }), named(hidden, { slope }), named(last, { slope }));
    const truths = rows.map((row) => {
      const sums = sumsOf(
        layers,
        row.map((value) => new Approximate(value)),
        by[hidden],
      );
      return sums[2].map(by[last]);
    });
    const pieces = onnxModel(exported).map((piece) => [...piece]);
    const file: OnnxFile = readOnnx(Uint8Array.from(pieces.flat()));
    expect(file.output[0]).toBe(answer);
    rows.forEach((row, r) => {
      expectTruths(evaluateOnnx(file, row), truths[r], `ONNX, row ${r}`);
    });
    const source = [...cSource(exported)].join('');
    expect(source).toContain(`void a_predict(const float *x, float *${answer});`);
    expect(source.includes('a_logits')).toBe(last !== 'linear');
    if (!compiles) return console.log(`not compiled: ${hidden}, ${last}: ${NO_COMPILER}`);
    predictC(source, 'a', ['predict'], 5, 3, rows).forEach((numbers, r) => {
      expectTruths(numbers, truths[r], `C, row ${r}`);
    });
  });

  it.each([
    ['all-relu', activation.allRelu({ slope: 0.375 }), ['LeakyRelu', 'LeakyRelu', 'Softmax']],
    ['leaky-relu', activation.leakyRelu({ slope: 0.1 }), ['LeakyRelu', 'LeakyRelu', 'Softmax']],
    ['linear', activation.linear(), ['Softmax']],
    ['a slope of 0', activation.leakyRelu({ slope: 0 }), ['Relu', 'Relu', 'Softmax']],
  ])('of a model are written for each layer: %s', async (_, own, types) => {
    const [path, out] = [folder.path('own.safetensors'), folder.path('own.onnx')];
    const model = await openLayers(layers, { activation: own });
    writeFileSync(path, model.save({ scaler: { kind: 'none', offset: [], scale: [] } }));
    model.dispose();
    const truths = rows.map((row) => {
      let input = row.map((value) => new Approximate(value));
      const sums = layers.map((layer, l) => {
        const [z] = sumsOf([layer], input);
        const of = new Approximate(Math.fround(own.slope(l + 1)));
        input = z.map((sum) => (sum.value > 0 ? sum : sum.times(of)));
        return z;
      });
      return softmaxOf(sums[2]);
    });
    expect((await ctre(['export', path, '--to', 'onnx', '--out', out])).code).toBe(0);
    const file = readOnnx(new Uint8Array(readFileSync(out)));
    expect(file.nodes.map(({ type }) => type).filter((type) => type !== 'Gemm')).toEqual(types);
    rows.forEach((row, r) => {
      expectTruths(evaluateOnnx(file, row), truths[r], `ONNX, row ${r}`);
    });
    const { code, stdout } = await ctre(['export', path, '--to', 'c']);
    expect(code).toBe(0);
    if (!compiles) return console.log(`not compiled: ${own.name}: ${NO_COMPILER}`);
    predictC(stdout, 'own', ['predict'], 5, 3, rows).forEach((numbers, r) => {
      expectTruths(numbers, truths[r], `C, row ${r}`);
    });
  });

  it('that a format does not know are told by their name', () => {
    const exported = model(named('swish'), named('relu'), named('softmax'));
    expect(() => [...cSource(exported)]).toThrow(
      /--to c cannot write the activation swish; it knows linear, relu/,
    );
    expect(() => onnxModel(exported)).toThrow(/--to onnx cannot write the activation swish; it knows linear/);
    const noSlope = model(named('leakyRelu'), named('relu'), named('softmax'));
    expect(() => [...cSource(noSlope)]).toThrow(/leakyRelu without a slope/);
    expect(() => onnxModel(noSlope)).toThrow(/leakyRelu without a slope/);
  });
});

describe.each([
  ['mean-squared', { data: (row: number, i: number) => 40_000 + 900 * i + 7000 * Math.sin(row + i) }],
  ['huber', { data: (row: number, i: number) => 0.001 * Math.sin(2 * row + i) - 5 }],
  ['binary-cross-entropy', { data: (row: number, i: number) => Number((row + i) % 3 === 0) }],
] as const)('a model of %s', (name, { data }) => {
  const random = runRandom(`export ${name}`);
  const [inputs, outputs] = [5, 2];
  const rows = Array.from({ length: 30 }, () =>
    Array.from({ length: inputs }, () => Math.fround(random.next() - 0.5)),
  );

  /** The file of a trained model, and what it answers by float64. */
  async function train(): Promise<{ path: string; truths: Truth[][] }> {
    const model = await SparseMLP.create({
      layers: [inputs, 8, outputs],
      epsilon: 6,
      loss: lossByName(name),
    });
    const targets = Float32Array.from({ length: rows.length * outputs }, (_, p) =>
      data(Math.floor(p / outputs), p % outputs),
    );
    await model.fit(rows, targets, { epochs: 20, batchSize: 10 });
    const labelNames = ['first', 'second'];
    const path = folder.path('net.safetensors');
    writeFileSync(path, model.save({ labelNames, scaler: '{"kind":"none","offset":[],"scale":[]}' }));
    const layers = model.layers.map(({ weights, bias }) => ({
      weights: Array.from({ length: weights.rows }, (_, i) =>
        Array.from(weights.toDense().data.subarray(i * weights.cols, (i + 1) * weights.cols)),
      ),
      bias: Array.from(bias),
    }));
    const { center, scale } = model.targetUnits ?? { center: [0, 0], scale: 1 };
    expect(scale === 1).toBe(name === 'binary-cross-entropy');
    const truths = rows.map((row) => {
      const [hidden] = sumsOf(
        layers,
        row.map((value) => new Approximate(value)),
      );
      const fired = hidden.map(({ value, error }) => new Approximate(Math.max(0, value), error));
      const { weights, bias } = layers[1];
      return weights.map((list, i) => {
        const terms = list.flatMap((w, j) =>
          w === 0 ? [] : [[Approximate.rounded(w * scale), fired[j]] as const],
        );
        const sum = Approximate.inner(Approximate.rounded(bias[i] * scale + center[i]), terms);
        if (name !== 'binary-cross-entropy') return sum;
        return new Approximate(1).over(new Approximate(1).plus(new Approximate(0).minus(sum).exp()));
      });
    });
    // What the model itself answers is the same, to within a step of float32 more.
    model.predict(rows).forEach((value, p) => {
      const truth = truths[Math.floor(p / outputs)][p % outputs];
      expect(Math.abs(value - truth.value)).toBeLessThanOrEqual(2 * truth.error);
    });
    model.dispose();
    return { path, truths };
  }

  const answer = name === 'binary-cross-entropy' ? 'probabilities' : 'outputs';

  it('answers in C in the units of its targets', async () => {
    const { path, truths } = await train();
    const { code, stdout } = await ctre(['export', path, '--to', 'c']);
    expect(code).toBe(0);
    expect(stdout).toContain(`void net_predict(const float *x, float *${answer});`);
    expect(stdout).toContain('"first",\n    "second",');
    if (!compiles) return console.log(`not compiled: ${name}: ${NO_COMPILER}`);
    predictC(stdout, 'net', ['predict'], inputs, outputs, rows).forEach((numbers, r) => {
      expectTruths(numbers, truths[r], `row ${r}`);
    });
  });

  it('answers in ONNX in the units of its targets', async () => {
    const { path, truths } = await train();
    const out = folder.path('net.onnx');
    expect((await ctre(['export', path, '--to', 'onnx', '--out', out])).code).toBe(0);
    const file = readOnnx(new Uint8Array(readFileSync(out)));
    expect(file.output).toEqual([answer, 'rows', outputs]);
    rows.forEach((row, r) => {
      expectTruths(evaluateOnnx(file, row), truths[r], `row ${r}`);
    });
  });
});

it('a model whose units float32 does not hold is refused', async () => {
  const model = await SparseMLP.create({ layers: [2, 1], topology: topology.dense() });
  const targets = Float32Array.of(3e38, -3e38, 2e38, 1e38);
  await model.fit(
    [
      [1, 0],
      [0, 1],
      [1, 1],
      [0, 0],
    ],
    targets,
    { epochs: 400, optimizer: optimizer.adam({ learningRate: 0.1 }) },
  );
  const path = folder.path('vast.safetensors');
  writeFileSync(path, model.save());
  model.dispose();
  const { code, stderr } = await ctre(['export', path, '--to', 'c']);
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/float32 does not hold the last layer's weights/),
  ]);
});

describe('ctre export', () => {
  it('says what it wrote, and how much of it is zeros', async () => {
    const path = await save(draw('words', 'wide', 'minmax'), 'wide');
    const connections = draw('words', 'wide', 'minmax')
      .layers.flatMap(({ weights }) => weights.flat())
      .filter(Boolean);
    for (const [to, words] of [
      ['onnx', `213000 weights, ${213000 - connections.length} of them zeros.`],
      ['c', `${connections.length} weights.`],
    ]) {
      const out = folder.path(`wide.${to}`);
      const { code, stdout } = await ctre(['export', path, '--to', to, '--out', out]);
      expect(code).toBe(0);
      expect(stdout).toContain(`${readFileSync(out).length} bytes, ${words}`);
      expect(stdout).toContain('It scales the rows itself');
    }
  });

  it('refuses files that are hardly meant, and those that cannot be', async () => {
    const large = async (inputs: number, outputs: number, ...more: string[]) => {
      const weights = CsrMatrix.fromCoo({ ...{ rows: outputs, cols: inputs }, ...ONE_ENTRY });
      const model = await SparseMLP.fromWeights([{ weights, bias: new Float32Array(outputs) }]);
      const path = folder.path('large.safetensors');
      writeFileSync(path, model.save());
      model.dispose();
      return ctre(['export', path, '--to', 'onnx', '--out', folder.path('large.onnx'), ...more]);
    };
    const first = await large(9000, 8000);
    expect([first.code, first.stderr]).toEqual([
      2,
      expect.stringMatching(/about 274\.7 MiB, zeros and all.*--force/),
    ]);
    const second = await large(30000, 20000, '--force');
    expect([second.code, second.stderr]).toEqual([2, expect.stringMatching(/fewer than 2 GiB.*--to c/)]);
  });

  it.each([
    ['no format', [], /--to is missing; expected one of c, onnx/],
    ['another format', ['--to', 'rust'], /--to is "rust"; expected one of c, onnx/],
    ['ONNX to a terminal', ['--to', 'onnx'], /onnx is no text, and none is named; name one with --out/],
    ['--json about nothing', ['--to', 'c', '--json'], /--json is about a file/],
    ['a name that C does not take', ['--to', 'c', '--name', '1x'], /--name is "1x"; expected a letter/],
    ['a name that injects', ['--to', 'c', '--name', 'a;b'], /--name is "a;b"/],
  ])('takes mistakes for what they are: %s', async (_, argv, sentence) => {
    const path = await save(draw('mistakes', 'one layer', 'minmax'), 'mistakes');
    const { code, stdout, stderr } = await ctre(['export', path, ...argv]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('does not write over the model, and refuses a scaler of another size', async () => {
    const problem = draw('sizes', 'one layer', 'minmax');
    const path = await save(problem, 'sizes');
    const over = await ctre(['export', path, '--to', 'c', '--out', path]);
    expect([over.code, over.stderr]).toEqual([2, expect.stringMatching(/is what is read from/)]);
    const scaler = scalerToJson(
      fitScaler('minmax', [
        [1, 2],
        [3, 4],
      ]),
    );
    const model = await openLayers(problem.layers);
    writeFileSync(path, model.save({ scaler }));
    model.dispose();
    const other = await ctre(['export', path, '--to', 'c']);
    expect([other.code, other.stderr]).toEqual([
      2,
      expect.stringMatching(/scaler is for 2 features; expected 6/),
    ]);
  });
});

const ONE_ENTRY = { row: [0], col: [0], values: [1] };
