import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { getEngine } from '../../src/engine/engine.ts';
import { init, optimizer, SparseMLP, topology } from '../../src/index.ts';
import { methods } from '../../src/topology/methods.ts';
import { effort, runSeed } from '../support/effort.ts';
import { quadrants } from '../support/problems.ts';
import { peakBytes } from './fuzz/memory.ts';
import {
  modelParts,
  modelSeeds,
  packCheckpoint,
  packModel,
  unpackCheckpoint,
  withHeader,
} from './fuzz/models.ts';
import { bitFlips, cuts, PROTOTYPE_KEYS, wrongFile } from './fuzz/mutate.ts';
import { tryAll } from './fuzz/watch.ts';

const INPUTS = effort(2000, 100_000);
const MIB = 1 << 20;

/** Loads the model, and uses it. */
async function use(bytes: Uint8Array): Promise<void> {
  const model = await SparseMLP.load(bytes, { prepared: true });
  try {
    const { layers } = model;
    const cols = layers[0].inDim;
    const probabilities = model.predict({ rows: 1, cols, data: new Float32Array(cols) });
    expect(probabilities).toHaveLength(layers[layers.length - 1].outDim);
    // Weights that overflow give NaN, as they do in any network.
    const again = await SparseMLP.load(model.save());
    expect([again.method, again.epochs, again.nnz]).toEqual([model.method, model.epochs, model.nnz]);
    again.dispose();
  } finally {
    model.dispose();
  }
}

const changeAll = (bytes: Uint8Array, change: (bytes: Uint8Array) => Uint8Array): Uint8Array => change(bytes);

let blocks: number;
beforeAll(() => init());
beforeEach(() => {
  blocks = getEngine().arena.usage().blocks;
});
afterEach(() => {
  expect(getEngine().arena.usage().blocks).toBe(blocks);
});

describe(`loading a model (CTRE_SEED=${runSeed})`, () => {
  it('works for the seeds', async () => {
    for (const { inside, pack } of modelSeeds) await use(pack(inside));
  });

  it(`of ${INPUTS} mutated files gives an error of ours, or a model that works`, async () => {
    function* inputs() {
      for (let index = 0; index < INPUTS; index++) {
        const { title, packed } = wrongFile('model', index, modelSeeds, changeAll);
        yield { title, input: packed };
      }
    }
    const tally = await tryAll(inputs(), use);
    expect(tally.valid).toBeGreaterThan(INPUTS / 100);
    expect(tally.errors.E_FORMAT).toBeGreaterThan(INPUTS / 20);
  });

  it('cut anywhere, or with any bit flipped, gives the same', async () => {
    function* inputs() {
      for (const { name, inside, pack } of modelSeeds.slice(0, effort(1, modelSeeds.length))) {
        const whole = pack(inside);
        for (const { title, bytes } of [...cuts(whole), ...bitFlips(whole)]) {
          yield { title: `${name} ${title}`, input: bytes };
        }
      }
    }
    await tryAll(inputs(), use);
  });
});

