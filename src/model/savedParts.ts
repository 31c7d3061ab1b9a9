import { checkChoice } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import type { Recipe, SavedModel } from '../files/modelFile.ts';
import { activationByName } from '../nn/activation.ts';
import { type Initializer, initializerByName, initializers } from '../nn/initializer.ts';
import { lossByName } from '../nn/losses.ts';
import { type Optimizer, optimizerByName, optimizers } from '../nn/optimizer.ts';
import { fixed } from '../topology/methods/fixed.ts';
import { methods, savedTopology } from '../topology/methods.ts';
import type { Topology } from '../topology/topology.ts';
import type { MissingPart } from './core.ts';
import type { ModelSettings } from './options.ts';
import { checkInitializer, checkOptimizer, checkTopology } from './parts.ts';
import { PRESET_NAMES } from './presets.ts';

/** Parts of one's own, which no file can hold: the same ones that the saved model was made with. */
export interface OwnParts {
  readonly topology?: Topology;
  readonly initializer?: Initializer;
  readonly growInitializer?: Initializer;
}

/** A part by its name and options: enough to make it again. */
export function recipe({ name, options }: Recipe): Recipe {
  return { name, options };
}

/**
 * The settings of a model's file. What the package does not know and nobody hands over is replaced by
 * something that has its name and options, and does nothing; it is listed as missing where training would
 * need it.
 * @throws CtreError `E_ARGUMENT` for a part that is not the saved one, or options that its method does not
 *   take.
 */
export function restoreSettings(
  { preset, loss, activation, topology, initializer, growInitializer, seed }: SavedModel['settings'],
  own: OwnParts,
): { readonly settings: ModelSettings; readonly missing: readonly MissingPart[] } {
  const missing: MissingPart[] = [];
  const method = restorePart('topology', topology, own.topology && checkTopology(own.topology), () => {
    if (Object.hasOwn(methods, topology.name)) return savedTopology(topology.name, topology.options);
    missing.push({ option: 'topology', name: topology.name });
    return { ...fixed.create(), ...recipe(topology) };
  });
  const initializerOf = (option: 'initializer' | 'growInitializer', saved: Recipe): Initializer => {
    const given = own[option];
    return restorePart(option, saved, given && checkInitializer(option, given), () => {
      if (Object.hasOwn(initializers, saved.name)) return initializerByName(saved.name, saved.options);
      // The weights at the start have been drawn. Others are drawn by a method that grows connections only.
      if (option === 'growInitializer' && method.evolve !== undefined) {
        missing.push({ option, name: saved.name });
      }
      return {
        ...(recipe(saved) as Pick<Initializer, 'name' | 'options'>),
        bound: () => lacks(option, saved),
      };
    });
  };
  return {
    settings: {
      preset: checkChoice('preset', preset, PRESET_NAMES),
      loss: loss && lossByName(loss.name, loss.options),
      activation: activationByName(activation.name, activation.options),
      topology: method,
      initializer: initializerOf('initializer', initializer),
      growInitializer: initializerOf('growInitializer', growInitializer),
      seed,
    },
    missing,
  };
}

/**
 * The optimiser of a checkpoint, or something with its name and options that makes no step. Training is
 * handed an optimiser anyway, and compares it with the checkpoint's.
 * @param slots arrays that the checkpoint holds for each layer.
 */
export function restoreOptimizer(saved: Recipe, slots: number, own: Optimizer | undefined): Optimizer {
  const optimizer = restorePart('optimizer', saved, own && checkOptimizer(own), () =>
    Object.hasOwn(optimizers, saved.name)
      ? optimizerByName(saved.name, saved.options)
      : { ...recipe(saved), slots, step: () => {} },
  );
  if (optimizer.slots === slots) return optimizer;
  throw new CtreError(
    'E_FORMAT',
    `the checkpoint has ${slots} arrays of its optimiser for each layer; expected ${optimizer.slots}, as ` +
      `${optimizer.name} has`,
  );
}

/** @throws CtreError `E_ARGUMENT` saying what is needed, where a model cannot be trained. */
export function checkNothingMissing([first]: readonly MissingPart[]): void {
  if (first === undefined) return;
  const { option, name } = first;
  throw new CtreError(
    'E_ARGUMENT',
    `the model's ${option} ${show(name)} is not one of this package, so the model cannot be trained; ` +
      `give it to SparseMLP.load or SparseMLP.resume again, as the option ${option}; a WorkerModel ` +
      (option === 'topology' ? 'takes the URL of its module' : 'cannot take it'),
  );
}

/** An initialiser that nobody has handed over is asked for weights: of new outputs, say. */
function lacks(option: string, { name }: Recipe): never {
  throw new CtreError(
    'E_ARGUMENT',
    `the model's ${option} ${show(name)} is not one of this package, so no weights can be drawn; give it ` +
      'to SparseMLP.load or SparseMLP.resume again',
  );
}

function restorePart<P extends Recipe>(option: string, saved: Recipe, own: P | undefined, make: () => P): P {
  if (own === undefined) return make();
  const [came, expected] = [own.name, saved.name].map(show);
  if (came !== expected) {
    throw new CtreError('E_ARGUMENT', `${option} is ${came}; expected ${expected}, as the saved model has`);
  }
  const differing = [...new Set([...Object.keys(own.options), ...Object.keys(saved.options)])].find(
    (key) => !isSame(own.options[key], saved.options[key]),
  );
  if (differing === undefined) return own;
  const [now, then] = [own.options[differing], saved.options[differing]].map((value) =>
    JSON.stringify(value),
  );
  throw new CtreError(
    'E_ARGUMENT',
    `${option} ${came} has ${differing} ${now ?? 'not set'}; expected ${then ?? 'not set'}, ` +
      'as the saved model has',
  );
}

/** Of two values of JSON. */
function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isSame(Reflect.get(a, key), Reflect.get(b, key)))
  );
}
