import { growCandidates } from '../growCandidates.ts';
import { type Method, type MethodOptions, readMethodOptions } from '../method.ts';
import { type PruneOptions, pruneOptions, pruneSchedule } from '../pruneOptions.ts';
import { startAtRandom } from '../startAtRandom.ts';
import type { Topology } from '../topology.ts';

/** Options of momentum. */
export interface MomentumOptions extends PruneOptions {
  /** Mini-batches that the dense gradient is the mean of; 10. */
  readonly batches?: number;
}

const momentumOptions = {
  ...pruneOptions,
  batches: {
    flag: 'gradient-batches',
    value: 'n',
    help: 'mini-batches of the dense gradient',
    default: 10,
    kind: 'integer',
    bounds: { least: 1 },
  },
} as const satisfies MethodOptions<MomentumOptions>;

/** Sparse momentum, without its dense array. */
export const momentum = {
  name: 'momentum',
  about: 'Grows where the gradient over several mini-batches is largest.',
  source: 'Dettmers and Zettlemoyer 2019',
  options: momentumOptions,
  create: createMomentum,
} as const satisfies Method;

/**
 * Sparse momentum: grows where the mean of the dense gradient is largest, with weight 0 (Dettmers and
 * Zettlemoyer 2019). The published mean runs over all past steps, in a dense array. No such array exists
 * here, so the mean is taken at the update, over `batches` mini-batches with the weights as they are.
 * Connections stay in their layer.
 * @throws CtreError `E_ARGUMENT` for an unknown option, or one out of its range.
 */
export function createMomentum(options: MomentumOptions = {}): Topology<null> {
  const checked = readMethodOptions<MomentumOptions>('topology.momentum', momentumOptions, options);
  return Object.freeze<Topology<null>>({
    name: 'momentum',
    options: checked,
    schedule: pruneSchedule(checked),
    needs: ['denseGradient'],
    gradientBatches: checked.batches,
    growInitializer: 'zeros',
    init: startAtRandom,
    evolve: (layer, state) => ({ edit: growCandidates(layer), state }),
  });
}
