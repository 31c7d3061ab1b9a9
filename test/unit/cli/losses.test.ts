// Numbers and several labels a row on the command line: trained, evaluated, predicted, gone on with.
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../../src/base/random.ts';
import { SparseMLP } from '../../../src/index.ts';
import { ctre, jsonLines, jsonRows, temporaryFolder } from './harness.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const ROWS = 300;
const random = randomStream(0, 'test/unit/cli/losses');
const samples = Array.from({ length: ROWS }, () =>
  Array.from({ length: 4 }, () => Number((2 * random.next() - 1).toFixed(4))),
);
/** House prices, say: far from 0, and far apart. */
const prices = samples.map(([a, b]) => Number((50_000 + 20_000 * a - 8000 * b).toFixed(1)));
const taxes = samples.map(([, b, c]) => Number((300 + 40 * b + 25 * c).toFixed(2)));
const sets = samples.map(([a, b, c]) => [a > 0, b > 0.2, c + a > 0].map(Number));

const write = (name: string, lines: readonly (readonly unknown[])[]): string => {
  const path = folder.path(name);
  writeFileSync(path, `${lines.map((line) => line.join(',')).join('\n')}\n`);
  return path;
};
const HEAD = ['a', 'b', 'c', 'd'];
const priced = write('priced.csv', [[...HEAD, 'price'], ...samples.map((row, r) => [...row, prices[r]])]);
const both = write('both.csv', [
  [...HEAD, 'price', 'tax'],
  ...samples.map((row, r) => [...row, prices[r], taxes[r]]),
]);
const tagged = write('tagged.csv', [
  [...HEAD, 'red', 'big', 'old'],
  ...samples.map((row, r) => [...row, ...sets[r]]),
]);
const plain = write('plain.csv', [HEAD, ...samples]);
const lists = folder.path('lists.libsvm');
writeFileSync(
  lists,
  `${samples
    .map((row, r) => {
      const labels = sets[r].flatMap((flag, i) => (flag === 1 ? [[2, 5, 9][i]] : []));
      return `${labels.join(',')} ${row.map((value, col) => `${col + 1}:${value}`).join(' ')}`;
    })
    .join('\n')}\n`,
);
const SMALL = ['--hidden', '24', '--epsilon', '8', '--epochs', '40', '--lr', '0.02', '--batch-size', '20'];
const TEST = ['--test-rows', '240-299'];
const MODEL = folder.path('model.safetensors');

/** RMSE, MAE and R² by their definitions. */
function measured(
  truth: readonly number[],
  given: readonly number[],
): { rmse: number; mae: number; r2: number } {
  const mean = truth.reduce((sum, value) => sum + value, 0) / truth.length;
  const total = (of: (value: number, at: number) => number): number =>
    truth.reduce((sum, value, at) => sum + of(value, at), 0);
  const squares = total((value, at) => (value - given[at]) ** 2);
  return {
    rmse: Math.sqrt(squares / truth.length),
    mae: total((value, at) => Math.abs(value - given[at])) / truth.length,
    r2: 1 - squares / total((value) => (value - mean) ** 2),
  };
}

