// Training in pieces is training: the same batches make the same steps, whoever hands them over.
import { describe, expect, it, vi } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { getEngine } from '../../../src/engine/engine.ts';
import {
  CsrMatrix,
  CtreError,
  type DenseMatrix,
  type Epoch,
  type Optimizer,
  optimizer,
  type PartialFitOptions,
  type PieceTrainOptions,
  type Progress,
  type Schedule,
  type Score,
  SparseMLP,
  schedule,
  type TrainOptions,
  topology,
} from '../../../src/index.ts';
import { type MethodName, methods, topologyByName } from '../../../src/topology/methods.ts';
import { quadrants, sha256 } from '../../support/problems.ts';

const { x, y } = quadrants(200, 12);
const names = Object.keys(methods) as MethodName[];
const sgd = optimizer.sgd({ learningRate: 0.05 });

function create(name: MethodName, options: object = {}, threads = 1): Promise<SparseMLP> {
  return SparseMLP.create({
    layers: [12, 40, 30, 4],
    epsilon: 3,
    seed: 3,
    threads,
    topology: topologyByName(name, options),
  });
}

/** A model that learns numbers as they are. */
function createPlain(): Promise<SparseMLP> {
  return SparseMLP.create({
    layers: [12, 40, 30, 4],
    epsilon: 3,
    seed: 3,
    topology: topology.set(),
    scaleTargets: false,
  });
}

/** Rows of the samples with their labels, in the given order. */
function take({ cols, data }: DenseMatrix, labels: Int32Array, rows: ArrayLike<number>) {
  const list = Array.from(rows);
  return {
    x: {
      rows: list.length,
      cols,
      data: Float32Array.from(list.flatMap((r) => [...data.subarray(r * cols, (r + 1) * cols)])),
    },
    y: Int32Array.from(list, (r) => labels[r]),
  };
}

/** The samples in pieces of so many rows. */
function cut(samples: { x: DenseMatrix; y: Int32Array }, rows: number) {
  const count = Math.ceil(samples.x.rows / rows);
  return Array.from({ length: count }, (_, p) => {
    const length = Math.min(rows, samples.x.rows - p * rows);
    return take(
      samples.x,
      samples.y,
      Array.from({ length }, (_, r) => p * rows + r),
    );
  });
}

/** What decides all that comes: weights, pattern, optimiser, epochs. */
async function stateOf(model: SparseMLP): Promise<unknown> {
  const { epochs, loss } = model;
  return { file: await sha256(model.save({})), epochs, loss };
}

