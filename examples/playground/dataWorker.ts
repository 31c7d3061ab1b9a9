// The thread that reads, generates and scales data; the page gets no more than it shows. data.ts is the other
// half.
import { CsrMatrix, CtreError, type DenseMatrix } from 'ctre';
import {
  applyScaler,
  type Dataset,
  fitScaler,
  readDataset,
  type Scaler,
  scalerToJson,
  syntheticDataset,
  takeRows,
} from 'ctre/data';
import { randomNumbers, shuffled } from '../shared/random.ts';
import type { Answer, DataFacts, Question, RunData, SampleRow, Source } from './data.ts';
import { drawDigits, SIDE } from './digits.ts';

/** Files beyond this are refused: with their scaled copy they would leave a page no memory to train in. */
const MOST_BYTES = 512 * 2 ** 20;
/** The share of rows held out where the files bring no test rows. */
const HELD_OUT = 0.2;
/** Rows of drawn digits. */
const DIGITS = 4000;
/** Pictures have sides of at least so many pixels, and so many rows are looked at to tell. */
const [LEAST_SIDE, PIXEL_ROWS] = [8, 200];
/** The brightest level of a pixel that is an integer. */
const MAX_LEVEL = 255;
/** Decides which rows are taken and which are held out: the same for A and B, and on every visit. */
const SEED = 1;

type Matrix = DenseMatrix | CsrMatrix;
type Labelled = { readonly x: Matrix; readonly labels: Int32Array };

/** What was loaded last. */
let loaded: { readonly train: Labelled; readonly validation: Labelled } | undefined;

async function load(source: Source, most: number): Promise<DataFacts> {
  const { name, dataset, known } = await open(source);
  const { train, validation } = split(dataset, most);
  const picture = pictureSide(train.x);
  const { scaler, scaling } = chooseScaler(train.x, picture !== undefined);
  const scaled = ({ x, labels }: Labelled): Labelled => ({ x: shareable(applyScaler(scaler, x)), labels });
  loaded = { train: scaled(train), validation: scaled(validation) };
  const { x } = loaded.train;
  const { labelNames, featureNames } = dataset;
  return {
    name,
    rows: x.rows,
    validationRows: validation.x.rows,
    cols: x.cols,
    labelNames: labelNames.map(String),
    featureNames,
    notes: { dataset: name, labelNames, featureNames, scaler: scalerToJson(scaler) },
    sparse: x instanceof CsrMatrix,
    scaling,
    ...(picture !== undefined && { picture: { side: picture, mean: columnMeans(x) } }),
    ...(known && { known }),
  };
}

async function open(source: Source): Promise<{ name: string; dataset: Dataset; known?: DataFacts['known'] }> {
  if (source.kind === 'files') return openFiles(source.files);
  if (source.kind === 'digits') {
    const { data, labels } = drawDigits(DIGITS, SEED);
    const x = { rows: DIGITS, cols: SIDE * SIDE, data };
    return { name: 'Drawn digits', dataset: { x, labels, labelNames: [...Array(10).keys()] } };
  }
  const dataset = syntheticDataset();
  const { informativeColumns, redundantColumns } = dataset;
  return {
    name: 'Needles in a haystack',
    dataset,
    known: { informative: [...informativeColumns], redundant: [...redundantColumns] },
  };
}

