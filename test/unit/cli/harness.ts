import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { run } from '../../../src/cli/program.ts';

/** What a run of the program left behind. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What surrounds a run of the program. */
interface Surroundings {
  /** Whether it writes to a terminal. */
  readonly isTTY?: boolean;
  /** Presses Ctrl-C as soon as this has been written. */
  readonly interruptAt?: RegExp;
  /** What child processes run instead of the program's own. */
  readonly cellProgram?: string;
}

/** A file of the command line as it is published; tests of it need a build. */
const built = (name: string): string =>
  fileURLToPath(new URL(`../../../dist/bundle/${name}`, import.meta.url));

/** The program. */
export const PROGRAM = built('cli.js');

/** What child processes run, one for each training of a comparison. */
export const CELL_PROGRAM = built('cellProcess.js');

/** Runs the program in this process, as its entry does. */
export async function ctre(
  argv: readonly string[],
  { isTTY = false, interruptAt, cellProgram = CELL_PROGRAM }: Surroundings = {},
): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  const controller = new AbortController();
  const output = (name: 'stdout' | 'stderr'): PassThrough & { isTTY: boolean; columns: number } => {
    const stream = new PassThrough();
    stream.on('data', (chunk: Buffer) => {
      written[name] += chunk.toString();
      if (interruptAt?.test(written[name])) controller.abort();
    });
    return Object.assign(stream, { isTTY, columns: 100 });
  };
  const abortable = <T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> => task(controller.signal);
  const io = {
    stdout: output('stdout'),
    stderr: output('stderr'),
    cellProgram,
    interruptible: abortable,
    terminable: abortable,
  };
  const code = await run(argv, io);
  return { code, ...written };
}

/** The lines of --json behind the one that says what was read. */
export function jsonRows(text: string): Record<string, unknown>[] {
  const [start, ...rows] = jsonLines(text);
  if (start.event !== 'start' || !Array.isArray(start.warnings))
    throw new Error('the first line is no start');
  return rows;
}

/** The JSON objects of an output, one a line. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** A folder for a file's tests; `remove` takes it away. */
export function temporaryFolder(): { path: (name: string) => string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'ctre-cli-'));
  return {
    path: (name) => join(folder, name),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
