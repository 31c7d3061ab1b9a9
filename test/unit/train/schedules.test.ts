// Updates every few steps: a training that was killed at any step and resumed comes to the same bits.
import { describe, expect, it } from 'vitest';
import {
  type Epoch,
  optimizer,
  type Progress,
  SparseMLP,
  type Topology,
  topology,
} from '../../../src/index.ts';
import { presets } from '../../../src/model/presets.ts';
import { quadrants, sha256 } from '../../support/problems.ts';

const ROWS = 130;
const BATCH = 20;
/** The last one is smaller. */
const STEPS_OF_EPOCH = 7;
const EPOCHS = 4;
const { x, y } = quadrants(ROWS, 12);

/** `every` divides no epoch. */
const scheduled: [string, () => Topology][] = [
  ['rigl every 3 steps', () => topology.rigl({ every: 3 }) as Topology],
  ['rigl as published, every 5', () => topology.rigl({ preset: 'published', every: 5 }) as Topology],
  ['gse every 4', () => topology.gse({ every: 4 }) as Topology],
  ['chts every 5', () => topology.chts({ every: 5 }) as Topology],
  ['momentum every 2', () => topology.momentum({ every: 2 }) as Topology],
  ['mest every 3 within a soft bound', () => topology.mest({ every: 3, memoryBound: 'soft' }) as Topology],
  ['prune every 4', () => topology.prune({ every: 4 }) as Topology],
  ['ctre-seq every 6', () => topology.ctreSeq({ every: 6, patience: 1 }) as Topology],
  ['the default every 8', () => topology.cteGse({ every: 8, wiring: 2 }) as Topology],
  ['the default', presets.default.topology],
];

const create = (make: () => Topology) =>
  SparseMLP.create({ layers: [12, 40, 30, 4], epsilon: 3, seed: 3, topology: make() });
const training = () => ({
  epochs: EPOCHS,
  batchSize: BATCH,
  optimizer: optimizer.adam({ learningRate: 0.01 }),
});
const bitsOf = async (model: SparseMLP) => [await sha256(model.save()), await sha256(model.checkpoint())];
const figures = (epochs: readonly Epoch[]) =>
  epochs.map(({ loss, accuracy, evolution, start }) => {
    const { updates, layers, candidates, pairs } = evolution ?? {};
    return { loss, accuracy, updates, layers, candidates, pairs, start: start?.pairs };
  });

describe.each(scheduled)('%s', (_, make) => {
  it('killed at any step and resumed, comes to the same bits', async () => {
    const whole = await create(make);
    const { epochs } = await whole.fit(x, y, training());
    const end = await sha256(whole.save());
    whole.dispose();
    for (let kill = 1; kill < EPOCHS * STEPS_OF_EPOCH; kill += 1) {
      const first = await create(make);
      // Before the first epoch there is nothing to go on from.
      const checkpoints: Uint8Array[] = [];
      const controller = new AbortController();
      // The optimiser goes the same way; it only counts.
      const adam = training().optimizer;
      const counting = {
        ...adam,
        step: ((kernels, parameters, time, decay) => {
          adam.step(kernels, parameters, time, decay);
          if (time === kill) controller.abort();
        }) as typeof adam.step,
      };
      const { signal } = controller;
      await first
        .fit(x, y, {
          ...training(),
          optimizer: counting,
          signal,
          onEpoch: () => {
            checkpoints.push(first.checkpoint());
          },
        })
        .then(
          () => expect.fail('it was not aborted'),
          (error: unknown) => expect(error).toMatchObject({ code: 'E_ABORTED' }),
        );
      first.dispose();
      // After the last step of an epoch the abort comes when the next one begins, or before its report.
      expect(Math.abs(checkpoints.length - kill / STEPS_OF_EPOCH)).toBeLessThanOrEqual(1);
      const last = checkpoints.at(-1);
      const again = last === undefined ? await create(make) : await SparseMLP.resume(last);
      const rest = await again.fit(x, y, training());
      expect(await sha256(again.save()), `killed at step ${kill}`).toBe(end);
      expect(figures(rest.epochs)).toEqual(figures(epochs));
      again.dispose();
    }
  });

  it('in several calls with totalEpochs is the same training', async () => {
    const whole = await create(make);
    const { epochs } = await whole.fit(x, y, training());
    const end = await bitsOf(whole);
    for (const lengths of [
      [1, 1, 1, 1],
      [3, 1],
      [1, 2, 1],
    ]) {
      const parts = await create(make);
      const seen: Epoch[] = [];
      for (const length of lengths) {
        const part = await parts.fit(x, y, { ...training(), epochs: length, totalEpochs: EPOCHS });
        seen.push(...part.epochs);
      }
      expect(figures(seen)).toEqual(figures(epochs));
      expect(await sha256(parts.save())).toBe(end[0]);
      parts.dispose();
    }
    whole.dispose();
  });

  it('gives the same bits on 1, 2 and 3 threads', async () => {
    const hashes: string[] = [];
    for (const threads of [1, 2, 3]) {
      const model = await SparseMLP.create({
        layers: [12, 40, 30, 4],
        epsilon: 3,
        seed: 3,
        topology: make(),
        threads,
      });
      await model.fit(x, y, { ...training(), batchSize: 64 });
      hashes.push(await sha256(model.save()));
      model.dispose();
    }
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).toBe(hashes[0]);
  });
});

describe('when updates are asked for', () => {
  it('before every step but the first, never after the last, with what is done by then', async () => {
    const seen: Progress[] = [];
    const due: number[] = [];
    const drawn = new Set<number>();
    const set = topology.set();
    const model = await SparseMLP.create({
      layers: [12, 20, 4],
      topology: {
        ...(set as Topology),
        isDue(progress) {
          seen.push(progress);
          return progress.step % 5 === 0;
        },
        evolve(network, _states, tools) {
          due.push(network.progress.step);
          drawn.add(tools.random('the same name').next());
          return set.evolve?.(network, [null, null], tools) ?? expect.fail('it does not evolve');
        },
      },
    });
    const epochs: Epoch[] = [];
    for await (const epoch of model.train(x, y, { epochs: 3, batchSize: BATCH, totalEpochs: 5 })) {
      epochs.push(epoch);
    }
    expect(seen.map(({ step }) => step)).toEqual(
      Array.from({ length: 3 * STEPS_OF_EPOCH - 1 }, (__, s) => s + 1),
    );
    for (const { step, steps, epoch, epochs: all, isEpochEnd, accuracy, rows, batchSize } of seen) {
      expect([epoch, all, steps]).toEqual([Math.floor(step / STEPS_OF_EPOCH), 5, 5 * STEPS_OF_EPOCH]);
      expect(isEpochEnd).toBe(step % STEPS_OF_EPOCH === 0);
      expect(accuracy).toBe(epoch === 0 ? -1 : epochs[epoch - 1].accuracy);
      expect([rows, batchSize]).toEqual([ROWS, BATCH]);
    }
    expect(due).toEqual([5, 10, 15, 20]);
    expect(drawn.size).toBe(4);
    expect(epochs.map(({ evolution }) => evolution?.updates)).toEqual([1, 1, 2]);
    model.dispose();
  });
});