describe('ctre train --loss mean-squared', () => {
  let start: Record<string, unknown>;
  let result: Record<string, unknown>;

  beforeAll(async () => {
    const { code, stdout, stderr } = await ctre([
      ...['train', priced, '--loss', 'mean-squared', ...TEST, ...SMALL, '--out', MODEL, '--json'],
    ]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    [start, result] = [lines[0], lines.at(-1) as Record<string, unknown>];
  });

  it('says what it takes, and in which units it learns', async () => {
    expect(start).toMatchObject({ outputs: ['price'], loss: 'mean-squared' });
    expect('classes' in start).toBe(false);
    const model = await SparseMLP.load(readFileSync(MODEL));
    // What it said before the first step is what the model has after the last.
    expect(model.targetUnits).toEqual(start.targetUnits);
    expect(model.targetUnits?.center[0]).toBeGreaterThan(45_000);
    expect(model.targetUnits?.scale).toBeGreaterThan(5000);
    expect(model.summary()).toMatch(/targets are learnt less \d+/);
    model.dispose();
  });

  it('learns, and evaluates and predicts the same in units of the targets', async () => {
    const { r2 } = result.testMetrics as { r2: number };
    expect(r2).toBeGreaterThan(0.9);
    const predicted = await ctre(['predict', MODEL, priced, '--rows', '240-299', '--json']);
    const values = jsonRows(predicted.stdout).map(({ value }) => Number(value));
    const own = measured(prices.slice(240), values);
    const { stdout } = await ctre(['evaluate', MODEL, priced, '--rows', '240-299', '--json']);
    const [evaluation] = jsonLines(stdout) as { rmse: number; mae: number; r2: number }[];
    expect(evaluation).toMatchObject({ event: 'evaluation', kind: 'regression', rows: 60 });
    for (const name of ['rmse', 'mae', 'r2'] as const) {
      expect(evaluation[name] / own[name]).toBeCloseTo(1, 4);
      expect((result.testMetrics as typeof own)[name] / own[name]).toBeCloseTo(1, 4);
    }
  });

  it('tells people RMSE, MAE and R², and no accuracy', async () => {
    const trained = await ctre(['train', priced, '--loss', 'huber', ...TEST, ...SMALL, '--epochs', '2']);
    expect(trained.stdout).toMatch(/^priced.csv: 300 rows × 4 features, 1 number a row \(price\)$/m);
    expect(trained.stdout).toMatch(/^ {2}loss +huber$/m);
    expect(trained.stdout).toMatch(/^ {2}units +targets are learnt less \d+(\.\d+)?, in units of \d/m);
    expect(trained.stdout).toMatch(/^epoch 2\/2 +loss \S+ +val R² \S+ +best \S+/m);
    expect(trained.stdout).toMatch(/test RMSE at best epoch.*\d/);
    expect(trained.stdout).not.toMatch(/accuracy|classes|NaN/);
    const evaluated = await ctre(['evaluate', MODEL, priced, '--rows', '240-299']);
    expect(evaluated.stdout).toMatch(/^ {2}RMSE +\d+/m);
    expect(evaluated.stdout).toMatch(/^ {2}MAE +\d+/m);
    expect(evaluated.stdout).toMatch(/^ {2}R² +[01]\.\d{4}$/m);
  });

  it('predicts rows without the number, as CSV with its name', async () => {
    const { stdout } = await ctre(['predict', MODEL, plain, '--rows', '0-1']);
    const lines = stdout.trimEnd().split('\n').map(Number);
    expect(lines).toHaveLength(2);
    for (const [row, value] of lines.entries()) expect(Math.abs(value - prices[row])).toBeLessThan(10_000);
    const out = folder.path('answers.csv');
    await ctre(['predict', MODEL, plain, '--rows', '0-1', '--out', out]);
    expect(readFileSync(out, 'utf8')).toBe(`row,price\n0,${lines[0]}\n1,${lines[1]}\n`);
    const { code, stderr } = await ctre(['predict', MODEL, plain, '--probabilities']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--probabilities is for classes and labels; this model predicts numbers/);
  });

  it('goes on from a checkpoint with the same bits', async () => {
    const args = ['train', priced, '--loss', 'mean-squared', ...TEST, ...SMALL, '--epochs', '6', '--json'];
    const straight = jsonLines((await ctre(args)).stdout).at(-1);
    const checkpoints = ['--checkpoint', folder.path('run')];
    const stopped = await ctre([...args, ...checkpoints], { interruptAt: /"epoch":3,/ });
    expect(stopped.code).not.toBe(0);
    const { stdout } = await ctre([...args, ...checkpoints, '--resume']);
    const {
      seconds: _a,
      trainSeconds: _b,
      evolveSeconds: _c,
      startSeconds: _d,
      ...result
    } = jsonLines(stdout).at(-1) as Record<string, number>;
    expect(straight).toMatchObject(result);
    const other = await ctre(
      [...args, ...checkpoints, '--resume', '--loss', 'huber'].filter((_, at) => at !== 2 && at !== 3),
    );
    expect(other.stderr).toMatch(/has loss "mean-squared", and this command has "huber"/);
  });
});

describe('several numbers a row', () => {
  it('are columns with names, each measured alone', async () => {
    const trained = await ctre([
      ...['train', both, '--label', 'price,tax', '--loss', 'mean-squared', ...TEST, ...SMALL, '--out', MODEL],
    ]);
    expect(trained.stdout).toMatch(/, 2 numbers a row \(price, tax\)$/m);
    // The model knows its columns.
    const { stdout } = await ctre(['evaluate', MODEL, both, '--rows', '240-299', '--json']);
    const [{ outputs }] = jsonLines(stdout) as { outputs: { label: string; mae: number }[] }[];
    expect(outputs.map(({ label }) => label)).toEqual(['price', 'tax']);
    const predicted = await ctre(['predict', MODEL, both, '--rows', '240-299', '--json']);
    const values = jsonRows(predicted.stdout).map((line) => line.values as number[]);
    for (const [output, truth] of [prices, taxes].entries()) {
      const { mae } = measured(
        truth.slice(240),
        values.map((row) => row[output]),
      );
      expect(outputs[output].mae / mae).toBeCloseTo(1, 3);
    }
  });
});

describe('ctre train --loss binary-cross-entropy', () => {
  it.for([
    ['columns', tagged, ['--label', 'red,big,old'], ['red', 'big', 'old']],
    ['lists of LIBSVM lines', lists, [], [2, 5, 9]],
  ] as const)('learns %s', async ([, path, label, names]) => {
    const trained = await ctre([
      ...[
        'train',
        path,
        ...label,
        '--loss',
        'binary-cross-entropy',
        ...TEST,
        ...SMALL,
        '--out',
        MODEL,
        '--json',
      ],
    ]);
    expect(trained.stderr).toBe('');
    const lines = jsonLines(trained.stdout);
    expect(lines[0]).toMatchObject({ outputs: names, loss: 'binary-cross-entropy' });
    const result = lines.at(-1) as { testAccuracy: number; testMetrics: { macroF1: number } };
    expect(result.testMetrics.macroF1).toBeGreaterThan(0.9);
    const { stdout } = await ctre(['predict', MODEL, path, '--rows', '240-299', '--json']);
    const given = jsonRows(stdout).map(({ labels }) => labels as (string | number)[]);
    const right = given.filter(
      (labels, row) => names.filter((_, i) => sets[240 + row][i] === 1).join() === labels.join(),
    ).length;
    const evaluated = await ctre(['evaluate', MODEL, path, '--rows', '240-299', '--json']);
    const [evaluation] = jsonLines(evaluated.stdout);
    expect(evaluation).toMatchObject({ kind: 'multilabel', accuracy: right / 60 });
    expect(result.testAccuracy).toBe(right / 60);
    const said = await ctre(['evaluate', MODEL, path, '--rows', '240-299']);
    expect(said.stdout).toMatch(/all labels right +0\.\d{4}/);
  });

  it('takes a file that lacks a label, and refuses one that has another', async () => {
    const some = folder.path('some.libsvm');
    writeFileSync(some, `2,5 1:0.5 2:0.5 3:0.5 4:0\n 1:-0.5 2:0 3:-0.5 4:0\n`);
    const { stdout } = await ctre(['evaluate', MODEL, some, '--json']);
    const [{ labels }] = jsonLines(stdout) as { labels: { label: number; rows: number }[] }[];
    expect(labels.map(({ label, rows }) => [label, rows])).toEqual([
      [2, 1],
      [5, 1],
      [9, 0],
    ]);
    writeFileSync(some, `2,6 1:0.5 2:0.5 3:0.5 4:0\n`);
    const { stderr, code } = await ctre(['evaluate', MODEL, some]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/the model has no output 6/)]);
  });
});

