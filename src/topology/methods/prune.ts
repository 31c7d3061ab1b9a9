import { checkNumber, checkOptions } from '../../base/checks.ts';
import { CtreError, show } from '../../base/errors.ts';
import { emptyPattern, fullPattern, noPositions } from '../../matrix/pattern.ts';
import { noPruning } from '../schedule.ts';
import type { Topology } from '../topology.ts';

/** How many connections a layer is pruned to. */
export interface PruneState {
  readonly target: number;
}

/**
 * Gradual magnitude pruning: a dense network loses its smallest weights after every epoch, down to the density asked for; of
 * what is too much, (1 − t / until)³ is left at the share t of the training (Zhu and Gupta 2017).
 * @param options.until the share of the training after which the density is reached; 0.75.
 */
export function prune(options: { readonly until?: number } = {}): Topology<PruneState> {
  checkOptions('topology.prune', options, ['until']);
  const until = checkNumber('until', options.until ?? 0.75, { least: 0, most: 1 });
  return Object.freeze<Topology<PruneState>>({
    name: 'prune',
    options: { until },
    schedule: noPruning,
    needs: [],
    startsFull: true,
    init: ({ outDim, inDim, nnz }) => ({
      pattern: nnz === 0 ? emptyPattern(outDim, inDim) : fullPattern(outDim, inDim),
      state: { target: nnz },
    }),
    restore: restoreState,
    pruneCount({ inDim, outDim, nnz }, { target }, { epoch, epochs }) {
      // A model from a file has what it has.
      if (target === 0) return 0;
      // The last epoch has no update: the one before has to get there.
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

function restoreState(state: unknown): PruneState {
  const { target }: Partial<Record<keyof PruneState, unknown>> = Object(state);
  if (typeof target === 'number' && Number.isSafeInteger(target) && target >= 0) return { target };
  throw new CtreError('E_FORMAT', `the state of prune is ${show(state)}; expected { target }`);
}
