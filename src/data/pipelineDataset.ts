import { Budget } from '../base/budget.ts';
import { CtreError } from '../base/errors.ts';
import { buildDataset, type Dataset } from './dataset.ts';
import { labelColumnNamed } from './labelColumn.ts';
import { columnsAt } from './labelledTable.ts';
import { columnTitle, type RawTable } from './rawTable.ts';
import { type DataFiles, readTable } from './read.ts';
import type { ReadOptions } from './readOptions.ts';
import { allRows } from './rowLists.ts';
import type { Pipeline } from './table/pipeline.ts';
import { rowsWithLabel, targetColumns, textLabels } from './tableDataset.ts';

/**
 * The rows of a table as a model takes them: its columns found by name, or by place where they have none, and
 * encoded as those of its training were.
 * @param options.unlabelled the labels do not matter, and need not be there.
 * @throws CtreError as `readDataset`; `E_SHAPE` for a table that lacks columns of the model, or has so many
 *   that nobody knows which they are; `E_LABEL` for one without the label.
 */
export function readForPipeline(files: DataFiles, pipeline: Pipeline, options: ReadOptions): Dataset {
  const { columns, label, missing } = pipeline;
  const isNamed = columns.some(({ name }) => name !== undefined);
  const table = readTable(files, { ...options, header: options.header ?? isNamed, rowNumbers: 'keep' });
  if (table === undefined) {
    throw new CtreError('E_FORMAT', 'the model was trained on a table, and these files hold arrays');
  }
  if (!isNamed) checkWidth(table, pipeline);
  const place = placeOfLabel(table, pipeline, options, isNamed);
  const isLabelled = options.unlabelled !== true;
  if (isLabelled && place === undefined) {
    const wanted = label.name ?? `column ${label.number}`;
    throw new CtreError(
      'E_LABEL',
      `the table has no label ${JSON.stringify(wanted)}; expected one to compare with`,
    );
  }
  const rows = isLabelled && place !== undefined ? rowsWithLabel(table, [place]) : allRows(table.rows);
  const all = table.columns.map((_, at) => at);
  const { x, warnings } = pipeline.transformColumns(columnsAt(table, all, rows, missing), rows.length);
  const without = table.rows - rows.length;
  const budget = new Budget(0, options.maxBytes ?? 2 ** 32);
  const part = { table, rows };
  const reading = options.targets ?? 'classes';
  return buildDataset(
    budget,
    {
      taken: {
        format: table.format,
        ...(place !== undefined && { label: { number: place + 1, name: table.columns[place].name } }),
        ...(table.delimiter !== undefined && { delimiter: table.delimiter }),
        ...(table.names && { names: table.names }),
      },
      warnings: [...warnings, ...(without === 0 ? [] : [`${without} rows have no label, and are left out`])],
      featureNames: pipeline.inputNames,
      reading: isLabelled ? reading : 'classes',
    },
    {
      x,
      ...(isLabelled && place !== undefined
        ? reading === 'classes'
          ? { labels: textLabels(part, table.columns[place], budget) }
          : { targets: targetColumns(part, [place], budget) }
        : {}),
    },
  );
}

/** @throws CtreError `E_SHAPE` for a table of more or fewer columns than the model's, with its label or without. */
function checkWidth({ columns }: RawTable, { columns: known, label }: Pipeline): void {
  const width = Math.max(label.number ?? 0, ...known.map(({ number }) => number));
  const least = label.number === undefined ? width : width - 1;
  if (columns.length === width || columns.length === least) return;
  const labelled =
    label.number === undefined
      ? ''
      : `, or ${width} with the label as ${columnTitle({ number: label.number })}`;
  throw new CtreError(
    'E_SHAPE',
    `the table has ${columns.length} columns without names; the model was trained on ${least}${labelled}; leave ` +
      'the others out of the file, or give it the names of the training file',
  );
}

/** Where the label stands; undefined where the table has none. */
function placeOfLabel(
  table: RawTable,
  { columns, label }: Pipeline,
  { label: wanted }: ReadOptions,
  isNamed: boolean,
): number | undefined {
  if (wanted !== undefined && typeof wanted !== 'object') return labelColumnNamed(table, wanted);
  if (isNamed) {
    const found = table.columns.findIndex(({ name }) => name === label.name);
    return found < 0 ? undefined : found;
  }
  const width = Math.max(label.number ?? 0, ...columns.map(({ number }) => number));
  return label.number !== undefined && table.columns.length === width ? label.number - 1 : undefined;
}
