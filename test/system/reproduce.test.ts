import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
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
}

/** A file of results as ctre compare writes it, of trainings that never were. */
function writeResults(path: string, options: Record<string, string>, trainings: readonly MadeUp[]): void {
  const head = { format: 'ctre compare', version: 1, ctre: '0.1.0', options };
  const cells = trainings.flatMap(({ method, epsilon = 1, accuracies }) =>
    accuracies.map((testAccuracy, seed) => ({
      ...{ dataset: 'made up', hidden: [1000, 1000, 1000], epsilon, method, seed, data: 'x' },
      ...(testAccuracy === null
        ? { failed: 'diverged' }
        : {
            ...{ nnz: 6502, density: 0.0026, testRows: 600, epochs: 500, testAccuracy },
            ...{ finalTestAccuracy: testAccuracy, seconds: 10 + seed, curves: {}, looks: {} },
            multiplyAdds: { forward: 1000, backward: 500, growth: 500, total: 2000, dense: 9000 },
          }),
    })),
  );
  writeFileSync(path, [head, ...cells].map((line) => `${JSON.stringify(line)}\n`).join(''));
}

const PAPER = { epochs: '500', preset: 'paper', scale: 'standard' };

describe('npm run reproduce', () => {
  describe('writes of made-up trainings', () => {
    const out = folder.path('made-up');
    mkdirSync(out);
    writeResults(join(out, 'madelon.paper-cosine-1.jsonl'), PAPER, [
      { method: 'ctre-sim', accuracies: [0.78, 0.86, 0.94] },
    ]);
    writeResults(join(out, 'madelon.paper-1.jsonl'), PAPER, [
      // Not in the order of the grid, in which the page has them.
      { method: 'rigl', accuracies: [0.5, 0.5, 0.5, 0.5, null] },
      { method: 'set', accuracies: [0.66, 0.68, 0.7, 0.72, 0.74] },
    ]);
    writeResults(join(out, 'madelon.default.jsonl'), { ...PAPER, preset: 'default' }, [
      { method: 'cte-rigl', accuracies: [0.76, 0.78, 0.8, 0.82, 0.84] },
      { method: 'cte-rigl', epsilon: 5, accuracies: [0.9, 0.9, 0.9, 0.9, 0.9] },
    ]);
    writeResults(join(out, 'madelon.dense.jsonl'), { ...PAPER, epochs: '200' }, [
      { method: 'dense', accuracies: [0.56, 0.57] },
    ]);
    writeResults(join(out, 'PCMAC.dense.jsonl'), { epochs: '150', preset: 'paper' }, [
      { method: 'dense', accuracies: [0.9, 0.91] },
    ]);
    const run = { grid: 'madelon.default', trainings: 10, seconds: 99.6, command: '', commit: '0123456789' };
    const place = { changed: false, node: 'v20.0.0', machine: 'an abacus', date: '2026-01-02' };
    writeFileSync(join(out, 'runs.json'), JSON.stringify([{ ...run, ...place }]));
    const { status, stderr } = reproduce(['--no-run', '--out', out]);
    const page = existsSync(join(out, 'results.md')) ? pageOf(out) : '';

    it('the tables, against the reference, as by hand', () => {
      expect([status, stderr]).toEqual([0, '']);
      const [head, ...rows] = tableRows(page, '## Madelon', '### ε = 1');
      expect(head.slice(0, 6)).toEqual([
        'method',
        'seeds',
        'test accuracy',
        'reference',
        'difference',
        'within',
      ]);
      const rest = ['6,502', '12', '2K', '4.5 ×'];
      expect(rows.slice(0, 5)).toEqual([
        // ± 0.08 of three against 0.812 ± 0.007 of three: 2 √(0.08²/3 + 0.007²/3) = 0.093, more than 0.048.
        [
          '`ctre-sim`',
          '3 of 5',
          '0.860 ± 0.080',
          '0.812 ± 0.007 (3)',
          '+0.048',
          'yes',
          '6,502',
          '11',
          '2K',
          '4.5 ×',
        ],
        // √0.001 = 0.032; 2 √(0.001/5 + 0.02²/3) = 0.037, less than 0.097.
        ['`set`', '5', '0.700 ± 0.032', '0.603 ± 0.020 (3)', '+0.097', '**no**', ...rest],
        [
          '`rigl`',
          '4 (1 diverged)',
          '0.500 ± 0.000',
          '0.499 ± 0.002 (3)',
          '+0.001',
          'yes',
          '6,502',
          '11.5',
          '2K',
          '4.5 ×',
        ],
        [
          '`dense`, 200 epochs',
          '2',
          '0.565 ± 0.007',
          '0.565 (1)',
          '+0.000',
          'yes',
          '6,502',
          '10.5',
          '2K',
          '4.5 ×',
        ],
        ['**default** (`cte-rigl`)', '5', '0.800 ± 0.032', '–', '–', '–', ...rest],
      ]);
      // The deviation of one seed is not known, and 0.905 − 0.851 is more than 0.04.
      const [, dense] = tableRows(page, '## PCMAC', '### ε = 1');
      expect(dense.slice(1, 6)).toEqual(['2', '0.905 ± 0.007', '0.851 (1)', '+0.054', '**no**']);
    });

    it('the dense network at every density, and the default’s trainings at theirs', () => {
      const [, ...rows] = tableRows(page, '## Madelon', '### ε = 5');
      expect(rows.slice(0, 2).map((row) => row.slice(0, 3))).toEqual([
        ['`dense`, 200 epochs', '2', '0.565 ± 0.007'],
        ['**default** (`cte-rigl`)', '5', '0.900 ± 0.000'],
      ]);
    });

    it('the differences, as by hand', () => {
      // Alone: 2/8 for all three seeds of one sign, 2/32 for five, 2/16 for four, 2/4 for two. Holm: 5 ·
      // 1/16, 4 · 1/8, then 3 · 1/4, 2 · 1/4 raised to the 3 · 1/4 before it, and 1/2 to the same.
      const rows = tableRows(page, '## Madelon', '### ε = 1').slice(6);
      expect(rows).toEqual([
        ['pair', 'difference', 'first is better', 'p', 'verdict'],
        ['default − ctre-sim', '−0.080', '0 of 3', '0.750', 'too few seeds'],
        ['default − set', '+0.100', '5 of 5', '0.313', 'too few seeds'],
        ['default − rigl', '+0.290', '4 of 4', '0.500', 'too few seeds'],
        ['default − dense', '+0.205', '2 of 2', '0.750', 'too few seeds'],
        ['ctre-sim − set', '+0.180', '3 of 3', '0.750', 'too few seeds'],
      ]);
    });

    it('what is not complete or not there', () => {
      expect(page).toContain(
        '**Not complete**: `madelon.paper-cosine-1`, 3 of 15 trainings; `madelon.paper-1`, 10 of 20 trainings.',
      );
      expect(page).toContain(
        '`madelon.paper-5`, 0 of 20 trainings; `madelon.paper-more`, 0 of 20 trainings.',
      );
      expect(page).toContain('`mnist.dense`, 0 of 2 trainings;');
    });

    it('how it was computed, as far as that was recorded', () => {
      const rows = tableRows(page, '## How this was computed').slice(1);
      expect(rows[0]).toEqual(['`madelon.paper-cosine-1`', '3', ...Array(5).fill('not recorded')]);
      expect(rows[1]).toEqual(['`madelon.paper-1`', '10', ...Array(5).fill('not recorded')]);
      expect(rows[3].slice(0, 4)).toEqual(['`madelon.default`', '10', '100', '0123456']);
      expect(page).toContain(
        '\nctre compare $CTRE_DATA_DIR/PCMAC.mat --split $CTRE_DATA_DIR/splits/PCMAC.json --epochs 150 --preset paper --methods dense --epsilons 1 --seeds 0,1 --results ',
      );
    });

    it('and leaves the rest of the page as it is', () => {
      const path = join(out, 'results.md');
      const around = page.replace('# Results', '# Mine').concat('\n## Prose\n');
      writeFileSync(path, around.replace('5 of 5', 'changed'));
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
        /no "iris"; --only takes madelon, madelon\.paper-cosine-1,/,
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
      expect(readdirSync(out)).toEqual(['results.md']);
    });

    it('a file is of another grid', () => {
      const out = folder.path('other');
      mkdirSync(out);
      const path = join(out, 'mnist.default.jsonl');
      writeResults(path, { epochs: '24', preset: 'default' }, []);
      sentence(
        ['--no-run', '--out', out],
        /made with --epochs 24 --preset default, and the grid has --epochs 25/,
      );
      writeResults(path, { epochs: '25', preset: 'default' }, [{ method: 'set', accuracies: [0.5] }]);
      sentence(
        ['--no-run', '--out', out],
        /holds set, ε 1, seed 0, which the grid has not; move the file away/,
      );
      expect(existsSync(join(out, 'results.md'))).toBe(false);
    });
  });

  it('tells what it takes', () => {
    const { status, stdout } = reproduce(['--help']);
    expect(status).toBe(0);
    for (const option of ['quick', 'out', 'jobs', 'only', 'no-run'])
      expect(stdout).toContain(`  --${option}`);
  });

  describe('--quick', () => {
    const whole = folder.path('whole');
    /** What has no clock in it. */
    const tables = (out: string): unknown[] =>
      tableRows(pageOf(out), '## A generated problem', '### ε = 1').map((row) =>
        row.length === 7 ? row.toSpliced(4, 1) : row,
      );
    const first = reproduce(['--quick', '--out', whole]);

    it('trains, writes the page and the reports, and notes how', () => {
      expect([first.status, first.stderr]).toEqual([0, '']);
      const rows = tables(whole);
      expect(rows).toHaveLength(1 + 3 + 1 + 3);
      expect(rows[1]).toEqual([
        '`ctre-sim`',
        '1',
        expect.stringMatching(/^0\.\d{3}$/),
        '1,702',
        expect.anything(),
        expect.anything(),
      ]);
      const cells = jsonLines(readFileSync(join(whole, 'generated.paper.jsonl'), 'utf8')).slice(1);
      expect(cells.map(({ method, epochs }) => [method, epochs])).toEqual([
        ['ctre-sim', 2],
        ['set', 2],
      ]);
      expect(rows[2]).toContain(Number(cells[1].testAccuracy).toFixed(3));
      expect(pageOf(whole)).toContain('[generated.default](generated.default.html)');
      expect(readFileSync(join(whole, 'generated.paper.html'), 'utf8')).toContain('<svg');
      expect(JSON.parse(readFileSync(join(whole, 'runs.json'), 'utf8'))).toMatchObject([
        {
          grid: 'generated.paper',
          trainings: 2,
          node: process.version,
          commit: expect.stringMatching(/^[0-9a-f]{40}$/),
        },
        {
          grid: 'generated.default',
          trainings: 1,
          seconds: expect.any(Number),
          changed: expect.any(Boolean),
        },
      ]);
    });

    it('computes nothing twice', () => {
      const files = ['generated.paper.jsonl', 'generated.paper.html', 'runs.json', 'results.md'];
      const contents = (): string[] => files.map((name) => readFileSync(join(whole, name), 'utf8'));
      const before = contents();
      const { stdout } = reproduce(['--quick', '--out', whole]);
      expect(stdout).toContain('generated.paper: 2 of 2 trainings are there');
      expect(stdout).not.toContain('kept in');
      expect(contents()).toEqual(before);
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
