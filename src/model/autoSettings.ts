import { CtreError } from '../base/errors.ts';
import { type Samples, toMatrix } from '../matrix/samples.ts';
import { zeroShare } from '../matrix/zeroShare.ts';
import { cosine, type Schedule, unchanged } from '../nn/schedule.ts';

/** What a network and its training have where nobody says: chosen by the shape of the training rows. */
export interface AutoSettings {
  /** Neurons of the hidden layers. */
  readonly hidden: readonly number[];
  /** The density of each layer, as `CreateOptions.epsilon`. */
  readonly epsilon: number;
  /** How inputs are scaled, as `fitScaler` does. Sparse samples that it would make dense stay as they are. */
  readonly scale: 'minmax' | 'standard';
  /** Rows of a step. */
  readonly batchSize: number;
  /** Passes over the rows. */
  readonly epochs: number;
  /** How the learning rate goes. */
  readonly schedule: Schedule;
  /** The share of the rows to hold out, by which the best epoch is chosen. */
  readonly validationSplit: number;
}

/** Samples by their shape. */
export interface SampleShape {
  readonly rows: number;
  readonly cols: number;
  /** The share of their elements that are 0, which is looked at where it decides. */
  zeros(): number;
}

/** The share of zeros from which on rows are sparse, however they are stored. */
const SPARSE = 0.5;
/** Inputs up to which a table is narrow: its layers may be dense, because they are small. */
const NARROW = 200;
const NARROW_BATCH = 32;
/** Steps that a training of dense rows takes at least, as far as the epochs allow. */
const STEPS = 4000;

/**
 * Settings that fit the training rows, by a short rule. It was chosen on validation rows (docs/results.md):
 *
 * - At most 200 inputs: 200 and 200 hidden neurons, ε = 20, standard scaling, batches of 32, 4 000 steps but
 *   from 40 to 200 epochs, a learning rate that falls as a cosine does.
 * - More inputs than rows, and at least half of the elements not 0: 1000 hidden neurons, ε = 5, min–max
 *   scaling, batches of a tenth of the rows (a power of 2 from 16 to 64), 4 000 steps but from 100 to 500
 *   epochs.
 * - Others: 1000, 1000 and 1000 hidden neurons, ε = 1, min–max scaling, batches of 100, 100 epochs.
 *
 * ```ts
 * const auto = autoSettings(x);
 * const scaled = applyScaler(fitScaler(auto.scale, x), x); // of ctre/data
 * const model = await SparseMLP.create({ layers: [x.cols, ...auto.hidden, classes], epsilon: auto.epsilon });
 * const { batchSize, epochs, schedule, validationSplit } = auto;
 * await model.fit(scaled, labels, { batchSize, epochs, schedule, validationSplit });
 * ```
 * @param x the rows to train on, before they are scaled, those for validation among them [rows, inputs].
 * @throws CtreError `E_SHAPE` for no rows, and what `fit` throws for samples that are none.
 */
export function autoSettings(x: Samples): AutoSettings {
  const matrix = toMatrix('x', x);
  if (matrix.rows === 0) throw new CtreError('E_SHAPE', 'x has no rows; expected at least one');
  return settingsForShape({ rows: matrix.rows, cols: matrix.cols, zeros: () => zeroShare(matrix) });
}

/** The rule of `autoSettings`. */
export function settingsForShape({ rows, cols, zeros }: SampleShape, batchSize?: number): AutoSettings {
  if (cols <= NARROW) {
    const batch = batchSize ?? NARROW_BATCH;
    return {
      hidden: [200, 200],
      epsilon: 20,
      scale: 'standard',
      batchSize: batch,
      epochs: epochsFor(rows, batch, 40, 200),
      schedule: cosine(),
      validationSplit: VALIDATION,
    };
  }
  if (cols > rows && zeros() <= SPARSE) {
    const batch = batchSize ?? Math.min(64, Math.max(16, powerOfTwo(rows / 10)));
    return {
      hidden: [1000],
      epsilon: 5,
      scale: 'minmax',
      batchSize: batch,
      epochs: epochsFor(rows, batch, 100, 500),
      schedule: unchanged,
      validationSplit: VALIDATION,
    };
  }
  return { ...wideSettings, batchSize: batchSize ?? wideSettings.batchSize };
}

const VALIDATION = 0.1;

/** Those of wide rows, where extreme sparsity wins; the published ones of CTRE but for the optimiser. */
export const wideSettings: AutoSettings = Object.freeze({
  hidden: Object.freeze([1000, 1000, 1000]),
  epsilon: 1,
  scale: 'minmax',
  batchSize: 100,
  epochs: 100,
  schedule: unchanged,
  validationSplit: VALIDATION,
});

/** The epochs that make so many steps. */
function epochsFor(rows: number, batchSize: number, least: number, most: number): number {
  const steps = Math.ceil(rows / batchSize);
  return Math.min(most, Math.max(least, Math.ceil(STEPS / steps)));
}

/** The largest power of two that is not above a number from 1 up; 1 for a smaller one. */
function powerOfTwo(most: number): number {
  let power = 1;
  while (power * 2 <= most) power *= 2;
  return power;
}
