import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { presets } from '../../src/model/presets.ts';
import { effort, runRandom, runSeed } from '../support/effort.ts';
import { jsonLines, temporaryFolder } from '../unit/cli/harness.ts';

const script = fileURLToPath(new URL('../../scripts/reproduce.mjs', import.meta.url));
const folder = temporaryFolder();
afterAll(folder.remove);

/** Without data, unless a folder is named. */
function reproduce(
  argv: readonly string[],
  data = '',
): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, CTRE_DATA_DIR: data };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...argv], {
    encoding: 'utf8',
    env,
  });
  return { status, stdout, stderr };
}

const pageOf = (out: string): string => readFileSync(join(out, 'results.md'), 'utf8');

/** The rows of the tables below a heading, cell by cell. */
function tableRows(page: string, ...headings: string[]): string[][] {
  const begin = headings.reduce((at, heading) => page.indexOf(`${heading}\n`, at), 0);
  expect(begin, headings.join(', ')).toBeGreaterThanOrEqual(0);
  const [section] = page.slice(begin + 1).split(/\n##/);
  return [...section.matchAll(/^\| (.*) \|$/gm)].map(([, cells]) => cells.split(' | '));
}

interface MadeUp {
  readonly method: string;
  readonly epsilon?: number;
  /** By seed; null for one that diverged. */
  readonly accuracies: readonly (number | null)[];
  readonly explorationRate?: number | null;
}

/** What is kept of trainings that never were. */
const madeUp = (trainings: readonly MadeUp[]): object[] =>
  trainings.flatMap(({ method, epsilon = 1, accuracies, explorationRate = 0.25 }) =>
    accuracies.map((testAccuracy, seed) => ({
      ...{ dataset: 'made up', hidden: [1000, 1000, 1000], epsilon, method, seed },
      ...(testAccuracy === null
        ? { failed: 'diverged' }
        : {
            ...{ nnz: 6502, density: 0.0026, testRows: 600, epochs: 200, bestEpoch: 1, bestValAccuracy: 0.5 },
            ...{ testAccuracy, finalTestAccuracy: testAccuracy, pairs: 5, explorationRate, deadNeurons: 0.5 },
            ...{ seconds: 10 + seed, trainSeconds: 4 },
            multiplyAdds: { total: 2000, dense: 9000 },
          }),
    })),
  );

/** A grid's summary. */
function writeSummary(
  out: string,
  grid: string,
  options: Record<string, string>,
  trainings: readonly MadeUp[],
  runs: readonly object[] = [],
): void {
  const summary = { command: '', options, runs, trainings: madeUp(trainings) };
  writeFileSync(join(out, `${grid}.json`), JSON.stringify(summary));
}

/** A grid's raw records, as ctre compare writes them. */
function writeRecords(
  out: string,
  grid: string,
  options: Record<string, string>,
  trainings: readonly MadeUp[],
): void {
  mkdirSync(join(out, 'raw'), { recursive: true });
  const head = { format: 'ctre compare', version: 2, ctre: '0.1.0', options };
  const cells = madeUp(trainings).map((training) => ({ ...training, data: 'x', curves: {}, looks: {} }));
  const lines = [head, ...cells].map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(join(out, 'raw', `${grid}.jsonl`), lines.join(''));
}

/** The default method. */
const { name: usual } = presets.default.topology();
const MADELON = { preset: 'default', scale: 'standard' };
const OWN = { ...MADELON, epochs: '200' };
const ADAM = '### Adam, the default’s optimiser and weights, ε = ';
const SGD = '### SGD, the published optimiser and weights, ε = ';
/** As many seeds as three comparisons take. */
const SEVEN = [0.76, 0.78, 0.8, 0.82, 0.84, 0.86, 0.88];

describe('npm run reproduce', () => {
  describe('writes of made-up trainings', () => {
    const out = folder.path('made-up');
    mkdirSync(out);
    const run = { trainings: 7, seconds: 99.6, commit: '0123456789', changed: false };
    const place = { node: 'v20.0.0', machine: 'an abacus', date: '2026-01-02' };
    writeSummary(
      out,
      'madelon.own-1',
      OWN,
      [
        // Not in the order of the grid, in which the page has them.
        { method: 'rigl', accuracies: [0.5, 0.5, 0.5, null] },
        { method: 'set', accuracies: SEVEN.map((accuracy) => accuracy - 0.1) },
        { method: usual, accuracies: SEVEN },
      ],
      [{ ...run, ...place }],
    );
    writeSummary(out, 'madelon.published-1', { ...OWN, 'method-preset': 'published' }, [
      { method: 'set', accuracies: [0.8, ...SEVEN.slice(1)] },
    ]);
    writeSummary(out, 'madelon.full-1', { ...MADELON, epochs: '20' }, [
      { method: 'dense', accuracies: [0.56, 0.57], explorationRate: null },
    ]);
    writeSummary(out, 'madelon.paper-1', { ...MADELON, preset: 'paper', epochs: '500' }, [
      { method: 'set', accuracies: [0.66, 0.68, 0.7, 0.72, 0.74] },
      { method: 'ctre-sim', accuracies: [0.78, 0.86, 0.94] },
    ]);
    writeSummary(out, 'madelon.own-5', OWN, [
      { method: usual, epsilon: 5, accuracies: SEVEN.map((accuracy) => accuracy - 0.1) },
      { method: 'set', epsilon: 5, accuracies: SEVEN },
    ]);
    // The summary knows one seed, the records two, one of which is the same training.
    const pcmac = { preset: 'default', epochs: '100' };
    writeSummary(out, 'PCMAC.own-1', pcmac, [{ method: 'set', accuracies: [0.1, 0.5] }]);
    writeRecords(out, 'PCMAC.own-1', pcmac, [
      { method: 'set', accuracies: [0.7] },
      { method: usual, accuracies: [0.9] },
    ]);
    const neighbours = { neighbours: 11, valAccuracy: 0.9, testAccuracy: 0.91834 };
    writeFileSync(
      join(out, 'madelon.neighbours.json'),
      JSON.stringify({ columns: [], least: 0.686, next: 0.094, real: neighbours, all: neighbours }),
    );
    const { status, stderr } = reproduce(['--no-run', '--out', out]);
    const page = existsSync(join(out, 'results.md')) ? pageOf(out) : '';

    /** The plan's number of seeds depends on how many methods there are. */
    const unplanned = (rows: string[][]): string[][] =>
      rows.map((row) => row.with(1, row[1].replace(/ of \d+/, ' of n')));

    it('the tables, as by hand', () => {
      expect([status, stderr]).toEqual([0, '']);
      const [head, ...rows] = tableRows(page, '## Madelon', `${ADAM}1`);
      expect(head).toEqual([
        ...['method', 'seeds', 'test accuracy', 'default − it', 'better with', 'p', 'verdict'],
        ...['fewer', 'explored', 'dead', 'steps, s', 'rest, s'],
      ]);
      // Of 10, 11, … seconds in all, 4 for steps.
      const cost = (rest: string): string[] => ['4.5 ×', '25 %', '50 %', '4', rest];
      const none = ['–', '–', '–', '–'];
      // Alone: 2/128 for seven seeds of one sign, 2/8 for three. With the published schedule one seed
      // differs, and every choice of signs is as extreme. Holm: 3 · 2/128, 2 · 2/8.
      expect(unplanned(rows)).toEqual([
        [`**default** (\`${usual}\`)`, '7 of n', '0.820 ± 0.043', ...none, ...cost('9')],
        [
          ...['`set`', '7 of n', '0.720 ± 0.043', '+0.100', '7 of 7', '0.047', '**default better**'],
          ...cost('9'),
        ],
        [
          ...['`rigl`', '3 of n (1 diverged)', '0.500 ± 0.000', '+0.280', '3 of 3', '0.500'],
          ...['too few seeds', ...cost('7')],
        ],
        [
          ...['`set`, published', '7 of n', '0.826 ± 0.036', '−0.006', '0 of 7', '1.000'],
          ...['no difference shown', ...cost('9')],
        ],
        [...['`dense`, 20 epochs', '2', '0.565 ± 0.007', ...none], ...['4.5 ×', '–', '50 %', '4', '6.5']],
      ]);
      expect(page).toContain('p after Holm for 3 comparisons: a verdict takes 7 seeds. Rows without');
      expect(page).toContain('\n\n200 epochs, 6,502 connections (0.26 %).\n\n');
    });

    it('a default that is worse', () => {
      const rows = tableRows(page, '## Madelon', `${ADAM}5`);
      expect(rows[2].slice(3, 7)).toEqual(['−0.100', '0 of 7', '0.016', '**default worse**']);
    });

    it('the published settings against the reference, as by hand', () => {
      const [head, ...rows] = tableRows(page, '## Madelon', `${SGD}1`);
      expect(head.slice(3, 5)).toEqual(['reference', 'within']);
      // ± 0.08 of three against 0.812 ± 0.007 of three: 2 √(0.08²/3 + 0.007²/3) = 0.093, more than 0.048.
      // √0.001 = 0.032; 2 √(0.001/5 + 0.02²/3) = 0.037, less than 0.097.
      expect(rows.map((row) => row.slice(0, 5))).toEqual([
        ['`ctre-sim`', '3 of 8', '0.860 ± 0.080', '0.812 ± 0.007 (3)', 'yes'],
        ['`set`', '5 of 8', '0.700 ± 0.032', '0.603 ± 0.020 (3)', '**no**'],
      ]);
    });

    it('summaries with what raw records add, or know better', () => {
      const [, ...rows] = tableRows(page, '## PCMAC', `${ADAM}1`);
      expect(unplanned(rows).map((row) => row.slice(0, 3))).toEqual([
        [`**default** (\`${usual}\`)`, '1 of n', '0.900'],
        ['`set`', '2 of n', '0.600 ± 0.141'],
      ]);
    });

    it('the figures of k nearest neighbours beside Madelon’s', () => {
      expect(page).toMatch(/k nearest neighbours\*\*, k by validation: 0\.918 \(k = 11\) on the 20 features/);
    });

    it('what is not complete or not there', () => {
      expect(page).toMatch(
        /\*\*Not complete\*\*: `madelon\.own-1`, 18 of \d+ trainings; `madelon\.published-1`/,
      );
      expect(page).toMatch(/\*\*Not run\*\*: `fashion\.own-1`, 0 of \d+ trainings;/);
    });

    it('how it was computed, as far as that was recorded', () => {
      const rows = tableRows(page, '## How this was computed').slice(1);
      expect(rows[0].slice(0, 4)).toEqual(['`madelon.own-1`', '7', '100', '0123456']);
      expect(rows[1]).toEqual(['`madelon.own-1`', '11', ...Array(5).fill('not recorded')]);
      expect(page).toContain(
        '\nctre compare $CTRE_DATA_DIR/madelon.mat --split $CTRE_DATA_DIR/splits/madelon.json --epochs 200 ' +
          '--preset default --method-preset published --scale standard --methods set,',
      );
    });

    it('and leaves the rest of the page as it is', () => {
      const path = join(out, 'results.md');
      const around = page.replace('# Results', '# Mine').concat('\n## Prose\n');
      writeFileSync(path, around.replace('7 of 7', 'changed'));
      expect(reproduce(['--no-run', '--out', out]).status).toBe(0);
      expect(pageOf(out)).toBe(around);
    });
  });

  describe('says in one sentence, and changes nothing, that', () => {
    const sentence = (argv: readonly string[], expected: RegExp, data?: string): void => {
      const { status, stdout, stderr } = reproduce(argv, data);
      expect(stderr).toMatch(/^reproduce: [^\n]+\n$/);
      expect(stderr).toMatch(expected);
      expect([status, stdout]).toEqual([2, '']);
    };
    const untouched = folder.path('untouched');

    it('there are no data, or not all of them', () => {
      sentence(['--out', untouched], /no data: CTRE_DATA_DIR has to name a folder .* --quick can do without/);
      const few = folder.path('few');
      mkdirSync(few);
      writeFileSync(join(few, 'PCMAC.mat'), '');
      sentence(['--quick', '--out', untouched], /few has no madelon\.mat; CTRE_DATA_DIR has to name/, few);
      sentence(['--quick', '--out', untouched, '--only', 'PCMAC'], /few has no splits.PCMAC\.json/, few);
      expect(existsSync(untouched)).toBe(false);
    });

    it('an option or a grid is unknown', () => {
      sentence(['--fast'], /'--fast'.*--help/);
      sentence(
        ['--no-run', '--only', 'mnist,iris'],
        /no "iris"; --only takes madelon, default-1, madelon\.default-1,/,
      );
    });

    it('the folder or the page cannot be written', () => {
      const file = folder.path('file');
      writeFileSync(file, '');
      sentence(['--quick', '--out', file], /file.*cannot be written: EEXIST/);
      const out = folder.path('unmarked');
      mkdirSync(out);
      writeFileSync(join(out, 'results.md'), '# Of somebody else\n');
      sentence(['--quick', '--out', out], /results\.md has no <!-- results:begin --> … <!-- results:end -->/);
      expect(readdirSync(out).sort()).toEqual(['raw', 'results.md']);
    });

    it('a file is of another grid, or damaged', () => {
      const out = folder.path('other');
      mkdirSync(out);
      const other = { epochs: '24', preset: 'default' };
      writeSummary(out, 'mnist.own-1', other, []);
      sentence(
        ['--no-run', '--out', out],
        /own-1\.json was made with --epochs 24 --preset default, and the grid has --epochs 25/,
      );
      writeSummary(out, 'mnist.own-1', { ...other, epochs: '25' }, [{ method: 'dense', accuracies: [0.5] }]);
      sentence(
        ['--no-run', '--out', out],
        /holds dense, ε 1, seed 0, which the grid has not; move the file away/,
      );
      for (const damaged of ['{', '[]', '{"options":{},"runs":[]}']) {
        writeFileSync(join(out, 'mnist.own-1.json'), damaged);
        sentence(['--no-run', '--out', out], /is damaged|is no summary of trainings; move the file away/);
      }
      rmSync(join(out, 'mnist.own-1.json'));
      writeRecords(out, 'mnist.own-1', other, []);
      sentence(['--no-run', '--out', out], /own-1\.jsonl was made with --epochs 24/);
      expect(existsSync(join(out, 'results.md'))).toBe(false);
    });
  });

  it('plans so many seeds that every table can have verdicts', () => {
    const { status, stdout } = reproduce(['--plan', '--out', folder.path('plan')]);
    expect(status).toBe(0);
    const grids = [...stdout.matchAll(/^(\w+)\.(\w+)-(\d): 0 of \d+ .* (\d+) seeds, (.*)$/gm)].map(
      ([, dataset, kind, epsilon, seeds, methods]) => ({
        table: [dataset, kind.replace('published', 'own'), epsilon].join(),
        kind,
        seeds: Number(seeds),
        methods: methods.split(' ').length,
      }),
    );
    const compared = grids.filter(({ kind }) => kind !== 'full' && kind !== 'default');
    expect(new Set(compared.map(({ table }) => table)).size).toBe(12);
    for (const { table, seeds } of compared) {
      const rows = compared
        .filter((other) => other.table === table)
        .reduce((sum, { methods }) => sum + methods, 0);
      // All seeds of one sign: p = 2 / 2ⁿ, times the comparisons with the default.
      expect(((rows - 1) * 2) / 2 ** seeds, table).toBeLessThan(0.05);
      expect(seeds, table).toBeGreaterThanOrEqual(6);
    }
  });

  it('tells what it takes', () => {
    const { status, stdout } = reproduce(['--help']);
    expect(status).toBe(0);
    for (const option of ['quick', 'plan', 'out', 'raw', 'jobs', 'only', 'no-run'])
      expect(stdout).toContain(`  --${option}`);
  });

  describe('--quick', () => {
    const whole = folder.path('whole');
    /** What has no clock in it. */
    const tables = (out: string): unknown[] =>
      [`${ADAM}1`, `${SGD}1`].flatMap((heading) =>
        tableRows(pageOf(out), '## A generated problem', heading).map((row) => row.slice(0, -2)),
      );
    const first = reproduce(['--quick', '--out', whole]);

    it('trains, writes summaries, the page and the reports, and notes how', () => {
      expect([first.status, first.stderr]).toEqual([0, '']);
      const rows = tables(whole);
      expect(rows).toHaveLength(1 + 1 + 1 + 2);
      expect(rows[3]).toEqual([
        ...['`ctre-sim`', '1', expect.stringMatching(/^0\.\d{3}$/), '–', '–', '–', '–'],
        expect.stringMatching(/^[\d.]+ ×$/),
        ...Array(2).fill(expect.stringMatching(/^[\d.]+ %$/)),
      ]);
      const cells = jsonLines(readFileSync(join(whole, 'raw', 'generated.paper-1.jsonl'), 'utf8')).slice(1);
      expect(cells.map(({ method, epochs }) => [method, epochs])).toEqual([
        ['ctre-sim', 2],
        ['set', 2],
      ]);
      expect(rows[4]).toContain(Number(cells[1].testAccuracy).toFixed(3));
      expect(pageOf(whole)).toContain('[generated.own-1](raw/generated.own-1.html)');
      expect(readFileSync(join(whole, 'raw', 'generated.paper-1.html'), 'utf8')).toContain('<svg');
      const summary = JSON.parse(readFileSync(join(whole, 'generated.paper-1.json'), 'utf8'));
      expect(summary.runs).toMatchObject([
        {
          ...{ trainings: 2, node: process.version, seconds: expect.any(Number) },
          ...{ commit: expect.stringMatching(/^[0-9a-f]{40}$/), changed: expect.any(Boolean) },
        },
      ]);
      for (const [at, training] of summary.trainings.entries()) {
        const { curves, looks, evolution } = training;
        expect([curves, looks, evolution]).toEqual([undefined, undefined, undefined]);
        for (const name of ['testAccuracy', 'nnz', 'seed', 'pairs', 'bestEpoch']) {
          expect(training[name], name).toBeCloseTo(Number(cells[at][name]), 5);
        }
      }
    });

    it('computes nothing twice, also without the raw records', () => {
      const files = ['generated.own-1.json', 'generated.paper-1.json', 'results.md'];
      const contents = (): string[] => files.map((name) => readFileSync(join(whole, name), 'utf8'));
      const before = contents();
      const { stdout } = reproduce(['--quick', '--out', whole]);
      expect(stdout).toContain('generated.paper-1: 2 of 2 trainings are there');
      expect(stdout).not.toContain('kept in');
      expect(contents()).toEqual(before);
      const summaries = folder.path('summaries');
      mkdirSync(summaries);
      for (const name of files.slice(0, 2)) cpSync(join(whole, name), join(summaries, name));
      const again = reproduce(['--quick', '--out', summaries]);
      expect(again.stdout).toContain('generated.paper-1: 2 of 2 trainings are there');
      expect(again.stdout).not.toContain('kept in');
      expect(tables(summaries)).toEqual(tables(whole));
    });

    it('trains again what a summary lacks, and says what has no record any more', () => {
      const half = folder.path('half');
      mkdirSync(half);
      const summary = JSON.parse(readFileSync(join(whole, 'generated.paper-1.json'), 'utf8'));
      summary.trainings.pop();
      writeFileSync(join(half, 'generated.paper-1.json'), JSON.stringify(summary));
      const { stdout } = reproduce(['--quick', '--out', half, '--only', 'paper-1']);
      expect(stdout).toContain('generated.paper-1: 1 of 2 trainings are there');
      expect(stdout).toContain('1 of them have no record');
      expect(tableRows(pageOf(half), '## A generated problem', `${SGD}1`)).toHaveLength(3);
    });

    it(`comes to the same tables however often it is killed (seed ${runSeed})`, async () => {
      const random = runRandom('reproduce-kill');
      const out = folder.path('killed');
      const argv = [script, '--quick', '--jobs', '1', '--out', out];
      for (let kill = 0; kill < effort(3, 30); kill++) {
        const env = { ...process.env, CTRE_DATA_DIR: '' };
        const child = spawn(process.execPath, argv, { stdio: 'ignore', env });
        const exit = new Promise((resolve) => child.on('exit', resolve));
        await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, 500 + 3000 * random.next()))]);
        child.kill('SIGKILL');
        await exit;
      }
      expect(reproduce(argv.slice(1))).toMatchObject({ status: 0, stderr: '' });
      expect(tables(out)).toEqual(tables(whole));
    });
  });
});
