// As wrangler gives it: the .wasm file is a compiled module, because code cannot be compiled while a worker runs.
import { CtreError, init, SparseMLP, WorkerModel } from 'ctre';
import { syntheticDataset } from 'ctre/data';
import wasm from './ctre.wasm';

const { x, labels } = syntheticDataset({ rows: 300, informative: 3, redundant: 3, noise: 14, seed: 7 });
const options = { layers: [x.cols, 60, 40, 2], epsilon: 5, seed: 7 };

/** The error of what does not work, as its users see it. */
async function refusal(work) {
  try {
    await work();
    return null;
  } catch (error) {
    if (!(error instanceof CtreError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

async function consume() {
  const withoutModule = await refusal(() => SparseMLP.create(options));
  await init({ wasm });
  const model = await SparseMLP.create({ ...options, threads: 2 });
  const { epochs } = await model.fit(x, labels, { epochs: 5, batchSize: 100 });
  const { warning } = model;
  return {
    losses: epochs.map(({ loss }) => loss),
    warning,
    withoutModule,
    inWorker: await refusal(() => WorkerModel.create(options)),
  };
}

export default {
  async test() {
    console.log(`outcome ${JSON.stringify(await consume())}`);
  },
};
