import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { publicTables, readmeTable, type SavedResult, targetTables } from '../../../bench/tables.mjs';

const root = new URL('../../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), 'utf8');

/** A suite's results, as a run on one Node saves them. */
function savedResult(suite: string, figures: object, changes: Partial<SavedResult> = {}): SavedResult {
  return {
    suite,
    quick: false,
    machine: { cpu: 'a processor', cores: 2, commit: '0123456789', changed: false, date: '2026-01-02' },
    nodes: [{ name: 'this', node: 'v26.1.0', v8: '14.6' }],
    figures,
    ...changes,
  };
}

const waysOf = (scipy: number) => ({ SciPy: scipy, 'plain JS': 2 * scipy });
/** A·x and Aᵀ·x of one size: SciPy takes `scipy` times as long as a prepared matrix, and a half of one call. */
function productCase(n: number, columns: number, scipy: number) {
  const times = {
    'prepared this': { median: 5000, min: 4000 },
    'oneCall this': { median: 15_500, min: 9000 },
    SciPy: { median: 5000 * scipy, min: 1 },
    'plain JS': { median: 10_000 * scipy, min: 1 },
  };
  const figure = { times, ratios: { this: { prepared: waysOf(scipy), oneCall: waysOf(0.5) } } };
  return { n, columns, products: { multiply: figure, multiplyTransposed: figure } };
}
const publicFigures = (...cases: readonly object[]) => ({
  cases,
  memory: { lives: 1000, left: { this: { bytes: 0, memory: 64 } } },
  size: { gzip: 17_999 },
});

describe('the tables of docs/performance.md and README.md', () => {
  const folder = new URL('bench/results/', root);
  const saved: SavedResult[] = readdirSync(folder).map((name) => JSON.parse(read(`bench/results/${name}`)));

  it.each([
    ['docs/performance.md', 'bench', targetTables(saved)],
    ['docs/performance.md', 'public', publicTables(saved)],
    ['README.md', 'bench', readmeTable(saved)],
  ])('in %s, %s: every row is what bench/results/ says', (page, mark, tables) => {
    const [, rest = ''] = read(page).split(`<!-- ${mark}:begin -->\n`);
    const [written] = rest.split(`<!-- ${mark}:end -->`);
    // Suites are in another order there.
    const rowsOf = (text: string) => text.split('\n').filter(Boolean).sort();
    expect(rowsOf(written)).toEqual(rowsOf(tables));
  });
});

describe('targetTables', () => {
  it('has a row for every figure that is known, and leaves out what was not measured', () => {
    const cases = [1000, 10_000].map((n) => productCase(n, 1, 1.25));
    const rows = targetTables([savedResult('public', publicFigures(...cases))]).split('\n');
    expect(rows).toEqual([
      '| figure | target | measured |',
      '|---|---|---|',
      '| SciPy ÷ prepare(A).multiply, one column, n = 1000 | ≥ 1 | 1.25 |',
      '| SciPy ÷ prepare(A).multiply, one column, n = 10000 | ≥ 0.9 | 1.25 |',
      '| 1 000 × prepare, multiply, dispose: bytes that stay | ≤ 0 | 64.0 |',
      '| ctre/kernels, gzip: bytes | ≤ 18432 | 17999 |',
      '',
      'a processor, 2 cores; Node v26.1.0 (V8 14.6); commit 0123456, 2026-01-02.',
    ]);
  });

  it('takes the least of all sizes', () => {
    const cases = [1000, 10_000, 100_000].map((n, at) => productCase(n, 8, [3, 1.5, 2][at]));
    expect(targetTables([savedResult('public', publicFigures(...cases))])).toContain(
      '| SciPy ÷ prepare(A).multiply, 8 columns, at every n | ≥ 1.8 | 1.50 |',
    );
  });

  it('does not mix suites of different commits, and says what is a trial run', () => {
    const { machine } = savedResult('', {});
    const works = { transpose: { this: { scipyToCtre: 0.7 } }, fromCoo: { this: {} }, product: { this: {} } };
    const text = targetTables([
      savedResult('public', publicFigures()),
      savedResult('matrix', { cases: [{ nnz: 1_000_000, works }] }, { quick: true, machine }),
    ]);
    expect(text.split('| figure |')).toHaveLength(3);
    expect(text).toContain('2026-01-02, a trial run.');
  });

  it('leaves out all of a suite whose results are of an earlier form', () => {
    expect(targetTables([savedResult('evolution', { nodes: { this: { exact: 1 } } })])).toBe('');
    expect(targetTables([savedResult('scale', { measuredOn: 'lts', networks: [] })])).toBe('');
  });
});

describe('publicTables', () => {
  it('has times in µs of ctre, and the times of others ÷ the prepared one', () => {
    const text = publicTables([savedResult('public', publicFigures(productCase(10_000, 8, 2.5)))]);
    expect(text).toContain('| `A·x`, n = 10 000 | 8 | 5.00 | 15.5 | 2.50 | 5.00 |  |  |');
    expect(text).toContain('| `Aᵀ·x`, n = 10 000 | 8 | 5.00 | 15.5 | 2.50 | 5.00 |  |  |');
    expect(text).toMatch(/commit 0123456, 2026-01-02\.$/);
  });

  it('has seconds of searches, each beside the peers that were there', () => {
    const times = { 'ctre this': { median: 5e8 } };
    const text = { rows: 20_000, cols: 5000, times, ratios: { this: { C: 0.95, 'plain JS': 2 } }, abort: {} };
    const dense = { rows: 10_000, cols: 384, times, ratios: { this: { NumPy: 0.5, 'plain JS': 7 } } };
    const rows = publicTables([savedResult('neighbours', { text: [text], dense })]).split('\n');
    expect(rows[2]).toBe('| 20 000 names, 5 000 3-grams | 0.500 | 0.950 |  | 2.00 |  |');
    expect(rows[3]).toBe('| 10 000 dense rows of 384 | 0.500 |  | 0.500 | 7.00 |  |');
  });

  it('has milliseconds of whole matrices', () => {
    const time = { this: { median: 12_300_000, scipyToCtre: 0.8 } };
    const figures = { cases: [{ nnz: 1_000_000, works: { transpose: time, fromCoo: time, product: time } }] };
    expect(publicTables([savedResult('matrix', figures)])).toContain(
      '| `A.transpose()` | 1 000 000 | 12.3 | 0.800 |',
    );
  });
});

describe('readmeTable', () => {
  const cases = [productCase(10_000, 1, 1.25)];

  it('says of each figure of what and against what it is, and which suite measured it when', () => {
    const rows = readmeTable([savedResult('public', publicFigures(...cases))]).split('\n');
    expect(rows).toEqual([
      '| of ctre | against | its time ÷ ctre’s | suite, date, Node |',
      '|---|---|---|---|',
      '| a call: `prepare(A).multiply(x)`, n = 10 000, a vector | SciPy, `A @ x` | 1.25 | `public`, 2026-01-02, Node 26 |',
      '| a call: `prepare(A).multiply(x)`, n = 10 000, a vector | a loop in plain JS | 2.50 | `public`, 2026-01-02, Node 26 |',
      '| a call: `spmm(A, x)`, n = 10 000, a vector, nothing prepared | a loop in plain JS | 1.00 | `public`, 2026-01-02, Node 26 |',
      '',
      'One thread, on a processor, 2 cores.',
    ]);
  });

  it('shows no trial runs', () => {
    const text = readmeTable([savedResult('public', publicFigures(...cases), { quick: true })]);
    expect(text).not.toContain('prepare');
  });
});
