// Whole epochs: ctre against the usual simulation of sparse training, dense matrices under masks in PyTorch.
// And how much of a step is JavaScript.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digits } from '../problems.mjs';
import { nodeProgram, pythonProgram } from '../programs.mjs';
import { median, ratio, takeTurns } from '../turns.mjs';

const LAYERS = [784, 1000, 1000, 1000, 10];
const milliseconds = (seconds) => `${(1000 * seconds).toFixed(1)} ms`;

export async function run({ nodes, quick, say }) {
  const rows = quick ? 500 : 5000;
  const folder = mkdtempSync(join(tmpdir(), 'ctre-bench-'));
  try {
    const { name, x, y } = digits(rows);
    const files = [join(folder, 'rows.f32'), join(folder, 'labels.i32')];
    writeFileSync(files[0], x.data);
    writeFileSync(files[1], y);
    say(`${rows} rows of ${name}, ${LAYERS.join('-')}, batch 100, SET, one thread; min / median:`);
    const figures = [];
    for (const epsilon of quick ? [1] : [1, 5, 13, 20]) {
      figures.push(await measure({ nodes, quick, say, rows, files, epsilon }));
    }
    return { rows, data: name, layers: LAYERS, batchSize: 100, epsilons: figures };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure({ nodes, quick, say, rows, files, epsilon }) {
  const evolutions = {};
  const turns = {};
  const programs = {};
  const options = {
    data: { digits: rows },
    method: 'set',
    batchSize: 100,
    model: { layers: LAYERS, epsilon },
  };
  for (const { name, ...node } of nodes) {
    const program = nodeProgram(node, 'served/training.mjs');
    programs[name] = program;
    await program.ask(['open', 'model', JSON.stringify(options)]);
    await program.ask(['epochs', 'model', 4]);
    evolutions[name] = [];
    turns[name] = async () => {
      const { train, evolve } = await program.ask(['epochs', 'model', 3]);
      evolutions[name].push(median(evolve) / median(train));
      return train;
    };
  }
  const pytorch = pythonProgram('masked_epoch.py', ['numpy', 'torch'], [...files, rows, epsilon]);
  if (pytorch !== undefined) {
    await pytorch.ask(['epoch']);
    turns.PyTorch = () => pytorch.ask(['epoch']);
  }
  const found = await takeTurns(turns, { rounds: quick ? 3 : 9, seconds: 120 });
  const figure = { epsilon, nodes: {}, thisToLts: found.lts && ratio(found.this, found.lts) };
  for (const [name, program] of Object.entries(programs)) {
    figure.nodes[name] = {
      min: found[name].min,
      median: found[name].median,
      evolutionToEpoch: median(evolutions[name]),
      outsideKernels: await program.ask(['outside', 'model']),
      pytorchToCtre: found.PyTorch && ratio(found.PyTorch, found[name]),
    };
    program.close();
  }
  if (found.PyTorch) figure.pytorch = { min: found.PyTorch.min, median: found.PyTorch.median };
  pytorch?.close();
  say(
    figure.pytorch
      ? `ε = ${epsilon}: PyTorch under masks ${milliseconds(figure.pytorch.median)}`
      : `ε = ${epsilon}: no PyTorch here`,
  );
  for (const [name, node] of Object.entries(figure.nodes)) {
    const peer = node.pytorchToCtre === undefined ? '' : `, PyTorch ÷ ctre ${node.pytorchToCtre.toFixed(1)}`;
    say(
      `  ${name}: ${milliseconds(node.min)} / ${milliseconds(node.median)}${peer}, ` +
        `evolution ÷ epoch ${node.evolutionToEpoch.toFixed(3)}, ` +
        `${(100 * node.outsideKernels).toFixed(1)} % outside the kernels`,
    );
  }
  return figure;
}
