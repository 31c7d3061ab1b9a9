// Shows how features are chosen without labels: a sparse autoencoder connects what hangs together.
// Run it: node examples/quickSelection.mjs

import { optimizer, SparseMLP, topology } from 'ctre';
import { applyScaler, fitScaler, syntheticDataset } from 'ctre/data';

// Five features and 15 mixtures of them hang together; 180 are noise that nothing else tells of.
const problem = syntheticDataset({ rows: 2000, informative: 5, redundant: 15, noise: 180, seed: 3 });
const meaningful = new Set([...problem.informativeColumns, ...problem.redundantColumns]);
const x = applyScaler(fitScaler('standard', problem.x), problem.x);

// The settings of QuickSelection (Atashgahi et al. 2022).
const model = await SparseMLP.create({
  layers: [x.cols, 1000, x.cols],
  epsilon: 13,
  topology: topology.set({ pruneFraction: 0.2 }),
  seed: 1,
});
const found = () => {
  const importance = model.inputImportance();
  const strongest = [...importance.keys()].sort((a, b) => importance[b] - importance[a]);
  return strongest.slice(0, meaningful.size).filter((column) => meaningful.has(column)).length;
};

console.log(
  `Of ${x.cols} features ${meaningful.size} hang together. Among the ${meaningful.size} strongest are`,
);
console.log(`  before training   ${found()} of them`);
const denoise = { kind: 'gaussian', amount: 0.2 };
const training = { epochs: 10, denoise, optimizer: optimizer.sgd({ learningRate: 1, weightDecay: 0 }) };
for await (const { epoch, loss } of model.train(x, 'x', training)) {
  if (epoch % 2 === 0)
    console.log(`  after epoch ${String(epoch).padStart(4)}  ${found()}  (loss ${loss.toFixed(3)})`);
}

// Rows in which a feature does not fit the others are reconstructed badly: no label is needed to find them.
const odd = x.data.slice();
for (let row = 0; row < 100; row++) {
  for (const column of problem.redundantColumns) odd[row * x.cols + column] *= -1;
}
const errors = model.reconstructionError({ ...x, data: odd });
const order = [...errors.keys()].sort((a, b) => errors[b] - errors[a]);
const caught = order.slice(0, 100).filter((row) => row < 100).length;
console.log(
  `\n100 rows of ${x.rows} were changed. Among the 100 with the largest error are ${caught} of them.`,
);
