import type { Dataset } from '../data/index.ts';
import { columnTitle } from '../data/rawTable.ts';
import { encodingKind } from '../data/table/encodings.ts';
import type { Pipeline } from '../data/table/pipeline.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import { optionWords } from './dataset.ts';
import type { Io } from './io.ts';

// What was taken for what when a dataset was read, to people and to programs.

/** A dataset as a command takes it. */
export interface TakenDataset {
  readonly dataset: Pick<Dataset<SampleMatrix>, 'taken' | 'warnings' | 'labelNames' | 'targets'>;
  /** What became of a table's columns. */
  readonly pipeline?: Pipeline | undefined;
  /** How numbers are scaled. */
  readonly scale?: string;
  /** The rows of each class. */
  readonly classCounts?: readonly number[];
  /** What else was guessed, in sentences. */
  readonly warnings?: readonly (string | undefined)[];
}

/** The same, for a line of --json. */
export interface TakenRecord {
  readonly taken: Dataset['taken'];
  readonly classCounts?: readonly { readonly label: number | string; readonly rows: number }[];
  readonly columns?: readonly object[];
  readonly scale?: string;
  readonly warnings: readonly string[];
}

/** What was taken, for programs. */
export function takenRecord(given: TakenDataset): TakenRecord {
  const { dataset, pipeline, scale, classCounts } = given;
  const { labelNames, targets } = dataset;
  return {
    taken: dataset.taken,
    ...(targets === undefined &&
      classCounts !== undefined && {
        classCounts: labelNames.map((label, c) => ({ label, rows: classCounts[c] })),
      }),
    ...(pipeline && { columns: columnRecords(pipeline) }),
    ...(scale !== undefined && { scale }),
    warnings: takenWarnings(given),
  };
}

/** Each warning once, in the words of the command line. */
export function takenWarnings({ dataset, warnings = [] }: TakenDataset): readonly string[] {
  const all = [...(dataset.warnings ?? []), ...warnings].filter((text) => text !== undefined);
  return [...new Set(all.map(optionWords))];
}

/** What became of a table's columns, for programs. */
function columnRecords({ columns }: Pipeline): readonly object[] {
  return columns.map(({ name, number, encoding }) => {
    const kind = encodingKind(encoding);
    return {
      name,
      number,
      kind: encoding.kind,
      inputs: kind.width(encoding),
      about: kind.words(encoding),
      filled: kind.filled(encoding),
    };
  });
}

/** Classes that are counted for people. */
const COUNTED_CLASSES = 12;

/** Lines that say what was taken for what: the label, the classes, and columns that are no plain numbers. */
export function takenLines({ dataset, pipeline, classCounts }: TakenDataset): [string, string][] {
  const { taken, labelNames, targets } = dataset;
  const lines: [string, string][] = [];
  const { name, number } = taken?.label ?? {};
  if (number !== undefined) lines.push(['label', columnTitle({ name, number })]);
  else if (name !== undefined) lines.push(['label', name]);
  if (targets === undefined && classCounts !== undefined) {
    const shown = labelNames.slice(0, COUNTED_CLASSES).map((label, c) => `${label} (${classCounts[c]})`);
    lines.push(['classes', shown.join(', ') + (labelNames.length > COUNTED_CLASSES ? ', …' : '')]);
  }
  if (taken?.indexBase !== undefined) lines.push(['indices', `from ${taken.indexBase}`]);
  for (const column of pipeline?.columns ?? []) {
    const { encoding } = column;
    if (encoding.kind === 'number' && encodingKind(encoding).filled(encoding) === undefined) continue;
    lines.push([columnTitle(column), encodingKind(encoding).words(encoding)]);
  }
  return lines;
}

/** Tells people what was guessed when a dataset was read. */
export function warnOf(warnings: readonly string[], stderr: Io['stderr']): void {
  for (const warning of warnings) stderr.write(`ctre: ${warning}\n`);
}
