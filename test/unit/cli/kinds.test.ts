import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { SparseMLP } from '../../../src/index.ts';
import { ctre, jsonLines, jsonRows, temporaryFolder } from './harness.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

const SMALL = ['--hidden', '8', '--epsilon', '2', '--epochs', '1'];
const SMALL_GRID = ['--widths', '8', '--epsilons', '2', '--epochs', '1'];
const ROWS = Array.from({ length: 60 }, (_, row) => row);

function write(name: string, head: string, line: (row: number) => string): string {
  const path = folder.path(name);
  writeFileSync(path, `${head}${ROWS.map(line).join('\n')}\n`);
  return path;
}

const city = (row: number): string => ['Rome', 'Oslo', 'Bern'][row % 3];
const table = write(
  'table.csv',
  'id,size,city,kind\n',
  (row) => `${row},${row % 7 === 3 ? '' : row % 11},${city(row)},${['a', 'b'][row % 2]}`,
);

async function startOf(...argv: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await ctre([...argv, '--json']);
  expect([code, stderr]).toEqual([0, '']);
  return jsonLines(stdout)[0];
}

describe('--json says what was taken, as the text does', () => {
  const model = folder.path('table.safetensors');
  const label = { number: 4, name: 'kind' };
  const columns = [
    { name: 'size', number: 2, kind: 'number', inputs: 2, filled: expect.stringContaining('their median') },
    { name: 'city', number: 3, kind: 'words', inputs: 3 },
  ];
  const counted = 'column 1 "id" counts the rows, so it is left out; --keep-row-numbers keeps it';
  const guessed =
    'no column has a usual label\'s name, so the last one, column 4 "kind", is taken for the label; ' +
    '--label ' +
    'names another one';

  it('of train', async () => {
    const start = await startOf('train', table, ...SMALL, '--out', model);
    expect(start).toMatchObject({
      taken: { label, leftOut: [{ name: 'id', number: 1, why: 'counts the rows' }] },
      classCounts: [
        { label: 'a', rows: expect.any(Number) },
        { label: 'b', rows: expect.any(Number) },
      ],
      columns,
      scale: 'standard',
      warnings: [counted, guessed],
      warning: `${counted}; ${guessed}`,
    });
  });

  it('of compare', async () => {
    const argv = ['--methods', 'set', '--seeds', '1', '--results', folder.path('results.jsonl')];
    const { datasets } = await startOf('compare', table, ...SMALL_GRID, ...argv);
    expect(datasets).toMatchObject([
      { taken: { label }, columns, scale: 'standard', warnings: [counted, guessed] },
    ]);
    const { stdout } = await ctre(['compare', table, ...SMALL_GRID, ...argv]);
    expect(stdout).toMatch(/label +column 4 "kind"/);
    expect(stdout).toContain(guessed);
  });

  it('of evaluate, predict and features', async () => {
    const other = write(
      'other.csv',
      'id,size,city,kind\n',
      (row) => `${row},5,${row === 4 ? 'Paris' : city(row)},a`,
    );
    const unseen = 'column 3 "city": 1 fields have words that training did not; they count as none';
    const warnings = [expect.stringContaining(unseen)];
    expect(await startOf('evaluate', model, other)).toMatchObject({ taken: { label }, columns, warnings });
    expect(await startOf('predict', model, other)).toMatchObject({
      event: 'start',
      taken: { label },
      columns,
      warnings,
    });
    expect(await startOf('features', model, other)).toMatchObject({
      event: 'start',
      taken: { label },
      warnings,
    });
    const { stdout, stderr } = await ctre(['evaluate', model, other]);
    expect(stdout).toMatch(/label +column 4 "kind"/);
    expect(stderr).toContain(unseen);
    const text = await ctre(['predict', model, other]);
    expect(text.stdout.trimEnd().split('\n')).toHaveLength(ROWS.length);
    expect(text.stderr).toContain(unseen);
  });
});

describe('the index base of LIBSVM', () => {
  const zero = write('zero.svm', '', (row) => `${row % 2} 0:${row % 5} 2:${row % 3} 3:1`);
  const model = folder.path('zero.safetensors');

  it('is said, and saved with the model', async () => {
    const { stdout } = await ctre(['train', zero, ...SMALL, '--out', model]);
    expect(stdout).toMatch(/indices +from 0/);
    using saved = await SparseMLP.load(new Uint8Array(readFileSync(model)));
    expect(saved.metadata.indexBase).toBe(0);
  });

  it('decides how files are read that have no index 0', async () => {
    const part = write('part.svm', '', (row) => `${row % 2} 2:${row % 3} 3:1`);
    const own = await ctre(['predict', model, part, '--json']);
    const told = await ctre(['predict', model, part, '--json', '--index-base', '0']);
    expect([own.code, own.stderr]).toEqual([0, '']);
    expect(own.stdout).toBe(told.stdout);
    expect(jsonLines(own.stdout)[0]).toMatchObject({ taken: { indexBase: 0 }, warnings: [] });
    const evaluated = await startOf('evaluate', model, part);
    expect(evaluated).toMatchObject({ taken: { indexBase: 0 }, warnings: [] });
    const dense = await ctre(['predict', model, part, '--probabilities', '--index-base', '1']);
    expect(dense.code).toBe(0);
  });

  it('refuses files that contradict it', async () => {
    const one = write('one.svm', '', (row) => `${row % 2} 1:${row % 5} 3:${row % 3} 4:1`);
    const beyond = await ctre(['evaluate', model, one]);
    expect([beyond.code, beyond.stderr]).toEqual([
      2,
      expect.stringContaining('has the index 4; expected at most 3, since indices count from 0'),
    ]);
    const oneModel = folder.path('one.safetensors');
    await ctre(['train', one, ...SMALL, '--out', oneModel]);
    const { code, stderr } = await ctre(['evaluate', oneModel, zero]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      'expected indices from 1, as in the file that the model was trained on; --index-base',
    );
  });
});

