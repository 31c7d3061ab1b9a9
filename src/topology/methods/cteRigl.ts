import { checkInteger, checkNumber, checkOptions } from '../../base/checks.ts';
import { startAtRandom } from '../atRandom.ts';
import { growCandidates } from '../candidates.ts';
import { COSINE_OPTIONS, type CosineOptions, cosineSettings } from '../cosineOptions.ts';
import type { Topology } from '../topology.ts';

/** Options of cteRigl. */
export interface CteRiglOptions extends CosineOptions {
  /** Updates before the first step, by what fires together; 20. */
  readonly wiring?: number;
  /** Share of the training in which growth is by cosine; 0.3. */
  readonly cosineShare?: number;
  /** Mini-batches that the dense gradient is the mean of; 5. */
  readonly batches?: number;
}

/**
 * The default: neurons that fire together are connected before anything is learnt and, as by CTE, in the first part of the
 * training; then growth is by the dense gradient, as by RigL, and connections that carry nothing are pruned first. Cosines find
 * the inputs that belong together where labels alone tell noise from signal badly; gradients then find what the classes need. New
 * connections begin at 0. Why: docs/results.md.
 */
export function cteRigl(options: CteRiglOptions = {}): Topology<null> {
  const given = checkOptions('topology.cteRigl', options, [
    ...COSINE_OPTIONS,
    'wiring',
    'cosineShare',
    'batches',
  ]);
  const { wiring: updates = 20, cosineShare: part = 0.3, batches: count = 5, ...common } = given;
  const wiring = checkInteger('wiring', updates, { least: 0 });
  const cosineShare = checkNumber('cosineShare', part, { least: 0, most: 1 });
  const batches = checkInteger('batches', count, { least: 1 });
  const settings = cosineSettings(common);
  return Object.freeze<Topology<null>>({
    name: 'cte-rigl',
    ...settings,
    options: { ...settings.options, wiring, cosineShare, batches },
    needs: ['activations', 'denseGradient'],
    wiring,
    gradientBatches: batches,
    growInitializer: 'zeros',
    init: startAtRandom,
    candidatesBy: (_state, { epoch, epochs }) =>
      epoch <= cosineShare * epochs ? 'activations' : 'denseGradient',
    prunesIdle: (_state, { epoch, epochs }) => epoch > cosineShare * epochs,
    evolve: (layer, state) => ({ edit: growCandidates(layer), state }),
  });
}
