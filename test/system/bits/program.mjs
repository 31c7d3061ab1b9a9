// Trains small networks and hashes what comes of them: the same program in Node and on a page, for any number
// of threads, with the model here or in a worker.

import { applyScaler, fitScaler, syntheticDataset } from '../../../dist/data/index.js';
import {
  activation,
  CsrMatrix,
  initializer,
  optimizer,
  SparseMLP,
  topology,
  WorkerModel,
} from '../../../dist/index.js';
import { methods } from '../../../dist/topology/methods.js';

/** 3 400 of the rows are trained on: 34 steps an epoch at the default batch size. */
const problem = syntheticDataset({
  rows: 3778,
  informative: 5,
  redundant: 7,
  noise: 12,
  classes: 4,
  flip: 0.02,
  seed: 'bits',
});
const { labels } = problem;
/** 204 steps, 5 updates of the topology. */
const EPOCHS = 6;
/** Every option left as it is, where it can be. */
async function plainly(Model, threads, name) {
  const model = await Model.create({ layers: [24, 150, 90, 4], topology: methods[name].create(), threads });
  return train(model, problem.x, { epochs: EPOCHS, validationSplit: 0.1 });
}

/**
 * Every option something else: sparse samples, a full layer, several tiles a batch, the last of them not
 * full.
 */
async function explicitly(Model, threads, name) {
  const model = await Model.create({
    layers: [24, 120, 70, 50, 4],
    density: [0.2, 0.1, 0.05, 1],
    topology: methods[name].create(optionsOf(name)),
    initializer: initializer.glorot(),
    seed: 'explicit',
    threads,
  });
  // Most numbers near the mean become zeros: samples as text has them.
  const scaled = applyScaler(fitScaler('standard', problem.x), problem.x);
  const few = scaled.data.map((value) => (Math.abs(value) < 0.7 ? 0 : value));
  return train(model, CsrMatrix.fromDense({ ...scaled, data: few }), {
    epochs: EPOCHS,
    batchSize: 333,
    optimizer: optimizer.adam({ learningRate: 0.002, weightDecay: 1e-4 }),
    validationRows: Array.from({ length: 378 }, (_, r) => 10 * r),
  });
}

/** Something else than the default for every option in `others` that the method takes. */
function optionsOf(name) {
  const others = {
    pruneFraction: 0.3,
    annealing: 'cosine',
    every: 4,
    until: 0.9,
    search: methods[name].options.search?.default === 'exact' ? 'auto' : 'exact',
    rows: 200,
  };
  return Object.fromEntries(Object.entries(others).filter(([option]) => option in methods[name].options));
}

/** Wide layers, of which few pairs are listed. */
async function wide(Model, threads) {
  const model = await Model.create({
    layers: [24, 4500, 4500, 4],
    epsilon: 4,
    topology: topology.cteGse({ wiring: 2, cosineShare: 0.5, growthShare: 0 }),
    threads,
  });
  const rows = 320;
  const x = { rows, cols: 24, data: problem.x.data.subarray(0, 24 * rows) };
  return train(model, x, { epochs: 4 }, labels.subarray(0, rows));
}

/** Another activation than ReLU, in sparse layers and full ones, over tiles that are not full. */
async function allRelu(Model, threads) {
  const model = await Model.create({
    layers: [24, 120, 70, 50, 4],
    density: [0.2, 0.5, 1, 0.1],
    activation: activation.allRelu(),
    threads,
  });
  return train(model, problem.x, { epochs: EPOCHS, batchSize: 333, validationSplit: 0.1 });
}

/** The model's file, its predictions and the history, as bytes. */
async function train(model, x, options, y = labels) {
  // The hashes are of the network after the last epoch.
  const { epochs } = await model.fit(x, y, { ...options, restoreBest: false });
  const numbers = epochs.flatMap(({ loss, accuracy, valLoss = 0, valAccuracy = 0 }) => [
    loss,
    accuracy,
    valLoss,
    valAccuracy,
  ]);
  const parts = [await model.save(), await model.predict(x), Float64Array.from(numbers)];
  const { warning } = model;
  model.dispose();
  return { parts, warning };
}

async function sha256(parts) {
  const bytes = await new Blob(parts).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What has no method's name. */
const more = { 'wide layers': wide, 'all-relu': allRelu };

/** What there is to hash: every method, and these. */
export const names = [...Object.keys(methods), ...Object.keys(more)];

/** Where models are trained. */
const places = { here: SparseMLP, worker: WorkerModel };

/**
 * A hash for each of the names wanted, and the models' warning where there were fewer threads than asked for.
 */
export async function hashAll(threads, wanted = names, place = 'here') {
  const hashes = {};
  let warning;
  for (const name of wanted) {
    const runs = name in methods ? [plainly, explicitly] : [more[name]];
    const parts = [];
    for (const run of runs) {
      const outcome = await run(places[place], threads, name);
      parts.push(...outcome.parts);
      warning ??= outcome.warning;
    }
    hashes[name] = await sha256(parts);
  }
  return { hashes, warning };
}
