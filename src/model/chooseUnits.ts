import { isByteMatrix, toNumbers } from '../matrix/byteMatrix.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { CheckedSamples } from '../matrix/samples.ts';
import type { TargetUnits } from '../nn/targetUnits.ts';
import type { TrainableModel } from '../train/trainableModel.ts';

/** Units in which targets stay as they are. */
export function plainUnits(outputs: number): TargetUnits {
  return { center: Array<number>(outputs).fill(0), scale: 1 };
}

export function isPlainUnits({ center, scale }: TargetUnits): boolean {
  return scale === 1 && center.every((value) => value === 0);
}

/** The units that a model learns numbers in; undefined where they stay as they are, or nothing is decided. */
export function unitsInUse({ loss, units }: Pick<TrainableModel, 'loss' | 'units'>): TargetUnits | undefined {
  if (loss?.targets !== 'numbers' || units === undefined || isPlainUnits(units)) return undefined;
  return Object.freeze({ center: Object.freeze([...units.center]), scale: units.scale });
}

/** Outputs whose means are said one by one. */
const SAID_OUTPUTS = 4;

/** Units for people. */
export function unitsInWords({ center, scale }: TargetUnits): string {
  const said = center.slice(0, SAID_OUTPUTS).map((value) => String(Number(value.toPrecision(6))));
  const means = said.join(', ') + (center.length > SAID_OUTPUTS ? ', …' : '');
  return `targets are learnt less ${means}, in units of ${Number(scale.toPrecision(6))}`;
}

/**
 * The mean of each output, and the root of the mean squared distance from it, over the rows of a training.
 * Zeros of sparse targets stay zeros: their center is 0.
 */
export function chooseUnits(given: CheckedSamples, rows: Int32Array): TargetUnits {
  const targets = isByteMatrix(given) ? toNumbers(given) : given;
  const center = new Float64Array(targets.cols);
  const isSparse = targets instanceof CsrMatrix;
  if (!isSparse)
    forEachEntry(targets, rows, (col, value) => {
      center[col] += value / rows.length;
    });
  let squares = 0;
  forEachEntry(targets, rows, (col, value) => {
    squares += (value - center[col]) * (value - center[col]);
  });
  const scale = Math.sqrt(squares / (rows.length * targets.cols));
  // Targets that are all alike have nothing to be measured by.
  const isUsable =
    scale > 0 && Math.fround(1 / scale) < Number.POSITIVE_INFINITY && Math.fround(1 / scale) > 0;
  return { center: Array.from(center), scale: isUsable ? scale : 1 };
}

function forEachEntry(
  matrix: DenseMatrix | CsrMatrix,
  rows: Int32Array,
  use: (col: number, value: number) => void,
): void {
  for (const row of rows) {
    if (matrix instanceof CsrMatrix) {
      for (let p = matrix.indptr[row]; p < matrix.indptr[row + 1]; p++)
        use(matrix.indices[p], matrix.values[p]);
    } else {
      for (let col = 0; col < matrix.cols; col++) use(col, matrix.data[row * matrix.cols + col]);
    }
  }
}

/** Targets as the network learns them: (target − center) ÷ scale. */
export function targetsInUnits(
  targets: CheckedSamples,
  { center, scale }: TargetUnits,
): DenseMatrix | CsrMatrix {
  if (targets instanceof CsrMatrix) {
    const { rows, cols, indptr, indices, values } = targets;
    return CsrMatrix.fromParts({ rows, cols, indptr, indices, values: values.map((value) => value / scale) });
  }
  const { rows, cols, data } = isByteMatrix(targets) ? toNumbers(targets) : targets;
  return { rows, cols, data: data.map((value, at) => (value - center[at % cols]) / scale) };
}
