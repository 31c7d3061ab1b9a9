import { viewOf } from '../base/arrays.ts';
import { checkChoice, checkInteger, checkList, checkNumber, readField } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { checkJson } from '../base/json.ts';
import { checkPattern } from '../matrix/canonical.ts';
import { noPositions, type Positions } from '../matrix/pattern.ts';
import { type Activation, activationByName, activations } from '../nn/activation.ts';
import type { Initializer } from '../nn/initializer.ts';
import type { LayerShape } from '../nn/layerShape.ts';
import type { Loss } from '../nn/loss.ts';
import { lossByName, losses } from '../nn/losses.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import type { Schedule } from '../nn/schedule.ts';
import type { Work } from '../run/turns.ts';
import type { Edit, Evolved, ScoreKind, Topology } from '../topology/topology.ts';

// What a caller wrote, wrapped: every property is read once, and every answer is checked when it comes.

/** What an update may say that it grew by. */
const SCORE_KINDS = ['cosine', 'gradient'] as const satisfies readonly ScoreKind[];

/** Arrays of state that an optimiser may keep. */
const MAX_SLOTS = 16;

/** What each kind of part may say; an entry for every property of its interface. */
const INITIALIZER_PROPERTIES = namesOf<Initializer>({ name: true, options: true, bound: true });
const OPTIMIZER_PROPERTIES = namesOf<Optimizer>({
  name: true,
  options: true,
  slots: true,
  takesRateFactor: true,
  step: true,
});
const SCHEDULE_PROPERTIES = namesOf<Schedule>({
  name: true,
  options: true,
  takesOpenEnd: true,
  factor: true,
});
const TOPOLOGY_PROPERTIES = namesOf<Topology>({
  name: true,
  options: true,
  growInitializer: true,
  startsFull: true,
  choosesPattern: true,
  init: true,
  start: true,
  isDue: true,
  evolve: true,
  restore: true,
  resize: true,
});

/**
 * A loss of the package, made anew: one of a caller's own would need kernels of its own.
 * @throws CtreError `E_ARGUMENT` for anything else.
 */
export function checkLoss(value: unknown): Loss {
  return remake('loss', value, 'one like loss.crossEntropy()', losses, lossByName);
}

/**
 * An activation of the package, made anew: the kernels know no others.
 * @throws CtreError `E_ARGUMENT` for anything else.
 */
export function checkActivation(value: unknown): Activation {
  return remake('activation', value, 'one like activation.relu()', activations, activationByName);
}

/** A part of the package by the name and options that it says it has. */
function remake<P>(
  what: string,
  value: unknown,
  like: string,
  table: Readonly<Record<string, unknown>>,
  byName: (name: string, options: unknown) => P,
): P {
  if (typeof value !== 'object' || value === null || typeof Reflect.get(value, 'name') !== 'string') {
    throw new CtreError('E_ARGUMENT', `${what} is ${show(value)}; expected ${like}`);
  }
  const name: string = Reflect.get(value, 'name');
  if (!Object.hasOwn(table, name)) {
    throw new CtreError('E_ARGUMENT', `${what} ${show(name)} is not one of this package; expected ${like}`);
  }
  return byName(name, checkJson(`${what}.options`, Reflect.get(value, 'options') ?? {}));
}

/** A caller's initialiser. @throws CtreError `E_ARGUMENT` for anything else. */
export function checkInitializer(name: string, value: unknown): Initializer {
  const own = readOwnPart(name, value, 'one like initializer.glorot()', 'bound', INITIALIZER_PROPERTIES);
  const bound = own.method('bound');
  return Object.freeze<Initializer>({
    name: own.name,
    options: own.options as Initializer['options'],
    bound: (layer) => checkNumber(`the bound of ${own.name}`, bound?.(layer), { least: 0 }),
  });
}

