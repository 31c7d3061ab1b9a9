import { CtreError, show } from '../base/errors.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import type { Dataset } from './dataset.ts';
import { checkKnownLabels, encodeLabels } from './labels.ts';
import { columnTitle, type RawColumn, type RawTable } from './rawTable.ts';
import { alignTargets, type TargetReading } from './targets.ts';

// Test rows of files of their own, as `readDataset` takes them with the option test.

/** Columns that a sentence names. */
const MOST_NAMED_COLUMNS = 12;

/**
 * A table whose test rows are those of another one: its columns found by name where both have names, else by
 * place.
 * @param file what the test table's file is called.
 * @throws CtreError `E_SHAPE` for a test table that lacks columns, or whose columns nobody can tell apart.
 */
export function tableWithTest(table: RawTable, given: RawTable, file: string): RawTable {
  const tested = given.test ?? given;
  const byName = table.names !== undefined && tested.names !== undefined;
  if (!byName && table.columns.length !== tested.columns.length) {
    throw new CtreError(
      'E_SHAPE',
      `the table of test rows has ${tested.columns.length} columns; expected ${table.columns.length}, as ` +
        'the training rows have: columns without names are told by their places',
    );
  }
  const isUseless = new Set(table.leftOut.map(({ number }) => number));
  const lacking: RawColumn[] = [];
  const columns = table.columns.map((column, place) => {
    const found = byName ? columnNamed(tested, column) : tested.columns[place];
    if (found === undefined && !isUseless.has(column.number)) lacking.push(column);
    return found ?? emptyColumn(column, tested.rows);
  });
  if (lacking.length > 0) {
    throw new CtreError(
      'E_SHAPE',
      `the table of test rows has no ${titlesOf(lacking)}; expected the columns of the training rows`,
    );
  }
  const others = tested.columns.filter((column) => !columns.includes(column));
  const about =
    others.length === 0
      ? []
      : [
          `${titlesOf(others)} of ${show(file)} ${others.length === 1 ? 'is' : 'are'} not in the training ` +
            'table, and left out',
        ];
  const guessed = tested.warnings.map((warning) => `${show(file)}: ${warning}`);
  return {
    ...table,
    warnings: [...table.warnings, ...guessed, ...about],
    test: { ...tested, columns, file },
  };
}

/** The column of the name; of several it is the one in its place. */
function columnNamed({ columns }: RawTable, { name, number }: RawColumn): RawColumn | undefined {
  const named = columns.filter((column) => column.name === name);
  return named.find((column) => column.number === number) ?? named[0];
}

/** A column that counts the training rows need not be there again. */
function emptyColumn({ name, number }: RawColumn, length: number): RawColumn {
  return { ...(name !== undefined && { name }), number, length, text: () => '', value: () => undefined };
}

function titlesOf(columns: readonly RawColumn[]): string {
  const more = columns.length > MOST_NAMED_COLUMNS ? ` and ${columns.length - MOST_NAMED_COLUMNS} more` : '';
  return columns.slice(0, MOST_NAMED_COLUMNS).map(columnTitle).join(', ') + more;
}

/**
 * A dataset of numbers whose test rows are those of another one: its own test rows where it brings some, else
 * all.
 * @throws CtreError `E_SHAPE` for other features, `E_LABEL` for labels that no training row has.
 */
export function datasetWithTest(
  dataset: Dataset<SampleMatrix>,
  tested: Dataset<SampleMatrix>,
  reading: TargetReading,
): Dataset<SampleMatrix> {
  const { x, labels, targets } = tested.test ?? tested;
  if (x.cols !== dataset.x.cols) {
    throw new CtreError(
      'E_SHAPE',
      `the test rows have ${x.cols} features; expected ${dataset.x.cols}, as the training rows have`,
    );
  }
  const warnings = [...(dataset.warnings ?? []), ...(tested.warnings ?? [])];
  if (dataset.targets !== undefined) {
    if (targets === undefined) throw new CtreError('E_LABEL', 'the test rows have no numbers to predict');
    const aligned = alignTargets({ matrix: targets, names: tested.labelNames }, dataset.labelNames, reading);
    return { ...dataset, warnings, test: { x, labels, targets: aligned } };
  }
  const names = Array.from(labels, (label) => tested.labelNames[label]);
  const used = new Set(dataset.labels);
  checkKnownLabels(
    names,
    dataset.labelNames.filter((_, label) => used.has(label)),
  );
  return { ...dataset, warnings, test: { x, labels: encodeLabels(names, dataset.labelNames).labels } };
}