describe('partialFit', () => {
  it.each([
    ['a row each', 1, 1],
    ['batches', 20, 20],
    ['several batches each', 20, 40],
  ])('is an epoch of fit in its shuffled order, to the bit: 1 000 rows, %s', async (_, batchSize, rows) => {
    const { x, y } = quadrants(1000, 12, 4);
    const order = Int32Array.from({ length: 1000 }, (_, r) => r);
    randomStream(3, 'shuffle/0').shuffle(order);
    const [whole, parts] = [await create('set'), await create('set')];
    const { epochs } = await whole.fit(x, y, { epochs: 1, batchSize, optimizer: sgd });
    for (const piece of cut(take(x, y, order), rows)) {
      parts.partialFit(piece.x, piece.y, {
        batchSize,
        optimizer: sgd,
        stepsPerEpoch: 1000 / batchSize,
        totalEpochs: 1,
      });
    }
    expect(await stateOf(parts)).toEqual(await stateOf(whole));
    expect(parts.history.map(({ loss, accuracy }) => [loss, accuracy])).toEqual(
      epochs.map(({ loss, accuracy }) => [loss, accuracy]),
    );
    for (const model of [whole, parts]) model.dispose();
  });

  it.each(names)('is fit of several epochs where the method sees the same rows: %s', async (name) => {
    // An update every 7 steps, in the middle of epochs, where the method has such an option.
    const options = 'every' in methods[name].options ? { every: 7 } : {};
    const [whole, parts] = [await create(name, options), await create(name, options)];
    const epochs = 3;
    await whole.fit(x, y, { epochs, batchSize: 20, shuffle: false, optimizer: sgd });
    const given: PartialFitOptions = {
      batchSize: 20,
      optimizer: sgd,
      stepsPerEpoch: 10,
      totalEpochs: epochs,
      sample: { x, y },
    };
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (const piece of cut({ x, y }, 20)) parts.partialFit(piece.x, piece.y, given);
    }
    expect(await stateOf(parts)).toEqual(await stateOf(whole));
    for (const model of [whole, parts]) model.dispose();
  });

  it('makes the updates that are due at the end of an epoch, with what the epoch came to', async () => {
    const seen: Progress[][] = [[], []];
    const models = await Promise.all(
      seen.map((list) => {
        const { isDue, ...set } = topology.set();
        return SparseMLP.create({
          layers: [12, 40, 4],
          epsilon: 3,
          topology: {
            ...set,
            isDue: (progress, layers) => {
              list.push(progress);
              return isDue?.(progress, layers) ?? false;
            },
          },
        });
      }),
    );
    const [whole, parts] = models;
    await whole.fit(x, y, { epochs: 2, batchSize: 40, shuffle: false });
    const given = { batchSize: 40, stepsPerEpoch: 5, totalEpochs: 2 };
    for (let call = 0; call < 2; call++) {
      // Pieces cross the end of the epoch: 160 rows, then 240.
      const [from, to] = call === 0 ? [0, 160] : [160, 400];
      const piece = take(
        x,
        y,
        Array.from({ length: to - from }, (_, r) => (from + r) % 200),
      );
      parts.partialFit(piece.x, piece.y, given);
    }
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[1].some(({ isEpochEnd, accuracy }) => isEpochEnd && accuracy > 0)).toBe(true);
    expect(await stateOf(parts)).toEqual(await stateOf(whole));
    for (const model of models) model.dispose();
  });

  it('has no epochs, and a schedule that does not advance, where nobody says how long they are', async () => {
    const seen: Progress[] = [];
    const set = topology.set();
    const model = await SparseMLP.create({
      layers: [12, 40, 4],
      topology: {
        ...set,
        isDue: (progress) => {
          seen.push(progress);
          return progress.step % 10 === 0;
        },
      },
    });
    for (const piece of cut({ x, y }, 10)) model.partialFit(piece.x, piece.y);
    // Nothing is due before the first step: 19 more.
    expect(seen.map(({ step }) => step)).toEqual(Array.from({ length: 19 }, (_, s) => s + 1));
    expect(
      seen.every(
        ({ steps, epochs, epoch, rows }) =>
          steps === Infinity && epochs === Infinity && epoch === 0 && rows === 10,
      ),
    ).toBe(true);
    expect(model.epochs).toBe(0);
    expect(model.history).toEqual([]);
    model.dispose();
  });

  it('returns what the piece was scored by, each row before the step of its batch', async () => {
    const model = await create('static');
    const [first, second] = cut({ x, y }, 100);
    const fresh = model.evaluate(first.x, first.y);
    expect(model.partialFit(first.x, first.y, { batchSize: 100 })).toEqual(fresh);
    const then = model.evaluate(second.x, second.y);
    expect(model.partialFit(second.x, second.y, { batchSize: 100 })).toEqual(then);
    model.dispose();
  });

  it.each([1, 2])(
    'goes on from a checkpoint between two pieces, within an epoch (%s threads)',
    async (threads) => {
      const given = {
        batchSize: 8,
        stepsPerEpoch: 9,
        totalEpochs: 6,
        optimizer: optimizer.adam({ learningRate: 0.01 }),
      };
      const pieces = [...cut({ x, y }, 24), ...cut({ x, y }, 7)];
      const whole = await create('ctre-seq', {}, threads);
      for (const piece of pieces) whole.partialFit(piece.x, piece.y, given);
      for (const at of [1, 5, 14]) {
        const before = await create('ctre-seq');
        for (const piece of pieces.slice(0, at)) before.partialFit(piece.x, piece.y, given);
        const after = await SparseMLP.resume(before.checkpoint());
        // The optimiser is the checkpoint's.
        const { optimizer: _, ...rest } = given;
        for (const piece of pieces.slice(at)) after.partialFit(piece.x, piece.y, rest);
        expect(await stateOf(after), `${at}`).toEqual(await stateOf(whole));
        expect(after.history.map(({ loss }) => loss)).toEqual(whole.history.map(({ loss }) => loss));
        expect(await sha256(after.checkpoint())).not.toBe(await sha256(before.checkpoint()));
        for (const model of [before, after]) model.dispose();
      }
      whole.dispose();
    },
  );

  it('takes sparse rows, weights and targets that are numbers, like fit', async () => {
    const targets = {
      rows: 200,
      cols: 4,
      data: Float32Array.from({ length: 800 }, (_, p) => Math.fround(p % 7) / 7),
    };
    const sparse = CsrMatrix.fromDense({ ...x, data: x.data.map((value) => (value > 0.3 ? value : 0)) });
    const sampleWeight = Float32Array.from({ length: 200 }, (_, r) => r % 3);
    // Units of their own would be those of the first piece.
    const [whole, parts] = [await createPlain(), await createPlain()];
    await whole.fit(sparse, targets, { epochs: 1, batchSize: 10, shuffle: false, sampleWeight });
    const dense = sparse.toDense();
    for (let p = 0; p < 20; p++) {
      const part = (m: DenseMatrix) => ({
        rows: 10,
        cols: m.cols,
        data: m.data.slice(10 * p * m.cols, 10 * (p + 1) * m.cols),
      });
      parts.partialFit(CsrMatrix.fromDense(part(dense)), part(targets), {
        stepsPerEpoch: 20,
        totalEpochs: 1,
        sampleWeight: sampleWeight.slice(10 * p, 10 * (p + 1)),
      });
    }
    expect(await stateOf(parts)).toEqual(await stateOf(whole));
    for (const model of [whole, parts]) model.dispose();
  });

  it.each(['partialFit', 'a stream'])('learns numbers in the units of the first piece: %s', async (way) => {
    const targets = {
      rows: 200,
      cols: 4,
      data: Float32Array.from({ length: 800 }, (_, p) => 300 + 50 * (p % 4) + 20 * ((p * p) % 7)),
    };
    // Of the first 40 rows: the mean of each output, and the root of the mean squared distance from it.
    const first = [...targets.data.subarray(0, 160)];
    const center = [0, 1, 2, 3].map(
      (col) => first.reduce((sum, v, p) => sum + (p % 4 === col ? v : 0), 0) / 40,
    );
    const squares = first.reduce((sum, v, p) => sum + (v - center[p % 4]) ** 2, 0);
    const scale = Math.sqrt(squares / 160);
    const scaled = { ...targets, data: targets.data.map((v, p) => (v - center[p % 4]) / scale) };
    const rows = (m: DenseMatrix, p: number) => ({
      rows: 40,
      cols: m.cols,
      data: m.data.slice(40 * p * m.cols, 40 * (p + 1) * m.cols),
    });
    const piecesOf = (y: DenseMatrix) => [0, 1, 2, 3, 4].map((p) => ({ x: rows(x, p), y: rows(y, p) }));
    const given = { batchSize: 10, stepsPerEpoch: 20, optimizer: sgd };
    const run = async (model: SparseMLP, y: DenseMatrix): Promise<(Score | Epoch)[]> => {
      const sets = { sample: { x, y } };
      if (way === 'partialFit') {
        return piecesOf(y).map((piece) => model.partialFit(piece.x, piece.y, { ...given, ...sets }));
      }
      const other = { validation: { x, y }, test: { x, y } };
      return [...(await model.fit(piecesOf(y), { ...given, ...sets, ...other })).epochs];
    };
    const [own, plain] = [await create('set'), await createPlain()];
    const [got, expected] = [await run(own, targets), await run(plain, scaled)];
    expect(own.layers.map(({ weights }) => weights.values)).toEqual(
      plain.layers.map(({ weights }) => weights.values),
    );
    got.forEach((score, s) => {
      expect(score.loss / (expected[s].loss * scale ** 2)).toBeCloseTo(1, 6);
      for (const name of ['valLoss', 'testLoss'] as const) {
        const [has, should] = [score, expected[s]].map((of) => Reflect.get(of, name));
        if (should !== undefined) expect(has / (should * scale ** 2)).toBeCloseTo(1, 6);
        expect(has === undefined, name).toBe(should === undefined || way === 'partialFit');
      }
    });
    const rmse = (score: Score | Epoch) =>
      'metrics' in score ? score.metrics?.rmse : Reflect.get(score, 'rmse');
    expect(rmse(got[0]) / (rmse(expected[0]) * scale)).toBeCloseTo(1, 6);
    const answers = plain.predict(x).map((value, p) => value * scale + center[p % 4]);
    own.predict(x).forEach((value, p) => {
      expect(value).toBeCloseTo(answers[p], 2);
    });
    // They stay, also in a file.
    const again = await SparseMLP.resume(own.checkpoint());
    const later = [own, again].map((model) =>
      model.partialFit(rows(x, 1), { ...rows(targets, 1), data: new Float32Array(160).fill(420) }, given),
    );
    expect(later[1]).toEqual(later[0]);
    expect(await sha256(again.save())).toBe(await sha256(own.save()));
    for (const model of [own, plain, again]) model.dispose();
  });

  it('keeps the units of a model that has some', async () => {
    const numbers = (offset: number) => ({
      rows: 200,
      cols: 4,
      data: Float32Array.from({ length: 800 }, (_, p) => offset + (p % 5)),
    });
    const still = optimizer.sgd({ learningRate: 0 });
    const model = await create('static');
    await model.fit(x, numbers(100), { epochs: 1, optimizer: still });
    const before = model.predict(x);
    for (const each of [model, await SparseMLP.load(model.save())]) {
      each.partialFit(x, numbers(700), { optimizer: still });
      await each.fit([{ x, y: numbers(900) }], { optimizer: still });
      expect(each.predict(x)).toEqual(before);
      each.dispose();
    }
  });

  it.each([
    { kind: 'mask', amount: 0.3 },
    { kind: 'gaussian', amount: 0.5 },
  ] as const)(
    'is fit with a schedule, clipped gradients and noise $kind, to the bit, also of a stream',
    async (denoise) => {
      const rule = {
        schedule: schedule.cosine({ warmup: 0.1 }),
        clipNorm: 0.5,
        denoise,
        batchSize: 20,
        optimizer: sgd,
      };
      const [whole, parts, streamed] = [await create('set'), await create('set'), await create('set')];
      await whole.fit(x, y, { ...rule, epochs: 3, shuffle: false });
      const given = { ...rule, stepsPerEpoch: 10, sample: { x, y } };
      for (let epoch = 0; epoch < 3; epoch++) {
        for (const piece of cut({ x, y }, 40)) {
          parts.partialFit(piece.x, piece.y, { ...given, denoise: { ...denoise }, totalEpochs: 3 });
        }
      }
      await streamed.fit(cut({ x, y }, 40), { ...given, epochs: 3 });
      expect(await stateOf(parts)).toEqual(await stateOf(whole));
      expect(await stateOf(streamed)).toEqual(await stateOf(whole));
      // Each of them changes what comes of it.
      for (const less of ['schedule', 'clipNorm', 'denoise'] as const) {
        const other = await create('set');
        const { [less]: _, ...rest } = given;
        await other.fit(cut({ x, y }, 40), { ...rest, epochs: 3 });
        expect(await stateOf(other)).not.toEqual(await stateOf(whole));
        other.dispose();
      }
      for (const model of [whole, parts, streamed]) model.dispose();
    },
  );

  it('takes another schedule, bound or noise from the call that has it on', async () => {
    const known = { batchSize: 20, stepsPerEpoch: 5, totalEpochs: 4, optimizer: sgd };
    const mask = { kind: 'mask', amount: 0.3 } as const;
    const changes: [PartialFitOptions, PartialFitOptions][] = [
      [{ schedule: schedule.linear() }, {}],
      [{ clipNorm: 0.1 }, { clipNorm: 0.2 }],
      [{ denoise: mask }, {}],
      [{ denoise: mask }, { denoise: { ...mask, amount: 0.4 } }],
      [{ denoise: mask }, { denoise: { ...mask, kind: 'gaussian' } }],
    ];
    for (const [before, after] of changes) {
      const model = await create('set');
      model.partialFit(x, y, { ...known, ...before });
      const [again, kept] = await Promise.all([0, 1].map(() => SparseMLP.resume(model.checkpoint())));
      for (const each of [model, again]) each.partialFit(x, y, { ...known, ...after });
      kept.partialFit(x, y, { ...known, ...before });
      expect(await stateOf(model)).toEqual(await stateOf(again));
      expect(await stateOf(model)).not.toEqual(await stateOf(kept));
      for (const each of [model, again, kept]) each.dispose();
    }
  });

  it('counts the steps of its own optimiser for a schedule, where the end is not known', async () => {
    const seen: number[][] = [];
    const own: Schedule = {
      name: 'own',
      options: {},
      takesOpenEnd: true,
      factor(...steps) {
        seen.push(steps);
        return 1;
      },
    };
    const model = await create('static');
    // Steps of an optimiser before are not its own.
    await model.fit(x, y, { epochs: 1, batchSize: 50, optimizer: optimizer.adam() });
    const [first, second] = cut({ x, y }, 100);
    model.partialFit(first.x, first.y, { batchSize: 50, optimizer: sgd, schedule: own });
    model.partialFit(second.x, second.y, { batchSize: 50, schedule: own });
    await model.fit(cut({ x, y }, 100), { batchSize: 100, optimizer: sgd, schedule: own });
    expect(seen).toEqual([0, 1, 2, 3, 4, 5].map((step) => [step, Infinity]));
    // Once it is known it is that of the model: fit had an epoch, and ended one of pieces before its next.
    seen.length = 0;
    const known = { batchSize: 50, stepsPerEpoch: 2, totalEpochs: 9, schedule: own };
    model.partialFit(first.x, first.y, known);
    expect(seen).toEqual([
      [6, 18],
      [7, 18],
    ]);
    model.dispose();
  });

  it('has the factors of a warm-up and of falls that are numbers of steps, without an end', async () => {
    const rates: (number | undefined)[] = [];
    const own: Optimizer = {
      ...{ name: 'own', options: {}, slots: 0, takesRateFactor: true },
      step: (_, { rateFactor }, time) => {
        rates[time - 1] = rateFactor;
      },
    };
    const model = await create('static');
    const factors = async (given: Schedule): Promise<unknown[]> => {
      rates.length = 0;
      await model.fit(cut({ x, y }, 100), {
        batchSize: 20,
        optimizer: { ...own, name: `${rates}` },
        schedule: given,
      });
      return [...rates];
    };
    expect(await factors(schedule.constant({ warmup: 4 }))).toEqual([0.25, 0.5, 0.75, ...Array(7).fill(1)]);
    model.dispose();
    const other = await create('static');
    rates.length = 0;
    const falls = schedule.step({ stepSize: 3, gamma: 0.5, warmup: 2 });
    other.partialFit(x, y, { batchSize: 20, optimizer: own, schedule: falls });
    expect(rates).toEqual([0.5, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]);
    rates.length = 0;
    const given = { ...own, name: 'another' };
    other.partialFit(x, y, {
      batchSize: 50,
      optimizer: given,
      schedule: schedule.step({ stepSize: 0, gamma: 0.5 }),
    });
    expect(rates).toEqual([1, 0.5, 0.25, 0.125]);
    other.dispose();
  });

  it.each<[string, Schedule]>([
    ['cosine', schedule.cosine()],
    ['linear', schedule.linear({ warmup: 5 })],
    ['step', schedule.step()],
    ['step', schedule.step({ stepSize: 5, warmup: 0.1 })],
    ['constant', schedule.constant({ warmup: 0.1 })],
    ['own', { name: 'own', options: {}, factor: () => 1 }],
  ])('refuses a schedule that goes by an end which is not known: %s, %o', async (name, given) => {
    const model = await create('set');
    const saved = await sha256(model.save());
    const sentence = new RegExp(
      `^the schedule ${name} of the learning rate goes by the end of the training, which is not known; ` +
        'give stepsPerEpoch and totalEpochs$',
    );
    const pieces = cut({ x, y }, 50);
    for (const more of [{}, { stepsPerEpoch: 5 }, { totalEpochs: 5 }]) {
      expect(() => model.partialFit(x, y, { schedule: given, ...more })).toThrow(sentence);
    }
    for (const more of [{}, { epochs: 2 }, { stepsPerEpoch: 5 }]) {
      await expect((async () => model.fit(pieces, { schedule: given, ...more }))()).rejects.toThrow(sentence);
    }
    expect(await sha256(model.save())).toBe(saved);
    model.partialFit(x, y, { schedule: given, stepsPerEpoch: 2, totalEpochs: 2 });
    await model.fit(pieces, { schedule: given, stepsPerEpoch: 5, epochs: 1 });
    await model.fit(pieces, { schedule: given, stepsPerEpoch: 5, totalEpochs: 9 });
    model.dispose();
  });

  it('refuses a schedule that the optimiser would not notice, and a norm that is none', async () => {
    const own: Optimizer = { name: 'own', options: {}, slots: 0, step() {} };
    const given = { stepsPerEpoch: 2, totalEpochs: 2, optimizer: own };
    const model = await create('set');
    expect(() => model.partialFit(x, y, { ...given, schedule: schedule.cosine() })).toThrow(
      'the optimizer "own" takes no schedule',
    );
    expect(() => model.partialFit(x, y, { ...given, clipNorm: 0 })).toThrow('clipNorm is 0');
    model.dispose();
  });

  it('keeps its memory between calls, and gives it back', async () => {
    const { arena } = await getEngine();
    const before = arena.usage();
    const model = await create('set');
    const pieces = cut({ x, y }, 5);
    const bytes = pieces.map((piece) => {
      model.partialFit(piece.x, piece.y);
      return arena.usage().bytes;
    });
    expect(new Set(bytes).size).toBe(1);
    // Of another kind and larger.
    model.partialFit(CsrMatrix.fromDense(x), y);
    model.partialFit(pieces[0].x, pieces[0].y);
    await model.fit(x, y, { epochs: 1 });
    model.partialFit(pieces[0].x, pieces[0].y);
    model.dispose();
    expect(arena.usage()).toMatchObject({ blocks: before.blocks, bytes: before.bytes });
  });

  it('and train follow one another: an epoch that a training interrupts has ended', async () => {
    const model = await create('set');
    const [piece] = cut({ x, y }, 50);
    model.partialFit(piece.x, piece.y, { stepsPerEpoch: 10, batchSize: 10 });
    expect(model.epochs).toBe(0);
    const controller = new AbortController();
    controller.abort();
    await expect(model.fit(x, y, { epochs: 1, signal: controller.signal })).rejects.toMatchObject({
      code: 'E_ABORTED',
    });
    expect(model.epochs).toBe(0);
    await model.fit(x, y, { epochs: 1 });
    expect(model.epochs).toBe(2);
    expect(model.history).toHaveLength(1);
    model.partialFit(piece.x, piece.y);
    expect(model.history).toHaveLength(0);
    expect(() => model.checkpoint()).not.toThrow();
    model.dispose();
  });

  it('is refused in the middle of a training, with unknown options, and where the end has to be known', async () => {
    const model = await create('set');
    const epochs = model.train(x, y, { epochs: 2 });
    await epochs.next();
    expect(() => model.partialFit(x, y)).toThrow(expect.objectContaining({ code: 'E_BUSY' }));
    await epochs.return();
    const wrong: [PartialFitOptions, string][] = [
      [{ stepsPerEpoch: 0 }, 'stepsPerEpoch is 0'],
      [{ classWeight: 'balanced' as never }, 'the rows of a piece do not tell'],
      [{ epochs: 3 } as never, 'no option "epochs"'],
    ];
    for (const [options, words] of wrong) {
      const saved = await sha256(model.save());
      expect(() => model.partialFit(x, y, options)).toThrow(words);
      expect(await sha256(model.save())).toBe(saved);
    }
    model.dispose();
    expect(() => model.partialFit(x, y)).toThrow(expect.objectContaining({ code: 'E_DISPOSED' }));
    const dense = await create('prune');
    expect(() => dense.partialFit(x, y)).toThrow('give stepsPerEpoch and totalEpochs');
    expect(dense.partialFit(x, y, { stepsPerEpoch: 2, totalEpochs: 2 }).loss).toBeGreaterThan(0);
    dense.dispose();
  });

  it('goes on after a step that diverged', async () => {
    const model = await create('static');
    const wild = optimizer.sgd({ learningRate: 1e30 });
    const diverge = (): void => {
      for (let call = 0; call < 20; call++) model.partialFit(x, y, { optimizer: wild });
    };
    expect(diverge).toThrow(expect.objectContaining({ code: 'E_DIVERGED' }));
    expect(() => model.checkpoint()).toThrow(expect.objectContaining({ code: 'E_BUSY' }));
    expect(() => model.partialFit(x, y, { optimizer: sgd })).toThrow(
      expect.objectContaining({ code: 'E_DIVERGED' }),
    );
    model.dispose();
  });

  it('can be ended by a method that disposes of the model', async () => {
    const { arena } = await getEngine();
    const before = arena.usage();
    const held: { model?: SparseMLP } = {};
    const set = topology.set();
    held.model = await SparseMLP.create({
      layers: [12, 40, 4],
      topology: {
        ...set,
        isDue: ({ step }) => {
          if (step === 3) held.model?.dispose();
          return false;
        },
      },
    });
    const model = held.model;
    expect(() => model.partialFit(x, y, { batchSize: 10 })).toThrow(
      expect.objectContaining({ code: 'E_DISPOSED' }),
    );
    expect(arena.usage()).toMatchObject({ blocks: before.blocks, bytes: before.bytes });
  });
});

