import { copyFloat32 } from '../base/arrays.ts';
import { CtreError, show } from '../base/errors.ts';
import type { CheckedTargets } from '../nn/rows.ts';
import type { TrainOptions } from './options.ts';

/**
 * What each row counts in the loss: its own weight times that of its class; undefined where all count alike.
 * @param rows of the training: `balanced` counts these. None for a piece, whose rows may all count nothing.
 * @throws CtreError `E_ARGUMENT` for a weight that is no number of 0 or more, for weights of classes where
 *   the targets are none, and where no row counts; `E_SHAPE` for another number of them.
 */
export function sampleWeights(
  { sampleWeight, classWeight }: Pick<TrainOptions, 'sampleWeight' | 'classWeight'>,
  targets: CheckedTargets,
  count: number,
  classes: number,
  rows: Int32Array,
): Float32Array | undefined {
  if (sampleWeight === undefined && classWeight === undefined) return undefined;
  const weights =
    sampleWeight === undefined
      ? new Float32Array(count).fill(1)
      : checkWeights('sampleWeight', sampleWeight, count);
  if (classWeight !== undefined) {
    if (!(targets instanceof Int32Array)) {
      throw new CtreError(
        'E_ARGUMENT',
        'classWeight is given and y holds no class labels; expected sampleWeight, or labels',
      );
    }
    const ofClass =
      classWeight === 'balanced'
        ? balancedWeights(targets, classes, rows)
        : checkWeights('classWeight', classWeight, classes);
    targets.forEach((label, r) => {
      weights[r] *= ofClass[label];
    });
  }
  if (rows.length > 0 && rows.every((row) => weights[row] === 0)) {
    throw new CtreError('E_ARGUMENT', 'every row for training has the weight 0; expected one above 0');
  }
  return weights;
}

/** Rows ÷ (classes that occur · rows of the class), so that the mean over the rows is 1. */
function balancedWeights(labels: Int32Array, classes: number, rows: Int32Array): Float64Array {
  const counts = new Float64Array(classes);
  for (const row of rows) counts[labels[row]]++;
  const present = counts.reduce((sum, n) => sum + Number(n > 0), 0);
  return counts.map((n) => (n === 0 ? 0 : rows.length / (present * n)));
}

function checkWeights(name: string, given: unknown, count: number): Float32Array {
  const weights = copyFloat32(name, given, count);
  const bad = weights.findIndex((weight) => !(weight >= 0 && weight < Number.POSITIVE_INFINITY));
  if (bad < 0) return weights;
  throw new CtreError(
    'E_ARGUMENT',
    `${name}[${bad}] is ${show(weights[bad])}; expected a finite number of 0 or more`,
  );
}
