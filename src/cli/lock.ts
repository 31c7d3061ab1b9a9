import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
import { explain, isAlive } from './files.ts';

/** A lock that this process holds. */
export interface Lock {
  /** Lets others have it. */
  release(): Promise<void>;
}

/**
 * The name of a file in a lock: number and start of its process, and a random part. A second file, whose
 * name ends in `.held`, says that the process has the lock.
 */
const NAME = /^(\d+)-(\d+)-[\w-]+?(\.held)?$/;
/** More than processes need that want the lock at the same moment. */
const ATTEMPTS = 200;
const LOCK_PAUSE = 10;

/**
 * Takes a lock, which is a folder at the path. Each process that wants it puts a file of its own there, and
 * looks for other files afterwards: of two processes, at least one sees the other and gives way. A name is
 * never used twice. So every process may remove the file of a dead one at any time, and never removes the
 * file of a living one.
 * @param what what the lock is for, as the sentence of an error names it.
 * @throws CtreError `E_BUSY` where a living process holds it, `E_ARGUMENT` where the folder cannot be
 *   written.
 */
export async function lock(path: string, what: string): Promise<Lock> {
  const name = `${process.pid}-${Math.floor(performance.timeOrigin)}-${randomUUID()}`;
  const own = join(path, name);
  const leave = async (): Promise<void> => {
    await rm(`${own}.held`, { force: true });
    await rm(own, { force: true });
    // It fails where others are in the folder, or have removed it.
    await rmdir(path).catch(() => {});
  };
  let other: number | undefined;
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (!(await enter(path, own))) continue;
      const others = await readOthers(path, name);
      const holder = others.find(({ isHeld }) => isHeld);
      if (others.length === 0) {
        await writeFile(`${own}.held`, '');
        return { release: leave };
      }
      await leave();
      other = (holder ?? others[0]).pid;
      if (holder !== undefined) break;
      // The others came at the same time, and give way, too.
      await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE * (1 + attempt) * Math.random()));
    }
  } catch (error) {
    await leave().catch(() => {});
    if (codeOf(error) === 'ENOTDIR') {
      throw new CtreError(
        'E_BUSY',
        `${show(path)} is no lock; remove it if no other process is writing ${what}`,
      );
    }
    throw explain(error, path, 'written');
  }
  throw new CtreError(
    'E_BUSY',
    `${other === undefined ? 'another process' : `process ${other}`} is writing ${what}; wait for its ` +
      `end, or remove ${basename(path)} if that process is something else`,
  );
}

/** Puts a file into the folder. @returns false where another process has just removed the folder. */
async function enter(path: string, own: string): Promise<boolean> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  try {
    await writeFile(own, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

/**
 * The living processes that hold the lock or want it, without the own file. Removes the files of dead ones.
 */
async function readOthers(path: string, own: string): Promise<{ pid: number; isHeld: boolean }[]> {
  const others: { pid: number; isHeld: boolean }[] = [];
  for (const name of await readdir(path)) {
    if (name === own) continue;
    const [, pid, began, held] = NAME.exec(name) ?? [];
    const isLiving =
      pid !== undefined &&
      (Number(pid) === process.pid
        ? // The same number again is usual in a container, where every program may be number 1.
          Number(began) === Math.floor(performance.timeOrigin)
        : isAlive(Number(pid)));
    if (isLiving) others.push({ pid: Number(pid), isHeld: held !== undefined });
    else await rm(join(path, name), { force: true });
  }
  return others;
}
