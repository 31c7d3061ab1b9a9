// Noise on the inputs of training steps: what it is, that nothing else gets it, and that a training goes on
// with it.
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { NORMALS } from '../../../src/engine/abi.ts';
import { decodeCheckpoint } from '../../../src/files/checkpointFile.ts';
import {
  CsrMatrix,
  type Epoch,
  type InputNoise,
  optimizer,
  SparseMLP,
  type TrainOptions,
  topology,
} from '../../../src/index.ts';
import { normalQuantiles } from '../../../src/nn/noise.ts';
import { quadrants, sha256 } from '../../support/problems.ts';

const gaussian: InputNoise = { kind: 'gaussian', amount: 0.8 };
const mask: InputNoise = { kind: 'mask', amount: 0.25 };

const ROWS = 130;
const COLS = 12;

/** Samples of twelve features that follow from three. */
function mixtures() {
  const random = randomStream(1, 'mixtures');
  const parts = Array.from({ length: 3 * COLS }, () => 2 * random.next() - 1);
  const data = new Float32Array(ROWS * COLS);
  for (let r = 0; r < ROWS; r++) {
    const shares = [0, 1, 2].map(() => 4 * random.next() - 2);
    for (let j = 0; j < COLS; j++) {
      data[r * COLS + j] = shares.reduce((sum, share, p) => sum + share * parts[p * COLS + j], 0);
    }
  }
  return { rows: ROWS, cols: COLS, data };
}

const x = mixtures();
const create = (threads = 1, seed: number | string = 3): Promise<SparseMLP> =>
  SparseMLP.create({ layers: [COLS, 40, COLS], density: 0.6, seed, topology: topology.set(), threads });
// Batches of several tiles, the last one smaller.
const training = (denoise: InputNoise | undefined): TrainOptions => ({
  epochs: 4,
  batchSize: 72,
  optimizer: optimizer.adam({ learningRate: 0.01 }),
  ...(denoise && { denoise }),
});
const bitsOf = (model: SparseMLP): Promise<string> => sha256(model.save());

async function trained(denoise?: InputNoise, threads = 1, seed: number | string = 3): Promise<string> {
  const model = await create(threads, seed);
  await model.fit(x, 'x', training(denoise));
  const bits = await bitsOf(model);
  model.dispose();
  return bits;
}

/** Wellons' lowbias32 over row and column, in whole numbers of any size. */
function hashOf(key: bigint, row: number, column: number): number {
  const mixed = (number: bigint): bigint => {
    let v = number % 2n ** 32n;
    v = ((v ^ (v >> 16n)) * 0x7feb352dn) % 2n ** 32n;
    v = ((v ^ (v >> 15n)) * 0x846ca68bn) % 2n ** 32n;
    return v ^ (v >> 16n);
  };
  return Number(mixed(mixed(key + BigInt(row)) + BigInt(column)));
}

/** The samples with the noise of an epoch. */
function noisy({ kind, amount }: InputNoise, epoch: number): number[] {
  const key = BigInt(randomStream(3, `noise/${epoch}`).below(2 ** 32));
  const normals = normalQuantiles(NORMALS);
  return Array.from(x.data, (value, at) => {
    const hash = hashOf(key, Math.floor(at / COLS), at % COLS);
    if (kind === 'mask') return hash < amount * 2 ** 32 ? 0 : value;
    return value + amount * normals[hash % NORMALS];
  });
}

describe('the table of normal numbers', () => {
  const table = normalQuantiles(NORMALS);

  it('is that of published quantiles', () => {
    // Φ⁻¹ by SciPy's special.ndtri; between two entries lie the quantiles of whole 4 096ths.
    const quantiles = [
      [2048, 0],
      [3072, 0.674489750196082],
      [3584, 1.150349380376008],
      [4032, 2.153874694061456],
      [4095, 3.487104104114431],
    ];
    for (const [at, quantile] of quantiles) {
      expect(table[at - 1], `${at}`).toBeLessThan(quantile);
      expect(table[at], `${at}`).toBeGreaterThan(quantile);
    }
  });

  it('has the moments of the normal distribution', () => {
    const mean = (power: number): number => table.reduce((sum, z) => sum + z ** power, 0) / NORMALS;
    expect(mean(1)).toBe(0);
    expect(mean(3)).toBeCloseTo(0, 12);
    expect(Math.abs(mean(2) - 1)).toBeLessThan(1e-3);
    expect(Math.abs(mean(4) - 3)).toBeLessThan(0.03);
  });
});

