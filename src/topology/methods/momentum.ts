import { checkInteger, checkOptions } from '../../base/checks.ts';
import { startAtRandom } from '../atRandom.ts';
import { growCandidates } from '../candidates.ts';
import { PRUNE_OPTIONS, type PruneOptions, pruneSchedule } from '../schedule.ts';
import type { Topology } from '../topology.ts';

/**
 * Sparse momentum: grows where the mean of the dense gradient is largest, with weight 0 (Dettmers and Zettlemoyer 2019). The
 * published mean runs over all past steps, in a dense array; no such array exists here, so the mean is taken at the update,
 * over `batches` mini-batches with the weights as they are. Connections stay in their layer.
 * @param options.batches mini-batches that the mean is over; 10.
 */
export function momentum(options: PruneOptions & { readonly batches?: number } = {}): Topology<null> {
  checkOptions('topology.momentum', options, [...PRUNE_OPTIONS, 'batches']);
  const { batches = 10, ...pruning } = options;
  const gradientBatches = checkInteger('batches', batches, { least: 1 });
  const settings = pruneSchedule(pruning);
  return Object.freeze<Topology<null>>({
    name: 'momentum',
    ...settings,
    options: { ...settings.options, batches: gradientBatches },
    needs: ['denseGradient'],
    gradientBatches,
    growInitializer: 'zeros',
    init: startAtRandom,
    evolve: (layer, state) => ({ edit: growCandidates(layer), state }),
  });
}
