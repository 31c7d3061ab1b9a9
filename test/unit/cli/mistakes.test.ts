import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../../src/cli/program.ts';
import { SparseMLP } from '../../../src/index.ts';
import { METHOD_NAMES } from '../../../src/topology/methods.ts';
import { ctre, temporaryFolder } from './harness.ts';
import { classes, csv, writeDatasets } from './problem.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const paths = writeDatasets(folder.path(''));
const SMALL = ['--hidden', '8', '--epsilon', '2', '--epochs', '1'];
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(folder.path(name), content);
  return folder.path(name);
};
const model = folder.path('model.safetensors');
const plainFolder = folder.path('plain');
mkdirSync(plainFolder);
const split = (train: number[], test: number[]): string => JSON.stringify({ train, test });

beforeAll(async () => {
  const { code } = await ctre(['train', paths.csv, ...SMALL, '--out', model, '--json']);
  expect(code).toBe(0);
  const bytes = readFileSync(model);
  write('cut.safetensors', bytes.subarray(0, bytes.length - 40));
  write('flipped.safetensors', bytes.with(20, 0));
  const other = await SparseMLP.create({ layers: [6, 4, 3], density: 0.5 });
  write('misnamed.safetensors', other.save({ labelNames: ['oak', 'elm'] }));
  other.dispose();
});

