import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { SparseMLP } from '../../../src/index.ts';
import { ctre, jsonLines, temporaryFolder } from './harness.ts';
import { csv, ROWS } from './problem.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const SMALL = ['--hidden', '8', '--epsilon', '4', '--epochs', '4', '--json'];
const [head, ...lines] = csv().trimEnd().split('\n');
const TRAIN_ROWS = 100;
const write = (name: string, content: string): string => {
  writeFileSync(folder.path(name), content);
  return folder.path(name);
};
const all = write('all.csv', `${[head, ...lines].join('\n')}\n`);
const train = write('train.csv', `${[head, ...lines.slice(0, TRAIN_ROWS)].join('\n')}\n`);
const test = write('test.csv', `${[head, ...lines.slice(TRAIN_ROWS)].join('\n')}\n`);

/** What a training says of its epochs and its result, without the seconds. */
async function trained(...argv: string[]): Promise<unknown[]> {
  const { code, stdout, stderr } = await ctre(['train', ...argv, ...SMALL]);
  expect([code, stderr]).toEqual([0, '']);
  const lines = stdout.replaceAll(/"\w*[sS]econds":[^,}]+,?|"dataset":"[^"]*",/g, '').replaceAll(',}', '}');
  return jsonLines(lines);
}

describe('--test', () => {
  it('trains and tests as one file would whose last rows are the test rows', async () => {
    const apart = await trained(train, '--test', test);
    const together = await trained(all, '--test-rows', `${TRAIN_ROWS}-${ROWS - 1}`);
    expect(apart).toEqual(together);
    expect(apart[0]).toMatchObject({ trainRows: TRAIN_ROWS, testRows: ROWS - TRAIN_ROWS });
  });

  it('says whose rows they are, and notes the file in the model', async () => {
    const out = folder.path('model.safetensors');
    const argv = ['train', train, '--test', test, ...SMALL.slice(0, -1), '--out', out];
    const { stdout } = await ctre(argv);
    expect(stdout).toMatch(/^ {2}training +100 rows, /m);
    expect(stdout).toMatch(/^ {2}test +50 rows \(those of test\.csv\)$/m);
    const model = await SparseMLP.load(new Uint8Array(readFileSync(out)), { prepared: true });
    expect(model.metadata).toMatchObject({ dataset: 'train.csv', test: 'test.csv' });
    model.dispose();
  });

  it.each([
    [['--test-rows', '0-9'], 'ctre: --test and --test-rows exclude each other; give one of them\n'],
    [['--split', 's.json'], 'ctre: --test and --split exclude each other; give one of them\n'],
    [['--test-fraction', '0.3'], 'ctre: --test and --test-fraction exclude each other; give one of them\n'],
  ])('is not for %s', async (argv, sentence) => {
    for (const command of ['train', 'compare']) {
      const { code, stderr } = await ctre([command, train, '--test', test, ...argv]);
      expect([code, stderr]).toEqual([2, sentence]);
    }
  });

  it('needs one dataset', async () => {
    const none = await ctre(['train', '--test', test]);
    expect([none.code, none.stderr]).toEqual([
      2,
      'ctre: --test is for reading a dataset, and none is named\n',
    ]);
    const two = await ctre(['compare', train, all, '--test', test]);
    expect([two.code, two.stderr]).toEqual([
      2,
      'ctre: --test names the test rows of one dataset, and 2 are named; give one of them\n',
    ]);
  });

  it('is not what is written to', async () => {
    const { code, stderr } = await ctre(['train', train, '--test', test, '--out', test]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('is what is read from; choose another file to write'),
    ]);
  });

  it('refuses labels that training does not have', async () => {
    const stray = write('stray.csv', `${head}\n${lines[0].replace(/,[^,]*$/, ',birch')}\n`);
    const { code, stderr } = await ctre(['train', train, '--test', stray]);
    expect(code).toBe(2);
    expect(stderr).toContain('1 test row has a label that no training row has: "birch"; expected');
  });

  it('belongs to a checkpoint', async () => {
    const keep = ['--checkpoint', folder.path('kept')];
    const first = await ctre(['train', train, '--test', test, ...SMALL, ...keep]);
    expect(first.code).toBe(0);
    const second = await ctre(['train', train, ...SMALL, ...keep, '--resume']);
    expect(second.code).toBe(2);
    expect(second.stderr).toContain('has test "test.csv", and this command has none');
    // The same name, and other rows.
    const before = readFileSync(test);
    write('test.csv', `${head}\n${lines.slice(TRAIN_ROWS + 1).join('\n')}\n`);
    const third = await ctre(['train', train, '--test', test, ...SMALL, ...keep, '--resume']);
    writeFileSync(test, before);
    expect(third.code).toBe(2);
    expect(third.stderr).toContain("the test rows are not those of the checkpoint's training");
  });

  it('belongs to the results of a comparison', async () => {
    const results = folder.path('results.jsonl');
    const argv = [
      ...['compare', train, '--hidden', '8', '--epsilons', '4', '--epochs', '2', '--json'],
      ...['--methods', 'set', '--seeds', '0', '--results', results, '--jobs', '1'],
    ];
    const first = await ctre([...argv, '--test', test]);
    expect([first.code, first.stderr]).toEqual([0, '']);
    const cell = jsonLines(first.stdout)[1];
    expect(cell).toMatchObject({ testRows: ROWS - TRAIN_ROWS });
    const again = jsonLines((await ctre([...argv, '--test', test])).stdout);
    expect(again[1]).toMatchObject({ resumed: true });
    const other = await ctre(argv);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain('another content of train.csv, its test rows or its split');
  });
});
