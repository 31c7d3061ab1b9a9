// What every consumer does with the package: it trains a model, here and in a worker, and predicts, on so many threads.
import { CsrMatrix, CtreError, SparseMLP, WorkerModel } from 'ctre';
import { syntheticDataset } from 'ctre/data';
import { CsrMatrix as CsrMatrixOfKernels, cosineTopK } from 'ctre/kernels';
import { CtreError as CtreErrorOfMethods } from 'ctre/topology';
import method from './method.js';

const { x, labels } = syntheticDataset({ rows: 300, informative: 3, redundant: 3, noise: 14, seed: 7 });

const options = { share: 0.3 };
/** The same method: here by its functions, in a worker by the address of its module. */
const byFunctions = method.create(options);

async function trainAndPredict(Model, { threads = 1, worker, topology }) {
  const layers = [x.cols, 60, 40, 2];
  const model = await Model.create({ layers, epsilon: 5, seed: 7, threads, worker, topology });
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

/**
 * @param worker where workers start from, where a bundler does not find the package's own files.
 * @param module the address of the method's module, where `import.meta.url` does not tell.
 */
export async function consume(
  threads = 1,
  { worker, module = new URL('./method.js', import.meta.url) } = {},
) {
  const { indices } = cosineTopK(CsrMatrix.fromDense(x), 1);
  const lossesOf = async (Model, topology) => (await trainAndPredict(Model, { topology, worker })).losses;
  return {
    here: await trainAndPredict(SparseMLP, { threads, worker }),
    inWorker: await trainAndPredict(WorkerModel, { threads, worker }),
    ownHere: await lossesOf(SparseMLP, byFunctions),
    ownInWorker: await lossesOf(WorkerModel, { module, options }),
    neighbours: Array.from(indices.subarray(0, 20)),
    oneClass: CsrMatrix === CsrMatrixOfKernels && CtreError === CtreErrorOfMethods,
  };
}