describe('ctre compare --loss', () => {
  const compared = async (path: string, ...args: readonly string[]) => {
    const results = folder.path(`${args[1]}.jsonl`);
    const sizes = [
      '--hidden',
      '24',
      '--epsilons',
      '2',
      '--lr',
      '0.02',
      '--batch-size',
      '20',
      '--epochs',
      '8',
    ];
    const shared = ['--methods', 'set,static', '--seeds', '0-1', ...TEST, ...sizes];
    const kept = ['--results', results, '--jobs', '1'];
    return { results, ...(await ctre(['compare', path, ...args, ...shared, ...kept])) };
  };

  it('compares R² of numbers, as train finds it', async () => {
    const report = folder.path('report.html');
    const { code, stdout, stderr, results } = await compared(
      ...[priced, '--loss', 'mean-squared', '--report', report],
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/│ +test R² │/);
    expect(stdout).toMatch(/^Test R² at the best epoch on the validation rows/m);
    expect(stdout).not.toMatch(/accuracy|NaN/);
    const [, first] = jsonLines(readFileSync(results, 'utf8')) as Record<string, unknown>[];
    expect(first).toMatchObject({ loss: 'mean-squared', method: 'set', seed: 0 });
    const trained = await ctre([
      ...['train', priced, '--loss', 'mean-squared', '--method', 'set', ...TEST, ...SMALL, '--epsilon', '2'],
      ...['--epochs', '8', '--json'],
    ]);
    const result = jsonLines(trained.stdout).at(-1) as {
      testMetrics: { r2: number };
      bestValMetrics: { r2: number };
    };
    expect(first.testAccuracy).toBe(result.testMetrics.r2);
    expect(first.bestValAccuracy).toBe(result.bestValMetrics.r2);
    const html = readFileSync(report, 'utf8');
    expect(html).toContain('test R²');
    expect(html).toContain('Mean mean-squared of the training rows');
    expect(html).not.toMatch(/test accuracy|Test accuracy|NaN/);
  });

  it('compares numbers where labels have fractions, without a loss', async () => {
    const { code, stdout, results } = await compared(priced);
    expect(code).toBe(0);
    expect(stdout).toContain('test R²');
    const [, first] = jsonLines(readFileSync(results, 'utf8'));
    expect(first).toMatchObject({ loss: 'mean-squared' });
  });

  it('compares how many rows have all their labels right', async () => {
    const { code, stdout, results } = await compared(
      ...[tagged, '--loss', 'binary-cross-entropy', '--label', 'red,big,old'],
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/│ +test accuracy │/);
    const lines = jsonLines(readFileSync(results, 'utf8')).slice(1);
    expect(lines.map(({ loss }) => loss)).toEqual(Array(4).fill('binary-cross-entropy'));
    for (const { testAccuracy } of lines) expect((Number(testAccuracy) * 60) % 1).toBeCloseTo(0, 6);
  });
});

