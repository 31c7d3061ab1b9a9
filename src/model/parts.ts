import { viewOf } from '../base/arrays.ts';
import { checkChoice, checkInteger, checkList, checkNumber, readField } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { checkJson } from '../base/json.ts';
import { checkPattern } from '../matrix/canonical.ts';
import type { Positions } from '../matrix/pattern.ts';
import type { Initializer } from '../nn/initializer.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import { checkSearch } from '../topology/cosineSearchOption.ts';
import type { Topology } from '../topology/topology.ts';

// What a caller wrote, wrapped: every property is read once, and every answer is checked when it comes.

const CANDIDATE_NEEDS = ['activations', 'denseGradient'] as const;
const NEEDS = [...CANDIDATE_NEEDS, 'initialGradient'] as const;

/** Arrays of state that an optimiser may keep. */
const MAX_SLOTS = 16;

/** What each kind of part may say; an entry for every property of its interface. */
const INITIALIZER_PROPERTIES = namesOf<Initializer>({ name: true, options: true, bound: true });
const OPTIMIZER_PROPERTIES = namesOf<Optimizer>({ name: true, options: true, slots: true, step: true });
const TOPOLOGY_PROPERTIES = namesOf<Topology>({
  name: true,
  options: true,
  needs: true,
  schedule: true,
  gradientBatches: true,
  search: true,
  growInitializer: true,
  startsFull: true,
  init: true,
  wiring: true,
  candidatesBy: true,
  prunesIdle: true,
  pruneCount: true,
  restore: true,
  evolve: true,
});

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
  const names = ['init', 'evolve', 'candidatesBy', 'prunesIdle', 'restore', 'pruneCount'];
  const [init, evolve, candidatesBy, prunesIdle, restore, pruneCount] = names.map(own.method);
  const schedule: unknown = own.field('schedule');
  const fraction: unknown = evolve && readField(`the schedule of ${name}`, schedule, 'fraction');
  const needs = checkList('topology.needs', own.field('needs') ?? [], NEEDS.length).map((need) =>
    checkChoice('topology.needs', need, NEEDS),
  );
  const search: unknown = own.field('search');
  const batches: unknown = own.field('gradientBatches');
  const wiring: unknown = own.field('wiring');
  const grow: unknown = own.field('growInitializer');
  if (grow !== undefined && typeof grow !== 'string') {
    throw new CtreError('E_ARGUMENT', `topology.growInitializer is ${show(grow)}; expected a name`);
  }
  return Object.freeze<Topology>({
    name,
    options,
    needs,
    schedule: {
      fraction: (epoch, epochs) =>
        fraction === undefined
          ? 0
          : checkNumber(`the pruned share of ${name}`, callFraction(fraction, schedule, epoch, epochs), {
              least: 0,
              most: 1,
            }),
    },
    ...(search !== undefined && { search: checkSearch('topology.search', search) }),
    ...(grow !== undefined && { growInitializer: grow }),
    ...(batches !== undefined && {
      gradientBatches: checkInteger('topology.gradientBatches', batches, { least: 1 }),
    }),
    ...(wiring !== undefined && { wiring: checkInteger('topology.wiring', wiring, { least: 0 }) }),
    startsFull: Boolean(own.field('startsFull')),
    init: (layer, random) => checkStart(name, layer, init?.(layer, random)),
    ...(restore && { restore: (state) => restore(state) }),
    ...(pruneCount && {
      pruneCount: (layer, state, progress) =>
        checkInteger(`what ${name} prunes`, pruneCount(layer, state, progress), {
          least: 0,
          most: layer.nnz,
        }),
    }),
    ...(candidatesBy && {
      candidatesBy(state, progress) {
        const by = candidatesBy(state, progress);
        return by === undefined
          ? undefined
          : checkChoice(`what ${name} finds candidates by`, by, CANDIDATE_NEEDS);
      },
    }),
    ...(prunesIdle && { prunesIdle: (state, progress) => Boolean(prunesIdle(state, progress)) }),
    ...(evolve && {
      evolve: (layer, state, random) => checkEvolved(name, evolve(layer, state, random)),
    }),
  });
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
    step: (...args) => {
      step?.(...args);
    },
  };
}

/** What `init` of a method has answered for a layer. */
function checkStart(
  name: string,
  { inDim, outDim, nnz }: Parameters<Topology['init']>[0],
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

/** What `evolve` of a method has answered for a layer; `planEdit` checks whether it fits the layer. */
function checkEvolved(name: string, evolved: unknown): ReturnType<NonNullable<Topology['evolve']>> {
  const what = `what ${name} evolves to`;
  const edit: unknown = readField(what, evolved, 'edit');
  const list = (value: unknown, field: string): Int32Array =>
    checkPositions(what, readField(what, value, field));
  const pairs = (value: unknown): Positions => ({ rows: list(value, 'rows'), cols: list(value, 'cols') });
  return {
    edit: {
      prune: list(edit, 'prune'),
      grow: pairs(readField(what, edit, 'grow')),
      random: pairs(readField(what, edit, 'random')),
    },
    state: readField(what, evolved, 'state'),
  };
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

function callFraction(fraction: unknown, schedule: unknown, epoch: number, epochs: number): unknown {
  if (typeof fraction === 'function') return Reflect.apply(fraction, schedule, [epoch, epochs]);
  throw new CtreError('E_ARGUMENT', `topology.schedule.fraction is ${show(fraction)}; expected a function`);
}

function checkPositions(what: string, list: unknown): Int32Array {
  const positions = viewOf(list, Int32Array)?.slice();
  if (positions !== undefined) return positions;
  throw new CtreError('E_ARGUMENT', `${what} has positions in ${show(list)}; expected an Int32Array`);
}
