// Makes a dataset ready for a network: which rows are held out, and how columns are scaled.
import { CsrMatrix, CtreError, type DenseMatrix } from 'ctre';
import { applyScaler, type Dataset, fitScaler, type Scaler, scalerToJson, takeRows } from 'ctre/data';
import { randomNumbers, shuffled } from '../shared/random.ts';
import type { DataFacts, PreparedData } from './protocol.ts';

/** The share of rows held out where the files bring no test rows. */
const HELD_OUT = 0.2;
/** Pictures have sides of at least so many pixels, and so many rows are looked at to tell. */
const [LEAST_SIDE, PIXEL_ROWS] = [8, 200];
/** The brightest level of a pixel that is an integer. */
const MAX_LEVEL = 255;
/** Decides which rows are taken and which are held out: the same for A and B, and on every visit. */
const SEED = 1;

export type Matrix = DenseMatrix | CsrMatrix;
type Labelled = { readonly x: Matrix; readonly labels: Int32Array };

/** The rows of each part, by their numbers in the file; `validation` are of the test rows if there are any. */
export interface RowParts {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/** At most so many rows to train on, and some held out: the files' own test rows if they have any. */
export function divideRows(rows: number, testRows: number | undefined, most: number): RowParts {
  if (rows < 2) {
    throw new CtreError(
      'E_SHAPE',
      `the data have ${rows} row; expected at least two, to train on and to validate with`,
    );
  }
  const ascending = (some: Int32Array): Int32Array => some.slice().sort();
  const order = shuffled(rows, randomNumbers(SEED)).subarray(0, most);
  if (testRows !== undefined) {
    const held = shuffled(testRows, randomNumbers(SEED)).subarray(0, Math.ceil(HELD_OUT * most));
    return { train: ascending(order), validation: ascending(held) };
  }
  const held = Math.min(order.length - 1, Math.max(1, Math.round(HELD_OUT * order.length)));
  return { train: ascending(order.subarray(held)), validation: ascending(order.subarray(0, held)) };
}

/** Splits and scales a dataset. @param most rows to take at most. */
export function prepare(
  name: string,
  dataset: Dataset,
  most: number,
  known?: DataFacts['known'],
  columnsFirst = false,
): PreparedData {
  const { labelNames, featureNames, test } = dataset;
  const parts = divideRows(dataset.x.rows, test?.x.rows, most);
  const take = (from: Labelled, rows: Int32Array): Labelled => ({
    x: takeRows(from.x, rows),
    labels: rows.map((row) => from.labels[row]),
  });
  const train = take(dataset, parts.train);
  const validation = take(test ?? dataset, parts.validation);
  const side = pictureSide(train.x);
  const { scaler, scaling } = chooseScaler(train.x, side !== undefined);
  const scaled = ({ x, labels }: Labelled): Labelled => ({ x: applyScaler(scaler, x), labels });
  const [fit, held] = [scaled(train), scaled(validation)];
  return {
    facts: {
      ...{ name, scaling, rows: fit.x.rows, validationRows: held.x.rows, cols: fit.x.cols },
      ...{ labelNames: labelNames.map(String), featureNames, sparse: fit.x instanceof CsrMatrix },
      ...(side !== undefined && { picture: { side, mean: columnMeans(fit.x), columnsFirst } }),
      ...(known && { known }),
    },
    notes: { dataset: name, labelNames, featureNames, scaler: scalerToJson(scaler) },
    train: fit,
    validation: held,
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
