import { open, readFile, stat, truncate } from 'node:fs/promises';
import { basename } from 'node:path';
import { CtreError, show } from '../base/errors.ts';
import { type CellRecord, cellKey } from '../compare/cell.ts';
import type { CellTask } from './cell.ts';
import { checkWritable, explain, writeWhole } from './files.ts';
import { type Lock, lock } from './lock.ts';

const FORMAT = 'ctre compare';
const VERSION = 1;

/** The first line: what all cells have in common. */
interface Head {
  readonly format: typeof FORMAT;
  readonly version: number;
  /** The release of ctre that trained. */
  readonly ctre: string;
  readonly options: Readonly<Record<string, string>>;
}

/**
 * The file that a comparison keeps its cells in, JSON lines: what all have in common, then a line for each cell. Lines are
 * added as cells end; a line that a killed program left unfinished is taken away again; and when all are there, they are put
 * into the order of the grid.
 */
export class ResultsFile {
  readonly #path: string;
  readonly #head: Head;
  readonly #records: Map<string, CellRecord>;
  /** Length of the whole lines. */
  #bytes: number;
  /** Length of the file as it was read; undefined where there was none. */
  readonly #found: number | undefined;
  #lock: Lock | undefined;

  private constructor(path: string, head: Head, found: Found | undefined, length: number | undefined) {
    this.#path = path;
    this.#head = head;
    this.#records = new Map(found?.records.map((record) => [cellKey(record), record]));
    this.#bytes = found?.bytes ?? 0;
    this.#found = length;
  }

  /**
   * Reads what is there, and changes nothing.
   * @throws CtreError `E_ARGUMENT` for a file of another grid or that cannot be written, `E_FORMAT` for one that is something
   *   else or damaged, `E_UNSUPPORTED` for one of another version.
   */
  static async open(
    path: string,
    ctre: string,
    options: Readonly<Record<string, string>>,
    tasks: readonly CellTask[],
    inputs: readonly string[],
  ): Promise<ResultsFile> {
    await checkWritable(path, inputs);
    const head = { format: FORMAT, version: VERSION, ctre, options } as const;
    const bytes = await readIfThere(path);
    const found = bytes === undefined || bytes.length === 0 ? undefined : readLines(path, bytes);
    if (found !== undefined) {
      checkHead(basename(path), found.head, head);
      checkCells(path, found.records, tasks);
    }
    return new ResultsFile(path, head, found, bytes?.length);
  }

  get path(): string {
    return this.#path;
  }

  /** The record of a cell, if there is one. */
  record({ cell }: CellTask): CellRecord | undefined {
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

  /** Adds a cell; it is on the disk when this returns. @throws CtreError `E_ARGUMENT` when it cannot be written. */
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
  async sort(tasks: readonly CellTask[]): Promise<readonly CellRecord[]> {
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

/** What a file of results holds, whatever its grid. */
export interface Results {
  readonly head: Head;
  readonly records: readonly CellRecord[];
}

/**
 * The cells of a file, in its order, without a line that is not whole yet; undefined where there is no file or nothing in it.
 * @throws CtreError `E_FORMAT` for one that is something else or damaged, `E_UNSUPPORTED` for one of another version.
 */
export async function readResults(path: string): Promise<Results | undefined> {
  const bytes = await readIfThere(path);
  return bytes === undefined || bytes.length === 0 ? undefined : readLines(path, bytes);
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw explain(error, path, 'read');
  });
}

interface Found extends Results {
  /** Length of the lines that are whole. */
  readonly bytes: number;
}

function readLines(path: string, bytes: Buffer): Found {
  const name = basename(path);
  const lines = splitLines(bytes);
  const head = readHead(name, lines[0]?.value);
  const records: CellRecord[] = [];
  const keys = new Set<string>();
  let end = lines[0].end;
  for (const [at, line] of lines.slice(1).entries()) {
    const { value } = line;
    if (!isRecord(value) || keys.has(cellKey(value))) {
      // What comes last was being written when the program ended.
      if (at === lines.length - 2 && value === undefined) break;
      throw new CtreError(
        'E_FORMAT',
        `line ${at + 2} of ${name} is no cell of a comparison; take it out, or name another file with --results`,
      );
    }
    keys.add(cellKey(value));
    records.push(value);
    end = line.end;
  }
  return { head, records, bytes: end };
}

/** Every line that ends, as JSON; undefined for one that is none. A rest without an end is an undefined line, too. */
function splitLines(bytes: Buffer): { value: unknown; end: number }[] {
  const lines: { value: unknown; end: number }[] = [];
  for (let begin = 0; begin < bytes.length; ) {
    const newline = bytes.indexOf(10, begin);
    const end = newline < 0 ? bytes.length : newline + 1;
    lines.push({ value: newline < 0 ? undefined : parseJson(bytes.toString('utf8', begin, end)), end });
    begin = end;
  }
  return lines;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readHead(name: string, value: unknown): Head {
  const { format, version, ctre, options }: Partial<Record<keyof Head, unknown>> = Object(value);
  if (format !== FORMAT) {
    throw new CtreError(
      'E_FORMAT',
      `${name} is no file of ctre compare; name another one with --results, this one stays as it is`,
    );
  }
  if (version !== VERSION) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `${name} was written by ctre ${show(ctre)} in version ${show(version)} of its format, and this one reads ${VERSION}; name another file with --results`,
    );
  }
  const typed = Object.entries(Object(options)).map(([option, text]) => [option, String(text)]);
  return { format, version, ctre: String(ctre), options: Object.fromEntries(typed) };
}

