// What every consumer does with the package: it trains a model and predicts, on so many threads.
import { CsrMatrix, SparseMLP } from 'ctre';
import { syntheticDataset } from 'ctre/data';
import { CsrMatrix as CsrMatrixOfKernels, cosineTopK } from 'ctre/kernels';

export async function trainAndPredict(threads = 1) {
  const { x, labels } = syntheticDataset({ rows: 300, informative: 3, redundant: 3, noise: 14, seed: 7 });
  const model = await SparseMLP.create({ layers: [x.cols, 60, 40, 2], epsilon: 5, seed: 7, threads });
  const { epochs } = await model.fit(x, labels, { epochs: 5, batchSize: 100 });
  const probabilities = model.predict(x);
  const { indices } = cosineTopK(CsrMatrix.fromDense(x), 1);
  const outcome = {
    losses: epochs.map(({ loss }) => loss),
    probabilities: Array.from(probabilities.subarray(0, 20)),
    neighbours: Array.from(indices.subarray(0, 20)),
    oneClass: CsrMatrix === CsrMatrixOfKernels,
    threads: model.threads,
    warning: model.warning ?? null,
  };
  model.dispose();
  return outcome;
}
