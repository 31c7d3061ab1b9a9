import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { SparseMLP } from '../../../src/index.ts';
import { methods } from '../../../src/topology/methods.ts';
import { ctre, jsonLines, temporaryFolder } from './harness.ts';
import { classes, csv, ROWS, writeDatasets } from './problem.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const paths = writeDatasets(folder.path(''));
const SMALL = ['--hidden', '10,10', '--epsilon', '2', '--batch-size', '20'];

async function trainJson(...options: string[]): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await ctre(['train', paths.csv, ...SMALL, ...options, '--json']);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return jsonLines(stdout);
}

describe('ctre train --json', () => {
  it('prints the start, every epoch and the result', async () => {
    const lines = await trainJson('--epochs', '4', '--seed', '3');
    expect(lines.map(({ event }) => event)).toEqual(['start', 'epoch', 'epoch', 'epoch', 'epoch', 'result']);
    expect(lines[0]).toMatchObject({
      dataset: 'trees.csv',
      layers: [6, 10, 10, 3],
      trainRows: 120,
      testRows: 30,
      validation: 0.1,
      scale: 'standard',
      schedule: { name: 'cosine' },
      automatic: { scale: 'standard', schedule: 'cosine' },
      seed: 3,
    });
    expect(lines[2]).toMatchObject({ epoch: 2, loss: expect.any(Number), valAccuracy: expect.any(Number) });
    expect(Object.keys(lines[5])).toEqual(
      expect.arrayContaining(
        'event method seed nnz density bestValAccuracy bestEpoch testAccuracy finalTestAccuracy seconds trainSeconds evolveSeconds startPairs updates'.split(
          ' ',
        ),
      ),
    );
    for (const [name, value] of Object.entries(lines[5])) {
      if (name !== 'event' && name !== 'method') expect(value, name).toEqual(expect.any(Number));
    }
  });

  it('tells the test accuracy of the best epoch', async () => {
    const lines = await trainJson('--epochs', '8');
    const epochs = lines.filter(({ event }) => event === 'epoch');
    const best = epochs.findLast((epoch) => epoch.best);
    expect(lines.at(-1)).toMatchObject({
      bestEpoch: best?.epoch,
      bestValAccuracy: best?.valAccuracy,
      testAccuracy: best?.testAccuracy,
      finalTestAccuracy: epochs.at(-1)?.testAccuracy,
    });
  });

  it('weighs classes, chooses the best epoch by --monitor, and says so', async () => {
    const options = ['--epochs', '6', '--class-weight', '1,0,2.5', '--monitor', 'loss'];
    const lines = await trainJson(...options);
    expect(lines[0]).toMatchObject({ classWeight: [1, 0, 2.5], monitor: 'loss' });
    const epochs = lines.filter(({ event }) => event === 'epoch');
    const lowest = Math.min(...epochs.map(({ valLoss }) => Number(valLoss)));
    expect(epochs.find(({ valLoss }) => valLoss === lowest)?.epoch).toBe(lines.at(-1)?.bestEpoch);
    const [start, plain] = await trainJson('--epochs', '1');
    expect(start).not.toHaveProperty('classWeight');
    expect(start).not.toHaveProperty('monitor');
    expect(lines[1].loss).not.toBe(plain.loss);
    const [, unweighed] = await trainJson('--epochs', '1', '--class-weight', '1,1,1');
    expect(unweighed).toMatchObject({ loss: plain.loss, valLoss: plain.valLoss });
    const { stdout } = await ctre(['train', paths.csv, ...SMALL, ...options]);
    expect(stdout).toMatch(/class weights +\S.* 1, \S.* 0, \S.* 2\.5\n +best epoch by +loss\n/);
    const balanced = await ctre([
      'train',
      paths.csv,
      ...SMALL,
      '--epochs',
      '1',
      '--class-weight',
      'balanced',
    ]);
    expect(balanced.stdout).toMatch(/class weights +balanced: every class counts as much as any other\n/);
  });

  it('does the same for the same seed', async () => {
    const losses = async (seed: string): Promise<unknown[]> =>
      (await trainJson('--epochs', '3', '--seed', seed)).map(({ loss }) => loss);
    const first = await losses('5');
    expect(await losses('5')).toEqual(first);
    expect(await losses('6')).not.toEqual(first);
  });

  it.each(Object.keys(methods))('takes one command line for all methods: %s', async (method) => {
    const lines = await trainJson(
      ...['--method', method, '--epochs', '2', '--prune-fraction', '0.3', '--annealing', 'cosine'],
      ...['--seq-patience', '1'],
    );
    expect(lines.at(-1)).toMatchObject({ event: 'result', method });
  });

  it('passes the options on', async () => {
    const { stdout } = await ctre([
      ...['train', paths.csv, '--json', '--epochs', '1', '--hidden', '20,10', '--density', '0.5'],
      ...['--distribution', 'uniform', '--optimizer', 'adam', '--lr', '0.002', '--initializer', 'sparse-he'],
      ...['--gain', '0.5', '--grow-initializer', 'zeros', '--scale', 'standard', '--batch-size', '7'],
    ]);
    expect(jsonLines(stdout)[0]).toMatchObject({
      layers: [6, 20, 10, 3],
      nnzByLayer: [60, 100, 15],
      scale: 'standard',
      initializer: { name: 'sparse-he', gain: 0.5 },
      growInitializer: { name: 'zeros' },
      optimizer: { name: 'adam', learningRate: 0.002 },
      batchSize: 7,
    });
  });

  it('passes the activation on, and saves it', async () => {
    const argv = ['train', paths.csv, '--epochs', '2', '--hidden', '20,15'];
    const run = async (...more: string[]) => jsonLines((await ctre([...argv, ...more, '--json'])).stdout);
    const out = paths.csv.replace(/csv$/, 'all-relu.safetensors');
    const own = ['--activation', 'all-relu', '--slope', '0.3'];
    const [start, , epoch] = await run(...own, '--out', out);
    expect(start).toMatchObject({ activation: { name: 'all-relu', slope: 0.3 } });
    using model = await SparseMLP.load(readFileSync(out));
    expect(model.activation).toEqual({ name: 'all-relu', options: { slope: 0.3 } });
    const plain = await run();
    expect(plain[0]).toMatchObject({ activation: { name: 'relu' } });
    expect(plain[2].loss).not.toBe(epoch.loss);
    expect((await run('--activation', 'leaky-relu'))[0]).toMatchObject({
      activation: { name: 'leaky-relu', slope: 0.01 },
    });
    expect((await ctre([...argv, ...own])).stdout).toMatch(/activation +all-relu, slope 0\.3\n/);
    expect((await ctre(argv)).stdout).not.toMatch(/activation/);
  });

  it('passes the schedule, the bound of the norm and AdamW on', async () => {
    const argv = ['train', paths.csv, '--epochs', '2', '--hidden', '20', '--optimizer', 'adamw'];
    const rates = ['--schedule', 'cosine', '--warmup', '0.25', '--end-factor', '0.1', '--clip-norm', '0.5'];
    const [start, ...epochs] = jsonLines((await ctre([...argv, ...rates, '--json'])).stdout);
    expect(start).toMatchObject({
      optimizer: { name: 'adamw', learningRate: 0.001, weightDecay: 0.01 },
      schedule: { name: 'cosine', warmup: 0.25, endFactor: 0.1 },
      clipNorm: 0.5,
    });
    const plain = jsonLines((await ctre([...argv, '--schedule', 'constant', '--json'])).stdout);
    expect(plain[0]).toMatchObject({ schedule: { name: 'constant', warmup: 0 } });
    expect(plain[0]).not.toHaveProperty('clipNorm');
    expect(plain[2].loss).not.toBe(epochs[1].loss);
    const { stdout } = await ctre([...argv, ...rates]);
    expect(stdout).toMatch(
      /schedule +cosine, end factor 0\.1, warmup 0\.25\n *clipping +gradients to a norm of 0\.5\n/,
    );
    const steps = ['--schedule', 'step', '--step-size', '3', '--gamma', '0.5', '--warmup', '2'];
    expect(jsonLines((await ctre([...argv, ...steps, '--json'])).stdout)[0]).toMatchObject({
      schedule: { name: 'step', stepSize: 3, gamma: 0.5, warmup: 2 },
    });
    expect((await ctre([...argv, '--schedule', 'constant'])).stdout).not.toMatch(/ schedule|clipping/);
  });

  it('passes an initializer of no options and as many threads as there are cores on', async () => {
    const argv = ['--epochs', '1', '--initializer', 'glorot', '--threads', 'auto'];
    const [start, epoch] = await trainJson(...argv);
    const [, alone] = await trainJson('--epochs', '1', '--initializer', 'glorot');
    expect(start).toMatchObject({ initializer: { name: 'glorot' }, threads: expect.any(Number) });
    expect(epoch.loss).toBe(alone.loss);
  });

  it('stops early with --patience', async () => {
    const lines = await trainJson('--epochs', '60', '--patience', '2', '--lr', '0');
    expect(lines.at(-1)).toMatchObject({ event: 'result', epochs: 3, bestEpoch: 1 });
  });

  it('can do without validation', async () => {
    const lines = await trainJson('--epochs', '2', '--validation', '0');
    expect(lines[1]).not.toHaveProperty('valAccuracy');
    expect(lines.at(-1)).toMatchObject({ bestValAccuracy: null, testAccuracy: expect.any(Number) });
  });
});

