import { viewOf } from '../base/arrays.ts';
import { checkChoice, checkInteger, checkList, checkNumber, readField } from '../base/checks.ts';
import { CtreError, show } from '../base/errors.ts';
import { checkJson } from '../base/json.ts';
import { checkPattern } from '../matrix/canonical.ts';
import type { Initializer } from '../nn/initializer.ts';
import type { Optimizer } from '../nn/optimizer.ts';
import { checkSearch } from '../topology/cosineSearch.ts';
import type { Topology } from '../topology/topology.ts';

const CANDIDATE_NEEDS = ['activations', 'denseGradient'] as const;

/** Arrays of state that an optimiser may keep. */
const MAX_SLOTS = 16;

/** Anybody can write an initialiser: what it says is checked when it says it. */
export function checkInitializer(name: string, value: unknown): Initializer {
  const like = 'expected one like initializer.glorot()';
  const own = checkPart(name, value, like, 'bound');
  const bound = own.method('bound');
  return Object.freeze<Initializer>({
    name: own.name,
    options: own.options as Initializer['options'],
    bound: (layer) => checkNumber(`the bound of ${own.name}`, bound?.(layer), { least: 0 }),
  });
}

/** Anybody can write a topology method: its patterns lead kernels through their memory, so none is taken unseen. */
export function checkTopology(value: unknown): Topology {
  const own = checkPart('topology', value, 'expected one like topology.ctreSim()', 'init');
  const { name, options } = own;
  const names = ['init', 'evolve', 'candidatesBy', 'prunesIdle', 'restore', 'pruneCount'];
  const [init, evolve, candidatesBy, prunesIdle, restore, pruneCount] = names.map(own.method);
  const schedule: unknown = own.field('schedule');
  const fraction: unknown = evolve && readField(`the schedule of ${name}`, schedule, 'fraction');
  const needs = checkList('topology.needs', own.field('needs') ?? [], 3).map((need) =>
    checkChoice('topology.needs', need, [...CANDIDATE_NEEDS, 'initialGradient'] as const),
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
          : checkNumber(`the pruned share of ${name}`, call(fraction, schedule, epoch, epochs), {
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
    init(layer, random) {
      const start = init?.(layer, random);
      const pattern = checkPattern(
        `the pattern of ${name}`,
        readField(`what ${name} starts with`, start, 'pattern'),
      );
      const { inDim, outDim } = layer;
      const isEmpty = pattern.indices.length === 0 && layer.nnz > 0;
      if (pattern.rows !== outDim || pattern.cols !== inDim || isEmpty) {
        throw new CtreError(
          'E_SHAPE',
          `topology ${name} starts with ${pattern.indices.length} connections in ${pattern.rows} × ${pattern.cols}; expected some in ${outDim} × ${inDim}`,
        );
      }
      return { pattern, state: readField(name, start, 'state') };
    },
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
      evolve(layer, state, random) {
        const what = `what ${name} evolves to`;
        const evolved = evolve(layer, state, random);
        const edit: unknown = readField(what, evolved, 'edit');
        const list = (value: unknown, field: string): Int32Array =>
          checkPositions(what, readField(what, value, field));
        const pairs = (value: unknown) => ({ rows: list(value, 'rows'), cols: list(value, 'cols') });
        return {
          edit: {
            prune: list(edit, 'prune'),
            grow: pairs(readField(what, edit, 'grow')),
            random: pairs(readField(what, edit, 'random')),
          },
          state: readField(what, evolved, 'state'),
        };
      },
    }),
  });
}

/** An optimiser, whose step is the caller's own code from then on. */
export function checkOptimizer(value: unknown): Optimizer {
  const own = checkPart('optimizer', value, 'expected optimizer.sgd() or optimizer.adam()', 'step');
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

/** What a caller's topology, initialiser or optimiser is, every property read once. */
function checkPart(what: string, value: unknown, like: string, needed: string) {
  const wrong = new CtreError('E_ARGUMENT', `${what} is ${show(value)}; ${like}`);
  if (typeof value !== 'object' || value === null) throw wrong;
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

function call(fn: unknown, self: unknown, ...args: unknown[]): unknown {
  if (typeof fn !== 'function') {
    throw new CtreError('E_ARGUMENT', `topology.schedule.fraction is ${show(fn)}; expected a function`);
  }
  return Reflect.apply(fn, self, args);
}

function checkPositions(what: string, list: unknown): Int32Array {
  const positions = viewOf(list, Int32Array)?.slice();
  if (positions === undefined) {
    throw new CtreError('E_ARGUMENT', `${what} has positions in ${show(list)}; expected an Int32Array`);
  }
  return positions;
}
