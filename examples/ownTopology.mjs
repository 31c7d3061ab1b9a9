// Shows a topology method of one's own: new connections go where many are already ("the rich get richer").
// SET, which draws them evenly, is trained for comparison. Run it: node examples/ownTopology.mjs

import { SparseMLP, topology } from 'ctre';
import { applyScaler, fitScaler, syntheticDataset } from 'ctre/data';

/** `count` positions of a layer that are not taken, in row-major order. `chooseInput` draws their inputs. */
function draw(count, { inDim, outDim }, taken, random, chooseInput) {
  const drawn = new Set();
  while (drawn.size < count) {
    const position = random.below(outDim) * inDim + chooseInput();
    if (!taken.has(position)) drawn.add(position);
  }
  const order = Float64Array.from(drawn).sort();
  return { rows: Int32Array.from(order, (p) => p / inDim), cols: Int32Array.from(order, (p) => p % inDim) };
}

const richer = {
  name: 'richer',
  needs: [], // no activations and no gradients: the pattern itself is enough
  schedule: { fraction: () => 0.2 }, // the share of connections replaced after each epoch
  init(layer, random) {
    const { rows, cols } = draw(layer.nnz, layer, new Set(), random, () => random.below(layer.inDim));
    const indptr = new Int32Array(layer.outDim + 1);
    for (const row of rows) indptr[row + 1]++;
    for (let row = 0; row < layer.outDim; row++) indptr[row + 1] += indptr[row];
    return { pattern: { rows: layer.outDim, cols: layer.inDim, indptr, indices: cols }, state: null };
  },
  evolve(layer, state, random) {
    const { indptr, indices } = layer.pattern;
    const pruned = new Set(layer.weakest);
    const kept = [...indices.keys()].filter((p) => !pruned.has(p));
    const rowOf = Int32Array.from(indices);
    for (let row = 0; row < layer.outDim; row++) rowOf.fill(row, indptr[row], indptr[row + 1]);
    const taken = new Set(kept.map((p) => rowOf[p] * layer.inDim + indices[p]));
    // The input of a random connection: the more connections it has, the more often it comes.
    const grow = draw(pruned.size, layer, taken, random, () => indices[kept[random.below(kept.length)]]);
    return { edit: { prune: layer.weakest, grow, random: grow }, state };
  },
};

const { x, labels } = syntheticDataset({ rows: 2000, informative: 4, redundant: 16, noise: 80, seed: 2 });
const scaled = applyScaler(fitScaler('standard', x), x);
for (const method of [richer, topology.set()]) {
  const model = await SparseMLP.create({
    layers: [x.cols, 100, 100, 2],
    epsilon: 2,
    topology: method,
    seed: 1,
  });
  const { best } = await model.fit(scaled, labels, { epochs: 60, validationSplit: 0.25 });
  const inputs = new Float64Array(x.cols);
  for (const input of model.layers[0].weights.indices) inputs[input]++;
  const most = [...inputs].sort((a, b) => b - a).slice(0, 20);
  const share = most.reduce((sum, n) => sum + n, 0) / model.layers[0].nnz;
  const accuracy = `validation ${(100 * best.valAccuracy).toFixed(1)} % after epoch ${best.epoch}`;
  console.log(`${model.method.padEnd(7)} ${accuracy};`);
  console.log(`        the 20 inputs with most connections have ${(100 * share).toFixed(0)} % of them`);
}
