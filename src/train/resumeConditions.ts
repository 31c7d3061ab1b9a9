import { crc32 } from '../base/crc32.ts';
import { CtreError } from '../base/errors.ts';
import { type CheckedBytes, isByteMatrix, numberAt, toNumbers } from '../matrix/byteMatrix.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { CheckedSamples } from '../matrix/samples.ts';
import type { DataSet } from '../nn/rows.ts';
import type { TrainingJob } from './trainingJob.ts';

/** What has to be the same for a training to be taken up where it stood; JSON. */
export type ResumeConditions = Readonly<Record<string, number | string | boolean | null>>;

/** Elements of an array that a fingerprint looks at: a spot check that costs nothing. */
const SPOTS = 65_536;

/** The conditions of a training. */
export function resumeConditions(job: TrainingJob): ResumeConditions {
  const { data, trainRows, validation, test, epochs, totalEpochs, batchSize, patience, restoreBest } = job;
  const { optimizer, schedule, clipNorm, denoise, loss, monitor, shuffle, stepsPerEpoch, sample } = job;
  const validationParts = validation instanceof Int32Array ? [validation] : contents(validation);
  return {
    epochs: finiteOrNull(epochs),
    totalEpochs: finiteOrNull(totalEpochs),
    batchSize,
    patience: finiteOrNull(patience),
    optimizer: JSON.stringify([optimizer.name, optimizer.options]),
    rows: trainRows.length,
    columns: data?.x.cols ?? null,
    data: data === undefined ? 'pieces' : fingerprint([...contents(data), trainRows]),
    validation: fingerprint(validationParts),
    test: fingerprint(contents(test)),
    restoreBest,
    // What is as it always was is not said, as in the checkpoints of before.
    ...(schedule && { schedule: JSON.stringify([schedule.name, schedule.options]) }),
    ...(clipNorm !== undefined && { clipNorm }),
    ...(denoise && { denoise: JSON.stringify([denoise.kind, denoise.amount]) }),
    ...(monitor !== loss.monitor && { monitor }),
    ...(data?.weights && { weights: fingerprint([data.weights]) }),
    ...(!shuffle && data !== undefined && { shuffle }),
    ...(stepsPerEpoch !== undefined && { stepsPerEpoch }),
    ...(sample && { sample: fingerprint(contents(sample)) }),
  };
}

/** @throws CtreError `E_ARGUMENT` naming the first condition that is not the saved one. */
export function checkConditions(
  conditions: ResumeConditions,
  saved: Readonly<Record<string, unknown>>,
): void {
  const names = new Set([...Object.keys(conditions), ...Object.keys(saved)]);
  const other = [...names].find((name) => conditions[name] !== saved[name]);
  if (other === undefined) return;
  const what = ['data', 'validation', 'test', 'sample'].includes(other)
    ? `the ${other} rows are not those of the checkpoint's training`
    : other === 'weights'
      ? "the weights of samples and classes are not those of the checkpoint's training"
      : `${other} is ${conditions[other] ?? 'not set'}; expected ${saved[other] ?? 'not set'}, as in the ` +
        "checkpoint's training";
  throw new CtreError(
    'E_ARGUMENT',
    `${what}; give the same to go on, or make a new training from its weights with SparseMLP.load`,
  );
}

/** A number as JSON keeps it. */
function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

type Elements = Int32Array | Float32Array | CheckedBytes;

function contents(set: DataSet | undefined): Elements[] {
  if (set === undefined) return [];
  const { x, targets } = set;
  if (targets === x) return arraysOf(x);
  return [...arraysOf(x), ...(targets instanceof Int32Array ? [targets] : arraysOf(targets))];
}

function arraysOf(matrix: CheckedSamples): Elements[] {
  if (isByteMatrix(matrix)) return [matrix];
  return matrix instanceof CsrMatrix ? [matrix.indptr, matrix.indices, matrix.values] : [matrix.data];
}

/** Lengths and, at evenly spaced places, elements. Bytes have that of the numbers that they stand for. */
function fingerprint(arrays: readonly Elements[]): string {
  let crc = 0;
  for (const array of arrays) {
    const isArray = ArrayBuffer.isView(array);
    const { length } = isArray ? array : array.data;
    const step = Math.max(1, Math.floor(length / SPOTS));
    // filter would look at every element of large data at every call of train.
    const count = Math.min(length, SPOTS);
    const at = (place: number): number => (isArray ? array[place] : numberAt(array, place));
    const spots =
      step > 1
        ? Float64Array.from({ length: count }, (_, spot) => at(spot * step))
        : isArray
          ? array
          : toNumbers(array).data;
    crc = crc32(new Uint8Array(Float64Array.of(length).buffer), crc);
    // A buffer that was taken away has no bytes to look at. Training itself says so.
    if (spots.length > 0) crc = crc32(new Uint8Array(spots.buffer, spots.byteOffset, spots.byteLength), crc);
  }
  return crc.toString(16).padStart(8, '0');
}
