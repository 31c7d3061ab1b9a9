// Training in pieces, and more outputs, in a worker: what SparseMLP does on this thread is the truth here.
import { afterEach, describe, expect, it } from 'vitest';
import { optimizer, SparseMLP, schedule, topology, WorkerModel } from '../../../src/index.ts';
import { quadrants } from '../../support/problems.ts';

const { x, y } = quadrants(200, 12);
const models: { dispose(): void }[] = [];
afterEach(() => {
  for (const model of models.splice(0)) model.dispose();
});

async function createBoth() {
  const options = { layers: [12, 40, 4], epsilon: 4, seed: 5, topology: topology.rigl({ every: 7 }) };
  const both = { there: await WorkerModel.create(options), here: await SparseMLP.create(options) };
  models.push(both.there, both.here);
  return both;
}

const cut = (rows: number) =>
  Array.from({ length: 200 / rows }, (_, p) => ({
    x: { rows, cols: 12, data: x.data.slice(12 * rows * p, 12 * rows * (p + 1)) },
    y: y.slice(rows * p, rows * (p + 1)),
    sampleWeight: Float32Array.from({ length: rows }, (_, r) => (r + p) % 3),
  }));

/** Pieces by an async generator that says how it was left. */
function stream(failAt = Number.POSITIVE_INFINITY) {
  const log = { given: 0, left: false };
  async function* give() {
    try {
      for (;;) {
        for (const piece of cut(50)) {
          if (log.given === failAt) throw new RangeError('the disk is gone');
          log.given++;
          yield piece;
        }
      }
    } finally {
      log.left = true;
    }
  }
  return { log, pieces: give() };
}

describe('in a worker, training in pieces', () => {
  it('has the epochs and the bits of a training here: a stream, passes over an array', async () => {
    const { there, here } = await createBoth();
    const figures = (epochs: readonly { loss: number; valLoss?: number; best: boolean }[]) =>
      epochs.map(({ loss, valLoss, best }) => ({ loss, valLoss, best }));
    const validation = quadrants(50, 12, 8);
    const options = { batchSize: 20, validation, optimizer: optimizer.sgd(), sample: { x, y } };
    for (const more of [{ epochs: 3 }, { epochs: 5, stepsPerEpoch: 4 }, {}, { stepsPerEpoch: 7 }]) {
      const far = await there.fit(cut(40), { ...options, ...more });
      const near = await here.fit(cut(40), { ...options, ...more });
      expect(figures(far.epochs)).toEqual(figures(near.epochs));
      expect(await there.save()).toEqual(here.save());
    }
    const far = await there.fit(stream().pieces, { epochs: 2, stepsPerEpoch: 5 });
    const near = await here.fit(stream().pieces, { epochs: 2, stepsPerEpoch: 5 });
    expect(figures(far.epochs)).toEqual(figures(near.epochs));
    expect(await there.save()).toEqual(here.save());
  });

  it('has the bits of partialFit, also from a checkpoint, and of more outputs', async () => {
    const { there, here } = await createBoth();
    const given = { batchSize: 10, stepsPerEpoch: 7, totalEpochs: 9, sample: { x, y } };
    for (const { x, y, sampleWeight } of cut(25)) {
      const options = { ...given, sampleWeight, optimizer: optimizer.sgd({ learningRate: 0.05 }) };
      expect(await there.partialFit(x, y, options)).toEqual(here.partialFit(x, y, options));
    }
    expect(await there.save()).toEqual(here.save());
    const again = await WorkerModel.resume(await there.checkpoint());
    models.push(again);
    for (const model of [again, here]) {
      await model.partialFit(x, y, given);
      await model.addOutputs(2);
      await model.partialFit(
        x,
        Int32Array.from(y, (label, r) => (r % 9 === 0 ? 5 : label)),
        given,
      );
    }
    expect(await again.save()).toEqual(here.save());
    expect(again.nnz).toBe(here.nnz);
  });

  it('has the bits of a schedule, clipped gradients and noise, and the names of new outputs', async () => {
    const { there, here } = await createBoth();
    const rule = () => ({
      schedule: schedule.cosine({ warmup: 3 }),
      clipNorm: 0.3,
      denoise: { kind: 'mask', amount: 0.2 } as const,
      batchSize: 20,
    });
    const known = { stepsPerEpoch: 5, totalEpochs: 9 };
    for (const { x, y } of cut(50)) {
      const given = { ...rule(), ...known, optimizer: optimizer.sgd() };
      expect(await there.partialFit(x, y, given)).toEqual(here.partialFit(x, y, given));
    }
    for (const model of [there, here]) await model.fit(cut(50), { ...rule(), stepsPerEpoch: 6, epochs: 2 });
    expect(await there.save()).toEqual(here.save());
    const own = { ...schedule.cosine(), factor: () => 1 };
    await expect(there.partialFit(x, y, { ...known, schedule: own })).rejects.toThrow(
      'schedule "cosine" was not made by ctre',
    );
    await expect(there.partialFit(x, y, { schedule: schedule.cosine() })).rejects.toThrow('is not known');
    const names = { labelNames: ['five', 'six'] };
    for (const model of [there, here]) await model.addOutputs(2, names);
    expect(there.metadata).toEqual({ labelNames: [0, 1, 2, 3, 'five', 'six'] });
    expect(await there.predictLabels(x)).toEqual(here.predictLabels(x));
    await expect(there.addOutputs(1, { labelNames: ['five'] })).rejects.toMatchObject({ code: 'E_ARGUMENT' });
    expect(await there.save()).toEqual(here.save());
  });

  it('lets errors through and leaves the iterable: of the iterable, of a piece, of the loop', async () => {
    const { there } = await createBoth();
    await expect(there.fit(stream(3).pieces, { stepsPerEpoch: 9 })).rejects.toThrow(RangeError);
    await expect(there.fit([{ x, y: y.slice(1) }])).rejects.toMatchObject({ code: 'E_SHAPE' });
    await expect(there.fit([], {})).rejects.toMatchObject({ code: 'E_SHAPE' });
    await expect(there.fit(cut(50).values(), { epochs: 2 })).rejects.toThrow(
      'pass 2 over the pieces gives none',
    );
    const left = stream();
    for await (const _ of there.train(left.pieces, { stepsPerEpoch: 3 })) break;
    expect(left.log.left).toBe(true);
    const controller = new AbortController();
    const aborted = stream();
    const onEpoch = () => controller.abort(new Error('enough'));
    const fitting = there.fit(aborted.pieces, { stepsPerEpoch: 3, signal: controller.signal, onEpoch });
    await expect(fitting).rejects.toMatchObject({ code: 'E_ABORTED', cause: new Error('enough') });
    expect(aborted.log.left).toBe(true);
    expect(() => there.train(stream().pieces, { stepsPerEpochs: 3 } as never)).toThrow(
      'no option "stepsPerEpochs"',
    );
    // Nothing is left of all that.
    expect((await there.fit(x, y, { epochs: 1 })).epochs).toHaveLength(1);
  });

  it('hears of an abort, and of dispose(), while it waits for a piece that never comes', async () => {
    const { there } = await createBoth();
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const waiting = there.fit(never, { signal: AbortSignal.timeout(50) });
    await expect(waiting).rejects.toMatchObject({ code: 'E_ABORTED' });
    const other = there.fit(never);
    setTimeout(() => there.dispose(), 50);
    await expect(other).rejects.toMatchObject({ code: 'E_DISPOSED' });
  });
});
