import { isCount } from '../../base/checks.ts';
import { CtreError, show } from '../../base/errors.ts';
import { emptyPattern, fullPattern, noPositions } from '../../matrix/pattern.ts';
import { type Method, type MethodOptions, readMethodOptions } from '../method.ts';
import { noPruning } from '../schedule.ts';
import type { Topology } from '../topology.ts';

/** Options of gradual pruning. */
export interface GradualPruningOptions {
  /** Share of the training after which the density is reached; 0.75. */
  readonly until?: number;
}

/** How many connections a layer is pruned to. */
export interface PruneState {
  readonly target: number;
}

const gradualOptions = {
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
  create: createPrune,
} as const satisfies Method;

/**
 * Gradual magnitude pruning: a dense network loses its smallest weights after every epoch, down to the
 * density asked for. At the share t of the training, (1 − t / until)³ of what is too much is left (Zhu and
 * Gupta 2017).
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createPrune(options: GradualPruningOptions = {}): Topology<PruneState> {
  const checked = readMethodOptions<GradualPruningOptions>('topology.prune', gradualOptions, options);
  const { until } = checked;
  return Object.freeze<Topology<PruneState>>({
    name: 'prune',
    options: checked,
    schedule: noPruning,
    needs: [],
    startsFull: true,
    init: ({ outDim, inDim, nnz }) => ({
      pattern: nnz === 0 ? emptyPattern(outDim, inDim) : fullPattern(outDim, inDim),
      state: { target: nnz },
    }),
    restore: restorePruneState,
    pruneCount({ inDim, outDim, nnz }, { target }, { epoch, epochs }) {
      // A model from a file keeps the connections it has.
      if (target === 0) return 0;
      // The last epoch has no update: the one before has to reach the target.
      const t = epoch / Math.max(1, until * (epochs - 1));
      const left = Math.max(0, 1 - t);
      return Math.max(0, nnz - target - Math.floor((inDim * outDim - target) * left * left * left));
    },
    evolve: ({ weakest }, state) => ({
      edit: { prune: weakest, grow: noPositions, random: noPositions },
      state,
    }),
  });
}

function restorePruneState(state: unknown): PruneState {
  const { target }: Partial<Record<keyof PruneState, unknown>> = Object(state);
  if (isCount(target)) return { target };
  throw new CtreError('E_FORMAT', `the state of prune is ${show(state)}; expected { target }`);
}
