// Without a method of one's own: Parcel cannot both bundle a module and give its address.
import { init, SparseMLP, WorkerModel } from 'ctre';
import { syntheticDataset } from 'ctre/data';

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

async function run() {
  const options = new URLSearchParams(location.search);
  const threads = Number(options.get('threads') ?? 1);
  if (options.has('hosted')) await init({ wasm: new URL('npm:ctre/wasm', import.meta.url) });
  const here = await trainAndPredict(SparseMLP, threads);
  return { here, inWorker: await trainAndPredict(WorkerModel, threads) };
}

run()
  .then((outcome) => JSON.stringify(outcome), String)
  .then((text) => {
    document.querySelector('output').textContent = text;
  });
