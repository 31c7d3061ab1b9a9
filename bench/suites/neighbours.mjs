// The public cosineTopK: text, as character 3-grams of names, against the known algorithm in C, and dense
// rows against a dense product in NumPy; both against plain JavaScript. A ratio is the peer's time ÷ ctre's.
// All times have everything in them, from the caller's arrays to the result.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embeddings, nameMatrix, writeDense, writeMatrix } from '../problems.mjs';
import { COMPILER, nativeProgram, nodeProgram, pythonProgram } from '../programs.mjs';
import { ratio, takeTurns } from '../turns.mjs';

/** Neighbours of a row. */
const K = 10;
/** Cosines in float32, whose sums are in any order, differ by less. */
const AGREEMENT = 1e-6;

export async function run({ nodes, quick, say }) {
  const ours = Object.fromEntries(
    nodes.map((node) => [`ctre ${node.name}`, nodeProgram(node, 'served/neighbours.mjs', ['ctre'])]),
  );
  const peers = {
    C: nativeProgram('neighbours.c', 'neighbours', ['-march=native', '-fno-math-errno']),
    NumPy: pythonProgram('numpy_neighbours.py', ['numpy']),
    'plain JS': nodeProgram(nodes.at(-1), 'served/neighbours.mjs', ['plain']),
  };
  if (peers.C === undefined) say(`C is not measured: it needs ${COMPILER}.`);
  if (peers.NumPy === undefined) say('NumPy is not measured: it needs a Python with NumPy.');
  const programs = { ...ours, ...peers };
  const having = (names) =>
    Object.fromEntries(Object.entries(programs).filter(([name, program]) => program && names.includes(name)));
  const sparse = having([...Object.keys(ours), 'C', 'plain JS']);
  const dense = having([...Object.keys(ours), 'NumPy', 'plain JS']);
  const folder = mkdtempSync(join(tmpdir(), 'ctre-bench-'));
  const path = join(folder, 'matrix.bin');
  try {
    const text = [];
    for (const rows of quick ? [2000] : [20_000, 100_000]) {
      text.push(await measureText(sparse, ours, rows, path, { quick, say }));
    }
    return { text, dense: await measureDense(dense, quick ? 501 : 10_000, 384, path, { quick, say }) };
  } finally {
    rmSync(folder, { recursive: true });
    for (const program of Object.values(programs)) program?.close();
  }
}

async function measureText(programs, ours, rows, path, { quick, say }) {
  const { cols, values, ...parts } = nameMatrix(rows);
  writeMatrix(path, { cols, values, ...parts });
  for (const program of Object.values(programs)) await program.ask(['load', path]);
  say(
    `${rows} names, ${cols} 3-grams, ${(values.length / rows).toFixed(1)} a row, k = ${K} [min / median s]:`,
  );
  const limits = rows > 20_000 ? { rounds: 3, seconds: 300 } : { rounds: quick ? 5 : 15, seconds: 60 };
  const found = await measureSearches(programs, rows, path, limits, say);
  const figure = { rows, cols, nnz: values.length, k: K, ...found, abort: {} };
  if (quick) return figure;
  for (const [name, program] of Object.entries(ours)) {
    figure.abort[name.slice('ctre '.length)] = await program.ask(['abort', K, 200]);
  }
  const waits = Object.entries(figure.abort).map(([name, wait]) => `${name} ${wait.toFixed(0)}`);
  say(`  an abort takes effect within, ms: ${waits.join(', ')}`);
  return figure;
}

async function measureDense(programs, rows, cols, path, { quick, say }) {
  writeDense(path, embeddings(rows, cols));
  for (const program of Object.values(programs)) await program.ask(['dense', path]);
  say(`${rows} dense rows of ${cols}, k = ${K} [min / median s]:`);
  const found = await measureSearches(programs, rows, path, { rounds: quick ? 3 : 5, seconds: 120 }, say);
  return { rows, cols, k: K, ...found };
}

/** How much the results agree, each contestant's times, and each peer's ÷ ctre's: ratios[node][peer]. */
async function measureSearches(programs, rows, path, limits, say) {
  const agreement = await compare(programs, `${path}.result`, rows);
  const turns = Object.entries(programs).map(([name, program]) => [name, () => program.ask(['run', K, 1])]);
  const times = await takeTurns(Object.fromEntries(turns), limits);
  const ratios = {};
  for (const [name, { min, median }] of Object.entries(times)) {
    const line = `  ${name.padEnd(10)} ${(min / 1e9).toFixed(2)} / ${(median / 1e9).toFixed(2)}`;
    if (!name.startsWith('ctre ')) {
      say(line);
      continue;
    }
    const peers = Object.entries(times).filter(([peer]) => !peer.startsWith('ctre '));
    const of = Object.fromEntries(peers.map(([peer, time]) => [peer, ratio(time, times[name])]));
    ratios[name.slice('ctre '.length)] = of;
    const said = Object.entries(of).map(([peer, value]) => `, ${peer} ÷ ctre ${value.toFixed(2)}`);
    say(line + said.join(''));
  }
  return { agreement, times, ratios };
}

/**
 * The least share of neighbours that a contestant has in the same place as the first. All of their cosines
 * have to agree.
 */
async function compare(programs, path, rows) {
  let expected;
  let least = 1;
  for (const [name, program] of Object.entries(programs)) {
    await program.ask(['check', K, path]);
    const { buffer } = new Uint8Array(readFileSync(path));
    const [indices, cosines] = [new Int32Array(buffer, 0, rows * K), new Float32Array(buffer, 4 * rows * K)];
    expected ??= { indices, cosines };
    let same = 0;
    for (let e = 0; e < rows * K; e++) {
      const difference = Math.abs(cosines[e] - expected.cosines[e]);
      if (!(difference <= AGREEMENT)) throw new Error(`${name}: neighbour ${e} differs by ${difference}`);
      if (indices[e] === expected.indices[e]) same++;
    }
    least = Math.min(least, same / (rows * K));
  }
  return least;
}
