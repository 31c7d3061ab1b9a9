// The kernels' tests have to catch mistakes. Kernels with one mistake each are compiled, and the tests run on
// them.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { compileKernels } from '../../../scripts/compile.mjs';
import { isFull, runRandom, runSeed } from '../../support/effort.ts';
import { type Mutant, mutants } from './mutants.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'ctre-mutants-'));
afterAll(() => rmSync(folder, { recursive: true }));

function sourceOf(file: string): string {
  return readFileSync(join(root, 'assembly', file), 'utf8');
}

/** Compiles the kernels, with the mistake if one is given. */
async function compile(mutant?: Mutant): Promise<Uint8Array> {
  let wasm = new Uint8Array();
  await compileKernels('release', ['--baseDir', root], {
    readFile(name, base) {
      if (mutant !== undefined && name === `assembly/${mutant.file}`) {
        return sourceOf(mutant.file).replace(mutant.from, () => mutant.to);
      }
      try {
        return readFileSync(join(base, name), 'utf8');
      } catch {
        return null; // asc asks for several names and takes the one that there is
      }
    },
    writeFile(_, contents) {
      if (typeof contents !== 'string') wasm = Uint8Array.from(contents);
    },
  });
  return wasm;
}

/** Runs the kernels' tests on other kernels, until one fails; returns how many failed. */
async function failures(wasm: Uint8Array): Promise<number> {
  const [file, report] = [join(folder, 'kernels.wasm'), join(folder, 'report.json')];
  writeFileSync(file, wasm);
  rmSync(report, { force: true });
  const { CTRE_TEST: _, ...environment } = process.env;
  const options = [
    '--bail',
    '1',
    '--reporter',
    'json',
    '--outputFile',
    report,
    '--coverage.enabled',
    'false',
  ];
  const child = spawn(
    process.execPath,
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', 'test/unit/kernels', ...options],
    { cwd: root, env: { ...environment, CTRE_WASM: file, CTRE_SEED: String(runSeed) }, stdio: 'ignore' },
  );
  await new Promise((resolve) => child.on('close', resolve));
  const { numFailedTests, numTotalTests } = JSON.parse(readFileSync(report, 'utf8'));
  expect(numTotalTests, 'tests that ran').toBeGreaterThan(0);
  return numFailedTests;
}

/** All mutants, or a few that this run draws. */
function wanted(): readonly Mutant[] {
  if (isFull) return mutants;
  const random = runRandom('mutants');
  return [0, 1, 2].map(
    (third) => mutants[random.below(mutants.length / 3) + Math.floor((third * mutants.length) / 3)],
  );
}

describe('mistakes in the kernels', () => {
  it.each(mutants)('$file, $mistake: has its place in the source', ({ file, from, to }) => {
    expect(sourceOf(file).split(from).length - 1).toBe(1);
    expect(to).not.toBe(from);
  });

  it('are at least 40, in every file', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(40);
    expect(new Set(mutants.map(({ file }) => file)).size).toBe(19);
  });

  it.runIf(isFull)('are not caught where there is none', { timeout: 600_000 }, async () => {
    expect(await failures(await compile())).toBe(0);
  });

  it.each(wanted())('$file, $mistake: is caught', { timeout: 600_000 }, async (mutant) => {
    expect(await failures(await compile(mutant)), `CTRE_SEED=${runSeed}`).toBeGreaterThan(0);
  });
});
