// Schedules of the learning rate, AdamW and clipping: what the steps come to, and that a training goes on
// with them.
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { Region } from '../../../src/engine/region.ts';
import { getTrainingEngine } from '../../../src/engine/training.ts';
import {
  CsrMatrix,
  type Epoch,
  type Optimizer,
  optimizer,
  type Schedule,
  SparseMLP,
  schedule,
  type TrainOptions,
  topology,
} from '../../../src/index.ts';
import { inlineExecutor } from '../../../src/run/executor.ts';
import { runNow } from '../../../src/run/turns.ts';
import { GradientClip } from '../../../src/train/gradientClip.ts';
import { quadrants, sha256 } from '../../support/problems.ts';

const { x, y } = quadrants(130);

type Matrix = number[][];

/** A dense network in float64, trained by the formulas of the papers. */
interface Oracle {
  readonly weights: Matrix[];
  readonly bias: number[][];
}

interface Made {
  readonly loss: number;
  /** As the parameters: [layer][output][input], and the biases. */
  readonly gradient: Oracle;
}

/** The mean cross-entropy over all rows, and its gradient. */
function slopeOf({ weights, bias }: Oracle, rows: Matrix, labels: ArrayLike<number>): Made {
  const gradient: Oracle = {
    weights: weights.map((w) => w.map((row) => row.map(() => 0))),
    bias: bias.map((b) => b.map(() => 0)),
  };
  let loss = 0;
  rows.forEach((row, r) => {
    const values = [row];
    weights.forEach((w, l) => {
      const sums = w.map((line, i) =>
        line.reduce((sum, weight, j) => sum + weight * values[l][j], bias[l][i]),
      );
      values.push(l < weights.length - 1 ? sums.map((sum) => Math.max(0, sum)) : sums);
    });
    const logits = values[weights.length];
    const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
    loss -= (logits[labels[r]] - Math.log(total)) / rows.length;
    let delta = logits.map((z, c) => (Math.exp(z) / total - Number(c === labels[r])) / rows.length);
    for (let l = weights.length - 1; l >= 0; l--) {
      delta.forEach((d, i) => {
        gradient.bias[l][i] += d;
        values[l].forEach((value, j) => {
          gradient.weights[l][i][j] += d * value;
        });
      });
      const above = delta;
      delta = values[l].map((value, j) =>
        value > 0 ? above.reduce((sum, d, i) => sum + d * weights[l][i][j], 0) : 0,
      );
    }
  });
  return { loss, gradient };
}

/** One parameter's step: its new value, from its gradient, what it remembers, and whether it decays. */
type Rule = (
  w: number,
  g: number,
  memory: number[],
  at: { readonly t: number; readonly rate: number; readonly isWeight: boolean },
) => number;

/** PyTorch's documentation of torch.optim.AdamW, line by line. */
const adamWRule: Rule = (w, g, memory, { t, rate, isWeight }) => {
  const decayed = w - rate * (isWeight ? 0.3 : 0) * w;
  memory[0] = 0.9 * (memory[0] ?? 0) + (1 - 0.9) * g;
  memory[1] = 0.999 * (memory[1] ?? 0) + (1 - 0.999) * g * g;
  const [mean, square] = [memory[0] / (1 - 0.9 ** t), memory[1] / (1 - 0.999 ** t)];
  return decayed - (rate * mean) / (Math.sqrt(square) + 1e-8);
};

const adamRule: Rule = (w, g, memory, { t, rate, isWeight }) => {
  const slope = g + (isWeight ? 0.3 : 0) * w;
  memory[0] = 0.9 * (memory[0] ?? 0) + (1 - 0.9) * slope;
  memory[1] = 0.999 * (memory[1] ?? 0) + (1 - 0.999) * slope * slope;
  const [mean, square] = [memory[0] / (1 - 0.9 ** t), memory[1] / (1 - 0.999 ** t)];
  return w - (rate * mean) / (Math.sqrt(square) + 1e-8);
};

const sgdRule: Rule = (w, g, memory, { rate, isWeight }) => {
  const slope = g + (isWeight ? 0.3 : 0) * w;
  memory[0] = 0.9 * (memory[0] ?? 0) + slope;
  return w - rate * (slope + 0.9 * memory[0]);
};

const EPOCHS = 12;
const settings = { learningRate: 0.05, weightDecay: 0.3 };

