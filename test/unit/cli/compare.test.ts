import { type ChildProcess, spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { parseArguments } from '../../../src/cli/args.ts';
import { runCell } from '../../../src/cli/cellTask.ts';
import { ResultsFile } from '../../../src/cli/resultsFile.ts';
import { trainSyntax } from '../../../src/cli/trainSyntax.ts';
import { isFinished } from '../../../src/compare/cell.ts';
import { escapeHtml } from '../../../src/compare/report/html.ts';
import { optimizer, SparseMLP, schedule } from '../../../src/index.ts';
import { methods } from '../../../src/topology/methods.ts';
import { effort, runRandom, runSeed } from '../../support/effort.ts';
import { CELL_PROGRAM, ctre, jsonLines, type Outcome, PROGRAM, temporaryFolder } from './harness.ts';
import { COLUMNS, classes, csv, features, ROWS, writeDatasets } from './problem.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const trees = folder.path('trees.csv');
writeFileSync(trees, csv());
const SMALL = ['--hidden', '12,9', '--epsilons', '2', '--batch-size', '20', '--epochs', '6'];

let files = 0;
const newFile = (): string => folder.path(`results-${files++}.jsonl`);

const compare = (results: string, ...argv: string[]): Promise<Outcome> =>
  ctre(['compare', trees, ...SMALL, '--results', results, ...argv]);

async function compareJson(results: string, ...argv: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await compare(results, ...argv, '--json');
  expect([code, stderr]).toEqual([0, '']);
  return jsonLines(stdout);
}

/** A file of results without what a clock says. */
const timeless = (path: string): string =>
  readFileSync(path, 'utf8').replaceAll(
    /"(seconds|trainSeconds|startSeconds|evolveSeconds)":[\d.e-]+/g,
    '"$1":0',
  );

describe('ctre compare', () => {
  it('trains every cell as ctre train does', async () => {
    const lines = await compareJson(newFile(), '--methods', 'ctre-sim,rigl', '--seeds', '3-4');
    expect(lines[0]).toMatchObject({ event: 'start', cells: 4, done: 0, datasets: [{ epochs: 6 }] });
    expect(lines.at(-1)?.event).toBe('result');
    const cells = lines.filter(({ event }) => event === 'cell');
    expect(cells).toHaveLength(4);
    for (const cell of cells) {
      const { method, seed } = cell;
      const { stdout } = await ctre([
        ...['train', trees, '--hidden', '12,9', '--epsilon', '2', '--batch-size', '20', '--epochs', '6'],
        ...['--method', String(method), '--seed', String(seed), '--json'],
      ]);
      const names = ['nnz', 'density', 'bestEpoch', 'bestValAccuracy', 'testAccuracy', 'finalTestAccuracy'];
      const result = jsonLines(stdout).at(-1) ?? {};
      for (const name of names) expect(cell[name], `${method}, seed ${seed}: ${name}`).toBe(result[name]);
    }
  });

  it('keeps what happened in every epoch, as ctre train tells it', async () => {
    const results = newFile();
    await compareJson(results, '--methods', 'ctre-sim', '--seeds', '1');
    const [, cell] = jsonLines(readFileSync(results, 'utf8'));
    const { stdout } = await ctre([
      ...['train', trees, '--hidden', '12,9', '--epsilon', '2', '--batch-size', '20', '--epochs', '6'],
      ...['--seed', '1', '--method', 'ctre-sim', '--json'],
    ]);
    const epochs = jsonLines(stdout).filter(({ event }) => event === 'epoch');
    const rounded = (value: unknown): number | null =>
      value === undefined ? null : Number(Number(value).toPrecision(6));
    expect(cell.curves).toEqual({
      loss: epochs.map(({ loss }) => rounded(loss)),
      accuracy: epochs.map(({ accuracy }) => rounded(accuracy)),
      valAccuracy: epochs.map(({ valAccuracy }) => rounded(valAccuracy)),
      testAccuracy: epochs.map(({ testAccuracy }) => rounded(testAccuracy)),
    });
    expect(Object(cell.evolution)).toMatchObject({ epochs: [2, 3, 4, 5, 6], updates: [1, 1, 1, 1, 1] });
    const updates = epochs.slice(1).map(({ evolution }) => Object(evolution).layers as object[]);
    for (const name of ['pruned', 'regrown', 'grown', 'random']) {
      const counts = updates.map((layers) => layers.map((layer) => Object(layer)?.[name] ?? 0));
      expect(Object(cell.evolution)[name], name).toEqual(counts);
    }
    expect(Object(cell.looks).epochs).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('writes the cells in the order of the grid, however many trainings run at a time', async () => {
    const [one, many] = [newFile(), newFile()];
    const grid = ['--methods', 'ctre-seq,static', '--seeds', '2', '--epsilons', '3,1'];
    await compareJson(one, ...grid, '--jobs', '1');
    await compareJson(many, ...grid, '--jobs', '4');
    expect(timeless(many)).toBe(timeless(one));
    const cells = jsonLines(readFileSync(one, 'utf8')).slice(1);
    expect(cells.map(({ epsilon, method, seed }) => [epsilon, method, seed])).toEqual(
      [3, 1].flatMap((epsilon) => ['ctre-seq', 'static'].map((method) => [epsilon, method, 2])),
    );
  });

  it('computes nothing twice, and grows', async () => {
    const [grown, fresh] = [newFile(), newFile()];
    await compareJson(grown, '--methods', 'set', '--seeds', '1');
    const before = readFileSync(grown, 'utf8');
    const again = await compareJson(grown, '--methods', 'set', '--seeds', '1');
    expect(again.map(({ event, resumed }) => [event, resumed])).toEqual([
      ['start', undefined],
      ['cell', true],
      ['result', undefined],
    ]);
    expect(readFileSync(grown, 'utf8')).toBe(before);
    // New cells come before and behind the old one.
    const larger = ['--methods', 'cte,set', '--seeds', '0-2'];
    const lines = await compareJson(grown, ...larger);
    expect(lines.filter(({ resumed }) => resumed)).toHaveLength(1);
    expect(readFileSync(grown, 'utf8').split('\n')).toContain(before.split('\n')[1]);
    await compareJson(fresh, ...larger);
    expect(timeless(grown)).toBe(timeless(fresh));
  });

  it('trains once what is named twice', async () => {
    const results = newFile();
    const grid = ['--methods', 'set,set', '--seeds', '1,0-1,1', '--epsilons', '3,3.0,3'];
    const lines = await compareJson(results, ...grid);
    expect(lines[0]).toMatchObject({ cells: 2 });
    expect(jsonLines(readFileSync(results, 'utf8'))).toHaveLength(3);
    expect((await compareJson(results, ...grid))[0]).toMatchObject({ done: 2 });
  });

  it('tells people of every training and of the differences', async () => {
    const { stdout } = await compare(newFile(), '--methods', 'ctre-sim,static', '--seeds', '0-1');
    expect(stdout).toMatch(/training 1\/4 {2}(ctre-sim|static), seed \d: test 0\.\d{4}/);
    expect(stdout).toMatch(/│ ctre-sim +│ +2 │ 0\.\d{4} ± 0\.\d{4} │ +\d+ │/);
    expect(stdout).toMatch(/ctre-sim − static +[+−]0\.\d{4} {2}p [01]\.\d{3} {2}too few seeds/);
    expect(stdout).toContain('it takes 6 seeds or more');
  });

  it('shows a bar on a terminal', async () => {
    const results = newFile();
    const argv = ['compare', trees, ...SMALL, '--methods', 'set', '--seeds', '0', '--results', results];
    const { code, stdout } = await ctre(argv, { isTTY: true });
    expect(code).toBe(0);
    expect(stdout).toMatch(/100 % {2}1 of 1 trainings/);
  });

  it('records what diverged, goes on, and does not try it again', async () => {
    const results = newFile();
    const argv = ['--methods', 'set,static', '--seeds', '0', '--lr', '1e30'];
    const lines = await compareJson(results, ...argv);
    const failed = lines.filter(({ event, failed }) => event === 'cell' && failed !== undefined);
    expect(failed).toHaveLength(2);
    expect(failed[0].failed).toMatch(/no longer a finite number/);
    const { stdout, code } = await compare(results, ...argv);
    expect(code).toBe(0);
    expect(stdout).toContain('0 (1 diverged)');
    expect(stdout).not.toContain('training 1/');
  });

  it('trains several datasets, and the generated problem without one', async () => {
    const other = folder.path('more trees.csv');
    writeFileSync(other, csv());
    const results = newFile();
    const argv = [...SMALL, '--methods', 'static', '--seeds', '0', '--results', results, '--json'];
    const both = await ctre(['compare', trees, other, ...argv]);
    expect(
      jsonLines(both.stdout)
        .filter(({ event }) => event === 'cell')
        .map(({ dataset }) => dataset)
        .sort(),
    ).toEqual(['more trees.csv', 'trees.csv']);
    const generated = await ctre(['compare', ...argv.slice(0, -2), newFile(), '--json']);
    expect(jsonLines(generated.stdout)[1]).toMatchObject({ dataset: 'generated problem', inputs: 500 });
  });

  it('names schedule and norm in the file of results where they are typed, and only there', async () => {
    const grid = ['--methods', 'static', '--seeds', '0', '--epochs', '2'];
    const plain = newFile();
    await compareJson(plain, ...grid);
    expect(readFileSync(plain, 'utf8')).not.toMatch(/schedule|warmup|clip|stepSize/i);
    const rates = ['--schedule', 'cosine', '--clip-norm', '0.5'];
    const { stderr } = await compare(plain, ...grid, ...rates);
    expect(stderr).toContain('this command has --clip-norm 0.5');
    const other = newFile();
    await compareJson(other, ...grid, ...rates);
    expect(readFileSync(other, 'utf8')).toMatch(/"clip-norm":"0.5".*"schedule":"cosine"/);
  });

  it('takes one command line for all methods', async () => {
    const lines = await compareJson(newFile(), '--methods', 'all', '--seeds', '0', '--prune-fraction', '0.3');
    const cells = lines.filter(({ event }) => event === 'cell');
    expect(cells.map(({ method }) => method).sort()).toEqual(Object.keys(methods).sort());
    for (const { multiplyAdds } of cells) expect(Object(multiplyAdds).total).toBeGreaterThan(0);
  });
});

describe('ctre compare', () => {
  it('reports where it is told to, with the command as a shell takes it', async () => {
    const results = newFile();
    const report = folder.path("people's report.html");
    const argv = [
      ...['compare', '--methods', 'set', '--seeds', '0', '--widths', '6,5', '--epochs', '2'],
      ...['--jobs', 'auto', '--threads', 'auto', '--results', results, '--report', report],
    ];
    const { code, stdout } = await ctre([...argv, '--image', '25x20']);
    expect(code).toBe(0);
    for (const width of [5, 6]) {
      expect(stdout).toMatch(
        new RegExp(`training \\d/2  hidden ${width},${width},${width}, set, seed 0: test`),
      );
    }
    expect(stdout).toMatch(/at a time +1\n/);
    expect(stdout).toContain(`kept in ${results}, report in ${report}`);
    const html = readFileSync(report, 'utf8');
    expect(html).toMatch(/<img [^>]*width="25" height="20" alt="Connections of every input of set, epoch 0"/);
    expect(html).toContain('Mean connections of informative, redundant and noise features by epoch');
    expect(html).toContain(escapeHtml(`--report '${report.replace("'", "'\\''")}' --image 25x20`));
    const other = await ctre([...argv, '--image', 'none']);
    expect(other.stderr).toContain('was made with --image 25x20, this command has --image none');
    expect(other.code).toBe(2);
  });

  it('names its file of results after the dataset', async () => {
    const before = process.cwd();
    mkdirSync(folder.path('here'));
    process.chdir(folder.path('here'));
    onTestFinished(() => process.chdir(before));
    const { stdout } = await ctre(['compare', trees, ...SMALL, '--methods', 'static', '--seeds', '0']);
    expect(stdout).toContain('kept in trees.compare.jsonl\n');
    expect(readdirSync('.')).toEqual(['trees.compare.jsonl']);
  });

  it('takes a density and no hidden layer, and tells of the file’s cells in these words', async () => {
    const results = newFile();
    const argv = ['compare', trees, '--hidden', 'none', '--density', '0.5', '--epochs', '1', '--header'];
    const grid = [...argv, '--seeds', '0', '--results', results];
    const { stdout } = await ctre([...grid, '--methods', 'set,static,cte', '--image', 'none']);
    expect(stdout).toContain('trees.csv; hidden layers none\n');
    expect(stdout).toContain("p corrected by Holm's method for 3 pairs");
    const smaller = await ctre([...grid, '--methods', 'set,cte', '--image', 'none']);
    expect(smaller.stderr).toContain('(static, seed 0, ε –, hidden layers none, trees.csv)');
    const bare = await ctre([...grid.filter((argument) => argument !== '--header'), '--image', 'none']);
    expect(bare.stderr).toContain('was made with --header, this command has no --header');
  });

  it('tells the sign of a difference, and needs no more than six seeds for two methods', async () => {
    const results = newFile();
    const grid = ['--methods', 'static,dense', '--seeds', '0-5', '--epochs', '4'];
    const cells = (await compareJson(results, ...grid)).filter(({ event }) => event === 'cell');
    const mean = (method: string): number =>
      cells.reduce((sum, cell) => sum + (cell.method === method ? Number(cell.testAccuracy) / 6 : 0), 0);
    const swapped = newFile();
    writeFileSync(swapped, readFileSync(results));
    const signs = [mean('static') - mean('dense'), mean('dense') - mean('static')];
    expect(Math.abs(signs[0])).toBeGreaterThan(1e-9);
    const names = ['static,dense', 'dense,static'];
    for (const [index, pair] of names.entries()) {
      const { stdout } = await compare(swapped, ...grid.with(1, pair));
      const sign = signs[index] < 0 ? '−' : '+';
      expect(stdout).toContain(
        `${pair.replace(',', ' − ')}  ${sign}${Math.abs(signs[index]).toFixed(4)}  p `,
      );
      expect(stdout).not.toContain('seeds or more to tell');
    }
  });

  it('trains sparse inputs, own test rows and those of a split, and sees when they change', async () => {
    const own = folder.path('datasets');
    mkdirSync(own);
    const paths = writeDatasets(own);
    const grid = [...SMALL, '--methods', 'static', '--seeds', '0', '--json'];
    const both = await ctre(['compare', paths.libsvm, paths.idx, ...grid, '--results', newFile()]);
    const rowsOf = (stdout: string): unknown[] =>
      jsonLines(stdout).flatMap(({ event, testRows }) => (event === 'cell' ? testRows : []));
    expect(rowsOf(both.stdout)).toEqual([30, 30]);
    const split = folder.path('split.json');
    const rows = Array.from({ length: ROWS }, (_, row) => row);
    const [results, argv] = [newFile(), ['compare', paths.csv, ...grid, '--split', split]];
    writeFileSync(split, JSON.stringify({ train: rows.slice(17), test: rows.slice(0, 17) }));
    expect(rowsOf((await ctre([...argv, '--results', results])).stdout)).toEqual([17]);
    writeFileSync(split, JSON.stringify({ train: rows.slice(18), test: rows.slice(1, 18) }));
    const changed = await ctre([...argv, '--results', results]);
    expect(changed.stderr).toContain('another content of trees.csv, its test rows or its split');
  });

  it('tells which training was lost, and how many more', async () => {
    const fake = folder.path('lost.mjs');
    writeFileSync(fake, 'process.exit(3)');
    const other = folder.path('other trees.csv');
    writeFileSync(other, csv());
    const argv = ['compare', trees, other, '--hidden', '5', '--epsilons', '1,2', '--jobs', '1'];
    const more = ['--methods', 'set', '--seeds', '0', '--results', newFile()];
    const { code, stderr } = await ctre([...argv, ...more], { cellProgram: fake });
    expect(stderr).toMatch(
      /end: trees\.csv, ε 1, set, seed 0: its process ended with code 3 \(and 3 more\);/,
    );
    expect(code).toBe(2);
  });

  it('tells people what diverged', async () => {
    const { stdout } = await compare(newFile(), '--methods', 'set', '--seeds', '0', '--lr', '1e30');
    expect(stdout).toMatch(/training 1\/1 {2}set, seed 0: diverged/);
  });
});

/** The share of hidden neurons that cannot matter, by dense products over all rows. */
function deadShare(
  layers: SparseMLP['layers'],
  { rows, cols, data }: { rows: number; cols: number; data: Float32Array },
): number {
  const fires = layers.slice(0, -1).map(({ outDim }) => Array.from({ length: outDim }, () => false));
  for (let row = 0; row < rows; row++) {
    let below = data.slice(row * cols, (row + 1) * cols);
    for (const [l, { weights, bias, inDim }] of layers.slice(0, -1).entries()) {
      const { data: w } = weights.toDense();
      below = Float32Array.from(bias, (b, i) =>
        Math.max(
          0,
          below.reduce((sum, value, j) => sum + w[i * inDim + j] * value, b),
        ),
      );
      below.forEach((value, i) => {
        if (value > 0) fires[l][i] = true;
      });
    }
  }
  const lives = fires.map((fired, l) =>
    fired.map((isFiring, i) => {
      const { indptr } = layers[l].weights;
      return isFiring && indptr[i + 1] > indptr[i] && layers[l + 1].weights.indices.includes(i);
    }),
  );
  const alive = lives.flat().filter(Boolean).length;
  return (lives.flat().length - alive) / lives.flat().length;
}

describe('a cell', () => {
  const all = Array.from({ length: ROWS }, (_, row) => row);
  const [train, test] = [all.slice(30), all.slice(0, 30)];
  const split = folder.path('cell-split.json');
  const path = folder.path('numbered.csv');
  writeFileSync(split, JSON.stringify({ train, test, val: train.slice(0, 20) }));
  writeFileSync(path, `${all.map((row) => [...features[row], classes[row]].join(',')).join('\n')}\n`);
  const taskOf = (method: keyof typeof methods, ...more: string[]) => ({
    cell: { dataset: 'numbered.csv', hidden: [12, 9], epsilon: 2, method, seed: 5 },
    data: 'x',
    args: parseArguments(trainSyntax, [
      ...[path, '--no-header', '--split', split, '--scale', 'none', '--hidden', '12,9', '--epsilon', '2'],
      ...['--method', method, '--seed', '5', '--epochs', '4', '--batch-size', '20'],
      ...(more.includes('--schedule') ? more : ['--schedule', 'constant', ...more]),
    ]),
    picture: undefined,
  });
  const rowsOf = (rows: readonly number[]) => ({
    x: { rows: rows.length, cols: COLUMNS, data: Float32Array.from(rows.flatMap((row) => features[row])) },
    y: Int32Array.from(rows, (row) => classes[row]),
  });

  it.each(['cte-gse', 'ctre-seq', 'ctre-sim', 'static', 'rigl'] as const)(
    'is a plain training with %s',
    async (method) => {
      const record = await runCell(taskOf(method, '--lr', '0.0001'), () => {});
      if (!isFinished(record)) throw new Error(record.failed);
      const model = await SparseMLP.create({
        ...{ layers: [COLUMNS, 12, 9, 3], epsilon: 2, seed: 5, topology: methods[method].create() },
      });
      const { x, y } = rowsOf(train);
      const training = model.train(x, y, {
        ...{ epochs: 4, batchSize: 20, test: rowsOf(test) },
        validationRows: Int32Array.from({ length: 20 }, (_, position) => position),
        optimizer: optimizer.adam({ learningRate: 0.0001 }),
      });
      for await (const epoch of training) expect(epoch.epoch).toBeLessThanOrEqual(4);
      const { nnz, layers, history } = model;
      expect(record).toMatchObject({ nnz, trainRows: 100, testRows: 30, inputs: COLUMNS, classes: 3 });
      expect(record.nnzByLayer).toEqual(layers.map((layer) => layer.nnz));
      expect(record.deadNeurons).toBe(deadShare(layers, x));
      const start = history[0].start?.pairs ?? 0;
      expect(record.pairs).toBe(history.reduce((sum, { evolution }) => sum + (evolution?.pairs ?? 0), start));
      // Updates of 4 epochs replace connections three times; those of the default would take too much.
      const positions = COLUMNS * 12 + 12 * 9 + 9 * 3;
      if (method === 'static' || method === 'cte-gse') expect(record.explorationRate).toBe(nnz / positions);
      else expect(record.explorationRate).toBeGreaterThan(nnz / positions);
      model.dispose();
      expect(record.curves.loss).toEqual(history.map(({ loss }) => Number(loss.toPrecision(6))));
      const best = history.findLast((epoch) => epoch.best);
      expect(record.testAccuracy).toBe(best?.testAccuracy);
      expect(record.finalTestAccuracy).toBe(history.at(-1)?.testAccuracy);
      expect(record.evolution === null).toBe(method === 'static' || method === 'cte-gse');
    },
  );

  it('is a plain training with a schedule, AdamW and a bound of the norm, too', async () => {
    const argv = ['--optimizer', 'adamw', '--schedule', 'linear', '--warmup', '3', '--clip-norm', '0.2'];
    const record = await runCell(taskOf('set', ...argv), () => {});
    if (!isFinished(record)) throw new Error(record.failed);
    const model = await SparseMLP.create({
      ...{ layers: [COLUMNS, 12, 9, 3], epsilon: 2, seed: 5, topology: methods.set.create() },
    });
    const { x, y } = rowsOf(train);
    const { epochs } = await model.fit(x, y, {
      ...{ epochs: 4, batchSize: 20, optimizer: optimizer.adamW(), restoreBest: false },
      validationRows: Int32Array.from({ length: 20 }, (_, position) => position),
      schedule: schedule.linear({ warmup: 3 }),
      clipNorm: 0.2,
    });
    expect(record.curves.loss).toEqual(epochs.map(({ loss }) => Number(loss.toPrecision(6))));
    model.dispose();
  });

  it('of the generated problem counts the connections of every kind of feature', async () => {
    const cell = { dataset: 'generated problem', hidden: [5], epsilon: null, method: 'dense', seed: 0 };
    const args = parseArguments(trainSyntax, ['--hidden=5', '--method=dense', '--epochs=1']);
    const record = await runCell({ cell, data: '', args, picture: undefined }, () => {});
    // Every feature of a dense network has a connection to each of the 5 neurons.
    const groups = { informative: [5, 5], redundant: [5, 5], noise: [5, 5] };
    expect(record).toMatchObject({ inputs: 500, looks: { epochs: [0, 1], groups } });
  });

  it('that diverges is a record, and any other error an error', async () => {
    const record = await runCell(taskOf('set', '--lr', '1e30'), () => {});
    expect(record).toEqual({
      ...{ dataset: 'numbered.csv', hidden: [12, 9], epsilon: 2, method: 'set', seed: 5, data: 'x' },
      failed: expect.stringMatching(/no longer a finite number/),
    });
    const failure = new TypeError('a bug');
    const stop = (): void => {
      throw failure;
    };
    await expect(runCell(taskOf('set', '--lr', '0.0001'), stop)).rejects.toBe(failure);
  });
});

describe('the file of results', () => {
  let whole = '';
  const grid = ['--methods', 'set,static', '--seeds', '1'];
  beforeAll(async () => {
    const results = newFile();
    await compareJson(results, ...grid);
    whole = readFileSync(results, 'utf8');
  });
  const withContent = (content: string | Uint8Array): string => {
    const path = newFile();
    writeFileSync(path, content);
    return path;
  };

  it('is repaired wherever its last line was cut', async () => {
    const random = runRandom('cut');
    const lines = whole.split('\n');
    const first = Buffer.byteLength(`${lines[0]}\n`);
    const bytes = Buffer.from(whole);
    const last = Buffer.byteLength(`${lines.slice(0, 2).join('\n')}\n`);
    const cuts = [first, last - 1, last, last + 1, bytes.length - 1];
    while (cuts.length < effort(6, 40)) cuts.push(first + random.below(bytes.length - first));
    for (const cut of cuts) {
      const path = withContent(bytes.subarray(0, cut));
      await compareJson(path, ...grid);
      expect(timeless(path), `cut at ${cut} of ${bytes.length} (CTRE_SEED=${runSeed})`).toBe(
        whole.replaceAll(/"(seconds|trainSeconds|startSeconds|evolveSeconds)":[\d.e-]+/g, '"$1":0'),
      );
    }
  });

  it('may be empty, or end in what a full disk left', async () => {
    for (const content of ['', `${whole}{"torn"`, `${whole.split('\n').slice(0, 2).join('\n')}\n\0\0\0\n`]) {
      const path = withContent(content);
      await compareJson(path, ...grid);
      expect(jsonLines(readFileSync(path, 'utf8'))).toHaveLength(3);
    }
  });

  const damaged = (): string => {
    const lines = whole.split('\n');
    return [lines[0], lines[1].slice(0, 99), ...lines.slice(2)].join('\n');
  };
  const changed = (): string => whole.replace(/"data":"[0-9a-f]+"/g, '"data":"0123456789abcdef"');
  const twice = (): string => `${whole}${whole.split('\n')[1]}\n`;

  const MISTAKES: readonly (readonly [string, () => string | Uint8Array, readonly string[], RegExp])[] = [
    [
      'of other options',
      () => whole,
      ['--epochs', '7'],
      /was made with --epochs 6, this command has --epochs 7/,
    ],
    ['of fewer options', () => whole, ['--lr', '1'], /was made with no --lr, this command has --lr 1/],
    [
      'of a larger grid',
      () => whole,
      ['--seeds', '0'],
      /holds a cell that this grid has not \(set, seed 1, /,
    ],
    ['of other data', changed, [], /another content of trees\.csv/],
    [
      'of an older version',
      () => whole.replace('"version":2', '"version":1'),
      [],
      /in version 1 of its format, and this one reads 2; name another file .* and train again/,
    ],
    ['of another release', () => whole.replace(/"ctre":"[^"]+"/, '"ctre":"9.9.9"'), [], /by ctre "9\.9\.9"/],
    ['that is something else', () => csv(), [], /is no file of ctre compare/],
    ['that is no text', () => Uint8Array.of(0, 255, 10, 3, 200), [], /is no file of ctre compare/],
    ['with a damaged line', damaged, [], /line 2 of results-\d+\.jsonl is no cell/],
    ['with a cell twice', twice, [], /line 4 of results-\d+\.jsonl is no cell/],
  ];
  it.each(MISTAKES)('stays as it is when it is one %s', async (_, content, more, sentence) => {
    const path = withContent(content());
    const { code, stdout, stderr } = await compare(path, ...grid, ...more);
    expect(stderr).toMatch(/^ctre: [^\n]+\n$/);
    expect(stderr).toMatch(sentence);
    expect([code, stdout]).toEqual([2, '']);
    expect(readFileSync(path)).toEqual(Buffer.from(content()));
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('belongs to one process at a time', async () => {
    const path = withContent(whole);
    mkdirSync(`${path}.lock`);
    writeFileSync(`${path}.lock/${process.ppid}-1-x`, '');
    writeFileSync(`${path}.lock/${process.ppid}-1-x.held`, '');
    const { code, stderr } = await compare(path, ...grid);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/process \d+ is writing .* or remove results-\d+\.jsonl\.lock if/),
    ]);
    rmSync(`${path}.lock`, { recursive: true });
    // Nobody has this number: it was killed.
    const gone = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => gone.on('exit', resolve));
    mkdirSync(`${path}.lock`);
    writeFileSync(`${path}.lock/${gone.pid}-1-x.held`, '');
    await compareJson(path, ...grid);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('is not cut where another process wrote between reading and locking', async () => {
    const path = withContent(whole);
    const [{ ctre: release, options }, ...cells] = jsonLines(whole);
    const tasks = cells.map((cell) => ({
      cell: { dataset: 'trees.csv', hidden: [12, 9], epsilon: 2, method: String(cell.method), seed: 1 },
      data: String(cell.data),
      picture: undefined,
    }));
    const results = await ResultsFile.open(path, String(release), Object(options), tasks, []);
    appendFileSync(path, 'a line of theirs\n');
    await expect(results.prepare()).rejects.toThrow(/another process has just written/);
    expect(readFileSync(path, 'utf8')).toBe(`${whole}a line of theirs\n`);
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('cannot be in a folder that takes no files', async () => {
    const { code, stderr } = await compare(folder.path('nowhere/results.jsonl'), ...grid);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/there is no folder/)]);
    mkdirSync(folder.path('closed'));
    const inFolder = await compare(folder.path('closed'), ...grid);
    expect([inFolder.code, inFolder.stderr]).toEqual([2, expect.stringMatching(/is a folder/)]);
    if (process.getuid?.() === 0) return; // whom no permission stops
    chmodSync(folder.path('closed'), 0o500);
    const closed = await compare(folder.path('closed/results.jsonl'), ...grid);
    expect([closed.code, closed.stderr]).toEqual([2, expect.stringMatching(/permission denied/)]);
  });
});

describe('a mistake of ctre compare ends with one sentence before anything is trained', () => {
  const split = folder.path('mistaken-split.json');
  const rows = Array.from({ length: ROWS }, (_, row) => row);
  const lists = JSON.stringify({ train: rows.slice(17), test: rows.slice(0, 17) });
  beforeAll(() => writeFileSync(split, lists));
  afterEach(() => expect(readFileSync(split, 'utf8')).toBe(lists));

  it.each<[string, string[], RegExp]>([
    [
      'an unknown method',
      ['--methods', 'ctre-sim,sett'],
      /--methods has no sett; did you mean set or mest\?/,
    ],
    ['no method', ['--methods', ''], /--methods has no empty name; expected one of cte-gse/],
    ['no seed', ['--seeds', ''], /--seeds is ""/],
    [
      'a range that runs backwards',
      ['--seeds', '4-0'],
      /the end of --seeds 4-0 is 0; expected an integer from 4/,
    ],
    ['a range without end', ['--seeds', '0-99999999'], /the end of --seeds 0-99999999 is 99999999/],
    ['half a seed', ['--seeds', '0.5'], /--seeds is 0\.5/],
    ['no density', ['--epsilons', ''], /--epsilons is ""/],
    ['no connections', ['--epsilons', '1,0'], /layer 0 .* gets no connection at density 0/],
    ['two kinds of density', ['--epsilons', '1', '--density', '0.1'], /--epsilons and --density exclude/],
    ['two kinds of shape', ['--widths', '5', '--hidden', '5'], /--hidden and --widths exclude/],
    ['a network of nothing', ['--widths', '0'], /--widths is 0/],
    ['an option of ctre train', ['--seed', '1'], /no option --seed; did you mean --seeds\?/],
    ['no jobs', ['--jobs', '0'], /--jobs is 0/],
    ['pictures of another size', ['--image', '28x28'], /784 pixels; trees\.csv has 6 features/],
    ['a size that is none', ['--image', '28'], /--image is "28"; expected a size like 28x28, or none/],
    ['no epochs', ['--epochs', '0'], /--epochs is 0/],
    ['a report in no folder', ['--report', '/nowhere/at/all.html'], /there is no folder/],
    ['a report over the dataset', ['--report', trees], /is what is read from/],
    ['a report over the split', ['--split', split, '--report', split], /is what is read from/],
    ['results over the split', ['--split', split, '--results', split], /is what is read from/],
    ['a network too large', ['--widths', '20,200000', '--methods', 'set,dense'], /^ctre: dense .* needs \d+/],
    ['a layer too large', ['--widths', '99999999'], /layers\[1\] is 99999999; expected .* to 33554432/],
  ])('%s', async (_, argv, sentence) => {
    const results = newFile();
    const { code, stdout, stderr } = await ctre(['compare', trees, '--results', results, ...argv]);
    expect(stderr).toMatch(/^ctre: [^\n]+\n$/);
    expect(stderr).toMatch(sentence);
    expect([code, stdout]).toEqual([2, '']);
    expect(existsSync(results)).toBe(false);
  });

  it('one file for the results and the report', async () => {
    const path = newFile();
    const { code, stderr } = await compare(path, '--report', `${folder.path('.')}/./${basename(path)}`);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/is to be two files at once; choose another/)]);
    expect(existsSync(path)).toBe(false);
  });

  it('a dataset twice', async () => {
    const { code, stderr } = await ctre(['compare', trees, trees]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/two datasets are called "trees\.csv"/)]);
  });

  it('a dataset that is none', async () => {
    const { code, stderr } = await ctre(['compare', folder.path('none.csv')]);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/there is no/)]);
  });
});

