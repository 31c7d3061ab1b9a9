// How ctre-sim chooses what to grow, as a contestant: exactly among all pairs, or from a sample. A network is trained first;
// then nothing changes any more (learning rate 0, edits thrown away), so that both searches answer the same question.
//
//   open JSON          { rows, epochs, layers, epsilon }; trains and answers { data, accuracy }
//   grow exact         one update of the topology; answers { train, evolve }: seconds of an epoch and of the update
//   grow sampled       likewise, and recall: the share of the last exact choice that is chosen
//   set                an epoch and an update of the same network under SET; answers { train, evolve }
import { optimizer, SparseMLP, topology } from '../../dist/index.js';
import { DEFAULT_SAMPLE } from '../../dist/topology/search.js';
import { digits } from '../problems.mjs';
import { serve } from './serve.mjs';

const NOWHERE = { rows: new Int32Array(0), cols: new Int32Array(0) };
const NOTHING = Object.freeze({ prune: new Int32Array(0), grow: NOWHERE, random: NOWHERE });

const still = optimizer.sgd({ learningRate: 0 });
const ctreSim = topology.ctreSim();
let search = DEFAULT_SAMPLE;
let frozen = false;
/** Layer → the positions chosen last. */
let chosen = [];
const watched = {
  ...ctreSim,
  get search() {
    return search;
  },
  evolve(layer, state, random) {
    const { rows, cols } = layer.candidates;
    chosen[layer.index] = Array.from(rows, (row, e) => row * layer.inDim + cols[e]);
    const evolved = ctreSim.evolve(layer, state, random);
    return frozen ? { ...evolved, edit: NOTHING } : evolved;
  },
};

let data;
let model;
let other;
let exact = [];

/** An epoch, an update of the topology, and another epoch. */
async function update(network) {
  const { epochs } = await network.fit(data.x, data.y, { epochs: 2, optimizer: still });
  return {
    train: (epochs[0].trainSeconds + epochs[1].trainSeconds) / 2,
    evolve: epochs[1].evolution.seconds,
  };
}

/** The share of the exact choice that is in the last one. */
function recall() {
  let found = 0;
  let wanted = 0;
  exact.forEach((positions, l) => {
    const have = new Set(chosen[l]);
    wanted += positions.length;
    found += positions.filter((position) => have.has(position)).length;
  });
  return found / wanted;
}

await serve({
  async open(json) {
    const { rows, epochs, layers, epsilon } = JSON.parse(json);
    data = digits(rows);
    model = await SparseMLP.create({ layers, epsilon, topology: watched, seed: 0 });
    other = await SparseMLP.create({ layers, epsilon, topology: topology.set(), seed: 0 });
    const history = await model.fit(data.x, data.y, { epochs });
    frozen = true;
    return { data: data.name, accuracy: history.epochs.at(-1).accuracy };
  },
  async grow(how) {
    search = how === 'exact' ? 'exact' : DEFAULT_SAMPLE;
    chosen = [];
    const times = await update(model);
    if (how === 'exact') exact = chosen;
    return how === 'exact' ? times : { ...times, recall: recall() };
  },
  set: () => update(other),
});