/** Rates, schedules and bounds of the norm, and what each comes to in step t of 12, from 0. */
const cases: readonly [string, Rule, TrainOptions, (t: number) => number][] = [
  ['AdamW', adamWRule, { optimizer: optimizer.adamW(settings) }, () => 1],
  [
    'AdamW with a cosine after a warm-up',
    adamWRule,
    { optimizer: optimizer.adamW(settings), schedule: schedule.cosine({ warmup: 0.25, endFactor: 0.1 }) },
    (t) => (t < 3 ? (t + 1) / 3 : 0.1 + (0.9 * (1 + Math.cos((Math.PI * (t - 3)) / 9))) / 2),
  ],
  [
    'Adam that falls evenly, clipped',
    adamRule,
    { optimizer: optimizer.adam(settings), schedule: schedule.linear(), clipNorm: 0.15 },
    (t) => 1 - t / 12,
  ],
  [
    'SGD in steps, clipped',
    sgdRule,
    {
      optimizer: optimizer.sgd(settings),
      schedule: schedule.step({ stepSize: 4, gamma: 0.5 }),
      clipNorm: 0.2,
    },
    (t) => 0.5 ** Math.floor(t / 4),
  ],
  [
    'AdamW with all of it',
    adamWRule,
    { optimizer: optimizer.adamW(settings), schedule: schedule.constant({ warmup: 5 }), clipNorm: 0.1 },
    (t) => Math.min(1, (t + 1) / 5),
  ],
];

/** Weights of a dense network, in float32 from the start. */
function drawn(dims: readonly number[]): Oracle {
  const random = randomStream(5, 'weights');
  const number = (): number => Math.fround((2 * random.next() - 1) * 0.7);
  const of = (n: number): number[] => Array.from({ length: n }, number);
  return {
    weights: dims.slice(1).map((outDim, l) => Array.from({ length: outDim }, () => of(dims[l]))),
    bias: dims.slice(1).map(of),
  };
}

const modelOf = ({ weights, bias }: Oracle, threads = 1): Promise<SparseMLP> =>
  SparseMLP.fromWeights(
    weights.map((w, l) => ({
      weights: CsrMatrix.fromDense({ rows: w.length, cols: w[0].length, data: Float32Array.from(w.flat()) }),
      bias: bias[l],
    })),
    { topology: topology.fixed(), seed: 1, threads },
  );

describe('twelve steps agree with float64', () => {
  it.each(cases)('%s', async (_, rule, options, factor) => {
    const start = drawn([12, 7, 4]);
    const model = await modelOf(start);
    // One step an epoch: what rows are drawn in which order is of no importance.
    const { epochs } = await model.fit(x, y, { ...options, epochs: EPOCHS, batchSize: 1000 });

    const rows = Array.from(y, (__, r) => Array.from(x.data.subarray(12 * r, 12 * (r + 1))));
    const { weights, bias } = start;
    const memories = new Map<string, number[]>();
    let clipped = 0;
    for (let t = 0; t < EPOCHS; t++) {
      const { loss, gradient } = slopeOf(start, rows, y);
      expect(Math.abs(epochs[t].loss - loss) / loss).toBeLessThan(1e-5);
      const list = [...gradient.weights.flat(2), ...gradient.bias.flat()];
      const norm = Math.sqrt(list.reduce((sum, g) => sum + g * g, 0));
      const scale = Math.min(1, (options.clipNorm ?? Number.POSITIVE_INFINITY) / norm);
      if (scale < 1) clipped++;
      const step = (key: string, w: number, g: number, isWeight: boolean): number => {
        const memory = memories.get(key) ?? [];
        memories.set(key, memory);
        return rule(w, scale * g, memory, { t: t + 1, rate: 0.05 * factor(t), isWeight });
      };
      weights.forEach((w, l) => {
        w.forEach((row, i) => {
          bias[l][i] = step(`${l} ${i}`, bias[l][i], gradient.bias[l][i], false);
          row.forEach((weight, j) => {
            row[j] = step(`${l} ${i} ${j}`, weight, gradient.weights[l][i][j], true);
          });
        });
      });
    }
    // The bound is below the norm of most gradients, and not of none.
    expect(clipped > 0).toBe(options.clipNorm !== undefined);
    model.layers.forEach((layer, l) => {
      const got = [...layer.weights.values, ...layer.bias];
      const want = [...weights[l].flat(), ...bias[l]];
      got.forEach((value, p) => {
        expect(Math.abs(value - want[p]), `parameter ${p} of layer ${l}`).toBeLessThan(2e-5);
      });
    });
    model.dispose();
  });
});

/** Large enough that a layer's gradient is several pieces; batches of several tiles, the last one smaller. */
const LARGE = { layers: [12, 500, 60, 4], density: 0.5, seed: 3 };
const large = (threads: number, make = topology.set) =>
  SparseMLP.create({ ...LARGE, topology: make(), threads });
