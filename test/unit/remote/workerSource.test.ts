import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { SparseMLP, WorkerModel } from '../../../src/index.ts';
import { quadrants } from '../../support/problems.ts';

/** The file for workers of both kinds, as test/support/workerBundle.ts makes it. */
const file = new URL('../../../build/test/modelWorker.js', import.meta.url);
const path = fileURLToPath(file);
const { x, y } = quadrants(100, 6);
const options = { layers: [6, 20, 4], seed: 1 };

async function lossOf(Model: typeof SparseMLP | typeof WorkerModel, more: object): Promise<unknown> {
  const model = await Model.create({ ...options, ...more });
  const { epochs } = await model.fit(x, y, { epochs: 2 });
  const { threads, warning } = model;
  model.dispose();
  return { losses: epochs.map(({ loss }) => loss), threads, warning };
}

describe('workers are started where their caller says', () => {
  it.each([
    ['an address', file],
    ['the text of an address', file.href],
    ['a path', path],
    ['a function', () => new Worker(path)],
  ])('%s', async (_, worker) => {
    const expected = await lossOf(SparseMLP, { threads: 2 });
    expect(await lossOf(SparseMLP, { threads: 2, worker })).toEqual(expected);
    expect(await lossOf(WorkerModel, { threads: 2, worker })).toEqual(expected);
  });

  it('as often as there are workers', async () => {
    let started = 0;
    const worker = (): Worker => {
      started++;
      return new Worker(path);
    };
    const model = await SparseMLP.create({ ...options, threads: 3, worker });
    expect([model.threads, started]).toEqual([3, 2]);
    model.dispose();
    const remote = await WorkerModel.create({ ...options, threads: 3, worker });
    // Its worker starts its threads by itself.
    expect([remote.threads, started]).toEqual([3, 3]);
    const file = await remote.save();
    const again = await WorkerModel.load(file, { worker });
    expect(started).toBe(4);
    again.dispose();
    remote.dispose();
  });

  it.each([[5], [null], [{}], [[path]]])('%j is refused', async (worker) => {
    const refused = { code: 'E_ARGUMENT', message: expect.stringMatching(/^worker is .* ctre\/worker/) };
    await expect(lossOf(SparseMLP, { worker })).rejects.toMatchObject(refused);
    await expect(lossOf(WorkerModel, { worker })).rejects.toMatchObject(refused);
  });

  it.each<[string, unknown, RegExp]>([
    ['gives no worker', () => 5, /worker\(\) gave 5; expected a Worker/],
    [
      'throws',
      () => {
        throw new Error('not today');
      },
      /not today/,
    ],
  ])('a function that %s is an error, and a warning of threads', async (_, worker, said) => {
    const failed = { code: 'E_ENGINE', message: expect.stringMatching(said) };
    await expect(lossOf(WorkerModel, { worker })).rejects.toMatchObject(failed);
    const { threads, warning } = Object(await lossOf(SparseMLP, { threads: 2, worker }));
    expect(threads).toBe(1);
    expect(warning).toMatch(said);
  });

  it('a file that is not there is an error with a code', async () => {
    const worker = new URL('nowhere.js', file);
    const failed = { code: 'E_WORKER_DIED', message: expect.stringContaining('nowhere.js') };
    await expect(lossOf(WorkerModel, { worker })).rejects.toMatchObject(failed);
  });
});