describe(`taking up a checkpoint (CTRE_SEED=${runSeed})`, () => {
  const problem = quadrants(20, 4);
  const options = { epochs: 4, validationSplit: 0.2, batchSize: 5 };

  /** Goes on with the training. It may end with an error that training may end with. */
  async function takeUp(bytes: Uint8Array): Promise<void> {
    const model = await SparseMLP.resume(bytes);
    try {
      const { layers } = model;
      const isOurs = layers[0].inDim === 4 && layers[layers.length - 1].outDim === 4;
      if (isOurs) await model.fit(problem.x, problem.y, options);
      else model.predict({ rows: 1, cols: layers[0].inDim, data: new Float32Array(layers[0].inDim) });
      await use(model.save());
    } finally {
      model.dispose();
    }
  }

  async function seedOf(
    name: string,
    method: Parameters<typeof SparseMLP.create>[0]['topology'],
    adam: boolean,
  ) {
    const model = await SparseMLP.create({ layers: [4, 6, 4], epsilon: 1, topology: method });
    const wanted = { ...options, ...(adam && { optimizer: optimizer.adam() }) };
    for await (const { epoch } of model.train(problem.x, problem.y, wanted)) if (epoch === 2) break;
    const inside = unpackCheckpoint(model.checkpoint({ note: 'x' }));
    model.dispose();
    return { name, inside, pack: packCheckpoint };
  }

  const seeds = async () => [
    await seedOf('ctre-seq', topology.ctreSeq(), false),
    await seedOf('prune with Adam', topology.prune(), true),
  ];

  it('works for the seeds, which are packed as they came', async () => {
    for (const { inside, pack } of await seeds()) {
      const model = await SparseMLP.resume(pack(inside));
      expect(pack(unpackCheckpoint(model.checkpoint()))).toEqual(model.checkpoint());
      model.dispose();
    }
    const [{ inside, pack }] = await seeds();
    await takeUp(pack(inside));
  });

  it(`of ${INPUTS} mutated ones gives an error of ours, or a training that goes on`, async () => {
    const all = await seeds();
    function* inputs() {
      for (let index = 0; index < INPUTS; index++) {
        const { title, packed } = wrongFile('checkpoint', index, all, changeAll);
        yield { title, input: packed };
      }
    }
    const tally = await tryAll(inputs(), takeUp);
    expect(tally.valid).toBeGreaterThan(INPUTS / 100);
    expect(tally.errors.E_FORMAT).toBeGreaterThan(INPUTS / 20);
  });
});

const tiny = { rows: 1, cols: 1, indptr: [0, 1], indices: [0] };
const packed = (parts: Parameters<typeof modelParts>[0]): Uint8Array => packModel(modelParts(parts));