describe.each([gaussian, mask])('noise of kind $kind', (denoise) => {
  it('is on the inputs alone: a linear network has the loss of noisy inputs and clean targets', async () => {
    const model = await SparseMLP.create({ layers: [COLS, COLS], density: 1, seed: 3 });
    const still = optimizer.sgd({ learningRate: 0, momentum: 0, nesterov: false, weightDecay: 0 });
    const [{ weights, bias }] = model.layers;
    const { epochs } = await model.fit(x, 'x', {
      epochs: 2,
      batchSize: 50,
      optimizer: still,
      denoise,
      validation: { x, y: 'x' },
      test: { x, y: 'x' },
    });
    const lossOf = (inputs: ArrayLike<number>): number => {
      let sum = 0;
      for (let r = 0; r < ROWS; r++) {
        for (let i = 0; i < COLS; i++) {
          let answer = bias[i];
          for (let p = weights.indptr[i]; p < weights.indptr[i + 1]; p++) {
            answer += weights.values[p] * inputs[r * COLS + weights.indices[p]];
          }
          sum += (answer - x.data[r * COLS + i]) ** 2;
        }
      }
      return sum / (ROWS * COLS);
    };
    const clean = model.evaluate(x, 'x').loss;
    const scale = clean / lossOf(x.data);
    epochs.forEach(({ loss, valLoss, testLoss }, epoch) => {
      expect(loss / (scale * lossOf(noisy(denoise, epoch)))).toBeCloseTo(1, 4);
      expect(valLoss).toBeCloseTo(clean, 6);
      expect(testLoss ?? clean).toBeCloseTo(clean, 6);
    });
    expect(epochs[0].loss).not.toBe(epochs[1].loss);
    model.dispose();
  });

  it('gives the same bits on 1, 2 and 3 threads, and others with another seed or without it', async () => {
    const one = await trained(denoise);
    expect(await trained(denoise, 2)).toBe(one);
    expect(await trained(denoise, 3)).toBe(one);
    expect(await trained()).not.toBe(one);
    expect(await trained({ ...denoise, amount: denoise.amount / 2 })).not.toBe(one);
  });

  it('is the same for sparse samples as for dense ones', async () => {
    const holes = { ...x, data: x.data.map((value, at) => (at % 5 < 3 ? 0 : value)) };
    const bits = await Promise.all(
      [holes, CsrMatrix.fromDense(holes)].map(async (samples) => {
        const model = await create();
        await model.fit(samples, 'x', training(denoise));
        const { values } = model.layers[1].weights;
        model.dispose();
        return values;
      }),
    );
    expect(bits[1]).toEqual(bits[0]);
  });

  it('goes on after a checkpoint and in several calls, to the same bits', async () => {
    const whole = await trained(denoise);
    for (const kill of [1, 2, 3]) {
      const first = await create();
      let checkpoint = new Uint8Array();
      const onEpoch = ({ epoch }: Epoch): void => {
        if (epoch === kill) checkpoint = first.checkpoint();
      };
      await first.fit(x, 'x', { ...training(denoise), onEpoch });
      first.dispose();
      const again = await SparseMLP.resume(checkpoint, { threads: 2 });
      await again.fit(x, 'x', training(denoise));
      expect(await bitsOf(again), `after epoch ${kill}`).toBe(whole);
      again.dispose();
      const parts = await create();
      for (const epochs of [kill, 4 - kill]) {
        await parts.fit(x, 'x', { ...training(denoise), epochs, totalEpochs: 4 });
      }
      expect(await bitsOf(parts)).toBe(whole);
      parts.dispose();
      for (const other of [undefined, { ...denoise, amount: 0.1 }]) {
        const wrong = await SparseMLP.resume(checkpoint);
        await expect(wrong.fit(x, 'x', training(other))).rejects.toMatchObject({
          code: 'E_ARGUMENT',
          message: expect.stringMatching(/^denoise is (not set|\[.*0\.1\]); expected \["/),
        });
        wrong.dispose();
      }
    }
  });

  it('lets a network learn to reconstruct clean samples, better than without it', async () => {
    // Noisy samples that no training has seen.
    const samples = { ...x, data: Float32Array.from(noisy(denoise, 1000)) };
    const distance = (data: Float32Array): number =>
      data.reduce((sum, value, at) => sum + (value - x.data[at]) ** 2, 0);
    const [withNoise, without] = await Promise.all(
      [denoise, undefined].map(async (given) => {
        const layers = [COLS, 60, COLS];
        const model = await SparseMLP.create({ layers, density: 0.8, topology: topology.fixed() });
        const before = model.evaluate(x, 'x').loss;
        const adam = optimizer.adam({ learningRate: 0.01, weightDecay: 0 });
        await model.fit(x, 'x', { epochs: 100, batchSize: 16, optimizer: adam, denoise: given });
        expect(model.evaluate(x, 'x').loss).toBeLessThan(0.1 * before);
        const left = distance(model.predict(samples));
        model.dispose();
        return left;
      }),
    );
    expect(withNoise).toBeLessThan(0.6 * distance(samples.data));
    expect(withNoise).toBeLessThan(0.8 * without);
  });

  it('is for class labels, too', async () => {
    const problem = quadrants(200);
    const model = await SparseMLP.create({ layers: [12, 40, 4], density: 0.6 });
    const { epochs } = await model.fit(problem.x, problem.y, { epochs: 60, denoise });
    expect(epochs.at(-1)?.loss).toBeLessThan(0.8 * epochs[0].loss);
    expect(model.evaluate(problem.x, problem.y).accuracy).toBeGreaterThan(0.8);
    model.dispose();
  });
});

describe('noise', () => {
  it('of an amount of 0 is none, and a checkpoint says nothing of it', async () => {
    const bits = await trained();
    expect(await trained({ kind: 'mask', amount: 0 })).toBe(bits);
    expect(await trained({ kind: 'gaussian', amount: 0 })).toBe(bits);
    const model = await create();
    await model.fit(x, 'x', training({ kind: 'mask', amount: 0 }));
    expect(decodeCheckpoint(model.checkpoint()).training.conditions).not.toHaveProperty('denoise');
    model.dispose();
  });

  it.each<[unknown, RegExp]>([
    ['mask', /^denoise got "mask"; expected an object of options$/],
    [null, /^denoise got null; /],
    [{ amount: 0.1 }, /^denoise\.kind is undefined; expected one of gaussian, mask$/],
    [{ kind: 'salt', amount: 0.1 }, /^denoise\.kind is "salt"; /],
    [{ kind: 'mask' }, /^denoise\.amount is undefined; expected a number from 0 to below 1$/],
    [{ kind: 'mask', amount: 1 }, /^denoise\.amount is 1; expected a number from 0 to below 1$/],
    [{ kind: 'mask', amount: -0.1 }, /^denoise\.amount is -0\.1; /],
    [
      { kind: 'gaussian', amount: Number.NaN },
      /^denoise\.amount is NaN; expected a number from 0 to 1000000$/,
    ],
    [{ kind: 'gaussian', amount: '1' }, /^denoise\.amount is "1"; /],
    [{ kind: 'mask', amount: 0.1, seed: 1 }, /^denoise has no option "seed"; expected any of kind, amount$/],
  ])('is refused: %j', async (denoise, message) => {
    const model = await create();
    const before = await bitsOf(model);
    await expect(model.fit(x, 'x', { denoise: denoise as InputNoise })).rejects.toMatchObject({
      code: 'E_ARGUMENT',
      message: expect.stringMatching(message),
    });
    expect(await bitsOf(model)).toBe(before);
    model.dispose();
  });
});