function checkHead(name: string, found: Head, head: Head): void {
  if (found.ctre !== head.ctre) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `${name} was written by ctre ${show(found.ctre)}, and this is ${head.ctre}; name another file with --results`,
    );
  }
  const before = new Map(Object.entries(found.options));
  const names = new Set([...before.keys(), ...Object.keys(head.options)]);
  const other = [...names].find((option) => before.get(option) !== head.options[option]);
  if (other === undefined) return;
  const words = (option: string | undefined): string =>
    option === undefined ? `no --${other}` : `--${other}${option === '' ? '' : ` ${option}`}`;
  throw new CtreError(
    'E_ARGUMENT',
    `${name} was made with ${words(before.get(other))}, this command has ${words(head.options[other])}; give the same options, or name another file with --results`,
  );
}

/** Cells of the file that the grid has not, or that were trained on something else. */
function checkCells(path: string, records: readonly CellRecord[], tasks: readonly CellTask[]): void {
  const wanted = new Map(tasks.map((task) => [cellKey(task.cell), task]));
  for (const record of records) {
    const task = wanted.get(cellKey(record));
    const name = basename(path);
    if (task === undefined) {
      const { dataset, hidden, epsilon, method, seed } = record;
      const layers = hidden.length === 0 ? 'none' : hidden.join(',');
      const cell = `${method}, seed ${seed}, ε ${epsilon ?? '–'}, hidden layers ${layers}, ${dataset}`;
      throw new CtreError(
        'E_ARGUMENT',
        `${name} holds a cell that this grid has not (${cell}); ask for it as well, or name another file with --results`,
      );
    }
    if (task.data !== record.data) {
      throw new CtreError(
        'E_ARGUMENT',
        `${name} was made with another content of ${record.dataset} or its split; name another file with --results`,
      );
    }
  }
}

/** Whether a line is a cell, as far as what is worked with goes. */
function isRecord(value: unknown): value is CellRecord {
  const line: Partial<Record<string, unknown>> = Object(value);
  const isText = (name: string): boolean => typeof line[name] === 'string';
  const { hidden, epsilon } = line;
  const isCell =
    isText('dataset') &&
    isText('method') &&
    isText('data') &&
    Number.isInteger(line.seed) &&
    (epsilon === null || typeof epsilon === 'number') &&
    Array.isArray(hidden) &&
    hidden.every(Number.isInteger);
  if (!isCell || 'failed' in line) return isCell && isText('failed');
  const numbers = ['nnz', 'density', 'testRows', 'epochs', 'testAccuracy', 'finalTestAccuracy', 'seconds'];
  const objects = ['multiplyAdds', 'curves', 'looks'];
  return (
    numbers.every((name) => Number.isFinite(line[name])) &&
    objects.every((name) => typeof line[name] === 'object' && line[name] !== null)
  );
}