describe('the dataset of ctre train', () => {
  it('has a head, or none, as it is told', async () => {
    const losses = async (name: string, text: string, ...options: string[]): Promise<unknown[]> => {
      writeFileSync(folder.path(name), text);
      const argv = ['train', folder.path(name), ...SMALL, '--epochs', '2', ...options, '--json'];
      const lines = jsonLines((await ctre(argv)).stdout);
      return lines.flatMap(({ loss }) => loss ?? []);
    };
    const [head, ...lines] = csv().trimEnd().split('\n');
    const bare = lines.join('\n');
    const expected = await losses('headed.csv', `${head}\n${bare}`);
    expect(expected).toHaveLength(2);
    expect(await losses('headed.csv', `${head}\n${bare}`, '--header')).toEqual(expected);
    expect(await losses('bare.csv', bare, '--no-header')).toEqual(expected);
    // The first row becomes the head.
    expect(await losses('bare.csv', `${lines[0]}\n${bare}`, '--header')).toEqual(expected);
  });

  it('may be a folder of arrays', async () => {
    const argv = [...SMALL, '--epochs', '2', '--json'];
    const accuracies = async (path: string): Promise<unknown[]> =>
      jsonLines((await ctre(['train', path, ...argv])).stdout).flatMap(({ loss }) => loss ?? []);
    const expected = await accuracies(paths.npz);
    expect(expected).toHaveLength(2);
    expect(await accuracies(dirname(paths.npy))).toEqual(expected);
  });

  it('keeps its negative numbers as they are where they are sparse', async () => {
    const path = folder.path('negative.libsvm');
    const lines = classes.map((label, row) => `${label} 1:${row % 2 === 0 ? -1 : 2} 2:${label - 3}`);
    writeFileSync(path, lines.join('\n'));
    const { stdout, stderr } = await ctre(['train', path, ...SMALL, '--epochs', '1', '--json']);
    expect(stderr).toBe('');
    expect(jsonLines(stdout)[0]).toMatchObject({ scale: 'none' });
  });
});

