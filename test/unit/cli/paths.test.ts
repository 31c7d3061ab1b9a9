import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { npy, zip } from '../../hard/fuzz/datasets.ts';
import { PROTOTYPE_KEYS } from '../../hard/fuzz/mutate.ts';
import { ctre, temporaryFolder } from './harness.ts';
import { arrays, writeDatasets } from './problem.ts';

const folder = temporaryFolder();
/** What the user names is in here; what is outside must be neither read nor written. */
const inside = folder.path('inside');
const at = (name: string): string => join(inside, name);
const SMALL = ['--hidden', '8', '--epsilon', '2', '--epochs', '1', '--json'];

mkdirSync(inside);
const paths = writeDatasets(inside);
const model = at('model.safetensors');
const server = createServer();

beforeAll(async () => {
  const { code } = await ctre(['train', paths.csv, ...SMALL, '--out', model]);
  expect(code).toBe(0);
  execFileSync('mkfifo', [at('pipe'), at('pipe.csv')]);
  await new Promise<void>((resolve) => server.listen(at('socket'), resolve));
  mkdirSync(at('empty'));
  mkdirSync(at('X.npz'));
  symlinkSync(at('nowhere'), at('dangling.csv'));
  symlinkSync(at('loop.csv'), at('loop.csv'));
  symlinkSync(inside, at('empty/up'));
  writeFileSync(folder.path('secret'), 'secret');
  for (const name of readdirSync(paths.idx)) cpSync(join(paths.idx, name), folder.path(name));
});

afterAll(() => {
  server.close();
  folder.remove();
});

/** Every file there is, and what is in it. */
function everything(): Record<string, string> {
  const files: Record<string, string> = {};
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const name = join(path, entry.name);
      if (entry.isDirectory()) visit(name);
      else files[relative(folder.path(''), name)] = entry.isFile() ? readFileSync(name, 'latin1') : 'special';
    }
  };
  visit(folder.path(''));
  return files;
}

let before: Record<string, string>;
beforeEach(() => {
  before = everything();
});

/** Runs the program, which has to refuse in one sentence and leave every file as it was. */
async function refusal(argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await ctre(argv);
  expect(stderr).toMatch(/^ctre: [^\n\p{Cc}]+\n$/u);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(everything()).toEqual(before);
  return stderr;
}

const NUL = 'a\0b';
const LONG = 'x'.repeat(300);
const DEEP = `${'x/'.repeat(3000)}x`;

/** Paths that nothing can be read from, and what is said of them. */
const unreadable: [what: string, path: () => string, sentence: RegExp][] = [
  ['a pipe', () => at('pipe'), /is no regular file/],
  ['a pipe that is called a CSV file', () => at('pipe.csv'), /is no regular file/],
  ['a socket', () => at('socket'), /is no regular file/],
  ['a device', () => '/dev/zero', /is no regular file/],
  ['a folder called an .npz file', () => at('X.npz'), /folder/],
  ['a dangling link', () => at('dangling.csv'), /there is no/],
  ['a link to itself', () => at('loop.csv'), /it is a link to itself/],
  ['a folder in a file', () => join(paths.csv, 'a.csv'), /there is no/],
  ['a zero byte', () => at(NUL), /zero byte/],
  ['a very long name', () => at(LONG), /too long/],
  ['a very deep path', () => at(DEEP), /too long/],
  ['nothing', () => '', /there is no/],
];

describe('input from a path that gives none', () => {
  it.each(unreadable)('%s as dataset', async (_, path, sentence) => {
    expect(await refusal(['train', path()])).toMatch(sentence);
    expect(await refusal(['predict', model, path()])).toMatch(sentence);
  });

  it.each(unreadable)('%s as model', async (_, path, sentence) => {
    expect(await refusal(['evaluate', path(), paths.csv])).toMatch(sentence);
  });

  it.each(unreadable)('%s as split', async (_, path, sentence) => {
    expect(await refusal(['train', paths.csv, '--split', path()])).toMatch(sentence);
  });
});

