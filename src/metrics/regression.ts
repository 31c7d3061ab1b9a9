import type { DenseMatrix } from '../matrix/denseMatrix.ts';
import type { Label } from './classScore.ts';

/** How far numbers are from what they should be. */
export interface NumberScore {
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** 1 − Σ(y − t)² / Σ(t − mean of t)²; of targets that are all alike 1 if every answer is right, else 0. */
  readonly r2: number;
  /** Half of the absolute errors are at most this. */
  readonly medianAbsoluteError: number;
}

/** How a model answers numbers. The root is over all outputs; the others are means over the outputs. */
export interface RegressionMetrics extends NumberScore {
  readonly kind: 'regression';
  readonly rows: number;
  /** What the model's loss is. */
  readonly loss: number;
  /** Every output alone, with its name or number. */
  readonly outputs: readonly (NumberScore & { readonly label: Label })[];
}

/** @param answers rows × outputs, as the targets. O(rows · outputs · log rows). */
export function measureNumbers(
  targets: DenseMatrix,
  answers: Float32Array,
  names: readonly Label[],
  loss: number,
): RegressionMetrics {
  const errors = new Float64Array(targets.rows);
  const outputs = names.map((label, output) => ({ label, ...scoreOutput(targets, answers, output, errors) }));
  const mean = (pick: (score: NumberScore) => number): number =>
    outputs.reduce((sum, score) => sum + pick(score), 0) / outputs.length;
  return {
    kind: 'regression',
    rows: targets.rows,
    loss,
    rmse: Math.sqrt(mean(({ rmse }) => rmse * rmse)),
    mae: mean(({ mae }) => mae),
    r2: mean(({ r2 }) => r2),
    medianAbsoluteError: mean(({ medianAbsoluteError }) => medianAbsoluteError),
    outputs,
  };
}

/** @param errors room for one number a row. */
function scoreOutput(
  { rows, cols, data }: DenseMatrix,
  answers: Float32Array,
  output: number,
  errors: Float64Array,
): NumberScore {
  let total = 0;
  for (let p = output; p < data.length; p += cols) total += data[p];
  const mean = total / rows;
  let squares = 0;
  let absolute = 0;
  let spread = 0;
  for (let row = 0; row < rows; row++) {
    const target = data[row * cols + output];
    const error = Math.abs(answers[row * cols + output] - target);
    errors[row] = error;
    absolute += error;
    squares += error * error;
    spread += (target - mean) * (target - mean);
  }
  errors.sort();
  return {
    rmse: Math.sqrt(squares / rows),
    mae: absolute / rows,
    r2: spread > 0 ? 1 - squares / spread : Number(squares === 0),
    medianAbsoluteError: (errors[(rows - 1) >> 1] + errors[rows >> 1]) / 2,
  };
}
