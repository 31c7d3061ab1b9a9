import { CtreError, show } from '../base/errors.ts';
import { jsonIfAny } from '../base/json.ts';
import { type Cell, type CellRecord, cellKey } from './cell.ts';

// What is in the file that a comparison keeps its cells in: JSON lines, one for what all have in common, then
// one a cell.

const FORMAT = 'ctre compare';
/**
 * 1: no exploration rate, dead neurons, pairs and seconds before the first step; multiply-adds of growth were
 * estimated.
 */
const FORMAT_VERSION = 2;

/** The first line: what all cells have in common. */
export interface ResultsHead {
  readonly format: typeof FORMAT;
  readonly version: number;
  /** The release of ctre that trained. */
  readonly ctre: string;
  readonly options: Readonly<Record<string, string>>;
}

/** What a file of results holds, whatever its grid. */
export interface Results {
  readonly head: ResultsHead;
  readonly records: readonly CellRecord[];
}

export interface WholeLines extends Results {
  /** Length of the lines that are whole. */
  readonly bytes: number;
}

/** The head of a new file. */
export function headOf(ctre: string, options: Readonly<Record<string, string>>): ResultsHead {
  return { format: FORMAT, version: FORMAT_VERSION, ctre, options };
}

/**
 * The content of a file, but for a last line that is not whole.
 * @param name the file in errors.
 * @throws CtreError `E_FORMAT` for one that is something else or damaged, `E_UNSUPPORTED` for one of another
 *   version.
 */
export function parseResults(name: string, bytes: Buffer): WholeLines {
  const lines = splitLines(bytes);
  const head = readHead(name, lines[0]?.value);
  const records: CellRecord[] = [];
  const keys = new Set<string>();
  let end = lines[0].end;
  for (const [at, line] of lines.slice(1).entries()) {
    const { value } = line;
    if (!isCellRecord(value) || keys.has(cellKey(value))) {
      // What comes last was being written when the program ended.
      if (at === lines.length - 2 && value === undefined) break;
      throw new CtreError(
        'E_FORMAT',
        `line ${at + 2} of ${name} is no cell of a comparison; take it out, or name another file with ` +
          '--results',
      );
    }
    keys.add(cellKey(value));
    records.push(value);
    end = line.end;
  }
  return { head, records, bytes: end };
}

/**
 * Every line that ends, as JSON; undefined for one that is none. A rest without an end is an undefined line,
 * too.
 */
function splitLines(bytes: Buffer): { value: unknown; end: number }[] {
  const lines: { value: unknown; end: number }[] = [];
  for (let begin = 0; begin < bytes.length; ) {
    const newline = bytes.indexOf(10, begin);
    const end = newline < 0 ? bytes.length : newline + 1;
    lines.push({ value: newline < 0 ? undefined : jsonIfAny(bytes.toString('utf8', begin, end)), end });
    begin = end;
  }
  return lines;
}

function readHead(name: string, value: unknown): ResultsHead {
  const { format, version, ctre, options }: Partial<Record<keyof ResultsHead, unknown>> = Object(value);
  if (format !== FORMAT) {
    throw new CtreError(
      'E_FORMAT',
      `${name} is no file of ctre compare; name another one with --results, this one stays as it is`,
    );
  }
  if (version !== FORMAT_VERSION) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `${name} was written by ctre ${show(ctre)} in version ${show(version)} of its format, and this one ` +
        `reads ${FORMAT_VERSION}; name another file with --results and train again, or go on with that ` +
        'release',
    );
  }
  const typed = Object.entries(Object(options)).map(([option, text]) => [option, String(text)]);
  return { format, version, ctre: String(ctre), options: Object.fromEntries(typed) };
}

/** @throws CtreError for a head of another release, or with other options. */
export function checkHead(name: string, found: ResultsHead, head: ResultsHead): void {
  if (found.ctre !== head.ctre) {
    throw new CtreError(
      'E_UNSUPPORTED',
      `${name} was written by ctre ${show(found.ctre)}, and this is ${head.ctre}; name another file with ` +
        '--results',
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
    `${name} was made with ${words(before.get(other))}, this command has ${words(head.options[other])}; ` +
      'give the same options, or name another file with --results',
  );
}

/** A cell of a grid, and what it is trained on. */
export interface WantedCell {
  readonly cell: Cell;
  /** Tells one content of the dataset from another. */
  readonly data: string;
}

/**
 * @throws CtreError `E_ARGUMENT` for a record that the grid has not, or that was trained on something else.
 */
export function checkRecords(
  name: string,
  records: readonly CellRecord[],
  grid: readonly WantedCell[],
): void {
  const wanted = new Map(grid.map((task) => [cellKey(task.cell), task]));
  for (const record of records) {
    const task = wanted.get(cellKey(record));
    if (task === undefined) {
      const { dataset, hidden, epsilon, method, seed } = record;
      const layers = hidden.length === 0 ? 'none' : hidden.join(',');
      const cell = `${method}, seed ${seed}, ε ${epsilon ?? '–'}, hidden layers ${layers}, ${dataset}`;
      throw new CtreError(
        'E_ARGUMENT',
        `${name} holds a cell that this grid has not (${cell}); ask for it as well, or name another file ` +
          'with --results',
      );
    }
    if (task.data !== record.data) {
      throw new CtreError(
        'E_ARGUMENT',
        `${name} was made with another content of ${record.dataset}, its test rows or its split; name ` +
          'another file with --results',
      );
    }
    if (task.cell.module !== record.module) {
      throw new CtreError(
        'E_ARGUMENT',
        `${name} was made with another content of the module of ${record.method}; name another file with ` +
          '--results',
      );
    }
  }
}

/** Whether a line is a cell, as far as what is worked with goes. */
export function isCellRecord(value: unknown): value is CellRecord {
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
  const numbers = [
    ...['nnz', 'density', 'testRows', 'epochs', 'testAccuracy', 'finalTestAccuracy', 'pairs'],
    ...['deadNeurons', 'seconds', 'trainSeconds'],
  ];
  const objects = ['multiplyAdds', 'curves', 'looks'];
  return (
    (line.explorationRate === null || Number.isFinite(line.explorationRate)) &&
    numbers.every((name) => Number.isFinite(line[name])) &&
    objects.every((name) => typeof line[name] === 'object' && line[name] !== null)
  );
}
