import { isCount } from '../../base/checks.ts';
import { CtreError, show } from '../../base/errors.ts';
import { emptyPattern, fullPattern, noPositions } from '../../matrix/pattern.ts';
import { type Method, type MethodOptions, type MethodPreset, readMethodOptions } from '../method.ts';
import { updateOptions } from '../pruneOptions.ts';
import type { Topology } from '../topology.ts';
import { isUpdateStep, lastUpdateStep } from '../updateTimes.ts';

/** Options of gradual pruning. */
export interface GradualPruningOptions {
  /** Steps from one update to the next; 0 (the default), an update after every epoch. */
  readonly every?: number;
  /** Share of the time until the last update after which pruning begins; 0. */
  readonly begin?: number;
  /** Share of the time until the last update after which the density is reached; 0.75. */
  readonly until?: number;
}

/** How many connections a layer is pruned to. */
export interface PruneState {
  readonly target: number;
}

const gradualOptions = {
  every: updateOptions.every,
  begin: {
    flag: 'prune-begin',
    value: 's',
    help: 'share of the training after which pruning begins',
    default: 0,
    kind: 'number',
    bounds: { least: 0, most: 1 },
  },
  until: {
    flag: 'prune-until',
    value: 's',
    help: 'share of the training after which the density is reached',
    default: 0.75,
    kind: 'number',
    bounds: { least: 0, most: 1 },
  },
} as const satisfies MethodOptions<GradualPruningOptions>;

/** Gradual magnitude pruning, as published. */
export const prune = {
  name: 'prune',
  about: 'Starts dense, and prunes down to ε.',
  source: 'Zhu and Gupta 2017',
  options: gradualOptions,
  published: { every: 100 },
  create: createPrune,
} as const satisfies Method;

/**
 * Gradual magnitude pruning: a dense network loses its smallest weights, down to the density asked for. At
 * the share t of the time from `begin` to `until`, (1 − t)³ of what is too much is left (Zhu and Gupta 2017,
 * who prune every 100 to 1 000 steps). The last update reaches the density, whatever the options: a training
 * that is shorter than two updates has one at its half.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createPrune(options: GradualPruningOptions & MethodPreset = {}): Topology<PruneState> {
  const checked = readMethodOptions<GradualPruningOptions>(
    'topology.prune',
    gradualOptions,
    options,
    prune.published,
  );
  const { begin, until } = checked;
  return Object.freeze<Topology<PruneState>>({
    name: 'prune',
    options: checked,
    startsFull: true,
    init: ({ outDim, inDim, nnz }) => ({
      pattern: nnz === 0 ? emptyPattern(outDim, inDim) : fullPattern(outDim, inDim),
      state: { target: nnz },
    }),
    restore: restorePruneState,
    resize: ({ target }, before, after) => ({
      target: Math.round((target * after.outDim) / before.outDim),
    }),
    isDue: (progress) =>
      isUpdateStep(checked, progress) && progress.step >= begin * lastUpdateStep(checked, progress),
    evolve({ layers, progress }, states, tools) {
      const last = lastUpdateStep(checked, progress);
      const span = (until - begin) * last;
      const t = span > 0 ? (progress.step - begin * last) / span : 1;
      const left = Math.min(1, Math.max(0, 1 - t));
      const edits = layers.map(({ inDim, outDim, nnz }, l) => {
        const { target } = states[l];
        const wanted = target + Math.floor((inDim * outDim - target) * left * left * left);
        // A model from a file, whose target is 0, keeps the connections it has.
        if (target === 0 || nnz <= wanted) return undefined;
        return { prune: tools.weakest(l, nnz - wanted), grow: noPositions, random: noPositions };
      });
      return { edits, states, shrinks: true };
    },
  });
}

function restorePruneState(state: unknown): PruneState {
  const { target }: Partial<Record<keyof PruneState, unknown>> = Object(state);
  if (isCount(target)) return { target };
  throw new CtreError('E_FORMAT', `the state of prune is ${show(state)}; expected { target }`);
}
