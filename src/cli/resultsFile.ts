import { open, readFile, stat, truncate } from 'node:fs/promises';
import { basename } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
import { type CellRecord, cellKey } from '../compare/cell.ts';
import {
  checkHead,
  checkRecords,
  headOf,
  parseResults,
  type Results,
  type ResultsHead,
  type WantedCell,
  type WholeLines,
} from '../compare/results.ts';
import { checkWritable, explain, writeWhole } from './files.ts';
import { type Lock, lock } from './lock.ts';

/**
 * The file that a comparison keeps its cells in. Its lines are JSON: what all cells have in common, then a
 * line for each cell. A line is added when its cell ends. A line that a killed program left unfinished is
 * removed. When all lines are there, they are put into the order of the grid.
 */
export class ResultsFile {
  readonly #path: string;
  readonly #head: ResultsHead;
  readonly #records: Map<string, CellRecord>;
  /** Length of the whole lines. */
  #bytes: number;
  /** Length of the file as it was read; undefined where there was none. */
  readonly #found: number | undefined;
  #lock: Lock | undefined;

  private constructor(
    path: string,
    head: ResultsHead,
    found: WholeLines | undefined,
    length: number | undefined,
  ) {
    this.#path = path;
    this.#head = head;
    this.#records = new Map(found?.records.map((record) => [cellKey(record), record]));
    this.#bytes = found?.bytes ?? 0;
    this.#found = length;
  }

  /**
   * Reads what is there, and changes nothing.
   * @throws CtreError `E_ARGUMENT` for a file of another grid or that cannot be written, `E_FORMAT` for one
   *   that is something else or damaged, `E_UNSUPPORTED` for one of another version.
   */
  static async open(
    path: string,
    ctre: string,
    options: Readonly<Record<string, string>>,
    tasks: readonly WantedCell[],
    inputs: readonly string[],
  ): Promise<ResultsFile> {
    await checkWritable(path, inputs);
    const head = headOf(ctre, options);
    const bytes = await readIfThere(path);
    const found = bytes === undefined || bytes.length === 0 ? undefined : parseResults(basename(path), bytes);
    if (found !== undefined) {
      checkHead(basename(path), found.head, head);
      checkRecords(basename(path), found.records, tasks);
    }
    return new ResultsFile(path, head, found, bytes?.length);
  }

  get path(): string {
    return this.#path;
  }

  /** The record of a cell, if there is one. */
  record({ cell }: WantedCell): CellRecord | undefined {
    return this.#records.get(cellKey(cell));
  }

  /** Makes the file ready for new lines. @throws CtreError `E_BUSY` while another process writes it. */
  async prepare(): Promise<void> {
    this.#lock = await lock(`${this.#path}.lock`, show(this.#path));
    try {
      const now = await stat(this.#path).catch(() => undefined);
      if (now?.size !== this.#found) {
        throw new CtreError('E_BUSY', `another process has just written ${show(this.#path)}; try again`);
      }
      if (this.#bytes === 0) await this.#rewrite([]);
      else await truncate(this.#path, this.#bytes);
    } catch (error) {
      await this.close();
      throw explain(error, this.#path, 'written');
    }
  }

  /**
   * Adds a cell; it is on the disk when this returns.
   * @throws CtreError `E_ARGUMENT` when it cannot be written.
   */
  async add(record: CellRecord): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    try {
      const file = await open(this.#path, 'r+');
      try {
        for (let at = 0; at < line.length; ) {
          at += (await file.write(line, at, line.length - at, this.#bytes + at)).bytesWritten;
        }
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw explain(error, this.#path, 'written');
    }
    this.#bytes += line.length;
    this.#records.set(cellKey(record), record);
  }

  /** Puts the lines into the order of the grid, in one step. @returns the cells in that order. */
  async sort(tasks: readonly WantedCell[]): Promise<readonly CellRecord[]> {
    const wanted = tasks.flatMap((task) => this.record(task) ?? []);
    const present = [...this.#records.values()];
    if (!wanted.every((record, at) => record === present[at])) await this.#rewrite(wanted);
    return wanted;
  }

  /** Lets others write it. */
  async close(): Promise<void> {
    await this.#lock?.release();
    this.#lock = undefined;
  }

  async #rewrite(records: readonly CellRecord[]): Promise<void> {
    const text = [this.#head, ...records].map((line) => `${JSON.stringify(line)}\n`).join('');
    await writeWhole(this.#path, text);
    this.#bytes = Buffer.byteLength(text);
  }
}

/**
 * The cells of a file, in its order, without a line that is not whole yet; undefined where there is no file
 * or nothing in it.
 * @throws CtreError `E_FORMAT` for one that is something else or damaged, `E_UNSUPPORTED` for one of another
 *   version.
 */
export async function readResults(path: string): Promise<Results | undefined> {
  const bytes = await readIfThere(path);
  return bytes === undefined || bytes.length === 0 ? undefined : parseResults(basename(path), bytes);
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw explain(error, path, 'read');
  });
}
