// Shows how a trained sparse network tells which features matter: useful inputs get more connections.
// Run it: node examples/featureSelection.mjs

import { SparseMLP, topology } from 'ctre';
import { applyScaler, fitScaler, syntheticDataset } from 'ctre/data';

// Like Madelon: no feature tells anything alone. Five do together, 15 repeat them, and 180 are noise.
const problem = syntheticDataset({ rows: 2000, informative: 5, redundant: 15, noise: 180, seed: 3 });
const { x, labels, informativeColumns, redundantColumns } = problem;
const meaningful = new Set([...informativeColumns, ...redundantColumns]);

// Importance is a sum of weights, so all features need the same unit.
const scaled = applyScaler(fitScaler('standard', x), x);

const model = await SparseMLP.create({
  layers: [x.cols, 200, 200, 2],
  epsilon: 5,
  topology: topology.ctreSim(),
  seed: 1,
});

const top = (count) => {
  const importance = model.inputImportance();
  return [...importance.keys()].sort((a, b) => importance[b] - importance[a]).slice(0, count);
};
const found = () => top(meaningful.size).filter((column) => meaningful.has(column)).length;

console.log(
  `Of ${x.cols} features ${meaningful.size} mean something. Among the ${meaningful.size} that weigh most are`,
);
console.log(`  before training   ${found()} of them`);
for await (const { epoch } of model.train(scaled, labels, { epochs: 60 })) {
  if (epoch % 20 === 0) console.log(`  after epoch ${String(epoch).padStart(4)}  ${found()}`);
}

const importance = model.inputImportance();
const most = Math.max(...importance);
console.log('\nThe first ten, by Σ|w|:');
for (const column of top(10)) {
  const bar = '█'.repeat(Math.round((30 * importance[column]) / most));
  const kind = informativeColumns.includes(column)
    ? 'informative'
    : meaningful.has(column)
      ? 'redundant'
      : 'noise';
  console.log(`  feature ${String(column).padStart(3)}  ${bar.padEnd(30)}  ${kind}`);
}
