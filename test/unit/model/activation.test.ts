// A model's activation: what a model is made with, its files, threads, and what it answers.
import { describe, expect, it } from 'vitest';
import { Budget } from '../../../src/base/budget.ts';
import { decodeSafetensors, encodeSafetensors } from '../../../src/files/safetensors.ts';
import { activation, optimizer, SparseMLP, topology } from '../../../src/index.ts';
import { runRandom } from '../../support/effort.ts';

const LAYERS = [9, 40, 30, 25, 3];
const ROWS = 150;
const random = runRandom('activation');
const x = { rows: ROWS, cols: 9, data: Float32Array.from({ length: 9 * ROWS }, () => 2 * random.next() - 1) };
const y = Array.from(
  { length: ROWS },
  (_, r) => (x.data[9 * r] > 0 ? 1 : 0) + (x.data[9 * r + 4] > 0.2 ? 1 : 0),
);

const own = {
  relu: activation.relu(),
  'leaky-relu': activation.leakyRelu({ slope: 0.125 }),
  'all-relu': activation.allRelu(),
  linear: activation.linear(),
};
const create = (name: keyof typeof own, threads = 1): Promise<SparseMLP> =>
  SparseMLP.create({ layers: LAYERS, epsilon: 3, seed: 5, activation: own[name], threads });
const names = Object.keys(own) as (keyof typeof own)[];
const TRAINING = { epochs: 5, batchSize: 40, validationSplit: 0.2 };

/** What the file says of the model. */
function headerOf(bytes: Uint8Array): Record<string, unknown> {
  const { metadata } = decodeSafetensors(bytes, new Budget(bytes.length, undefined));
  return JSON.parse(metadata.get('ctre') ?? '');
}

describe.each(names)('%s', (name) => {
  it('is what the model says, and what its file holds', async () => {
    using model = await create(name);
    const { options } = own[name];
    expect(model.activation).toEqual({ name, options });
    const { activation: saved } = headerOf(model.save());
    expect(saved).toEqual(name === 'relu' ? undefined : { name, options });
    expect(model.summary().includes(`activation ${name}`)).toBe(name !== 'relu');
    using loaded = await SparseMLP.load(model.save());
    expect(loaded.activation).toEqual({ name, options });
    expect(loaded.predict(x)).toEqual(model.predict(x));
    expect(loaded.save()).toEqual(model.save());
  });

  it('stays known once the model is disposed of', async () => {
    const model = await create(name);
    model.dispose();
    expect(model.activation.name).toBe(name);
  });

  it('goes on from a checkpoint to the same bits', async () => {
    using whole = await create(name);
    await whole.fit(x, y, TRAINING);
    using begun = await create(name);
    let checkpoint = new Uint8Array();
    for await (const { epoch } of begun.train(x, y, { ...TRAINING, restoreBest: true })) {
      if (epoch === 2) checkpoint = begun.checkpoint();
      if (epoch === 3) break;
    }
    using resumed = await SparseMLP.resume(checkpoint);
    expect(resumed.activation).toEqual(whole.activation);
    await resumed.fit(x, y, TRAINING);
    expect(resumed.save()).toEqual(whole.save());
  });

  it('comes to the same bits on one, two and three threads', async () => {
    const files = [];
    for (const threads of [1, 2, 3]) {
      using model = await create(name, threads);
      await model.fit(x, y, TRAINING);
      files.push(model.save(), model.predict(x));
    }
    expect(files.slice(2, 4)).toEqual(files.slice(0, 2));
    expect(files.slice(4, 6)).toEqual(files.slice(0, 2));
  });

  it('predicts what the network is by its definition', async () => {
    using model = await create(name);
    await model.fit(x, y, TRAINING);
    const { layers } = model;
    const answers = model.predict(x);
    for (let r = 0; r < ROWS; r++) {
      const logits = layers.reduce(
        (input, { weights, bias }, l) => {
          const sums = Array.from(bias, (sum, i) => {
            for (let p = weights.indptr[i]; p < weights.indptr[i + 1]; p++) {
              sum += weights.values[p] * input[weights.indices[p]];
            }
            return sum;
          });
          const slope = own[name].slope(l + 1);
          return l === layers.length - 1 ? sums : sums.map((z) => (z > 0 ? z : slope * z));
        },
        Array.from(x.data.subarray(9 * r, 9 * r + 9)),
      );
      const powers = logits.map((z) => Math.exp(z));
      const total = powers.reduce((sum, power) => sum + power, 0);
      powers.forEach((power, c) => {
        expect(answers[3 * r + c]).toBeCloseTo(power / total, 4);
      });
    }
  });

  it('is kept by a model that gets outputs: it learns as one of these weights does', async () => {
    const still = { activation: own[name], topology: topology.fixed() };
    using model = await SparseMLP.create({ ...still, layers: LAYERS, epsilon: 3 });
    const before = model.predict(x);
    model.addOutputs(1);
    expect(model.activation.name).toBe(name);
    const after = model.predict(x);
    // The logits before are the same, and so are the ratios of the probabilities.
    expect(after[0] / after[1]).toBeCloseTo(before[0] / before[1], 4);
    using other = await SparseMLP.fromWeights(model.layers, still);
    const labels = y.map((label) => label + 1);
    const options = { optimizer: optimizer.sgd({ learningRate: 0.5 }), batchSize: ROWS };
    expect(model.partialFit(x, labels, options)).toEqual(other.partialFit(x, labels, options));
    model.layers.forEach(({ weights, bias }, l) => {
      expect(weights.values).toEqual(other.layers[l].weights.values);
      expect(bias).toEqual(other.layers[l].bias);
    });
  });
});

