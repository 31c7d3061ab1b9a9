import type { Budget } from '../../base/budget.ts';
import { CtreError, show } from '../../base/errors.ts';
import { CsrMatrix } from '../../matrix/csrMatrix.ts';
import type { SampleMatrix } from '../../matrix/samples.ts';
import { buildDataset, type Dataset, type RawRows } from '../dataset.ts';
import { findPair } from '../fileRoles.ts';
import { extensionOf, type InputFile, type TableFormat } from '../format.ts';
import { readMatrixMarket } from '../matrixMarket.ts';
import { oneHotColumn } from '../oneHot.ts';
import { columnTitle, isMissingValue, type RawColumn, type RawTable } from '../rawTable.ts';
import type { ReadOptions } from '../readOptions.ts';
import { allRows } from '../rowLists.ts';
import { textLabels } from '../tableDataset.ts';
import { eachPiece, firstLine, NumberList } from '../text.ts';
import { readCsv } from './csv.ts';
import { isLibsvm, libsvmFormat } from './libsvm.ts';

/**
 * Features and labels in text files of their own, as the sets of NIPS 2003 and many of UCI come: a line a
 * sample in both. Features may be a table, LIBSVM pairs, lists of the columns that are 1, or Matrix Market.
 * @throws CtreError `E_SHAPE` where the files have different numbers of rows, and as those formats.
 */
export const textPairFormat: TableFormat = {
  fileNames: 'pairs of text files',
  extensions: [],
  several: 'a pair of files such as X.txt and y.txt',
  membersOf(names) {
    const pair = findPair(names);
    return pair === undefined
      ? []
      : [
          pair.train.features,
          pair.train.labels,
          ...(pair.test ? [pair.test.features, pair.test.labels] : []),
        ];
  },
  isContent: () => false,
  readTable(files, options, budget) {
    const { train, test } = pairOf(files);
    if (hasSparseRows(train.features)) return undefined;
    const table = readPair(train, options, budget);
    if (test === undefined) return table;
    const part = readPair(test, { ...options, header: table.names !== undefined }, budget);
    if (part.columns.length !== table.columns.length) {
      throw new CtreError(
        'E_SHAPE',
        `the test rows have ${part.columns.length - 1} columns; expected ${table.columns.length - 1}, as ` +
          'the training rows have',
      );
    }
    return { ...table, test: part };
  },
  read(files, options, budget) {
    const { train, test } = pairOf(files);
    const first = readSparsePair(train, options, budget);
    const { cols } = first.rows.x;
    const second = test && readSparsePair(test, { ...options, columns: cols }, budget);
    const about = { taken: { format: 'a pair of text files' }, warnings: first.warnings };
    return buildDataset(budget, about, first.rows, second?.rows);
  },
};

interface PairFiles {
  readonly features: InputFile;
  readonly labels: InputFile;
}

function pairOf(files: readonly InputFile[]): { train: PairFiles; test?: PairFiles } {
  const pair = findPair(files.map(({ name }) => name));
  const find = (name: string): InputFile => {
    const found = files.find((file) => file.name === name);
    if (found === undefined) throw new CtreError('E_FORMAT', `there is no file ${show(name)}`);
    return found;
  };
  if (pair === undefined) throw new CtreError('E_FORMAT', 'the files are no pair of features and labels');
  const both = ({ features, labels }: { features: string; labels: string }): PairFiles => ({
    features: find(features),
    labels: find(labels),
  });
  return { train: both(pair.train), ...(pair.test && { test: both(pair.test) }) };
}

/** A table's header may look like a row, or a row like a header. The number of rows tells. */
function fitHeader(file: InputFile, options: ReadOptions, rows: number, budget: Budget): RawTable {
  const table = readCsv(file.bytes, options, budget);
  const isOne = Math.abs(table.rows - rows) === 1 && options.header === undefined;
  if (!isOne || table.rows > rows === (table.names === 'first line')) return table;
  const hasNumber = table.columns.some((column) => column.value(0) !== undefined);
  if (table.rows > rows && hasNumber) return table;
  return readCsv(file.bytes, { ...options, header: table.rows > rows }, budget);
}

function readPair({ features, labels }: PairFiles, options: ReadOptions, budget: Budget): RawTable {
  let table = readCsv(features.bytes, options, budget);
  const plain: ReadOptions = { rowNumbers: options.rowNumbers };
  let label = fitHeader(labels, plain, table.rows, budget);
  // Words with blanks between them are one label.
  if (label.delimiter === ' ' && !holdsOnlyNumbers(label)) {
    label = fitHeader(labels, { ...plain, delimiter: ',' }, table.rows, budget);
  }
  if (label.rows !== table.rows) table = fitHeader(features, options, label.rows, budget);
  if (label.rows !== table.rows) {
    throw new CtreError(
      'E_SHAPE',
      `${show(labels.name)} has ${label.rows} rows and ${show(features.name)} ${table.rows}; expected as ` +
        'many',
    );
  }
  const column = labelOf(label, labels.name, table.columns.length + 1);
  return {
    ...table,
    columns: [...table.columns, column],
    label: table.columns.length,
    commentLines: table.commentLines + label.commentLines,
    warnings: [...table.warnings, ...label.warnings],
  };
}

