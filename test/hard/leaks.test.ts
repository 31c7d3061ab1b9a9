import { describe, expect, it } from 'vitest';
import { getEngine, getSharedEngine } from '../../src/engine/engine.ts';
import { CsrMatrix, optimizer, SparseMLP, topology } from '../../src/index.ts';
import { cosineTopK, cosineTopKAsync, spmm } from '../../src/kernels/index.ts';
import { type MethodName, methods, topologyByName } from '../../src/topology/methods.ts';
import { effort, runRandom, runSeed } from '../support/effort.ts';
import { quadrants } from '../support/problems.ts';
import { trialArena } from '../support/trialArena.ts';

const { x, y } = quadrants(40, 12);
const layers = [12, 16, 4];
const names = Object.keys(methods) as MethodName[];
/** Samples that no learning rate but a tiny one stands. */
const huge = { ...x, data: x.data.map((value) => value * 1e30) };

/** Rows so narrow that their neighbours are found by products of two entries. */
const narrow = CsrMatrix.fromDense({ rows: 60, cols: 2, data: x.data.slice(0, 120) });

/** A search to its end, one that its signal aborts, and one whose listener throws. */
async function searchInTurns(cycle: number): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  for (const rows of [x, narrow]) {
    await cosineTopKAsync(rows, 1 + (cycle % 9));
    const aborted = cosineTopKAsync(rows, 2, rows, { signal, onProgress: () => controller.abort() });
    await aborted.catch((error: unknown) => expect(error).toMatchObject({ code: 'E_ABORTED' }));
    const failing = cosineTopKAsync(rows, 2, rows, {
      onProgress: () => {
        throw new Error('no more');
      },
    });
    await expect(failing).rejects.toThrow('no more');
  }
}

/** Cycles until everything has been as large as it gets. */
const WARM = 100;

/** One model's life, of another kind every time; throws what nobody expects. */
async function live(cycle: number, threads: number): Promise<void> {
  const method = names[cycle % names.length];
  const model = await SparseMLP.create({
    layers,
    epsilon: 3,
    seed: cycle,
    threads,
    topology: topologyByName(method),
  });
  const code = async (expected: string, call: () => unknown) => {
    await expect((async () => call())()).rejects.toMatchObject({ code: expected });
  };
  const controller = new AbortController();
  const { signal } = controller;
  switch (cycle % 11) {
    case 0:
      await model.fit(x, y, { epochs: 2, validationSplit: 0.2 });
      break;
    case 1:
      await code('E_DIVERGED', () => model.fit(huge, y, { epochs: 5, optimizer: optimizer.sgd() }));
      break;
    case 2:
      await code('E_ABORTED', () => model.fit(x, y, { signal, onEpoch: () => controller.abort() }));
      break;
    case 3:
      setTimeout(() => controller.abort(), 1);
      await code('E_ABORTED', () => model.fit(x, y, { epochs: 1e9, signal }));
      break;
    case 4:
      await code('E_LABEL', () =>
        model.fit(
          x,
          y.map(() => 4),
        ),
      );
      await code('E_SHAPE', () => model.predict({ ...x, cols: 11 }));
      await code('E_NOT_FINITE', () => model.predict([Array<number>(12).fill(Number.NaN)]));
      break;
    case 5:
      for await (const _ of model.train(x, y)) break;
      break;
    case 6: {
      const { trials } = trialArena(getEngine());
      trials.failIn = 7 + (cycle % 23);
      await model.fit(x, y, { epochs: 2 }).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'E_MEMORY' });
      });
      trials.failIn = undefined;
      break;
    }
    case 7: {
      const again = await SparseMLP.load(model.save());
      await again.fit(CsrMatrix.fromDense(x), y, { epochs: 1 });
      again.dispose();
      await code('E_DISPOSED', () => again.predict(x));
      await code('E_FORMAT', () => SparseMLP.load(model.save().subarray(0, 100 + (cycle % 50))));
      break;
    }
    case 8:
      // Abandoned: nobody ends the iterator.
      await model.train(x, y, { epochs: 9, validationSplit: 0.2, restoreBest: true }).next();
      break;
    case 9:
      setTimeout(() => model.dispose(), cycle % 5);
      await code('E_DISPOSED', () => model.fit(x, y, { epochs: 1e9 }));
      break;
    default:
      model.evaluate(x, y);
      model.predict(x);
      spmm(model.layers[0].weights, { rows: 12, cols: 3, data: x.data.slice(0, 36) });
      cosineTopK(x, 2);
      await searchInTurns(cycle);
      await code('E_MEMORY', () =>
        SparseMLP.create({ layers: [1000, 2 ** 24, 2 ** 24, 2], epsilon: 20, topology: topology.fixed() }),
      );
  }
  model.dispose();
}

describe(`models that come and go (seed ${runSeed})`, () => {
  it('leave no block behind, and the memory does not grow', async () => {
    const arena = trialArena(getEngine());
    const before = arena.usage();
    const offset = runRandom('leaks').below(1000);
    let settled = 0;
    const cycles = effort(2 * WARM, 10_000);
    for (let cycle = 0; cycle < cycles; cycle++) {
      await live(offset + cycle, 1);
      const { blocks, bytes, memoryBytes } = arena.usage();
      const what = `CTRE_SEED=${runSeed}, cycle ${cycle}`;
      expect({ blocks, bytes }, what).toEqual({ blocks: before.blocks, bytes: before.bytes });
      if (cycle === WARM) settled = memoryBytes;
      if (cycle > WARM) expect(memoryBytes, what).toBe(settled);
    }
    arena.checkGuards();
  });

  it('neither with threads, and no worker stays', async () => {
    const { arena } = await getSharedEngine();
    const before = arena.usage();
    let [started, ended] = [0, 0];
    const count = (worker: import('node:worker_threads').Worker): void => {
      started++;
      worker.once('exit', () => {
        ended++;
      });
    };
    process.on('worker', count);
    try {
      const offset = runRandom('leaks/threads').below(1000);
      const cycles = effort(18, 120);
      let settled = 0;
      for (let cycle = 0; cycle < cycles; cycle++) {
        await live(offset + cycle, 2);
        const { blocks, bytes, memoryBytes } = arena.usage();
        const what = `CTRE_SEED=${runSeed}, cycle ${cycle}`;
        expect({ blocks, bytes }, what).toEqual({ blocks: before.blocks, bytes: before.bytes });
        if (cycle === WARM) settled = memoryBytes;
        if (cycle > WARM) expect(memoryBytes, what).toBe(settled);
      }
      expect(started).toBeGreaterThanOrEqual(cycles);
      // A worker that was told to end needs a moment for it.
      for (let wait = 0; wait < 200 && ended < started; wait++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(ended).toBe(started);
    } finally {
      process.off('worker', count);
    }
  });
});
