import * as nodeFiles from 'node:fs/promises';
import { join } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
import { explain, isAlive } from './files.ts';
import { type Lock, lock } from './lock.ts';

/** What is used of the file system. Tests replace it by one that fails. */
export type Files = Pick<typeof nodeFiles, 'mkdir' | 'open' | 'readdir' | 'readFile' | 'rename' | 'rm'>;

const NEWEST = 'checkpoint.safetensors';
const PREVIOUS = 'checkpoint.previous.safetensors';
const LOCK = 'checkpoint.lock';
/** A checkpoint that is being written, with the number of the process that does. */
const UNFINISHED = /^checkpoint\.(\d+)\.tmp$/;

/** A checkpoint that was read, and why the newest one was not it. */
export interface FoundCheckpoint<T> {
  readonly content: T;
  readonly warning?: string;
}

/**
 * A folder that holds the newest checkpoint of one training and the one before. At any moment, whatever stops
 * the program, one of the two is whole.
 */
export class CheckpointFolder {
  readonly path: string;
  readonly #files: Files;
  /** The newest file is no whole checkpoint, and must not replace the one before. */
  #isDamaged = false;
  #lock: Lock | undefined;

  constructor(path: string, files: Files = nodeFiles) {
    this.path = path;
    this.#files = files;
  }

  /**
   * Makes the folder where there is none, keeps it from others until `close`, and removes what dead processes
   * left unfinished.
   * @throws CtreError `E_BUSY` while another process writes there, `E_ARGUMENT` where nobody can.
   */
  async prepare(): Promise<void> {
    try {
      await this.#files.mkdir(this.path, { recursive: true });
      this.#lock ??= await lock(join(this.path, LOCK), show(this.path));
      for (const name of await this.#files.readdir(this.path)) {
        const owner = UNFINISHED.exec(name)?.[1];
        if (owner !== undefined && !isAlive(Number(owner))) await this.#files.rm(join(this.path, name));
      }
    } catch (error) {
      throw explain(error, this.path, 'written');
    }
  }

  /** Lets others write there. */
  async close(): Promise<void> {
    await this.#lock?.release();
    this.#lock = undefined;
  }

  /** Whether it holds a checkpoint, whole or not. */
  async isUsed(): Promise<boolean> {
    const names = await this.#files.readdir(this.path).catch((): string[] => []);
    return names.includes(NEWEST) || names.includes(PREVIOUS);
  }

  /**
   * Keeps a checkpoint. Its bytes reach the disk before its name does, and the name before this returns. The
   * checkpoints before stay until then.
   * @throws CtreError `E_ARGUMENT` when it cannot be written.
   */
  async write(bytes: Uint8Array): Promise<void> {
    const temporary = join(this.path, `checkpoint.${process.pid}.tmp`);
    const newest = join(this.path, NEWEST);
    try {
      await this.#writeThrough(temporary, bytes);
      if (!this.#isDamaged) {
        await this.#files.rename(newest, join(this.path, PREVIOUS)).catch(unlessMissing);
      }
      await this.#files.rename(temporary, newest);
      this.#isDamaged = false;
      await this.#sync(this.path);
    } catch (error) {
      await this.#files.rm(temporary, { force: true }).catch(() => {});
      throw explain(error, newest, 'written');
    }
  }

  /**
   * The newest checkpoint that `decode` takes; undefined where there is none.
   * @throws CtreError `E_FORMAT` when there are some and all are damaged.
   */
  async read<T>(decode: (bytes: Uint8Array) => Promise<T>): Promise<FoundCheckpoint<T> | undefined> {
    const failures: string[] = [];
    for (const name of [NEWEST, PREVIOUS]) {
      try {
        const bytes = new Uint8Array(await this.#files.readFile(join(this.path, name)));
        const content = await decode(bytes);
        const [warning] = failures;
        this.#isDamaged = warning !== undefined;
        return warning === undefined ? { content } : { content, warning };
      } catch (error) {
        if (isMissing(error)) continue;
        const reason = explain(error, join(this.path, name), 'read');
        if (!(reason instanceof CtreError)) throw reason;
        failures.push(`${name}: ${reason.message}`);
      }
    }
    if (failures.length === 0) return undefined;
    throw new CtreError(
      'E_FORMAT',
      `no checkpoint in ${show(this.path)} can be read (${failures.join('; ')})`,
    );
  }

  async #writeThrough(path: string, bytes: Uint8Array): Promise<void> {
    const file = await this.#files.open(path, 'w');
    try {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, at, bytes.length - at);
        if (bytesWritten === 0) throw new CtreError('E_ARGUMENT', `${show(path)} takes no more bytes`);
        at += bytesWritten;
      }
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /**
   * A folder's names are on the disk only when the folder is. Windows cannot open a folder, and keeps names
   * by itself.
   */
  async #sync(folder: string): Promise<void> {
    if (process.platform === 'win32') return;
    const handle = await this.#files.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
