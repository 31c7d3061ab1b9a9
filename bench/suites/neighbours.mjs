// The public cosineTopK: text, as character 3-grams of names, against the known algorithm in C, and dense
// rows. A ratio is C's time ÷ ctre's. Both times have everything in them, from the caller's arrays to the
// result.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nameMatrix, writeMatrix } from '../problems.mjs';
import { nativeProgram, nodeProgram } from '../programs.mjs';
import { ratio, takeTurns } from '../turns.mjs';

/** Neighbours of a row. */
const K = 10;
/** Cosines that are sums of some ten products, in float32 and in any order, differ by less. */
const AGREEMENT = 1e-6;

export async function run({ nodes, quick, say }) {
  const ours = Object.fromEntries(
    nodes.map((node) => [`ctre ${node.name}`, nodeProgram(node, 'served/neighbours.mjs')]),
  );
  const native = nativeProgram('neighbours.c', 'neighbours', ['-march=native', '-fno-math-errno']);
  if (native === undefined) say('C is not measured: this machine cannot build it.');
  const programs = native === undefined ? ours : { ...ours, C: native };
  const folder = mkdtempSync(join(tmpdir(), 'ctre-bench-'));
  try {
    const text = [];
    for (const rows of quick ? [2000] : [20_000, 100_000]) {
      text.push(await measureText(programs, ours, rows, join(folder, 'matrix.bin'), { quick, say }));
    }
    const dense = await measureDense(ours, quick ? 500 : 10_000, 384, { quick, say });
    return { text, dense };
  } finally {
    rmSync(folder, { recursive: true });
    for (const program of Object.values(programs)) program.close();
  }
}

async function measureText(programs, ours, rows, path, { quick, say }) {
  const matrix = nameMatrix(rows);
  writeMatrix(path, matrix);
  for (const program of Object.values(programs)) await program.ask(['load', path]);
  const agreement = await compare(Object.values(programs), `${path}.result`, rows);
  const turns = Object.entries(programs).map(([name, program]) => [name, () => program.ask(['run', K, 1])]);
  const of = await takeTurns(
    Object.fromEntries(turns),
    rows > 20_000 ? { rounds: 3, seconds: 300 } : { rounds: quick ? 5 : 15, seconds: 60 },
  );
  const { cols, values } = matrix;
  const figure = { rows, cols, nnz: values.length, k: K, agreement, times: of, ratios: {}, abort: {} };
  say(
    `${rows} names, ${cols} 3-grams, ${(values.length / rows).toFixed(1)} a row, k = ${K} [min / median s]:`,
  );
  for (const [name, { min, median }] of Object.entries(of)) {
    const our = name.startsWith('ctre ') ? name.slice('ctre '.length) : undefined;
    if (our !== undefined && of.C !== undefined) figure.ratios[our] = ratio(of.C, of[name]);
    const beside = figure.ratios[our] === undefined ? '' : `, C ÷ ctre ${figure.ratios[our].toFixed(2)}`;
    say(`  ${name.padEnd(10)} ${(min / 1e9).toFixed(2)} / ${(median / 1e9).toFixed(2)}${beside}`);
  }
  if (quick) return figure;
  for (const [name, program] of Object.entries(ours)) {
    figure.abort[name.slice('ctre '.length)] = await program.ask(['abort', K, 200]);
  }
  const waits = Object.entries(figure.abort).map(([name, wait]) => `${name} ${wait.toFixed(0)}`);
  say(`  an abort takes effect within, ms: ${waits.join(', ')}`);
  return figure;
}

/** The share of neighbours that all have in the same place. All of their cosines have to agree. */
async function compare(programs, path, rows) {
  let expected;
  let same = 0;
  for (const program of programs) {
    await program.ask(['check', K, path]);
    const { buffer } = new Uint8Array(readFileSync(path));
    const [indices, cosines] = [new Int32Array(buffer, 0, rows * K), new Float32Array(buffer, 4 * rows * K)];
    expected ??= { indices, cosines };
    same = 0;
    for (let e = 0; e < rows * K; e++) {
      const difference = Math.abs(cosines[e] - expected.cosines[e]);
      if (!(difference <= AGREEMENT)) throw new Error(`neighbour ${e} differs by ${difference}`);
      if (indices[e] === expected.indices[e]) same++;
    }
  }
  return same / (rows * K);
}

async function measureDense(ours, rows, cols, { quick, say }) {
  for (const program of Object.values(ours)) await program.ask(['random', rows, cols]);
  const turns = Object.entries(ours).map(([name, program]) => [name, () => program.ask(['run', K, 1])]);
  const of = await takeTurns(Object.fromEntries(turns), { rounds: quick ? 3 : 5, seconds: 120 });
  say(`${rows} dense rows of ${cols}, k = ${K} [min / median s]:`);
  for (const [name, { min, median }] of Object.entries(of)) {
    say(`  ${name.padEnd(10)} ${(min / 1e9).toFixed(2)} / ${(median / 1e9).toFixed(2)}`);
  }
  return { rows, cols, k: K, times: of };
}