/** The processes that have this one for a parent. */
const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number);
function parentOf(pid: string): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  } catch {
    return undefined; // it has ended meanwhile
  }
}
const isRunning = (pid: number): boolean => {
  try {
    // A zombie has ended; nobody has asked for its exit code.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
const ended = async (pids: readonly number[]): Promise<number[]> => {
  for (let wait = 0; wait < 100 && pids.some(isRunning); wait++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return pids.filter(isRunning);
};
const exitOf = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.on('exit', (code) => resolve(code)));

describe.runIf(existsSync('/proc/self/status'))('the processes of ctre compare', () => {
  const LONG = ['--methods', 'ctre-sim,set', '--seeds', '0-1', '--epochs', '25', '--jobs', '2'];

  it(`killed at any moment leave a file that ends as if they had not been (seed ${runSeed})`, async () => {
    const random = runRandom('compare-kill');
    const command = (results: string) => ['compare', trees, ...SMALL, '--results', results, ...LONG];
    const start = (results: string) =>
      spawn(process.execPath, [PROGRAM, ...command(results)], { stdio: 'ignore' });
    const whole = newFile();
    const begin = performance.now();
    expect(await exitOf(start(whole))).toBe(0);
    const duration = performance.now() - begin;
    const KILLS = 4;
    for (let round = 0; round < effort(1, 25); round++) {
      const results = newFile();
      for (let kill = 0; kill < KILLS; kill++) {
        const child = start(results);
        const exit = exitOf(child);
        const pause = duration * random.next();
        await Promise.race([exit, new Promise((resolve) => setTimeout(resolve, pause))]);
        const children = childrenOf(child.pid ?? 0);
        child.kill('SIGKILL');
        await exit;
        const where = `round ${round}, kill ${kill} at ${pause} ms`;
        expect(await ended(children), `children left: ${where}`).toEqual([]);
        // What a write that was cut leaves.
        if (kill === 2 && existsSync(results)) appendFileSync(results, '{"dataset":"tre');
      }
      expect(await exitOf(start(results)), `round ${round}`).toBe(0);
      expect(timeless(results), `round ${round}`).toBe(timeless(whole));
      expect(existsSync(`${results}.lock`)).toBe(false);
    }
  });

  it('end with Ctrl-C, and the file can be taken up', async () => {
    const results = newFile();
    const argv = ['compare', trees, ...SMALL, '--results', results, ...LONG];
    const interrupted = await ctre(argv, { interruptAt: /training 1\/4/ });
    expect(interrupted.code).toBe(130);
    expect(interrupted.stderr).toMatch(/stopped with [1-3] of 4 trainings done; the same command goes on/);
    expect(await ended(childrenOf(process.pid))).toEqual([]);
    const lines = await compareJson(results, ...LONG);
    expect(lines[0].done).toBeGreaterThanOrEqual(1);
    const whole = newFile();
    await compareJson(whole, ...LONG);
    expect(timeless(results)).toBe(timeless(whole));
  });

  // Minutes of training: nothing but the end of the comparison can end them in time.
  const ENDLESS = ['--methods', 'static', '--seeds', '0-3', '--epochs', '1000000', '--jobs', '2'];
  it.each<[string, NodeJS.Signals, (pid: number) => number, number | null]>([
    ['Ctrl-C at a terminal, which reaches them all', 'SIGINT', (pid) => -pid, 130],
    ['an interrupt of the comparison alone', 'SIGINT', (pid) => pid, 130],
    ['its being terminated', 'SIGTERM', (pid) => pid, null],
    ['its being killed', 'SIGKILL', (pid) => pid, null],
  ])('end with %s', async (_, signal, target, expected) => {
    const results = newFile();
    const argv = ['compare', trees, ...SMALL, ...ENDLESS, '--results', results];
    const child = spawn(process.execPath, [PROGRAM, ...argv], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    let errors = '';
    child.stderr?.on('data', (chunk) => {
      errors += chunk;
    });
    const exit = exitOf(child);
    const pid = child.pid ?? 0;
    let children: number[] = [];
    // Should the test fail: nothing else would end them.
    onTestFinished(() => {
      for (const left of [pid, ...children].filter(isRunning)) process.kill(left, 'SIGKILL');
    });
    while (childrenOf(pid).length < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    // Until they train.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    children = childrenOf(pid);
    expect(children).toHaveLength(2);
    process.kill(target(pid), signal);
    expect(await exit).toBe(expected);
    if (expected === 130) expect(errors).toMatch(/^ctre: stopped with 0 of 4 trainings done; [^\n]+\n$/);
    expect(await ended(children)).toEqual([]);
    expect(jsonLines(readFileSync(results, 'utf8'))).toHaveLength(1);
  });

  it.each<[string, string, RegExp]>([
    ['fall over', "throw new Error('out of luck')", /ended with code 1: Error: out of luck/],
    ['are killed', "process.kill(process.pid, 'SIGKILL')", /its process ended by SIGKILL/],
    ['say nothing', 'process.exit()', /its process ended with code 0/],
    [
      'find a mistake',
      "process.send({ kind: 'error', sentence: 'no memory' }, () => process.exit())",
      /no memory/,
    ],
  ])('that %s are told of, and tried again', async (_, code, sentence) => {
    const fake = folder.path(`fake-${files}.mjs`);
    // Seed 0 is trained, seed 1 meets its fate.
    writeFileSync(
      fake,
      `process.once('message', async (task) => {
        if (task.cell.seed === 1) { ${code}; return; }
        await import(${JSON.stringify(CELL_PROGRAM)});
        process.emit('message', task);
      });`,
    );
    const results = newFile();
    const argv = ['compare', trees, ...SMALL, '--results', results, '--methods', 'set', '--seeds', '0-1'];
    const outcome = await ctre(argv, { cellProgram: fake });
    expect(outcome.stderr).toMatch(sentence);
    expect(outcome.stderr).toMatch(/^ctre: a training did not come to its end: set, seed 1: [^\n]+\n$/);
    expect(outcome.code).toBe(2);
    expect(jsonLines(readFileSync(results, 'utf8'))).toHaveLength(2);
    const lines = await compareJson(results, '--methods', 'set', '--seeds', '0-1');
    expect(lines[0]).toMatchObject({ done: 1 });
    rmSync(fake);
  });
});