describe('a column of numbers', () => {
  const refuse = async (path: string, ...args: readonly string[]): Promise<string> => {
    const { code, stderr } = await ctre(['train', path, ...SMALL, ...args]);
    expect(code).toBe(2);
    return stderr;
  };

  it('with fractions is predicted, as with --loss mean-squared', async () => {
    const argv = ['train', priced, ...SMALL, '--epochs', '3', '--json'];
    const [start, ...own] = jsonLines((await ctre(argv)).stdout);
    const [, ...asked] = jsonLines((await ctre([...argv, '--loss', 'mean-squared'])).stdout);
    const told = (lines: readonly object[]): string =>
      JSON.stringify(lines).replaceAll(/"\w*econds":[^,}]+/g, '');
    expect(told(own)).toBe(told(asked));
    expect(start).toMatchObject({ loss: 'mean-squared', automatic: { loss: 'mean-squared' } });
    const text = (await ctre(argv.slice(0, -1))).stdout;
    expect(text).toMatch(/^ {2}automatic +--loss mean-squared /m);
    expect(text).toMatch(/^ {2}warning +the last column, column 5 "price", holds numbers with fractions/m);
  });

  it('with fractions needs no warning where it is named, or the file says that it is the label', async () => {
    const target = write('target.csv', [
      [...HEAD, 'target'],
      ...samples.map((row, r) => [...row, prices[r]]),
    ]);
    const numbers = folder.path('numbers.libsvm');
    const line = (row: readonly number[], r: number): string =>
      `${prices[r]} ${row.map((value, col) => `${col + 1}:${value}`).join(' ')}`;
    writeFileSync(numbers, `${samples.map(line).join('\n')}\n`);
    for (const argv of [[priced, '--label', 'price'], [priced, '--label', '4'], [target], [numbers]]) {
      const { code, stdout } = await ctre(['train', ...argv, ...SMALL, '--epochs', '1']);
      expect(code).toBe(0);
      expect(stdout).toMatch(/^ {2}loss +mean-squared$/m);
      expect(stdout).not.toMatch(/holds numbers with fractions/);
    }
  });

  it('is the same with --loss as without: beside an x, y is a coordinate', async () => {
    const points = write('points.csv', [['x', 'y', 'c', 'height'], ...samples]);
    for (const argv of [[points], [points, '--loss', 'mean-squared']]) {
      const { stdout } = await ctre(['train', ...argv, ...SMALL, '--epochs', '1']);
      expect(stdout).toMatch(/^ {2}label +column 4 "height"$/m);
    }
  });

  it('with fractions is asked about in a table with words, where only its place tells', async () => {
    const genes = write('genes.csv', [['gene', ...HEAD], ...samples.map((row, r) => [`gene${r}`, ...row])]);
    expect(await refuse(genes)).toMatch(/column 5 "d" is .*a number with a fraction is no class/);
    const named = await ctre(['train', genes, '--label', 'd', ...SMALL, '--epochs', '1']);
    expect(named.code).toBe(0);
  });

  it('with fractions is no column of classes', async () => {
    expect(await refuse(priced, '--loss', 'cross-entropy')).toMatch(/--loss mean-squared/);
    expect(await refuse(lists)).toMatch(/--loss binary-cross-entropy for several labels a row/);
    expect(await refuse(tagged, '--label', 'red,big')).toMatch(/there is no label column "red,big"/);
  });

  it('of many whole numbers is refused, unless the command says that they are classes', async () => {
    const ages = (count: number): string =>
      write('ages.csv', [[...HEAD, 'age'], ...samples.map((row, r) => [...row, 18 + (r % count)])]);
    expect(await refuse(ages(31))).toMatch(
      /column 5 "age" of ages.csv has 31 different numbers as labels of 300 rows, from 18 to 48: .* --loss mean-squared .*--loss cross-entropy/,
    );
    expect((await ctre(['train', ages(5), ...SMALL, '--epochs', '1'])).code).toBe(0);
    const taken = await ctre(['train', ages(31), ...SMALL, '--epochs', '1', '--loss', 'cross-entropy']);
    expect(taken.stdout).toMatch(/31 classes$/m);
  });

  it('is asked for with what fits it', async () => {
    const numbers = ['--loss', 'mean-squared'];
    expect(await refuse(priced, ...numbers, '--monitor', 'accuracy')).toMatch(
      /--monitor is "accuracy"; expected/,
    );
    expect(await refuse(priced, ...numbers, '--class-weight', 'balanced')).toMatch(
      /--class-weight is for classes/,
    );
    expect(await refuse(tagged, '--loss', 'binary-cross-entropy', '--label', 'a,red')).toMatch(
      /for the label "a"; expected 0 or 1/,
    );
    const { stderr } = await ctre(['train', ...numbers]);
    expect(stderr).toMatch(/the generated problem has classes/);
  });
});

describe('ctre train --denoise', () => {
  it('is said, and changes the training', async () => {
    const args = ['train', priced, '--loss', 'mean-squared', ...TEST, ...SMALL, '--epochs', '2', '--json'];
    const [clean, masked, gaussian] = await Promise.all(
      [[], ['--denoise', 'mask:0.2'], ['--denoise', 'gaussian:0.1']].map(async (more) =>
        jsonLines((await ctre([...args, ...more])).stdout),
      ),
    );
    expect(masked[0].denoise).toEqual({ kind: 'mask', amount: 0.2 });
    expect(gaussian[0].denoise).toEqual({ kind: 'gaussian', amount: 0.1 });
    expect(new Set([clean, masked, gaussian].map((lines) => lines[1].loss)).size).toBe(3);
  });

  it.for(['mask', 'mask:1', 'blur:0.2', 'gaussian:-1', 'mask:0.2:3', 'mask:x'])(
    'refuses %s',
    async (typed) => {
      const { code, stderr } = await ctre(['train', '--denoise', typed]);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/--denoise/)]);
    },
  );
});