/**
 * A caller's topology method. Its patterns lead kernels through their memory, so every one is checked.
 * @throws CtreError `E_ARGUMENT` for anything else.
 */
export function checkTopology(value: unknown): Topology {
  const own = readOwnPart('topology', value, 'one like topology.ctreSim()', 'init', TOPOLOGY_PROPERTIES);
  const { name, options } = own;
  const names = ['init', 'start', 'isDue', 'evolve', 'restore', 'resize'];
  const [init, start, isDue, evolve, restore, resize] = names.map(own.method);
  const grow: unknown = own.field('growInitializer');
  if (grow !== undefined && typeof grow !== 'string') {
    throw new CtreError('E_ARGUMENT', `topology.growInitializer is ${show(grow)}; expected a name`);
  }
  return Object.freeze<Topology>({
    name,
    options,
    ...(grow !== undefined && { growInitializer: grow }),
    startsFull: Boolean(own.field('startsFull')),
    choosesPattern: Boolean(own.field('choosesPattern')),
    init: (layer, random) => checkStart(name, layer, init?.(layer, random)),
    ...(start && {
      *start(network, states, tools) {
        const answer = yield* finishAnswer(start(network, states, tools));
        return answer === undefined ? states : checkNewStates(name, answer, states.length);
      },
    }),
    ...(isDue && { isDue: (progress, layers) => Boolean(isDue(progress, layers)) }),
    ...(evolve && {
      *evolve(network, states, tools) {
        return checkEvolved(name, yield* finishAnswer(evolve(network, states, tools)), states.length);
      },
    }),
    ...(restore && { restore: (state) => restore(state) }),
    ...(resize && { resize: (state, before, after) => resize(state, before, after) }),
  });
}

/** What a method's function answers, which may be a generator. */
function* finishAnswer(answer: unknown): Work<unknown> {
  if (typeof answer !== 'object' || answer === null || !(Symbol.iterator in answer)) return answer;
  if (Array.isArray(answer)) return answer;
  return yield* answer as Work<unknown>;
}

/** A caller's optimiser. Its step is the caller's own code from then on. @throws CtreError `E_ARGUMENT`. */
export function checkOptimizer(value: unknown): Optimizer {
  const like = 'optimizer.sgd() or optimizer.adam()';
  const own = readOwnPart('optimizer', value, like, 'step', OPTIMIZER_PROPERTIES);
  const step = own.method('step');
  return {
    name: own.name,
    options: own.options,
    slots: checkInteger('optimizer.slots', own.field('slots'), { least: 0, most: MAX_SLOTS }),
    takesRateFactor: Boolean(own.field('takesRateFactor')),
    step: (...args) => {
      step?.(...args);
    },
  };
}

/** A caller's schedule. @throws CtreError `E_ARGUMENT` for anything else. */
export function checkSchedule(value: unknown): Schedule {
  const own = readOwnPart('schedule', value, 'one like schedule.cosine()', 'factor', SCHEDULE_PROPERTIES);
  const { name, options } = own;
  const factor = own.method('factor');
  return {
    name,
    options,
    takesOpenEnd: Boolean(own.field('takesOpenEnd')),
    factor: (step, steps) =>
      checkNumber(`the factor of the schedule ${name} at step ${step}`, factor?.(step, steps), { least: 0 }),
  };
}

/** What `init` of a method has answered for a layer. */
function checkStart(
  name: string,
  { inDim, outDim, nnz }: LayerShape,
  start: unknown,
): ReturnType<Topology['init']> {
  const given = readField(`what ${name} starts with`, start, 'pattern');
  const pattern = checkPattern(`the pattern of ${name}`, given);
  const isEmpty = pattern.indices.length === 0 && nnz > 0;
  if (pattern.rows !== outDim || pattern.cols !== inDim || isEmpty) {
    throw new CtreError(
      'E_SHAPE',
      `topology ${name} starts with ${pattern.indices.length} connections ` +
        `in ${pattern.rows} × ${pattern.cols}; expected some in ${outDim} × ${inDim}`,
    );
  }
  return { pattern, state: readField(name, start, 'state') };
}

