// Shows a topology method of one's own: pathsMethod.mjs lists positions and asks for their cosines.
// SET, which draws positions evenly, is trained for comparison. Run it: node examples/ownTopology.mjs

import { SparseMLP, topology } from 'ctre';
import { applyScaler, fitScaler, syntheticDataset } from 'ctre/data';
import paths from './pathsMethod.mjs';

// Of 200 features, 4 decide the class, 16 repeat these, and 180 are noise.
const problem = syntheticDataset({ rows: 2000, informative: 4, redundant: 16, noise: 180, seed: 2 });
const { x, labels, informativeColumns, redundantColumns } = problem;
const scaled = applyScaler(fitScaler('standard', x), x);
const features = new Set([...informativeColumns, ...redundantColumns]);

for (const method of [paths.create({ tries: 20 }), topology.set()]) {
  const model = await SparseMLP.create({
    layers: [x.cols, 100, 100, 2],
    epsilon: 2,
    topology: method,
    seed: 1,
  });
  const { best } = await model.fit(scaled, labels, { epochs: 30, validationSplit: 0.25 });
  const { indices } = model.layers[0].weights;
  const share = indices.filter((input) => features.has(input)).length / indices.length;
  const accuracy = `validation ${(100 * best.valAccuracy).toFixed(1)} % after epoch ${best.epoch}`;
  console.log(`${model.method.padEnd(7)} ${accuracy};`);
  console.log(`        the 20 features of 200 have ${(100 * share).toFixed(0)} % of the inputs' connections`);
  model.dispose();
}