function holdsOnlyNumbers({ columns, rows }: RawTable): boolean {
  return columns.every((column) => {
    for (let row = 0; row < rows; row++) if (column.value(row) === undefined) return false;
    return true;
  });
}

/** The one column of labels that a file holds, as the last column of a table. */
function labelOf(table: RawTable, name: string, number: number): RawColumn {
  const isLeftOut = new Set(table.leftOut.map((column) => column.number));
  const columns = table.columns.filter((column) => !isLeftOut.has(column.number));
  const given = columns.length === 1 ? columns[0] : oneHotColumn(columns, table.rows);
  if (given === undefined) {
    throw new CtreError(
      'E_LABEL',
      `${show(name)} holds ${columns.length} columns, ${columns.slice(0, 4).map(columnTitle).join(', ')}; ` +
        'expected one label a line, or a single 1 among zeros',
    );
  }
  return {
    name: given.name ?? 'label',
    number,
    length: given.length,
    text: (row) => given.text(row),
    value: (row) => given.value(row),
  };
}

function hasSparseRows({ name, bytes }: InputFile): boolean {
  return extensionOf(name) === 'mtx' || isLibsvm(bytes) || isIndexLists(bytes);
}

/** Bytes that are looked at. */
const LIST_HEAD = 1 << 16;

/** Whether lines are ascending integers, of different numbers: the columns that are 1. */
function isIndexLists(bytes: Uint8Array): boolean {
  if (!/^\d+( \d+)*$/.test(firstLine(bytes) ?? '')) return false;
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, LIST_HEAD));
  const lines = head.split('\n').slice(0, bytes.length > LIST_HEAD ? -1 : undefined);
  const lists = lines.map((line) => line.trim().split(/\s+/).map(Number)).filter(([first]) => first > 0);
  const isAscending = lists.every((list) => list.every((index, at) => at === 0 || index > list[at - 1]));
  return isAscending && new Set(lists.map(({ length }) => length)).size > 1;
}

function readSparsePair(
  { features, labels }: PairFiles,
  options: ReadOptions,
  budget: Budget,
): { rows: RawRows; warnings: readonly string[] } {
  const { x, warnings = [] } = readSparse(features, options, budget);
  const table = fitHeader(labels, {}, x.rows, budget);
  const column = labelOf(table, labels.name, 1);
  if (table.rows !== x.rows) {
    throw new CtreError(
      'E_SHAPE',
      `${show(labels.name)} has ${table.rows} rows and ${show(features.name)} ${x.rows}; expected as many`,
    );
  }
  const part = { table, rows: allRows(table.rows) };
  const gap = part.rows.find((row) => isMissingValue(column.text(row)));
  if (gap !== undefined && !options.unlabelled) {
    throw new CtreError(
      'E_LABEL',
      `line ${table.line(gap)} of ${show(labels.name)} holds no label; fill it, or leave its row out of ` +
        'both files',
    );
  }
  const values = options.unlabelled ? undefined : textLabels(part, column, budget);
  return { rows: { x, ...(values && { labels: values }) }, warnings };
}

function readSparse(
  file: InputFile,
  options: ReadOptions,
  budget: Budget,
): Pick<Dataset<SampleMatrix>, 'x' | 'warnings'> {
  if (extensionOf(file.name) === 'mtx')
    return { x: readMatrixMarket(file.bytes, { maxBytes: Math.max(1, budget.left) }) };
  if (isLibsvm(file.bytes)) return libsvmFormat.read([file], { ...options, unlabelled: true }, budget);
  return { x: readIndexLists(file.bytes, options.columns, budget) };
}

/** Rows of the columns, from 1, that are 1 in them. */
function readIndexLists(bytes: Uint8Array, columns: number | undefined, budget: Budget): CsrMatrix {
  const indices = new NumberList(Int32Array, budget);
  const indptr = new NumberList(Int32Array, budget);
  indptr.push(0);
  let largest = 0;
  let line = 0;
  const add = (text: string): void => {
    line++;
    let last = 0;
    for (const word of text.split(/\s+/)) {
      if (word === '') continue;
      const index = /^\d{1,9}$/.test(word) ? Number(word) : 0;
      if (index <= last || index > (columns ?? index)) {
        const most = columns === undefined ? '' : ` up to ${columns}`;
        throw new CtreError(
          'E_FORMAT',
          `line ${line} holds ${show(word)}; expected ascending columns from 1${most}`,
        );
      }
      indices.push(index - 1);
      last = index;
    }
    largest = Math.max(largest, last);
    indptr.push(indices.length);
  };
  eachPiece(bytes, budget, (text, isLast) => {
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      add(text.slice(start, end));
      start = end + 1;
    }
    if (!isLast) return start;
    if (start < text.length) add(text.slice(start));
    return text.length;
  });
  const rows = indptr.length - 1;
  budget.claim(12 * indices.length + 4 * rows, `a sparse matrix of ${indices.length} entries`);
  const values = new Float32Array(indices.length).fill(1);
  return CsrMatrix.fromParts({
    rows,
    cols: columns ?? largest,
    indptr: indptr.toArray(),
    indices: indices.toArray(),
    values,
  });
}