describe('a model’s file', () => {
  it.each(PROTOTYPE_KEYS)('with the key %s anywhere is refused, or gives a model that works', async (key) => {
    const value = { polluted: true };
    const inSettings = (settings: object) => packed({ layers: [tiny], settings });
    // JSON.parse makes own keys of all of them; a literal would not.
    const own = (of: object): object => JSON.parse(JSON.stringify(of).replace('KEY', key));
    const inputs = [
      inSettings(own({ KEY: value })),
      inSettings({ topology: { name: key, options: {} } }),
      inSettings({ topology: own({ name: 'set', options: { KEY: value } }) }),
      inSettings({ initializer: { name: key, options: {} } }),
      inSettings({ growInitializer: own({ name: 'uniform', options: { KEY: 1 } }) }),
      packed({ layers: [tiny], metadata: own({ KEY: value }) }),
      withHeader(`{"${key}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`, new Uint8Array(0)),
      withHeader(`{"a":{"dtype":"${key}","shape":[0],"data_offsets":[0,0]}}`, new Uint8Array(0)),
      withHeader(`{"__metadata__":{"${key}":"x","ctre":"{}"}}`, new Uint8Array(0)),
    ];
    await tryAll(
      inputs.map((input, index) => ({ title: `${key} in place ${index}`, input })),
      use,
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect('polluted' in {}).toBe(false);
  });

  it('keeps the keys of its metadata, whatever they are', async () => {
    const metadata = JSON.parse('{"__proto__":{"a":1},"constructor":2}');
    const model = await SparseMLP.load(packed({ layers: [tiny], metadata }));
    expect(Object.keys(model.metadata)).toEqual(['__proto__', 'constructor']);
    model.dispose();
  });

  it.each([
    ['1e999', 'E_FORMAT'],
    ['null', 'E_FORMAT'],
    ['-0.5', undefined],
  ])('with the seed %s', async (seed, code) => {
    const parts = modelParts({ layers: [tiny], settings: { seed: 'SEED' } });
    const settings = Buffer.from(Buffer.from(parts.settings).toString().replace('"SEED"', seed));
    const { errors } = await tryAll([{ title: seed, input: packModel({ ...parts, settings }) }], use);
    expect(Object.keys(errors)).toEqual(code === undefined ? [] : [code]);
  });
});

describe('the number of epochs', () => {
  it.each(['-0', '-0.0'])('%s is 0', async (epochs) => {
    const parts = modelParts({ layers: [tiny], settings: { epochs: 'EPOCHS' } });
    const settings = Buffer.from(Buffer.from(parts.settings).toString().replace('"EPOCHS"', epochs));
    const model = await SparseMLP.load(packModel({ ...parts, settings }));
    expect(model.epochs).toBe(0);
    model.dispose();
  });
});

describe('loading takes at most 4 × the file + 64 MiB', () => {
  const wide = { rows: 1, cols: 2 ** 31 - 1, indptr: [0, 1], indices: [5] };
  const tall = 1 << 14;
  const square = {
    rows: tall,
    cols: tall,
    indptr: Array.from({ length: tall + 1 }, (_, row) => row),
    indices: Array.from({ length: tall }, (_, row) => row),
  };
  const rows = effort(1 << 9, 1 << 12);
  const big = {
    rows,
    cols: 2048,
    indptr: Array.from({ length: rows + 1 }, (_, row) => row << 10),
    indices: Array.from({ length: rows << 10 }, (_, p) => 2 * (p & 1023)),
  };
  const json = (content: string): Uint8Array => withHeader(content, new Uint8Array(0));
  const nested = effort(1, 8) * MIB;

  it.each<[string, () => Uint8Array, string?]>([
    ['more inputs than memory', () => packed({ layers: [wide] }), 'E_MEMORY'],
    ...Object.keys(methods).map((name): [string, () => Uint8Array] => [
      `few connections of many, as ${name}`,
      () => packed({ layers: [square], settings: { topology: { name, options: {} } } }),
    ]),
    ['many connections', () => packed({ layers: [big] })],
    ['a header of open brackets', () => json(`{"a":${'['.repeat(nested)}}`), 'E_MEMORY'],
    ['a header of arrays', () => json(`{"a":[${'[],'.repeat(nested)}[]]}`), 'E_MEMORY'],
    ['a header of objects', () => json(`{"a":[${'{},'.repeat(nested)}{}]}`), 'E_MEMORY'],
    [
      'metadata of arrays',
      () => packed({ layers: [tiny], metadata: { a: Array.from({ length: nested }, () => []) } }),
      'E_MEMORY',
    ],
    ['metadata that is one text', () => packed({ layers: [tiny], metadata: { a: 'x'.repeat(8 * nested) } })],
  ])('%s', async (_, make, code) => {
    const bytes = make();
    const before = getEngine().arena.memory.buffer.byteLength;
    const results: (string | undefined)[] = [];
    const peak = await peakBytes(async () => {
      try {
        (await SparseMLP.load(bytes)).dispose();
        results.push(undefined);
      } catch (error) {
        results.push((error as { code?: string }).code);
      }
    });
    expect(results).toEqual([code]);
    expect(peak).toBeLessThan(4 * bytes.length + 64 * MIB + 24 * MIB);
    expect(getEngine().arena.memory.buffer.byteLength - before).toBeLessThan(4 * bytes.length + 64 * MIB);
  });

  it('or what maxBytes says', async () => {
    const bytes = packed({ layers: [square] });
    await expect(SparseMLP.load(bytes, { maxBytes: 1000 })).rejects.toMatchObject({
      code: 'E_MEMORY',
      message: expect.stringMatching(/MiB.*maxBytes/),
    });
    (await SparseMLP.load(bytes, { maxBytes: 2 ** 24 })).dispose();
    for (const maxBytes of [0, -1, 0.5, '1']) {
      await expect(SparseMLP.load(bytes, { maxBytes } as object)).rejects.toMatchObject({
        code: 'E_ARGUMENT',
      });
    }
  });
});
