import { CtreError, show } from '../base/errors.ts';
import { checkJson } from '../base/json.ts';
import type { Label } from '../metrics/classScore.ts';
import type { ModelCore } from './core.ts';
import type { ModelOptions } from './options.ts';
import { someNames } from './targets.ts';

/**
 * What a new model keeps: its metadata, the names of its outputs among them.
 * @throws CtreError `E_ARGUMENT` for metadata that JSON cannot hold, or names that are none or come twice;
 *   `E_SHAPE` for another number of names.
 */
export function metadataWithNames(
  { metadata, labelNames }: Pick<ModelOptions, 'metadata' | 'labelNames'>,
  outputs: number,
): Readonly<Record<string, unknown>> {
  const kept = checkJson('metadata', metadata ?? {});
  if (labelNames === undefined) return kept;
  if ('labelNames' in kept) {
    throw new CtreError('E_ARGUMENT', 'labelNames is given, and metadata has labelNames; give one of them');
  }
  return { ...kept, labelNames: checkLabelNames('labelNames', labelNames, outputs) };
}

/**
 * The names of the outputs that are kept with the model; their numbers where there are none.
 * @throws CtreError as `metadataWithNames`.
 */
export function labelNamesOf({ metadata: { labelNames }, network }: ModelCore): Label[] {
  const { outputs } = network;
  return labelNames === undefined
    ? Array.from({ length: outputs }, (_, output) => output)
    : checkLabelNames('metadata.labelNames', labelNames, outputs);
}

/**
 * The names by which labels can be given.
 * @throws CtreError `E_LABEL` where the outputs have none; as `metadataWithNames`.
 */
export function knownNames(core: ModelCore): Label[] {
  if (core.metadata.labelNames !== undefined) return labelNamesOf(core);
  throw new CtreError(
    'E_LABEL',
    'y holds names, and the outputs of this model have none; expected integers from 0, or a model that was ' +
      'made with the option labelNames or trained on names from the beginning',
  );
}

/**
 * What the outputs are called in a training on labels by name: as they are called already, or, in a model
 * that has learnt nothing yet, by the names that occur, sorted by code unit.
 * @throws CtreError as `knownNames`; `E_SHAPE` where other names occur than there are outputs.
 */
export function namesToLearn(core: ModelCore, given: readonly string[]): readonly Label[] {
  const { metadata, model, lastTraining, network } = core;
  const isTrained = model.epochs > 0 || lastTraining !== undefined;
  if (metadata.labelNames !== undefined || isTrained) return knownNames(core);
  const names = [...new Set(given)].sort();
  const { outputs } = network;
  if (names.length === outputs) return names;
  throw new CtreError(
    'E_SHAPE',
    `y holds ${names.length} different names (${someNames(names)}), and the network has ${outputs} outputs; ` +
      'expected as many, or a model with the option labelNames, which says how each output is called',
  );
}

/** Keeps with the model what its classes are called, where a training on names has decided that. */
export function keepNames(core: ModelCore, labelNames: readonly Label[] | undefined): void {
  const { metadata } = core;
  if (labelNames === undefined || metadata.labelNames !== undefined) return;
  core.metadata = { ...metadata, labelNames };
}

/**
 * What a model keeps once it has more outputs: where outputs have names, those of the new ones, too.
 * @param names of the new outputs; undefined: their numbers, if the others have names.
 * @throws CtreError as `metadataWithNames`.
 */
export function metadataWithMore(
  core: ModelCore,
  added: number,
  names: readonly unknown[] | undefined,
): ModelCore['metadata'] {
  const { metadata, network } = core;
  if (names === undefined && metadata.labelNames === undefined) return metadata;
  if (names !== undefined && names.length !== added) {
    throw new CtreError(
      'E_SHAPE',
      `labelNames has ${names.length} names; expected ${added}, one for each new output`,
    );
  }
  const { outputs } = network;
  const more = names ?? Array.from({ length: added }, (_, output) => outputs + output);
  const all = [...labelNamesOf(core), ...more];
  return { ...metadata, labelNames: checkLabelNames('labelNames', all, outputs + added) };
}

function checkLabelNames(name: string, given: unknown, outputs: number): Label[] {
  if (!Array.isArray(given)) {
    throw new CtreError('E_ARGUMENT', `${name} is ${show(given)}; expected an array of names`);
  }
  const { length } = given;
  if (length !== outputs) {
    throw new CtreError('E_SHAPE', `${name} has ${length} names; the network has ${outputs} outputs`);
  }
  const names = new Set<Label>();
  for (let output = 0; output < outputs; output++) {
    const label: unknown = given[output];
    const isLabel = typeof label === 'string' || (typeof label === 'number' && Number.isFinite(label));
    if (!isLabel || names.has(label)) {
      throw new CtreError(
        'E_ARGUMENT',
        `${name}[${output}] is ${show(label)}; expected ${isLabel ? 'each name once' : 'a text or a number'}`,
      );
    }
    names.add(label);
  }
  return [...names];
}
