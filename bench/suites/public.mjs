// The products that people call, with their checks and copies: A·x and Aᵀ·x for few and many columns, by
// prepare(A) and by one call, in turns with what one would use instead. A ratio is the peer's time ÷ ctre's.
// Then what a prepared matrix leaves in memory, and how large ctre/kernels is.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compare, prepare } from '../matrix.mjs';
import { randomLayer, writeLayer } from '../problems.mjs';
import { nodeProgram, pythonProgram } from '../programs.mjs';
import { bundleSize } from '../size.mjs';
import { ratio, takeTurns } from '../turns.mjs';

const COLUMNS = [1, 8, 32, 128];
const PRODUCTS = ['multiply', 'multiplyTransposed'];
const WAYS = ['prepared', 'oneCall'];
/** Matrices that are prepared, used and disposed of. */
const LIVES = 1000;

const peersOn = (node) => ({
  SciPy: {
    program: pythonProgram('scipy_public.py', ['numpy', 'scipy']),
    needs: 'a Python with NumPy and SciPy',
  },
  'plain JS': { program: nodeProgram(node, 'served/public.mjs', ['plain']) },
  '@thi.ng/sparse': {
    program: nodeProgram(node, 'peers/thi_ng_sparse.mjs'),
    products: ['multiply'],
    takesPart: ({ columns }) => columns === 1,
  },
  // A dense matrix of the next size would take 400 MB.
  'tfjs-wasm, dense': {
    program: nodeProgram(node, 'peers/tfjs_public.mjs'),
    takesPart: ({ n }) => n === 1000,
  },
});

/** The contestants that can take part; the others are named. */
function gather({ nodes, say }) {
  const served = (node, way) => ({ program: nodeProgram(node, 'served/public.mjs', [way]) });
  const all = {
    ...Object.fromEntries(
      nodes.flatMap((node) => WAYS.map((way) => [`${way} ${node.name}`, served(node, way)])),
    ),
    ...peersOn(nodes.at(-1)),
  };
  const present = Object.entries(all).filter(([name, { program, needs }]) => {
    if (program === undefined) say(`${name} is not measured: it needs ${needs}.`);
    return program !== undefined;
  });
  return Object.fromEntries(present);
}

export async function run({ nodes, quick, say }) {
  const contestants = gather({ nodes, say });
  const folder = mkdtempSync(join(tmpdir(), 'ctre-bench-'));
  const cases = [];
  say('nnz = 10 n; peer ÷ ctre on the newest Node, and medians in µs:');
  try {
    for (const n of quick ? [1000] : [1000, 10_000, 100_000]) {
      const path = join(folder, 'layer.bin');
      writeLayer(path, randomLayer({ inDim: n, outDim: n, nnz: 10 * n }));
      for (const columns of COLUMNS) {
        const entries = Object.entries(contestants).filter(
          ([, { takesPart }]) => takesPart?.({ n, columns }) ?? true,
        );
        for (const [, { program }] of entries) await program.ask(['load', path, columns]);
        say(`n = ${n}, ${columns === 1 ? '1 column' : `${columns} columns`}`);
        const products = {};
        for (const product of PRODUCTS) {
          const having = entries.filter(([, { products: of = PRODUCTS }]) => of.includes(product));
          const errors = await compare(having, product, join(folder, 'result.bin'));
          const times = await time(having, product, quick);
          products[product] = { errors, ...figureOf(times, nodes) };
          say(`  ${product.padEnd(18)} ${lineOf(products[product], nodes.at(-1).name)}`);
        }
        cases.push({ n, columns, products });
      }
    }
  } finally {
    for (const { program } of Object.values(contestants)) program.close();
    rmSync(folder, { recursive: true });
  }
  return { cases, memory: await measureMemory({ nodes, say }), size: await measureSize({ say }) };
}

async function time(contestants, product, quick) {
  const turns = {};
  for (const [name, { program }] of contestants) turns[name] = await prepare(program, product, quick);
  return takeTurns(turns, quick ? { rounds: 5, seconds: 5 } : { rounds: 15, seconds: 20 });
}

/** Each contestant's times, and on each Node each way's ratios: ratios[node][way][peer]. */
function figureOf(summaries, nodes) {
  const times = Object.entries(summaries).map(([name, { min, median }]) => [name, { min, median }]);
  const peers = Object.keys(summaries).filter((name) => !WAYS.includes(name.split(' ')[0]));
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

/** Node → what many prepared matrices leave. */
async function measureMemory({ nodes, say }) {
  const left = {};
  for (const node of nodes) {
    const program = nodeProgram(node, 'served/memory.mjs');
    left[node.name] = await program.ask(['lives', 1000, LIVES]);
    program.close();
    const { bytes, memory } = left[node.name];
    say(
      `${LIVES} × prepare, multiply, dispose on ${node.name}: ` +
        `${bytes} bytes more in use, ${memory} bytes more memory`,
    );
  }
  return { lives: LIVES, left };
}

async function measureSize({ say }) {
  const gzip = await bundleSize('kernels');
  say(`ctre/kernels, all of it, bundled, minified and compressed by gzip: ${gzip} bytes`);
  return { gzip };
}
