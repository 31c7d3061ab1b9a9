import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as nodeFiles from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CtreError } from '../../../src/base/errors.ts';
import { CheckpointFolder, type Files } from '../../../src/cli/checkpointFolder.ts';
import { effort, runRandom, runSeed } from '../../support/effort.ts';
import { sha256 } from '../../support/problems.ts';
import { ctre, jsonLines, temporaryFolder } from './harness.ts';

const { path, remove } = temporaryFolder();
afterAll(remove);

const train = (...argv: string[]) => ctre(['train', '--hidden', '20,20', '--epochs', '5', ...argv]);
let folders = 0;
const newFolder = () => path(`checkpoints-${folders++}`);

describe('ctre train --checkpoint', () => {
  it('goes on where it was interrupted, and ends with the same model and the same result', async () => {
    const [folder, whole, parts] = [newFolder(), path('whole.safetensors'), path('parts.safetensors')];
    const straight = await train('--json', '--out', whole);
    const argv = [
      'train',
      '--hidden',
      '20,20',
      '--epochs',
      '5',
      '--checkpoint',
      folder,
      '--checkpoint-every',
      '1',
    ];
    const stopped = await ctre([...argv, '--json', '--out', parts], { interruptAt: /"epoch":3/ });
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toMatch(
      /stopped in epoch \d; the same command with --resume goes on after epoch [23]/,
    );
    expect(readdirSync(folder).sort()).toEqual(['checkpoint.previous.safetensors', 'checkpoint.safetensors']);
    const again = await ctre([...argv, '--json', '--out', parts, '--resume']);
    expect(again.code).toBe(0);
    const [start] = jsonLines(again.stdout);
    expect(start.resumedAfter).toBeGreaterThanOrEqual(2);
    expect(await sha256(new Uint8Array(readFileSync(parts)))).toBe(
      await sha256(new Uint8Array(readFileSync(whole))),
    );
    const result = (stdout: string) => {
      const { seconds, startSeconds, trainSeconds, evolveSeconds, ...rest } = jsonLines(stdout).at(-1) ?? {};
      return rest;
    };
    expect(result(again.stdout)).toEqual(result(straight.stdout));
    const finished = await ctre([...argv, '--json', '--resume']);
    expect(result(finished.stdout)).toEqual(result(straight.stdout));
    expect(jsonLines(finished.stdout).filter(({ event }) => event === 'epoch')).toEqual([]);
  });

  it('keeps none before so many minutes are over, but the last', async () => {
    const [rarely, always] = [newFolder(), newFolder()];
    expect((await train('--json', '--checkpoint', rarely, '--checkpoint-every', '600m')).code).toBe(0);
    expect(readdirSync(rarely)).toEqual(['checkpoint.safetensors']);
    expect((await train('--json', '--checkpoint', always, '--checkpoint-every', '0m')).code).toBe(0);
    expect(readdirSync(always).sort()).toEqual(['checkpoint.previous.safetensors', 'checkpoint.safetensors']);
  });

  it('tells people where it goes on', async () => {
    const folder = newFolder();
    await train('--checkpoint', folder);
    const { stdout } = await train('--checkpoint', folder, '--resume');
    expect(stdout).toMatch(/resumed\s+after epoch 5/);
  });

  it('starts at the beginning when there is nothing to resume', async () => {
    const { code, stdout } = await train('--checkpoint', newFolder(), '--resume', '--json');
    expect(code).toBe(0);
    expect(jsonLines(stdout).filter(({ event }) => event === 'epoch')).toHaveLength(5);
  });

  it.each([
    [
      'a folder in use, without --resume',
      ['--seed', '1'],
      /holds the checkpoints of a training; add --resume/,
    ],
    ['another seed', ['--resume', '--seed', '1'], /has seed 0, and this command has 1/],
    [
      'another activation',
      ['--resume', '--activation', 'linear'],
      /has activation none, and this command has \{"name":"linear"\}/,
    ],
    ['another method', ['--resume', '--method', 'set'], /has method "cte-\w+", and this command has "set"/],
    [
      'another width',
      ['--resume', '--hidden', '21,20'],
      /has layers \[500,20,20,2\], and this command has \[500,21,20,2\]/,
    ],
    [
      'another network to keep',
      ['--resume', '--keep', 'last'],
      /has keep "best", and this command has "last"/,
    ],
    [
      'another number of epochs',
      ['--resume', '--epochs', '9'],
      /epochs is 9; expected 5, as in the checkpoint/,
    ],
    [
      'another learning rate',
      ['--resume', '--lr', '0.5'],
      /optimizer is .*; expected .* as in the checkpoint/,
    ],
  ])('refuses %s, and leaves the folder as it was', async (_, argv, message) => {
    const folder = newFolder();
    await train('--checkpoint', folder);
    const content = () =>
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString('hex')]);
    const before = content();
    const { code, stderr } = await train('--checkpoint', folder, ...argv);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(content()).toEqual(before);
  });

  it.each([
    ['--resume without a folder', ['--resume'], /--resume needs a folder: --checkpoint folder/],
    ['--checkpoint-every without one', ['--checkpoint-every', '2'], /needs a folder/],
    [
      'a rule that is none',
      ['--checkpoint', path('x'), '--checkpoint-every', 'often'],
      /--checkpoint-every is "often"/,
    ],
    ['a rule of nothing', ['--checkpoint', path('x'), '--checkpoint-every', '0'], /--checkpoint-every is 0/],
    ['a file in place of the folder', ['--checkpoint', path('file')], /cannot be written/],
    ['a folder beneath a file', ['--checkpoint', path('file/below')], /there is no folder|cannot be written/],
  ])('refuses %s before anything is trained', async (_, argv, message) => {
    writeFileSync(path('file'), 'mine');
    const { code, stdout, stderr } = await train(...argv);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
    expect(readFileSync(path('file'), 'utf8')).toBe('mine');
  });

  it('takes the checkpoint before a damaged one, and says so; refuses two damaged ones', async () => {
    const folder = newFolder();
    await train('--checkpoint', folder, '--checkpoint-every', '1');
    const newest = join(folder, 'checkpoint.safetensors');
    const bytes = readFileSync(newest);
    bytes[bytes.length >> 1] ^= 4;
    writeFileSync(newest, bytes);
    const { code, stdout } = await train('--checkpoint', folder, '--resume', '--json');
    const [start] = jsonLines(stdout);
    expect([code, start.resumedAfter]).toEqual([0, 4]);
    expect(start.warning).toMatch(/checkpoint.safetensors: .*cut short or damaged/);
    for (const name of readdirSync(folder)) writeFileSync(join(folder, name), 'no checkpoint');
    const refused = await train('--checkpoint', folder, '--resume');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/no checkpoint in .* can be read/);
  });

  it('removes what a dead process left unfinished, and nothing else', async () => {
    const folder = newFolder();
    mkdirSync(folder);
    // No process has such a number; this one has its own.
    const names = ['checkpoint.4194305.tmp', `checkpoint.${process.ppid}.tmp`, 'mine.txt'];
    for (const name of names) writeFileSync(join(folder, name), 'x');
    await train('--checkpoint', folder);
    expect(readdirSync(folder)).not.toContain(names[0]);
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(names.slice(1)));
  });
});