describe('fit without shuffling', () => {
  it('takes the rows in their order, in every epoch', async () => {
    const order = Int32Array.from({ length: 200 }, (_, r) => r);
    randomStream(3, 'shuffle/0').shuffle(order);
    const [shuffled, plain] = [await create('set'), await create('set')];
    await shuffled.fit(x, y, { epochs: 1 });
    const same = take(x, y, order);
    const options: TrainOptions = { epochs: 1, shuffle: false };
    await plain.fit(same.x, same.y, options);
    expect(await stateOf(plain)).toEqual(await stateOf(shuffled));
    for (const model of [shuffled, plain]) model.dispose();
  });

  it('goes on from a checkpoint with the same option only', async () => {
    const model = await create('set');
    let kept: Uint8Array | undefined;
    for await (const { epoch } of model.train(x, y, { epochs: 3, shuffle: false })) {
      if (epoch === 1) kept = model.checkpoint();
    }
    const again = await SparseMLP.resume(kept ?? expect.fail('no checkpoint'));
    await expect(again.fit(x, y, { epochs: 3 })).rejects.toThrow('shuffle is');
    await again.fit(x, y, { epochs: 3, shuffle: false });
    expect(await stateOf(again)).toEqual(await stateOf(model));
    for (const each of [model, again]) each.dispose();
  });
});