/** What is typed, and what the one sentence has to say. */
const MISTAKES: readonly (readonly [what: string, argv: readonly string[], sentence: RegExp])[] = [
  ['an unknown command', ['trian'], /no command trian; did you mean train\?/],
  ['an unknown command like none', ['frobnicate'], /expected one of train, evaluate, predict/],
  ['an unknown option of the program', ['--verbose'], /no option --verbose/],
  ['an unknown option', ['train', '--epoch', '3'], /no option --epoch; did you mean --epochs\?/],
  [
    'an option of another command',
    ['evaluate', model, paths.csv, '--lr', '1'],
    /evaluate has no option --lr/,
  ],
  ['a short option', ['train', '-e', '3'], /no option -e; expected one of --loss, --preset, /],
  ['an option without its value', ['train', '--epochs'], /--epochs needs a value: --epochs n/],
  ['an option in place of a value', ['train', '--epochs', '--json'], /--epochs needs a value/],
  ['a value for a flag', ['train', '--json=yes'], /--json takes no value and got "yes"/],
  ['two datasets', ['train', 'a.csv', 'b.csv'], /got "a.csv" "b.csv"; expected ctre train \[dataset\]/],
  ['no dataset', ['evaluate', model], /expected ctre evaluate <model.safetensors> <dataset>/],
  ['a word for a number', ['train', '--lr', 'abc'], /--lr is "abc"; expected a number from 0 up/],
  ['half a number', ['train', '--lr', '1e'], /--lr is "1e"/],
  ['an empty number', ['train', '--epochs='], /--epochs is ""; expected an integer from 1 up/],
  ['a blank in a number', ['train', '--seed', ' 1'], /--seed is " 1"/],
  ['an infinite number', ['train', '--lr', 'Infinity'], /--lr is Infinity/],
  ['no epochs', ['train', '--epochs', '0'], /--epochs is 0; expected an integer from 1 up/],
  ['half an epoch', ['train', '--epochs', '1.5'], /--epochs is 1.5; expected an integer/],
  ['a negative rate', ['train', '--lr', '-1'], /--lr is -1/],
  ['a hole in a list', ['train', '--hidden', '10,,3'], /--hidden is ""/],
  [
    'momentum of 1',
    ['train', '--optimizer', 'sgd', '--momentum', '1'],
    /--momentum is 1; expected a number from 0 to below 1/,
  ],
  ['all rows for validation', ['train', '--validation', '1'], /--validation is 1/],
  ['no rows for testing', ['train', '--test-fraction', '0'], /--test-fraction is 0/],
  [
    'an unknown method',
    ['train', '--method', 'ctr'],
    new RegExp(`--method is "ctr"; expected one of ${METHOD_NAMES.join(', ')}`),
  ],
  ['an unknown scaling', ['train', '--scale', 'log'], /expected one of auto, minmax, standard, none/],
  [
    'weights that never learn',
    ['train', '--initializer', 'zeros'],
    /expected one of glorot, sparse-he, uniform/,
  ],
  [
    'two densities',
    ['train', '--density', '0.1', '--epsilon', '1'],
    /--epsilon and --density exclude each other/,
  ],
  ['a distribution of nothing', ['train', '--distribution', 'erk'], /give --density as well/],
  [
    'a distribution of a density for each layer',
    ['train', '--density', '0.1,0.2', '--distribution', 'er'],
    /--distribution spreads one density, and --density gives one by layer/,
  ],
  ['densities of too few layers', ['train', '--density', '0.1,0.2'], /2 entries for 4 layers/],
  ['a density that leaves nothing', ['train', '--epsilon', '0'], /gets no connection at density 0/],
  ['the best of nothing', ['train', '--keep', 'best', '--validation', '0'], /--keep best needs validation/],
  ['an unknown network to keep', ['train', '--keep', 'all'], /--keep is "all"; expected one of best, last/],
  ['a gain for glorot', ['train', '--initializer', 'glorot', '--gain', '2'], /are for sparse-he/],
  [
    'a slope for ReLU',
    ['train', '--slope', '0.1'],
    /--slope is for leaky-relu and all-relu; the activation is relu/,
  ],
  [
    'a slope for none',
    ['compare', '--activation', 'linear', '--slope', '0.1'],
    /--slope is for leaky-relu and all-relu; the activation is linear/,
  ],
  [
    'a slope above 1',
    ['train', '--activation', 'leaky-relu', '--slope', '2'],
    /--slope is 2; expected a number from 0 to 1/,
  ],
  [
    'an unknown activation',
    ['train', '--activation', 'tanh'],
    /--activation is "tanh"; expected one of relu, leaky-relu, all-relu, linear/,
  ],
  [
    'a step size for a cosine',
    ['train', '--schedule', 'cosine', '--step-size', '3'],
    /--step-size is for step; the schedule is cosine/,
  ],
  [
    'an end of no schedule',
    ['train', '--end-factor', '0'],
    /--end-factor is for cosine and linear; name the schedule with --schedule/,
  ],
  [
    'an end of another schedule',
    ['train', '--schedule', 'step', '--end-factor', '0'],
    /--end-factor is for cosine and linear; the schedule is step/,
  ],
  [
    'gamma for a line',
    ['compare', '--schedule', 'linear', '--gamma', '0.5'],
    /--gamma is for step; the schedule is linear/,
  ],
  ['half a step of warm-up', ['train', '--warmup', '2.5'], /warmup is 2.5; expected an integer from 1 up/],
  [
    'an unknown schedule',
    ['train', '--schedule', 'cos'],
    /--schedule is "cos"; expected one of auto, constant, cosine, linear, step/,
  ],
  ['a norm of nothing', ['train', '--clip-norm', '0'], /--clip-norm is 0; expected a number above 0/],
  ['momentum for adamw', ['train', '--optimizer', 'adamw', '--momentum', '0.5'], /--momentum is for sgd/],
  ['momentum for adam', ['train', '--optimizer', 'adam', '--momentum', '0.5'], /--momentum is for sgd/],
  ['reading options and nothing to read', ['train', '--header'], /--header is for reading a dataset/],
  [
    'a header that is there and is not',
    ['train', paths.csv, '--header', '--no-header'],
    /exclude each other/,
  ],
  ['a missing file', ['train', 'no\nsuch.csv'], /there is no "no such.csv"/],
  ['a missing folder', ['train', folder.path('none/x.csv')], /there is no ".*x\.csv"/],
  ['an empty file', ['train', write('empty.csv', '')], /empty.csv/],
  ['a file that is no dataset', ['train', write('noise.bin', Uint8Array.of(1, 0, 2, 0, 3))], /not known/],
  [
    'a folder without a dataset',
    ['train', plainFolder],
    /is a folder without IDX files, .npy and .npz files/,
  ],
  [
    'a dataset of one class',
    ['train', write('one.csv', csv({ labels: classes.map(() => 'elm') }))],
    /one class/,
  ],
  ['a label column that is not there', ['train', paths.csv, '--label', 'bird'], /no label column "bird"/],
  [
    'more content than --max-mb allows',
    ['train', write('big.csv.gz', gzipSync(new Uint8Array(3 << 20).fill(49))), '--max-mb', '2'],
    /raise --max-mb/,
  ],
  [
    'test rows beyond the data',
    ['train', paths.csv, '--test-rows', '100-150'],
    /expected rows from 0 to 149/,
  ],
  [
    'test rows that end before they begin',
    ['train', paths.csv, '--test-rows', '9-3'],
    /ends before it begins/,
  ],
  [
    'weights of too few classes',
    ['train', paths.csv, '--class-weight', '1,2'],
    /--class-weight gives 2 weights; expected 3, for the classes .*elm.* in this order/,
  ],
  ['a weight below 0', ['train', paths.csv, '--class-weight', '1,2,-1'], /from 0 up, or balanced/],
  [
    'a score that classes do not have',
    ['train', paths.csv, '--monitor', 'rmse'],
    /expected one of accuracy, loss/,
  ],
  ['nothing but test rows', ['train', paths.csv, '--test-rows', '0-149'], /leaves none of 150 rows/],
  [
    'two ways to choose test rows',
    ['train', '--test-rows', '0-9', '--test-fraction', '0.5'],
    /exclude each other/,
  ],
  [
    'a missing split file',
    ['train', paths.csv, '--split', folder.path('none.json')],
    /there is no ".*none.json"/,
  ],
  ['a split that is no JSON', ['train', paths.csv, '--split', paths.csv], /trees.csv: the split is no JSON/],
  [
    'a split of a larger dataset',
    ['train', paths.csv, '--split', write('large.json', split([0, 1], [2, 400]))],
    /large.json: .*test holds row 400/,
  ],
  [
    'validation by split and by share',
    [
      ...['train', paths.csv, '--validation', '0.2', '--split'],
      write('val.json', JSON.stringify({ train: [0, 1, 2], test: [3], val: [2] })),
    ],
    /--validation is given/,
  ],
  ['a result in a missing folder', ['train', '--out', folder.path('none/m')], /there is no folder/],
  [
    'a result in place of a folder',
    ['train', '--out', plainFolder],
    /is a folder; expected the name of a file/,
  ],
  ['a result in place of a device', ['train', '--out', '/dev/null'], /is no regular file/],
  ['a result in place of its dataset', ['train', paths.csv, '--out', paths.csv], /is what is read from/],
  [
    'a result in place of its split',
    ['train', paths.csv, '--split', paths.libsvm, '--out', paths.libsvm],
    /is what is read from/,
  ],
  [
    'predictions in place of their model',
    ['predict', model, paths.csv, '--out', model],
    /is what is read from/,
  ],
  [
    'a loss that explodes',
    ['train', paths.csv, ...SMALL, '--lr', '1e30', '--json'],
    /no longer a finite number/,
  ],
  ['a missing model', ['evaluate', folder.path('none'), paths.csv], /there is no ".*none"/],
  ['a folder for a model', ['evaluate', plainFolder, paths.csv], /cannot be read: it is a folder/],
  ['an empty model', ['evaluate', write('empty', ''), paths.csv], /^ctre: empty: /],
  ['a model cut short', ['evaluate', folder.path('cut.safetensors'), paths.csv], /^ctre: cut.safetensors: /],
  [
    'a damaged model',
    ['predict', folder.path('flipped.safetensors'), paths.csv],
    /^ctre: flipped.safetensors: /,
  ],
  ['a dataset for a model', ['predict', paths.csv, paths.csv], /^ctre: trees.csv: /],
  [
    'a model of a wider dataset',
    ['evaluate', model, write('narrow.csv', 'a,tree\n1,oak\n2,oak\n')],
    /the table has no column \d "leaf\d", .*which the model was trained on/,
  ],
  [
    'a model of other features',
    ['predict', model, write('renamed.csv', csv({ names: ['leaf0', 'root', 'a', 'b', 'c', 'd'] }))],
    /the table has no column 2 "leaf1", .*which the model was trained on/,
  ],
  [
    'labels that the model does not know',
    ['evaluate', model, write('strange.csv', csv({ labels: classes.map((label) => `tree ${label}`) }))],
    /label "tree 0"; expected one of the classes/,
  ],
  [
    'a model with names of other classes',
    ['evaluate', folder.path('misnamed.safetensors'), paths.csv],
    /^ctre: misnamed.safetensors: labelNames is .*; expected the names of 3 classes/,
  ],
  [
    'a label to leave out that is not there',
    ['predict', model, paths.csv, '--label', 'bird'],
    /no label column "bird"/,
  ],
  [
    'a single column for a model of more',
    ['predict', model, write('single.csv', '1\n2\n3\n')],
    /the table has no column \d "leaf\d", .*which the model was trained on/,
  ],
  [
    'too few columns with a label or without',
    ['predict', model, write('two.csv', '1,0\n2,1\n3,0\n')],
    /the table has no column \d "leaf\d", .*which the model was trained on/,
  ],
  ['rows beyond the data', ['predict', model, paths.csv, '--rows', '140-150'], /expected rows from 0 to 149/],
];