describe('the rows of ctre train', () => {
  const count = Array.from({ length: ROWS }, (_, row) => row);
  const writeSplit = (name: string, split: object): string => {
    writeFileSync(folder.path(name), JSON.stringify(split));
    return folder.path(name);
  };

  it('are as in --split, validation rows included', async () => {
    const path = writeSplit('split.json', {
      train: count.slice(20, 140),
      test: count.slice(0, 20),
      val: count.slice(30, 47),
    });
    const [start] = await trainJson('--epochs', '1', '--split', path);
    expect(start).toMatchObject({ trainRows: 120, validation: { rows: 17 }, testRows: 20, unusedRows: 10 });
  });

  it('leave out what is in train, but neither fit nor validated', async () => {
    const path = writeSplit('parts.json', {
      train: count.slice(20),
      test: count.slice(0, 20),
      val: count.slice(20, 30),
      fit: count.slice(50),
    });
    const [start] = await trainJson('--epochs', '1', '--split', path);
    expect(start).toMatchObject({ trainRows: 110, validation: { rows: 10 }, unusedRows: 20 });
  });

  it('are validated on what fit leaves out', async () => {
    const path = writeSplit('fit.json', {
      train: count.slice(20),
      test: count.slice(0, 20),
      fit: count.slice(25),
    });
    const [start] = await trainJson('--epochs', '1', '--split', path);
    expect(start).toMatchObject({ trainRows: 130, validation: { rows: 5 } });
  });

  it('are tested on the share that --test-fraction says', async () => {
    const [start] = await trainJson('--epochs', '1', '--test-fraction', '0.4');
    expect(start).toMatchObject({ trainRows: 90, testRows: 60 });
  });

  it('are tested on its own test rows where a dataset ships them, unless told otherwise', async () => {
    const shipped = await ctre(['train', paths.idx, ...SMALL, '--epochs', '1', '--json']);
    expect(jsonLines(shipped.stdout)[0]).toMatchObject({ trainRows: 120, testRows: 30, unusedRows: 0 });
    const told = await ctre(['train', paths.idx, ...SMALL, '--epochs', '1', '--json', '--test-rows', '0-9']);
    expect(jsonLines(told.stdout)[0]).toMatchObject({ trainRows: 110, testRows: 10 });
  });
});