/** What `evolve` of a method has answered; `planEdit` checks whether it fits the layers. */
function checkEvolved(name: string, evolved: unknown, layers: number): Evolved<unknown> {
  const what = `what ${name} evolves to`;
  const edits = checkList(`${what}: edits`, readField(what, evolved, 'edits'), layers);
  if (edits.length !== layers) {
    throw new CtreError(
      'E_SHAPE',
      `${what} has ${edits.length} edits; expected ${layers}, one for each layer`,
    );
  }
  const by: unknown = Reflect.get(Object(evolved), 'by');
  return {
    edits: edits.map((edit) => (edit === undefined || edit === null ? undefined : checkEdit(what, edit))),
    states: checkNewStates(name, readField(what, evolved, 'states'), layers),
    shrinks: Boolean(Reflect.get(Object(evolved), 'shrinks')),
    ...(by !== undefined && { by: checkChoice(`${what}: by`, by, SCORE_KINDS) }),
  };
}

function checkEdit(what: string, edit: unknown): Edit {
  const list = (value: unknown, field: string): Int32Array =>
    checkPositions(what, readField(what, value, field));
  const pairs = (value: unknown): Positions => ({ rows: list(value, 'rows'), cols: list(value, 'cols') });
  const random: unknown = Reflect.get(Object(edit), 'random');
  return {
    prune: list(edit, 'prune'),
    grow: pairs(readField(what, edit, 'grow')),
    random: random === undefined ? noPositions : pairs(random),
  };
}

/** The states that a method has answered, one for each layer. */
function checkNewStates(name: string, answer: unknown, layers: number): readonly unknown[] {
  const states = checkList(`the states of ${name}`, answer, layers);
  if (states.length === layers) return states;
  throw new CtreError(
    'E_SHAPE',
    `the topology method ${name} gives ${states.length} states; expected ${layers}, one for each layer`,
  );
}

/**
 * A caller's part, every property read once.
 * @param known its properties. An object literal may have no others, since one would be a slip; an instance
 *   of a class may, since it keeps its own state and methods there.
 */
function readOwnPart(what: string, value: unknown, like: string, needed: string, known: readonly string[]) {
  const wrong = new CtreError('E_ARGUMENT', `${what} is ${show(value)}; expected ${like}`);
  if (typeof value !== 'object' || value === null) throw wrong;
  if (isPlain(value)) {
    const unknown = Object.keys(value).find((key) => !known.includes(key));
    if (unknown !== undefined) {
      const sentence = `${what} has no property ${show(unknown)}; expected any of ${known.join(', ')}`;
      throw new CtreError('E_ARGUMENT', sentence);
    }
  }
  const field = (key: string): unknown => Reflect.get(value, key);
  const method = (key: string): ((...args: unknown[]) => unknown) | undefined => {
    const given = field(key);
    if (given === undefined && key !== needed) return undefined;
    if (typeof given !== 'function') throw wrong;
    return (...args) => Reflect.apply(given, value, args);
  };
  const name = field('name');
  if (typeof name !== 'string') throw wrong;
  return { name, options: checkJson(`${what}.options`, field('options') ?? {}), field, method };
}

/** Whether it is an object literal, or one without a prototype; also of another realm, as of an iframe. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** The names of an interface's properties: the compiler wants an entry for each, and for nothing else. */
function namesOf<T>(properties: { readonly [K in keyof Required<T>]: true }): readonly string[] {
  return Object.keys(properties);
}

function checkPositions(what: string, list: unknown): Int32Array {
  const positions = viewOf(list, Int32Array)?.slice();
  if (positions !== undefined) return positions;
  throw new CtreError('E_ARGUMENT', `${what} has positions in ${show(list)}; expected an Int32Array`);
}
