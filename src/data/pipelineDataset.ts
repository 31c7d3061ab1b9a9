import { Budget } from '../base/budget.ts';
import { CtreError } from '../base/errors.ts';
import type { DataFiles } from './dataFiles.ts';
import { buildDataset, type Dataset } from './dataset.ts';
import { labelColumnNamed } from './labelColumn.ts';
import { columnsAt } from './labelledTable.ts';
import { columnTitle, type RawTable } from './rawTable.ts';
import { loadTable } from './read.ts';
import type { ReadOptions } from './readOptions.ts';
import type { Column } from './table/column.ts';
import type { Pipeline } from './table/pipeline.ts';
import { aboutMissingLabels, rowsWithLabel, targetColumns, textLabels } from './tableDataset.ts';

/**
 * The rows of a table as a model takes them: its columns found by name, or by place where they have none, and
 * encoded as those of its training were.
 * @param options.unlabelled the labels do not matter, and need not be there.
 * @throws CtreError as `readDataset`; `E_SHAPE` for a table that lacks columns of the model, or has so many
 *   that nobody knows which they are; `E_LABEL` for one without the label.
 */
export async function readForPipeline(
  files: DataFiles,
  pipeline: Pipeline,
  options: ReadOptions,
): Promise<Dataset> {
  const { columns, missing } = pipeline;
  const isNamed = columns.some(({ name }) => name !== undefined);
  const table = await loadTable(files, { ...options, header: options.header ?? isNamed, rowNumbers: 'keep' });
  if (table === undefined) {
    throw new CtreError('E_FORMAT', 'the model was trained on a table, and these files hold arrays');
  }
  const byName = isNamed && table.names !== undefined;
  if (!byName) checkWidth(table, pipeline);
  const places = placesOfLabels(table, pipeline, options, byName);
  const labels = options.unlabelled ? [] : places;
  if (!options.unlabelled && labels.length === 0) {
    const wanted = pipeline.labels.map(columnTitle).join(', ');
    throw new CtreError('E_LABEL', `the table has no ${wanted}, the label of the model; expected it`);
  }
  const part = { table, rows: rowsWithLabel(table, labels) };
  const all = table.columns.map((_, at) => at);
  const given = columnsAt(table, all, part.rows, missing);
  const hasLabels = byName || table.columns.length === pipeline.width;
  const fields = hasLabels ? given : withPlacesOfLabels(given, pipeline);
  const { x, warnings } = pipeline.transformColumns(fields, part.rows.length);
  const budget = new Budget(0, options.maxBytes ?? MOST_LABEL_BYTES);
  const reading = options.targets ?? 'classes';
  const [first] = places;
  const isLabelled = labels.length > 0;
  return buildDataset(
    budget,
    {
      taken: {
        format: table.format,
        ...(first !== undefined && { label: { number: first + 1, name: table.columns[first].name } }),
        ...(table.delimiter !== undefined && { delimiter: table.delimiter }),
        ...(table.names && { names: table.names }),
      },
      warnings: [...warnings, ...aboutMissingLabels(table, labels)],
      featureNames: pipeline.inputNames,
      reading: isLabelled ? reading : 'classes',
    },
    {
      x,
      ...(isLabelled && reading === 'classes' && { labels: textLabels(part, table.columns[first], budget) }),
      ...(isLabelled && reading !== 'classes' && { targets: targetColumns(part, labels, budget) }),
    },
  );
}

/** Labels and targets are far smaller than the table, whose reading has a limit of its own. */
const MOST_LABEL_BYTES = 2 ** 40;

/**
 * @throws CtreError `E_SHAPE` for a table of more or fewer columns than the model's, with its labels or
 * without.
 */
function checkWidth({ columns }: RawTable, { width, labels }: Pipeline): void {
  const least = width - labels.length;
  if (columns.length === width || columns.length === least) return;
  const labelled =
    labels.length === 0 ? '' : `, or ${width} with ${labels.map(columnTitle).join(', ')} as label`;
  throw new CtreError(
    'E_SHAPE',
    `the table has ${columns.length} columns without names; the model was trained on ${least}${labelled}; ` +
      'leave the others out of the file, or give it the names of the training file',
  );
}

/** Columns of a table without labels, numbered as those of one with labels are. */
function withPlacesOfLabels(columns: readonly Column[], { labels }: Pipeline): Column[] {
  const places = new Set(labels.map(({ number }) => number));
  let number = 0;
  return columns.map((column) => {
    do number++;
    while (places.has(number));
    return renumbered(column, number);
  });
}

function renumbered(column: Column, number: number): Column {
  return {
    ...(column.name !== undefined && { name: column.name }),
    number,
    length: column.length,
    value: (row) => column.value(row),
    place: (row) => column.place?.(row) ?? `row ${row + 1}`,
  };
}

/** Where the labels stand; none where the table has none. */
function placesOfLabels(
  table: RawTable,
  { labels, width }: Pipeline,
  { label: wanted }: ReadOptions,
  isNamed: boolean,
): number[] {
  if (wanted !== undefined) {
    const list = typeof wanted === 'object' ? wanted : [wanted];
    return list.map((one) => labelColumnNamed(table, one));
  }
  const found = labels.map(({ name, number }) => {
    if (isNamed) return table.columns.findIndex((column) => column.name === name);
    return table.columns.length === width ? number - 1 : -1;
  });
  return found.includes(-1) ? [] : found;
}