/** Pieces by an async generator that says how it was left. */
function stream(pieces: readonly { x: DenseMatrix; y: Int32Array }[], failAt = Infinity) {
  const log = { given: 0, left: false };
  async function* give() {
    try {
      for (const piece of pieces) {
        if (log.given === failAt) throw new RangeError('the disk is gone');
        log.given++;
        yield piece;
      }
    } finally {
      log.left = true;
    }
  }
  return { log, pieces: give() };
}

describe('training on a stream of pieces', () => {
  it.each(names)('is fit of the same batches: %s', async (name) => {
    const options = 'every' in methods[name].options ? { every: 7 } : {};
    const [whole, parts] = [await create(name, options), await create(name, options)];
    const validation = quadrants(60, 12, 9);
    const common = { epochs: 3, batchSize: 20, optimizer: sgd, validation, restoreBest: true };
    const expected = await whole.fit(x, y, { ...common, shuffle: false });
    const got = await parts.fit(cut({ x, y }, 40), { ...common, stepsPerEpoch: 10, sample: { x, y } });
    const figures = ({ epochs }: typeof got) =>
      epochs.map(({ loss, accuracy, valLoss, valAccuracy, best, evolution }) => {
        return { loss, accuracy, valLoss, valAccuracy, best, layers: evolution?.layers };
      });
    expect(figures(got)).toEqual(figures(expected));
    expect(await stateOf(parts)).toEqual(await stateOf(whole));
    for (const model of [whole, parts]) model.dispose();
  });

  it('has an epoch for a pass, or for so many steps of one pass, the last one shorter', async () => {
    const lengths = async (options: PieceTrainOptions) => {
      const model = await create('set');
      const { epochs } = await model.fit(cut({ x, y }, 30), { batchSize: 10, ...options });
      model.dispose();
      return epochs.length;
    };
    expect(await lengths({})).toBe(1);
    expect(await lengths({ epochs: 2 })).toBe(2);
    // 20 steps of 10 rows: 8, 8 and 4.
    expect(await lengths({ stepsPerEpoch: 8 })).toBe(3);
    expect(await lengths({ stepsPerEpoch: 8, epochs: 2 })).toBe(2);
    expect(await lengths({ stepsPerEpoch: 8, epochs: 4 })).toBe(4);
  });

  it('takes sync iterables, and asks a generator for no more than it needs', async () => {
    const model = await create('set');
    function* give() {
      yield* cut({ x, y }, 50);
    }
    expect((await model.fit(give())).epochs).toHaveLength(1);
    const { log, pieces } = stream(cut({ x, y }, 50));
    await model.fit(pieces, { epochs: 1, stepsPerEpoch: 2, batchSize: 50 });
    expect(log).toEqual({ given: 2, left: true });
    model.dispose();
  });

  it('says that a generator cannot be iterated twice, and that there is no piece', async () => {
    const model = await create('set');
    await expect(model.fit(stream(cut({ x, y }, 50)).pieces, { epochs: 2 })).rejects.toMatchObject({
      code: 'E_SHAPE',
      message: expect.stringContaining('pass 2 over the pieces gives none'),
    });
    await expect(model.fit(stream([]).pieces)).rejects.toThrow('the iterable gives no piece');
    model.dispose();
  });

  it('lets the errors of the iterable through, and those of a bad piece, and leaves the iterable', async () => {
    const model = await create('set');
    const failing = stream(cut({ x, y }, 20), 3);
    await expect(model.fit(failing.pieces)).rejects.toThrow(RangeError);
    const bad = stream([...cut({ x, y }, 100), { x, y: y.slice(1) }]);
    await expect(model.fit(bad.pieces)).rejects.toMatchObject({ code: 'E_SHAPE' });
    expect(bad.log.left).toBe(true);
    await expect(model.fit(stream([null as never]).pieces)).rejects.toThrow(
      'a piece is null; expected { x, y }',
    );
    // Nothing is left of it.
    await model.fit(x, y, { epochs: 1 });
    model.dispose();
  });

  it('leaves the iterable when its loop is left, aborted, or the model is disposed of', async () => {
    const forever = (log: { left: boolean }) =>
      (async function* () {
        try {
          for (;;) yield* cut({ x, y }, 50);
        } finally {
          log.left = true;
        }
      })();
    const model = await create('set');
    const left = { left: false };
    for await (const _ of model.train(forever(left), { stepsPerEpoch: 3 })) break;
    expect(left.left).toBe(true);
    const aborted = { left: false };
    const controller = new AbortController();
    const fitting = model.fit(forever(aborted), {
      stepsPerEpoch: 3,
      signal: controller.signal,
      onEpoch: ({ epoch }) => epoch === 3 && controller.abort(),
    });
    await expect(fitting).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(aborted.left).toBe(true);
    const disposed = { left: false };
    const onEpoch = () => model.dispose();
    await expect(model.fit(forever(disposed), { stepsPerEpoch: 3, onEpoch })).rejects.toMatchObject({
      code: 'E_DISPOSED',
    });
    expect(disposed.left).toBe(true);
  });

  it('hears of an abort, and of dispose(), while it waits for a piece that never comes', async () => {
    const { arena } = await getEngine();
    const before = arena.usage();
    const never = {
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
    };
    const model = await create('set');
    const waiting = model.fit(never, { signal: AbortSignal.timeout(20) });
    await expect(waiting).rejects.toMatchObject({ code: 'E_ABORTED' });
    // Aborted between two pieces: no event comes then.
    const controller = new AbortController();
    let asked = 0;
    const next = () => {
      if (asked++ === 0) return Promise.resolve({ done: false as const, value: { x, y } });
      controller.abort();
      return new Promise<never>(() => {});
    };
    const stuck = model.fit({ [Symbol.asyncIterator]: () => ({ next }) }, { signal: controller.signal });
    await expect(stuck).rejects.toMatchObject({ code: 'E_ABORTED' });
    const other = model.fit(never);
    setTimeout(() => model.dispose(), 20);
    await expect(other).rejects.toMatchObject({ code: 'E_DISPOSED' });
    expect(arena.usage()).toMatchObject({ blocks: before.blocks, bytes: before.bytes });
  });

  it('trains on 20 times what fits in a limit of memory', async () => {
    const { arena } = await getEngine();
    const model = await SparseMLP.create({
      layers: [400, 20, 4],
      epsilon: 1,
      topology: topology.set({ every: 30 }),
    });
    // A piece is 100 rows of 1 600 bytes. Two of them fit, with what the network takes.
    const limit = arena.usage().bytes + 2 * 100 * 1600 + 200_000;
    const allocate = arena.allocate.bind(arena);
    const allocating = vi.spyOn(arena, 'allocate').mockImplementation((bytes) => {
      if (arena.usage().bytes + bytes > limit)
        throw new CtreError('E_MEMORY', 'beyond the limit of the test');
      return allocate(bytes);
    });
    try {
      const pieces = 41;
      async function* give() {
        for (let piece = 0; piece < pieces; piece++) {
          const { x, y } = quadrants(100, 400, piece);
          yield { x, y };
        }
      }
      const { epochs } = await model.fit(give(), { batchSize: 25, stepsPerEpoch: pieces });
      expect(epochs).toHaveLength(4);
      expect(epochs.reduce((sum, { evolution }) => sum + (evolution?.updates ?? 0), 0)).toBe(5);
      const whole = quadrants(pieces * 100, 400);
      await expect(model.fit(whole.x, whole.y, { epochs: 1 })).rejects.toThrow('beyond the limit');
    } finally {
      allocating.mockRestore();
    }
    model.dispose();
  });

  it('goes on from a checkpoint between two epochs', async () => {
    const whole = await create('set');
    const options = { batchSize: 20, epochs: 4 };
    let kept: Uint8Array | undefined;
    for await (const { epoch } of whole.train(cut({ x, y }, 60), options))
      if (epoch === 2) kept = whole.checkpoint();
    const again = await SparseMLP.resume(kept ?? expect.fail('no checkpoint'));
    await again.fit(cut({ x, y }, 60), options);
    expect(await stateOf(again)).toEqual(await stateOf(whole));
    for (const model of [whole, again]) model.dispose();
  });
});
