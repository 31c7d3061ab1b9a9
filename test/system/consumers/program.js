// What every consumer does with the package: it trains a model, here and in a worker, and predicts, on so many threads.
import { CsrMatrix, SparseMLP, WorkerModel } from 'ctre';
import { syntheticDataset } from 'ctre/data';
import { CsrMatrix as CsrMatrixOfKernels, cosineTopK } from 'ctre/kernels';

const { x, labels } = syntheticDataset({ rows: 300, informative: 3, redundant: 3, noise: 14, seed: 7 });

async function trainAndPredict(Model, threads) {
  const model = await Model.create({ layers: [x.cols, 60, 40, 2], epsilon: 5, seed: 7, threads });
  const { epochs } = await model.fit(x, labels, { epochs: 5, batchSize: 100 });
  const probabilities = await model.predict(x);
  const outcome = {
    losses: epochs.map(({ loss }) => loss),
    probabilities: Array.from(probabilities.subarray(0, 20)),
    threads: model.threads,
    warning: model.warning ?? null,
  };
  model.dispose();
  return outcome;
}

export async function consume(threads = 1) {
  const { indices } = cosineTopK(CsrMatrix.fromDense(x), 1);
  return {
    here: await trainAndPredict(SparseMLP, threads),
    inWorker: await trainAndPredict(WorkerModel, threads),
    neighbours: Array.from(indices.subarray(0, 20)),
    oneClass: CsrMatrix === CsrMatrixOfKernels,
  };
}
