import { copyNumbers } from '../base/arrays.ts';
import { checkInteger } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { randomStream } from '../base/random.ts';
import type { TrainOptions } from './options.ts';

/**
 * The rows to train on and those held out, as the options say. What is drawn depends on the seed alone.
 * @throws CtreError `E_ARGUMENT`, or `E_SHAPE` where one of the two parts would be empty.
 */
export function holdOut(
  rows: number,
  { validationSplit, validationRows, validation }: TrainOptions,
  seed: number | string,
): { trainRows: Int32Array; validationRows: Int32Array | undefined } {
  const all = Int32Array.from({ length: rows }, (_, r) => r);
  const given = [validationSplit, validationRows, validation].filter((option) => option !== undefined);
  if (given.length === 0) return { trainRows: all, validationRows: undefined };
  if (given.length > 1) {
    throw new CtreError(
      'E_ARGUMENT',
      'validationSplit, validationRows and validation exclude each other; expected one of them',
    );
  }
  if (validation !== undefined) return { trainRows: all, validationRows: undefined };
  const isHeldOut = new Uint8Array(rows);
  if (validationRows !== undefined) {
    for (const row of copyNumbers('validationRows', validationRows)) {
      isHeldOut[checkInteger('validationRows', row, { least: 0, most: rows - 1 })] = 1;
    }
  } else {
    const share = typeof validationSplit === 'number' ? validationSplit : Number.NaN;
    if (!(share > 0 && share < 1)) {
      throw new CtreError(
        'E_ARGUMENT',
        `validationSplit is ${show(validationSplit)}; expected a number between 0 and 1`,
      );
    }
    const shuffled = all.slice();
    randomStream(seed, 'validation').shuffle(shuffled);
    for (const row of shuffled.subarray(0, Math.max(1, Math.round(share * rows)))) isHeldOut[row] = 1;
  }
  const split = {
    trainRows: all.filter((row) => isHeldOut[row] === 0),
    validationRows: all.filter((row) => isHeldOut[row] === 1),
  };
  if (split.trainRows.length === 0 || split.validationRows.length === 0) {
    throw new CtreError(
      'E_SHAPE',
      `${split.validationRows.length} of ${rows} rows would be for validation and ` +
        `${split.trainRows.length} for training; expected at least one of each`,
    );
  }
  return split;
}