describe('activations of models', () => {
  it('make a difference', async () => {
    const files = [];
    for (const name of names) {
      using model = await create(name);
      await model.fit(x, y, TRAINING);
      files.push(String(model.layers[1].weights.values));
    }
    expect(new Set(files).size).toBe(4);
  });

  it('learn with every method that looks at activations or gradients', async () => {
    for (const make of [topology.cteGse, topology.ctreSim, topology.rigl, topology.gse, topology.snip]) {
      using model = await SparseMLP.create({
        layers: LAYERS,
        epsilon: 3,
        activation: activation.allRelu(),
        topology: make(),
      });
      const { epochs } = await model.fit(x, y, { epochs: 40, batchSize: 10 });
      expect(epochs[epochs.length - 1].accuracy, make().name).toBeGreaterThan(0.6);
    }
  });

  it.each([
    ['a text', 'relu'],
    ['null', null],
    ['a function', () => 0],
    ['one without a name', { options: {} }],
    ['one of another package', { name: 'tanh', options: {} }],
    ['a slope out of range', { name: 'leaky-relu', options: { slope: 2 } }],
    ['an option that it does not have', { name: 'relu', options: { slope: 0 } }],
  ])('refuse %s', async (_, wrong) => {
    await expect(SparseMLP.create({ layers: [2, 2], activation: wrong as never })).rejects.toMatchObject({
      code: 'E_ARGUMENT',
    });
  });

  it('of the package are made anew: what a caller changes about one changes nothing', async () => {
    const changed = { ...activation.leakyRelu({ slope: 0.5 }), slope: () => 77 };
    using model = await SparseMLP.create({ layers: LAYERS, epsilon: 3, seed: 5, activation: changed });
    using plain = await SparseMLP.create({
      layers: LAYERS,
      epsilon: 3,
      seed: 5,
      activation: activation.leakyRelu({ slope: 0.5 }),
    });
    expect(model.predict(x)).toEqual(plain.predict(x));
  });

  it.each([
    ['one that nobody knows', { name: 'tanh', options: {} }, 'E_ARGUMENT'],
    ['a slope out of range', { name: 'leaky-relu', options: { slope: -3 } }, 'E_ARGUMENT'],
    ['one that is no recipe', 'relu', 'E_FORMAT'],
    ['null', null, 'E_FORMAT'],
  ])('in a file are checked: %s', async (_, written, code) => {
    using model = await create('relu');
    const { tensors, metadata } = decodeSafetensors(model.save(), new Budget(1e6, undefined));
    const header = { ...JSON.parse(metadata.get('ctre') ?? ''), activation: written };
    const bytes = encodeSafetensors(tensors, {
      ...Object.fromEntries(metadata),
      ctre: JSON.stringify(header),
    });
    await expect(SparseMLP.load(bytes)).rejects.toMatchObject({ code });
  });
});
