import { crc32 } from '../base/crc32.ts';
import { CtreError } from '../base/errors.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import type { Job, Labelled } from './job.ts';

/** What has to be the same for a training to be taken up where it stood; JSON. */
export type Terms = Readonly<Record<string, number | string | null>>;

/** Elements of an array that count for a fingerprint: a spot check that costs nothing. */
const SPOTS = 65_536;

/** The terms of a training. */
export function termsOf(job: Omit<Job, 'earlier'>): Terms {
  const { data, trainRows, validation, test, epochs, batchSize, patience, optimizer } = job;
  const held = validation instanceof Int32Array ? [validation] : contents(validation);
  return {
    epochs,
    batchSize,
    patience: Number.isFinite(patience) ? patience : null,
    optimizer: JSON.stringify([optimizer.name, optimizer.options]),
    rows: trainRows.length,
    columns: data.x.cols,
    data: fingerprint([...contents(data), trainRows]),
    validation: fingerprint(held),
    test: fingerprint(contents(test)),
  };
}

/** @throws CtreError `E_ARGUMENT` naming the first term that is not the saved one. */
export function checkTerms(terms: Terms, saved: Readonly<Record<string, unknown>>): void {
  const other = Object.keys(terms).find((name) => terms[name] !== saved[name]);
  if (other === undefined) return;
  const what = ['data', 'validation', 'test'].includes(other)
    ? `the ${other} rows are not those`
    : `${other} is ${terms[other]} and was ${saved[other]} in the training`;
  throw new CtreError(
    'E_ARGUMENT',
    `${what} that the checkpoint was made in; give the same to go on, or make a new training from its weights with SparseMLP.load`,
  );
}

type Elements = Int32Array | Float32Array;

function contents(labelled: Labelled | undefined): Elements[] {
  if (labelled === undefined) return [];
  const { x, labels } = labelled;
  return x instanceof CsrMatrix ? [x.indptr, x.indices, x.values, labels] : [x.data, labels];
}

/** Lengths and, at evenly spaced places, elements. */
function fingerprint(arrays: readonly Elements[]): string {
  let crc = 0;
  for (const array of arrays) {
    const step = Math.max(1, Math.floor(array.length / SPOTS));
    // Not filter, which would look at every element of large data at every call of train.
    const count = Math.min(array.length, SPOTS);
    const spots = step === 1 ? array : Float64Array.from({ length: count }, (_, spot) => array[spot * step]);
    crc = crc32(new Uint8Array(Float64Array.of(array.length).buffer), crc);
    // A buffer that was taken away has no bytes to look at; training itself says so.
    if (spots.length > 0) crc = crc32(new Uint8Array(spots.buffer, spots.byteOffset, spots.byteLength), crc);
  }
  return crc.toString(16).padStart(8, '0');
}
