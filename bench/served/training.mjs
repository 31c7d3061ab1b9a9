// Whole epochs through the public API, as a contestant. There may be several models, each with a name.
//
//   open NAME JSON     { data: { digits: rows } or { random: [rows, cols, classes] }, method, model,
//                      batchSize };
//                      answers { nnz, data, warning }
//   epochs NAME COUNT  trains; answers { train: [seconds, …], evolve: [seconds, …], start: seconds }; the first
//                      epoch does not evolve; a method may have something to do before the first step
//   outside NAME       trains 20 epochs; answers the share of their steps spent outside the kernels
//   memory             answers bytes of the kernels' memory
//   close NAME
import inspector from 'node:inspector/promises';
import { optimizer, SparseMLP, topology } from '../../dist/index.js';
import { digits, randomRows } from '../problems.mjs';
import { serve } from './serve.mjs';

const FACTORIES = { set: topology.set, 'cte-gse': topology.cteGse };
const models = new Map();

const fit = ({ model, data, batchSize }, epochs) =>
  // As the peers step.
  model.fit(data.x, data.y, { epochs, batchSize, optimizer: optimizer.sgd() });

/** By V8's sampling profiler, among the samples taken inside the training loop. */
async function shareOutsideKernels(run) {
  const session = new inspector.Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 100 });
  await session.post('Profiler.start');
  await run();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  let kernels = 0;
  let script = 0;
  const count = (node, inside) => {
    const now = inside || node.callFrame.functionName === 'trainEpoch';
    if (now && node.callFrame.url.startsWith('wasm:')) kernels += node.hitCount;
    else if (now) script += node.hitCount;
    for (const child of node.children ?? []) count(byId.get(child), now);
  };
  count(profile.nodes[0], false);
  if (kernels === 0) throw new Error('the profile shows no kernels inside trainEpoch');
  return script / (script + kernels);
}

await serve({
  async open(name, json) {
    const { data: from, method, methodOptions, model: options, batchSize } = JSON.parse(json);
    const data = from.digits === undefined ? randomRows(...from.random, 0.2) : digits(from.digits);
    const model = await SparseMLP.create({ ...options, topology: FACTORIES[method](methodOptions), seed: 0 });
    models.set(name, { model, data, batchSize });
    return { nnz: model.nnz, data: data.name, warning: model.warning };
  },
  async epochs(name, count) {
    const { epochs } = await fit(models.get(name), Number(count));
    return {
      start: epochs[0].start?.seconds ?? 0,
      train: epochs.map(({ trainSeconds }) => trainSeconds),
      evolve: epochs.filter(({ evolution }) => evolution).map(({ evolution }) => evolution.seconds),
    };
  },
  outside: (name) => shareOutsideKernels(() => fit(models.get(name), 20)),
  memory: () => [...models.values()][0].model.memory().memoryBytes,
  close(name) {
    models.get(name).model.dispose();
    models.delete(name);
  },
});