describe('a folder of checkpoints on a file system that fails', () => {
  /** A checkpoint here is one byte repeated; half of one is none. */
  const content = (version: number) => new Uint8Array(5000).fill(version);
  const decode = async (bytes: Uint8Array) => {
    const [version] = bytes;
    if (bytes.length !== 5000 || bytes.some((byte) => byte !== version)) {
      throw new CtreError('E_FORMAT', 'half a checkpoint');
    }
    return version;
  };

  /** The file system, but that its n-th operation does as `fail` says; operations are counted from 0. */
  function failing(fail: { at: number; how: 'error' | 'short' | 'crash'; code?: string }) {
    let operations = 0;
    let crashed = false;
    const guard = async <T>(operation: () => Promise<T>): Promise<T> => {
      if (crashed) throw Object.assign(new Error('gone'), { code: 'EGONE' });
      if (operations++ !== fail.at || fail.how === 'short') return operation();
      crashed = fail.how === 'crash';
      throw Object.assign(new Error('no'), { code: fail.code ?? 'EIO' });
    };
    const files: Files = {
      mkdir: nodeFiles.mkdir,
      readdir: nodeFiles.readdir,
      readFile: nodeFiles.readFile,
      rename: (...args: Parameters<typeof nodeFiles.rename>) => guard(() => nodeFiles.rename(...args)),
      rm: (...args: Parameters<typeof nodeFiles.rm>) => guard(() => nodeFiles.rm(...args)),
      open: async (...args: Parameters<typeof nodeFiles.open>) => {
        const file = await guard(() => nodeFiles.open(...args));
        const { write, sync } = file;
        const guardedWrite = (bytes: Uint8Array, at: number, length: number) => {
          const isShort = fail.how === 'short' && operations === fail.at;
          const asked = isShort ? Math.ceil(length / 3) : length;
          return guard(() => Reflect.apply(write, file, [bytes, at, asked]));
        };
        return Object.assign(file, { write: guardedWrite, sync: () => guard(() => sync.call(file)) });
      },
    };
    return { files, count: () => operations };
  }

  const OPERATIONS = 7;

  it('counts the operations of a write', async () => {
    const { files, count } = failing({ at: -1, how: 'error' });
    const folder = new CheckpointFolder(newFolder(), files);
    await folder.prepare();
    await folder.write(content(1));
    expect(count()).toBe(OPERATIONS);
  });

  it.each(
    ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS'].flatMap((code) =>
      Array.from({ length: OPERATIONS }, (_, at) => [code, at] as const),
    ),
  )('%s at operation %i loses nothing', async (code, at) => {
    const folderPath = newFolder();
    const sound = new CheckpointFolder(folderPath);
    await sound.prepare();
    await sound.write(content(1));
    await sound.write(content(2));
    const { files } = failing({ at, how: 'error', code });
    await expect(new CheckpointFolder(folderPath, files).write(content(3))).rejects.toMatchObject({
      code: 'E_ARGUMENT',
    });
    // The folder may have got its name already when its own sync fails.
    const found = await sound.read(decode);
    expect([2, 3]).toContain(found?.content);
    expect(readdirSync(folderPath).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await sound.write(content(4));
    expect((await sound.read(decode))?.content).toBe(4);
  });

  it.each(Array.from({ length: OPERATIONS }, (_, at) => at))(
    'a program that ends at operation %i loses nothing',
    async (at) => {
      const folderPath = newFolder();
      const sound = new CheckpointFolder(folderPath);
      await sound.prepare();
      await sound.write(content(1));
      await sound.write(content(2));
      const { files } = failing({ at, how: 'crash' });
      await new CheckpointFolder(folderPath, files).write(content(3)).catch(() => {});
      expect([2, 3]).toContain((await sound.read(decode))?.content);
      await sound.write(content(4));
      expect((await sound.read(decode))?.content).toBe(4);
    },
  );

  it('writes what a short write left', async () => {
    const { files } = failing({ at: 1, how: 'short' });
    const folder = new CheckpointFolder(newFolder(), files);
    await folder.prepare();
    await folder.write(content(7));
    expect((await folder.read(decode))?.content).toBe(7);
  });

  it(`keeps one of two whole whatever is cut or changed of the other (seed ${runSeed})`, async () => {
    const random = runRandom('damage');
    const folder = new CheckpointFolder(newFolder());
    await folder.prepare();
    await folder.write(content(1));
    for (let version = 2; version < 2 + effort(50, 240); version++) {
      await folder.write(content(version % 256));
      const newest = join(folder.path, 'checkpoint.safetensors');
      const bytes = readFileSync(newest);
      if (random.next() < 0.5) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
      writeFileSync(newest, random.next() < 0.5 ? bytes : bytes.subarray(0, random.below(bytes.length)));
      const found = await folder.read(decode);
      expect([(version - 1) % 256, version % 256]).toContain(found?.content);
      await folder.write(content(version % 256));
    }
  });

  it.each(Array.from({ length: OPERATIONS - 1 }, (_, at) => at))(
    'does not let a damaged one take the place of the one before: ends at operation %i',
    async (at) => {
      const { files } = failing({ at, how: 'crash' });
      const sound = new CheckpointFolder(newFolder());
      await sound.prepare();
      await sound.write(content(1));
      await sound.write(content(2));
      writeFileSync(join(sound.path, 'checkpoint.safetensors'), 'damaged');
      const folder = new CheckpointFolder(sound.path, files);
      expect((await folder.read(decode))?.content).toBe(1);
      await folder.write(content(3)).catch(() => {});
      expect([1, 3]).toContain((await sound.read(decode))?.content);
    },
  );
});
