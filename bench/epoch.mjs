// Whole epochs: ctre against the way sparse training is usually simulated, dense matrices under masks in PyTorch.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import inspector from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SparseMLP, topology } from '../dist/index.js';
import { digits } from './problems.mjs';
import { pythonWith, runPeer } from './peers.mjs';

const ROWS = 5000;
const LAYERS = [784, 1000, 1000, 1000, 10];

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Median seconds of an epoch's steps and of its evolution, and the share of the steps spent outside the kernels. */
async function measureEpoch({ x, y }, epsilon, epochs) {
  const model = await SparseMLP.create({ layers: LAYERS, epsilon, topology: topology.set(), seed: 0 });
  await model.fit(x, y, { epochs: 3 });
  const history = await model.fit(x, y, { epochs });
  const outside = await shareOutsideKernels(() => model.fit(x, y, { epochs: 1 }));
  model.dispose();
  return {
    epsilon,
    train: median(history.epochs.map(({ trainSeconds }) => trainSeconds)),
    evolve: median(history.epochs.slice(0, -1).map(({ evolution }) => evolution.seconds)),
    outside,
  };
}

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
  let kernels = 0;
  let script = 0;
  const inLoop = new Set();
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const mark = (node, inside) => {
    const now = inside || node.callFrame.functionName === 'trainEpoch';
    if (now) inLoop.add(node.id);
    for (const child of node.children ?? []) mark(byId.get(child), now);
  };
  mark(profile.nodes[0], false);
  for (const { id, hitCount, callFrame } of profile.nodes) {
    if (!inLoop.has(id)) continue;
    if (callFrame.url.startsWith('wasm:')) kernels += hitCount;
    else script += hitCount;
  }
  return script / (script + kernels);
}

/** Seconds of a masked-dense epoch; undefined where there is no PyTorch. */
function measurePeer({ x, y }, epsilon) {
  const python = pythonWith('torch', 'numpy');
  if (python === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'ctre-bench-'));
  try {
    const [rows, labels] = [join(folder, 'rows.f32'), join(folder, 'labels.i32')];
    writeFileSync(rows, x.data);
    writeFileSync(labels, y);
    return runPeer(python, 'masked_epoch.py', [rows, labels, x.rows, epsilon, 3]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const problem = digits(ROWS);
console.log(`An epoch of ${ROWS} rows of ${problem.name}, ${LAYERS.join('-')}, batch 100, SET, one thread:`);
for (const epsilon of [1, 5, 13, 20]) {
  const ours = await measureEpoch(problem, epsilon, 15);
  const peer = measurePeer(problem, epsilon);
  const ratio = peer === undefined ? 'no PyTorch here' : `PyTorch under masks ${(1000 * peer).toFixed(0)} ms, ${(peer / ours.train).toFixed(1)} times ours`;
  console.log(
    `  ε = ${epsilon}: ${(1000 * ours.train).toFixed(1)} ms, evolution ${(1000 * ours.evolve).toFixed(2)} ms, ` +
      `${(100 * ours.outside).toFixed(1)} % outside the kernels; ${ratio}`,
  );
}
