// The thread that reads files. It is started when there are some. readFiles.ts is the page's half.
import { CsrMatrix, CtreError } from 'ctre';
import {
  type Dataset,
  learnColumns,
  type Pipeline,
  type RawTable,
  readDataset,
  readTable,
  takeRows,
} from 'ctre/data';
import { type Answered, answerQuestions } from '../shared/liveWorkerScope.ts';
import { buffersOf } from './handOver.ts';
import { divideRows, type Matrix, prepare } from './preparedData.ts';
import type { PostedMatrix, PostedRows, PreparedData } from './protocol.ts';
import type { ColumnFacts, ReadAnswer, ReadQuestion, TableFacts } from './readFiles.ts';

/** Files beyond this are refused: with their scaled copy they would leave a page no memory to train in. */
const MOST_BYTES = 512 * 2 ** 20;
/** Values of a column that are shown. */
const SHOWN = 3;
/** What columns are taken for, in words. */
const KINDS: Readonly<Record<string, string>> = {
  number: 'numbers',
  truth: 'true or false',
  date: 'dates',
  words: 'words',
  text: 'texts',
};

async function read({ files, most, choice }: ReadQuestion): Promise<ReadAnswer> {
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const name = files
    .map((file) => file.name)
    .slice(0, 4)
    .join(', ');
  if (size > MOST_BYTES) {
    const megabytes = Math.round(size / 2 ** 20);
    throw new CtreError(
      'E_MEMORY',
      `${name}: ${megabytes} MiB are too many for a page, which reads up to ${MOST_BYTES / 2 ** 20}; ` +
        'use a part of it, or the command line',
    );
  }
  const entries = await Promise.all(files.map(async (file) => [file.name, await bytesOf(file)] as const));
  const bytes = Object.fromEntries(entries);
  const options = { ...choice };
  const dataset = readDataset(bytes, options);
  const warnings = [...(dataset.warnings ?? [])];
  if (dataset.table === undefined) {
    const columnsFirst = /mat/i.test(dataset.taken?.format ?? '');
    const prepared = prepare(name, dataset, most, undefined, columnsFirst);
    return { prepared: posted(prepared), warnings, table: undefined };
  }
  const { prepared, pipeline, warnings: learnt } = prepareTable(name, dataset, dataset.table, most);
  const table = readTable(bytes, options);
  return {
    prepared: posted(prepared),
    warnings: [...new Set([...warnings, ...learnt])],
    table: table && tableFacts(table, dataset, pipeline),
  };
}

/** What becomes of a table's columns is learnt from the rows to train on, and from no others. */
function prepareTable(
  name: string,
  dataset: Dataset,
  table: NonNullable<Dataset['table']>,
  most: number,
): { prepared: PreparedData; pipeline: Pipeline; warnings: readonly string[] } {
  const { labels, labelNames, test } = dataset;
  const parts = divideRows(labels.length, test?.labels.length, most);
  const { pipeline, warnings } = learnColumns(table, { rows: parts.train });
  const all = pipeline.transformColumns(table.columns, labels.length);
  const tests = test && table.test && pipeline.transformColumns(table.test.columns, test.labels.length);
  const take = (x: Matrix, from: Int32Array, rows: Int32Array): PostedRows => {
    const matrix = takeRows(x, rows);
    return { x: matrix, labels: rows.map((row) => from[row]) };
  };
  const train = take(all.x, labels, parts.train);
  const validation = take(tests?.x ?? all.x, test?.labels ?? labels, parts.validation);
  return {
    prepared: {
      facts: {
        ...{ name, rows: train.x.rows, validationRows: validation.x.rows, cols: train.x.cols },
        ...{ labelNames: labelNames.map(String), featureNames: pipeline.inputNames },
        sparse: train.x instanceof CsrMatrix,
        scaling: 'numbers scaled to mean 0, deviation 1, as learnt from the training rows',
      },
      notes: { dataset: name, labelNames, pipeline: pipeline.toJSON() },
      ...{ train, validation },
    },
    pipeline,
    warnings: [...warnings, ...all.warnings],
  };
}

/** The columns of a table as the file has them, and what became of each. */
function tableFacts(table: RawTable, { taken }: Dataset, pipeline: Pipeline): TableFacts {
  const leftOut = new Map((taken?.leftOut ?? []).map((column) => [column.number, column.why]));
  const encodings = new Map(pipeline.columns.map(({ number, encoding }) => [number, encoding]));
  const columns = table.columns.map((column): ColumnFacts => {
    const samples = Array.from({ length: Math.min(SHOWN, table.rows) }, (_, row) => column.text(row));
    const { number, name = '' } = column;
    const encoding = encodings.get(number);
    const isLabel = taken?.label?.number === number;
    const isOut = encoding === undefined || encoding.kind === 'none';
    const why =
      leftOut.get(number) ?? (encoding !== undefined && 'why' in encoding ? String(encoding.why) : '');
    return {
      ...{ number, title: name === '' ? `column ${number}` : name, samples },
      role: isLabel ? 'label' : isOut ? 'out' : encoding.kind === 'words' ? 'words' : 'input',
      about: isLabel ? '' : isOut ? why : (KINDS[encoding.kind] ?? encoding.kind),
    };
  });
  return {
    ...{ columns, rows: table.rows, format: table.format },
    delimiter: table.delimiter,
    hasNames: table.names !== undefined,
  };
}

async function bytesOf(file: File): Promise<Uint8Array> {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch (cause) {
    // It was moved or changed since, or there is no memory for it.
    throw new CtreError('E_FORMAT', `${file.name} cannot be read; open it again, or use a part of it`, {
      cause,
    });
  }
}

/** Plain data: a posted object loses its class. */
function posted(prepared: PreparedData): PreparedData {
  const plain = (x: PostedMatrix): PostedMatrix =>
    x instanceof CsrMatrix
      ? { rows: x.rows, cols: x.cols, indptr: x.indptr, indices: x.indices, values: x.values }
      : x;
  const { train, validation } = prepared;
  return {
    ...prepared,
    train: { ...train, x: plain(train.x) },
    validation: { ...validation, x: plain(validation.x) },
  };
}

answerQuestions(async (question: ReadQuestion): Promise<Answered> => {
  const value = await read(question);
  return { value, transfer: buffersOf(value.prepared) };
});