async function openFiles(files: readonly File[]): Promise<{ name: string; dataset: Dataset }> {
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
  return { name, dataset: readDataset(Object.fromEntries(entries)) };
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

/** At most so many rows to train on, and some held out: the files' own test rows if they have any. */
function split({ x, labels, test }: Dataset, most: number): { train: Labelled; validation: Labelled } {
  if (x.rows < 2) {
    throw new CtreError(
      'E_SHAPE',
      `the data have ${x.rows} row; expected at least two, to train on and to validate with`,
    );
  }
  const order = shuffled(x.rows, randomNumbers(SEED)).subarray(0, most);
  const take = (from: Labelled, rows: Int32Array): Labelled => {
    const ascending = rows.slice().sort();
    return { x: takeRows(from.x, ascending), labels: ascending.map((row) => from.labels[row]) };
  };
  if (test !== undefined) {
    const held = shuffled(test.x.rows, randomNumbers(SEED)).subarray(0, Math.ceil(HELD_OUT * most));
    return { train: take({ x, labels }, order), validation: take(test, held) };
  }
  const held = Math.min(order.length - 1, Math.max(1, Math.round(HELD_OUT * order.length)));
  return {
    train: take({ x, labels }, order.subarray(held)),
    validation: take({ x, labels }, order.subarray(0, held)),
  };
}

/** The side of the square pictures that the rows seem to be: levels from 0 to 1, or integers to 255. */
function pictureSide(x: Matrix): number | undefined {
  const side = Math.round(Math.sqrt(x.cols));
  if (side < LEAST_SIDE || side * side !== x.cols) return undefined;
  const some = valuesOf(x).subarray(0, PIXEL_ROWS * x.cols);
  const most = some.reduce((largest, value) => Math.max(largest, value), 0);
  const isLevel = (value: number): boolean => value >= 0 && (most <= 1 || Number.isInteger(value));
  return most > 0 && most <= MAX_LEVEL && some.every(isLevel) ? side : undefined;
}

/** Pictures keep their relative brightness, tables get columns of one scale, and sparse data stay sparse. */
function chooseScaler(x: Matrix, isPicture: boolean): { scaler: Scaler; scaling: string } {
  if (isPicture) {
    const scale = valuesOf(x).some((value) => value > 1) ? MAX_LEVEL : 1;
    const same = (value: number): number[] => Array(x.cols).fill(value);
    const scaler: Scaler = { kind: 'minmax', offset: same(0), scale: same(scale) };
    return { scaler, scaling: scale === 1 ? 'pixels from 0 to 1' : 'pixels divided by 255' };
  }
  if (!(x instanceof CsrMatrix)) {
    return { scaler: fitScaler('standard', x), scaling: 'columns scaled to mean 0, deviation 1' };
  }
  try {
    return { scaler: fitScaler('minmax', x), scaling: 'columns scaled to 0 … 1' };
  } catch {
    // Scaling would move the zeros of some columns.
    return { scaler: fitScaler('none', x), scaling: 'not scaled' };
  }
}

function valuesOf(x: Matrix): Float32Array {
  return x instanceof CsrMatrix ? x.values : x.data;
}

function columnMeans(x: Matrix): Float32Array {
  const means = new Float32Array(x.cols);
  if (x instanceof CsrMatrix) {
    x.indices.forEach((col, p) => {
      means[col] += x.values[p] / x.rows;
    });
    return means;
  }
  for (let p = 0; p < x.data.length; p++) means[p % x.cols] += x.data[p] / x.rows;
  return means;
}

/**
 * Copies it to memory that every thread can read, if the page may have such; then it is never copied again.
 */
function shareable(x: Matrix): Matrix {
  if (x instanceof CsrMatrix || !globalThis.crossOriginIsolated) return x;
  const data = new Float32Array(new SharedArrayBuffer(x.data.byteLength));
  data.set(x.data);
  return { rows: x.rows, cols: x.cols, data };
}

/** The data for one run, or the first rows of them: the shared memory itself, or copies to be handed over. */
function rowsForRun(most = Number.POSITIVE_INFINITY): { data: RunData; transfer: Transferable[] } {
  const { train, validation } = needLoaded();
  const parts = [train, validation]
    .map((part) => firstRows(part, most))
    .map(({ x, labels }) => {
      const y = labels.slice();
      if (x instanceof CsrMatrix) {
        const { rows, cols } = x;
        const arrays = { indptr: x.indptr.slice(), indices: x.indices.slice(), values: x.values.slice() };
        return {
          x: { rows, cols, ...arrays },
          y,
          transfer: Object.values(arrays).map(({ buffer }) => buffer),
        };
      }
      if (!(x.data.buffer instanceof ArrayBuffer)) return { x, y, transfer: [] };
      const data = x.data.slice();
      return { x: { ...x, data }, y, transfer: [data.buffer] };
    });
  const [first, second] = parts.map(({ x, y }) => ({ x, y }));
  return {
    data: { train: first, validation: second },
    transfer: parts.flatMap(({ transfer }) => transfer),
  };
}

function firstRows({ x, labels }: Labelled, most: number): Labelled {
  if (x.rows <= most) return { x, labels };
  const rows = Int32Array.from({ length: most }, (_, row) => row);
  return { x: takeRows(x, rows), labels: labels.slice(0, most) };
}

function validationRow(row: number): SampleRow {
  const { x, labels } = needLoaded().validation;
  if (!(x instanceof CsrMatrix)) {
    return { values: x.data.slice(row * x.cols, (row + 1) * x.cols), label: labels[row] };
  }
  return { values: takeRows(x, Int32Array.of(row)).toDense().data, label: labels[row] };
}

function needLoaded(): NonNullable<typeof loaded> {
  if (loaded === undefined)
    throw new CtreError('E_ARGUMENT', 'there are no data yet; choose a dataset first');
  return loaded;
}

async function answer(question: Question): Promise<{ value: unknown; transfer?: Transferable[] }> {
  switch (question.kind) {
    case 'load':
      return { value: await load(question.source, question.most) };
    case 'rows': {
      const { data, transfer } = rowsForRun(question.most);
      return { value: data, transfer };
    }
    case 'row':
      return { value: validationRow(question.row) };
  }
}

globalThis.onmessage = async ({
  data: { id, question },
}: MessageEvent<{ id: number; question: Question }>) => {
  const post = (message: Answer, transfer: Transferable[] = []): void =>
    globalThis.postMessage(message, { transfer });
  try {
    const { value, transfer } = await answer(question);
    post({ id, value }, transfer);
  } catch (error) {
    const { message } = error as Error;
    post({ id, error: { message, code: error instanceof CtreError ? error.code : 'E_FORMAT' } });
  }
};
