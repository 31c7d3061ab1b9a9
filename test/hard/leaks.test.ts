import { describe, expect, it } from 'vitest';
import { type Random, randomStream } from '../../src/base/random.ts';
import { getEngine } from '../../src/engine/engine.ts';
import { getSharedEngine } from '../../src/engine/training.ts';
import { CsrMatrix, optimizer, SparseMLP, topology } from '../../src/index.ts';
import { cosineTopK, cosineTopKAsync, type PreparedMatrix, prepare, spmm } from '../../src/kernels/index.ts';
import { randomPattern } from '../../src/matrix/sampling.ts';
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

/** A random matrix, of up to 400 rows and columns and 4 000 entries. */
function randomMatrix(random: Random): CsrMatrix {
  const [rows, cols] = [1 + random.below(400), 1 + random.below(400)];
  const pattern = randomPattern(rows, cols, random.below(Math.min(4000, rows * cols)), random);
  return CsrMatrix.fromParts({ ...pattern, values: pattern.indices.map((_, p) => (p % 7) - 3) });
}

/** What is asked of a prepared matrix, rightly and wrongly. */
async function askPrepared(prepared: PreparedMatrix, random: Random): Promise<void> {
  const { rows, cols } = prepared;
  const k = 1 + random.below(40);
  const [x, y] = [
    { rows: cols, cols: k, data: new Float32Array(cols * k) },
    { rows, cols: k, data: new Float32Array(rows * k) },
  ];
  const { trials } = trialArena(getEngine());
  const wrong: [string, () => unknown][] = [
    ['E_SHAPE', () => prepared.multiply(new Float32Array(cols + 1))],
    ['E_SHAPE', () => prepared.multiply(x, { out: new Float32Array(rows * k + 1) })],
    ['E_ARGUMENT', () => prepared.multiplyTransposed([1] as never)],
    ['E_SHAPE', () => prepared.setValues([1, 2, ...Array(prepared.nnz).fill(0)])],
    ['E_ARGUMENT', () => prepared.cosineTopK({ k: rows })],
    ['E_SHAPE', () => prepared.sddmm(y, { ...x, cols: k + 1, data: new Float32Array(cols * (k + 1)) })],
    ['E_MEMORY', () => prepare(CsrMatrix.fromDense({ rows: 1, cols: 1, data: Float32Array.of(1) }))],
  ];
  for (const [code, call] of wrong) {
    if (code === 'E_MEMORY') trials.failIn = random.below(4);
    expect(call, code).toThrow(expect.objectContaining({ code }));
    trials.failIn = undefined;
  }
  prepared.multiply(x);
  prepared.multiplyTransposed(y);
  prepared.sddmm(y, x);
  await prepared.cosineTopKAsync({ k: Math.min(2, rows - 1) });
  const brief = prepare(randomMatrix(random));
  const search = brief.cosineTopKAsync({ k: 0 });
  brief.dispose();
  await search;
  expect(() => brief.multiply(x)).toThrow(expect.objectContaining({ code: 'E_DISPOSED' }));
}

describe(`prepared matrices that come and go (seed ${runSeed})`, () => {
  it('give back every byte: one of a thousand after another', () => {
    const arena = trialArena(getEngine());
    const random = randomStream(runSeed, 'leaks/prepared');
    const matrix = CsrMatrix.fromParts({
      ...randomPattern(1000, 1000, 10_000, random),
      values: Float32Array.from({ length: 10_000 }, (_, p) => (p % 7) - 3),
    });
    const x = new Float32Array(1000).fill(1);
    const before = arena.usage();
    let settled = 0;
    for (let cycle = 0; cycle < 1000; cycle++) {
      const prepared = prepare(matrix);
      prepared.multiply(x);
      prepared.dispose();
      const { blocks, bytes, memoryBytes } = arena.usage();
      expect({ blocks, bytes }).toEqual({ blocks: before.blocks, bytes: before.bytes });
      if (cycle === 0) settled = memoryBytes;
      expect(memoryBytes).toBe(settled);
    }
    console.log(
      `1 000 prepared matrices: ${arena.usage().bytes - before.bytes} bytes left in the arena, ` +
        `${arena.usage().memoryBytes - settled} more of memory than after the first`,
    );
  });

  it('of all sizes, several at a time, with errors in between', async () => {
    const arena = trialArena(getEngine());
    const random = randomStream(runSeed, 'leaks/prepared/sizes');
    const before = arena.usage();
    const living: PreparedMatrix[] = [];
    const cycles = effort(120, 2000);
    for (let cycle = 0; cycle < cycles; cycle++) {
      living.push(prepare(randomMatrix(random)));
      await askPrepared(living[cycle % living.length], random);
      if (living.length > 4) living.splice(random.below(living.length), 1)[0].dispose();
    }
    for (const prepared of living) prepared.dispose();
    const { blocks, bytes, memoryBytes } = arena.usage();
    expect({ blocks, bytes }).toEqual({ blocks: before.blocks, bytes: before.bytes });
    // Five of at most 36 KB, and the operands of one call: what free memory is in pieces is bounded.
    expect(memoryBytes - before.memoryBytes).toBeLessThan(16 * 2 ** 20);
    arena.checkGuards();
  });
});

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
