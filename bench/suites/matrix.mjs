// What is done to whole matrices, in turns with SciPy: the transpose, a matrix from shuffled coordinates, and
// the product of two sparse matrices, all as canonical CSR. A ratio is SciPy's time ÷ ctre's.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomCoordinates } from '../problems.mjs';
import { nodeProgram, pythonProgram } from '../programs.mjs';
import { ratio, takeTurns } from '../turns.mjs';

const WORKS = ['transpose', 'fromCoo', 'product'];
/** Squares of this side, with ten entries a row. */
const SIDES = [1000, 10_000, 100_000];
/** Sums of the product differ by float32's rounding, relative to the largest. */
const AGREEMENT = 1e-5;

const milli = (nanoseconds) => `${(nanoseconds / 1e6).toFixed(2)} ms`;

export async function run({ nodes, quick, say }) {
  const programs = Object.fromEntries(
    nodes.map((node) => [node.name, nodeProgram(node, 'served/matrix.mjs')]),
  );
  const scipy = pythonProgram('scipy_matrix.py', ['numpy', 'scipy']);
  if (scipy === undefined) say('SciPy is not measured: it needs a Python with NumPy and SciPy.');
  else programs.SciPy = scipy;
  const folder = mkdtempSync(join(tmpdir(), 'ctre-bench-'));
  const cases = [];
  try {
    for (const n of quick ? SIDES.slice(0, 1) : SIDES) {
      const { rows, row, col, values } = randomCoordinates(n, 10 * n);
      const path = join(folder, 'coordinates.bin');
      const bytes = ({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength);
      writeFileSync(path, Buffer.concat([Int32Array.of(rows, row.length), row, col, values].map(bytes)));
      for (const program of Object.values(programs)) await program.ask(['load', path]);
      const figure = { n, nnz: row.length, works: {} };
      for (const work of WORKS) {
        await compare(programs, work, n, join(folder, 'result.bin'));
        // The product of the largest makes ten million entries.
        const times = Math.max(1, Math.min(50, Math.round((work === 'product' ? 2e4 : 2e5) / n)));
        const contestants = Object.fromEntries(
          Object.entries(programs).map(([name, program]) => [name, () => program.ask(['run', work, times])]),
        );
        for (const turn of Object.values(contestants)) await turn();
        const turns = await takeTurns(
          contestants,
          quick ? { rounds: 5, seconds: 5 } : { rounds: 15, seconds: 40 },
        );
        figure.works[work] = Object.fromEntries(
          nodes.map(({ name }) => [
            name,
            { ...turns[name], scipyToCtre: turns.SciPy && ratio(turns.SciPy, turns[name]) },
          ]),
        );
        const said = Object.entries(turns).map(([name, { min, median }]) => {
          const times = `${name} ${milli(min)} / ${milli(median)}`;
          const toCtre = figure.works[work][name]?.scipyToCtre;
          return toCtre === undefined ? times : `${times}, SciPy ÷ ctre ${toCtre.toFixed(2)}`;
        });
        say(`n = ${n}, ${work.padEnd(9)} (min / median): ${said.join('; ')}`);
      }
      cases.push(figure);
    }
  } finally {
    rmSync(folder, { recursive: true });
    for (const program of Object.values(programs)) program.close();
  }
  return { cases };
}

/** All have the same structure, and values that agree. */
async function compare(programs, work, n, path) {
  let expected;
  for (const [name, program] of Object.entries(programs)) {
    await program.ask(['check', work, path]);
    const { buffer } = new Uint8Array(readFileSync(path));
    const offsets = new Int32Array(buffer, 0, n + 1);
    const nnz = offsets[n];
    const structure = new Int32Array(buffer, 0, n + 1 + nnz);
    const values = new Float32Array(buffer, 4 * structure.length, nnz);
    expected ??= { structure, values };
    if (Buffer.compare(Buffer.from(structure), Buffer.from(expected.structure)) !== 0) {
      throw new Error(`${name} has another structure of the ${work}`);
    }
    const largest = expected.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const wrong = values.findIndex(
      (value, p) => !(Math.abs(value - expected.values[p]) <= AGREEMENT * largest),
    );
    if (wrong >= 0) throw new Error(`${name} disagrees on the ${work} at entry ${wrong}`);
  }
}
