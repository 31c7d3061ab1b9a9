import {
  CsrMatrix,
  type Epoch,
  init,
  initSync,
  optimizer,
  SparseMLP,
  type Topology,
  topology,
  WorkerModel,
} from 'ctre';
import { type Dataset, readDataset, syntheticDataset } from 'ctre/data';
import { cosineTopK, type Neighbours, spmm } from 'ctre/kernels';
import {
  growAtRandom,
  type Method,
  type PruneOptions,
  pruneOptions,
  pruneShare,
  pruneWeakest,
  readMethodOptions,
  startAtRandom,
  updateIsDue,
} from 'ctre/topology';

const { x, labels }: Dataset = syntheticDataset({ rows: 200, noise: 10 });
const method: Topology = topology.set();

/** What a module of one's own exports by default. */
export const mine = {
  name: 'mine',
  about: 'Grows at random.',
  source: 'nowhere',
  options: pruneOptions,
  create(options: PruneOptions = {}): Topology<null> {
    const checked = readMethodOptions<PruneOptions>('mine', pruneOptions, options);
    return {
      name: 'mine',
      options: checked,
      init: startAtRandom,
      isDue: updateIsDue(checked),
      evolve: (network, states, tools) => ({
        edits: growAtRandom(pruneWeakest(network, tools, pruneShare(checked, network.progress)), tools),
        states,
      }),
    };
  },
} satisfies Method;

export async function train(): Promise<{ epochs: number; right: number; neighbours: number; best: boolean }> {
  await init();
  initSync();
  const model = await SparseMLP.create({ layers: [x.cols, 30, 2], topology: method, seed: 'any' });
  const epochs: Epoch[] = [];
  for await (const epoch of model.train(x, labels, { epochs: 3, optimizer: optimizer.adam() }))
    epochs.push(epoch);
  const probabilities: Float32Array = model.predict(x);
  const nearest: Neighbours = cosineTopK(x, 2);
  const remote: WorkerModel = await WorkerModel.create({ layers: [x.cols, 30, 2], seed: 'any' });
  const { best } = await remote.fit(x, labels, { epochs: 3, edits: true });
  const own = await SparseMLP.create({
    layers: [x.cols, 30, 2],
    topology: mine.create({ pruneFraction: 0.5 }),
  });
  await own.fit(x, labels, { epochs: 2 });
  for (const disposable of [model, remote, own]) disposable.dispose();
  return {
    epochs: epochs.length,
    right: probabilities.length / 2,
    neighbours: nearest.indices.length,
    best: best.epoch > 0,
  };
}

// @ts-expect-error layers are numbers
SparseMLP.create({ layers: ['one'] }).catch(() => {});
// @ts-expect-error a module has an address
WorkerModel.create({ layers: [2, 2], topology: { module: 3 } }).catch(() => {});
// @ts-expect-error a signal is an AbortSignal
export const notASignal: NonNullable<Parameters<SparseMLP['fit']>[2]> = { signal: 'stop' };
export { CsrMatrix, readDataset, spmm };