describe('features --unsupervised of a table', () => {
  it('saves what becomes of its columns, as train does', async () => {
    const out = folder.path('rank.safetensors');
    const few = ['--hidden', '10', '--epochs', '2', '--label', 'kind'];
    const { stdout } = await ctre(['features', '--unsupervised', table, ...few, '--out', out, '--json']);
    const names = ['size', 'size is missing', 'city=Bern', 'city=Oslo', 'city=Rome'];
    expect(jsonRows(stdout).map(({ name }) => name)).toEqual(expect.arrayContaining(names));
    expect(jsonLines(stdout)[0]).toMatchObject({
      columns: [{ name: 'size' }, { name: 'city', kind: 'words' }],
    });
    using model = await SparseMLP.load(new Uint8Array(readFileSync(out)));
    expect(model.pipeline?.columns?.map(({ name }) => name)).toEqual(['size', 'city']);
    expect(model.pipeline?.transform([{ size: 5, city: 'Oslo' }]).x.cols).toBe(5);
  });
});

describe('labels that are no classes', () => {
  it.each([
    ['a price', 'price', (row: number) => String(1000 * (row % 9)), /column 2 "price" .*--loss mean-squared/],
    ['an age', 'x', (row: number) => String(20 + (row % 15)), /15 different numbers as labels/],
    ['a name', 'label', (row: number) => `n${row}`, /look like names of rows, not like classes/],
  ])('are asked about: %s', async (_, name, value, sentence) => {
    const path = write('numbers.csv', `a,${name}\n`, (row) => `${row % 13}.5,${value(row)}`);
    const commands = [
      ['train', path, ...SMALL],
      ['compare', path, ...SMALL_GRID],
    ];
    for (const argv of commands) {
      const { code, stderr } = await ctre(argv);
      expect([code, stderr]).toEqual([2, expect.stringMatching(sentence)]);
    }
    const { code } = await ctre(['train', path, ...SMALL, '--loss', 'cross-entropy']);
    expect(code).toBe(0);
  });
});

describe('a table with another number of columns than the model has', () => {
  const named = folder.path('named.safetensors');
  const bare = folder.path('bare.safetensors');
  const line = (row: number): string => `${row % 7}.5,${row % 11}.25,${['a', 'b'][row % 2]}`;

  it('is read by the names of its columns, and refused where one is missing', async () => {
    await ctre(['train', write('named.csv', 'x,z,class\n', line), ...SMALL, '--out', named]);
    const wider = write('wider.csv', 'more,z,x,class\n', (row) => `${row},${row % 11}.25,${row % 7}.5,a`);
    const same = await ctre(['predict', named, folder.path('named.csv')]);
    expect((await ctre(['predict', named, wider])).stdout).toBe(same.stdout);
    const { code, stderr } = await ctre([
      'predict',
      named,
      write('less.csv', 'x,class\n', (row) => `${row},a`),
    ]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('has no column 2 "z", which the model was trained on'),
    ]);
  });

  it('is refused where columns have no names', async () => {
    await ctre(['train', write('bare.csv', '', line), ...SMALL, '--out', bare]);
    const wider = write('bareWider.csv', '', (row) => `${row % 7}.5,${row % 11}.25,7,${['a', 'b'][row % 2]}`);
    const narrow = write('bareNarrow.csv', '', (row) => `${row % 7}.5`);
    for (const path of [wider, narrow]) {
      for (const command of ['predict', 'evaluate']) {
        const { code, stderr } = await ctre([command, bare, path]);
        expect([code, stderr]).toEqual([
          2,
          expect.stringMatching(
            /columns without names; the model was trained on 2, or 3 with column 3 as label/,
          ),
        ]);
      }
    }
  });

  it('may lack the labels, wherever they stood', async () => {
    const first = write('first.csv', '', (row) => `${['a', 'b'][row % 2]},${row % 7}.5,${row % 11}.25`);
    const model = folder.path('first.safetensors');
    await ctre(['train', first, ...SMALL, '--label', '0', '--out', model]);
    const without = write('without.csv', '', (row) => `${row % 7}.5,${row % 11}.25`);
    const own = await ctre(['predict', model, first]);
    const other = await ctre(['predict', model, without]);
    expect([other.code, other.stdout]).toEqual([0, own.stdout]);
  });
});