const training = (): TrainOptions => ({
  epochs: 4,
  batchSize: 72,
  optimizer: optimizer.adamW({ learningRate: 0.01 }),
  schedule: schedule.cosine({ warmup: 0.2 }),
  clipNorm: 0.05,
});
const bitsOf = (model: SparseMLP): Promise<string> => sha256(model.save());

async function trained(options: TrainOptions, threads = 1): Promise<string> {
  const model = await large(threads);
  await model.fit(x, y, options);
  const bits = await bitsOf(model);
  model.dispose();
  return bits;
}

describe('clipping', () => {
  it('gives the same bits on 1, 2 and 3 threads', async () => {
    const one = await trained(training());
    expect(await trained(training(), 2)).toBe(one);
    expect(await trained(training(), 3)).toBe(one);
    expect(await trained({ ...training(), clipNorm: 0.1 })).not.toBe(one);
  });

  it('measures the same norm however many threads there are, to the last bit of float64', () => {
    const engine = getTrainingEngine();
    const region = new Region(engine.arena);
    const shapes = [
      { index: 0, inDim: 1000, outDim: 700, nnz: 300_001 },
      { index: 1, inDim: 700, outDim: 9001, nnz: 4099 },
    ];
    const random = randomStream(1, 'gradients');
    const tiles = [0, 1, 2].map(() =>
      shapes.map(({ nnz, outDim }) => ({ weights: region.f32(nnz + 5), bias: region.f32(outDim) })),
    );
    const draw = (): void => {
      for (const { weights, bias } of tiles.flat()) {
        for (const { view } of [weights, bias]) view.set(view.map(() => 2 * random.next() - 1));
      }
    };
    for (let round = 0; round < 5; round++) {
      draw();
      const before = tiles.map((layers) =>
        layers.map(({ weights, bias }) => [weights, bias].map(({ view }) => view.slice())),
      );
      // What lies beyond a layer's connections does not count.
      const squares = shapes.map(({ nnz, outDim }, l) =>
        [nnz, outDim].map((n, part) => {
          const [first, second, third] = before.map((layers) => layers[l][part]);
          let sum = 0;
          for (let p = 0; p < n; p++) sum += Math.fround(Math.fround(first[p] + second[p]) + third[p]) ** 2;
          return sum;
        }),
      );
      const norm = Math.sqrt(squares.flat().reduce((sum, square) => sum + square, 0));
      const scales = [1, 2, 3, 5].map((threads) => {
        tiles.forEach((layers, t) => {
          layers.forEach(({ weights, bias }, l) => {
            weights.view.set(before[t][l][0]);
            bias.view.set(before[t][l][1]);
          });
        });
        const executor = { ...inlineExecutor(engine.kernels), threads };
        return runNow(new GradientClip(region, shapes, 1).measure(executor, tiles, 1));
      });
      expect(new Set(scales).size).toBe(1);
      expect(Math.abs(scales[0] * norm - 1)).toBeLessThan(1e-12);
    }
    region.free();
  });

  it('to a norm that is never reached changes no bit', async () => {
    for (const threads of [1, 2]) {
      const { clipNorm: _, ...rest } = training();
      expect(await trained({ ...rest, clipNorm: 1e30 }, threads)).toBe(await trained(rest, threads));
    }
  });

  it('scales a gradient that is too long to the norm, and no other', async () => {
    const plain = optimizer.sgd({ learningRate: 1, momentum: 0, nesterov: false, weightDecay: 0 });
    const moved = async (clipNorm: number): Promise<number> => {
      const start = drawn([12, 7, 4]);
      const model = await modelOf(start);
      await model.fit(x, y, { epochs: 1, batchSize: 1000, optimizer: plain, clipNorm });
      const before = start.weights.flatMap((w, l) => [...w.flat(), ...start.bias[l]]);
      const after = model.layers.flatMap(({ weights, bias }) => [...weights.values, ...bias]);
      model.dispose();
      return Math.sqrt(after.reduce((sum, w, p) => sum + (w - before[p]) ** 2, 0));
    };
    const free = await moved(1e30);
    expect(free).toBeGreaterThan(0.1);
    // A step is the gradient itself, rounded as the weights are.
    expect(Math.abs((await moved(0.02)) - 0.02)).toBeLessThan(1e-6);
    expect(await moved(1.001 * free)).toBe(free);
    expect(await moved(0.5 * free)).toBeCloseTo(0.5 * free, 5);
  });

  it('of a gradient that is not finite ends the training, and the weights stay', async () => {
    // The loss is finite; 1e10 of the second layer times 3e38 of the input is not.
    const make = () =>
      SparseMLP.fromWeights(
        [
          { weights: CsrMatrix.fromDense({ rows: 1, cols: 1, data: Float32Array.of(1e-38) }), bias: [1] },
          {
            weights: CsrMatrix.fromDense({ rows: 2, cols: 1, data: Float32Array.of(1e10, -1e10) }),
            bias: [0, 0],
          },
        ],
        { topology: topology.fixed() },
      );
    const huge = { rows: 2, cols: 1, data: Float32Array.of(3e38, 3e38) };
    const model = await make();
    const before = await bitsOf(model);
    await expect(model.fit(huge, [1, 1], { epochs: 2, clipNorm: 1 })).rejects.toMatchObject({
      code: 'E_DIVERGED',
      message: expect.stringMatching(
        /^the gradient is no longer finite in epoch 1; use a smaller learning rate/,
      ),
    });
    expect(await bitsOf(model)).toBe(before);
    model.dispose();
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '1'])(
    'is refused to a norm of %s',
    async (clipNorm) => {
      const model = await large(1);
      await expect(model.fit(x, y, { clipNorm: clipNorm as number })).rejects.toMatchObject({
        code: 'E_ARGUMENT',
        message: expect.stringMatching(/^clipNorm is .*; expected a number above 0$/),
      });
      model.dispose();
    },
  );
});

