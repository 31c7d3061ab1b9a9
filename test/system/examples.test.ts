// Every example runs, and prints what it says it shows.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Budget } from '../../src/base/budget.ts';
import { decodeSafetensors, encodeSafetensors } from '../../src/files/safetensors.ts';
import { loss, SparseMLP } from '../../src/index.ts';
import { skipTest } from '../support/effort.ts';
import { root, run } from '../support/packed.ts';

const folder = join(root, 'examples');

/** What SciPy computes for the same problems: make_examples.py, beside the file, writes it. */
const scipy: {
  readonly conjugateGradient: { readonly entries: number; readonly temperatures: readonly number[] };
  readonly pageRank: {
    readonly links: number;
    readonly pages: readonly number[];
    readonly ranks: readonly number[];
  };
  readonly truncatedSvd: { readonly ratings: number; readonly values: readonly number[] };
} = JSON.parse(readFileSync(join(root, 'test/fixtures/examples.json'), 'utf8'));

/** What an example has to have printed. */
const examples: Readonly<Record<string, (said: string) => void>> = {
  quickstart(said) {
    expect(number(said, /Right on ([\d.]+) %/)).toBeGreaterThan(90);
    expect(said).toMatch(/of class 0 with probability [01]\.\d{3}\.$/m);
  },
  text(said) {
    // What a reader sees of the four sentences at once.
    const shares = Array.from(said.matchAll(/kitchen ([\d.]+) {2}sky ([\d.]+)/g), ([, a, b]) => [+a, +b]);
    expect(shares.map(([kitchen, sky]) => kitchen > 0.8 && sky < 0.2)).toEqual([true, false, true, false]);
    expect(shares.map(([kitchen, sky]) => kitchen < 0.2 && sky > 0.8)).toEqual([false, true, false, true]);
  },
  featureSelection(said) {
    // Of 200 features 20 mean something: by chance 2 of the 20 would be among them.
    expect(number(said, /before training +(\d+)/)).toBeLessThan(6);
    expect(number(said, /after epoch +60 +(\d+)/)).toBeGreaterThan(17);
  },
  quickSelection(said) {
    // Of 200 features 20 hang together: by chance 2 of the 20 would be among them.
    expect(number(said, /before training +(\d+)/)).toBeLessThan(6);
    expect(number(said, /after epoch +10 +(\d+)/)).toBeGreaterThan(17);
    // Of 2000 rows 100 were changed: by chance 5 would be among the 100.
    expect(number(said, /largest error are (\d+)/)).toBeGreaterThan(75);
  },
  ownTopology(said) {
    const accuracy = number(said, /paths +validation ([\d.]+) %/);
    expect(accuracy).toBeGreaterThan(number(said, /set +validation ([\d.]+) %/));
    expect(accuracy).toBeGreaterThan(90);
    // Of 200 features 20 mean something: by chance they have 10 % of the connections.
    const shares = Array.from(said.matchAll(/of 200 have (\d+) %/g), ([, share]) => +share);
    expect(shares.length).toBe(2);
    expect(shares[0]).toBeGreaterThan(shares[1] + 20);
  },
  resume(said) {
    expect(said).toMatch(/another process: epoch 5 of 12\nKilled\..*\n {2}this process: epoch 6\n/);
    expect(said).toMatch(/^Every bit as if it had never stopped\.$/m);
  },
  neighbours(said) {
    const pairs = Array.from(said.matchAll(/^(.*?) {2,}([\d.]+) {2}(.*)$/gm), ([, ...pair]) => pair);
    expect(pairs.length).toBe(12);
    const sentences = pairs.map(([sentence]) => sentence);
    for (const [sentence, similarity, nearest] of pairs) {
      const others = sentences.filter((other) => other !== sentence);
      const best = Math.max(...others.map((other) => cosine(sentence, other, sentences)));
      expect(cosine(sentence, nearest, sentences), sentence).toBeCloseTo(best, 5);
      expect(Number(similarity), sentence).toBeCloseTo(best, 2);
    }
  },
  conjugateGradient(said) {
    const { entries, temperatures } = scipy.conjugateGradient;
    expect(number(said, /(\d+) entries/)).toBe(entries);
    expect(number(said, /: (\d+) steps/)).toBeLessThan(200);
    const found = Array.from(said.matchAll(/point +\d+ +([\d.]+)$/gm), ([, value]) => +value);
    expect(found.length).toBe(temperatures.length);
    temperatures.forEach((wanted, at) => {
      expect(Math.abs(found[at] - wanted), `${at}`).toBeLessThan(1e-3);
    });
  },
  pageRank(said) {
    const { links, pages, ranks } = scipy.pageRank;
    expect(number(said, /(\d+) links/)).toBe(links);
    const found = Array.from(said.matchAll(/page +(\d+) +(\S+)$/gm), ([, page, rank]) => [+page, +rank]);
    expect(found.map(([page]) => page)).toEqual(pages);
    ranks.forEach((wanted, at) => {
      expect(Math.abs(found[at][1] / wanted - 1), `${at}`).toBeLessThan(1e-4);
    });
  },
  truncatedSvd(said) {
    const { ratings, values } = scipy.truncatedSvd;
    expect(number(said, /(\d+) ratings/)).toBe(ratings);
    const found = Array.from(said.matchAll(/^ +([\d.]+), [\d.]+ % of all$/gm), ([, value]) => +value);
    expect(found.length).toBe(values.length);
    values.forEach((wanted, at) => {
      expect(Math.abs(found[at] / wanted - 1), `${at}`).toBeLessThan(1e-4);
    });
  },
  python(said) {
    expect(number(said, /probabilities and ours: (\S+)/)).toBeLessThan(1e-5);
    const before = number(said, /^before: (\d+) connections/m);
    const counts = Array.from(said.matchAll(/^layer \d: .*, (\d+) connections$/gm), ([, count]) => +count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(before);
    expect(number(said, /^cut in Python: (\d+) connections/m)).toBe(before / 2);
    expect(number(said, /^cut in Python: .* ([\d.]+) % right/m)).toBeGreaterThan(80);
  },
};

/** Examples that others run: `npm run demo` in CI, the method of ownTopology.mjs, the Python half of python.mjs. */
const RUN_ELSEWHERE = ['demo.mjs', 'pathsMethod.mjs', 'python.py'];

// Of programs of their own; an arena on trial would change nothing.
describe.skipIf(process.env.CTRE_ARENA !== undefined)('the example', () => {
  it('files are all run by a test', () => {
    const files = Object.keys(examples).map((name) => `${name}.mjs`);
    const entries = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isFile());
    expect(entries.map(({ name }) => name).sort()).toEqual([...files, ...RUN_ELSEWHERE].sort());
  });

  it.for(Object.entries(examples))('%s', async ([name, check], context) => {
    const source = readFileSync(join(folder, `${name}.mjs`), 'utf8');
    expect(source.split('\n').length - 1).toBeLessThan(60);
    expect(source).toMatch(/^\/\/ Shows /);
    expect(source.replaceAll(/\n\/\/ /g, ' ')).toContain(`Run it: node examples/${name}.mjs`);
    if (name === 'python') {
      const { PYTHON = 'python3' } = process.env;
      const { status } = spawnSync(PYTHON, ['-c', 'import scipy']);
      if (status !== 0) skipTest(context, `${PYTHON} has no SciPy here`);
    }
    const { code, stdout, stderr } = await run(process.execPath, [join(folder, `${name}.mjs`)]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    check(stdout);
  });
});

// The Python half alone, on models that python.mjs does not make.
describe.skipIf(process.env.CTRE_ARENA !== undefined)('python.py', () => {
  const { PYTHON = 'python3' } = process.env;
  const hasSciPy = (): boolean => spawnSync(PYTHON, ['-c', 'import scipy']).status === 0;
  const x = Array.from({ length: 50 }, (_, row) => [Math.sin(row), Math.cos(2 * row), Math.sin(3 * row)]);
  const folder = mkdtempSync(join(tmpdir(), 'ctre-python-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What the program says of a file, and writes. */
  function read(bytes: Uint8Array): { status: number | null; stderr: string; answers: Float32Array } {
    writeFileSync(join(folder, 'model.safetensors'), bytes);
    writeFileSync(join(folder, 'samples.f32'), Float32Array.from(x.flat()));
    const program = [join(root, 'examples/python.py'), folder];
    const { status, stderr } = spawnSync(PYTHON, program, { encoding: 'utf8' });
    if (status !== 0) return { status, stderr, answers: new Float32Array(0) };
    const { buffer, byteOffset, byteLength } = readFileSync(join(folder, 'answers.f32'));
    return { status, stderr, answers: new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength)) };
  }

  const create = (made: ReturnType<typeof loss.huber>) =>
    SparseMLP.create({ layers: [3, 12, 12, 2], epsilon: 8, loss: made });
  const numbers = Float32Array.from({ length: 100 }, (_, p) => 5000 + 300 * Math.sin(p));
  const flags = numbers.map((value) => Number(value > 5000));

  it.for([
    ['classes', loss.crossEntropy(), Int32Array.from(x, (_, row) => row % 2)],
    ['several labels', loss.binaryCrossEntropy(), flags],
    ['numbers', loss.meanSquared(), numbers],
    ['numbers with Huber’s loss', loss.huber(), numbers],
  ] as const)('answers as the model does: %s', async ([, made, y], context) => {
    if (!hasSciPy()) skipTest(context, `${PYTHON} has no SciPy here`);
    const model = await create(made);
    await model.fit(x, y, { epochs: 10, batchSize: 10 });
    const { status, stderr, answers } = read(model.save());
    expect([status, stderr]).toEqual([0, '']);
    const ours = model.predict(x);
    expect(answers.length).toBe(ours.length);
    ours.forEach((value, p) => {
      expect(Math.abs(answers[p] - value)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
    });
    model.dispose();
  });

  /** The file of a model with another header. */
  function withHeader(bytes: Uint8Array, changes: object): Uint8Array {
    const { tensors, metadata } = decodeSafetensors(bytes, new Budget(bytes.length));
    const header = { ...JSON.parse(metadata.get('ctre') ?? '{}'), ...changes };
    return encodeSafetensors(tensors, { metadata: '{}', ctre: JSON.stringify(header) });
  }

  it.for([
    ['linear', {}, [1, 1]],
    ['leaky-relu', { slope: 0.1 }, [0.1, 0.1]],
    ['all-relu', { slope: 0.6 }, [-0.6, 0.6]],
  ] as const)('knows %s between the layers', async ([name, options, slopes], context) => {
    if (!hasSciPy()) skipTest(context, `${PYTHON} has no SciPy here`);
    const model = await create(loss.meanSquared());
    await model.fit(x, numbers, { epochs: 2 });
    const { status, answers } = read(withHeader(model.save(), { activation: { name, options } }));
    expect(status).toBe(0);
    const { center, scale } = model.targetUnits ?? { center: [], scale: 0 };
    const layers = model.layers.map(({ weights, bias }) => ({ ...weights.toDense(), bias }));
    const truth = x.flatMap((row) => {
      const last = layers.reduce<number[]>((input, { rows, cols, data, bias }, l) => {
        const sums = Array.from({ length: rows }, (_, i) =>
          input.reduce((sum, value, j) => sum + data[i * cols + j] * value, bias[i]),
        );
        return l === 2 ? sums : sums.map((sum) => (sum > 0 ? sum : slopes[l] * sum));
      }, row);
      return last.map((sum, i) => sum * scale + center[i]);
    });
    truth.forEach((value, p) => {
      expect(Math.abs(answers[p] / value - 1)).toBeLessThan(1e-5);
    });
    model.dispose();
  });

  it.for([
    [{ loss: { name: 'hinge', options: {} } }, /the model's loss is hinge, which this program does not know/],
    [
      { activation: { name: 'swish', options: {} } },
      /the model's activation is swish, which this program does not know/,
    ],
    [{ version: 9 }, /the file has version 9; this program reads 1/],
  ] as const)('refuses what it does not know: %j', async ([changes, sentence], context) => {
    if (!hasSciPy()) skipTest(context, `${PYTHON} has no SciPy here`);
    const model = await create(loss.meanSquared());
    const { status, stderr } = read(withHeader(model.save(), changes));
    expect([status, stderr]).toEqual([1, expect.stringMatching(sentence)]);
    model.dispose();
  });
});

function number(said: string, pattern: RegExp): number {
  const [, text] = pattern.exec(said) ?? [];
  expect(text, `${pattern} in\n${said}`).toBeDefined();
  return Number(text);
}

/** The cosine of two sentences' TF-IDF vectors, computed by the definition. */
function cosine(a: string, b: string, sentences: readonly string[]): number {
  const words = (text: string): string[] => text.match(/[a-z]+/g) ?? [];
  const vocabulary = [...new Set(sentences.flatMap(words))];
  const vector = (text: string): number[] =>
    vocabulary.map((word) => {
      const holders = sentences.filter((other) => words(other).includes(word)).length;
      return words(text).filter((other) => other === word).length * Math.log(sentences.length / holders);
    });
  const dot = (u: number[], v: number[]): number => u.reduce((sum, value, i) => sum + value * v[i], 0);
  const [u, v] = [vector(a), vector(b)];
  return dot(u, v) / Math.sqrt(dot(u, u) * dot(v, v));
}