describe('ctre train for people', () => {
  it('prints some twenty lines and a table', async () => {
    const { stdout, stderr, code } = await ctre(['train', paths.csv, ...SMALL, '--epochs', '90']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const epochs = stdout.split('\n').filter((line) => line.startsWith('epoch '));
    expect(epochs.length).toBeGreaterThan(15);
    expect(epochs.length).toBeLessThan(25);
    expect(epochs[0]).toMatch(
      /^epoch {2}1\/90 {2}loss \d\.\d{4} {2}val \d\.\d{4} {2}best \d\.\d{4} {2}.+ left$/,
    );
    expect(stdout).toContain('20 % of the rows, drawn from each class with seed 0');
    expect(stdout).toMatch(/│ test accuracy at best epoch +│ +\d\.\d{4} │/);
    expect(stdout).toMatch(/│ {3}\d+ topology updates +│/);
    // Colours and the bar are for terminals.
    expect(stdout).not.toMatch(/\p{Cc}(?<!\n)/u);
  });

  it('shows a bar on a terminal and leaves the cursor below it', async () => {
    const { stdout } = await ctre(['train', paths.csv, ...SMALL, '--epochs', '3'], { isTTY: true });
    expect(stdout).toMatch(/█+ 3\/3 {2}loss/);
    expect(stdout).toMatch(/left[^\n]*\n\n┌/);
    expect(stdout).not.toMatch(/^epoch/m);
  });

  it('tells of validation rows, unused rows, threads and the file', async () => {
    const split = folder.path('people.json');
    const rows = Array.from({ length: ROWS }, (_, row) => row);
    const lists = { train: rows.slice(20, 140), test: rows.slice(0, 20), val: rows.slice(30, 47) };
    writeFileSync(split, JSON.stringify(lists));
    const out = folder.path('people.safetensors');
    const { stdout, stderr } = await ctre([
      ...['train', paths.csv, '--hidden', 'none', '--epochs', '1', '--threads', '2'],
      ...['--split', split, '--out', out],
    ]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/training +120 rows, 17 of them for validation/);
    expect(stdout).toMatch(/test +20 rows \(/);
    expect(stdout).toMatch(/unused +10 rows/);
    expect(stdout).toMatch(/network +6 → 3\n/);
    expect(stdout).toMatch(/threads +2\n/);
    expect(stdout).toContain(`saved ${out}: the network of epoch 1, the last\n`);
    expect(existsSync(out)).toBe(true);
  });

  it('tells the training accuracy where nothing is validated', async () => {
    const argv = ['train', paths.csv, ...SMALL, '--epochs', '1', '--validation', '0'];
    const [, epoch] = jsonLines((await ctre([...argv, '--json'])).stdout);
    const { stdout } = await ctre(argv);
    expect(stdout).toMatch(/training +120 rows, no validation/);
    expect(stdout).toContain(`train ${Number(epoch.accuracy).toFixed(4)}`);
    expect(stdout).toMatch(/│ validation accuracy at best epoch +│ +– │/);
  });

  it('generates a problem when no dataset is named', async () => {
    const { stdout, code } = await ctre(['train', '--epochs', '1', '--method', 'static']);
    expect(code).toBe(0);
    expect(stdout).toContain('generated problem: 2600 rows × 500 features, 2 classes');
  });
});

describe('ctre train --out', () => {
  /** A training whose best epoch is not its last one, and what its file comes to on the test rows. */
  const trained = async (...options: string[]) => {
    const out = folder.path(`kept${options.join('')}.safetensors`);
    const rows = ['--test-rows', '100-149', '--lr', '0.3', '--epochs', '30', '--seed', '4'];
    const constant = ['--schedule', 'constant'];
    const lines = await trainJson(...rows, ...constant, ...options, '--out', out);
    const { stdout } = await ctre(['evaluate', out, paths.csv, '--rows', '100-149', '--json']);
    const epochs = lines.filter(({ event }) => event === 'epoch');
    return { result: lines.at(-1) ?? {}, epochs, saved: jsonLines(stdout)[0] };
  };

  it('saves the network of best validation accuracy, and says which that is', async () => {
    const { result, epochs, saved } = await trained();
    const best = Number(epochs.findLast((epoch) => epoch.best)?.epoch);
    expect(best).toBeLessThan(30);
    expect(result).toMatchObject({ bestEpoch: best, kept: best });
    expect(saved.accuracy).toBe(epochs[best - 1].testAccuracy);
    expect(await trained('--keep', 'best')).toMatchObject({ result: { kept: best }, saved });
  });

  it('saves the last one with --keep last, and where nothing is validated', async () => {
    const { result, epochs, saved } = await trained('--keep', 'last');
    expect(result.kept).toBe(30);
    expect(saved.accuracy).toBe(epochs[29].testAccuracy);
    const unvalidated = await trained('--validation', '0');
    expect(unvalidated.result.kept).toBe(30);
    expect(unvalidated.saved.accuracy).toBe(unvalidated.epochs[29].testAccuracy);
  });

  it('tells people which epoch was kept', async () => {
    const rows = ['--test-rows', '100-149'];
    const rates = ['--lr', '0.3', '--schedule', 'constant', '--epochs', '30', '--seed', '4'];
    const argv = ['train', paths.csv, ...SMALL, ...rows, ...rates];
    const out = folder.path('told.safetensors');
    const { stdout } = await ctre([...argv, '--out', out]);
    const [, best] = /│ best epoch +│ +(\d+) │/.exec(stdout) ?? [];
    expect(stdout).toContain(`saved ${out}: the network of epoch ${best}, the best on validation\n`);
    const last = await ctre([...argv, '--out', out, '--keep', 'last']);
    expect(last.stdout).toContain(`saved ${out}: the network of epoch 30, the last\n`);
  });
});

describe('Ctrl-C', () => {
  it.each([[true], [false]])(
    'ends training with code 130 and saves nothing (terminal: %s)',
    async (isTTY) => {
      const out = folder.path('interrupted.safetensors');
      const { code, stdout, stderr } = await ctre(
        ['train', paths.csv, ...SMALL, '--epochs', '100000', '--out', out],
        { isTTY, interruptAt: /[1-9]\d*\/100000/ },
      );
      expect(code).toBe(130);
      expect(stderr).toMatch(/^ctre: stopped in epoch \d+; nothing was saved\n$/);
      expect(stdout.endsWith('\n')).toBe(true);
      expect(existsSync(out)).toBe(false);
    },
  );
});

describe('what the rows decide', () => {
  const start = async (...options: string[]) => {
    const { stdout } = await ctre(['train', paths.csv, '--epochs', '2', ...options, '--json']);
    return jsonLines(stdout);
  };
  /** Without what a clock says. */
  const losses = (lines: readonly Record<string, unknown>[]): unknown[] => lines.map(({ loss }) => loss);

  it('is told as options, and typing them trains the same', async () => {
    const automatic = {
      ...{ hidden: '200,200', epsilon: '20', scale: 'standard', 'batch-size': '32', schedule: 'cosine' },
    };
    const [first, ...epochs] = await start();
    expect(first).toMatchObject({ layers: [6, 200, 200, 3], automatic, batchSize: 32 });
    expect(first.automatic).toEqual(automatic);
    const typed = Object.entries(automatic).flatMap(([name, value]) => [`--${name}`, value]);
    const [second, ...same] = await start(...typed);
    expect(second.automatic).toEqual({});
    expect(losses(same)).toEqual(losses(epochs));
    const words = Object.keys(automatic).flatMap((name) => [`--${name}`, 'auto']);
    expect(losses(await start(...words)).slice(1)).toEqual(losses(epochs));
    const { stdout } = await ctre(['train', paths.csv, '--epochs', '2']);
    expect(stdout).toContain(`automatic    ${typed.join(' ')}\n`);
    expect(stdout).toMatch(/batches of 32, 2 epochs\n/);
  });

  it('is nothing where options are given, with the published preset, and of the generated problem', async () => {
    const [given] = await start('--hidden', '7', '--density', '0.5', '--batch-size', '9', '--scale', 'none');
    expect(given).toMatchObject({ automatic: { schedule: 'cosine' }, layers: [6, 7, 3], batchSize: 9 });
    const [paper] = await start('--preset', 'paper');
    expect(paper).toMatchObject({
      ...{ automatic: {}, layers: [6, 1000, 1000, 1000, 3], batchSize: 100, scale: 'minmax' },
    });
    const { stdout } = await ctre(['train', '--epochs', '1', '--json']);
    expect(jsonLines(stdout)[0]).toMatchObject({
      ...{ automatic: {}, layers: [500, 200, 200, 200, 2], batchSize: 100, scale: 'standard' },
      schedule: { name: 'constant' },
    });
  });

  it('is not enough where the loss still falls, and the last lines say so', async () => {
    const slow = ['--lr', '0.002', '--schedule', 'constant'];
    const lines = await start(...slow, '--epochs', '4');
    expect(lines.at(-1)?.warning).toMatch(/the loss was still falling when training ended/);
    const { stdout } = await ctre(['train', paths.csv, ...slow, '--epochs', '4']);
    expect(stdout).toMatch(
      /warning: the loss was still falling .* more epochs would learn more \(--epochs\)/,
    );
  });
});
