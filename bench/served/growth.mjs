// What a search for connections finds and takes, as a contestant. A network is trained with the default
// method first. After that nothing changes (the learning rate is 0, there are no edits), so that every search
// answers the same question.
//
//   open JSON          { rows, epochs, layers, epsilon }; trains and answers { data, accuracy }
//   grow cosine        one search among all pairs and one among listed pairs; answers { exact, listed, recall,
//                      pairs, epoch }: seconds of both, the share of the exact choice that the listed one has,
//                      pairs scored by the listed one, and seconds of an epoch
//   grow gradient      likewise
//   set                an epoch and an update of the same network under SET; answers { train, evolve }
import { optimizer, SparseMLP, topology } from '../../dist/index.js';
import { pruneWeakest } from '../../dist/topology/index.js';
import { digits } from '../problems.mjs';
import { serve } from './serve.mjs';

/** Rows that a search scores by, as the default's. */
const ROWS = { cosine: 512, gradient: 500 };

const still = optimizer.sgd({ learningRate: 0 });
const byDefault = topology.cteGse();
const { pairs } = byDefault.options;
/** Pairs that an update of the default lists, as its source says. */
const PAIRS = { cosine: pairs / 2, gradient: pairs };
let kind;
let found;

const watched = {
  ...byDefault,
  isDue: (progress, layers) => (kind === undefined ? byDefault.isDue(progress, layers) : progress.isEpochEnd),
  *evolve(network, states, tools) {
    if (kind === undefined) return yield* byDefault.evolve(network, states, tools);
    const wanted = pruneWeakest(network, tools, 0.2);
    const rows = tools.sampleRows(ROWS[kind]);
    const search = function* (how) {
      const begin = performance.now();
      const positions = yield* tools.likeliest(wanted, kind, rows, { search: how, pairs: PAIRS[kind] });
      return { positions, seconds: (performance.now() - begin) / 1000 };
    };
    const listed = yield* search('auto');
    const exact = yield* search('exact');
    found = {
      exact: exact.seconds,
      listed: listed.seconds,
      recall: recall(exact.positions, listed.positions),
    };
    return { edits: network.layers.map(() => undefined), states };
  },
};

/** The share of the exact choice that the other has, too. */
function recall(exact, listed) {
  let same = 0;
  let all = 0;
  exact.forEach((positions, l) => {
    if (positions === undefined) return;
    const keys = ({ rows, cols }) => Array.from(rows, (row, e) => `${row},${cols[e]}`);
    const have = new Set(keys(listed[l]));
    all += positions.rows.length;
    same += keys(positions).filter((key) => have.has(key)).length;
  });
  return same / all;
}

let data;
let model;
let other;

await serve({
  async open(json) {
    const { rows, epochs, layers, epsilon } = JSON.parse(json);
    data = digits(rows);
    model = await SparseMLP.create({ layers, epsilon, topology: watched, seed: 0 });
    other = await SparseMLP.create({ layers, epsilon, topology: topology.set(), seed: 0 });
    const history = await model.fit(data.x, data.y, { epochs });
    return { data: data.name, accuracy: history.epochs.at(-1).accuracy };
  },
  async grow(by) {
    kind = by;
    const { epochs } = await model.fit(data.x, data.y, { epochs: 1, optimizer: still });
    return { ...found, epoch: epochs[0].trainSeconds };
  },
  async set() {
    const { epochs } = await other.fit(data.x, data.y, { epochs: 2, optimizer: still });
    return {
      train: (epochs[0].trainSeconds + epochs[1].trainSeconds) / 2,
      evolve: epochs[1].evolution.seconds,
    };
  },
});
