import { randomUUID } from 'node:crypto';
import {
  access,
  constants,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { CtreError, show } from '../base/errors.ts';

/**
 * A file's content.
 * @throws CtreError `E_FORMAT` for one that cannot be read, `E_MEMORY` for one that is too large.
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    // A pipe or a device may give no byte, or never end.
    if (!found.isFile() && !found.isDirectory()) {
      throw new CtreError(
        'E_FORMAT',
        `${show(path)} is no regular file; expected one that can be read whole`,
      );
    }
    const { buffer, byteOffset, byteLength } = await readFile(path);
    // Not a Buffer: its slice shares memory, where a Uint8Array's copies.
    return new Uint8Array(buffer, byteOffset, byteLength);
  } catch (error) {
    throw explain(error, path, 'read');
  }
}

/**
 * The content of a folder's file.
 * @throws CtreError as `readBytes`, and for a link that leads out of the folder.
 */
export async function readInside(folder: string, name: string): Promise<Uint8Array> {
  const path = join(folder, name);
  let real: string;
  try {
    real = await realpath(path);
    const root = await realpath(folder);
    if (!real.startsWith(root.endsWith(sep) ? root : root + sep)) {
      throw new CtreError(
        'E_FORMAT',
        `${show(path)} is a link that leads out of its folder; name the folder or file that it leads to`,
      );
    }
  } catch (error) {
    throw explain(error, path, 'read');
  }
  return readBytes(real);
}

/**
 * What comes on standard input.
 * @throws CtreError `E_FORMAT` where nothing comes, `E_MEMORY` for more than one array holds.
 */
export async function readStandardInput(): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of process.stdin) {
    const bytes = new Uint8Array(piece);
    pieces.push(bytes);
    length += bytes.length;
    if (length >= 2 ** 31) throw new CtreError('E_MEMORY', 'standard input is larger than 2 GiB; split it');
  }
  if (length === 0) throw new CtreError('E_FORMAT', 'standard input is empty; expected a dataset');
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** As `readBytes`, as text. */
export async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(path));
}

/**
 * The names of a folder's files and links, sorted; undefined for a path that is no folder.
 * @throws CtreError `E_FORMAT` if there is none.
 */
export async function listFolder(path: string): Promise<string[] | undefined> {
  try {
    if (!(await stat(path)).isDirectory()) return undefined;
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    throw explain(error, path, 'read');
  }
}

/**
 * Makes sure, before long work, that its result can be written afterwards.
 * @param inputs paths of files that the result must not replace, whether they are there yet or not.
 * @throws CtreError `E_ARGUMENT` when it cannot.
 */
export async function checkWritable(path: string, inputs: readonly string[]): Promise<void> {
  if (path === '' || path.endsWith('/') || path.endsWith(sep)) {
    throw new CtreError(
      'E_ARGUMENT',
      `${show(path)} is no name of a file; expected the name of a file to write`,
    );
  }
  const existing = await stat(path).catch((error: NodeJS.ErrnoException) => {
    // A file that is not there can be written, also where a link leads to it.
    if (error.code !== 'ENOENT') throw explain(error, path, 'written');
    return undefined;
  });
  if (existing !== undefined && !existing.isFile()) {
    const kind = existing.isDirectory() ? 'a folder' : 'no regular file';
    throw new CtreError('E_ARGUMENT', `${show(path)} is ${kind}; expected the name of a file to write`);
  }
  for (const input of inputs) {
    const source = await stat(input).catch(() => undefined);
    if (source !== undefined && source.dev === existing?.dev && source.ino === existing.ino) {
      throw new CtreError('E_ARGUMENT', `${show(path)} is what is read from; choose another file to write`);
    }
    if (source === undefined && resolve(input) === resolve(path)) {
      throw new CtreError('E_ARGUMENT', `${show(path)} is to be two files at once; choose another one`);
    }
  }
  try {
    if (existing !== undefined) await access(path, constants.W_OK);
    const temporary = besides(path);
    await writeFile(temporary, '', { flag: 'wx' });
    await rm(temporary);
  } catch (error) {
    throw explain(error, path, 'written');
  }
}

/**
 * Writes a file so that nobody ever sees a part of it, not even after a power cut.
 * @throws CtreError `E_ARGUMENT` when it cannot be written.
 */
export async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = besides(path);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // Where there is no such folder, there is nothing to take away either.
    await rm(temporary, { force: true }).catch(() => {});
    throw explain(error, path, 'written');
  }
}

/** A new name in the same folder: only within one file system is renaming a single step. */
function besides(path: string): string {
  return join(dirname(path), `.ctre-${randomUUID()}.tmp`);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
  EISDIR: 'it is a folder',
  ELOOP: 'it is a link to itself',
  ENAMETOOLONG: 'its name is too long',
  ERR_INVALID_ARG_VALUE: 'its name holds a zero byte',
};

/** The file system's error as a sentence. Any other error stays as it is. */
export function explain(error: unknown, path: string, verb: 'read' | 'written'): unknown {
  if (!(error instanceof Error) || error instanceof CtreError || !('code' in error)) return error;
  const code = String(error.code);
  const kind = verb === 'read' ? 'E_FORMAT' : 'E_ARGUMENT';
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const missing = verb === 'read' ? show(path) : `folder ${show(dirname(path))} for ${basename(path)}`;
    return new CtreError(kind, `there is no ${missing}`, { cause: error });
  }
  if (code === 'ERR_FS_FILE_TOO_LARGE') {
    return new CtreError('E_MEMORY', `${show(path)} is larger than 2 GiB; split it`, { cause: error });
  }
  return new CtreError(kind, `${show(path)} cannot be ${verb}: ${REASONS[code] ?? code}`, { cause: error });
}

/** Whether there is a process of this number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
