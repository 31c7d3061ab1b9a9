// A resumed training whose first attempt fails before it has changed anything.
import { describe, expect, it } from 'vitest';
import { getEngine } from '../../../src/engine/engine.ts';
import { optimizer, SparseMLP, type TrainOptions } from '../../../src/index.ts';
import { WorkerModel } from '../../../src/remote/workerModel.ts';
import { type MethodName, methods, topologyByName } from '../../../src/topology/methods.ts';
import { quadrants, sha256 } from '../../support/problems.ts';
import { trialArena } from '../../support/trialArena.ts';

const { x, y } = quadrants(120, 12);
const options: TrainOptions = { epochs: 6, batchSize: 30, validationSplit: 0.2 };
const names = Object.keys(methods) as MethodName[];

async function checkpointAfter3(name: MethodName) {
  const model = await SparseMLP.create({ layers: [12, 20, 4], seed: 2, topology: topologyByName(name) });
  let bytes: Uint8Array | undefined;
  await model.fit(x, y, {
    ...options,
    onEpoch: ({ epoch }) => {
      if (epoch === 3) bytes = model.checkpoint();
    },
  });
  const hash = await sha256(model.save());
  model.dispose();
  return { bytes: bytes ?? expect.fail('there is no checkpoint'), hash };
}

function failIn(n: number | undefined): void {
  trialArena(getEngine()).trials.failIn = n;
}

/** The training that is taken up after all is epochs 4 to 6, and comes to the same bits. */
async function goesOn(model: SparseMLP | WorkerModel, hash: string, what: string): Promise<void> {
  const seen: number[] = [];
  await model.fit(x, y, { ...options, onEpoch: ({ epoch }) => seen.push(epoch) });
  expect(seen, what).toEqual([4, 5, 6]);
  expect(await sha256(await model.save()), what).toBe(hash);
}

describe.each(names)('a resumed training of %s', (name) => {
  it('goes on after an attempt that was aborted before it began', async () => {
    const { bytes, hash } = await checkpointAfter3(name);
    const model = await SparseMLP.resume(bytes);
    const signal = AbortSignal.abort('no');
    await expect(model.fit(x, y, { ...options, signal })).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(model.checkpoint()).toEqual(bytes);
    await goesOn(model, hash, 'aborted');
    model.dispose();
  });

  it('goes on after attempts that had no memory', async () => {
    const { bytes, hash } = await checkpointAfter3(name);
    for (let n = 0; ; n++) {
      const model = await SparseMLP.resume(bytes);
      failIn(n);
      const error: unknown = await model.fit(x, y, options).catch((reason: unknown) => reason);
      const refused = trialArena(getEngine()).trials.failIn === undefined;
      failIn(undefined);
      // Later allocations are those of the updates within the training.
      if (!refused || model.epochs > 3 || model.history.length === 0) {
        expect(n).toBeGreaterThan(10);
        model.dispose();
        return;
      }
      expect(error).toMatchObject({ code: 'E_MEMORY' });
      expect(model.checkpoint(), `allocation ${n}`).toEqual(bytes);
      if (n % 4 === 0) await goesOn(model, hash, `allocation ${n}`);
      model.dispose();
    }
  });
});

describe('in a worker', () => {
  it('goes on after an attempt that was aborted before it began', async () => {
    const { bytes, hash } = await checkpointAfter3('ctre-sim');
    const model = await WorkerModel.resume(bytes);
    const signal = AbortSignal.abort('no');
    await expect(model.fit(x, y, { ...options, signal })).rejects.toMatchObject({ code: 'E_ABORTED' });
    await goesOn(model, hash, 'aborted');
    model.dispose();
  });
});

describe('a training that fails before its first step', () => {
  it('leaves history, optimiser and checkpoint as they were', async () => {
    const model = await SparseMLP.create({ layers: [12, 20, 4], seed: 2 });
    await model.fit(x, y, { epochs: 2 });
    const before = model.checkpoint();
    // Of another kind, with other arrays.
    const other = { epochs: 3, optimizer: optimizer.sgd() };
    for (let n = 0; n < 8; n++) {
      failIn(n);
      await expect(model.fit(x, y, other)).rejects.toMatchObject({ code: 'E_MEMORY' });
      failIn(undefined);
      expect(model.checkpoint(), `allocation ${n}`).toEqual(before);
    }
    const { epochs } = await model.fit(x, y, other);
    expect(epochs).toHaveLength(3);
    const again = await SparseMLP.resume(model.checkpoint());
    expect(again.checkpoint()).toEqual(model.checkpoint());
    for (const each of [model, again]) each.dispose();
  });
});
