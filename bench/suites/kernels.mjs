// Every kernel of ctre by itself: its speed in GFLOP/s or GB/s, and how much slower this Node is than the
// newest.
import { gigaflops, measureLayers, nameOf } from '../matrix.mjs';
import { nodeProgram } from '../programs.mjs';
import { ratio, takeTurns } from '../turns.mjs';

const SPARSE = ['spmm', 'spmmT', 'sddmm', 'backward'];
const micro = (nanoseconds) => `${(nanoseconds / 1000).toFixed(1)} µs`;

export async function run({ nodes, quick, say }) {
  return { sparse: await sparse({ nodes, quick, say }), dense: await dense({ nodes, quick, say }) };
}

/** The figures of a kernel's turns on every Node, and this Node ÷ the other. */
function figure(turns, rate) {
  const nodes = {};
  for (const [name, { min, median }] of Object.entries(turns))
    nodes[name] = { min, median, rate: rate(median) };
  return { nodes, thisToLts: turns.lts && ratio(turns.this, turns.lts) };
}

function describe({ nodes, thisToLts }, unit) {
  const of = Object.entries(nodes).map(
    ([name, { min, median, rate }]) => `${name} ${micro(min)} / ${micro(median)}, ${rate.toFixed(1)} ${unit}`,
  );
  return of.join('; ') + (thisToLts === undefined ? '' : `; this ÷ lts ${thisToLts.toFixed(2)}`);
}

async function sparse({ nodes, quick, say }) {
  const contestants = Object.fromEntries(
    nodes.map((node) => [
      node.name,
      { program: nodeProgram(node, 'served/sparse.mjs', ['wasm']), kernels: SPARSE },
    ]),
  );
  const figures = [];
  say('128 samples in four tiles; min / median:');
  await measureLayers(contestants, { quick }, ({ inDim, outDim, epsilon, nnz, kernels }) => {
    const layer = { inDim, outDim, epsilon, nnz };
    say(nameOf(layer));
    for (const kernel of SPARSE) {
      layer[kernel] = figure(kernels[kernel], (time) => gigaflops(layer, kernel, time));
      say(`  ${kernel.padEnd(8)} ${describe(layer[kernel], 'GFLOP/s')}`);
    }
    figures.push(layer);
  });
  for (const { program } of Object.values(contestants)) program.close();
  return figures;
}

async function dense({ nodes, quick, say }) {
  const n = quick ? 200 : 1000;
  const programs = nodes.map((node) => [node.name, nodeProgram(node, 'served/dense.mjs')]);
  for (const [, program] of programs) await program.ask(['open', n]);
  const figures = [];
  say(`n = ${n}, one tile of 32 samples; min / median:`);
  for (const { name, flops, bytes } of await programs[0][1].ask(['kernels'])) {
    const turns = {};
    for (const [node, program] of programs) {
      const [first] = await program.ask(['run', name, 1]);
      const times = Math.min(100, Math.max(3, Math.round(1e7 / first)));
      for (let turn = 0; turn < 3; turn++) await program.ask(['run', name, times]);
      turns[node] = () => program.ask(['run', name, times]);
    }
    const found = await takeTurns(turns, { rounds: quick ? 3 : 15, seconds: 20 });
    const kernel = figure(found, (time) => (flops ?? bytes) / time);
    say(`  ${name.padEnd(12)} ${describe(kernel, flops === undefined ? 'GB/s' : 'GFLOP/s')}`);
    figures.push({ name, n, flops, bytes, ...kernel });
  }
  for (const [, program] of programs) program.close();
  return figures;
}
