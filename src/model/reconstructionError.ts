import { newArray } from '../base/arrays.ts';
import { CtreError } from '../base/errors.ts';
import { isByteMatrix, numberAt } from '../matrix/byteMatrix.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { CheckedSamples } from '../matrix/samples.ts';
import { crossEntropy } from '../nn/losses/crossEntropy.ts';
import type { ModelCore } from './core.ts';
import { predictModel } from './inference.ts';
import { rowsToAnswer } from './modelSamples.ts';

/**
 * How far each row is from what the network answers.
 * @throws CtreError as `SparseMLP.reconstructionError`.
 */
export function reconstructionError(core: ModelCore, x: unknown): Float32Array {
  const { dims, outputs } = core.network;
  const [cols] = dims;
  if (outputs !== cols) {
    throw new CtreError(
      'E_SHAPE',
      `the network has ${outputs} outputs for ${cols} inputs; expected as many, as a network has that was ` +
        "trained with y: 'x'",
    );
  }
  const { targets, name } = core.model.loss ?? crossEntropy();
  if (targets === 'labels') {
    throw new CtreError(
      'E_UNSUPPORTED',
      `the loss of this model is ${name}, and it answers classes; expected one that was trained with y: 'x'`,
    );
  }
  const samples = rowsToAnswer(core, x);
  const answers = predictModel(core, samples);
  const errors = newArray(samples.rows, Float32Array, 'the errors of the rows');
  for (let row = 0; row < errors.length; row++) {
    const answer = answers.subarray(row * cols, (row + 1) * cols);
    errors[row] = squaredDistance(samples, row, answer) / cols;
  }
  return errors;
}

/** Σ (sample − answer)² of a row, in double precision and in the order of the columns. */
function squaredDistance(samples: CheckedSamples, row: number, answer: Float32Array): number {
  let sum = 0;
  if (samples instanceof CsrMatrix) {
    let next = samples.indptr[row];
    for (let col = 0; col < answer.length; col++) {
      const isStored = next < samples.indptr[row + 1] && samples.indices[next] === col;
      const difference = (isStored ? samples.values[next++] : 0) - answer[col];
      sum += difference * difference;
    }
    return sum;
  }
  const begin = row * answer.length;
  for (let col = 0; col < answer.length; col++) {
    const value = isByteMatrix(samples) ? numberAt(samples, begin + col) : samples.data[begin + col];
    sum += (value - answer[col]) * (value - answer[col]);
  }
  return sum;
}