describe('a schedule in a training', () => {
  it('that stays has the bits and the checkpoint of none', async () => {
    const files: Uint8Array[] = [];
    for (const more of [{}, { schedule: schedule.constant() }]) {
      const model = await large(1);
      await model.fit(x, y, { epochs: 2, ...more });
      const text = new TextDecoder().decode(model.checkpoint());
      expect(text).toContain('batchSize');
      expect(text).not.toMatch(/schedule|clipNorm/);
      files.push(model.save());
      model.dispose();
    }
    expect(files[1]).toEqual(files[0]);
  });

  it('is asked for every step of the model, with the steps of all calls', async () => {
    const asked: [number, number][] = [];
    const own: Schedule = {
      name: 'mine',
      options: {},
      factor(step, steps) {
        asked.push([step, steps]);
        return 0.5;
      },
    };
    const model = await large(1);
    await model.fit(x, y, { ...training(), epochs: 1, totalEpochs: 3, schedule: own });
    await model.fit(x, y, { ...training(), epochs: 2, schedule: own });
    expect(asked).toEqual(Array.from({ length: 6 }, (_, step) => [step, 6]));
    model.dispose();
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, 'half'])(
    'of one’s own may not answer %s',
    async (answer) => {
      const own: Schedule = {
        name: 'mine',
        options: {},
        factor: (step) => (step === 1 ? (answer as number) : 1),
      };
      const model = await large(1);
      await expect(model.fit(x, y, { ...training(), schedule: own })).rejects.toMatchObject({
        code: 'E_ARGUMENT',
        message: expect.stringMatching(/^the factor of the schedule mine at step 1 is /),
      });
      model.dispose();
    },
  );

  it('goes through an optimiser that is wrapped around another', async () => {
    const { step, ...rest } = optimizer.adamW({ learningRate: 0.01 });
    let steps = 0;
    const wrapped: Optimizer = {
      ...rest,
      step(...args) {
        steps++;
        step(...args);
      },
    };
    expect(await trained({ ...training(), optimizer: wrapped })).toBe(await trained(training()));
    expect(steps).toBeGreaterThan(0);
  });

  it('tells an optimiser of one’s own its factor, and 1 without a schedule', async () => {
    const seen = new Map<number, number | undefined>();
    const own: Optimizer = {
      name: 'own',
      options: {},
      slots: 0,
      takesRateFactor: true,
      step: (_, { rateFactor }, time) => seen.set(time, rateFactor),
    };
    const rates = async (more: TrainOptions): Promise<unknown[]> => {
      const model = await large(1);
      seen.clear();
      await model.fit(x, y, { epochs: 2, batchSize: 72, optimizer: own, ...more });
      model.dispose();
      return [...seen.values()];
    };
    expect(await rates({ schedule: schedule.linear() })).toEqual([1, 0.75, 0.5, 0.25]);
    expect(await rates({})).toEqual([1, 1, 1, 1]);
  });

  it('is refused with an optimiser that would not notice it', async () => {
    const own: Optimizer = { name: 'own', options: {}, slots: 0, step() {} };
    const model = await large(1);
    await expect(model.fit(x, y, { optimizer: own, schedule: schedule.cosine() })).rejects.toMatchObject({
      code: 'E_ARGUMENT',
      message: expect.stringMatching(
        /^the optimizer "own" takes no schedule, and the schedule is "cosine"; /,
      ),
    });
    await model.fit(x, y, { epochs: 1, optimizer: own, schedule: schedule.constant() });
    model.dispose();
  });

  it.each<[string, unknown, RegExp]>([
    ['a name', 'cosine', /^schedule is "cosine"; expected one like schedule.cosine\(\)$/],
    ['null', null, /^schedule is null/],
    [
      'an optimiser',
      optimizer.sgd(),
      /^schedule has no property "slots"; expected any of name, options, takesOpenEnd, factor$/,
    ],
  ])('is refused: %s', async (_, value, sentence) => {
    const model = await large(1);
    await expect(model.fit(x, y, { schedule: value as Schedule })).rejects.toMatchObject({
      code: 'E_ARGUMENT',
      message: expect.stringMatching(sentence),
    });
    model.dispose();
  });
});

