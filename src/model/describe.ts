import { CtreError } from '../base/errors.ts';
import { checkJson } from '../base/json.ts';
import type { SavedBest, SavedTraining } from '../files/checkpointFile.ts';
import type { SavedModel } from '../files/modelFile.ts';
import { CsrMatrix } from '../matrix/csrMatrix.ts';
import { fullPattern } from '../matrix/pattern.ts';
import { epochToJson } from '../train/epoch.ts';
import type { BestNetwork } from '../train/networkCopy.ts';
import type { ModelCore } from './core.ts';
import { viewLayers } from './layerView.ts';
import { recipe } from './savedParts.ts';

/**
 * What a model's file holds.
 * @param metadata replaces what is kept with the model.
 * @throws CtreError `E_ARGUMENT` for metadata that JSON cannot hold.
 */
export function describeModel(core: ModelCore, metadata: unknown): SavedModel {
  const checked = checkMetadata(core, metadata);
  return describeWith(core, checked);
}

/** What a checkpoint holds. @throws CtreError as `describeModel` and `SparseMLP.checkpoint`. */
export function describeCheckpoint(core: ModelCore, metadata: unknown): [SavedModel, SavedTraining] {
  const checked = checkMetadata(core, metadata);
  const training = describeTrainingState(core);
  return [describeWith(core, checked), training];
}

/** Before anything else is read: this may call what the caller wrote, which may dispose of the model. */
function checkMetadata(core: ModelCore, metadata: unknown): ModelCore['metadata'] {
  return metadata === undefined ? core.metadata : checkJson('metadata', metadata);
}

function describeWith(core: ModelCore, metadata: ModelCore['metadata']): SavedModel {
  const { loss, units, activation, topology, initializer, growInitializer, seed, epochs } = core.alive;
  const layers = viewLayers(core);
  core.metadata = metadata;
  return {
    layers,
    settings: {
      preset: core.preset,
      loss: loss && recipe(loss),
      units: loss === undefined || loss.targets === 'numbers' ? units : undefined,
      activation: recipe(activation),
      topology: recipe(topology),
      initializer: recipe(initializer),
      growInitializer: recipe(growInitializer),
      seed,
      epochs,
    },
    metadata,
  };
}

function describeTrainingState(core: ModelCore): SavedTraining {
  const states = checkStates(core.alive.states);
  const { network, isMidEpoch, history, lastReached, best, isRestored } = core.alive;
  if (isMidEpoch || core.run?.isInEpoch) {
    throw new CtreError(
      'E_BUSY',
      'the model is in the middle of an epoch; make checkpoints between two, in the loop over train() ' +
        'or in onEpoch',
    );
  }
  if (core.lastTraining === undefined) {
    throw new CtreError('E_ARGUMENT', 'the model has not been trained; save() keeps an untrained one');
  }
  return {
    conditions: core.lastTraining.conditions,
    epochs: history.map(epochToJson),
    states,
    due: lastReached === undefined ? undefined : { accuracy: lastReached },
    restored: isRestored,
    optimizer: recipe(core.lastTraining.optimizer),
    steps: network.steps,
    slots: network.layers.map(({ weightSlots, biasSlots }) => ({
      weights: weightSlots.map(({ view }) => view),
      bias: biasSlots.map(({ view }) => view),
    })),
    best: best && describeBest(core, best),
    ...(core.piecePosition && { pieces: core.piecePosition }),
  };
}

function describeBest(core: ModelCore, { layers, states, steps }: BestNetwork): SavedBest {
  return {
    layers: layers.map(({ pattern, values, bias }, l) => {
      const { outDim, inDim } = core.network.layers[l];
      const parts = { ...(pattern ?? fullPattern(outDim, inDim)), values };
      return { weights: CsrMatrix.fromParts(parts), bias };
    }),
    states: checkStates(states),
    steps,
    slots: layers.map((layer) => layer.slots),
  };
}

/**
 * What a method of one's own remembers may be anything.
 * @throws CtreError `E_ARGUMENT` unless JSON keeps it.
 */
function checkStates(states: readonly unknown[]): readonly unknown[] {
  const { list } = checkJson('what the topology method remembers', { list: states });
  if (isKept(states, list)) return list as readonly unknown[];
  throw new CtreError(
    'E_ARGUMENT',
    'the topology method remembers something that JSON changes, such as a Map, NaN or a function; ' +
      'a checkpoint holds null, booleans, finite numbers, texts, arrays and plain objects',
  );
}

/** Whether a copy by way of JSON is the value still. Undefined may become null, or be left out. */
function isKept(value: unknown, copy: unknown): boolean {
  if (value === undefined) return copy === undefined || copy === null;
  if (typeof value !== 'object' || value === null) return value === copy;
  if (typeof copy !== 'object' || copy === null || Array.isArray(value) !== Array.isArray(copy)) return false;
  if (!Array.isArray(value) && ![Object.prototype, null].includes(Object.getPrototypeOf(value))) return false;
  return Object.keys(value).every((key) => isKept(Reflect.get(value, key), Reflect.get(copy, key)));
}
