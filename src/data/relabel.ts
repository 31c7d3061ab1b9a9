import { viewOf } from '../base/arrays.ts';
import { CtreError, show } from '../base/errors.ts';
import type { SampleMatrix } from '../matrix/samples.ts';
import type { Dataset } from './dataset.ts';
import { copyLabels, encodeLabels } from './labels.ts';

/**
 * The dataset with its labels coded against the given class names, as a saved model needs them.
 * @throws CtreError `E_LABEL` for a class of the dataset that is not among `names`.
 */
export function relabel<X extends SampleMatrix>(
  dataset: Dataset<X>,
  names: readonly (number | string)[],
): Dataset<X> {
  const own = copyFields('dataset', dataset);
  const ownNames = copyLabels('dataset.labelNames', own.labelNames);
  const test = own.test === undefined ? undefined : copyFields('dataset.test', own.test);
  const labels = checkCodes('dataset.labels', own.labels, ownNames.length);
  const testLabels = test && checkCodes('dataset.test.labels', test.labels, ownNames.length);
  const used = new Set(labels);
  for (const label of testLabels ?? []) used.add(label);
  const occurring = [...used].sort((a, b) => a - b);
  const coded = encodeLabels(
    occurring.map((label) => ownNames[label]),
    names,
  );
  const codeOf = new Int32Array(ownNames.length);
  for (const [position, label] of occurring.entries()) codeOf[label] = coded.labels[position];
  const recode = (codes: Int32Array): Int32Array => codes.map((label) => codeOf[label]);
  return {
    ...own,
    labels: recode(labels),
    labelNames: coded.labelNames,
    ...(test && testLabels && { test: { x: test.x, labels: recode(testLabels) } }),
  };
}

/** The fields of an object, each read once. */
function copyFields<T>(name: string, value: T): T {
  if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) return { ...value };
  throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected an object`);
}

/** A copy of labels that are codes of so many names. */
function checkCodes(name: string, value: unknown, names: number): Int32Array {
  const codes = viewOf(value, Int32Array)?.slice();
  if (codes === undefined) {
    throw new CtreError('E_ARGUMENT', `${name} is ${show(value)}; expected an Int32Array`);
  }
  const stray = codes.find((code) => code < 0 || code >= names);
  if (stray === undefined) return codes;
  throw new CtreError('E_LABEL', `${name} holds ${stray}; expected integers from 0 to below ${names}`);
}