const kinds: [string, TrainOptions][] = [
  ['a cosine after a warm-up, clipped', training()],
  ['steps and SGD', { ...training(), optimizer: optimizer.sgd(), schedule: schedule.step({ stepSize: 3 }) }],
  ['a line', { ...training(), schedule: schedule.linear({ endFactor: 0.1 }), clipNorm: undefined }],
  [
    'a warm-up of steps and Adam',
    { ...training(), optimizer: optimizer.adam(), schedule: schedule.constant({ warmup: 5 }) },
  ],
];

describe.each(kinds)('a training with %s', (_, options) => {
  const STEPS_OF_EPOCH = 2;
  const kept = { ...options, validationSplit: 0.2, restoreBest: true };

  it('killed at any step and resumed, comes to the same bits', async () => {
    const whole = await large(1);
    const { epochs } = await whole.fit(x, y, kept);
    const end = await bitsOf(whole);
    whole.dispose();
    for (let kill = 1; kill < 4 * STEPS_OF_EPOCH; kill++) {
      const first = await large(1);
      const controller = new AbortController();
      let last: Uint8Array | undefined;
      const inner = options.optimizer ?? expect.fail('no optimiser');
      const counting: Optimizer = {
        ...inner,
        step(kernels, parameters, time, decay) {
          inner.step(kernels, parameters, time, decay);
          if (time === kill) controller.abort();
        },
      };
      const onEpoch = (): void => {
        last = first.checkpoint();
      };
      const { signal } = controller;
      await expect(first.fit(x, y, { ...kept, optimizer: counting, signal, onEpoch })).rejects.toMatchObject({
        code: 'E_ABORTED',
      });
      first.dispose();
      const again = last === undefined ? await large(1) : await SparseMLP.resume(last);
      const rest = await again.fit(x, y, kept);
      expect(await bitsOf(again), `killed at step ${kill}`).toBe(end);
      expect(rest.epochs.map(({ loss }) => loss)).toEqual(epochs.map(({ loss }) => loss));
      again.dispose();
    }
  });

  it('in several calls with totalEpochs is the same training', async () => {
    const whole = await trained(options);
    for (const lengths of [
      [1, 1, 1, 1],
      [3, 1],
    ]) {
      const model = await large(1);
      for (const epochs of lengths) await model.fit(x, y, { ...options, epochs, totalEpochs: 4 });
      expect(await bitsOf(model)).toBe(whole);
      model.dispose();
    }
  });

  it('is not resumed with another schedule or bound', async () => {
    const first = await large(1);
    let checkpoint = new Uint8Array();
    const onEpoch = ({ epoch }: Epoch): void => {
      if (epoch === 2) checkpoint = first.checkpoint();
    };
    await first.fit(x, y, { ...options, onEpoch });
    first.dispose();
    const others: [TrainOptions, RegExp][] = [
      [{ schedule: undefined }, /^schedule is not set; expected \["/],
      [
        { schedule: schedule.cosine({ warmup: 0.3 }) },
        /^schedule is \["cosine",.*"warmup":0.3.*; expected \["/,
      ],
      [{ clipNorm: 3 }, /^clipNorm is 3; expected (0\.05|not set), as in the checkpoint/],
    ];
    for (const [other, sentence] of others) {
      const again = await SparseMLP.resume(checkpoint);
      await expect(again.fit(x, y, { ...options, ...other })).rejects.toMatchObject({
        code: 'E_ARGUMENT',
        message: expect.stringMatching(sentence),
      });
      again.dispose();
    }
  });
});
