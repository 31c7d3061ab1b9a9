// The products that people call, with their checks and copies: A·x and Aᵀ·x for few and many columns, by
// prepare(A) and by one call, in turns with plain JavaScript and SciPy. A ratio is the peer's time ÷ ctre's.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, prepare } from '../matrix.mjs';
import { randomLayer, writeLayer } from '../problems.mjs';
import { nodeProgram, pythonProgram } from '../programs.mjs';
import { ratio, takeTurns } from '../turns.mjs';

const COLUMNS = [1, 8, 32, 128];
const WAYS = ['prepared', 'oneCall'];

/** The contestants that can take part; the others are named. */
function gather({ nodes, say }) {
  const served = (node, way) => ({ program: nodeProgram(node, 'served/public.mjs', [way]) });
  const all = {
    ...Object.fromEntries(
      nodes.flatMap((node) => WAYS.map((way) => [`${way} ${node.name}`, served(node, way)])),
    ),
    'plain JS': served(nodes.at(-1), 'plain'),
    SciPy: { program: pythonProgram('scipy_public.py', ['numpy', 'scipy']) },
  };
  const present = Object.entries(all).filter(([name, { program }]) => {
    if (program === undefined) say(`${name} is not measured: this machine cannot run it.`);
    return program !== undefined;
  });
  return Object.fromEntries(present);
}

export async function run({ nodes, quick, say }) {
  const contestants = gather({ nodes, say });
  const entries = Object.entries(contestants);
  const peers = Object.keys(contestants).filter((name) => ['plain JS', 'SciPy'].includes(name));
  const folder = mkdtempSync(join(tmpdir(), 'ctre-bench-'));
  const cases = [];
  say('nnz = 10 n; peer ÷ ctre on the newest Node, and medians in µs:');
  try {
    for (const n of quick ? [1000] : [1000, 10_000, 100_000]) {
      const path = join(folder, 'layer.bin');
      writeLayer(path, randomLayer({ inDim: n, outDim: n, nnz: 10 * n }));
      for (const columns of COLUMNS) {
        for (const [, { program }] of entries) await program.ask(['load', path, columns]);
        const products = {};
        for (const product of ['multiply', 'multiplyTransposed']) {
          await compare(entries, product, join(folder, 'result.bin'));
          const turns = {};
          for (const [name, { program }] of entries) turns[name] = await prepare(program, product, quick);
          const times = await takeTurns(
            turns,
            quick ? { rounds: 5, seconds: 5 } : { rounds: 15, seconds: 20 },
          );
          products[product] = figureOf(times, nodes, peers);
        }
        cases.push({ n, columns, products });
        say(`n = ${n}, ${columns === 1 ? '1 column' : `${columns} columns`}`);
        for (const [product, figure] of Object.entries(products)) {
          say(`  ${product.padEnd(18)} ${lineOf(figure, nodes.at(-1).name)}`);
        }
      }
    }
  } finally {
    for (const [, { program }] of entries) program.close();
    rmSync(folder, { recursive: true });
  }
  return { cases };
}

/** Each contestant's times, and on each Node each way's ratios: ratios[node][way][peer]. */
function figureOf(summaries, nodes, peers) {
  const times = Object.entries(summaries).map(([name, { min, median }]) => [name, { min, median }]);
  const ratios = nodes.map(({ name }) => [
    name,
    Object.fromEntries(
      WAYS.map((way) => [
        way,
        Object.fromEntries(peers.map((peer) => [peer, ratio(summaries[peer], summaries[`${way} ${name}`])])),
      ]),
    ),
  ]);
  return { times: Object.fromEntries(times), ratios: Object.fromEntries(ratios) };
}

function lineOf({ times, ratios }, node) {
  const of = WAYS.map((way) => {
    const all = Object.entries(ratios[node][way]).map(([peer, value]) => `${peer} ${value.toFixed(2)}`);
    return `${way}: ${all.join(', ')}`;
  });
  const medians = Object.entries(times).map(([name, { median }]) => `${name} ${(median / 1000).toFixed(1)}`);
  return `${of.join('; ')} [${medians.join(', ')}]`;
}