describe('output to a path that takes none', () => {
  const unwritable: [what: string, path: () => string, sentence: RegExp][] = [
    ['a pipe', () => at('pipe'), /is no regular file/],
    ['a socket', () => at('socket'), /is no regular file/],
    ['a device', () => '/dev/zero', /is no regular file/],
    ['a folder', () => at('empty'), /is a folder/],
    ['a link to a folder', () => at('empty/up'), /is a folder/],
    ['a link to itself', () => at('loop.csv'), /it is a link to itself/],
    ['a folder that is not there', () => at('none/'), /is no name of a file/],
    ['a file in a file', () => join(paths.csv, 'model'), /there is no folder/],
    ['the folder above', () => at('..'), /is a folder/],
    ['a zero byte', () => at(NUL), /zero byte/],
    ['a very long name', () => at(LONG), /too long/],
    ['a very deep path', () => at(DEEP), /too long/],
    ['nothing', () => '', /is no name of a file/],
    ['a file of the dataset', () => join(inside, 'images/../trees.csv'), /is what is read from/],
  ];

  it.each(unwritable)('%s: said before anything is trained', async (_, path, sentence) => {
    expect(await refusal(['train', paths.csv, ...SMALL, '--out', path()])).toMatch(sentence);
    expect(await refusal(['predict', model, paths.csv, '--out', path()])).toMatch(sentence);
  });

  it('replaces a link, never what it leads to', async () => {
    symlinkSync(folder.path('secret'), at('out'));
    symlinkSync(folder.path('fresh'), at('fresh'));
    for (const name of ['out', 'fresh']) {
      const { code, stderr } = await ctre(['predict', model, paths.csv, '--out', at(name)]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(lstatSync(at(name)).isFile()).toBe(true);
      expect(statSync(at(name)).size).toBeGreaterThan(100);
    }
    expect(readFileSync(folder.path('secret'), 'utf8')).toBe('secret');
    expect(existsSync(folder.path('fresh'))).toBe(false);
  });
});

describe('a folder of a dataset', () => {
  const copied = (name: string): string => {
    cpSync(paths.idx, at(name), { recursive: true });
    return at(name);
  };

  it('is read where a link leads to it, and so are links that stay in it', async () => {
    const path = copied('linked');
    execFileSync('mv', [join(path, 't10k-images-idx3-ubyte'), join(path, 'content')]);
    symlinkSync('content', join(path, 't10k-images-idx3-ubyte'));
    symlinkSync(path, at('elsewhere'));
    for (const name of ['linked', 'elsewhere']) {
      expect((await ctre(['train', at(name), ...SMALL])).code).toBe(0);
    }
  });

  it.each(['../../t10k-labels-idx1-ubyte', '/etc/hostname'])(
    'has no link out of it, as %s',
    async (target) => {
      const path = copied(`out of ${target.length}`);
      execFileSync('rm', [join(path, 't10k-labels-idx1-ubyte')]);
      symlinkSync(target, join(path, 't10k-labels-idx1-ubyte'));
      before = everything();
      expect(await refusal(['train', path])).toMatch(/leads out of its folder|there is no/);
    },
  );

  it('may not have a neighbour whose name begins as its own', async () => {
    const path = copied('near');
    cpSync(path, at('nearer'), { recursive: true });
    execFileSync('rm', [join(path, 't10k-labels-idx1-ubyte')]);
    symlinkSync('../nearer/t10k-labels-idx1-ubyte', join(path, 't10k-labels-idx1-ubyte'));
    before = everything();
    expect(await refusal(['train', path])).toMatch(/leads out of its folder/);
  });

  it('passes over pipes, sockets and folders that are called as its files', async () => {
    const path = copied('odd');
    execFileSync('mkfifo', [join(path, 'test-images-idx3-ubyte')]);
    mkdirSync(join(path, 'test-labels-idx1-ubyte'));
    expect((await ctre(['train', path, ...SMALL])).code).toBe(0);
  });

  it('beside an .npy file has no link out of it either, but the file itself may be one', async () => {
    const path = at('arrays of links');
    mkdirSync(path);
    writeFileSync(join(path, 'y.npy'), arrays['y.npy']);
    symlinkSync(paths.npy, join(path, 'X.npy'));
    expect((await ctre(['train', join(path, 'X.npy'), ...SMALL])).code).toBe(0);
    before = everything();
    expect(await refusal(['train', join(path, 'y.npy')])).toMatch(/leads out of its folder/);
  });
});

describe('names in an archive', () => {
  it.each(['../../secret', '/etc/passwd', '..\\..\\secret', 'a\0', ...PROTOTYPE_KEYS])(
    'name no files: %j',
    async (name) => {
      const labels = npy('|u1', [150], Uint8Array.from(arrays['y.npy'].subarray(128)));
      writeFileSync(at('named.npz'), zip({ 'X.npy': arrays['X.npy'], [`${name}.npy`]: labels }));
      before = everything();
      const { code, stderr } = await ctre(['train', at('named.npz'), ...SMALL, '--label', name]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(everything()).toEqual(before);
    },
  );
});

describe('--max-mb', () => {
  it('limits datasets and models', async () => {
    expect(await refusal(['train', paths.csv, '--max-mb', '0.001'])).toMatch(/raise --max-mb/);
    expect(await refusal(['predict', model, paths.csv, '--max-mb', '0.001'])).toMatch(
      /model.safetensors: .* raise --max-mb/,
    );
    expect((await ctre(['predict', model, paths.csv, '--max-mb', '1'])).code).toBe(0);
  });
});

describe('a split with keys of the prototype', () => {
  it.each(PROTOTYPE_KEYS)('%s', async (key) => {
    const train = '[0,1,2,3,4,5,6,7,8,9]';
    writeFileSync(at('split.json'), `{"${key}":{"val":[0]},"train":${train},"test":[10,11]}`);
    expect((await ctre(['train', paths.csv, ...SMALL, '--split', at('split.json')])).code).toBe(0);
    writeFileSync(at('split.json'), `{"${key}":{"train":${train},"test":[10]},"test":[10]}`);
    before = everything();
    expect(await refusal(['train', paths.csv, '--split', at('split.json')])).toMatch(/split's train/);
  });
});