describe('a mistake ends with code 2 and one sentence', () => {
  it.each(MISTAKES)('%s', async (_, argv, sentence) => {
    const { code, stderr } = await ctre(argv);
    expect(stderr).toMatch(/^ctre: [^\n]+\n$/);
    expect(stderr).toMatch(sentence);
    expect(code).toBe(2);
  });

  it('before anything is printed', async () => {
    const { stdout } = await ctre(['train', paths.csv, '--test-rows', '0-149', '--json']);
    expect(stdout).toBe('');
  });
});

describe('an error of the program’s own ends with code 1', () => {
  it.each<[string, unknown, RegExp]>([
    ['and where it happened', new TypeError('a bug'), /^ctre: TypeError: a bug\n +at /],
    ['and what was thrown, whatever it is', 'a bug', /^ctre: a bug\n$/],
  ])('%s', async (_, thrown, text) => {
    const stderr = new PassThrough();
    const stdout = Object.assign(new PassThrough(), {
      write(): boolean {
        throw thrown;
      },
    });
    const interruptible = <T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> =>
      task(new AbortController().signal);
    expect(
      await run(['--version'], { stdout, stderr, cellProgram: '', interruptible, terminable: interruptible }),
    ).toBe(1);
    expect(String(stderr.read())).toMatch(text);
  });
});

const COMMANDS = ['train', 'evaluate', 'predict', 'compare', 'features', 'export'];

describe('help', () => {
  it('of the program names every command', async () => {
    for (const argv of [[], ['--help'], ['-h'], ['help']]) {
      const { code, stdout, stderr } = await ctre(argv);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      for (const name of COMMANDS) expect(stdout).toContain(`ctre ${name} `);
    }
  });

  it.each(COMMANDS)('of %s fits 110 columns', async (command) => {
    const { code, stdout } = await ctre([command, '--foo', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: ctre ${command}`);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  it('tells the version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
    expect((await ctre(['--version'])).stdout).toBe(`${version}\n`);
  });
});
